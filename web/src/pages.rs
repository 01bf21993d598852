//! Pages that belong to no feature: errors, about and its guidelines, what the browser shows offline.

use crate::chrome::{Chrome, Head};
use crate::forms::{FieldErrors, Given, args};
use crate::html::Markup;
use crate::lang::Lang;
use crate::page;
use crate::vocabulary::When;
use std::borrow::Borrow;

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
    /// The member has sent as much as one may in a day, and may go on then.
    DayFull { bytes: u64, again: When },
    /// So many of the member's videos wait to be made ready.
    VideosWaiting { n: u32 },
    /// There is no room for more of an upload, whose sender goes on by itself.
    UploadWaits,
}

impl ErrorCause {
    /// What its words name.
    fn named(self) -> Vec<(&'static str, Given)> {
        match self {
            Self::DayFull { bytes, again } => {
                vec![("size", Given::Size(bytes)), ("time", Given::Moment(again))]
            }
            Self::VideosWaiting { n } => vec![("n", Given::Number(i64::from(n)))],
            _ => vec![],
        }
    }

    #[must_use]
    pub fn sample_day_full() -> Self {
        Self::DayFull { bytes: 2 << 30, again: When(1_795_347_000_000) }
    }

    /// Puts it beside a form's field.
    pub fn tell(self, errors: &mut FieldErrors, field: &str) {
        let key = format!("{}-words", ErrorView { status: 429, cause: Some(self) }.key());
        errors.add_naming(field, &key, &self.named());
    }
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
            Some(ErrorCause::DayFull { .. }) => return "error-day-full",
            Some(ErrorCause::VideosWaiting { .. }) => return "error-videos-waiting",
            Some(ErrorCause::UploadWaits) => return "error-upload-waits",
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
            507 => "error-no-room",
            400..=499 => "error-request-bad",
            _ => "error-internal",
        }
    }

    /// What to do next.
    pub(crate) fn words(&self, lang: impl Borrow<Lang>) -> Markup {
        Markup(
            lang.borrow().html_with(&format!("{}-words", self.key()), &args(&self.named())).into(),
        )
    }

    /// As plain text, for a script.
    #[must_use]
    pub fn plain_words(&self, lang: Lang) -> String {
        lang.plain_with(&format!("{}-words", self.key()), &args(&self.named()))
    }

    fn named(&self) -> Vec<(&'static str, Given)> {
        self.cause.map(ErrorCause::named).unwrap_or_default()
    }

    pub(crate) fn scene(&self) -> &'static str {
        match self.status {
            404 | 410 => "lost",
            403 => "closed",
            503 | 507 => "offline",
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
