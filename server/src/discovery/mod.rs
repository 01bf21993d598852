//! Finding and reading: home, the lists, a post's page, search and what it suggests.
//!
//! Two followers of the change feed live here: the search index and the cache of ready pages. Both are disposable. The index keeps
//! its place in its own commits; the cache forgets everything the moment anything changes.
//!
//! Not here: what a post is (`posts`), how text is analysed and ranked (package `search`).

pub mod cache;
pub mod index;
mod lists;
mod post;
pub mod related;
mod search_page;
mod suggest;

pub use lists::{about, home, kind, person, region, tag};
pub use post::post;
pub use search_page::{found, search};
pub use suggest::suggest;
