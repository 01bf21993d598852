//! What is offered while someone types: words that posts hold, tags, and posts by their titles.
//!
//! The terms of two fields say it all: a key (how it sounds, or how it is spelled, folded), what kind it is, and how it is shown
//! ([`entry`]). What was typed is looked up as the beginning of a key, so かぼ, ｶﾎﾞ, kabo and 南瓜 lead to かぼちゃ. Words and tags
//! are in one field, the most frequent first; titles, of which there are as many as posts, in another, from each noun of the title on.
//!
//! Invariants
//! - Only what a post holds that can be found now is offered: a term outlives its last post until segments are merged, so each
//!   offer is looked up once more.
//! - The work is bounded, whatever is typed ([`beginnings`]).
//!
//! Not here: whether the reader may see the post of a title *now* (the server asks the database), corrections (`meant`).

mod beginnings;
pub(crate) mod entry;

use std::collections::{HashMap, HashSet};

pub(crate) use beginnings::Beginnings;
use beginnings::Candidate;
use entry::{Entry, Kind};
use tantivy::query::{BooleanQuery, EnableScoring, Query as _};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocSet as _, Searcher, TERMINATED, TantivyDocument, Term};

use crate::Error;
use crate::analyzer::{Analyzer, Normalized, fold, fold_sound, is_kana, is_searchable, so_far};
use crate::choices::Kept;
use crate::query::term;
use crate::schema::{Fields, stored_text};

/// One offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    pub offer: Offer,
    /// Plain text: of a word, all that is typed with the word in place of its beginning.
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// To search for.
    Word,
    /// The tag, as it was written.
    Tag,
    /// The post of this id, by its title.
    Post { id: String },
}

/// What is typed beyond this many characters is no beginning any more.
const LONGEST: usize = 60;
/// Words that stand in fewer posts are slips of the pen, or say whose post it is.
const FEWEST_POSTS: u64 = 2;
/// Of the offers, so many are titles when there are words enough.
const TITLES: usize = 3;
/// Candidates that are looked at for each offer that is wanted.
const TRIES: usize = 4;
const MOST: usize = 20;

/// What posts hold, as far as it can be offered: `suggest` completes with it, and `meant` corrects.
pub(crate) struct Vocabulary<'a> {
    pub analyzer: &'a Analyzer,
    pub searcher: &'a Searcher,
    pub fields: &'a Fields,
    pub beginnings: &'a Beginnings,
    pub kept: &'a Kept,
}

/// What was typed, cut for the look-up.
struct Typed {
    /// Everything before the word that is being typed, as it was typed.
    before: String,
    /// Terms of that, the first few.
    others: Vec<String>,
    /// What the word being typed begins with, by its sound and by its spelling, each folded.
    keys: Vec<String>,
}

