//! Whether a page or a script asks.

use axum::http::{HeaderMap, header};

/// Our scripts say that they want JSON; a form sent by a browser never does.
pub fn wants_json(headers: &HeaderMap) -> bool {
    names(headers, "application/json")
}

/// A browser that opens an address names HTML; tools and scripts don't.
pub fn wants_page(headers: &HeaderMap) -> bool {
    names(headers, "text/html")
}

fn names(headers: &HeaderMap, kind: &str) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains(kind))
}
