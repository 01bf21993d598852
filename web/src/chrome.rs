//! What every page carries around its own content: who looks, in which language, from where.

use crate::lang::Lang;

/// Everything around a page that its handler knows before it knows the page.
#[derive(Clone, Debug, Default)]
pub struct Chrome {
    pub lang: Lang,
    /// Who is logged in.
    pub viewer: Option<ViewerChrome>,
    /// The current path with its query, as the browser asked for it: `/search?q=…`.
    pub path: String,
    /// Scheme and host without a slash at the end: `https://megurumi.example`.
    pub base_url: String,
    pub request_id: String,
    /// One message about what was just done.
    pub flash: Option<Flash>,
    /// Demo mode: a strip says so and leads to the mail page.
    pub demo: bool,
}

/// The logged-in person, as far as every page shows.
#[derive(Clone, Debug, Default)]
pub struct ViewerChrome {
    pub nickname: String,
    pub account_id: String,
    pub is_moderator: bool,
    pub is_admin: bool,
    /// The mail address waits to be confirmed: every page says so.
    pub is_unconfirmed: bool,
    /// Notices not read yet.
    pub unread: u32,
    /// Items in the review queue, for moderators.
    pub waiting: u32,
}

/// A message shown once at the head of the next page.
#[derive(Clone, Debug)]
pub struct Flash {
    pub tone: FlashTone,
    /// A message key, `flash-…`.
    pub key: String,
}

impl Flash {
    #[must_use]
    pub fn good(key: &str) -> Self {
        Self { tone: FlashTone::Good, key: key.to_owned() }
    }

    #[must_use]
    pub fn bad(key: &str) -> Self {
        Self { tone: FlashTone::Bad, key: key.to_owned() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlashTone {
    Good,
    Bad,
}

/// What stands in `<head>`. Each page makes its own from its view.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    /// Without the site's name.
    pub title: String,
    pub description: String,
    /// Path of the page's one address; `None` for pages that are nobody's address.
    pub canonical: Option<String>,
    /// Path or address of the picture shown where the page is shared.
    pub og_image: Option<String>,
    pub noindex: bool,
    /// JSON-LD, already safe inside `<script>`.
    pub json_ld: Option<String>,
    /// Islands loaded by this page: names of assets.
    pub scripts: &'static [&'static str],
}

impl Head {
    /// A page for its viewer alone: no address, no index.
    pub(crate) fn private(title: impl Into<String>) -> Self {
        Self { title: title.into(), noindex: true, ..Self::default() }
    }
}

impl Chrome {
    /// An address of this site made absolute.
    pub(crate) fn absolute(&self, path: impl AsRef<str>) -> String {
        let path = path.as_ref();
        if path.starts_with('/') { format!("{}{path}", self.base_url) } else { path.to_owned() }
    }

    /// Is `section` the one the current page belongs to?
    pub(crate) fn is_at(&self, section: &str) -> bool {
        let path = self.path.split('?').next().unwrap_or_default();
        if section == "/" { path == "/" } else { path.starts_with(section) }
    }

    /// A visitor, for tests and samples.
    #[must_use]
    pub fn sample_visitor(lang: Lang) -> Self {
        Self {
            lang,
            path: "/".to_owned(),
            base_url: "https://megurumi.example".to_owned(),
            request_id: "01JD8Y6G".to_owned(),
            ..Self::default()
        }
    }

    /// A member, for tests and samples.
    #[must_use]
    pub fn sample_member(lang: Lang) -> Self {
        let viewer = ViewerChrome {
            nickname: "はなこ".to_owned(),
            account_id: "a1".to_owned(),
            unread: 3,
            ..ViewerChrome::default()
        };
        Self { viewer: Some(viewer), ..Self::sample_visitor(lang) }
    }

    /// A member whose mail address is not confirmed yet, for tests and samples.
    #[must_use]
    pub fn sample_unconfirmed(lang: Lang) -> Self {
        let mut chrome = Self::sample_member(lang);
        chrome.viewer.iter_mut().for_each(|viewer| viewer.is_unconfirmed = true);
        chrome
    }

    /// A moderator, for tests and samples.
    #[must_use]
    pub fn sample_moderator(lang: Lang) -> Self {
        let viewer = ViewerChrome {
            nickname: "ゆき".to_owned(),
            account_id: "m1".to_owned(),
            is_moderator: true,
            waiting: 14,
            ..ViewerChrome::default()
        };
        Self { viewer: Some(viewer), ..Self::sample_visitor(lang) }
    }

    /// An admin, for tests and samples.
    #[must_use]
    pub fn sample_admin(lang: Lang) -> Self {
        let mut chrome = Self::sample_moderator(lang);
        chrome.viewer.iter_mut().for_each(|viewer| viewer.is_admin = true);
        chrome
    }
}

/// JSON-LD as text that cannot end its `<script>`.
pub(crate) fn json_ld(value: &serde_json::Value) -> String {
    value.to_string().replace('<', "\\u003c")
}
