//! Ready pages for readers who are not logged in.
//!
//! A page is kept until anything that readers may see changes anywhere on the site, which costs a fraction of a millisecond to
//! make up for, and never shows what is no longer so: a commit on this node is noticed before its request is answered, another
//! node's within a second.

use crate::access::viewer;
use crate::app::App;
use crate::changes;
use crate::http::language;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;
use web::Lang;

/// Marks a response that is the same for every reader of its language who is not logged in.
#[derive(Clone, Copy, Debug)]
pub struct SameForAll;

/// More pages than a region's readers open between two changes; then it starts over.
const MOST_PAGES: usize = 4096;

#[derive(Default)]
pub struct PageCache(RwLock<Pages>);

#[derive(Default)]
struct Pages {
    /// How many changes this node had heard of when these were made.
    heard: u64,
    ready: HashMap<Key, Ready>,
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    path: String,
    lang: Lang,
    gzip: bool,
}

#[derive(Clone)]
struct Ready {
    headers: HeaderMap,
    body: Bytes,
}

impl PageCache {
    fn get(&self, heard: u64, key: &Key) -> Option<Ready> {
        let pages = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if pages.heard == heard { pages.ready.get(key).cloned() } else { None }
    }

    fn put(&self, heard: u64, key: Key, ready: Ready) {
        let mut pages = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if pages.heard > heard {
            return;
        }
        if pages.heard < heard || pages.ready.len() >= MOST_PAGES {
            pages.ready.clear();
            pages.heard = heard;
        }
        pages.ready.insert(key, ready);
    }
}

/// The layer: answers from the cache, or fills it with a response marked [`SameForAll`].
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_anonymous = viewer::token(&app, headers).is_none();
    if request.method() != Method::GET
        || !is_anonymous
        || viewer::cookie(headers, "flash").is_some()
    {
        return next.run(request).await;
    }
    let key = Key {
        path: request
            .uri()
            .path_and_query()
            .map_or_else(String::new, |path| path.as_str().to_owned()),
        lang: language::of(headers, &crate::access::Viewer::Anonymous),
        gzip: headers
            .get(header::ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.contains("gzip")),
    };
    // Read before the page is made: a change in between makes the page old.
    let heard = app.db.changes().heard();
    if let Some(Ready { headers, body }) = app.pages.get(heard, &key) {
        let mut response = Response::new(Body::from(body));
        *response.headers_mut() = headers;
        return response;
    }
    let response = next.run(request).await;
    if response.status() != StatusCode::OK || response.extensions().get::<SameForAll>().is_none() {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
        return Response::from_parts(parts, Body::empty());
    };
    let mut headers = parts.headers.clone();
    headers.insert(header::CONTENT_LENGTH, body.len().into());
    app.pages.put(heard, key, Ready { headers, body: body.clone() });
    Response::from_parts(parts, Body::from(body))
}

/// Rings for the changes that other nodes committed. Runs until dropped.
pub async fn hear_other_nodes(app: App) {
    let mut seen = changes::latest(&app.db).await.unwrap_or(0);
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        match changes::latest(&app.db).await {
            Ok(latest) if latest != seen => {
                seen = latest;
                app.db.changes().ring();
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "cannot look for changes"),
        }
    }
}
