//! The site's own words (ことば): what the search knows beyond its dictionary, kept by the people who look after the site.
//!
//! An [`Entry`] is a group of words that mean the same (断乳、卒乳), or a word that no dictionary has, with its reading (ひなたっ子).
//! Entries are added, changed and removed; each write names the version its person saw.
//!
//! Invariants
//! - A word is in one group at most, and is a word of the site's own once: its key, which is the search's own folding, is a primary key.
//! - Every change is on the record and in the change feed (`Subject::Words`), so that every node's index takes it without a restart.
//!   The record holds a digest, never the words: they were written by a person and may have to go.
//! - At most [`MOST`] entries of a kind: each node holds all of them in memory.
//!
//! Not here: what the index does with them (`discovery::index`), and the words that come with the search (`search/assets`).

pub mod actions;
mod find;
mod form;
pub mod pages;
mod sql;

pub use form::one_word;
pub use pages::begin_url;

use crate::db::page::Cursor;
use crate::db::{Db, Result};
use crate::text_enum;
use crate::time_id::{Timestamp, WordEntryId};
use std::collections::{BTreeMap, HashMap};

/// Entries of each kind.
pub const MOST: usize = 2000;
/// Words in a group.
pub const GROUP_WORDS: usize = 12;
/// Characters in a word, and in its reading.
pub const WORD_CHARS: usize = 30;

text_enum! {
    pub enum EntryKind { Group = "group", Own = "own" }
}

/// What is kept, checked: see `form`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// 2 to [`GROUP_WORDS`] words that mean the same.
    Group(Vec<String>),
    /// `reading` in kana.
    Own { word: String, reading: String },
}

impl Entry {
    pub fn kind(&self) -> EntryKind {
        match self {
            Self::Group(_) => EntryKind::Group,
            Self::Own { .. } => EntryKind::Own,
        }
    }

    pub fn words(&self) -> &[String] {
        match self {
            Self::Group(words) => words,
            Self::Own { word, .. } => std::slice::from_ref(word),
        }
    }

    pub fn reading(&self) -> Option<&str> {
        match self {
            Self::Group(_) => None,
            Self::Own { reading, .. } => Some(reading),
        }
    }

    /// As one line, in the form it is shown and may be typed again: `断乳、卒乳`.
    pub fn line(&self) -> String {
        self.words().join("、")
    }
}

/// By what two spellings are the same word: in groups, what the search takes for one; among the site's own, what its dictionary does,
/// to which だっこ and ダッコ are two.
fn key(kind: EntryKind, word: &str) -> String {
    match kind {
        EntryKind::Group => search::folded(word),
        EntryKind::Own => search::normalized(word),
    }
}

/// Who holds which key.
type Keys = BTreeMap<(EntryKind, String), WordEntryId>;

/// An entry as it stands in the database.
#[derive(Clone, Debug)]
pub struct Stored {
    pub id: WordEntryId,
    pub entry: Entry,
    /// Grows with every change.
    pub version: i64,
    pub changed: Changed,
}

impl Stored {
    fn place(&self) -> Cursor {
        Cursor { at: self.changed.at, id: self.id.to_string() }
    }
}

/// Who did something last, and when.
#[derive(Clone, Debug)]
pub struct Changed {
    /// A nickname; empty when the account is gone.
    pub by: String,
    pub at: Timestamp,
}

/// Makes the keys anew where another version of the site folded words otherwise. Of two entries that turn out to share a word the older
/// one holds it, and both stay: people decide.
pub async fn refresh_keys(db: &Db) -> Result<()> {
    if sql::keys(db).await? == sql::keys_wanted(db).await? {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    sql::lock(&mut tx).await?;
    let wanted = sql::keys_wanted(&mut tx).await?;
    sql::replace_keys(&mut tx, &wanted).await?;
    tx.commit().await
}

/// Those of these searched texts that are a word of a group, with its page. At most a few hundred texts.
pub async fn pages_of_groups(db: &Db, texts: &[&str]) -> Result<HashMap<String, String>> {
    // かぼちゃ おやき is begun as one word, and may have been written かぼちゃ・おやき.
    let keys = |text: &str| [text, &one_word(text)].map(|word| key(EntryKind::Group, word));
    let all: Vec<String> = texts.iter().flat_map(|text| keys(text)).collect();
    let held = sql::holders(db, EntryKind::Group, &all).await?;
    let page =
        |text: &str| keys(text).into_iter().find_map(|key| held.get(&(EntryKind::Group, key)));
    let of_text = |text: &&str| Some(((*text).to_owned(), pages::path(*page(text)?)));
    Ok(texts.iter().filter_map(of_text).collect())
}

/// Groups of words that mean the same, always in the same order.
pub async fn groups(db: &Db) -> Result<Vec<Vec<String>>> {
    let entries = sql::all(db, EntryKind::Group).await?;
    Ok(entries.iter().map(|entry| entry.words().to_vec()).collect())
}

/// The site's own words with their readings, always in the same order.
pub async fn own_words(db: &Db) -> Result<Vec<(String, String)>> {
    let entries = sql::all(db, EntryKind::Own).await?;
    let own = entries.into_iter().filter_map(|entry| match entry {
        Entry::Own { word, reading } => Some((word, reading)),
        Entry::Group(_) => None,
    });
    Ok(own.collect())
}
