//! The database: one face over SQLite and PostgreSQL, so that features never see a driver.
//!
//! Statements are sea-query values and run on both. Reads go through [`Read`], which both [`Db`] and [`Tx`] implement; writes
//! need a [`Tx`]. A `Tx` dropped without [`Tx::commit`] is rolled back.
//!
//! SQLite: a short read runs on the calling thread (15 µs, a fifth of what a hop to another thread costs) on a connection of
//! its own; there is one writer, and every transaction begins IMMEDIATE, so it never fails half way for want of the lock.
//! PostgreSQL: a pool; transactions are READ COMMITTED, so a state change must name the state it expects in its WHERE.
//!
//! Not here: what the tables mean (each feature's `mod.rs`), and any statement of a feature (its `sql.rs`).

pub mod migrations;
pub mod page;
mod postgres;
mod results;
mod row;
mod sqlite;
mod statement;
pub mod tables;

pub use row::{Column, Row};
pub use statement::{Prepared, Statement, hole};

use crate::changes::ChangeSignal;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Notify;

/// What a database call can end in, other than success.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A UNIQUE or PRIMARY KEY rule refused the row.
    #[error("a row like this exists already: {0}")]
    Duplicate(String),
    #[error("column {column}: {problem}")]
    Decode { column: String, problem: String },
    /// The database, the disk below it, or a quota is full: nothing was written. What there is can be read.
    #[error("no room in the database: {0}")]
    Full(String),
    #[error("database: {0}")]
    Driver(String),
}

pub type Result<T, E = DbError> = std::result::Result<T, E>;

/// Whoever can answer a query: `&Db` outside a transaction, `&mut Tx` inside one.
pub trait Read: Send + Sized {
    fn rows(self, statement: &impl Statement) -> impl Future<Output = Result<Vec<Row>>> + Send;

    /// The first row, if any.
    fn row(self, statement: &impl Statement) -> impl Future<Output = Result<Option<Row>>> + Send {
        async move { Ok(self.rows(statement).await?.into_iter().next()) }
    }

    /// A `SELECT COUNT(*)`, or any statement whose one row has a first column `n`.
    fn count(self, statement: &impl Statement) -> impl Future<Output = Result<u64>> + Send {
        async move {
            let row = self.row(statement).await?;
            row.map_or(Ok(0), |row| Ok(u64::try_from(row.get::<i64>("n")?).unwrap_or(0)))
        }
    }
}

#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    backend: Backend,
    /// Rung after a commit that enqueued a job.
    jobs: Notify,
    /// Carries the news that a commit changed something that readers may see.
    changes: ChangeSignal,
}

enum Backend {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Db {
    /// Opens `postgres://…`, or a SQLite file (made if missing) for anything else.
    pub async fn open(url: &str) -> Result<Self> {
        let backend = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Backend::Postgres(postgres::Postgres::open(url).await?)
        } else {
            let path = url.strip_prefix("sqlite://").or(url.strip_prefix("sqlite:")).unwrap_or(url);
            Backend::Sqlite(sqlite::Sqlite::open(Path::new(path))?)
        };
        Ok(Self(Arc::new(Inner { backend, jobs: Notify::new(), changes: ChangeSignal::new() })))
    }

    pub async fn begin(&self) -> Result<Tx> {
        let inner = match &self.0.backend {
            Backend::Sqlite(db) => TxInner::Sqlite(db.begin().await?),
            Backend::Postgres(db) => TxInner::Postgres(db.begin().await?),
        };
        Ok(Tx { inner, db: self.clone(), enqueued: false, changed: false })
    }

    /// Runs `work` so that what it reads on SQLite, in its own task and until it writes, is one state of the database. For answering
    /// a GET; on PostgreSQL each statement sees what is committed.
    pub async fn in_one_snapshot<F: Future>(&self, work: F) -> F::Output {
        match &self.0.backend {
            Backend::Sqlite(db) => db.in_one_snapshot(work).await,
            Backend::Postgres(_) => work.await,
        }
    }

