//! Which pictures look alike: the fingerprints of photos and of what is to be seen in films, and the query for the nearest.
//!
//! A photo has one fingerprint, a film one for each tile of its contact sheet; a picture of a single colour has none. They are rows
//! of `fingerprints`, written in the transaction that makes a generation ready ([`record`]) and gone with their medium
//! ([`forget`]). Media made before the table was there have none until they are made anew.
//!
//! No index of a database finds 64-bit words by how many bits differ, so every node keeps a copy in memory ([`Likeness`], 12 bytes
//! a fingerprint and 28 a medium) and looks at all of it: exact, and 0.2 ms for 100,000. Before each answer the copy asks the table what came since it last
//! looked, one read of the primary key: so it is as new as the database whichever node wrote, nobody follows anything while
//! nothing is asked, and after a restart the first look reads the table (0.1 s).
//!
//! ```text
//! seq 7  film a  0 ms   31f0…        appended by `record`
//! seq 8  film a  40 ms  8c11…
//! seq 9  film a         NULL         what came before of film a is gone: its rows were deleted in the same transaction
//! seq 10 film a  0 ms   31f2…        its next generation
//! ```
//!
//! Invariants: rows become visible in the order of `seq`, those of one medium together (on PostgreSQL by a lock until the end of the
//! transaction, taken before those of the record and of the change feed). A medium has at most one row without a fingerprint.
//!
//! Not here: how a fingerprint is made (the transcoder), who may see what was found, which may be anyone's draft (the caller asks
//! `policy`), what to think of two that are alike (`moderation`).

mod replica;
mod sql;

use crate::db::{Db, Result, Tx};
use crate::text_enum;
use crate::time_id::{PhotoId, VideoId};
use replica::Replica;
use std::sync::{PoisonError, RwLock};
use transcoder_protocol::{Fingerprint, VideoOutput};

/// Up to so many bits differ between a picture and itself at another size or quality.
pub const SAME_PICTURE: u32 = 8;

text_enum! {
    pub enum MediumKind { Photo = "photo", Video = "video" }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Medium {
    Photo(PhotoId),
    Video(VideoId),
}

impl Medium {
    pub fn kind(self) -> MediumKind {
        match self {
            Self::Photo(_) => MediumKind::Photo,
            Self::Video(_) => MediumKind::Video,
        }
    }

    fn id(self) -> String {
        match self {
            Self::Photo(id) => id.to_string(),
            Self::Video(id) => id.to_string(),
        }
    }
}

/// A medium that looks like what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    pub medium: Medium,
    /// Bits that differ, 0 to 64, where it is most alike.
    pub distance: u32,
    /// When in the film that is; 0 in a photo.
    pub at_ms: u64,
    /// When in the film that was asked about; 0 otherwise.
    pub asked_at_ms: u64,
}

/// What is to be seen in a film, and when.
pub fn of_film(output: &VideoOutput) -> Vec<(u64, Fingerprint)> {
    let sheet = &output.contact_sheet;
    let tiles = sheet.sprite.at_ms.iter().zip(&sheet.fingerprints);
    tiles.filter_map(|(at_ms, fingerprint)| Some((*at_ms, (*fingerprint)?))).collect()
}

/// Puts these in place of what the medium had, in the transaction that makes them what is shown.
pub async fn record(
    tx: &mut Tx,
    medium: Medium,
    fingerprints: &[(u64, Fingerprint)],
) -> Result<()> {
    sql::lock(tx).await?;
    if sql::delete(tx, medium).await? > 0 {
        sql::append_gone(tx, medium).await?;
    }
    sql::append(tx, medium, fingerprints).await
}

/// Forgets a medium, in the transaction that deletes it.
pub async fn forget(tx: &mut Tx, medium: Medium) -> Result<()> {
    record(tx, medium, &[]).await
}

/// This node's copy of all fingerprints.
#[derive(Default)]
pub struct Likeness(RwLock<Replica>);

impl Likeness {
    /// The media with a picture that differs from this one by at most `within` bits; the nearest first, each once, at most `limit`.
    pub async fn nearest(
        &self,
        db: &Db,
        fingerprint: Fingerprint,
        within: u32,
        limit: usize,
    ) -> Result<Vec<Match>> {
        self.catch_up(db).await?;
        Ok(self.read().nearest(&[(0, fingerprint.0)], within, limit, None))
    }

    /// The other media that share a look with this one; the nearest first, each once, at most `limit`. None for a medium without
    /// fingerprints.
    pub async fn like(
        &self,
        db: &Db,
        medium: Medium,
        within: u32,
        limit: usize,
    ) -> Result<Vec<Match>> {
        self.catch_up(db).await?;
        let replica = self.read();
        Ok(replica.nearest(&replica.of(medium), within, limit, Some(medium)))
    }

    /// How many there are, once all that is committed was read.
    pub async fn count(&self, db: &Db) -> Result<usize> {
        self.catch_up(db).await?;
        Ok(self.read().len())
    }

    async fn catch_up(&self, db: &Db) -> Result<()> {
        loop {
            let place = self.read().place();
            let rows = sql::after(db, place).await?;
            let is_last = rows.len() < sql::BATCH;
            if !rows.is_empty() {
                self.0.write().unwrap_or_else(PoisonError::into_inner).apply(&rows);
            }
            if is_last {
                return Ok(());
            }
            // After a start there is much to read, and SQLite reads on this thread.
            tokio::task::yield_now().await;
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Replica> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}
