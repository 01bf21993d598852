//! One result row, from either driver. Columns are read by name.

use super::{DbError, Result};
use rusqlite::types::Value;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use std::sync::Arc;

pub enum Row {
    Sqlite { names: Arc<[String]>, values: Vec<Value> },
    Postgres(PgRow),
}

impl Row {
    /// The column of that name.
    ///
    /// Errors: no such column, or a value that isn't a `T`; both are mistakes of ours.
    pub fn get<T: Column>(&self, column: &str) -> Result<T> {
        T::read(self, column)
    }

    /// A text column as it lies in the row; `None` where it is NULL.
    pub fn text(&self, column: &str) -> Result<Option<&str>> {
        match self {
            Self::Sqlite { names, values } => match Self::sqlite(names, values, column)? {
                Value::Null => Ok(None),
                Value::Text(text) => Ok(Some(text)),
                other => Err(decode(column, format!("unexpected {:?}", other.data_type()))),
            },
            Self::Postgres(row) => row.try_get(column).map_err(|error| decode(column, error)),
        }
    }

    /// The same for good: the row has it no more, and nothing is copied. For lists, whose rows are read once.
    pub fn take_text(&mut self, column: &str) -> Result<String> {
        match self {
            Self::Sqlite { names, values } => {
                let at = names.iter().position(|name| name == column);
                match at.and_then(|at| values.get_mut(at)) {
                    Some(Value::Text(text)) => Ok(std::mem::take(text)),
                    _ => Err(decode(column, "no text in the result")),
                }
            }
            Self::Postgres(_) => self.get(column),
        }
    }

    fn sqlite<'a>(names: &[String], values: &'a [Value], column: &str) -> Result<&'a Value> {
        names
            .iter()
            .position(|name| name == column)
            .and_then(|at| values.get(at))
            .ok_or_else(|| decode(column, "not in the result"))
    }
}

pub(crate) fn decode(column: &str, problem: impl ToString) -> DbError {
    DbError::Decode { column: column.to_owned(), problem: problem.to_string() }
}

/// A type that can be read from a column. The portable column types are BIGINT, TEXT, BLOB and DOUBLE; everything else is
/// one of these in disguise (see [`crate::text_column!`]).
pub trait Column: Sized {
    fn read(row: &Row, column: &str) -> Result<Self>;
}

macro_rules! native {
    ($type:ty, $($variant:pat => $value:expr),+) => {
        impl Column for $type {
            fn read(row: &Row, column: &str) -> Result<Self> {
                Option::<$type>::read(row, column)?.ok_or_else(|| decode(column, "is NULL"))
            }
        }
        impl Column for Option<$type> {
            fn read(row: &Row, column: &str) -> Result<Self> {
                match row {
                    Row::Sqlite { names, values } => match Row::sqlite(names, values, column)? {
                        Value::Null => Ok(None),
                        $($variant => Ok(Some($value)),)+
                        other => Err(decode(column, format!("unexpected {:?}", other.data_type()))),
                    },
                    Row::Postgres(row) => row.try_get(column).map_err(|error| decode(column, error)),
                }
            }
        }
    };
}
native!(i64, Value::Integer(n) => *n);
native!(f64, Value::Real(n) => *n, Value::Integer(n) => *n as f64);
native!(String, Value::Text(text) => text.clone());
native!(Vec<u8>, Value::Blob(bytes) => bytes.clone());

macro_rules! unsigned {
    ($($type:ty),*) => {$(
        impl Column for $type {
            fn read(row: &Row, column: &str) -> Result<Self> {
                let n = i64::read(row, column)?;
                <$type>::try_from(n).map_err(|error| decode(column, error))
            }
        }
        impl Column for Option<$type> {
            fn read(row: &Row, column: &str) -> Result<Self> {
                Option::<i64>::read(row, column)?
                    .map(|n| <$type>::try_from(n).map_err(|error| decode(column, error)))
                    .transpose()
            }
        }
    )*};
}
unsigned!(u16, u32, u64, usize);

impl Column for bool {
    fn read(row: &Row, column: &str) -> Result<Self> {
        Ok(i64::read(row, column)? != 0)
    }
}

/// Lets a type that is text in the database (an id, a state) be read from a row and bound in a statement. The type needs
/// `FromStr` with a displayable error and `Display`.
#[macro_export]
macro_rules! text_column {
    ($($type:ty),+ $(,)?) => {$(
        impl $crate::db::Column for $type {
            fn read(row: &$crate::db::Row, column: &str) -> $crate::db::Result<Self> {
                <Option<$type> as $crate::db::Column>::read(row, column)?.ok_or_else(|| {
                    $crate::db::DbError::Decode { column: column.to_owned(), problem: "is NULL".into() }
                })
            }
        }
        impl $crate::db::Column for Option<$type> {
            fn read(row: &$crate::db::Row, column: &str) -> $crate::db::Result<Self> {
                row.text(column)?
                    .map(|text| {
                        text.parse().map_err(|_| $crate::db::DbError::Decode {
                            column: column.to_owned(),
                            problem: format!("{text:?} is not a {}", stringify!($type)),
                        })
                    })
                    .transpose()
            }
        }
        impl From<$type> for sea_query::Value {
            fn from(value: $type) -> Self {
                value.to_string().into()
            }
        }
        impl From<&$type> for sea_query::Value {
            fn from(value: &$type) -> Self {
                value.to_string().into()
            }
        }
        impl sea_query::Nullable for $type {
            fn null() -> sea_query::Value {
                sea_query::Value::String(None)
            }
        }
    )+};
}

/// A fieldless enum that is stored as its snake_case name: `state_enum! { pub enum Kind { Recipe = "recipe", … } }`. Gives it
/// `name()`, `ALL`, `Display`, `FromStr`, serde by name, and the database column.
#[macro_export]
macro_rules! text_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $vis enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As stored and as used in URLs, JSON and message keys.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
        impl std::str::FromStr for $name {
            type Err = ();
            fn from_str(text: &str) -> Result<Self, ()> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err(()) }
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(|()| serde::de::Error::unknown_variant(&text, &[$($text),+]))
            }
        }
        $crate::text_column!($name);
    };
}
