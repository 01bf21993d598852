//! One index on disk with all that searches it. A node has one that serves, and at times one beside it that is being made.
//!
//! A generation is a folder `tantivy-N`; the file `current` names the one that serves, and is put in place by a rename, so that
//! after a kill anywhere one of the two is whole and named. Folders that aren't named are removed at the next opening.
//!
//! Not here: which generation serves, and when another takes over (`index`).

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use tantivy::{
    IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, TantivyError,
    Term,
};

use crate::Error;
use crate::analyzer::{Analyzer, Dictionary};
use crate::choices::Kept;
use crate::index::Op;
use crate::schema::{Fields, register_tokenizer};
use crate::suggest::{Beginnings, Vocabulary};
use crate::synonyms::Synonyms;

/// Bytes of unwritten postings before the writer spills a segment.
const WRITER_MEMORY: usize = 50_000_000;
/// Bytes of stored documents that are unpacked to read one of them; a search reads a hundred here and there.
const STORE_BLOCK: usize = 4096;
const CURRENT: &str = "current";
const PREFIX: &str = "tantivy-";

/// Written with every commit.
#[derive(Serialize, Deserialize)]
struct Payload {
    version: String,
    position: u64,
}

pub(crate) struct Generation {
    pub analyzer: Analyzer,
    pub fields: Fields,
    pub reader: IndexReader,
    pub beginnings: Beginnings,
    pub kept: Kept,
    writer: Mutex<Writer>,
    ours: Synonyms,
    /// With the site's own.
    synonyms: RwLock<Arc<Synonyms>>,
    folder: PathBuf,
}

struct Writer {
    tantivy: IndexWriter,
    version: String,
    position: u64,
}

impl Generation {
    /// The one that serves in `dir`; an empty one at position 0 where there is none, or it is damaged, or was written by another
    /// version of the schema, the analyzer or its words.
    pub fn open(dir: &Path, dictionary: Dictionary) -> Result<Generation, Error> {
        let analyzer = Analyzer::new(dictionary);
        let version = version(&analyzer);
        let name = current(dir);
        remove_others(dir, name.as_deref());
        let opened = match &name {
            Some(name) => open_current(&dir.join(name), &version),
            None => Ok(None),
        };
        let opened = opened.unwrap_or_else(|reason| {
            tracing::warn!(%reason, dir = %dir.display(), "the search index starts anew");
            None
        });
        match (name, opened) {
            (Some(name), Some((index, position))) => {
                Generation::with(analyzer, dir.join(name), &index, version, position)
            }
            _ => {
                let generation = Generation::create(dir, analyzer)?;
                generation.serve(dir)?;
                remove_others(dir, generation.name());
                Ok(generation)
            }
        }
    }

    /// An empty one beside those that are there.
    pub fn create(dir: &Path, analyzer: Analyzer) -> Result<Generation, Error> {
        let numbers = names(dir)?.into_iter().filter_map(|name| name[PREFIX.len()..].parse().ok());
        let folder = dir.join(format!("{PREFIX}{}", numbers.max().unwrap_or(0_u64) + 1));
        fs::create_dir_all(&folder)?;
        let settings =
            IndexSettings { docstore_blocksize: STORE_BLOCK, ..IndexSettings::default() };
        let index = tantivy::Index::builder()
            .schema(Fields::new().0)
            .settings(settings)
            .create_in_dir(&folder)?;
        let version = version(&analyzer);
        let generation = Generation::with(analyzer, folder, &index, version, 0)?;
        generation.writer().commit(0)?;
        Ok(generation)
    }

    fn with(
        analyzer: Analyzer,
        folder: PathBuf,
        index: &tantivy::Index,
        version: String,
        position: u64,
    ) -> Result<Generation, Error> {
        register_tokenizer(index);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let tantivy = index.writer_with_num_threads(1, WRITER_MEMORY)?;
        // A killed process can leave a delete file that the next commit would trip over.
        tantivy.garbage_collect_files().wait()?;
        let ours = Synonyms::ours(&analyzer)?;
        let generation = Generation {
            fields: Fields::new().1,
            reader,
            beginnings: Beginnings::default(),
            kept: Kept::default(),
            writer: Mutex::new(Writer { tantivy, version, position }),
            synonyms: RwLock::new(Arc::new(ours.clone())),
            ours,
            analyzer,
            folder,
        };
        generation.follow()?;
        Ok(generation)
    }

