//! From text to what is indexed and looked up; the same for posts and for queries.
//!
//! normalise → segment (ipadic and our own words) → per word a *term* (base form, one spelling per word,
//! katakana as hiragana) and a *reading* (hiragana, one spelling per sound) → bigrams of the spelling and
//! trigrams of the reading, which find what the segmenter cut differently.
//!
//! Not here: fields, weights and queries (`schema`, `query`).

mod cuts;
mod dictionary;
mod entries;
mod grams;
mod kana;
mod kanji;
mod normalize;
mod romaji;
mod sources;
mod spellings;

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;

pub(crate) use cuts::Cuts;
pub use dictionary::Dictionary;
use entries::{Entries, Entry};
pub(crate) use grams::spelling_runs;
pub(crate) use kana::{
    fold, fold_char, fold_sound, is_emoji, is_hiragana, is_kana, is_kanji, is_searchable,
};
use lindera::token::Token;
use lindera_dictionary::viterbi::{Lattice, WordId};
pub(crate) use normalize::{Normalized, is_invisible};
pub(crate) use romaji::{so_far, to_hiragana};
use spellings::Spellings;

/// Raise when the same text would be indexed differently; an index of another version is rebuilt.
const VERSION: u32 = 4;

#[derive(Debug)]
pub(crate) struct Analyzer {
    dictionary: Dictionary,
    spellings: Spellings,
    entries: Entries,
}

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    /// Bytes of the normalised text.
    pub range: Range<usize>,
    /// What the word is looked up by, if it carries meaning (particles and the like don't).
    pub term: Option<Cow<'a, str>>,
    /// The word in kanji that an input method would make of it, if it is written in kana and may be another.
    pub meant: Option<Cow<'a, str>>,
    /// How its base form sounds.
    pub base_reading: Option<Cow<'a, str>>,
    /// How it sounds, if the dictionary knows or it is written in kana.
    pub reading: Option<Cow<'a, str>>,
    pub is_kana: bool,
    /// A noun that says something by itself.
    pub is_noun: bool,
}

#[derive(Debug)]
pub(crate) struct Analysis<'a> {
    pub normalized: Normalized,
    pub words: Vec<Word<'a>>,
    pub cuts: Cuts,
}

impl Analyzer {
    pub fn new(dictionary: Dictionary) -> Analyzer {
        let entries = Entries::new(&dictionary);
        Analyzer { dictionary, spellings: Spellings::load(), entries }
    }

    /// Changes when the same text could be indexed differently.
    pub fn fingerprint(&self) -> String {
        format!("{VERSION}.{}", self.dictionary.fingerprint())
    }

    pub fn is_of(&self, dictionary: &Dictionary) -> bool {
        self.dictionary.fingerprint() == dictionary.fingerprint()
    }

