//! The index of a node: applying changes, searching, and making it anew beside itself.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tantivy::{DocAddress, TantivyDocument};

use crate::Error;
use crate::analyzer::{Analyzer, Dictionary};
use crate::facets::Facets;
use crate::generation::Generation;
use crate::highlight::{Highlighter, Segment};
use crate::query::{Query, Terms};
use crate::ranking::READ_AGAIN;
use crate::related::related;
use crate::schema::{Document, stored_cuts, stored_text};
use crate::search::Search;
use crate::suggest::{Offer, Suggestion};
use crate::synonyms::member;

const MOST_HITS: usize = 100;
const FARTHEST_HIT: usize = 10_000;

/// A change to apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Put the document in place of any with the same id.
    Upsert(Box<Document>),
    /// Take the document with this id out, if it is there.
    Delete(String),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Results {
    pub hits: Vec<Hit>,
    /// All matches, not only those in `hits`.
    pub total: u64,
    pub facets: Facets,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub id: String,
    /// Comparable within one search only; 0 when nothing was typed.
    pub score: f32,
    pub title: Vec<Segment>,
    /// The part of the body or of the captions that says most about the query.
    pub snippet: Vec<Segment>,
    pub is_from_captions: bool,
}

/// An open index; share it behind an `Arc`.
pub struct Index {
    dir: PathBuf,
    serving: RwLock<Arc<Generation>>,
    /// The site's own groups of words that mean the same.
    groups: Mutex<Vec<Vec<String>>>,
    /// The last changes could not be applied, so words may be of a post that is withdrawn.
    is_behind: AtomicBool,
    /// Held, and with it the folder, until the index is dropped.
    _lock: File,
}

/// An index that is being made beside the one that serves; dropped, it never was.
pub struct Anew {
    generation: Arc<Generation>,
    has_served: AtomicBool,
}

impl Index {
    /// Opens the index in `dir`, or makes an empty one at position 0 if there is none, or it is damaged, or
    /// it was written by another version of the schema, the analyzer or its words. Without room on the disk one that is there serves as
    /// it is, and an empty one is kept in memory until [`Index::replace`].
    ///
    /// # Errors
    /// [`Error::Locked`] while another process has it open; [`Error::Io`] if there can't be such a folder.
    pub fn open(dir: &Path, dictionary: Dictionary) -> Result<Index, Error> {
        fs::create_dir_all(dir)?;
        let lock = lock(dir)?;
        let serving = RwLock::new(Arc::new(Generation::open(dir, dictionary)?));
        let (groups, is_behind) = (Mutex::default(), AtomicBool::new(false));
        Ok(Index { dir: dir.to_owned(), serving, groups, is_behind, _lock: lock })
    }

