//! What an index holds, to be compared with what it should: each post's id with a digest of what was put in.
//!
//! Only reads; it may be another process's index, which goes on meanwhile.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tantivy::error::DataCorruption;
use tantivy::{ReloadPolicy, TantivyDocument, TantivyError};

use crate::Error;
use crate::checked::Checked;
use crate::generation::current;
use crate::schema::{Fields, register_tokenizer, stored_text};
use crate::writer::payload;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Digests by id, as of [`crate::Document::digest`].
    pub digests: BTreeMap<String, u64>,
    /// The place in the change feed that they stand at.
    pub position: u64,
}

impl Contents {
    /// Of the index in `dir`; `None` if there is none, or it was written by another version of the schema.
    ///
    /// # Errors
    /// [`Error::Tantivy`] if it is there and can't be read.
    pub fn read(dir: &Path) -> Result<Option<Contents>, Error> {
        let Some(name) = current(dir) else { return Ok(None) };
        let index = tantivy::Index::open(Checked::open(&dir.join(name))?)?;
        let (schema, fields) = Fields::new();
        if index.schema() != schema {
            return Ok(None);
        }
        register_tokenizer(&index);
        let Ok(position) = payload(&index).map(|payload| payload.position) else { return Ok(None) };
        check_files(&index)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let searcher = reader.searcher();
        let mut digests = BTreeMap::new();
        for (ord, segment) in (0..).zip(searcher.segment_readers()) {
            let column = segment.fast_fields().u64("digest")?;
            for doc in segment.doc_ids_alive() {
                let address = tantivy::DocAddress::new(ord, doc);
                let stored: TantivyDocument = searcher.doc(address)?;
                let id = stored_text(&stored, fields.id).to_owned();
                digests.insert(id, column.first(doc).unwrap_or_default());
            }
        }
        Ok(Some(Contents { digests, position }))
    }
}

/// What is damaged may panic when it is read. Only of what is searched: another file may be half written.
fn check_files(index: &tantivy::Index) -> Result<(), TantivyError> {
    let damaged = index.validate_checksum()?;
    let searched: Vec<String> =
        index.searchable_segment_ids()?.iter().map(|id| id.uuid_string()).collect();
    let is_searched = |file: &PathBuf| {
        let name = file.to_string_lossy();
        searched.iter().any(|segment| name.starts_with(segment.as_str()))
    };
    match damaged.into_iter().find(is_searched) {
        Some(file) => Err(DataCorruption::new(file, "its checksum is wrong".to_owned()).into()),
        None => Ok(()),
    }
}
