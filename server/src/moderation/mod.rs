//! Review: everything the public may see was approved here first.

mod sql;

use crate::db::{Read, Result, Tx};
use crate::posts::{Post, Revision};
use crate::time_id::{Clock, RevisionId};

/// How many items wait for a moderator, at most 99.
pub async fn count_waiting(db: impl Read) -> Result<u32> {
    sql::count_waiting(db).await
}

/// Puts a submitted revision into the queue, once `tx` commits.
pub async fn enqueue_review(
    tx: &mut Tx,
    clock: &Clock,
    post: &Post,
    revision: &Revision,
) -> Result<()> {
    sql::insert_item(tx, clock, "revision", &revision.id.to_string(), post.author_id).await
}

/// Takes a revision's waiting item out of the queue: its author took the post back.
pub async fn withdraw_review(tx: &mut Tx, clock: &Clock, revision: RevisionId) -> Result<()> {
    sql::withdraw_items(tx, clock, "revision", &revision.to_string()).await
}

/// What was decided, as the subject's author may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub reason: Option<web::Reason>,
    /// The moderator's own words; may be empty.
    pub note: String,
}

/// The newest decision on a revision, if there is one.
pub async fn last_decision(db: impl Read, revision: RevisionId) -> Result<Option<Outcome>> {
    sql::last_outcome(db, revision).await
}
