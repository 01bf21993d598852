//! Text on its way into a page: what is already HTML, and what must be escaped.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use askama::filters::HtmlSafe;
use askama::{FastWritable, Values};

/// HTML made from a person's words, already sanitised: goes into a page as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SafeHtml(String);

impl SafeHtml {
    /// Takes HTML that has passed the sanitiser. Only the server's `text.rs` makes these.
    #[must_use]
    pub fn from_sanitised(html: String) -> Self {
        Self(html)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl fmt::Display for SafeHtml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for SafeHtml {}

/// Pages are made of these: straight into the page, past the formatter.
macro_rules! written_as_they_are {
    ($($type:ty),+) => {$(
        impl FastWritable for $type {
            fn write_into(&self, page: &mut dyn fmt::Write, _: &dyn Values) -> askama::Result<()> {
                Ok(page.write_str(&self.0)?)
            }
        }
    )+};
}
written_as_they_are!(SafeHtml, Markup, CardHtml);

/// A post in a list, made by [`card`](crate::reading::card). Cheap to clone, so that it can be kept.
#[derive(Clone, Debug)]
pub struct CardHtml(pub(crate) Arc<str>);

impl fmt::Display for CardHtml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for CardHtml {}

/// HTML that web itself wrote: a message with its ruby, a drawing.
#[derive(Clone, Debug)]
pub struct Markup(pub(crate) Cow<'static, str>);

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Markup {}

/// Appends `text` with the five characters escaped that mean something in HTML.
pub fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}
