//! From text to what is indexed and looked up; the same for posts and for queries.
//!
//! normalise → segment (ipadic and our own words) → per word a *term* (base form, one spelling per word,
//! katakana as hiragana) and a *reading* (hiragana, one spelling per sound) → bigrams of the spelling and
//! trigrams of the reading, which find what the segmenter cut differently.
//!
//! Not here: fields, weights and queries (`schema`, `query`).

mod analysis;
mod asking;
mod cuts;
mod dictionary;
mod entries;
mod grams;
mod kana;
mod kanji;
mod normalize;
mod numbers;
mod romaji;
mod sources;
mod spelled;
mod spellings;

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;

pub(crate) use analysis::{Analysis, Word};
use asking::Asking;
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
pub(crate) use romaji::{begun_with, so_far, to_hiragana};
pub(crate) use spelled::Spelled;
use spellings::Spellings;

/// Raise when the same text would be indexed differently; an index of another version is rebuilt.
const VERSION: u32 = 5;

#[derive(Debug)]
pub(crate) struct Analyzer {
    dictionary: Dictionary,
    spellings: Spellings,
    asking: Asking,
    entries: Entries,
}

impl Analyzer {
    pub fn new(dictionary: Dictionary) -> Analyzer {
        let entries = Entries::new(&dictionary);
        let spellings = Spellings::load();
        Analyzer { dictionary, asking: Asking::load(&spellings), spellings, entries }
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
        let mut words: Vec<Word<'_>> = cut.into_iter().map(word).collect();
        numbers::join(&mut words, &normalized.text);
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
        numbers::join(&mut words, normalized);
        Ok((words, cuts))
    }

    fn word(&self, normalized: &str, token: &mut Token<'_>) -> Word<'_> {
        let range = token.byte_start..token.byte_end;
        let surface = &normalized[range.clone()];
        let is_kana = surface.chars().all(kana::is_kana);
        let id = token.word_id;
        let mut entry = || Entry::new(surface, &token.details(), &self.spellings, &self.asking);
        match self.entries.of(id, &mut entry) {
            Some(entry) => entry.word(range, is_kana),
            None => entry().into_word(range, is_kana),
        }
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
    fn a_number_in_kanji_is_looked_up_as_in_figures() {
        let analyzer = analyzer();
        for (kanji, figures) in [
            ("二歳のおやつ", "2歳のおやつ"),
            ("十二か月", "12か月"),
            ("二〇二五年", "2025年"),
            ("百二十円", "120円"),
            ("三回食はいつから", "3回食はいつから"),
        ] {
            assert_eq!(terms(&analyzer, kanji), terms(&analyzer, figures));
        }
        for (text, expected) in [
            ("一緒に", vec!["一緒"]),
            ("〇〇ちゃん", vec!["〇", "〇", "ちゃん"]),
            ("5千円", vec!["5", "千", "円"]),
            ("数十人", vec!["数", "十", "人"]),
            ("二 三歳", vec!["2", "3", "歳"]),
        ] {
            assert_eq!(terms(&analyzer, text), expected);
        }
    }

    #[test]
    fn every_word_that_asks_is_one_word_and_known_as_such() {
        let analyzer = analyzer();
        let asks = |word: &str| {
            let analysis = analyzer.analyze(word).unwrap();
            let terms: Vec<&Word<'_>> =
                analysis.words.iter().filter(|w| w.term.is_some()).collect();
            matches!(terms[..], [word] if word.asks)
        };
        let wrong: Vec<&str> = asking::words().filter(|word| !asks(word)).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert!(!asks("離乳食"));
    }

    #[test]
    fn a_query_is_spelled_as_it_is_usually_written() {
        let analyzer = analyzer();
        let written = |typed: &str| {
            let analysis = analyzer.analyze(typed).unwrap();
            analysis.usually_written()
        };
        assert_eq!(written("たまごをつくったひと").as_deref(), Some("卵を作った人"));
        assert_eq!(written("けっこんしたのは").as_deref(), Some("結婚したのは"));
        assert_eq!(written("りにゅうしょくのすすめかた").as_deref(), Some("離乳食の進め方"));
        assert_eq!(written("離乳食を始める"), None);
    }

    #[test]
    fn a_text_that_is_analysed_again_has_the_same_words() {
        let analyzer = analyzer();
        for text in [
            "",
            " 離乳食は　ゴゴゴと６か月、十二か月から。\n\n卵(たまご) BCGと👶",
            "よなきがひどい",
        ] {
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
