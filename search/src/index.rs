//! The index on disk: opening, applying changes, searching.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use tantivy::{
    DocAddress, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term,
};

use crate::Error;
use crate::analyzer::{Analyzer, Dictionary};
use crate::facets::Facets;
use crate::highlight::{Highlighter, Segment};
use crate::query::{Query, Terms};
use crate::ranking::READ_AGAIN;
use crate::schema::{Document, Fields, register_tokenizer, stored_text};
use crate::search::Search;
use crate::synonyms::Synonyms;

/// Bytes of unwritten postings before the writer spills a segment.
const WRITER_MEMORY: usize = 50_000_000;
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

/// Written with every commit.
#[derive(Serialize, Deserialize)]
struct Payload {
    version: String,
    position: u64,
}

/// An open index; share it behind an `Arc`.
pub struct Index {
    analyzer: Analyzer,
    fields: Fields,
    reader: IndexReader,
    writer: Mutex<Writer>,
    ours: Arc<Synonyms>,
    /// With the site's own.
    synonyms: RwLock<Arc<Synonyms>>,
    /// Held, and with it the folder, until the index is dropped.
    _lock: File,
}

struct Writer {
    tantivy: IndexWriter,
    version: String,
    position: u64,
}

impl Index {
    /// Opens the index in `dir`, or makes an empty one at position 0 if there is none, or it is damaged, or
    /// it was written by another version of the schema, the analyzer or its words.
    ///
    /// # Errors
    /// [`Error::Locked`] while another process has it open; [`Error::Io`] or [`Error::Tantivy`] if
    /// the folder can't be read or written.
    pub fn open(dir: &Path, dictionary: Dictionary) -> Result<Index, Error> {
        fs::create_dir_all(dir)?;
        let lock = lock(dir)?;
        let analyzer = Analyzer::new(dictionary);
        let version = format!("{}.{}", Fields::version(), analyzer.fingerprint());
        // Only this folder is ever wiped, whatever else lies in `dir`.
        let folder = dir.join("tantivy");
        let opened = match open_current(&folder, &version) {
            Ok(opened) => opened,
            Err(reason) => {
                tracing::warn!(%reason, folder = %folder.display(), "the search index starts anew");
                None
            }
        };
        let (index, position, is_new) = match opened {
            Some((index, position)) => (index, position, false),
            None => (create(&folder)?, 0, true),
        };
        register_tokenizer(&index);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let tantivy = index.writer_with_num_threads(1, WRITER_MEMORY)?;
        // A killed process can leave a delete file that the next commit would trip over.
        tantivy.garbage_collect_files().wait()?;
        let mut writer = Writer { tantivy, version, position };
        if is_new {
            writer.commit(0)?;
        }
        let fields = Fields::new().1;
        let ours = Arc::new(Synonyms::ours(&analyzer)?);
        let synonyms = RwLock::new(ours.clone());
        let writer = Mutex::new(writer);
        Ok(Index { analyzer, fields, reader, writer, ours, synonyms, _lock: lock })
    }

    /// Takes these groups of words that mean the same, beside our own, for every search from now on.
    pub fn set_synonyms(&self, groups: &[Vec<String>]) -> Result<(), Error> {
        let synonyms = Arc::new(self.ours.with(&self.analyzer, groups)?);
        *self.synonyms.write().unwrap_or_else(PoisonError::into_inner) = synonyms;
        Ok(())
    }

