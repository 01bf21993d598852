//! A submitted form of text fields: forgiving to read, so that absurd input ends in a message beside the field, not in a parser's
//! error page.

use crate::error::Error;
use axum::body::Bytes;
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use std::collections::HashMap;

/// The most bytes of words that a form may hold; files are counted apart.
pub const WORDS: usize = 256 << 10;

/// Why a form with files could not be read to its end.
pub fn broken(error: MultipartError) -> Error {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge,
        _ => Error::BadRequest("the form broke off"),
    }
}

/// Field name → everything sent under it, in order. A missing field reads as empty.
#[derive(Clone, Debug, Default)]
pub struct Fields(HashMap<String, Vec<String>>);

impl Fields {
    /// The first value, untouched.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }

    pub fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn add(&mut self, name: &str, value: String) {
        self.0.entry(name.to_owned()).or_default().push(value);
    }

    /// From `a=1&b=2`.
    pub fn parse(body: &[u8]) -> Self {
        let mut fields = Self::default();
        for (name, value) in form_urlencoded::parse(body).take(500) {
            fields.add(&name, value.into_owned());
        }
        fields
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Error;
    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let body = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Error::TooLarge
            } else {
                Error::BadRequest("unreadable body")
            }
        })?;
        Ok(Self::parse(&body))
    }
}
