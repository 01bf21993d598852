//! The record (記録): who did what to what, before and after, why, and under which edition of the rules.
//!
//! Append-only, and chained: a row's hash covers everything in it and the hash of the row before, so that changing, taking out or
//! putting in a row breaks the chain from there on. [`verify`] finds the first break. Rows cut off at the end leave a chain that is whole:
//! compare the count and head that [`verify`] gives with what was noted elsewhere.
//!
//! Sequence numbers have no gaps: they are given under a lock that lasts until the transaction ends. Record before anything that takes
//! the change feed's lock (`changes::record`, `posts::actions::publish`), never after, or two transactions could wait for each other.
//!
//! Not here: what an action means (the feature that records it).

use super::{POLICY_VERSION, Reason, SubjectKind, sql};
use crate::db::{Db, Result, Tx};
use crate::time_id::{AccountId, Clock, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What stands in place of a previous hash in the first row.
const GENESIS: &str = "";

/// Rows read at once by [`verify`].
const BATCH: u64 = 500;

/// A row to be written.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// `None` when the site itself acts, or its operator at the console.
    pub actor: Option<AccountId>,
    /// Snake case, the word for what was done: `approve`, `promote`.
    pub action: &'a str,
    pub subject_kind: SubjectKind,
    pub subject_id: String,
    /// State of the subject, as far as the action is about it. Never what a person wrote: that must stay erasable.
    pub before: Value,
    pub after: Value,
    pub reason: Option<Reason>,
    pub note: &'a str,
}

/// A row as stored.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub seq: i64,
    pub at: Timestamp,
    pub actor: Option<String>,
    pub action: String,
    pub subject_kind: String,
    pub subject_id: String,
    /// JSON text, hashed as it stands.
    pub before: String,
    pub after: String,
    pub reason: Option<String>,
    pub note: String,
    pub policy_version: String,
    pub previous_hash: String,
    pub hash: String,
}

impl Row {
    /// SHA-256 over one canonical JSON array of all other columns, in lower-case hex. An array, so that no key order matters.
    fn expected_hash(&self) -> String {
        let canonical = json!([
            self.seq,
            self.at,
            self.actor,
            self.action,
            self.subject_kind,
            self.subject_id,
            self.before,
            self.after,
            self.reason,
            self.note,
            self.policy_version,
            self.previous_hash,
        ]);
        hex::encode(Sha256::digest(canonical.to_string().as_bytes()))
    }
}

/// Adds a row in the running transaction. Returns its sequence number.
pub async fn record(tx: &mut Tx, clock: &Clock, entry: Entry<'_>) -> Result<i64> {
    if tx.is_postgres() {
        tx.execute_sql("SELECT pg_advisory_xact_lock(7250003)".into()).await?;
    }
    let (last, previous_hash) = sql::audit_head(&mut *tx).await?.unwrap_or((0, GENESIS.to_owned()));
    let mut row = Row {
        seq: last + 1,
        at: clock.now(),
        actor: entry.actor.map(|actor| actor.to_string()),
        action: entry.action.to_owned(),
        subject_kind: entry.subject_kind.name().to_owned(),
        subject_id: entry.subject_id,
        before: entry.before.to_string(),
        after: entry.after.to_string(),
        reason: entry.reason.map(|reason| reason.name().to_owned()),
        note: entry.note.to_owned(),
        policy_version: POLICY_VERSION.to_owned(),
        previous_hash,
        hash: String::new(),
    };
    row.hash = row.expected_hash();
    sql::insert_audit(tx, &row).await?;
    Ok(row.seq)
}

/// What [`verify`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every row fits. `head` is the last row's hash, empty without rows.
    Whole { rows: i64, head: String },
    /// The first row that doesn't fit, and how.
    Broken { seq: i64, problem: Problem },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Rows before this one are missing.
    Gap,
    /// It doesn't follow from the row before it.
    Unchained,
    /// Its content is not what was hashed.
    Changed,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole { rows, head } => {
                write!(f, "The record is whole: {rows} rows, head {head}.")
            }
            Self::Broken { seq, problem } => {
                let how = match problem {
                    Problem::Gap => "rows before it are missing",
                    Problem::Unchained => "it does not follow from the row before it",
                    Problem::Changed => "its content was changed",
                };
                write!(f, "The record is broken at row {seq}: {how}.")
            }
        }
    }
}

/// Reads the whole record in order, a bounded page at a time, and checks every link.
pub async fn verify(db: &Db) -> Result<Verdict> {
    let (mut seq, mut head) = (0, GENESIS.to_owned());
    loop {
        let rows = sql::audit_after(db, seq, BATCH).await?;
        if rows.is_empty() {
            return Ok(Verdict::Whole { rows: seq, head });
        }
        for row in rows {
            let problem = if row.seq != seq + 1 {
                Some(Problem::Gap)
            } else if row.previous_hash != head {
                Some(Problem::Unchained)
            } else if row.hash != row.expected_hash() {
                Some(Problem::Changed)
            } else {
                None
            };
            if let Some(problem) = problem {
                return Ok(Verdict::Broken { seq: row.seq, problem });
            }
            (seq, head) = (row.seq, row.hash);
        }
    }
}
