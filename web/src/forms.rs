//! What went wrong in a form, field by field.

use crate::html::Markup;
use crate::lang::{Arg, Lang};

/// Field name → message key (`error-…`), in the order they were found: a handler that checks top to bottom gives a summary that reads so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<(String, FieldError)>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct FieldError {
    key: String,
    /// The number the message names as `$n`.
    number: Option<i64>,
}

impl FieldErrors {
    /// Says that `field` is wrong; the first error of a field stays.
    pub fn add(&mut self, field: &str, key: &str) {
        self.insert(field, key, None);
    }

    /// As [`Self::add`], for a message that names a limit as `$n`.
    pub fn add_with(&mut self, field: &str, key: &str, number: i64) {
        self.insert(field, key, Some(number));
    }

    fn insert(&mut self, field: &str, key: &str, number: Option<i64>) {
        let error = FieldError { key: key.to_owned(), number };
        if !self.has(field) {
            self.0.push((field.to_owned(), error));
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.get(field).is_some()
    }

    fn get(&self, field: &str) -> Option<&FieldError> {
        self.0.iter().find(|(known, _)| known == field).map(|(_, error)| error)
    }

    /// The error of `field` as text, for JSON answers.
    #[must_use]
    pub fn plain(&self, field: &str, lang: Lang) -> Option<String> {
        let error = self.get(field)?;
        Some(match error.number {
            Some(n) => lang.plain_with(&error.key, &[("n", Arg::Number(n))]),
            None => lang.ta(&error.key).into_owned(),
        })
    }

    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(field, _)| field.as_str())
    }

    pub(crate) fn text(&self, field: &str, lang: Lang) -> Option<Markup> {
        let error = self.get(field)?;
        Some(match error.number {
            Some(n) => lang.t1(&error.key, "n", n),
            None => lang.t(&error.key),
        })
    }

    /// `(field, message)` for the summary at the head of a form.
    pub(crate) fn all(&self, lang: Lang) -> Vec<(&str, Markup)> {
        self.fields().filter_map(|field| Some((field, self.text(field, lang)?))).collect()
    }
}
