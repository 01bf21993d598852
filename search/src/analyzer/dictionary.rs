//! The dictionary the segmenter walks: Debian's mecab-ipadic, built once into a cache folder, and
//! this project's own words for parents (`assets/parenting.csv`) laid over it at every start.
//!
//! The cache is disposable. It is built in a temporary folder and renamed, so a folder that bears
//! its final name is whole; the name carries a fingerprint of the sources and of the build, so a
//! change of either builds anew.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lindera::mode::Mode;
use lindera::segmenter::Segmenter;
use lindera_dictionary::builder::DictionaryBuilder;
use lindera_dictionary::dictionary::UserDictionary;
use lindera_dictionary::dictionary::metadata::{DICTIONARY_FORMAT_VERSION, Metadata};
use lindera_dictionary::dictionary::schema::Schema;
use sha2::{Digest as _, Sha256};

use super::kana;
use super::normalize::Normalized;
use super::sources::{self, COLUMNS};
use super::spellings;
use crate::Error;

const PARENTING: &str = include_str!("../../assets/parenting.csv");

/// Raise when the way the dictionary is built changes.
const BUILD: u32 = 5;

/// ipadic's context id of 名詞,一般, on both sides.
const NOUN_CONTEXT: u16 = 1285;
/// Low enough to win against any chain of ipadic's own words over the same characters.
const KANJI_COST: i16 = -9000;
/// Kana readings win against chains of short words, and lose to a word in kanji.
const KANA_COST: i16 = -6000;
/// A shorter reading would be found inside other words too often (よだれ is fine, いし is not).
const SHORTEST_READING: usize = 4;
/// The same for the kana spellings, which were chosen one by one.
const SHORTEST_SPELLING: usize = 3;

/// A segmenter with its words. Cheap to clone.
#[derive(Clone)]
pub struct Dictionary {
    pub(super) segmenter: Arc<Segmenter>,
    /// Of ipadic and our own words, without the site's.
    base: String,
    fingerprint: String,
    folder: PathBuf,
}

impl Dictionary {
    /// Opens the dictionary built from `source` (mecab-ipadic's CSV and definition files, EUC-JP) in
    /// `cache`, building it first (about 2 s) if it isn't there or came from other sources.
    ///
    /// # Errors
    /// [`Error::DictionarySource`] if `source` holds no dictionary; [`Error::Dictionary`] or
    /// [`Error::Io`] if it can't be built or `cache` can't be written.
    pub fn open_or_build(source: &Path, cache: &Path) -> Result<Dictionary, Error> {
        let sources = source_fingerprint(source)?;
        let folder = cache.join(format!("ipadic-{sources}"));
        if !folder.is_dir() {
            build(source, cache, &folder)?;
        }
        let system = match load(&folder) {
            Ok(system) => system,
            Err(error) => {
                tracing::warn!(%error, "the cached dictionary can't be read; building it again");
                fs::remove_dir_all(&folder)?;
                build(source, cache, &folder)?;
                load(&folder)?
            }
        };
        remove_older(cache, &folder);
        let segmenter = Segmenter::new(Mode::Normal, system, Some(own_words(&[])?));
        let words = format!("{sources}\n{PARENTING}\n{}", spellings::fingerprint());
        let fingerprint = hex::encode(&Sha256::digest(words)[..8]);
        let base = fingerprint.clone();
        Ok(Dictionary { segmenter: Arc::new(segmenter), base, fingerprint, folder })
    }

    /// The same with a site's own words, each with its reading in kana.
    ///
    /// # Errors
    /// [`Error::Dictionary`] if the folder it was built in can't be read any more.
    pub fn with_words(&self, words: &[(String, String)]) -> Result<Dictionary, Error> {
        let entries: Vec<OwnEntry> =
            words.iter().filter_map(|(word, reading)| OwnEntry::new(word, reading)).collect();
        if entries.is_empty() && self.fingerprint == self.base {
            return Ok(self.clone());
        }
        let user = own_words(&entries)?;
        let segmenter = Segmenter::new(Mode::Normal, load(&self.folder)?, Some(user));
        let mut fingerprint = self.base.clone();
        if !entries.is_empty() {
            let words = entries.iter().map(|entry| format!("\n{},{}", entry.word, entry.reading));
            let digest = Sha256::digest(words.collect::<String>());
            fingerprint += &format!("+{}", hex::encode(&digest[..8]));
        }
        let (base, folder) = (self.base.clone(), self.folder.clone());
        Ok(Dictionary { segmenter: Arc::new(segmenter), base, fingerprint, folder })
    }

