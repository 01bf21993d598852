//! Keyset pages: every list is read in slices that start after the last row seen, never by offset.

use crate::time_id::Timestamp;
use sea_query::{Condition, Expr, ExprTrait, IntoColumnRef, Order, SelectStatement};
use std::convert::Infallible;

/// The place of a row in a list ordered by a time and an id, newest first. Written `1699999999999_0190…` in URLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub at: Timestamp,
    pub id: String,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}", self.at.as_millis(), self.id)
    }
}

impl std::str::FromStr for Cursor {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, id) = text.split_once('_').ok_or(())?;
        // What our ids are made of: a NUL, say, is an error to PostgreSQL and not just an unknown row.
        let is_id = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if id.is_empty() || id.len() > 64 || !is_id {
            return Err(());
        }
        Ok(Self { at: Timestamp::from_millis(at.parse().map_err(drop)?), id: id.to_owned() })
    }
}

/// One slice of a list. `next` is where the following slice starts, if there is one.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// From up to `size + 1` rows: the extra one only tells that there is more.
    pub fn from_rows(items: Vec<T>, size: usize, place: impl Fn(&T) -> Cursor) -> Self {
        let Ok(page) = Self::try_from_rows(items, size, |item| Ok::<_, Infallible>(place(item)));
        page
    }

    /// The same where a row must be read to know its place.
    pub fn try_from_rows<E>(
        mut items: Vec<T>,
        size: usize,
        place: impl Fn(&T) -> Result<Cursor, E>,
    ) -> Result<Self, E> {
        let more = items.len() > size;
        items.truncate(size);
        let next = items.last().filter(|_| more).map(place).transpose()?;
        Ok(Self { items, next })
    }

    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(make).collect(), next: self.next }
    }
}

/// Orders a statement newest first and cuts it to `size + 1` rows after `after`.
pub fn newest_first(
    statement: &mut SelectStatement,
    at: impl IntoColumnRef + Clone,
    id: impl IntoColumnRef + Clone,
    after: Option<&Cursor>,
    size: usize,
) {
    keyset(statement, at, id, after, size, Order::Desc);
}

/// The same, oldest first.
pub fn oldest_first(
    statement: &mut SelectStatement,
    at: impl IntoColumnRef + Clone,
    id: impl IntoColumnRef + Clone,
    after: Option<&Cursor>,
    size: usize,
) {
    keyset(statement, at, id, after, size, Order::Asc);
}

fn keyset(
    statement: &mut SelectStatement,
    at: impl IntoColumnRef + Clone,
    id: impl IntoColumnRef + Clone,
    after: Option<&Cursor>,
    size: usize,
    order: Order,
) {
    if let Some(after) = after {
        let (at, id) = (Expr::col(at.clone()), Expr::col(id.clone()));
        let (beyond_at, beyond_id) = match order {
            Order::Asc => (at.clone().gt(after.at), id.gt(after.id.clone())),
            _ => (at.clone().lt(after.at), id.lt(after.id.clone())),
        };
        statement.cond_where(
            Condition::any()
                .add(beyond_at)
                .add(Condition::all().add(at.eq(after.at)).add(beyond_id)),
        );
    }
    statement.order_by(at, order.clone()).order_by(id, order).limit(size as u64 + 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_trip_through_a_url() {
        let cursor = Cursor { at: Timestamp::from_millis(1_700_000_000_123), id: "0190-a".into() };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
    }

    #[test]
    fn nonsense_is_no_cursor() {
        for text in
            ["", "_", "12", "12_", "x_y", "9999999999999999999999_a", "12_\0", "12_a'b", "12_あ"]
        {
            assert_eq!(text.parse::<Cursor>(), Err(()), "{text}");
        }
    }
}
