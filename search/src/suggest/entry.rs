//! A term of the fields that suggestions are made of: `key ␞ kind shown`.

use crate::analyzer::{Analysis, fold, fold_sound, is_kana, is_kanji};

/// Parts a key from what it leads to; no letter, so never within a key.
pub(crate) const PART: char = '\u{1e}';
/// Characters of a key of a title: nobody types on when the title is in front of them.
const TITLE_KEY: usize = 12;
/// Characters that a title is shown by.
const SHOWN: usize = 60;
/// Places of a title that it is found from.
const TITLE_STARTS: usize = 4;
/// A longer tag or word is nothing to offer.
const LONGEST_WORD: usize = 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    Tag,
    Title,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub kind: Kind,
    pub shown: String,
}

impl Entry {
    /// `None` for a term that is none.
    pub fn of(term: &str) -> Option<Entry> {
        let (_, rest) = term.split_once(PART)?;
        let mut shown = rest.chars();
        let kind = match shown.next()? {
            'w' => Kind::Word,
            't' => Kind::Tag,
            'p' => Kind::Title,
            _ => return None,
        };
        Some(Entry { kind, shown: shown.as_str().to_owned() })
    }
}

/// What a key of a word begins with whose key is exactly this.
pub(crate) fn whole_word(key: &str) -> String {
    format!("{key}{PART}w")
}

/// The terms of a post's words and tags.
pub(crate) fn of_words<'a>(
    texts: &[&Analysis<'_>],
    tags: impl Iterator<Item = &'a Analysis<'a>>,
) -> Vec<String> {
    let mut terms = vec![];
    for text in texts {
        for word in text.words.iter().filter(|word| word.is_noun) {
            let shown = text.normalized.text.get(word.range.clone()).unwrap_or_default();
            if is_worth_offering(shown) {
                add(&mut terms, word.base_reading.as_deref(), shown, 'w', shown);
            }
        }
    }
    for tag in tags {
        let shown = clean(&tag.normalized.text);
        if !shown.is_empty() && shown.chars().count() <= LONGEST_WORD {
            let sound = Some(tag.sound()).filter(|sound| !sound.contains(' '));
            add(&mut terms, sound.as_deref(), &shown, 't', &shown);
        }
    }
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// The terms of a post's title: from its start, and from each noun in it.
pub(crate) fn of_title(title: &Analysis<'_>, original: &str) -> Vec<String> {
    let shown = clean(original);
    let shown = match shown.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown,
    };
    let mut terms = vec![];
    if shown.is_empty() {
        return terms;
    }
    let text = &title.normalized.text;
    let nouns = title.words.iter().enumerate().filter(|(_, word)| word.is_noun).map(|(at, _)| at);
    let mut starts: Vec<usize> = std::iter::once(0).chain(nouns).collect();
    starts.dedup();
    for first in starts.into_iter().take(TITLE_STARTS) {
        let Some(words) = title.words.get(first..).filter(|words| !words.is_empty()) else {
            continue;
        };
        let spelled: String = text[words[0].range.start..].chars().take(TITLE_KEY).collect();
        let sound = (words.iter())
            .map_while(|word| word.reading.as_deref())
            .flat_map(str::chars)
            .take(TITLE_KEY)
            .collect::<String>();
        add(&mut terms, Some(&fold_sound(&sound)), &spelled, 'p', &shown);
    }
    terms.sort_unstable();
    terms.dedup();
    terms
}

fn add(terms: &mut Vec<String>, sound: Option<&str>, spelled: &str, kind: char, shown: &str) {
    let spelled = clean(&fold(spelled));
    let sound = sound.filter(|sound| !sound.is_empty() && *sound != spelled);
    for key in sound.into_iter().chain(Some(spelled.as_str()).filter(|key| !key.is_empty())) {
        terms.push(format!("{key}{PART}{kind}{shown}"));
    }
}

/// Two letters or more, or one kanji; neither a number nor a mark nor a part of a word.
fn is_worth_offering(word: &str) -> bool {
    let letters = word.chars().count();
    let has_kanji = word.chars().any(is_kanji);
    let is_written = word.chars().all(|c| c.is_alphabetic() || is_kana(c) || is_kanji(c));
    is_written && letters <= LONGEST_WORD && (has_kanji || letters >= 2)
}

/// Without what would part a term, or a line.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}
