//! Styles, islands and drawings, embedded in the program. Their names carry a hash, so a browser keeps them for a year.

use crate::error::{Error, Result};
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

pub async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Result<Response> {
    let asset = web::asset(&file).ok_or(Error::NotFound)?;
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|etag| etag == asset.etag);
    let takes_gzip = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("gzip"));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        match asset.gz {
            Some(gz) if takes_gzip => {
                ([(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))], Body::from(gz))
                    .into_response()
            }
            _ => Body::from(asset.bytes).into_response(),
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    headers.insert(header::ETAG, HeaderValue::from_static(asset.etag));
    Ok(response)
}

/// Browsers ask for it unbidden.
pub async fn favicon() -> Redirect {
    Redirect::permanent(web::url("favicon.svg"))
}
