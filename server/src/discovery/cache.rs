//! Ready pages for readers who are not logged in.
//!
//! A page is kept until anything that readers may see changes anywhere on the site, which costs a fraction of a millisecond to
//! make up for, and never shows what is no longer so: a commit on this node is noticed before its request is answered, another
//! node's within a second.

use crate::access::{Viewer, viewer};
use crate::app::App;
use crate::changes;
use crate::http::{language, log};
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use futures_util::future::{self, BoxFuture, Either, FutureExt as _, Ready as Now};
use http_body_util::BodyExt;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tower::{Service, ServiceExt as _};
use web::Lang;

/// Marks a response that is the same for every reader of its language who is not logged in.
#[derive(Clone, Copy, Debug)]
pub struct SameForAll;

/// More than a region's readers open between two changes; then it starts over.
const MOST_BYTES: usize = 64 << 20;

#[derive(Default)]
pub struct PageCache(RwLock<Pages>);

#[derive(Default)]
struct Pages {
    /// How many changes this node had heard of when these were made.
    heard: u64,
    bytes: usize,
    /// By path and query, for each form a page comes in.
    ready: [HashMap<Box<str>, Ready>; Form::COUNT],
}

/// What two readers of one address may get different bytes by.
#[derive(Clone, Copy)]
struct Form {
    lang: Lang,
    gzip: bool,
}

impl Form {
    const COUNT: usize = Lang::ALL.len() * 2;

    fn of(headers: &HeaderMap) -> Self {
        let accepts = |value: &axum::http::HeaderValue| {
            value.to_str().is_ok_and(|value| value.contains("gzip"))
        };
        Self {
            lang: language::of(headers, &Viewer::Anonymous),
            gzip: headers.get(header::ACCEPT_ENCODING).is_some_and(accepts),
        }
    }

    fn place(self) -> usize {
        self.lang as usize * 2 + usize::from(self.gzip)
    }
}

#[derive(Clone)]
struct Ready {
    headers: HeaderMap,
    body: Bytes,
}

impl PageCache {
    fn get(&self, heard: u64, form: Form, path: &str) -> Option<Ready> {
        let pages = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if pages.heard == heard { pages.ready[form.place()].get(path).cloned() } else { None }
    }

    fn put(&self, heard: u64, form: Form, path: Box<str>, ready: Ready) {
        let mut pages = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if pages.heard > heard {
            return;
        }
        if pages.heard < heard || pages.bytes >= MOST_BYTES {
            *pages = Pages { heard, ..Pages::default() };
        }
        pages.bytes += ready.body.len();
        pages.ready[form.place()].insert(path, ready);
    }
}

/// The site behind its ready pages: outside of everything else, since a page that is ready needs neither route nor viewer.
#[derive(Clone)]
pub struct ReadyPages<S> {
    app: App,
    site: S,
}

impl<S> ReadyPages<S> {
    pub fn new(app: App, site: S) -> Self {
        Self { app, site }
    }
}

type Answer = Result<Response, Infallible>;

impl<S> Service<Request> for ReadyPages<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Now<Answer>, BoxFuture<'static, Answer>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.site.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let site = self.site.clone();
        let headers = request.headers();
        let is_same_for_all = request.method() == Method::GET
            && is_address_of_ours(request.uri())
            && viewer::token(&self.app, headers).is_none()
            && viewer::cookie(headers, "flash").is_none();
        if !is_same_for_all {
            return Either::Right(site.oneshot(request).boxed());
        }
        let form = Form::of(headers);
        // Read before the page is made: a change in between makes the page old.
        let heard = self.app.db.changes().heard();
        let path = request.uri().path_and_query().map_or("", |path| path.as_str());
        match self.app.pages.get(heard, form, path) {
            Some(ready) => Either::Left(future::ok(ready.into_response())),
            None => {
                let (app, path) = (self.app.clone(), path.into());
                let made = site.oneshot(request);
                Either::Right(
                    async move { Ok(keep(&app, heard, form, path, made.await?).await) }.boxed(),
                )
            }
        }
    }
}

/// No query but a list's place: anyone can make up addresses that lead to the same page, and they would push the others out.
fn is_address_of_ours(uri: &Uri) -> bool {
    uri.query().is_none_or(|query| query.starts_with("before=") && !query.contains('&'))
}

impl Ready {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.headers_mut() = self.headers;
        log::stamp(&mut response);
        response
    }
}

/// Keeps the answer if it is marked [`SameForAll`].
async fn keep(app: &App, heard: u64, form: Form, path: Box<str>, response: Response) -> Response {
    if response.status() != StatusCode::OK || response.extensions().get::<SameForAll>().is_none() {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
        return Response::from_parts(parts, Body::empty());
    };
    let mut headers = parts.headers.clone();
    headers.insert(header::CONTENT_LENGTH, body.len().into());
    headers.remove(log::REQUEST_ID);
    app.pages.put(heard, form, path, Ready { headers, body: body.clone() });
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
