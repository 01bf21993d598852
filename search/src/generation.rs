//! One index on disk with all that searches it. A node has one that serves, and at times one beside it that is being made.
//!
//! A generation is a folder `tantivy-N`; the file `current` names the one that serves, and is put in place by a rename, so that
//! after a kill anywhere one of the two is whole and named. Folders that aren't named are removed at the next opening.
//!
//! Not here: which generation serves, and when another takes over (`index`).

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tantivy::{IndexReader, IndexSettings, ReloadPolicy, Searcher, TantivyError};

use crate::Error;
use crate::analyzer::{Analyzer, Dictionary};
use crate::checked::Checked;
use crate::choices::Kept;
use crate::index::Op;
use crate::schema::{Fields, register_tokenizer};
use crate::suggest::{Beginnings, Vocabulary};
use crate::synonyms::Synonyms;
use crate::writer::{Writer, payload};

/// Bytes of stored documents that are unpacked to read one of them; a search reads a hundred here and there.
const STORE_BLOCK: usize = 4096;
const CURRENT: &str = "current";
const PREFIX: &str = "tantivy-";

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
    /// `None`: in memory.
    folder: Option<PathBuf>,
}

impl Generation {
    /// The one that serves in `dir`; an empty one at position 0 where there is none, or it is damaged, or was written by another
    /// version of the schema, the analyzer or its words. Where none can be made, as on a full disk, that is in memory.
    pub fn open(dir: &Path, dictionary: Dictionary) -> Result<Generation, Error> {
        let analyzer = Analyzer::new(dictionary.clone());
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
        if let (Some(name), Some((index, position))) = (name, opened) {
            return Generation::with(analyzer, Some(dir.join(name)), &index, version, position);
        }
        // What can't serve any more makes room.
        remove_others(dir, None);
        let made = Generation::create(dir, analyzer, 0)
            .and_then(|generation| generation.serve(dir).map(|()| generation));
        made.or_else(|error| {
            tracing::error!(%error, dir = %dir.display(), "no search index can be made; nothing is found until one can");
            Generation::in_memory(Analyzer::new(dictionary))
        })
    }

    /// An empty one beside those that are there, of a number above all of theirs and above `number`.
    pub fn create(dir: &Path, analyzer: Analyzer, number: u64) -> Result<Generation, Error> {
        fs::create_dir_all(dir)?;
        let highest = names(dir)?.iter().map(|name| number_of(name)).max().unwrap_or_default();
        let folder = dir.join(format!("{PREFIX}{}", highest.max(number) + 1));
        fs::create_dir(&folder)?;
        let made = Generation::create_in(&folder, analyzer);
        if made.is_err() {
            remove(&folder);
        }
        made
    }

    fn create_in(folder: &Path, analyzer: Analyzer) -> Result<Generation, Error> {
        let settings =
            IndexSettings { docstore_blocksize: STORE_BLOCK, ..IndexSettings::default() };
        let index = tantivy::Index::create(Checked::open(folder)?, Fields::new().0, settings)?;
        let version = version(&analyzer);
        let generation = Generation::with(analyzer, Some(folder.to_owned()), &index, version, 0)?;
        generation.writer().commit(0)?;
        Ok(generation)
    }

    fn in_memory(analyzer: Analyzer) -> Result<Generation, Error> {
        let index = tantivy::Index::create_in_ram(Fields::new().0);
        let version = version(&analyzer);
        Generation::with(analyzer, None, &index, version, 0)
    }

    fn with(
        analyzer: Analyzer,
        folder: Option<PathBuf>,
        index: &tantivy::Index,
        version: String,
        position: u64,
    ) -> Result<Generation, Error> {
        register_tokenizer(index);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let ours = Synonyms::ours(&analyzer)?;
        let generation = Generation {
            fields: Fields::new().1,
            reader,
            beginnings: Beginnings::default(),
            kept: Kept::default(),
            writer: Mutex::new(Writer::new(index.clone(), version, position)),
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
        if dir.join(CURRENT).is_dir() {
            remove(&dir.join(CURRENT));
        }
        file.persist(dir.join(CURRENT)).map_err(|failed| failed.error)?;
        File::open(dir)?.sync_all()?;
        Ok(())
    }

    fn name(&self) -> Option<&str> {
        self.folder.as_ref()?.file_name()?.to_str()
    }

    /// Its folder may be gone, and its name must not come back: it would be removed with it.
    pub fn number(&self) -> u64 {
        self.name().map(number_of).unwrap_or_default()
    }

    /// Whoever searches it goes on: files that are open stay readable.
    pub fn remove(&self) {
        if let Some(folder) = &self.folder {
            remove(folder);
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

    /// Applies the changes in order and commits them together with `position`. On an error none of them are, and the position stays.
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
        let before = writer.position;
        let applied = writer.write(self.fields.id, changes, position).and_then(|()| self.show());
        if applied.is_err() {
            writer.give_up();
            // What was committed and can't be shown is applied once more.
            writer.position = before;
        }
        applied
    }

    /// Lets the next search see what was committed.
    fn show(&self) -> Result<(), Error> {
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

fn number_of(name: &str) -> u64 {
    name.strip_prefix(PREFIX).and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// An index from before there were generations goes too.
fn remove_others(dir: &Path, kept: Option<&str>) {
    let before = Some("tantivy".to_owned()).filter(|name| dir.join(name).exists());
    for name in names(dir).into_iter().flatten().chain(before) {
        if kept != Some(name.as_str()) {
            remove(&dir.join(&name));
        }
    }
}

fn remove(path: &Path) {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    if let Err(error) = removed
        && error.kind() != ErrorKind::NotFound
    {
        tracing::warn!(%error, path = %path.display(), "an old search index stays");
    }
}

/// The index in `folder` and its position, if it is whole and of this version; `None` if there is none.
fn open_current(folder: &Path, version: &str) -> Result<Option<(tantivy::Index, u64)>, String> {
    if !folder.exists() {
        return Ok(None);
    }
    let failed = |error: TantivyError| error.to_string();
    let index = Checked::open(folder).and_then(tantivy::Index::open).map_err(failed)?;
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
