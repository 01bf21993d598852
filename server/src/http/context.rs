//! What every page handler starts from: the viewer, their language, and the frame ([`Chrome`]) around the page.

use super::language;
use super::log::RequestId;
use crate::access::Viewer;
use crate::access::viewer::cookie;
use crate::app::App;
use crate::discovery::cache::Heard;
use crate::error::Error;
use crate::{moderation, notifications};
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use web::{Chrome, Flash, FlashTone, Lang, ViewerChrome};

const FLASH: &str = "flash";

pub struct Context {
    pub viewer: Viewer,
    pub lang: Lang,
    pub chrome: Chrome,
    /// Only of a GET of an address that pages are kept for.
    pub heard: Option<Heard>,
}

impl Context {
    /// The page, 200.
    pub fn page(&self, html: String) -> Response {
        self.page_with(StatusCode::OK, html)
    }

    /// The page with another status: a form that comes back with messages is 422.
    pub fn page_with(&self, status: StatusCode, html: String) -> Response {
        let mut response =
            (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response();
        if self.chrome.flash.is_some() {
            response.headers_mut().append(
                header::SET_COOKIE,
                HeaderValue::from_static("flash=; Path=/; SameSite=Lax; Max-Age=0"),
            );
        }
        response
    }
}

/// Sends the browser on after a form was taken, with one message for the next page.
pub fn redirect_with(flash: &Flash, to: &str) -> Response {
    let mut response = Redirect::to(to).into_response();
    let tone = match flash.tone {
        FlashTone::Good => "good",
        FlashTone::Bad => "bad",
    };
    let value = format!("{FLASH}={tone}.{}; Path=/; SameSite=Lax; HttpOnly; Max-Age=60", flash.key);
    if let Ok(value) = HeaderValue::from_str(&value) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// Only names of messages we have: the cookie is the browser's to write.
fn flash(headers: &HeaderMap) -> Option<Flash> {
    let (tone, key) = cookie(headers, FLASH)?.split_once('.')?;
    if !key.starts_with("flash-") || !Lang::Ja.has(key) {
        return None;
    }
    Some(if tone == "good" { Flash::good(key) } else { Flash::bad(key) })
}

/// The frame for this request.
pub async fn chrome(app: &App, parts: &Parts, viewer: &Viewer) -> Result<Chrome, Error> {
    let viewer_chrome = match viewer.account() {
        None => None,
        Some(account) => Some(ViewerChrome {
            nickname: account.nickname.clone(),
            account_id: account.id.to_string(),
            is_moderator: viewer.is_moderator(),
            is_admin: viewer.is_admin(),
            is_unconfirmed: !account.is_confirmed,
            unread: notifications::count_unread(&app.db, account.id).await?,
            waiting: if viewer.is_moderator() {
                moderation::count_waiting(&app.db).await?
            } else {
                0
            },
        }),
    };
    Ok(Chrome {
        lang: language::of(&parts.headers, viewer),
        viewer: viewer_chrome,
        path: parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        base_url: app.config.base_url.clone(),
        request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
        flash: flash(&parts.headers),
        demo: app.config.demo,
    })
}

impl<S> FromRequestParts<S> for Context
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let app = App::from_ref(state);
        let viewer = Viewer::from_request_parts(parts, state).await?;
        let chrome = chrome(&app, parts, &viewer).await?;
        Ok(Self { lang: chrome.lang, viewer, chrome, heard: parts.extensions.get().copied() })
    }
}
