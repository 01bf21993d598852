//! What stands behind the `?` of an address: as forgiving to read as a form.

use super::Fields;
use crate::db::page::Cursor;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::convert::Infallible;
use std::ops::Deref;

/// The query string's fields. Any page may be asked for with any of them; what makes no sense reads as not given.
#[derive(Clone, Debug, Default)]
pub struct Query(Fields);

impl Query {
    /// Where a page of a list starts, when it isn't the first: `?before=` a row of a list that has the newest first,
    /// `?after=` one of a list that has the oldest first.
    pub fn place(&self, name: &str) -> Option<Cursor> {
        self.get(name).parse().ok()
    }
}

impl Deref for Query {
    type Target = Fields;
    fn deref(&self) -> &Fields {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Fields::parse(parts.uri.query().unwrap_or_default().as_bytes())))
    }
}
