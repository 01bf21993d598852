//! Fills an error's response with its page in the reader's language, or with JSON for a script.
//!
//! Log-in needed: a page that was asked for by GET sends the reader to the log-in and back. JSON: `{"error": "too-large", "message":
//! "…", "request_id": "…"}`.

use super::context::chrome;
use super::log::RequestId;
use crate::access::Viewer;
use crate::app::App;
use crate::error::ErrorPage;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http_body::Body as _;
use web::pages::{ErrorCause, ErrorView};

pub async fn render(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let asked = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(page) = page_of(&response) else { return response };
    let status = response.status();
    let wants_json = !super::wants_page(&asked.headers);
    if page == "login-needed" && asked.method == Method::GET && !wants_json {
        let here = asked.uri.path_and_query().map_or("/", |path| path.as_str());
        let next: String = form_urlencoded::byte_serialize(here.as_bytes()).collect();
        return Redirect::to(&format!("/login?next={next}")).into_response();
    }
    let viewer = asked.extensions.get::<Viewer>().cloned().unwrap_or(Viewer::Anonymous);
    // When the frame itself can't be made (the database is gone), the page comes without a viewer.
    let chrome = match chrome(&app, &asked, &viewer).await {
        Ok(chrome) => chrome,
        Err(_) => web::Chrome {
            lang: super::language::of(&asked.headers, &Viewer::Anonymous),
            request_id: asked
                .extensions
                .get::<RequestId>()
                .map(|id| id.0.clone())
                .unwrap_or_default(),
            base_url: app.config.base_url.clone(),
            ..web::Chrome::default()
        },
    };
    let told = response.extensions().get::<ErrorCause>().copied();
    let view = ErrorView { status: status.as_u16(), cause: told.or_else(|| cause(page)) };
    let mut filled = if wants_json {
        let message = view.plain_words(chrome.lang);
        let body = serde_json::json!({
            "error": page, "message": message, "request_id": chrome.request_id,
        });
        (status, axum::Json(body)).into_response()
    } else {
        let html = web::pages::error(&chrome, &view);
        (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
    };
    for (name, value) in response.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            filled.headers_mut().insert(name.clone(), value.clone());
        }
    }
    filled
}

fn cause(page: &str) -> Option<ErrorCause> {
    match page {
        "unconfirmed" => Some(ErrorCause::Unconfirmed),
        "suspended" => Some(ErrorCause::Suspended),
        "cross-site" => Some(ErrorCause::CrossSite),
        "login-needed" => Some(ErrorCause::LoginNeeded),
        "upload-no-room" => Some(ErrorCause::UploadWaits),
        _ => None,
    }
}

/// Our own errors name their page; an empty error from axum (an extractor, the body limit) gets one by its status.
fn page_of(response: &Response) -> Option<&'static str> {
    if let Some(page) = response.extensions().get::<ErrorPage>() {
        return Some(page.0);
    }
    let status = response.status();
    let is_bare = response.body().size_hint().exact() == Some(0)
        || response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    match status {
        _ if !is_bare || response.headers().contains_key("tus-resumable") => None,
        StatusCode::NOT_FOUND => Some("not-found"),
        StatusCode::FORBIDDEN => Some("cross-site"),
        StatusCode::PAYLOAD_TOO_LARGE => Some("too-large"),
        StatusCode::INTERNAL_SERVER_ERROR => Some("internal"),
        status if status.is_client_error() => Some("bad-request"),
        _ => None,
    }
}

/// A handler panicked: a bug of ours, told like any other internal error.
pub fn panicked(cause: Box<dyn std::any::Any + Send>) -> http::Response<Body> {
    let cause = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("?");
    crate::error::Error::Internal(anyhow::anyhow!("panicked: {cause}")).into_response()
}
