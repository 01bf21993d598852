//! Pages that belong to no feature: errors, about and its guidelines, what the browser shows offline.

use crate::chrome::{Chrome, Head};
use crate::page;

/// An error told in plain words. The cause stays in the log; the request id leads to it.
#[derive(Clone, Copy, Debug)]
pub struct ErrorView {
    /// The HTTP status, 4xx or 5xx.
    pub status: u16,
    /// Why, where the status alone can't say it.
    pub cause: Option<ErrorCause>,
}

/// What a person can do about a refusal that its status does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCause {
    /// The mail address is not confirmed yet.
    Unconfirmed,
    /// The account is suspended.
    Suspended,
    /// The request came from another site's page.
    CrossSite,
    /// Nobody is logged in.
    LoginNeeded,
}

#[must_use]
pub fn error(chrome: &Chrome, view: &ErrorView) -> String {
    let head = Head::private(chrome.lang.ta(format!("{}-title", view.key())));
    page!("pages/error.html", chrome, head, view, ErrorView)
}

/// What the site is and what it asks of those who post.
#[derive(Clone, Debug, Default)]
pub struct AboutView {
    /// Where people write to; none in a demo.
    pub contact: Option<String>,
}

#[must_use]
pub fn about(chrome: &Chrome, view: &AboutView) -> String {
    let lang = chrome.lang;
    let head = Head {
        title: lang.ta("about-title").into_owned(),
        description: lang.ta("site-description").into_owned(),
        canonical: Some("/about".to_owned()),
        ..Head::default()
    };
    page!("pages/about.html", chrome, head, view, AboutView)
}

impl ErrorView {
    /// The stem of this status' messages: `-title` and `-words` follow.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self.cause {
            Some(ErrorCause::Unconfirmed) => return "error-unconfirmed",
            Some(ErrorCause::Suspended) => return "error-suspended",
            Some(ErrorCause::CrossSite) => return "error-cross-site",
            Some(ErrorCause::LoginNeeded) => return "error-login-needed",
            None => {}
        }
        match self.status {
            403 => "error-forbidden",
            404 => "error-not-found",
            409 => "error-conflict",
            410 => "error-gone",
            413 => "error-too-large",
            429 => "error-too-many",
            503 => "error-unavailable",
            400..=499 => "error-request-bad",
            _ => "error-internal",
        }
    }

    pub(crate) fn scene(&self) -> &'static str {
        match self.status {
            404 | 410 => "lost",
            403 => "closed",
            503 => "offline",
            400..=499 => "empty",
            _ => "broken",
        }
    }

    pub(crate) fn offers_confirmation(&self) -> bool {
        self.cause == Some(ErrorCause::Unconfirmed)
    }

    pub(crate) fn offers_login(&self) -> bool {
        self.status == 401 || self.cause == Some(ErrorCause::LoginNeeded)
    }

    pub(crate) fn can_search(&self) -> bool {
        matches!(self.status, 404 | 410)
    }
}