    /// For what needs a moment of its own, such as a migration: any SQL, several statements.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.0.backend, Backend::Postgres(_))
    }

    pub fn name(&self) -> &'static str {
        if self.is_postgres() { "postgresql" } else { "sqlite" }
    }

    /// Resolves when a commit on this node has enqueued a job since the last call.
    pub async fn job_enqueued(&self) {
        self.0.jobs.notified().await;
    }

    pub fn wake_workers(&self) {
        self.0.jobs.notify_waiters();
        self.0.jobs.notify_one();
    }

    /// Where followers of the change feed hear that there is something new.
    pub fn changes(&self) -> &ChangeSignal {
        &self.0.changes
    }
}

impl Read for &Db {
    async fn rows(self, statement: &impl Statement) -> Result<Vec<Row>> {
        match &self.0.backend {
            Backend::Sqlite(db) => {
                let (sql, values) = statement.for_sqlite();
                db.read(&sql, &values)
            }
            Backend::Postgres(db) => {
                let (sql, values) = statement.for_postgres();
                db.read(sql.into_owned(), values).await
            }
        }
    }
}

/// Makes an empty database on the cluster that `url` leads to. `name` is the caller's own word, never a person's.
pub async fn create_postgres_database(url: &str, name: &str) -> Result<()> {
    postgres::create_database(url, name).await
}

/// A write transaction. State changes, their audit rows, their change-feed rows and their jobs go through the same one.
pub struct Tx {
    inner: TxInner,
    db: Db,
    enqueued: bool,
    changed: bool,
}

enum TxInner {
    Sqlite(sqlite::SqliteTx),
    Postgres(postgres::PostgresTx),
}

impl Tx {
    /// Runs an INSERT, UPDATE or DELETE. Returns how many rows it touched.
    pub async fn execute(&mut self, statement: &impl Statement) -> Result<u64> {
        match &mut self.inner {
            TxInner::Sqlite(tx) => {
                let (sql, values) = statement.for_sqlite();
                tx.execute(&sql, &values)
            }
            TxInner::Postgres(tx) => {
                let (sql, values) = statement.for_postgres();
                tx.execute(sql.into_owned(), values).await
            }
        }
    }

    /// DDL for migrations, and locks. Never with anything a person typed.
    pub(crate) async fn execute_sql(&mut self, sql: String) -> Result<()> {
        match &mut self.inner {
            TxInner::Sqlite(tx) => tx.batch(&sql),
            TxInner::Postgres(tx) => tx.batch(sql).await,
        }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.inner, TxInner::Postgres(_))
    }

    pub(crate) fn mark_enqueued(&mut self) {
        self.enqueued = true;
    }

    pub(crate) fn mark_changed(&mut self) {
        self.changed = true;
    }

    pub async fn commit(self) -> Result<()> {
        match self.inner {
            TxInner::Sqlite(tx) => tx.commit()?,
            TxInner::Postgres(tx) => tx.commit().await?,
        }
        if self.changed {
            self.db.0.changes.ring();
        }
        if self.enqueued {
            self.db.wake_workers();
        }
        Ok(())
    }
}

impl Read for &mut Tx {
    async fn rows(self, statement: &impl Statement) -> Result<Vec<Row>> {
        match &mut self.inner {
            TxInner::Sqlite(tx) => {
                let (sql, values) = statement.for_sqlite();
                tx.rows(&sql, &values)
            }
            TxInner::Postgres(tx) => {
                let (sql, values) = statement.for_postgres();
                tx.rows(sql.into_owned(), values).await
            }
        }
    }
}

/// Either, for a function that asks more than once.
pub enum Source<'a> {
    Outside(&'a Db),
    Inside(&'a mut Tx),
}

impl<'a> From<&'a Db> for Source<'a> {
    fn from(db: &'a Db) -> Self {
        Self::Outside(db)
    }
}

impl<'a> From<&'a mut Tx> for Source<'a> {
    fn from(tx: &'a mut Tx) -> Self {
        Self::Inside(tx)
    }
}

impl Read for &mut Source<'_> {
    async fn rows(self, statement: &impl Statement) -> Result<Vec<Row>> {
        match self {
            Source::Outside(db) => db.rows(statement).await,
            Source::Inside(tx) => tx.rows(statement).await,
        }
    }
}
