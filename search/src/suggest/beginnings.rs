//! The terms that begin alike, the most frequent of them, kept by segment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::index::SegmentId;
use tantivy::schema::Field;
use tantivy::{Searcher, SegmentReader};

use super::entry::{Entry, Kind};
use crate::Error;

/// Terms of a segment that are read for one beginning.
pub(crate) const MOST_READ: usize = 20_000;
/// Of those, the ones that are kept.
const KEPT: usize = 64;
/// Beginnings of up to so many letters are kept: longer ones lead to few terms.
const KEPT_LETTERS: usize = 3;
/// Lists that are kept, a few kB each.
const MOST_LISTS: usize = 4096;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub term: String,
    /// That hold it, those that were taken out since among them.
    pub posts: u64,
}

impl Candidate {
    pub fn entry(&self) -> Entry {
        Entry::of(&self.term).unwrap_or(Entry { kind: Kind::Word, shown: String::new() })
    }

    /// How the word is shown; `None` for a tag or a title.
    pub fn word(&self) -> Option<String> {
        let entry = self.entry();
        (entry.kind == Kind::Word).then_some(entry.shown)
    }
}

type List = Arc<Vec<(String, u64)>>;

#[derive(Debug, Default)]
pub(crate) struct Beginnings(Mutex<HashMap<(SegmentId, Field, String), List>>);

impl Beginnings {
    /// The most frequent terms of the field that begin like this, in no order.
    pub fn of(
        &self,
        searcher: &Searcher,
        field: Field,
        key: &str,
    ) -> Result<Vec<Candidate>, Error> {
        let mut found: HashMap<String, u64> = HashMap::new();
        for segment in searcher.segment_readers() {
            for (term, posts) in self.of_segment(segment, field, key)?.iter() {
                match found.get_mut(term) {
                    Some(known) => *known += posts,
                    None => {
                        found.insert(term.clone(), *posts);
                    }
                }
            }
        }
        Ok(found.into_iter().map(|(term, posts)| Candidate { term, posts }).collect())
    }

    fn of_segment(&self, segment: &SegmentReader, field: Field, key: &str) -> Result<List, Error> {
        if key.chars().count() > KEPT_LETTERS {
            return Ok(Arc::new(read(segment, field, key)?));
        }
        let name = (segment.segment_id(), field, key.to_owned());
        if let Some(known) = self.lists().get(&name) {
            return Ok(known.clone());
        }
        let list = Arc::new(read(segment, field, key)?);
        let mut lists = self.lists();
        // Segments come and go; what is asked for again is soon there again.
        if lists.len() >= MOST_LISTS {
            lists.clear();
        }
        lists.insert(name, list.clone());
        Ok(list)
    }

    fn lists(&self) -> std::sync::MutexGuard<'_, HashMap<(SegmentId, Field, String), List>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(segment: &SegmentReader, field: Field, key: &str) -> Result<Vec<(String, u64)>, Error> {
    let index = segment.inverted_index(field)?;
    let after = end_of(key.as_bytes());
    let mut range = index.terms().range().ge(key.as_bytes());
    if let Some(after) = &after {
        range = range.lt(after);
    }
    let mut stream = range.into_stream()?;
    let mut best: Vec<(String, u64)> = vec![];
    let mut least = 0;
    for _ in 0..MOST_READ {
        if !stream.advance() {
            break;
        }
        let posts = u64::from(stream.value().doc_freq);
        if best.len() >= KEPT && posts <= least {
            continue;
        }
        best.push((String::from_utf8_lossy(stream.key()).into_owned(), posts));
        if best.len() >= 2 * KEPT {
            best.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            best.truncate(KEPT);
            least = best.last().map_or(0, |(_, posts)| *posts);
        }
    }
    best.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    best.truncate(KEPT);
    Ok(best)
}

/// The first bytes that are past all that begin with these.
fn end_of(beginning: &[u8]) -> Option<Vec<u8>> {
    let mut end = beginning.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}
