//! PostgreSQL through sqlx.

use super::{DbError, Result, Row};
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Postgres as Driver, Transaction};
use std::time::Duration;

pub(super) struct Postgres {
    pool: PgPool,
}

impl Postgres {
    pub(super) async fn open(url: &str) -> Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(Duration::from_secs(10))
            // Saves a round trip a query; a connection the server closed shows as an error of that one query.
            .test_before_acquire(false)
            .connect(url)
            .await
            .map_err(driver)?;
        Ok(Self { pool })
    }

    // Every statement comes from sea-query, values apart: nothing a person typed is in the text.
    pub(super) async fn read(&self, sql: String, values: SqlxValues) -> Result<Vec<Row>> {
        let rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(&self.pool).await;
        Ok(rows.map_err(driver)?.into_iter().map(Row::Postgres).collect())
    }

    pub(super) async fn begin(&self) -> Result<PostgresTx> {
        Ok(PostgresTx(self.pool.begin().await.map_err(driver)?))
    }
}

pub(super) async fn create_database(url: &str, name: &str) -> Result<()> {
    use sqlx::Connection;
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(DbError::Driver(format!("{name:?} is no name for a database")));
    }
    let mut connection = sqlx::PgConnection::connect(url).await.map_err(driver)?;
    let sql = format!("CREATE DATABASE {name}");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.map_err(driver)?;
    connection.close().await.map_err(driver)
}

pub(super) struct PostgresTx(Transaction<'static, Driver>);

impl PostgresTx {
    pub(super) async fn rows(&mut self, sql: String, values: SqlxValues) -> Result<Vec<Row>> {
        let rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(&mut *self.0).await;
        Ok(rows.map_err(driver)?.into_iter().map(Row::Postgres).collect())
    }

    pub(super) async fn execute(&mut self, sql: String, values: SqlxValues) -> Result<u64> {
        let done = sqlx::query_with(AssertSqlSafe(sql), values).execute(&mut *self.0).await;
        Ok(done.map_err(driver)?.rows_affected())
    }

    pub(super) async fn batch(&mut self, sql: String) -> Result<()> {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *self.0).await.map_err(driver)?;
        Ok(())
    }

    pub(super) async fn commit(self) -> Result<()> {
        self.0.commit().await.map_err(driver)
    }
}

/// `disk_full`, and `configuration_limit_exceeded`: over the limit of temporary files.
const FULL: [&str; 2] = ["53100", "53400"];

fn driver(error: sqlx::Error) -> DbError {
    match error.as_database_error() {
        Some(refused) if refused.is_unique_violation() => DbError::Duplicate(refused.to_string()),
        Some(refused) if refused.code().is_some_and(|code| FULL.contains(&&*code)) => {
            DbError::Full(refused.to_string())
        }
        _ => DbError::Driver(error.to_string()),
    }
}
