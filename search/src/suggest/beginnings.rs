//! The terms that begin alike, the most frequent of them.
//!
//! What many terms of a segment begin with (one letter to four) is worked out once, before anyone asks, and kept as long as the
//! segment is searched: it never changes. What few terms begin with is read when it is asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tantivy::index::SegmentId;
use tantivy::schema::Field;
use tantivy::termdict::TermDictionary;
use tantivy::{Searcher, SegmentReader};

use super::entry::{Entry, Kind};
use crate::Error;

/// Terms of a segment that are read for one beginning. With more begin only such as are kept, save in a segment that is brand-new.
const MOST_READ: usize = 500;
/// Terms of a beginning that are looked at.
const KEPT: usize = 64;
/// Letters of a beginning that may be kept.
const KEPT_LETTERS: usize = 4;
/// What more terms than this begin with is kept.
const FEW: usize = 256;

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
pub(crate) struct Beginnings(Mutex<HashMap<(SegmentId, Field), Arc<Lists>>>);

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
            let known = self.known().get(&(segment.segment_id(), field)).cloned();
            match known.as_ref().and_then(|lists| lists.get(key)) {
                Some(list) => add(&mut found, list.iter().cloned()),
                None => add(&mut found, read(segment, field, key)?),
            }
        }
        Ok(found.into_iter().map(|(term, posts)| Candidate { term, posts }).collect())
    }

    /// Works out those of new segments, and drops those of segments that are gone.
    pub fn follow(&self, searcher: &Searcher, fields: [Field; 2]) -> Result<(), Error> {
        for segment in searcher.segment_readers() {
            for field in fields {
                let name = (segment.segment_id(), field);
                // Not kept locked meanwhile: whoever types goes on.
                let is_known = self.known().contains_key(&name);
                if !is_known {
                    let lists = Arc::new(lists(segment, field)?);
                    self.known().insert(name, lists);
                }
            }
        }
        let is_there = |id: &SegmentId| {
            searcher.segment_readers().iter().any(|segment| segment.segment_id() == *id)
        };
        self.known().retain(|(id, _), _| is_there(id));
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, HashMap<(SegmentId, Field), Arc<Lists>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(found: &mut HashMap<String, u64>, terms: impl IntoIterator<Item = (String, u64)>) {
    for (term, posts) in terms {
        *found.entry(term).or_default() += posts;
    }
}

/// The most frequent so far of what begins alike; `T` tells which term it is.
struct Frequent<T> {
    best: Vec<(T, u64)>,
    /// What a term must stand in more posts than.
    least: u64,
}

impl<T: Ord> Frequent<T> {
    const fn new() -> Frequent<T> {
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

fn read(segment: &SegmentReader, field: Field, key: &str) -> Result<List, Error> {
    let index = segment.inverted_index(field)?;
    let after = end_of(key.as_bytes());
    let mut range = index.terms().range().ge(key.as_bytes());
    if let Some(after) = &after {
        range = range.lt(after);
    }
    let mut stream = range.into_stream()?;
    let mut frequent = Frequent::new();
    for _ in 0..MOST_READ {
        if !stream.advance() {
            break;
        }
        let posts = u64::from(stream.value().doc_freq);
        frequent.add(posts, || String::from_utf8_lossy(stream.key()).into_owned());
    }
    frequent.narrow();
    Ok(frequent.best)
}

/// The terms that begin alike so far, as they follow each other. Used again for the next that do.
struct Run {
    beginning: Vec<u8>,
    terms: usize,
    /// By their numbers.
    frequent: Frequent<u64>,
}

impl Run {
    const fn new() -> Run {
        Run { beginning: vec![], terms: 0, frequent: Frequent::new() }
    }

    fn begin(&mut self, beginning: &[u8]) {
        self.beginning.clear();
        self.beginning.extend_from_slice(beginning);
        self.terms = 0;
        self.frequent.best.clear();
        self.frequent.least = 0;
    }

    fn end(&mut self, terms: &TermDictionary, lists: &mut Lists) -> Result<(), Error> {
        if self.terms <= FEW {
            return Ok(());
        }
        self.frequent.narrow();
        let mut list = List::with_capacity(self.frequent.best.len());
        let mut term = vec![];
        for (number, posts) in &self.frequent.best {
            if terms.ord_to_term(*number, &mut term)? {
                list.push((String::from_utf8_lossy(&term).into_owned(), *posts));
            }
        }
        lists.insert(String::from_utf8_lossy(&self.beginning).into_owned(), list);
        Ok(())
    }
}

/// Those of every beginning that is kept.
fn lists(segment: &SegmentReader, field: Field) -> Result<Lists, Error> {
    let index = segment.inverted_index(field)?;
    let terms = index.terms();
    let mut lists = Lists::new();
    // Of one letter, two and so on; each begins with the one before. Those from `open` on are over.
    let mut runs = [const { Run::new() }; KEPT_LETTERS];
    let mut open = 0;
    let mut stream = terms.stream()?;
    while stream.advance() {
        let (key, number) = (stream.key(), stream.term_ord());
        let posts = u64::from(stream.value().doc_freq);
        let same = runs[..open].iter().take_while(|run| key.starts_with(&run.beginning)).count();
        for run in &mut runs[same..open] {
            run.end(terms, &mut lists)?;
        }
        open = same;
        for (run, end) in runs.iter_mut().zip(letter_ends(key)).skip(same) {
            run.begin(&key[..end]);
            open += 1;
        }
        for run in &mut runs[..open] {
            run.terms += 1;
            run.frequent.add(posts, || number);
        }
    }
    runs[..open].iter_mut().try_for_each(|run| run.end(terms, &mut lists))?;
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