    fn synonyms(&self) -> Arc<Synonyms> {
        self.synonyms.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The place in the change feed up to which this index is complete; 0 for an empty index.
    pub fn position(&self) -> u64 {
        self.writer().position
    }

    /// The number of documents that can be found.
    pub fn len(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Applies the changes in order and commits them together with `position`. When this returns they
    /// are on disk and the next search sees them; on an error none of them are. Meant for one follower:
    /// two callers at once would leave the position of the slower one.
    pub fn apply(&self, batch: Vec<Op>, position: u64) -> Result<(), Error> {
        // Analysing takes longest; searches and `position` need not wait for it.
        let mut changes = Vec::with_capacity(batch.len());
        for op in batch {
            changes.push(match op {
                Op::Upsert(document) => {
                    (document.id.clone(), Some(self.fields.document(&self.analyzer, &document)?))
                }
                Op::Delete(id) => (id, None),
            });
        }
        let mut writer = self.writer();
        let written = writer.write(self.fields.id, changes, position);
        self.show(writer, written)
    }

    /// Empties the index and goes back to position 0, to be fed from the start.
    pub fn clear(&self) -> Result<(), Error> {
        let mut writer = self.writer();
        let written = writer.empty();
        self.show(writer, written)
    }

    pub fn search(&self, query: &Query) -> Result<Results, Error> {
        let searcher = self.reader.searcher();
        let synonyms = self.synonyms();
        let terms = Terms::of(&query.text, &self.analyzer, &searcher, &self.fields, &synonyms)?;
        let search = Search { searcher: &searcher, fields: &self.fields, query };
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
        let highlighter = Highlighter::new(&self.analyzer, terms.as_ref());
        let mut hits = Vec::with_capacity(limit);
        for (score, address) in found.into_iter().skip(after).take(limit) {
            let stored: TantivyDocument = searcher.doc(address)?;
            let text = |field| stored_text(&stored, field);
            let (part, snippet) =
                highlighter.snippet([text(self.fields.body), text(self.fields.captions)])?;
            hits.push(Hit {
                id: text(self.fields.id).to_owned(),
                score,
                title: highlighter.whole(text(self.fields.title))?,
                snippet,
                is_from_captions: part == 1,
            });
        }
        Ok(Results { hits, total, facets })
    }

    /// What the ranking weighs of each candidate, by document: for fitting its weights.
    pub fn signals(&self, query: &Query) -> Result<Vec<(String, Vec<f32>)>, Error> {
        let searcher = self.reader.searcher();
        let (fields, synonyms) = (&self.fields, self.synonyms());
        let terms = Terms::of(&query.text, &self.analyzer, &searcher, fields, &synonyms)?;
        let Some(terms) = terms else { return Ok(vec![]) };
        let search = Search { searcher: &searcher, fields, query };
        let found = search.candidates(&terms, READ_AGAIN)?;
        let signals = search.signals(&terms, &found)?;
        let id = |address| -> Result<String, Error> {
            let stored: TantivyDocument = searcher.doc(address)?;
            Ok(stored_text(&stored, fields.id).to_owned())
        };
        found.iter().zip(signals).map(|((_, at), s)| Ok((id(*at)?, s.to_vec()))).collect()
    }

    fn show(
        &self,
        mut writer: MutexGuard<'_, Writer>,
        written: Result<(), Error>,
    ) -> Result<(), Error> {
        if written.is_err() {
            writer.tantivy.rollback()?;
        }
        written?;
        self.reader.reload()?;
        Ok(())
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // A panic in between leaves nothing half done: what wasn't committed is rolled back or lost.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("analyzer", &self.analyzer).finish_non_exhaustive()
    }
}

impl Writer {
    fn write(
        &mut self,
        id_field: tantivy::schema::Field,
        changes: Vec<(String, Option<TantivyDocument>)>,
        position: u64,
    ) -> Result<(), Error> {
        for (id, document) in changes {
            self.tantivy.delete_term(Term::from_field_text(id_field, &id));
            if let Some(document) = document {
                self.tantivy.add_document(document)?;
            }
        }
        self.commit(position)
    }

    fn empty(&mut self) -> Result<(), Error> {
        self.tantivy.delete_all_documents()?;
        self.commit(0)
    }

    fn commit(&mut self, position: u64) -> Result<(), Error> {
        let payload = Payload { version: self.version.clone(), position };
        let payload = serde_json::to_string(&payload).map_err(std::io::Error::other)?;
        let mut commit = self.tantivy.prepare_commit()?;
        commit.set_payload(&payload);
        commit.commit()?;
        self.position = position;
        Ok(())
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

/// The index in `folder` and its position, if it is whole and of this version; `None` if there is none.
fn open_current(folder: &Path, version: &str) -> Result<Option<(tantivy::Index, u64)>, String> {
    if !folder.exists() {
        return Ok(None);
    }
    let failed = |error: TantivyError| error.to_string();
    let index = tantivy::Index::open_in_dir(folder).map_err(failed)?;
    let payload = index.load_metas().map_err(failed)?.payload.ok_or("it was never committed to")?;
    let payload: Payload = serde_json::from_str(&payload).map_err(|error| error.to_string())?;
    if payload.version != version {
        return Err(format!("it is of version {}, not {version}", payload.version));
    }
    let damaged = index.validate_checksum().map_err(failed)?;
    if !damaged.is_empty() {
        return Err(format!("{damaged:?} are damaged"));
    }
    // Only files that exist are checked above; a reader asks for every one.
    index.reader().map_err(failed)?;
    Ok(Some((index, payload.position)))
}

fn create(folder: &Path) -> Result<tantivy::Index, Error> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    fs::create_dir_all(folder)?;
    Ok(tantivy::Index::create_in_dir(PathBuf::from(folder), Fields::new().0)?)
}
