//! The schema, one numbered step after another, each in a transaction of its own. One definition runs on both databases.
//!
//! Portable column types: ids and states are TEXT (states with a CHECK), times are BIGINT milliseconds, truth is BIGINT 0/1,
//! lists that are only ever read whole are TEXT JSON. A step that has landed is never edited: add the next one.

mod m0001_first;
mod m0002_mail_tokens;
mod m0003_decisions;
mod m0004_unconfirmed;
mod m0005_cards;
mod m0006_previews;
mod m0007_captions;
mod m0008_members;
mod m0009_pictures;
mod m0010_words;
mod m0012_sound;
mod m0013_turns;
mod m0014_motion;
mod m0015_leads;

use super::tables::SchemaMigrations;
use super::{Db, Read, Result, Tx};
use crate::time_id::Clock;
use sea_query::{
    ColumnDef, Expr, ExprTrait, IndexCreateStatement, IndexDropStatement, IntoIden, IntoTableRef,
    PostgresQueryBuilder, Query, SqliteQueryBuilder, Table, TableAlterStatement,
    TableCreateStatement, UpdateStatement,
};

type Migration = (i64, &'static str, fn() -> Vec<Step>);

const STEPS: &[Migration] = &[
    (1, "first", m0001_first::steps),
    (2, "mail_tokens", m0002_mail_tokens::steps),
    (3, "decisions", m0003_decisions::steps),
    (4, "unconfirmed", m0004_unconfirmed::steps),
    (5, "cards", m0005_cards::steps),
    (6, "previews", m0006_previews::steps),
    (7, "captions", m0007_captions::steps),
    (8, "members", m0008_members::steps),
    (9, "pictures", m0009_pictures::steps),
    (10, "words", m0010_words::steps),
    (12, "sound", m0012_sound::steps),
    (13, "turns", m0013_turns::steps),
    (14, "motion", m0014_motion::steps),
    (15, "leads", m0015_leads::steps),
];

pub(super) enum Step {
    Table(Box<TableCreateStatement>),
    Alter(Box<TableAlterStatement>),
    Index(IndexCreateStatement),
    DropIndex(IndexDropStatement),
    Update(Box<UpdateStatement>),
}

impl Step {
    fn table(table: TableCreateStatement) -> Self {
        Self::Table(Box::new(table))
    }

    /// One column more: SQLite adds one at a time.
    fn column(table: impl IntoTableRef, column: ColumnDef) -> Self {
        Self::Alter(Box::new(Table::alter().table(table).add_column(column).take()))
    }
}

/// Brings the schema up to date. Returns the names of the steps it took. Several nodes may call it at once.
pub async fn migrate(db: &Db, clock: &Clock) -> Result<Vec<&'static str>> {
    let mut taken = Vec::new();
    let mut tx = db.begin().await?;
    if tx.is_postgres() {
        tx.execute_sql("SELECT pg_advisory_xact_lock(7250001)".into()).await?;
    }
    let ledger = Table::create()
        .table(SchemaMigrations::Table)
        .if_not_exists()
        .col(ColumnDef::new(SchemaMigrations::Number).big_integer().not_null().primary_key())
        .col(text(SchemaMigrations::Name))
        .col(integer(SchemaMigrations::AppliedAt))
        .take();
    run(&mut tx, &Step::table(ledger)).await?;
    for (number, name, steps) in STEPS {
        let done = Query::select()
            .expr_as(Expr::val(1i64), "n")
            .from(SchemaMigrations::Table)
            .and_where(Expr::col(SchemaMigrations::Number).eq(*number))
            .take();
        if tx.row(&done).await?.is_some() {
            continue;
        }
        for step in steps() {
            run(&mut tx, &step).await?;
        }
        let note = Query::insert()
            .into_table(SchemaMigrations::Table)
            .columns([
                SchemaMigrations::Number,
                SchemaMigrations::Name,
                SchemaMigrations::AppliedAt,
            ])
            .values_panic([(*number).into(), (*name).into(), clock.now().into()])
            .take();
        tx.execute(&note).await?;
        taken.push(*name);
    }
    tx.commit().await?;
    Ok(taken)
}

async fn run(tx: &mut Tx, step: &Step) -> Result<()> {
    let sql = match (step, tx.is_postgres()) {
        (Step::Table(table), true) => table.to_string(PostgresQueryBuilder),
        (Step::Table(table), false) => table.to_string(SqliteQueryBuilder),
        (Step::Alter(alter), true) => alter.to_string(PostgresQueryBuilder),
        (Step::Alter(alter), false) => alter.to_string(SqliteQueryBuilder),
        (Step::Index(index), true) => index.to_string(PostgresQueryBuilder),
        (Step::Index(index), false) => index.to_string(SqliteQueryBuilder),
        (Step::DropIndex(index), true) => index.to_string(PostgresQueryBuilder),
        (Step::DropIndex(index), false) => index.to_string(SqliteQueryBuilder),
        (Step::Update(update), true) => update.to_string(PostgresQueryBuilder),
        (Step::Update(update), false) => update.to_string(SqliteQueryBuilder),
    };
    tx.execute_sql(sql).await
}

/// TEXT NOT NULL.
pub(super) fn text(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

/// TEXT, may be NULL.
pub(super) fn optional_text(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name).text().take()
}

/// BIGINT NOT NULL: a number, a time in milliseconds, or 0/1.
pub(super) fn integer(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

/// BIGINT, may be NULL.
pub(super) fn optional_integer(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name).big_integer().take()
}

/// TEXT PRIMARY KEY.
pub(super) fn id(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name).text().not_null().primary_key().take()
}

/// TEXT NOT NULL, one of `names`.
pub(super) fn state(
    name: impl IntoIden + Clone,
    names: impl IntoIterator<Item = &'static str>,
) -> ColumnDef {
    text(name.clone()).check(Expr::col(name.into_iden()).is_in(names)).take()
}

/// TEXT NOT NULL that names a row of another table: `references(Posts::AuthorId, Accounts::Table, Accounts::Id)`.
pub(super) fn foreign(
    from: (impl IntoIden, impl IntoIden),
    to: (impl IntoIden, impl IntoIden),
) -> sea_query::ForeignKeyCreateStatement {
    let (table, column) = from;
    let (to_table, to_column) = to;
    sea_query::ForeignKey::create()
        .from(table.into_iden(), column.into_iden())
        .to(to_table.into_iden(), to_column.into_iden())
        .take()
}
