//! What the ranking reads of a document: its letters, as they were folded when it was indexed.

use tantivy::{DocAddress, Searcher, TantivyDocument};

use crate::Error;
use crate::analyzer::{Normalized, fold_char, is_searchable};
use crate::ranking::LONGEST_TEXT;
use crate::schema::{Fields, stored_text};

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
        let stored: TantivyDocument = searcher.doc(at)?;
        let letters = stored_text(&stored, fields.letters);
        let mut whole: Vec<char> = Vec::with_capacity(letters.len() / 2);
        whole.extend(letters.chars());
        let title = whole.iter().position(|c| *c == TITLE_END).unwrap_or(whole.len());
        if let Some(end) = whole.get_mut(title) {
            *end = ' ';
        }
        let sound = stored_text(&stored, fields.sound).chars().filter(|c| *c != ' ').collect();
        Ok(Letters { whole, title, sound })
    }

    pub fn title(&self) -> &[char] {
        self.whole.get(..self.title).unwrap_or_default()
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