impl Vocabulary<'_> {
    pub fn suggest(&self, typed: &str, most: usize) -> Result<Vec<Suggestion>, Error> {
        let most = most.min(MOST);
        let Some(typed) = self.read(typed)? else { return Ok(vec![]) };
        let words = self.words(&typed, most)?;
        let titles = match typed.before.is_empty() {
            true => self.titles(&typed, most)?,
            // Whoever types a second word is past looking for one post's name.
            false => vec![],
        };
        let room = most.saturating_sub(titles.len().min(TITLES));
        let mut suggestions: Vec<Suggestion> = words.into_iter().take(room).collect();
        let room = most - suggestions.len();
        suggestions.extend(titles.into_iter().take(room));
        Ok(suggestions)
    }

    fn read(&self, typed: &str) -> Result<Option<Typed>, Error> {
        if typed.chars().count() > LONGEST {
            return Ok(None);
        }
        let start = typed.char_indices().rfind(|(_, c)| c.is_whitespace());
        let (before, last) = match start {
            Some((at, space)) => typed.split_at(at + space.len_utf8()),
            None => ("", typed),
        };
        let normalized = Normalized::new(last).text;
        if !normalized.chars().any(is_searchable) {
            return Ok(None);
        }
        let mut keys = vec![];
        let sound = match so_far(&normalized) {
            Some(kana) if kana.chars().all(is_kana) => fold_sound(&kana),
            Some(mixed) => self.analyzer.analyze(&mixed)?.sound(),
            None => String::new(),
        };
        for key in [sound, fold(&normalized)] {
            if !key.is_empty() && !key.contains(' ') && !keys.contains(&key) {
                keys.push(key);
            }
        }
        let others = self.analyzer.analyze(before)?;
        let others = others.terms().take(3).map(str::to_owned).collect();
        Ok(Some(Typed { before: before.trim_start().to_owned(), others, keys }))
    }

    /// The words and tags that stand in most posts, each once however it is spelled.
    fn words(&self, typed: &Typed, most: usize) -> Result<Vec<Suggestion>, Error> {
        let mut offered: Vec<(Candidate, String)> = vec![];
        let mut tries = most * TRIES;
        let of = |key: &str| self.beginnings.of(self.searcher, self.fields.words, key);
        let candidates = beginning(&typed.keys, of)?;
        let words: HashSet<String> = candidates
            .iter()
            .filter(|c| c.posts >= FEWEST_POSTS)
            .filter_map(Candidate::word)
            .collect();
        for candidate in candidates {
            if offered.len() == most || tries == 0 {
                break;
            }
            let entry = candidate.entry();
            // The search finds what is tagged with a word, and more.
            if entry.kind == Kind::Tag && words.contains(&entry.shown) {
                continue;
            }
            let name = self.name(&entry.shown)?;
            if typed.keys.contains(&entry.shown) || offered.iter().any(|(_, other)| *other == name)
            {
                continue;
            }
            tries -= 1;
            let fewest = if entry.kind == Kind::Tag { 1 } else { FEWEST_POSTS };
            if self.stands_in(&candidate.term, &typed.others, fewest)? {
                offered.push((candidate, name));
            }
        }
        let before = &typed.before;
        Ok(offered
            .into_iter()
            .map(|(candidate, _)| match candidate.entry() {
                Entry { kind: Kind::Tag, shown, .. } if before.is_empty() => {
                    Suggestion { offer: Offer::Tag, text: shown }
                }
                Entry { shown, .. } => {
                    Suggestion { offer: Offer::Word, text: format!("{before}{shown}") }
                }
            })
            .collect())
    }

    /// One name for all spellings of a word.
    fn name(&self, shown: &str) -> Result<String, Error> {
        let analysis = self.analyzer.analyze(shown)?;
        Ok(analysis.terms().collect::<Vec<_>>().join(" "))
    }

    /// Whether that many posts hold the term, and these words with it.
    fn stands_in(&self, text: &str, others: &[String], fewest: u64) -> Result<bool, Error> {
        let mut all = vec![term(self.fields.words, text)];
        all.extend(others.iter().map(|other| term(self.fields.tok, other)));
        let query = BooleanQuery::intersection(all);
        let weight = query.weight(EnableScoring::disabled_from_searcher(self.searcher))?;
        let fewest = if others.is_empty() { fewest } else { 1 };
        let mut posts = 0;
        for segment in self.searcher.segment_readers() {
            let mut found = weight.scorer(segment, 1.0)?;
            while found.doc() != TERMINATED {
                posts += u64::from(!segment.is_deleted(found.doc()));
                if posts >= fewest {
                    return Ok(true);
                }
                found.advance();
            }
        }
        Ok(false)
    }

    fn titles(&self, typed: &Typed, most: usize) -> Result<Vec<Suggestion>, Error> {
        let mut offered: Vec<Suggestion> = vec![];
        let of = |key: &str| self.beginnings.of(self.searcher, self.fields.titles, key);
        for candidate in beginning(&typed.keys, of)?.into_iter().take(most * TRIES) {
            if offered.len() == most {
                break;
            }
            let text = candidate.entry().shown;
            if offered.iter().any(|other| other.text == text) {
                continue;
            }
            if let Some(id) = self.post_of(&candidate.term)? {
                offered.push(Suggestion { offer: Offer::Post { id }, text });
            }
        }
        Ok(offered)
    }

    /// The newest post with this title.
    fn post_of(&self, title: &str) -> Result<Option<String>, Error> {
        let title = Term::from_field_text(self.fields.titles, title);
        let mut newest: Option<(i64, DocAddress)> = None;
        for (ord, segment) in (0..).zip(self.searcher.segment_readers()) {
            let index = segment.inverted_index(self.fields.titles)?;
            let Some(mut posts) = index.read_postings(&title, IndexRecordOption::Basic)? else {
                continue;
            };
            let standings = self.kept.of(segment)?.standings;
            while posts.doc() != TERMINATED {
                let doc = posts.doc();
                let at = standings.published_at(doc);
                if !segment.is_deleted(doc) && newest.is_none_or(|(other, _)| other < at) {
                    newest = Some((at, DocAddress::new(ord, doc)));
                }
                posts.advance();
            }
        }
        let Some((_, address)) = newest else { return Ok(None) };
        let stored: TantivyDocument = self.searcher.doc(address)?;
        Ok(Some(stored_text(&stored, self.fields.id).to_owned()))
    }
}

/// What the keys lead to, the most frequent first.
fn beginning(
    keys: &[String],
    of: impl Fn(&str) -> Result<Vec<Candidate>, Error>,
) -> Result<Vec<Candidate>, Error> {
    let mut found: HashMap<String, Candidate> = HashMap::new();
    for key in keys {
        for candidate in of(key)? {
            // By its sound and by its spelling it is the same; a word and a tag of one name are two.
            let shown = candidate.term.split_once(entry::PART).map_or("", |(_, shown)| shown);
            match found.get_mut(shown) {
                Some(known) if known.posts >= candidate.posts => {}
                Some(known) => *known = candidate,
                None => {
                    found.insert(shown.to_owned(), candidate);
                }
            }
        }
    }
    let mut found: Vec<Candidate> = found.into_values().collect();
    found.sort_by(|a, b| {
        b.posts.cmp(&a.posts).then(a.term.len().cmp(&b.term.len())).then(a.term.cmp(&b.term))
    });
    Ok(found)
}
