//! What the ranking reads of a document: its letters, as they were folded when it was indexed.

use tantivy::schema::Field;
use tantivy::schema::document::{DeserializeError, DocumentDeserialize, DocumentDeserializer};
use tantivy::{DocAddress, Searcher};

use crate::Error;
use crate::analyzer::{Normalized, fold_char, is_searchable};
use crate::ranking::LONGEST_TEXT;
use crate::schema::Fields;

/// Parts a title from the rest; no letter.
const TITLE_END: char = '\n';
/// Letters that are kept: all that is read of a text, and what stands behind its last window.
const KEPT: usize = LONGEST_TEXT + 100;

/// Normalised, kana folded; nothing but letters, parts separated by spaces.
pub(crate) struct Letters {
    /// Those of the title are the first.
    pub whole: Vec<char>,
    title: usize,
    /// How it sounds.
    pub sound: Vec<char>,
}

impl Letters {
    pub fn of(searcher: &Searcher, fields: &Fields, at: DocAddress) -> Result<Letters, Error> {
        let read: Beginning = searcher.doc(at)?;
        let letters = read.text(fields.letters);
        let mut whole: Vec<char> = Vec::with_capacity(letters.len() / 2);
        whole.extend(letters.chars());
        let title = whole.iter().position(|c| *c == TITLE_END).unwrap_or(whole.len());
        if let Some(end) = whole.get_mut(title) {
            *end = ' ';
        }
        let sounding = read.text(fields.sound);
        let mut sound = Vec::with_capacity(sounding.len() / 2);
        sound.extend(sounding.chars().filter(|c| *c != ' '));
        Ok(Letters { whole, title, sound })
    }

    pub fn title(&self) -> &[char] {
        self.whole.get(..self.title).unwrap_or_default()
    }
}

/// The first values of a stored document, which are what is read here: what follows is not even unpacked.
struct Beginning(Vec<(Field, String)>);

impl Beginning {
    const VALUES: usize = 2;

    fn text(&self, field: Field) -> &str {
        self.0.iter().find(|(known, _)| *known == field).map_or("", |(_, text)| text)
    }
}

impl DocumentDeserialize for Beginning {
    fn deserialize<'de, D: DocumentDeserializer<'de>>(
        mut stored: D,
    ) -> Result<Beginning, DeserializeError> {
        let mut values = Vec::with_capacity(Beginning::VALUES);
        while values.len() < Beginning::VALUES
            && let Some(value) = stored.next_field()?
        {
            values.push(value);
        }
        Ok(Beginning(values))
    }
}

/// What is kept of a document's title and the other parts of it.
pub(crate) fn kept<'a>(
    title: &Normalized,
    parts: impl IntoIterator<Item = &'a Normalized>,
) -> String {
    let of = |part: &Normalized| {
        let folded = part.text.chars().map(fold_char).filter(|c| is_searchable(*c));
        folded.collect::<String>()
    };
    let parts: Vec<String> = parts.into_iter().map(of).collect();
    let whole = format!("{}{TITLE_END}{}", of(title), parts.join(" "));
    match whole.char_indices().nth(KEPT) {
        Some((end, _)) => whole[..end].to_owned(),
        None => whole,
    }
}
