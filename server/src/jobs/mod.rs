//! Background work. The jobs table is the outbox: a job commits with the change that calls for it.
//!
//! States: `queued → running → (row deleted)`; a failed attempt goes back to `queued` with a later `run_at`, the last one to
//! `dead`, where an operator sees it and can requeue it. A worker holds a running job by a lease with a token: it renews it
//! while it works, and whoever lost it can no longer write (see [`Lease::hold`]).
//!
//! Want of room on a disk, in a database or a bucket ([`crate::room`]) is no job's fault: such an attempt doesn't count, the pauses are
//! minutes, and it goes on by itself when there is room, however late that is.
//!
//! The line: jobs of a lane run by priority, and by how long they have been in line. Those that take somebody's turn
//! ([`enqueue_in_turn`]) go round: when one is taken, that person's others step back to the end, so that nobody waits for more than one
//! job of each who was there before ([`in_line`] tells the order that comes of it).
//!
//! Invariants: a job may run twice and die anywhere, so its effect is idempotent or fenced. A missing row means done.
//! Nothing else in the program does work in the background for a person.
//!
//! Not here: the jobs themselves (each feature's `jobs.rs`), and where they are listed ([`crate::app::jobs`]).

mod schedule;
mod sql;
mod turns;
mod worker;

pub use schedule::{Every, Schedule};
pub use worker::{Registry, Worker, run_until_idle};

use crate::app::App;
use crate::db::{Db, Result, Tx};
use crate::time_id::{Clock, JobId, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::time::Duration;

/// One kind of background work, and its input: whatever must survive until it runs.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Stored with the row. Never reuse one for another meaning.
    const KIND: &'static str;
    const LANE: Lane = Lane::Quick;
    const MAX_ATTEMPTS: u32 = 8;
    /// Lower runs first among the ready ones of a lane.
    const PRIORITY: i64 = 100;

    fn run(&self, app: &App, lease: &Lease) -> impl Future<Output = Result<(), JobError>> + Send;

    /// Called in the transaction that marks the job dead: tell the person who waits for it.
    fn bury(&self, app: &App, tx: &mut Tx) -> impl Future<Output = anyhow::Result<()>> + Send {
        let _ = (app, tx);
        async { Ok(()) }
    }
}

/// Which slots a job waits for, so that a mail never waits behind a film.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    Quick,
    /// Takes a core for seconds or minutes.
    Heavy,
}

/// How an attempt failed. Where the cause is want of room, it is tried again in minutes, uncounted, whichever of these it is.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Try again later, with growing pauses.
    #[error("{0:#}")]
    Retry(anyhow::Error),
    /// No further attempt can help; the job is buried at once.
    #[error("{0:#}")]
    GiveUp(anyhow::Error),
    /// Another worker holds this job now. Nothing was written, and nothing needs to be.
    #[error("the lease was lost")]
    LeaseLost,
}

/// An error that says nothing more is worth another attempt.
macro_rules! worth_retrying {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for JobError {
            fn from(error: $error) -> Self {
                Self::Retry(error.into())
            }
        }
    )+};
}
worth_retrying!(
    anyhow::Error,
    crate::db::DbError,
    crate::error::Error,
    crate::media::MediaError,
    std::io::Error,
    serde_json::Error,
    tokio::task::JoinError,
);

/// The right to work on a job until it ends or the lease runs out.
#[derive(Clone, Debug)]
pub struct Lease {
    pub id: JobId,
    /// 1 for the first try.
    pub attempt: u32,
    token: String,
}

impl Lease {
    /// Fails with [`JobError::LeaseLost`] unless this worker still holds the job. Call it first in a transaction that writes the
    /// job's effect: the row stays locked until the commit, so no second worker can slip in between.
    pub async fn hold(&self, tx: &mut Tx) -> Result<(), JobError> {
        if sql::touch_lease(tx, self.id, &self.token).await? {
            Ok(())
        } else {
            Err(JobError::LeaseLost)
        }
    }
}

/// Adds a job that is ready at once.
pub async fn enqueue<J: Job>(tx: &mut Tx, clock: &Clock, job: &J) -> Result<()> {
    enqueue_at(tx, clock, job, clock.now(), None).await
}

/// Adds a job that is ready at once, and is one of `turn_of`'s, whose jobs of this kind must not hold up those of others.
pub async fn enqueue_in_turn<J: Job>(
    tx: &mut Tx,
    clock: &Clock,
    job: &J,
    turn_of: &str,
) -> Result<()> {
    insert(tx, clock, job, Some(turn_of), clock.now(), None).await
}

/// Adds a job for later. With a `unique_key`, does nothing while a job with that key exists.
pub async fn enqueue_at<J: Job>(
    tx: &mut Tx,
    clock: &Clock,
    job: &J,
    run_at: Timestamp,
    unique_key: Option<&str>,
) -> Result<()> {
    insert(tx, clock, job, None, run_at, unique_key).await
}

async fn insert<J: Job>(
    tx: &mut Tx,
    clock: &Clock,
    job: &J,
    turn_of: Option<&str>,
    run_at: Timestamp,
    unique_key: Option<&str>,
) -> Result<()> {
    let payload = serde_json::to_string(job).map_err(|error| crate::db::DbError::Decode {
        column: "payload".into(),
        problem: error.to_string(),
    })?;
    sql::insert::<J>(tx, clock, &payload, turn_of, run_at, unique_key).await?;
    tx.mark_enqueued();
    Ok(())
}

/// Jobs of one kind that run or wait for a worker, in the order in which they are taken if none is added; at most `limit`.
pub async fn in_line<J: Job>(db: &Db, limit: u64) -> Result<Vec<J>> {
    let in_line = turns::in_order(sql::in_line(db, J::KIND, limit).await?);
    Ok(in_line.iter().filter_map(|waiting| serde_json::from_str(&waiting.payload).ok()).collect())
}

/// How long a lease lasts without renewal: what a killed worker's jobs wait before another takes them.
pub(crate) const LEASE: Duration = Duration::from_secs(20);

/// 2 s, 8 s, 32 s … at most an hour.
fn pause_after(attempt: u32) -> Duration {
    Duration::from_secs(
        2u64.saturating_mul(4u64.saturating_pow(attempt.saturating_sub(1))).min(3600),
    )
}

/// 1, 2, 4, then 5 minutes: nobody but the operator can make room, and then nobody should wait for long.
fn pause_for_room(postponed: u32) -> Duration {
    Duration::from_secs(60u64.saturating_mul(2u64.saturating_pow(postponed)).min(300))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_for_want_of_room_are_minutes() {
        let pauses: Vec<u64> = (0..6).map(|times| pause_for_room(times).as_secs()).collect();
        assert_eq!(pauses, [60, 120, 240, 300, 300, 300]);
        assert_eq!(pause_for_room(u32::MAX).as_secs(), 300);
    }

    #[test]
    fn pauses_grow_and_stop_growing_at_an_hour() {
        let pauses: Vec<u64> = (1..=8).map(|attempt| pause_after(attempt).as_secs()).collect();
        assert_eq!(pauses, [2, 8, 32, 128, 512, 2048, 3600, 3600]);
        assert_eq!(pause_after(u32::MAX).as_secs(), 3600);
    }
}