    /// Changes when the same text could be segmented differently.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

impl std::fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dictionary").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

fn metadata() -> Metadata {
    let columns = |names: &[&str]| Schema::new(names.iter().map(|&name| name.to_owned()).collect());
    Metadata::new(
        "ipadic".to_owned(),
        "UTF-8".to_owned(),
        KANJI_COST,
        NOUN_CONTEXT,
        NOUN_CONTEXT,
        "*".to_owned(),
        true,
        false,
        true,
        columns(&COLUMNS),
        columns(&["surface", "part_of_speech", "reading"]),
    )
}

/// Names and sizes of the sources: enough to see another release of the package, without reading
/// 50 MB at every start.
fn source_fingerprint(source: &Path) -> Result<String, Error> {
    let missing = || Error::DictionarySource(source.to_owned());
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(source).map_err(|_| missing())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".csv") || name.ends_with(".def") {
            files.insert((name, entry.metadata()?.len()));
        }
    }
    for needed in ["Noun.csv", "char.def", "matrix.def", "unk.def"] {
        if !files.iter().any(|(name, _)| name == needed) {
            return Err(missing());
        }
    }
    let mut digest = Sha256::new();
    digest.update(format!("{BUILD} {DICTIONARY_FORMAT_VERSION}\n"));
    for (name, len) in files {
        digest.update(format!("{name} {len}\n"));
    }
    Ok(hex::encode(&digest.finalize()[..8]))
}

fn build(source: &Path, cache: &Path, folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(cache)?;
    let building = tempfile::Builder::new().prefix(".building-").tempdir_in(cache)?;
    let rewritten = tempfile::Builder::new().prefix(".rewriting-").tempdir_in(cache)?;
    sources::rewrite(source, rewritten.path())?;
    DictionaryBuilder::new(metadata()).build_dictionary(rewritten.path(), building.path())?;
    for entry in fs::read_dir(building.path())? {
        fs::File::open(entry?.path())?.sync_all()?;
    }
    match fs::rename(building.path(), folder) {
        // Another process was faster; its folder is as good.
        Err(_) if folder.is_dir() => Ok(()),
        renamed => Ok(renamed?),
    }
}

fn load(folder: &Path) -> Result<lindera_dictionary::dictionary::Dictionary, Error> {
    Ok(lindera_dictionary::dictionary::Dictionary::load_from_path_with_options(folder, true)?)
}

/// Dictionaries of other sources or builds. One that another process has open stays readable to it.
fn remove_older(cache: &Path, current: &Path) {
    let Ok(entries) = fs::read_dir(cache) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        if name.is_some_and(|name| name.starts_with("ipadic-")) && path != *current {
            remove_quietly(&path);
        }
    }
}

fn remove_quietly(path: &PathBuf) {
    if let Err(error) = fs::remove_dir_all(path) {
        tracing::warn!(%error, path = %path.display(), "an old dictionary stays");
    }
}

/// The parenting words and the site's own, each by its spelling and, if long enough to be told apart, by its reading:
/// りにゅうしょく is then the word 離乳食.
fn own_words(of_site: &[OwnEntry]) -> Result<UserDictionary, Error> {
    let mut csv: Vec<u8> = vec![];
    let mut seen = BTreeSet::new();
    let entries: Vec<_> = own_entries().chain(of_site.iter().cloned()).collect();
    for entry in &entries {
        if seen.insert(entry.word.clone()) {
            write_entry(&mut csv, &entry.word, KANJI_COST, entry)?;
        }
    }
    for entry in &entries {
        let counts = entry.is_known_by_reading && entry.reading.chars().count() >= SHORTEST_READING;
        if counts && seen.insert(entry.reading.clone()) {
            write_entry(&mut csv, &entry.reading, KANA_COST, entry)?;
        }
    }
    // ipadic knows 幼稚園 and not ようちえん.
    for kana in spellings::in_kana().filter(|kana| kana.chars().count() >= SHORTEST_SPELLING) {
        let entry = OwnEntry { word: kana.clone(), reading: kana, is_known_by_reading: true };
        if seen.insert(entry.word.clone()) {
            write_entry(&mut csv, &entry.word, KANA_COST, &entry)?;
        }
    }
    Ok(DictionaryBuilder::new(metadata()).build_user_dict_from_reader(csv.as_slice())?)
}

/// A line of `assets/parenting.csv`, or a word of the site's own.
#[derive(Clone)]
pub(super) struct OwnEntry {
    /// Normalised, as the segmenter will see it.
    pub word: String,
    /// In hiragana.
    pub reading: String,
    pub is_known_by_reading: bool,
}

impl OwnEntry {
    /// `None` for what can't stand in a line of the dictionary.
    fn new(word: &str, reading: &str) -> Option<OwnEntry> {
        let word = Normalized::new(word.trim()).text;
        let reading = kana::fold(&Normalized::new(reading.trim()).text);
        let is_plain = |text: &str| !text.is_empty() && text.chars().all(kana::is_searchable);
        (is_plain(&word) && is_plain(&reading)).then_some(OwnEntry {
            word,
            reading,
            is_known_by_reading: true,
        })
    }
}

pub(super) fn own_entries() -> impl Iterator<Item = OwnEntry> {
    PARENTING.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).filter_map(|line| {
        let mut columns = line.split(',');
        Some(OwnEntry {
            word: Normalized::new(columns.next()?).text,
            reading: kana::fold(&Normalized::new(columns.next()?).text),
            is_known_by_reading: columns.next() != Some("="),
        })
    })
}

fn write_entry(csv: &mut Vec<u8>, surface: &str, cost: i16, entry: &OwnEntry) -> io::Result<()> {
    let OwnEntry { word, reading, .. } = entry;
    writeln!(
        csv,
        "{surface},{NOUN_CONTEXT},{NOUN_CONTEXT},{cost},名詞,一般,*,*,*,*,{word},{reading},{reading}"
    )
}