    fn serving(&self) -> Arc<Generation> {
        self.serving.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes these groups of words that mean the same, beside our own, for every search from now on.
    pub fn set_synonyms(&self, groups: &[Vec<String>]) -> Result<(), Error> {
        let mut own = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        self.serving().set_synonyms(groups)?;
        groups.clone_into(&mut own);
        Ok(())
    }

    /// Whether texts are cut by these words.
    pub fn knows(&self, dictionary: &Dictionary) -> bool {
        self.serving().analyzer.is_of(dictionary)
    }

    /// The place in the change feed up to which this index is complete; 0 for an empty index.
    pub fn position(&self) -> u64 {
        self.serving().position()
    }

    /// The number of documents that can be found.
    pub fn len(&self) -> u64 {
        self.serving().reader.searcher().num_docs()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Applies the changes in order and commits them together with `position`. When this returns they
    /// are on disk and the next search sees them; on an error the position stays, and the same may be applied again. Meant for one follower:
    /// two callers at once would leave the position of the slower one.
    pub fn apply(&self, batch: Vec<Op>, position: u64) -> Result<(), Error> {
        let applied = self.serving().apply(batch, position);
        self.is_behind.store(applied.is_err(), Ordering::Relaxed);
        applied
    }

    /// Begins an empty index at position 0 beside this one, which serves until [`Index::replace`].
    pub fn begin_anew(&self, dictionary: Dictionary) -> Result<Anew, Error> {
        let number = self.serving().number();
        let generation = Generation::create(&self.dir, Analyzer::new(dictionary), number)?;
        let generation = Arc::new(generation);
        Ok(Anew { generation, has_served: AtomicBool::new(false) })
    }

    /// From now on the other serves. Searches that run end over the old one, whose folder goes.
    pub fn replace(&self, anew: &Anew) -> Result<(), Error> {
        let own = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        anew.generation.set_synonyms(&own)?;
        anew.generation.serve(&self.dir)?;
        anew.has_served.store(true, Ordering::Relaxed);
        let mut serving = self.serving.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *serving, anew.generation.clone());
        drop(serving);
        self.is_behind.store(false, Ordering::Relaxed);
        old.remove();
        Ok(())
    }

    pub fn search(&self, query: &Query) -> Result<Results, Error> {
        let serving = self.serving();
        let (analyzer, fields) = (&serving.analyzer, &serving.fields);
        let searcher = serving.reader.searcher();
        let terms = Terms::of(&query.text, analyzer, &searcher, fields, &serving.synonyms())?;
        let search = Search { searcher: &searcher, fields, kept: &serving.kept, query };
        let limit = query.limit.min(MOST_HITS);
        let after = query.after.min(FARTHEST_HIT);
        let (found, counted): (Vec<(f32, DocAddress)>, _) = match &terms {
            None => {
                let counted = search.newest(after + limit)?;
                let found = counted.newest.iter().map(|address| (0.0, *address)).collect();
                (found, Some(counted))
            }
            Some(terms) => {
                let counted = query.counting.then(|| search.matches(terms)).transpose()?;
                (search.best(terms, after + limit)?, counted)
            }
        };
        let (total, facets) = match counted {
            Some(counted) => (counted.total, counted.facets),
            None => (found.len() as u64, Facets::default()),
        };
        let highlighter = Highlighter::new(analyzer, terms.as_ref());
        let mut hits = Vec::with_capacity(limit);
        for (score, address) in found.into_iter().skip(after).take(limit) {
            let stored: TantivyDocument = searcher.doc(address)?;
            let text = |field| stored_text(&stored, field);
            let [title, body, captions] = stored_cuts(&stored, fields);
            let texts = [(text(fields.body), body), (text(fields.captions), captions)];
            let (part, snippet) = highlighter.snippet(texts)?;
            hits.push(Hit {
                id: text(fields.id).to_owned(),
                score,
                title: highlighter.whole(text(fields.title), title)?,
                snippet,
                is_from_captions: part == 1,
            });
        }
        Ok(Results { hits, total, facets })
    }

    /// What may be meant by what has been typed so far, at most 20: words, tags and posts by their titles. Posts alone, which whoever asks
    /// looks up, while changes can't be applied.
    pub fn suggest(&self, typed: &str, most: usize) -> Result<Vec<Suggestion>, Error> {
        let serving = self.serving();
        let mut offers = serving.vocabulary(&serving.reader.searcher()).suggest(typed, most)?;
        if self.is_behind.load(Ordering::Relaxed) {
            offers.retain(|suggestion| matches!(suggestion.offer, Offer::Post { .. }));
        }
        Ok(offers)
    }

    /// The text as it was probably meant, if it holds a word that no post does and one that is nearly the same is in several.
    pub fn meant(&self, text: &str) -> Result<Option<String>, Error> {
        if self.is_behind.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let serving = self.serving();
        serving.vocabulary(&serving.reader.searcher()).meant(text)
    }

    /// The ids of the posts that say most of what this one does, best first; none that has little to do with it.
    pub fn related(&self, id: &str, most: usize) -> Result<Vec<String>, Error> {
        let serving = self.serving();
        let searcher = serving.reader.searcher();
        related(&serving.analyzer, &searcher, &serving.fields, id, most.min(MOST_HITS))
    }

    /// The words that a text is found by, as the analysis cuts them: for measuring it.
    pub fn words(&self, text: &str) -> Result<Vec<String>, Error> {
        Ok(self.serving().analyzer.analyze(text)?.terms().map(str::to_owned).collect())
    }

    /// Whether a word can be a member of a group of synonyms; others are passed over there.
    pub fn takes_synonym(&self, word: &str) -> Result<bool, Error> {
        Ok(member(&self.serving().analyzer, word)?.is_some())
    }

    /// What the ranking weighs of each candidate, by document: for fitting its weights.
    pub fn signals(&self, query: &Query) -> Result<Vec<(String, Vec<f32>)>, Error> {
        let serving = self.serving();
        let searcher = serving.reader.searcher();
        let (fields, synonyms) = (&serving.fields, serving.synonyms());
        let terms = Terms::of(&query.text, &serving.analyzer, &searcher, fields, &synonyms)?;
        let Some(terms) = terms else { return Ok(vec![]) };
        let search = Search { searcher: &searcher, fields, kept: &serving.kept, query };
        let found = search.candidates(&terms, READ_AGAIN)?;
        let signals = search.signals(&terms, &found)?;
        let id = |address| -> Result<String, Error> {
            let stored: TantivyDocument = searcher.doc(address)?;
            Ok(stored_text(&stored, fields.id).to_owned())
        };
        found.iter().zip(signals).map(|((_, at), s)| Ok((id(*at)?, s.to_vec()))).collect()
    }
}

impl Anew {
    /// As [`Index::apply`].
    pub fn apply(&self, batch: Vec<Op>, position: u64) -> Result<(), Error> {
        self.generation.apply(batch, position)
    }

    /// As [`Index::knows`].
    pub fn knows(&self, dictionary: &Dictionary) -> bool {
        self.generation.analyzer.is_of(dictionary)
    }
}

impl Drop for Anew {
    fn drop(&mut self) {
        if !self.has_served.load(Ordering::Relaxed) {
            self.generation.remove();
        }
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("dir", &self.dir).finish_non_exhaustive()
    }
}

fn lock(dir: &Path) -> Result<File, Error> {
    let lock = File::options().create(true).append(true).open(dir.join("lock"))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Error::Locked(dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}
