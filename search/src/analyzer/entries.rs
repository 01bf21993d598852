//! What a word of the dictionary means to the index, worked out when it is first met.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use lindera_dictionary::viterbi::WordId;

use super::asking::Asking;
use super::dictionary::Dictionary;
use super::normalize::Normalized;
use super::sources::{IN_KANA, MEANT};
use super::spellings::Spellings;
use super::{Word, is_searchable, kana};

/// By a word's number in the dictionary. Unknown words have none, and our own are few enough to be worked out each time.
pub(super) struct Entries(Vec<OnceLock<Box<Entry>>>);

impl std::fmt::Debug for Entries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entries({})", self.0.len())
    }
}

impl Entries {
    pub fn new(dictionary: &Dictionary) -> Entries {
        let words = dictionary.segmenter.dictionary.prefix_dictionary.word_count();
        Entries(std::iter::repeat_with(OnceLock::new).take(words).collect())
    }

    pub fn of(&self, id: WordId, entry: impl FnOnce() -> Entry) -> Option<&Entry> {
        if !id.is_system() || id.is_unknown() {
            return None;
        }
        let place = self.0.get(usize::try_from(id.id()).ok()?)?;
        Some(place.get_or_init(|| Box::new(entry())))
    }
}

pub(super) struct Entry {
    term: Option<Box<str>>,
    meant: Option<Box<str>>,
    written: Option<Box<str>>,
    base_reading: Option<Box<str>>,
    reading: Option<Box<str>>,
    is_noun: bool,
    asks: bool,
}

impl Entry {
    pub fn new(surface: &str, details: &[&str], spellings: &Spellings, asking: &Asking) -> Entry {
        let detail = |at: usize| details.get(at).copied().filter(|d| !d.is_empty() && *d != "*");
        let is_searchable = surface.chars().any(is_searchable);
        let base = detail(6).unwrap_or(surface);
        let canonical = |word: &str| spellings.canonical(&kana::fold(word)).into();
        let has_meaning = is_searchable && carries_meaning(detail(0), detail(1), base);
        // The kana by themselves are a word too: what was meant is a guess.
        let is_guess = detail(3) == Some(IN_KANA);
        let term: Box<str> = if is_guess { canonical(surface) } else { canonical(base) };
        let in_kanji = detail(3).and_then(|mark| mark.strip_prefix(MEANT)).unwrap_or(base);
        let usual: Box<str> = canonical(in_kanji);
        let is_meant =
            has_meaning && (is_guess || usual != term && term.chars().all(kana::is_kana));
        let reading = detail(7)
            .or_else(|| (!surface.chars().any(kana::is_kanji)).then_some(surface))
            .filter(|_| is_searchable)
            .map(|reading| kana::fold_sound(reading).into_boxed_str());
        let base_reading = detail(8)
            .filter(|_| is_searchable)
            .map(|reading| kana::fold_sound(reading).into_boxed_str())
            .or_else(|| reading.clone());
        // The base form as this entry spells it.
        let is_reading = surface.chars().all(kana::is_kana) && !base.chars().all(kana::is_kana);
        let base_form = if is_reading { detail(8).unwrap_or(surface) } else { base };
        let form = kana::fold(surface);
        let written = respelled(&form, &kana::fold(&Normalized::new(base_form).text), &usual);
        Entry {
            asks: asking.holds(if is_meant { &usual } else { &term }),
            written: written.filter(|written| has_meaning && *written != form).map(Into::into),
            meant: is_meant.then_some(usual),
            term: has_meaning.then_some(term),
            base_reading,
            reading,
            is_noun: has_meaning && !is_guess && names_something(detail(0), detail(1)),
        }
    }

    pub fn word(&self, range: Range<usize>, is_kana: bool) -> Word<'_> {
        Word {
            range,
            term: self.term.as_deref().map(Cow::Borrowed),
            meant: self.meant.as_deref().map(Cow::Borrowed),
            written: self.written.as_deref().map(Cow::Borrowed),
            base_reading: self.base_reading.as_deref().map(Cow::Borrowed),
            reading: self.reading.as_deref().map(Cow::Borrowed),
            is_kana,
            is_noun: self.is_noun,
            asks: self.asks,
        }
    }

    pub fn into_word<'a>(self, range: Range<usize>, is_kana: bool) -> Word<'a> {
        let owned = |text: Option<Box<str>>| text.map(|text| Cow::Owned(String::from(text)));
        Word {
            range,
            term: owned(self.term),
            meant: owned(self.meant),
            written: owned(self.written),
            base_reading: owned(self.base_reading),
            reading: owned(self.reading),
            is_kana,
            is_noun: self.is_noun,
            asks: self.asks,
        }
    }
}

/// A form of the word `base`, spelled as `usual` spells it: つくった, of つくる and 作る, is 作った. `None` where the form is irregular.
fn respelled(form: &str, base: &str, usual: &str) -> Option<String> {
    let same = base.chars().rev().zip(usual.chars().rev()).take_while(|(a, b)| a == b);
    let ending: usize = same.map(|(c, _)| c.len_utf8()).sum();
    let (stem, other) = (&base[..base.len() - ending], &usual[..usual.len() - ending]);
    let rest = form.strip_prefix(stem).filter(|_| !stem.is_empty())?;
    Some(format!("{other}{rest}"))
}

/// Parts of speech by ipadic's names. Unknown words (no part of speech) are names and new words.
fn carries_meaning(part: Option<&str>, kind: Option<&str>, base: &str) -> bool {
    match part {
        Some("助詞" | "助動詞" | "記号" | "接続詞" | "フィラー" | "連体詞") => {
            false
        }
        Some("名詞") => !matches!(kind, Some("非自立" | "代名詞" | "特殊" | "接続詞的")),
        Some("動詞") => {
            !matches!(kind, Some("非自立" | "接尾"))
                && !matches!(base, "する" | "ある" | "いる" | "なる" | "できる" | "やる")
        }
        Some("形容詞") => !matches!(kind, Some("非自立" | "接尾")),
        _ => true,
    }
}

fn names_something(part: Option<&str>, kind: Option<&str>) -> bool {
    part.is_none()
        || part == Some("名詞")
            && matches!(kind, Some("一般" | "サ変接続" | "固有名詞" | "形容動詞語幹"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_spelled_as_its_word_is() {
        assert_eq!(respelled("つくっ", "つくる", "作る").as_deref(), Some("作っ"));
        assert_eq!(respelled("たまご", "たまご", "卵").as_deref(), Some("卵"));
        assert_eq!(respelled("き", "くる", "来る"), None);
        assert_eq!(respelled("卵", "卵", "卵"), None);
    }
}
