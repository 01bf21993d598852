//! The headers that keep a page to itself, and the check that a write comes from our own pages.

use crate::app::App;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::csrf::CsrfLayer;

/// Refuses unsafe requests that a browser says came from another site (`Sec-Fetch-Site`, else `Origin`).
pub fn csrf(app: &App) -> CsrfLayer {
    let layer = CsrfLayer::new();
    match layer.clone().add_trusted_origin(&app.config.base_url) {
        Ok(layer) => layer,
        Err(error) => {
            tracing::warn!(%error, "the base URL is no origin; only same-origin requests are trusted");
            layer
        }
    }
}

/// Nothing inline, nothing from elsewhere. With S3, media comes from signed addresses of the bucket.
fn content_security_policy(app: &App) -> String {
    let bucket = app.media_origin.as_deref().map(|origin| format!(" {origin}")).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; manifest-src 'self'; \
         img-src 'self' data: blob:{bucket}; media-src 'self' blob:{bucket}; connect-src 'self'{bucket}; \
         worker-src 'self' blob:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
}

pub async fn headers(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    // These, the request's id and what the handler has set: grown once.
    headers.reserve(8);
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY)
        && let Ok(policy) =
            HeaderValue::from_str(app.csp.get_or_init(|| content_security_policy(&app)))
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("strict-origin-when-cross-origin"),
    );
    headers.insert(
        header::HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(), interest-cohort=()"),
    );
    headers.insert(
        header::HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    if app.config.is_https() {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    // What a viewer sees is theirs alone unless a handler says otherwise.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-store"));
    response
}
