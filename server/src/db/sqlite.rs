//! SQLite through rusqlite: WAL, one writer, readers on the calling thread.

use super::results::Results;
use super::{DbError, Result, Row};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use sea_query_rusqlite::RusqliteValues;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedMutexGuard;

tokio::task_local! {
    /// The reader of the task that runs in [`Sqlite::in_one_snapshot`], with its transaction open.
    static SNAPSHOT: RefCell<Option<Connection>>;
}

pub(super) struct Sqlite {
    path: PathBuf,
    writer: Arc<tokio::sync::Mutex<Connection>>,
    /// Idle readers: at most as many as threads, and as requests in the middle of a page.
    readers: Mutex<Vec<Connection>>,
}

impl Sqlite {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let writer = Connection::open(path).map_err(driver)?;
        // FULL: what was acknowledged survives a power cut too, not only a killed process.
        writer
            .execute_batch(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;
                 PRAGMA busy_timeout=10000; PRAGMA journal_size_limit=67108864;",
            )
            .map_err(driver)?;
        steady(&writer)?;
        Ok(Self {
            path: path.to_owned(),
            writer: Arc::new(tokio::sync::Mutex::new(writer)),
            readers: Mutex::new(Vec::new()),
        })
    }

    pub(super) fn read(&self, sql: &str, values: &RusqliteValues) -> Result<Vec<Row>> {
        let Ok(held) = SNAPSHOT.try_with(RefCell::take) else {
            let reader = self.idle_reader()?;
            let rows = select(&reader, sql, values);
            self.put_back(reader);
            return rows;
        };
        let reader = match held {
            Some(reader) => reader,
            None => {
                let reader = self.idle_reader()?;
                run(&reader, "BEGIN")?;
                reader
            }
        };
        let rows = select(&reader, sql, values);
        SNAPSHOT.with(|held| held.replace(Some(reader)));
        rows
    }

    /// What `work` reads in its own task is one state of the database, the one at its first read; and the locks that a read takes,
    /// which cost as much as a short one, are taken once. Ends early when `work` begins to write.
    pub(super) async fn in_one_snapshot<F: Future>(&self, work: F) -> F::Output {
        let whole = async {
            let done = work.await;
            self.end_snapshot();
            done
        };
        SNAPSHOT.scope(RefCell::new(None), whole).await
    }

    fn end_snapshot(&self) {
        let held = SNAPSHOT.try_with(RefCell::take).ok().flatten();
        // A reader that can't end its transaction is closed, which does.
        if let Some(reader) = held
            && run(&reader, "COMMIT").is_ok()
        {
            self.put_back(reader);
        }
    }

    fn idle_reader(&self) -> Result<Connection> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| self.open_reader(), Ok)
    }

    fn put_back(&self, reader: Connection) {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
    }

    fn open_reader(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = Connection::open_with_flags(&self.path, flags).map_err(driver)?;
        reader
            .execute_batch(
                "PRAGMA busy_timeout=10000; PRAGMA cache_size=-16000; PRAGMA mmap_size=268435456;",
            )
            .map_err(driver)?;
        steady(&reader)?;
        Ok(reader)
    }

    pub(super) async fn begin(&self) -> Result<SqliteTx> {
        // What is written is seen by what is read afterwards.
        self.end_snapshot();
        let connection = self.writer.clone().lock_owned().await;
        connection.execute_batch("BEGIN IMMEDIATE").map_err(driver)?;
        Ok(SqliteTx { connection, open: true })
    }
}

/// Plans a statement once, not again for each value bound to it: the plans wanted here are those of the indexes made for them, and
/// planning costs more than most of our queries.
fn steady(connection: &Connection) -> Result<()> {
    connection.set_prepared_statement_cache_capacity(256);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(driver)?;
    Ok(())
}

pub(super) struct SqliteTx {
    connection: OwnedMutexGuard<Connection>,
    open: bool,
}

impl SqliteTx {
    pub(super) fn rows(&mut self, sql: &str, values: &RusqliteValues) -> Result<Vec<Row>> {
        select(&self.connection, sql, values)
    }

    pub(super) fn execute(&mut self, sql: &str, values: &RusqliteValues) -> Result<u64> {
        self.must_be_open()?;
        let mut statement = self.connection.prepare_cached(sql).map_err(driver)?;
        let touched = statement.execute(values.as_params().as_slice()).map_err(driver)?;
        Ok(touched as u64)
    }

    pub(super) fn batch(&mut self, sql: &str) -> Result<()> {
        self.must_be_open()?;
        self.connection.execute_batch(sql).map_err(driver)
    }

    /// A full disk ends a transaction whoever holds it: what is written after that would be committed each for itself.
    fn must_be_open(&self) -> Result<()> {
        if self.connection.is_autocommit() {
            return Err(DbError::Full("the transaction was rolled back".into()));
        }
        Ok(())
    }

    pub(super) fn commit(mut self) -> Result<()> {
        self.must_be_open()?;
        // The fsync takes milliseconds: let the runtime move other tasks off this thread meanwhile.
        let committed = match tokio::runtime::Handle::current().runtime_flavor() {
            tokio::runtime::RuntimeFlavor::MultiThread => {
                tokio::task::block_in_place(|| self.connection.execute_batch("COMMIT"))
            }
            _ => self.connection.execute_batch("COMMIT"),
        };
        self.open = committed.is_err();
        committed.map_err(driver)
    }
}

impl Drop for SqliteTx {
    fn drop(&mut self) {
        if self.open
            && !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "rollback failed");
        }
    }
}

fn run(connection: &Connection, sql: &str) -> Result<()> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute([]))
        .map_err(driver)?;
    Ok(())
}

fn select(connection: &Connection, sql: &str, values: &RusqliteValues) -> Result<Vec<Row>> {
    let mut statement = connection.prepare_cached(sql).map_err(driver)?;
    let mut results = Results::new(&statement.column_names());
    let width = results.width();
    let mut found = statement.query(values.as_params().as_slice()).map_err(driver)?;
    while let Some(row) = found.next().map_err(driver)? {
        for at in 0..width {
            results.push(row.get_ref(at).map_err(driver)?);
        }
    }
    let results = Arc::new(results);
    Ok((0..results.rows()).map(|at| Row::Sqlite { results: results.clone(), at }).collect())
}

/// A write that the system refuses for want of space is `SQLITE_FULL`; one over a quota is a write error like others, and so is the
/// memory that connections share, which lies in a file too.
fn is_full(code: &rusqlite::ffi::Error) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_FSYNC, SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_WRITE};
    let of_writing = [SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_IOERR_SHMSIZE];
    code.code == ErrorCode::DiskFull || of_writing.contains(&code.extended_code)
}

fn driver(error: rusqlite::Error) -> DbError {
    match error.sqlite_error() {
        Some(code)
            if code.code == ErrorCode::ConstraintViolation
                && matches!(
                    code.extended_code,
                    rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
                        | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                ) =>
        {
            DbError::Duplicate(error.to_string())
        }
        Some(code) if is_full(code) => DbError::Full(error.to_string()),
        _ => DbError::Driver(error.to_string()),
    }
}
