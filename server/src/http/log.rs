//! One line for each request, and the id that ties its other lines together.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, header::HeaderName};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tracing::Instrument;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Shown on error pages and in the log, so that a person can quote it and an operator find it.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Unique on this node: random at the start of the process, then counted.
fn next_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    static START: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        crate::access::secret_hash(&crate::access::secret())[..6].to_owned()
    });
    format!("{}-{:x}", *START, NEXT.fetch_add(1, Ordering::Relaxed))
}

/// For an answer that was ready: no handler ran, so there are no other lines to tie together.
pub fn stamp(response: &mut Response) {
    let id = next_id();
    tracing::debug!(id, status = response.status().as_u16(), "answered ready");
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
}

/// The outermost layer. Paths are logged as patterns: an id in a path may be a secret.
pub async fn request(mut request: Request, next: Next) -> Response {
    let id = next_id();
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    let path =
        request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", id, %method, path);
    let began = Instant::now();
    async move {
        let mut response = next.run(request).await;
        let status = response.status().as_u16();
        let ms = began.elapsed().as_secs_f64() * 1e3;
        if response.status().is_server_error() {
            tracing::error!(status, ms, "answered");
        } else {
            tracing::debug!(status, ms, "answered");
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }
    .instrument(span)
    .await
}
