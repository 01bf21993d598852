//! What can be asked of the database: sea-query's statements, and those of them that are put together once.

use sea_query::{
    DeleteStatement, InsertStatement, PostgresQueryBuilder, SelectStatement, SqliteQueryBuilder,
    UpdateStatement, Value,
};
use sea_query_rusqlite::{RusqliteBinder, RusqliteValue, RusqliteValues};
use sea_query_sqlx::{SqlxBinder, SqlxValues};
use std::borrow::Cow;
use std::sync::OnceLock;

/// A statement that can be built for either database.
pub trait Statement: Send + Sync {
    fn for_sqlite(&self) -> (Cow<'_, str>, RusqliteValues);
    fn for_postgres(&self) -> (Cow<'_, str>, SqlxValues);
}

macro_rules! statements {
    ($($kind:ty),*) => {$(
        impl Statement for $kind {
            fn for_sqlite(&self) -> (Cow<'_, str>, RusqliteValues) {
                let (sql, values) = self.build_rusqlite(SqliteQueryBuilder);
                (sql.into(), values)
            }
            fn for_postgres(&self) -> (Cow<'_, str>, SqlxValues) {
                let (sql, values) = self.build_sqlx(PostgresQueryBuilder);
                (sql.into(), values)
            }
        }
    )*};
}
statements!(SelectStatement, InsertStatement, UpdateStatement, DeleteStatement);

/// A SELECT that is the same every time but for its values, put together once: building a statement takes as long as SQLite
/// takes to answer a short one. For the pages that everyone opens; elsewhere a plain statement reads better.
///
/// ```ignore
/// static FIND: Prepared = Prepared::new(|| select_post().and_where(Expr::col(Posts::Id).eq(hole())).take());
/// db.row(&FIND.with([id.into()])).await
/// ```
pub struct Prepared {
    make: fn() -> SelectStatement,
    sqlite: OnceLock<Text>,
    postgres: OnceLock<Text>,
}

struct Text {
    sql: String,
    /// In the order of the text, holes among them.
    values: Vec<Value>,
}

impl Prepared {
    pub const fn new(make: fn() -> SelectStatement) -> Self {
        Self { make, sqlite: OnceLock::new(), postgres: OnceLock::new() }
    }

    /// The statement with its holes filled, in the order in which they stand in the SQL.
    ///
    /// Panics when it is run with more or fewer values than it has holes: a mistake of ours that its first use shows.
    pub fn with<const N: usize>(&'static self, values: [Value; N]) -> Bound {
        Bound { prepared: self, values: values.into() }
    }
}

const HOLE: &str = "\0hole";

/// Stands in a [`Prepared`] for a value that differs each time.
pub fn hole() -> Value {
    HOLE.into()
}

/// A [`Prepared`] with its values.
pub struct Bound {
    prepared: &'static Prepared,
    values: Vec<Value>,
}

impl Bound {
    fn fill<'a>(&'a self, text: &'a Text) -> impl Iterator<Item = Value> + 'a {
        let is_hole =
            |value: &Value| matches!(value, Value::String(Some(text)) if text.as_str() == HOLE);
        let holes = text.values.iter().filter(|value| is_hole(value)).count();
        assert_eq!(holes, self.values.len(), "values for {}", text.sql);
        let mut given = self.values.iter();
        text.values.iter().map(move |value| match is_hole(value) {
            true => given.next().unwrap_or(value).clone(),
            false => value.clone(),
        })
    }
}

impl Statement for Bound {
    fn for_sqlite(&self) -> (Cow<'_, str>, RusqliteValues) {
        let text = self.prepared.sqlite.get_or_init(|| {
            let (sql, values) = (self.prepared.make)().build(SqliteQueryBuilder);
            Text { sql, values: values.0 }
        });
        let values = self.fill(text).map(RusqliteValue).collect();
        (Cow::Borrowed(&text.sql), RusqliteValues(values))
    }

    fn for_postgres(&self) -> (Cow<'_, str>, SqlxValues) {
        let text = self.prepared.postgres.get_or_init(|| {
            let (sql, values) = (self.prepared.make)().build(PostgresQueryBuilder);
            Text { sql, values: values.0 }
        });
        let values = sea_query::Values(self.fill(text).collect());
        (Cow::Borrowed(&text.sql), SqlxValues(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::tables::Posts;
    use sea_query::{Expr, ExprTrait, Query};

    static OF_AUTHOR: Prepared = Prepared::new(|| {
        Query::select()
            .column(Posts::Id)
            .from(Posts::Table)
            .and_where(Expr::col(Posts::Visibility).eq("published"))
            .and_where(Expr::col(Posts::AuthorId).eq(hole()))
            .limit(3)
            .take()
    });

    #[test]
    fn only_the_holes_differ_from_one_use_to_the_next() {
        for author in ["a", "b"] {
            let bound = OF_AUTHOR.with([author.into()]);
            let (sql, values) = bound.for_sqlite();
            assert!(sql.contains("LIMIT ?"), "{sql}");
            let values: Vec<Value> = values.0.into_iter().map(|value| value.0).collect();
            assert_eq!(values, ["published".into(), author.into(), Value::from(3u64)]);
            let (sql, values) = bound.for_postgres();
            assert!(sql.contains("LIMIT $3"), "{sql}");
            assert_eq!(values.0.0[1], author.into());
        }
    }

    #[test]
    #[should_panic(expected = "values for SELECT")]
    fn a_value_too_few_is_found_at_once() {
        OF_AUTHOR.with([]).for_sqlite();
    }
}
