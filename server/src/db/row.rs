//! One result row, from either driver. Columns are read by name.

use super::results::{Cell, Results};
use super::{DbError, Result};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use std::sync::Arc;

pub enum Row {
    Sqlite { results: Arc<Results>, at: usize },
    Postgres(PgRow),
}

impl Row {
    /// The column of that name.
    ///
    /// Errors: no such column, or a value that isn't a `T`; both are mistakes of ours.
    pub fn get<T: Column>(&self, column: &str) -> Result<T> {
        T::read(self, column)
    }

    /// Appends all that the row holds as it lies there: rows of one statement are equal if and only if what is appended is.
    pub fn write_key(&self, key: &mut Vec<u8>) {
        match self {
            Self::Sqlite { results, at } => results.write_key(*at, key),
            Self::Postgres(row) => {
                for column in 0..row.len() {
                    let value = row.try_get_raw(column).ok();
                    let bytes = value.as_ref().and_then(|value| value.as_bytes().ok());
                    key.extend_from_slice(&bytes.map_or(usize::MAX, <[u8]>::len).to_le_bytes());
                    key.extend_from_slice(bytes.unwrap_or_default());
                }
            }
        }
    }

    /// A text column as it lies in the row, not copied; `None` where it is NULL.
    pub fn text(&self, column: &str) -> Result<Option<&str>> {
        match self {
            Self::Sqlite { results, at } => match results.cell(*at, column)? {
                Cell::Null => Ok(None),
                Cell::Text(text) => simdutf8::basic::from_utf8(text)
                    .map(Some)
                    .map_err(|error| decode(column, error)),
                other => Err(other.is_no("text", column)),
            },
            Self::Postgres(row) => row.try_get(column).map_err(|error| decode(column, error)),
        }
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
    ($type:ty, $what:literal, $($variant:pat => $value:expr),+) => {
        impl Column for $type {
            fn read(row: &Row, column: &str) -> Result<Self> {
                Option::<$type>::read(row, column)?.ok_or_else(|| decode(column, "is NULL"))
            }
        }
        impl Column for Option<$type> {
            fn read(row: &Row, column: &str) -> Result<Self> {
                match row {
                    Row::Sqlite { results, at } => match results.cell(*at, column)? {
                        Cell::Null => Ok(None),
                        $($variant => Ok(Some($value)),)+
                        other => Err(other.is_no($what, column)),
                    },
                    Row::Postgres(row) => row.try_get(column).map_err(|error| decode(column, error)),
                }
            }
        }
    };
}
native!(i64, "integer", Cell::Integer(n) => n);
native!(f64, "number", Cell::Real(n) => n, Cell::Integer(n) => n as f64);
native!(Vec<u8>, "bytes", Cell::Blob(bytes) => bytes.to_vec());

impl Column for String {
    fn read(row: &Row, column: &str) -> Result<Self> {
        Option::<Self>::read(row, column)?.ok_or_else(|| decode(column, "is NULL"))
    }
}

impl Column for Option<String> {
    fn read(row: &Row, column: &str) -> Result<Self> {
        Ok(row.text(column)?.map(str::to_owned))
    }
}

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
