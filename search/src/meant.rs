//! もしかして: a query as it was probably meant.
//!
//! A word of it that no post holds, alone or with the words beside it (a slip of the finger leaves the segmenter with shards), is
//! compared with the readings that posts hold: the same sound in other kanji (離乳職), or one kana more, less, other or swapped. The
//! likeliest takes its place, if it stands in several posts. A query whose words are all known is left alone. Shards that are no
//! words at all (か ぽ ちゃ) are looked at only where they stand by themselves: within a sentence they are its endings.
//!
//! Not here: finding something in spite of a typo, which the search does anyway (`query`).

use std::ops::Range;

use tantivy::Term;
use tantivy::query::FuzzyTermQuery;

use crate::Error;
use crate::analyzer::{Analysis, is_kana, is_kanji, is_searchable};
use crate::suggest::Vocabulary;
use crate::suggest::entry::{Kind, whole_word};

/// Characters of a text that is looked at.
const LONGEST: usize = 60;
/// Words beside each other that may be one.
const WORDS: usize = 4;
/// Kana that are compared: of fewer, everything is nearly the same as something.
const FEWEST_KANA: usize = 4;
const MOST_KANA: usize = 12;
/// A word that is meant stands in at least so many posts.
const FEWEST_POSTS: u64 = 2;
/// Corrections in one query.
const MOST: usize = 2;

struct Correction {
    /// Bytes of the normalised text.
    range: Range<usize>,
    word: String,
    worth: f32,
}

/// Parted from everything by spaces or marks.
fn is_alone(text: &str, range: &Range<usize>) -> bool {
    let before = text.get(..range.start).and_then(|before| before.chars().next_back());
    let after = text.get(range.end..).and_then(|after| after.chars().next());
    !before.is_some_and(is_searchable) && !after.is_some_and(is_searchable)
}

impl Vocabulary<'_> {
    /// The text as it was probably meant; `None` if there is nothing to doubt.
    pub fn meant(&self, text: &str) -> Result<Option<String>, Error> {
        if text.chars().count() > LONGEST {
            return Ok(None);
        }
        let mut corrected: Option<String> = None;
        for _ in 0..MOST {
            let so_far = corrected.as_deref().unwrap_or(text);
            let analysis = self.analyzer.analyze(so_far)?;
            let Some(correction) = self.likeliest(&analysis)? else { break };
            let range = analysis.normalized.original_range(&correction.range);
            let (Some(before), Some(after)) = (so_far.get(..range.start), so_far.get(range.end..))
            else {
                break;
            };
            corrected = Some(format!("{before}{}{after}", correction.word));
        }
        Ok(corrected)
    }

    fn likeliest(&self, analysis: &Analysis<'_>) -> Result<Option<Correction>, Error> {
        let mut unknown = Vec::with_capacity(analysis.words.len());
        for word in &analysis.words {
            unknown.push(match &word.term {
                Some(term) => !self.is_known(term, word.base_reading.as_deref())?,
                None => false,
            });
        }
        let text = &analysis.normalized.text;
        let mut best: Option<Correction> = None;
        for from in 0..unknown.len() {
            for to in from + 1..=unknown.len().min(from + WORDS) {
                let (Some(doubted), Some(words)) =
                    (unknown.get(from..to), analysis.words.get(from..to))
                else {
                    continue;
                };
                let is_joined =
                    words.windows(2).all(|pair| pair[0].range.end == pair[1].range.start);
                let range = words[0].range.start..words[words.len() - 1].range.end;
                let are_shards =
                    is_alone(text, &range) && words.iter().all(|word| word.term.is_none());
                if !is_joined || !(doubted.contains(&true) || are_shards) {
                    continue;
                }
                let correction =
                    self.of_span(analysis, range, words.iter().map(|w| w.reading.as_deref()))?;
                if let Some(found) = correction
                    && best.as_ref().is_none_or(|best| best.worth < found.worth)
                {
                    best = Some(found);
                }
            }
        }
        Ok(best)
    }

    fn is_known(&self, term: &str, reading: Option<&str>) -> Result<bool, Error> {
        let posts = |field, text: &str| self.searcher.doc_freq(&Term::from_field_text(field, text));
        if posts(self.fields.tok, term)? > 0 {
            return Ok(true);
        }
        // Its reading tells only of a word in kana: 離乳職 sounds like a word that is there.
        match reading {
            Some(reading) if term.chars().all(is_kana) => Ok(posts(self.fields.rd, reading)? > 0),
            _ => Ok(false),
        }
    }

    fn of_span<'a>(
        &self,
        analysis: &Analysis<'_>,
        range: Range<usize>,
        readings: impl Iterator<Item = Option<&'a str>>,
    ) -> Result<Option<Correction>, Error> {
        let Some(spelled) = analysis.normalized.text.get(range.clone()) else { return Ok(None) };
        if !spelled.chars().all(is_searchable) {
            return Ok(None);
        }
        let Some(sound) = readings.collect::<Option<String>>() else { return Ok(None) };
        let kana = sound.chars().count();
        if kana > MOST_KANA {
            return Ok(None);
        }
        let letters = spelled.chars().count() as f32;
        if spelled.chars().any(is_kanji)
            && let Some((word, posts)) = self.word_that_sounds(&sound)?
        {
            let worth = letters * 4.0 + (posts as f32).ln();
            return Ok(Some(Correction { range, word, worth }));
        }
        if kana < FEWEST_KANA {
            return Ok(None);
        }
        let mut best: Option<Correction> = None;
        for (reading, _) in self.nearly(&sound)? {
            let Some((word, posts)) = self.word_that_sounds(&reading)? else { continue };
            let worth = letters * 2.0 + (posts as f32).ln();
            if best.as_ref().is_none_or(|best| best.worth < worth) {
                best = Some(Correction { range: range.clone(), word, worth });
            }
        }
        Ok(best)
    }

    /// Readings of words in posts, one slip away from this.
    fn nearly(&self, sound: &str) -> Result<Vec<(String, u64)>, Error> {
        let term = Term::from_field_text(self.fields.rd, sound);
        let fuzzy = FuzzyTermQuery::new(term, 1, true);
        let mut found: Vec<(String, u64)> = vec![];
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(self.fields.rd)?;
            let mut stream = index.terms().search(fuzzy.automaton()?).into_stream()?;
            while stream.advance() {
                let posts = u64::from(stream.value().doc_freq);
                let reading = String::from_utf8_lossy(stream.key()).into_owned();
                match found.iter_mut().find(|(known, _)| *known == reading) {
                    Some((_, known)) => *known += posts,
                    None => found.push((reading, posts)),
                }
            }
        }
        found.retain(|(reading, posts)| *posts >= FEWEST_POSTS && reading != sound);
        Ok(found)
    }

    /// As most posts write it.
    fn word_that_sounds(&self, reading: &str) -> Result<Option<(String, u64)>, Error> {
        let found = self.beginnings.of(self.searcher, self.fields.words, &whole_word(reading))?;
        let best = found.into_iter().filter(|found| found.entry().kind == Kind::Word);
        Ok(best
            .max_by(|a, b| a.posts.cmp(&b.posts).then_with(|| b.term.cmp(&a.term)))
            .filter(|best| best.posts >= FEWEST_POSTS)
            .map(|best| (best.entry().shown, best.posts)))
    }
}
