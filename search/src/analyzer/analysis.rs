//! A text cut into words, and what it is indexed and looked up by.

use std::borrow::Cow;
use std::ops::Range;

use super::{Cuts, Normalized, Spelled, asking, grams, is_searchable, kana};

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    /// Bytes of the normalised text.
    pub range: Range<usize>,
    /// What the word is looked up by, if it carries meaning (particles and the like don't).
    pub term: Option<Cow<'a, str>>,
    /// The word that an input method would make of it, if it is written in kana and may be another.
    pub meant: Option<Cow<'a, str>>,
    /// This form of it as it is usually written, if that differs.
    pub written: Option<Cow<'a, str>>,
    /// How its base form sounds.
    pub base_reading: Option<Cow<'a, str>>,
    /// How it sounds, if the dictionary knows or it is written in kana.
    pub reading: Option<Cow<'a, str>>,
    pub is_kana: bool,
    /// A noun that says something by itself.
    pub is_noun: bool,
    /// It asks, or names the kind of answer.
    pub asks: bool,
}

impl Word<'_> {
    /// How much it says, next to another of its rarity.
    pub fn says(&self) -> f32 {
        if self.asks { asking::SAYS } else { 1.0 }
    }
}

#[derive(Debug)]
pub(crate) struct Analysis<'a> {
    pub normalized: Normalized,
    pub words: Vec<Word<'a>>,
    pub cuts: Cuts,
}

impl Analysis<'_> {
    /// The word that begins at this byte of the original text, if one does.
    pub fn word_at(&self, original: usize) -> Option<&Word<'_>> {
        let start = self.normalized.start_of(original)?;
        let at = self.words.binary_search_by_key(&start, |word| word.range.start).ok()?;
        self.words.get(at)
    }

    /// The bytes of the normalised text without particles and endings of words at their ends; `None` if there is nothing else.
    pub fn without_particles(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let first = self.words.partition_point(|word| word.range.end <= range.start);
        let last = self.words.partition_point(|word| word.range.start < range.end);
        let words = self.words.get(first..last)?;
        let is_ending = |word: &Word<'_>| {
            let ending = self.normalized.text.get(range.start..word.range.end.min(range.end));
            word.range.start < range.start
                && ending.is_some_and(|ending| ending.chars().all(kana::is_kana))
        };
        let says_something = |word: &&Word<'_>| word.term.is_some() && !is_ending(word);
        let start = words.iter().find(says_something)?.range.start;
        let end = words.iter().rfind(says_something)?.range.end;
        Some(start.max(range.start)..end.min(range.end))
    }

    /// Runs of letters, kana folded.
    pub fn runs(&self) -> Vec<String> {
        grams::spelling_runs(&self.normalized.text)
    }

    /// Bigrams of the spelling, kana folded, within runs of letters.
    pub fn bigrams(&self) -> Vec<String> {
        grams::of_runs(self.runs(), 2)
    }

    /// Trigrams of the reading, across words, within runs that can be read.
    pub fn reading_trigrams(&self) -> Vec<String> {
        grams::of_runs(self.sounds().runs().map(str::to_owned).collect(), 3)
    }

    /// As it is typed.
    pub fn spelled(&self) -> Spelled {
        Spelled::words(&self.words, &self.normalized.text, |_| None)
    }

    /// The normalised text as it is usually written, if that differs.
    pub fn usually_written(&self) -> Option<String> {
        let (mut usual, mut end) = (String::new(), 0);
        for word in &self.words {
            let Some(written) = &word.written else { continue };
            usual.push_str(self.normalized.text.get(end..word.range.start)?);
            usual.push_str(written);
            end = word.range.end;
        }
        usual.push_str(self.normalized.text.get(end..)?);
        (end > 0).then_some(usual)
    }

    /// With another word in the place of these, which are numbered as [`Analysis::terms`] are.
    pub fn said_otherwise(&self, terms: &Range<usize>, other: &str) -> Option<Spelled> {
        let mut places = (0..).zip(&self.words).filter(|(_, word)| word.term.is_some());
        let (first, _) = places.nth(terms.start)?;
        let last = terms.len().checked_sub(2).and_then(|more| places.nth(more));
        let last = last.map_or(first, |(last, _)| last);
        Some(Spelled::words(&self.words, &self.normalized.text, |at| match at {
            at if at == first => Some(other),
            at if (first..=last).contains(&at) => Some(""),
            _ => None,
        }))
    }

    /// How the text sounds, its runs parted by spaces.
    pub fn sound(&self) -> String {
        self.sounds().text().to_owned()
    }

    /// The same letter by letter.
    pub fn sounds(&self) -> Spelled {
        Spelled::sounds(&self.words, &self.normalized.text)
    }

    /// Terms of the words that carry meaning, in order.
    pub fn terms(&self) -> impl Iterator<Item = &str> {
        self.words.iter().filter_map(|word| word.term.as_deref())
    }

    /// Terms, each by what it is meant for if it is in kana.
    pub fn likeliest_terms(&self) -> impl Iterator<Item = &str> {
        self.words.iter().filter_map(|word| word.meant.as_deref().or(word.term.as_deref()))
    }

    /// Readings of the words that carry meaning, by their base forms, in order.
    pub fn readings(&self) -> impl Iterator<Item = &str> {
        self.words.iter().filter(|w| w.term.is_some()).filter_map(|w| w.base_reading.as_deref())
    }

    /// No kanji, and mostly kana: someone who types as it sounds.
    pub fn is_nearly_all_kana(&self) -> bool {
        let (mut kana, mut other) = (0_usize, 0_usize);
        for c in self.normalized.text.chars() {
            match c {
                c if kana::is_kanji(c) => return false,
                c if kana::is_kana(c) => kana += 1,
                c if is_searchable(c) => other += 1,
                _ => {}
            }
        }
        kana > 0 && kana >= other
    }
}
