//! What went wrong in a form, field by field.

use crate::html::Markup;
use crate::lang::{Arg, Lang};
use crate::vocabulary::When;

/// Field name → message key (`error-…`), in the order they were found: a handler that checks top to bottom gives a summary that reads so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<(String, FieldError)>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct FieldError {
    key: String,
    /// What the message names, by the names of its variables.
    named: Vec<(&'static str, Given)>,
}

/// What a message about a field may name beside its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// What a person wrote.
    Text(String),
    Number(i64),
    /// Bytes.
    Size(u64),
    Moment(When),
}

impl Given {
    fn arg(&self) -> Arg<'_> {
        match self {
            Self::Text(text) => Arg::Text(text),
            Self::Number(number) => Arg::Number(*number),
            Self::Size(bytes) => Arg::Size(*bytes),
            Self::Moment(when) => Arg::Moment(*when),
        }
    }
}

/// As a message takes them.
pub(crate) fn args<'a>(named: &'a [(&'static str, Given)]) -> Vec<(&'static str, Arg<'a>)> {
    named.iter().map(|(name, value)| (*name, value.arg())).collect()
}

impl FieldErrors {
    /// Says that `field` is wrong; the first error of a field stays.
    pub fn add(&mut self, field: &str, key: &str) {
        self.add_naming(field, key, &[]);
    }

    /// As [`Self::add`], for a message that names a limit as `$n`.
    pub fn add_with(&mut self, field: &str, key: &str, number: i64) {
        self.add_naming(field, key, &[("n", Given::Number(number))]);
    }

    /// As [`Self::add`], for a message that names all of these.
    pub fn add_naming(&mut self, field: &str, key: &str, named: &[(&'static str, Given)]) {
        let error = FieldError { key: key.to_owned(), named: named.to_vec() };
        if !self.has(field) {
            self.0.push((field.to_owned(), error));
        }
    }

    /// Adds those of `more` whose fields have none yet.
    pub fn extend(&mut self, more: Self) {
        for (field, error) in more.0 {
            if !self.has(&field) {
                self.0.push((field, error));
            }
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
        Some(lang.plain_with(&error.key, &args(&error.named)))
    }

    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(field, _)| field.as_str())
    }

    pub(crate) fn text(&self, field: &str, lang: Lang) -> Option<Markup> {
        let error = self.get(field)?;
        Some(Markup(lang.html_with(&error.key, &args(&error.named)).into()))
    }

    /// `(field, message)` for the summary at the head of a form.
    pub(crate) fn all(&self, lang: Lang) -> Vec<(&str, Markup)> {
        self.fields().filter_map(|field| Some((field, self.text(field, lang)?))).collect()
    }
}
