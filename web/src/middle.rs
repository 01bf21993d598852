//! The middle of a page that is the same for every reader of its language: made once, put into each reader's own frame.

use crate::chrome::{Chrome, Head};
use crate::lang::Lang;

/// What stands between a page's header and its footer, with what stands in its `<head>`.
#[derive(Clone, Debug)]
pub struct Middle {
    pub(crate) head: Head,
    /// Of `<html>`.
    pub(crate) class: &'static str,
    pub(crate) html: String,
}

#[derive(askama::Template)]
#[template(path = "base/middle.html")]
struct Page<'a> {
    c: &'a Chrome,
    l: Lang,
    head: &'a Head,
    m: &'a Middle,
}

impl Middle {
    /// The whole page for the reader whom `chrome` is about. It must be of the middle's language.
    #[must_use]
    pub fn within(&self, chrome: &Chrome) -> String {
        let page = Page { c: chrome, l: chrome.lang, head: &self.head, m: self };
        let mut whole = String::with_capacity(self.html.len() + FRAME_BYTES);
        askama::Template::render_into(&page, &mut whole)
            .expect("writing to a String does not fail");
        whole
    }

    /// How much memory it takes, nearly.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.html.len() + self.head.json_ld.as_ref().map_or(0, String::len)
    }
}

/// Room for a full list, and for the frame around it: a page that has room from the start is not copied as it grows.
pub(crate) const LIST_BYTES: usize = 40 << 10;
const FRAME_BYTES: usize = 12 << 10;

/// Renders the template `$path`, in which `v` and `l` are what they are in [`page!`](crate::page), as a page's middle.
macro_rules! middle {
    ($path:tt, $class:literal, $lang:expr, $head:expr, $view:expr, $ty:ty) => {{
        #[derive(askama::Template)]
        #[template(path = $path)]
        struct Inner<'a> {
            l: $crate::lang::Lang,
            v: &'a $ty,
        }
        let inner = Inner { l: $lang, v: $view };
        let mut html = String::with_capacity($crate::middle::LIST_BYTES);
        askama::Template::render_into(&inner, &mut html)
            .expect("writing to a String does not fail");
        $crate::middle::Middle { head: $head, class: $class, html }
    }};
}
pub(crate) use middle;
