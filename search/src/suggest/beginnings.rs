//! The terms that begin alike, the most frequent of them.
//!
//! Of words, what many terms begin with (one letter, two or three) is worked out once for each segment, before anyone asks, and kept as
//! long as the segment is searched: it never changes. What few terms begin with is read when it is asked for. Of titles, which
//! are nearly all in one post, the first are as good as any.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tantivy::index::SegmentId;
use tantivy::schema::Field;
use tantivy::{Searcher, SegmentReader};

use super::entry::{Entry, Kind};
use crate::Error;

/// Words of a segment that are read for one beginning. More begin with no four letters, nor with fewer that are not kept.
const MOST_WORDS: usize = 20_000;
/// The same of titles.
const MOST_TITLES: usize = 256;
/// Terms of a beginning that are looked at.
const KEPT: usize = 64;
/// Letters of a beginning that may be kept.
const KEPT_LETTERS: usize = 3;
/// What more words than this begin with is kept.
const FEW: usize = 128;

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

/// Terms with their posts, the most frequent first.
type List = Vec<(String, u64)>;
/// By beginning.
type Lists = HashMap<String, List>;

#[derive(Debug, Default)]
pub(crate) struct Beginnings(Mutex<HashMap<SegmentId, Arc<Lists>>>);

impl Beginnings {
    /// The most frequent words that begin like this, in no order.
    pub fn of_words(
        &self,
        searcher: &Searcher,
        field: Field,
        key: &str,
    ) -> Result<Vec<Candidate>, Error> {
        together(searcher, |segment| {
            let known = self.known().get(&segment.segment_id()).cloned();
            match known.as_ref().and_then(|lists| lists.get(key)) {
                Some(list) => Ok(list.clone()),
                None => read(segment, field, key, MOST_WORDS),
            }
        })
    }

    /// Titles that begin like this, in no order.
    pub fn of_titles(
        &self,
        searcher: &Searcher,
        field: Field,
        key: &str,
    ) -> Result<Vec<Candidate>, Error> {
        together(searcher, |segment| read(segment, field, key, MOST_TITLES))
    }

    /// Works out those of new segments, and drops those of segments that are gone. `field`: of words.
    pub fn follow(&self, searcher: &Searcher, field: Field) -> Result<(), Error> {
        for segment in searcher.segment_readers() {
            let id = segment.segment_id();
            // Not kept locked meanwhile: whoever types goes on.
            let is_known = self.known().contains_key(&id);
            if !is_known {
                let lists = Arc::new(lists(segment, field)?);
                self.known().insert(id, lists);
            }
        }
        let is_there = |id: &SegmentId| {
            searcher.segment_readers().iter().any(|segment| segment.segment_id() == *id)
        };
        self.known().retain(|id, _| is_there(id));
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, HashMap<SegmentId, Arc<Lists>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of all segments.
fn together(
    searcher: &Searcher,
    of_segment: impl Fn(&SegmentReader) -> Result<List, Error>,
) -> Result<Vec<Candidate>, Error> {
    let mut found: HashMap<String, u64> = HashMap::new();
    for segment in searcher.segment_readers() {
        for (term, posts) in of_segment(segment)? {
            *found.entry(term).or_default() += posts;
        }
    }
    Ok(found.into_iter().map(|(term, posts)| Candidate { term, posts }).collect())
}

/// The most frequent so far of what begins alike; `T` tells which term it is.
struct Frequent<T> {
    best: Vec<(T, u64)>,
    /// What a term must stand in more posts than.
    least: u64,
}

impl<T: Ord> Frequent<T> {
    fn new() -> Frequent<T> {
        Frequent { best: vec![], least: 0 }
    }

    fn add(&mut self, posts: u64, term: impl FnOnce() -> T) {
        if self.best.len() >= KEPT && posts <= self.least {
            return;
        }
        self.best.push((term(), posts));
        if self.best.len() >= 2 * KEPT {
            self.narrow();
            self.least = self.best.last().map_or(0, |(_, posts)| *posts);
        }
    }

    /// Of equals the first in the order of terms.
    fn narrow(&mut self) {
        self.best.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        self.best.truncate(KEPT);
    }
}

fn read(segment: &SegmentReader, field: Field, key: &str, most: usize) -> Result<List, Error> {
    let index = segment.inverted_index(field)?;
    let after = end_of(key.as_bytes());
    let mut range = index.terms().range().ge(key.as_bytes());
    if let Some(after) = &after {
        range = range.lt(after);
    }
    let mut stream = range.into_stream()?;
    let mut frequent = Frequent::new();
    for _ in 0..most {
        if !stream.advance() {
            break;
        }
        let posts = u64::from(stream.value().doc_freq);
        frequent.add(posts, || String::from_utf8_lossy(stream.key()).into_owned());
    }
    frequent.narrow();
    Ok(frequent.best)
}

/// The terms that begin alike so far, as they follow each other.
struct Run {
    beginning: Vec<u8>,
    terms: usize,
    /// By their numbers.
    frequent: Frequent<u64>,
}

/// Those of every beginning that is kept.
fn lists(segment: &SegmentReader, field: Field) -> Result<Lists, Error> {
    let index = segment.inverted_index(field)?;
    let terms = index.terms();
    let mut lists = Lists::new();
    let mut keep = |run: Run| -> Result<(), Error> {
        if run.terms <= FEW {
            return Ok(());
        }
        let mut frequent = run.frequent;
        frequent.narrow();
        let mut list = List::with_capacity(frequent.best.len());
        let mut term = vec![];
        for (number, posts) in frequent.best {
            if terms.ord_to_term(number, &mut term)? {
                list.push((String::from_utf8_lossy(&term).into_owned(), posts));
            }
        }
        lists.insert(String::from_utf8_lossy(&run.beginning).into_owned(), list);
        Ok(())
    };
    // Of one letter, two and three; each begins with the one before.
    let mut runs: Vec<Run> = vec![];
    let mut stream = terms.stream()?;
    while stream.advance() {
        let (key, number) = (stream.key(), stream.term_ord());
        let posts = u64::from(stream.value().doc_freq);
        let same = runs.iter().take_while(|run| key.starts_with(&run.beginning)).count();
        for run in runs.drain(same..) {
            keep(run)?;
        }
        let mut ends = letter_ends(key).skip(same).take(KEPT_LETTERS - same);
        runs.extend(std::iter::from_fn(|| {
            let beginning = key.get(..ends.next()?)?.to_vec();
            Some(Run { beginning, terms: 0, frequent: Frequent::new() })
        }));
        for run in &mut runs {
            run.terms += 1;
            run.frequent.add(posts, || number);
        }
    }
    runs.into_iter().try_for_each(&mut keep)?;
    Ok(lists)
}

/// Where the letters of UTF-8 end.
fn letter_ends(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let is_start = |at: &usize| bytes.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80);
    (1..=bytes.len()).filter(is_start)
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
