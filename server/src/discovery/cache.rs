//! Ready pages for readers who are not logged in, and for members the parts of pages that are the same for all of them.
//!
//! A page is kept until anything that readers may see changes anywhere on the site, which costs a fraction of a millisecond to
//! make up for, and never shows what is no longer so: a commit on this node is noticed before its request is answered, another
//! node's within a second.

use crate::access::{Viewer, viewer};
use crate::app::App;
use crate::changes;
use crate::error::Result;
use crate::http::{self, language, log};
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use futures_util::future::{self, BoxFuture, Either, FutureExt as _, Ready as Now};
use http_body_util::BodyExt;
use std::any::Any;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tower::{Service, ServiceExt as _};
use web::Lang;

/// Marks a response that is the same for every reader of its language who is not logged in.
#[derive(Clone, Copy, Debug)]
struct SameForAll;

/// Marks it so.
pub fn same_for_all(mut response: Response) -> Response {
    response.extensions_mut().insert(SameForAll);
    response
}

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
    /// By path and query, for each language.
    parts: [HashMap<Box<str>, Arc<dyn Any + Send + Sync>>; Lang::ALL.len()],
}

impl Pages {
    /// Makes room for something made when `heard` was so; `None` when it is out of date already.
    fn room(&mut self, heard: u64, bytes: usize) -> Option<&mut Self> {
        if self.heard > heard {
            return None;
        }
        if self.heard < heard || self.bytes >= MOST_BYTES {
            *self = Self { heard, ..Self::default() };
        }
        // Its headers and its place in the map, too: also of what is next to nothing there may be many.
        self.bytes += bytes + 512;
        Some(self)
    }
}

/// How many changes this node had heard of before anything was read for a request: what was made for it is as new as that.
#[derive(Clone, Copy, Debug)]
pub struct Heard(u64);

/// A part of a page that is the same for every member: what it is, and how much memory it takes, nearly.
pub trait Part: Any + Send + Sync {
    fn bytes(&self) -> usize;
}

impl Part for web::Middle {
    fn bytes(&self) -> usize {
        web::Middle::bytes(self)
    }
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
        if let Some(pages) = pages.room(heard, path.len() + ready.body.len()) {
            pages.ready[form.place()].insert(path, ready);
        }
    }

    fn part<T: Part>(&self, heard: u64, lang: Lang, path: &str) -> Option<Arc<T>> {
        let pages = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if pages.heard != heard {
            return None;
        }
        pages.parts[lang as usize].get(path).cloned()?.downcast().ok()
    }

    fn put_part<T: Part>(&self, heard: u64, lang: Lang, path: &str, part: Arc<T>) {
        let mut pages = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(pages) = pages.room(heard, path.len() + part.bytes()) {
            pages.parts[lang as usize].insert(path.into(), part);
        }
    }
}

/// What `make` makes for this request's page, or what it made for another member since the last change. `make` must depend on
/// nothing but the page's address and language. For a visitor it is made afresh: their whole page is kept.
pub async fn for_members<T: Part>(
    app: &App,
    context: &http::Context,
    make: impl Future<Output = Result<T>>,
) -> Result<Arc<T>> {
    let (lang, path) = (context.lang, context.chrome.path.as_str());
    let Some(Heard(heard)) = context.heard.filter(|_| context.viewer.account().is_some()) else {
        return make.await.map(Arc::new);
    };
    if let Some(part) = app.pages.part(heard, lang, path) {
        return Ok(part);
    }
    let part = Arc::new(make.await?);
    app.pages.put_part(heard, lang, path, part.clone());
    Ok(part)
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

    fn call(&mut self, mut request: Request) -> Self::Future {
        let site = self.site.clone();
        if request.method() != Method::GET || !is_address_of_ours(request.uri()) {
            return Either::Right(site.oneshot(request).boxed());
        }
        // Noted before the page is made: a change in between makes the page old.
        let heard = self.app.db.changes().heard();
        request.extensions_mut().insert(Heard(heard));
        let headers = request.headers();
        let is_same_for_all = viewer::token(&self.app, headers).is_none()
            && viewer::cookie(headers, "flash").is_none();
        if !is_same_for_all {
            return Either::Right(site.oneshot(request).boxed());
        }
        let form = Form::of(headers);
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
