//! Writing into one index: changes and the place in the feed are committed together.
//!
//! Invariants
//! - A commit names the version of what it was written by, and its place in the feed.
//! - After a failure nothing is left of what was not committed, and the next change begins with a new writer.
//!
//! Not here: when what was committed is seen (`generation`).

use serde::{Deserialize, Serialize};
use tantivy::schema::Field;
use tantivy::{IndexWriter, TantivyDocument, Term};

use crate::Error;

/// Bytes of unwritten postings before a segment is spilled.
const MEMORY: usize = 50_000_000;

/// Written with every commit.
#[derive(Serialize, Deserialize)]
pub(crate) struct Payload {
    pub version: String,
    pub position: u64,
}

pub(crate) struct Writer {
    index: tantivy::Index,
    /// Made by the first change, as one who only searches needs no room on the disk. tantivy's own way back from a failure wants the
    /// folder to be there and to have room, and panics the second time.
    tantivy: Option<IndexWriter>,
    version: String,
    pub position: u64,
}

impl Writer {
    pub fn new(index: tantivy::Index, version: String, position: u64) -> Writer {
        Writer { index, tantivy: None, version, position }
    }

    fn tantivy(&mut self) -> Result<&mut IndexWriter, Error> {
        if self.tantivy.is_none() {
            let tantivy = self.index.writer_with_num_threads(1, MEMORY)?;
            // A killed process can leave a delete file that the next commit would trip over.
            tantivy.garbage_collect_files().wait()?;
            self.tantivy = Some(tantivy);
        }
        self.tantivy.as_mut().ok_or_else(|| std::io::Error::other("no writer").into())
    }

    /// Each id with the document that is to be in its place, if one is; in their order.
    pub fn write(
        &mut self,
        id_field: Field,
        changes: Vec<(String, Option<TantivyDocument>)>,
        position: u64,
    ) -> Result<(), Error> {
        let tantivy = self.tantivy()?;
        for (id, document) in changes {
            tantivy.delete_term(Term::from_field_text(id_field, &id));
            if let Some(document) = document {
                tantivy.add_document(document)?;
            }
        }
        self.commit(position)
    }

    pub fn commit(&mut self, position: u64) -> Result<(), Error> {
        let payload = Payload { version: self.version.clone(), position };
        let payload = serde_json::to_string(&payload).map_err(std::io::Error::other)?;
        let mut commit = self.tantivy()?.prepare_commit()?;
        commit.set_payload(&payload);
        commit.commit()?;
        self.position = position;
        Ok(())
    }

    /// After a failure.
    pub fn give_up(&mut self) {
        // A merge that ended beside the next writer would name segments of before.
        if let Some(Err(error)) = self.tantivy.take().map(IndexWriter::wait_merging_threads) {
            tracing::debug!(%error, "what was not committed is gone");
        }
    }
}

/// Of the last commit.
pub(crate) fn payload(index: &tantivy::Index) -> Result<Payload, String> {
    let metas = index.load_metas().map_err(|error| error.to_string())?;
    let payload = metas.payload.ok_or("it was never committed to")?;
    serde_json::from_str(&payload).map_err(|error| error.to_string())
}
