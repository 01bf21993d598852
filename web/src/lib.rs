//! What a browser receives: pages, mails, styles, strings and the islands of TypeScript.
//!
//! Every page is one typed view and one function that renders it: `home(&Chrome, &HomeView) -> String`.
//! Views hold plain data with ready addresses; a handler makes one and knows nothing of templates. Author-written HTML comes in
//! as [`SafeHtml`]. Every visible string is a message of `messages/`, in three languages.
//!
//! Invariants: no inline style and no inline script (the Content-Security-Policy forbids both); every page has one `h1`; every
//! form works without JavaScript; every page has a sample that tests render in each language.
//!
//! Not here: who may see what, database types, HTTP.

pub mod accounts;
pub mod assets;
pub mod captions;
pub mod chrome;
pub mod compose;
pub mod forms;
pub mod html;
pub mod lang;
pub mod mail;
pub mod media;
pub mod notices;
pub mod pages;
pub mod posts;
pub mod preparing;
pub mod reading;
pub mod review;
pub mod samples;
pub mod search;
pub mod vocabulary;
pub mod words;

mod art;
mod middle;

pub use assets::{Asset, asset, url};
pub use chrome::{Chrome, Flash, FlashTone, ViewerChrome};
pub use forms::{FieldErrors, Given};
pub use html::{CardHtml, SafeHtml};
pub use lang::Lang;
pub use middle::Middle;
pub use preparing::{MediaNote, Preparing, Step};
pub use vocabulary::{
    AgeRange, CaptionLanguage, Choice, Decision, Kind, Length, MediaFault, Named, PostState,
    Reason, Season, Size, When,
};

/// Renders the template `$path` (which extends `base/page.html`) around `$chrome`, `$head` and `$view`, seen there as `c`, `head`, `v`, and `l` for the language.
macro_rules! page {
    ($path:tt, $chrome:expr, $head:expr, $view:expr, $ty:ty) => {{
        #[derive(askama::Template)]
        #[template(path = $path)]
        struct Page<'a> {
            c: &'a $crate::chrome::Chrome,
            l: $crate::lang::Lang,
            head: $crate::chrome::Head,
            v: &'a $ty,
        }
        let chrome: &$crate::chrome::Chrome = $chrome;
        let page = Page { c: chrome, l: chrome.lang, head: $head, v: $view };
        askama::Template::render(&page).expect("writing to a String does not fail")
    }};
}
pub(crate) use page;
