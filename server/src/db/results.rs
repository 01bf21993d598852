//! What a SQLite statement answered, copied out of it as it lies: all text and bytes end to end in one piece of memory. Most values of
//! a long list are read once and by reference, so none of them needs a piece of its own.

use super::row::decode;
use super::{DbError, Result};
use rusqlite::types::ValueRef;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The rows of one answer.
pub struct Results {
    /// The columns' names, then what the rows hold.
    bytes: Vec<u8>,
    names: Vec<Range<usize>>,
    /// Row by row.
    values: Vec<Value>,
    /// Columns are mostly read in their order: where the next one is looked for first.
    next: AtomicUsize,
}

enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Text(Range<usize>),
    Blob(Range<usize>),
}

/// One value. Text is not yet known to be UTF-8.
#[derive(Clone, Copy)]
pub enum Cell<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

impl Results {
    pub(super) fn new(names: &[&str]) -> Self {
        let mut results = Self {
            bytes: Vec::with_capacity(512),
            names: Vec::new(),
            values: Vec::new(),
            next: AtomicUsize::new(0),
        };
        results.names = names.iter().map(|name| results.keep(name.as_bytes())).collect();
        results
    }

    pub(super) fn width(&self) -> usize {
        self.names.len()
    }

    pub(super) fn rows(&self) -> usize {
        self.values.len().checked_div(self.width()).unwrap_or(0)
    }

    /// The next value, from left to right and row by row.
    pub(super) fn push(&mut self, value: ValueRef<'_>) {
        let value = match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(n) => Value::Integer(n),
            ValueRef::Real(n) => Value::Real(n),
            ValueRef::Text(text) => Value::Text(self.keep(text)),
            ValueRef::Blob(bytes) => Value::Blob(self.keep(bytes)),
        };
        self.values.push(value);
    }

    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    pub(super) fn cell(&self, row: usize, column: &str) -> Result<Cell<'_>> {
        let is_it = |at: &usize| {
            self.names.get(*at).is_some_and(|name| self.bytes[name.clone()] == *column.as_bytes())
        };
        let likely = self.next.load(Ordering::Relaxed);
        let at = Some(likely).filter(is_it).or_else(|| (0..self.width()).find(is_it));
        if let Some(at) = at {
            self.next.store(if at + 1 < self.width() { at + 1 } else { 0 }, Ordering::Relaxed);
        }
        let value = at
            .and_then(|at| self.values.get(row * self.width() + at))
            .ok_or_else(|| decode(column, "not in the result"))?;
        Ok(match value {
            Value::Null => Cell::Null,
            Value::Integer(n) => Cell::Integer(*n),
            Value::Real(n) => Cell::Real(*n),
            Value::Text(place) => Cell::Text(&self.bytes[place.clone()]),
            Value::Blob(place) => Cell::Blob(&self.bytes[place.clone()]),
        })
    }
}

impl Results {
    /// Appends all that a row holds, so that equal bytes are equal rows of one statement.
    pub(super) fn write_key(&self, row: usize, key: &mut Vec<u8>) {
        let width = self.width();
        for value in self.values.iter().skip(row * width).take(width) {
            match value {
                Value::Null => key.push(0),
                Value::Integer(n) => {
                    key.push(1);
                    key.extend_from_slice(&n.to_le_bytes());
                }
                Value::Real(n) => {
                    key.push(2);
                    key.extend_from_slice(&n.to_le_bytes());
                }
                Value::Text(place) | Value::Blob(place) => {
                    key.push(3);
                    key.extend_from_slice(&place.len().to_le_bytes());
                    key.extend_from_slice(&self.bytes[place.clone()]);
                }
            }
        }
    }
}

impl Cell<'_> {
    pub(super) fn is_no(self, wanted: &str, column: &str) -> DbError {
        let found = match self {
            Self::Null => "NULL",
            Self::Integer(_) => "an integer",
            Self::Real(_) => "a real",
            Self::Text(_) => "text",
            Self::Blob(_) => "bytes",
        };
        decode(column, format!("{found} where {wanted} was expected"))
    }
}