    pub fn analyze(&self, text: &str) -> Result<Analysis<'_>, crate::Error> {
        let normalized = Normalized::new(text);
        let (words, cuts) = self.words(&normalized.text)?;
        Ok(Analysis { normalized, words, cuts })
    }

    /// The same of a text that was analysed before, with what it was cut into then.
    pub fn analyze_again(&self, text: &str, cuts: &[u8]) -> Result<Analysis<'_>, crate::Error> {
        let normalized = Normalized::new(text);
        let Some(cut) = cuts::read(cuts, &normalized.text) else { return self.analyze(text) };
        let segmenter = &self.dictionary.segmenter;
        let user = segmenter.user_dictionary.as_ref();
        let word = |(range, id): (Range<usize>, WordId)| {
            let surface = Cow::Borrowed("");
            let Range { start, end } = range;
            let mut token = Token::new(surface, start, end, 0, id, &segmenter.dictionary, user);
            self.word(&normalized.text, &mut token)
        };
        let words = cut.into_iter().map(word).collect();
        Ok(Analysis { normalized, words, cuts: Cuts::default() })
    }

    fn words(&self, normalized: &str) -> Result<(Vec<Word<'_>>, Cuts), crate::Error> {
        // The lattice grows to the longest sentence; one per thread spares making it anew each time.
        thread_local!(static LATTICE: RefCell<Lattice> = RefCell::default());
        let mut lattice = LATTICE.take();
        let tokens =
            self.dictionary.segmenter.segment_with_lattice(normalized.into(), &mut lattice)?;
        LATTICE.set(lattice);
        let mut words = Vec::with_capacity(tokens.len());
        let mut cuts = Cuts::of(normalized, tokens.len());
        for mut token in tokens {
            cuts.push(&(token.byte_start..token.byte_end), token.word_id);
            words.push(self.word(normalized, &mut token));
        }
        Ok((words, cuts))
    }

    fn word(&self, normalized: &str, token: &mut Token<'_>) -> Word<'_> {
        let range = token.byte_start..token.byte_end;
        let surface = &normalized[range.clone()];
        let is_kana = surface.chars().all(kana::is_kana);
        match self
            .entries
            .of(token.word_id, || Entry::new(surface, &token.details(), &self.spellings))
        {
            Some(entry) => entry.word(range, is_kana),
            None => {
                Entry::new(surface, &token.details(), &self.spellings).into_word(range, is_kana)
            }
        }
    }
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
        grams::of_runs(grams::reading_runs(&self.words, &self.normalized.text), 3)
    }

    /// How the text sounds, its runs parted by spaces.
    pub fn sound(&self) -> String {
        grams::reading_runs(&self.words, &self.normalized.text).join(" ")
    }

    /// Terms of the words that carry meaning, in order.
    pub fn terms(&self) -> impl Iterator<Item = &str> {
        self.words.iter().filter_map(|word| word.term.as_deref())
    }

    /// What words in kana may be meant for.
    pub fn meant(&self) -> impl Iterator<Item = &str> {
        self.words.iter().filter_map(|word| word.meant.as_deref())
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn analyzer() -> Analyzer {
        let source = Path::new("/usr/share/mecab/dic/ipadic");
        let cache = std::env::temp_dir().join("megurumi-test-dictionary");
        Analyzer::new(Dictionary::open_or_build(source, &cache).unwrap())
    }

    fn terms(analyzer: &Analyzer, text: &str) -> Vec<String> {
        analyzer.analyze(text).unwrap().terms().map(str::to_owned).collect()
    }

    #[test]
    fn every_own_word_is_one_word_by_spelling_and_by_reading() {
        let analyzer = analyzer();
        let mut wrong = vec![];
        for entry in dictionary::own_entries() {
            let expected = terms(&analyzer, &entry.word);
            let within = format!("今日は{}のことで悩んでいます", entry.word);
            let known = entry.is_known_by_reading && entry.reading.chars().count() >= 4;
            if expected.len() != 1
                || !terms(&analyzer, &within).contains(&expected[0])
                || known && terms(&analyzer, &entry.reading) != expected
            {
                let by_reading = terms(&analyzer, &entry.reading);
                wrong.push((entry.word, expected, terms(&analyzer, &within), by_reading));
            }
        }
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn every_spelling_is_one_word_and_becomes_the_canonical_one() {
        let analyzer = analyzer();
        let wrong: Vec<_> = spellings::groups()
            .flat_map(|group| {
                let canonical = group[0].clone();
                group.into_iter().map(move |spelling| (spelling, canonical.clone()))
            })
            .map(|(spelling, canonical)| (terms(&analyzer, &spelling), spelling, canonical))
            .filter(|(terms, _, canonical)| *terms != [canonical.as_str()])
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn a_text_that_is_analysed_again_has_the_same_words() {
        let analyzer = analyzer();
        for text in ["", " 離乳食は　ゴゴゴと６か月から。\n\n卵(たまご) BCGと👶", "よなきがひどい"]
        {
            let first = analyzer.analyze(text).unwrap();
            let cuts = first.cuts.bytes();
            assert_eq!(analyzer.analyze_again(text, cuts).unwrap().words, first.words);
            // Cuts of another text are of no use.
            let other = format!("{text}ね");
            let words = analyzer.analyze(&other).unwrap().words;
            assert_eq!(analyzer.analyze_again(&other, cuts).unwrap().words, words);
        }
    }

    #[test]
    fn particles_and_empty_verbs_are_no_terms() {
        let terms = terms(&analyzer(), "離乳食はいつから始めればいいのですか？");
        assert_eq!(terms, ["離乳食", "始める", "良い"]);
    }
}
