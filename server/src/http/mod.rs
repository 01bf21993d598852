//! What surrounds every handler: request ids and logs, security headers, the reader's language, error pages, forms, assets.
//!
//! The order of the layers is in [`site`]. Not here: who may pass ([`crate::routes`]) and any page's content.

mod accept;
pub mod assets;
pub mod client;
pub mod context;
mod error_pages;
pub mod form;
pub mod language;
pub mod log;
mod query;
mod security;

pub use accept::{wants_json, wants_page};
pub use context::Context;
pub use form::Fields;
pub use query::Query;

use crate::access::viewer;
use crate::app::App;
use crate::discovery::cache::ReadyPages;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

/// The whole site as one service.
pub type Site = ReadyPages<Router>;

pub fn site(app: &App, routes: Router<App>) -> Site {
    // Media is compressed already, and a compressed body can't answer a Range request.
    let compressible = SizeAbove::new(1024)
        .and(NotForContentType::const_new("image/"))
        .and(NotForContentType::const_new("video/"))
        .and(NotForContentType::const_new("application/octet-stream"));
    // The first is the outermost. One stack and not one layer after another: each of those would be a box of its own, and
    // every request clones all that are within the one it is in.
    let layers = ServiceBuilder::new()
        .layer(from_fn(log::request))
        .layer(from_fn_with_state(app.clone(), security::headers))
        .layer(CompressionLayer::new().gzip(true).compress_when(compressible))
        .layer(CatchPanicLayer::custom(error_pages::panicked))
        .layer(from_fn_with_state(app.clone(), one_snapshot))
        .layer(from_fn_with_state(app.clone(), viewer::load))
        .layer(security::csrf(app))
        .layer(from_fn_with_state(app.clone(), error_pages::render));
    let router = routes
        .fallback(|| async { crate::error::Error::NotFound })
        .method_not_allowed_fallback(|| async { crate::error::Error::NotFound })
        .layer(layers)
        .with_state(app.clone());
    ReadyPages::new(app.clone(), router)
}

/// A page shows one state of the database: its list and its counts agree. Not for HEAD: that of an upload waits for its bytes to be
/// acknowledged, and then looks again.
async fn one_snapshot(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method() == Method::GET {
        app.db.in_one_snapshot(next.run(request)).await
    } else {
        next.run(request).await
    }
}
