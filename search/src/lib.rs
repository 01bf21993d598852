//! Japanese full-text search of published posts, with tantivy.
//!
//! The index is disposable: the database is the truth, and whoever owns the index feeds it the change
//! feed through [`Index::apply`], which commits the documents and the place in the feed together. A folder
//! that is damaged, or was written by another version of the schema, the analyzer or its word lists, is wiped
//! and comes back empty at position 0, so the follower feeds it from the start.
//!
//! An index is made anew beside the one that serves ([`Index::begin_anew`], [`Index::replace`]), so that searching never stops.
//!
//! Invariants
//! - What [`Index::apply`] returned for is on disk and visible to the next search.
//! - No text, typed or indexed, makes it panic; results are plain text segments, never HTML.
//! - One process owns a folder at a time (a lock file tells).
//!
//! Everything here blocks; async callers use `spawn_blocking`. Not here: who may see a post (only published
//! posts are fed).

mod analyzer;
mod asked;
#[cfg(test)]
#[path = "../tests/awkward/mod.rs"]
mod awkward;
mod bits;
mod candidates;
mod checked;
mod choices;
mod contents;
mod facets;
mod gate;
mod generation;
mod held;
mod highlight;
mod index;
#[cfg(any(test, feature = "fuzz"))]
#[doc(hidden)]
pub mod laws;
mod letters;
mod meant;
mod query;
mod ranking;
mod related;
mod schema;
mod search;
mod snippet;
mod sound;
mod spelling;
mod standings;
mod suggest;
mod synonyms;
mod unfinished;
mod writer;

use std::io;
use std::path::PathBuf;

/// Where Debian's package mecab-ipadic puts its sources.
pub const IPADIC: &str = "/usr/share/mecab/dic/ipadic";

pub use analyzer::Dictionary;
pub use contents::Contents;
pub use facets::{AGES, Facets, Filters, MINUTES};
pub use highlight::Segment;
pub use index::{Anew, Hit, Index, Op, Results};
pub use query::{Near, Query};
pub use schema::Document;
pub use spelling::{folded, has_word, normalized, visible};
pub use suggest::{Offer, Suggestion};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Debian's package `mecab-ipadic` puts the sources into /usr/share/mecab/dic/ipadic.
    #[error("no mecab-ipadic sources in {}; install the package mecab-ipadic", .0.display())]
    DictionarySource(PathBuf),
    #[error("the dictionary can't be used: {0}")]
    Dictionary(String),
    #[error("the search index in {} is open in another process", .0.display())]
    Locked(PathBuf),
    #[error(transparent)]
    Tantivy(#[from] tantivy::TantivyError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<lindera_dictionary::error::LinderaError> for Error {
    fn from(error: lindera_dictionary::error::LinderaError) -> Error {
        Error::Dictionary(error.to_string())
    }
}
