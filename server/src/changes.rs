//! The change feed: one row for each committed change to what readers may see, in the order of commit.
//!
//! Followers (the search index, page caches) read on from the place they last reached, so a crash anywhere costs nothing but
//! a second look. On PostgreSQL sequence numbers could commit out of order and a follower would step over one; [`record`]
//! therefore takes a lock that lasts until its transaction ends: call it last.
//!
//! Not here: what a follower does with a change (`discovery`).

use crate::db::tables::Changes;
use crate::db::{Db, Read, Result, Tx};
use crate::text_enum;
use crate::time_id::Clock;
use sea_query::{Expr, ExprTrait, Func, Order, Query};
use std::time::Duration;
use tokio::sync::watch;

text_enum! {
    /// What a change is about. The id beside it names which one.
    pub enum Subject {
        /// A post appeared, changed, was thanked or went away.
        Post = "post",
        /// An account's public face changed (its nickname).
        Account = "account",
        /// Nothing of the site: an operator asks every node to make its search index anew.
        Index = "index",
        /// A word that the search knows for this site was added, changed or removed.
        Words = "words",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Ascends in commit order; gaps are possible.
    pub seq: i64,
    pub subject: Subject,
    pub id: String,
}

/// Notes in the running transaction that `id` changed. Call it after the transaction's other statements.
pub async fn record(tx: &mut Tx, clock: &Clock, subject: Subject, id: impl ToString) -> Result<()> {
    if tx.is_postgres() {
        tx.execute_sql("SELECT pg_advisory_xact_lock(7250002)".into()).await?;
    }
    let insert = Query::insert()
        .into_table(Changes::Table)
        .columns([Changes::Subject, Changes::SubjectId, Changes::At])
        .values_panic([subject.into(), id.to_string().into(), clock.now().into()])
        .take();
    tx.execute(&insert).await?;
    tx.mark_changed();
    Ok(())
}

/// Up to `limit` changes after `place`, in order.
pub async fn after(db: &Db, place: i64, limit: u64) -> Result<Vec<Change>> {
    let select = Query::select()
        .columns([Changes::Seq, Changes::Subject, Changes::SubjectId])
        .from(Changes::Table)
        .and_where(Expr::col(Changes::Seq).gt(place))
        .order_by(Changes::Seq, Order::Asc)
        .limit(limit)
        .take();
    let rows = db.rows(&select).await?;
    rows.iter()
        .map(|row| {
            Ok(Change {
                seq: row.get("seq")?,
                subject: row.get("subject")?,
                id: row.get("subject_id")?,
            })
        })
        .collect()
}

/// The newest place, 0 when nothing ever changed.
pub async fn latest(db: impl Read) -> Result<i64> {
    let select = Query::select()
        .expr_as(Func::max(Expr::col(Changes::Seq)), "seq")
        .from(Changes::Table)
        .take();
    let row = db.row(&select).await?;
    Ok(row.map(|row| row.get::<Option<i64>>("seq")).transpose()?.flatten().unwrap_or(0))
}

/// Rings after each commit on this node that recorded a change. Other nodes' commits are found by looking now and then.
pub struct ChangeSignal(watch::Sender<u64>);

impl ChangeSignal {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    pub(crate) fn ring(&self) {
        self.0.send_modify(|rings| *rings += 1);
    }

    /// How many rings there were on this node.
    pub fn heard(&self) -> u64 {
        *self.0.borrow()
    }

    pub fn listen(&self) -> ChangeListener {
        ChangeListener(self.0.subscribe())
    }
}

pub struct ChangeListener(watch::Receiver<u64>);

impl ChangeListener {
    /// Waits for the next ring, or `at_most`.
    pub async fn wait(&mut self, at_most: Duration) {
        // Either way it is time to look.
        let _ = tokio::time::timeout(at_most, self.0.changed()).await;
    }
}