    /// Names this one as the one that serves.
    pub fn serve(&self, dir: &Path) -> Result<(), Error> {
        let mut file = tempfile::Builder::new().prefix(".naming-").tempfile_in(dir)?;
        file.write_all(self.name().unwrap_or_default().as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(dir.join(CURRENT)).map_err(|failed| failed.error)?;
        File::open(dir)?.sync_all()?;
        Ok(())
    }

    fn name(&self) -> Option<&str> {
        self.folder.file_name()?.to_str()
    }

    /// Whoever searches it goes on: files that are open stay readable.
    pub fn remove(&self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(%error, folder = %self.folder.display(), "an old search index stays until the next start");
        }
    }

    pub fn set_synonyms(&self, groups: &[Vec<String>]) -> Result<(), Error> {
        let synonyms = Arc::new(self.ours.with(&self.analyzer, groups)?);
        *self.synonyms.write().unwrap_or_else(PoisonError::into_inner) = synonyms;
        Ok(())
    }

    pub fn synonyms(&self) -> Arc<Synonyms> {
        self.synonyms.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn vocabulary<'a>(&'a self, searcher: &'a Searcher) -> Vocabulary<'a> {
        let Generation { analyzer, fields, beginnings, kept, .. } = self;
        Vocabulary { analyzer, searcher, fields, beginnings, kept }
    }

    pub fn position(&self) -> u64 {
        self.writer().position
    }

    /// Applies the changes in order and commits them together with `position`. On an error none of them are.
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
        if written.is_err() {
            writer.tantivy.rollback()?;
        }
        written?;
        self.reader.reload()?;
        self.follow()
    }

    /// Works out what searching needs to know of new segments, before anyone waits for it.
    fn follow(&self) -> Result<(), Error> {
        let searcher = self.reader.searcher();
        self.kept.follow(&searcher)?;
        self.beginnings.follow(&searcher, [self.fields.words, self.fields.titles])
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // A panic in between leaves nothing half done: what wasn't committed is rolled back or lost.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
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

fn version(analyzer: &Analyzer) -> String {
    format!("{}.{}", Fields::version(), analyzer.fingerprint())
}

/// The name of the folder that serves.
pub(crate) fn current(dir: &Path) -> Option<String> {
    let name = fs::read_to_string(dir.join(CURRENT)).ok()?;
    let number = name.strip_prefix(PREFIX)?;
    number.bytes().all(|c| c.is_ascii_digit()).then_some(name)
}

/// Of all of them.
fn names(dir: &Path) -> Result<Vec<String>, Error> {
    let mut names = vec![];
    for entry in fs::read_dir(dir)? {
        names.extend(entry?.file_name().into_string().ok());
    }
    names.retain(|name| name.starts_with(PREFIX));
    Ok(names)
}

/// An index from before there were generations goes too.
fn remove_others(dir: &Path, kept: Option<&str>) {
    let before = Some("tantivy".to_owned()).filter(|name| dir.join(name).exists());
    for name in names(dir).into_iter().flatten().chain(before) {
        if kept != Some(name.as_str())
            && let Err(error) = fs::remove_dir_all(dir.join(&name))
        {
            tracing::warn!(%error, name, "an old search index stays");
        }
    }
}

/// The index in `folder` and its position, if it is whole and of this version; `None` if there is none.
fn open_current(folder: &Path, version: &str) -> Result<Option<(tantivy::Index, u64)>, String> {
    if !folder.exists() {
        return Ok(None);
    }
    let failed = |error: TantivyError| error.to_string();
    let index = tantivy::Index::open_in_dir(folder).map_err(failed)?;
    let payload = payload(&index)?;
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

fn payload(index: &tantivy::Index) -> Result<Payload, String> {
    let metas = index.load_metas().map_err(|error| error.to_string())?;
    let payload = metas.payload.ok_or("it was never committed to")?;
    serde_json::from_str(&payload).map_err(|error| error.to_string())
}

/// The position of an index that is only looked at.
pub(crate) fn position_of(index: &tantivy::Index) -> Option<u64> {
    payload(index).ok().map(|payload| payload.position)
}
