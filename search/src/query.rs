//! What a person asks for, and what it is looked up by.
//!
//! Everything is joined by OR: one word of a question that no post holds must not hide the post that
//! answers it. The best by BM25 are looked at again by `ranking`; what keeps chance matches out is its gate.

use tantivy::query::{Query as TantivyQuery, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

use crate::Error;
use crate::analyzer::{Analysis, Analyzer, Spelled, Word, fold_sound, is_hiragana, to_hiragana};
use crate::candidates::Clause;
use crate::facets::Filters;
use crate::schema::Fields;
use crate::sound::known_readings;
use crate::synonyms::Synonyms;
use crate::unfinished::{readings_begun_with, unfinished};

/// What each field adds to a candidate's BM25.
struct Weights {
    word: f32,
    title_word: f32,
    bigram: f32,
    reading: f32,
    trigram: f32,
}

/// Of a question as it is written, and of one typed as it sounds. Fitted with `ranking`'s.
const BY_SPELLING: Weights =
    Weights { word: 1.0, title_word: 0.1, bigram: 0.2, reading: 0.5, trigram: 0.0 };
const BY_SOUND: Weights =
    Weights { word: 0.3, title_word: 0.6, bigram: 0.1, reading: 1.0, trigram: 0.4 };

/// What a word in kana may be meant for, next to a word.
const MEANT: f32 = 0.5;
/// A reading that a word which is still being typed may become.
const BEGUN: f32 = 0.8;
/// Another word for the same, in all; of several terms each has its part of it.
const SYNONYM: f32 = 0.6;
/// Kana of a word that is looked for among others that may be endings and particles.
const SHORTEST_IN_KANA: usize = 4;
/// Ways to say the query with synonyms that a post is read for.
const MOST_OTHERWISE: usize = 6;
/// What is typed beyond this many characters is not looked at, before they are normalised and after.
pub(crate) const LONGEST_TEXT: usize = 200;
/// Terms that are looked up in one field. Only synonyms lead to so many.
pub(crate) const MOST_TERMS: usize = 400;

/// A search. Blank `text` finds everything the filters let through, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub text: String,
    pub filters: Filters,
    /// Who asks, as far as it is known: lifts what is near, hides nothing.
    pub near: Near,
    /// At most this many hits, 0 to 100.
    pub limit: usize,
    /// Hits to pass over, at most 10,000.
    pub after: usize,
    /// Whether to count all matches and the choices among them. Without, `total` is that of the hits and there are no facets.
    pub counting: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Near {
    pub region: Option<String>,
    /// Of the youngest child.
    pub age_months: Option<u16>,
    /// Now; 0 for not known.
    pub now_ms: i64,
}

impl Default for Query {
    fn default() -> Query {
        Query {
            text: String::new(),
            filters: Filters::default(),
            near: Near::default(),
            limit: 20,
            after: 0,
            counting: true,
        }
    }
}

/// Terms of one field with their weights, the first [`MOST_TERMS`]; each term once, with its greatest.
#[derive(Debug, Default)]
pub(crate) struct Weighted {
    terms: Vec<(String, f32)>,
    /// Where one word of the query follows another: the terms that stand for them, by their numbers, each way to say it.
    pub neighbours: Vec<Vec<(usize, usize)>>,
}

impl Weighted {
    pub fn add(&mut self, terms: impl IntoIterator<Item = impl Into<String>>, weight: f32) {
        self.add_each(terms.into_iter().map(|term| (term, 1.0)), weight);
    }

    /// Terms, each with its part of `weight`.
    pub fn add_each(
        &mut self,
        terms: impl IntoIterator<Item = (impl Into<String>, f32)>,
        weight: f32,
    ) {
        for (term, part) in terms {
            let (term, weight) = (term.into(), weight * part);
            let is_room = self.terms.len() < MOST_TERMS;
            match self.terms.iter_mut().find(|(known, _)| *known == term) {
                Some((_, known)) => *known = known.max(weight),
                None if is_room => self.terms.push((term, weight)),
                None => {}
            }
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, f32)> {
        self.terms.iter().map(|(term, weight)| (term.as_str(), *weight))
    }

    pub fn terms(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(term, _)| term)
    }

    pub fn len(&self) -> usize {
        self.terms.len()
    }

    pub fn has_neighbours(&self, number: usize) -> bool {
        self.neighbours.iter().flatten().any(|(first, second)| [*first, *second].contains(&number))
    }

    /// `words` in their order, each with the terms that stand for it.
    fn follow_one_another(&mut self, words: &[Vec<&str>]) {
        let number = |term: &&str| self.terms.iter().position(|(known, _)| known == term);
        let numbered: Vec<Vec<usize>> =
            words.iter().map(|word| word.iter().filter_map(number).collect()).collect();
        for pair in numbered.windows(2) {
            let mut ways: Vec<(usize, usize)> = (pair[0].iter())
                .flat_map(|first| pair[1].iter().map(|second| (*first, *second)))
                .collect();
            ways.sort_unstable();
            ways.dedup();
            if !ways.is_empty() && !self.neighbours.contains(&ways) {
                self.neighbours.push(ways);
            }
        }
    }
}

/// Of each word what it is looked up by, and how much it says.
fn said<'a>(
    analysis: &'a Analysis<'_>,
    by: impl Fn(&'a Word<'_>) -> Option<&'a str>,
) -> impl Iterator<Item = (&'a str, f32)> {
    analysis.words.iter().filter_map(move |word| Some((by(word)?, word.says())))
}

fn said_readings<'a>(analysis: &'a Analysis<'_>) -> impl Iterator<Item = (&'a str, f32)> {
    said(analysis, |word| word.base_reading.as_deref().filter(|_| word.term.is_some()))
}

/// What the text of a query is looked up by; also what a highlight marks.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    pub words: Weighted,
    pub bigrams: Weighted,
    pub readings: Weighted,
    pub trigrams: Weighted,
    /// Typed as it sounds, so that sound may decide.
    pub by_sound: bool,
    /// How it is spelled.
    pub spelling: Spelled,
    /// The same as it is usually written, of what may be meant by words in kana the likeliest.
    pub written: Vec<Spelled>,
    /// The same with synonyms.
    pub otherwise: Vec<Spelled>,
    /// How the whole sounds.
    pub sound: Spelled,
}

impl Terms {
    /// `None` for blank text.
    pub fn of(
        text: &str,
        analyzer: &Analyzer,
        searcher: &Searcher,
        fields: &Fields,
        synonyms: &Synonyms,
    ) -> Result<Option<Terms>, Error> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        let text: String = text.chars().take(LONGEST_TEXT).collect();
        let mut typed = analyzer.analyze(&text)?;
        // One character can stand for eighteen.
        if let Some((end, _)) = typed.normalized.text.char_indices().nth(LONGEST_TEXT) {
            typed = analyzer.analyze(&typed.normalized.text[..end])?;
        }
        let unfinished = unfinished(&typed.normalized.text);
        let so_far = unfinished.as_ref().map(|(kana, _)| kana.clone());
        let kana = match to_hiragana(&typed.normalized.text).or(so_far) {
            Some(kana) => Some(analyzer.analyze(&kana)?),
            None => None,
        };
        let mut terms = Terms { spelling: typed.spelled(), ..Terms::default() };
        let sounding = kana.as_ref().unwrap_or(&typed);
        terms.sound = sounding.sounds();
        for analysis in std::iter::once(&typed).chain(&kana) {
            terms.words.add_each(said(analysis, |word| word.term.as_deref()), 1.0);
            terms.words.add_each(said(analysis, |word| word.meant.as_deref()), MEANT);
            terms.bigrams.add_each(analysis.spelled().grams(2), 1.0);
            if let Some(usual) = analysis.usually_written() {
                let usual: String = usual.chars().take(LONGEST_TEXT).collect();
                let usual = analyzer.analyze(&usual)?;
                terms.words.add_each(said(&usual, |word| word.term.as_deref()), MEANT);
                terms.written.push(usual.spelled());
            }
            if analysis.is_nearly_all_kana() {
                terms.add_sound(analysis, searcher, fields)?;
            } else {
                terms.readings.add_each(said_readings(analysis), 1.0);
                terms.add_words_in_kana(analysis, searcher, fields)?;
            }
        }
        for analysis in std::iter::once(&typed).chain(&kana) {
            let written: Vec<&str> = analysis.terms().collect();
            let meant: Vec<&str> = analysis.likeliest_terms().collect();
            // What each word is looked up by.
            let mut ways: Vec<Vec<&str>> = written.iter().map(|term| vec![*term]).collect();
            for (way, meant) in ways.iter_mut().zip(&meant) {
                way.push(meant);
            }
            for words in [&written, &meant] {
                for (place, other) in synonyms.of(words) {
                    terms.words.add(other.iter().cloned(), SYNONYM / other.len() as f32);
                    if let ([term], 1, Some(way)) =
                        (other.as_slice(), place.len(), ways.get_mut(place.start))
                    {
                        way.push(term);
                    }
                    let otherwise = analysis.said_otherwise(&place, &other.concat());
                    let is_new = |said: &Spelled| !terms.otherwise.contains(said);
                    if terms.otherwise.len() < MOST_OTHERWISE {
                        terms.otherwise.extend(otherwise.filter(is_new));
                    }
                }
            }
            terms.words.follow_one_another(&ways);
            let readings: Vec<Vec<&str>> =
                analysis.readings().map(|reading| vec![reading]).collect();
            terms.readings.follow_one_another(&readings);
        }
        if let Some((kana, begun)) = &unfinished {
            let readings = readings_begun_with(kana, begun, searcher, fields.rd)?;
            terms.readings.add(readings, BEGUN);
        }
        Ok(Some(terms))
    }

    /// Katakana words typed in hiragana, of which the segmenter makes shards: what posts hold that sounds like it.
    fn add_words_in_kana(
        &mut self,
        analysis: &Analysis<'_>,
        searcher: &Searcher,
        fields: &Fields,
    ) -> Result<(), Error> {
        for kana in analysis.normalized.text.split(|c| !is_hiragana(c)) {
            if kana.chars().count() < SHORTEST_IN_KANA {
                continue;
            }
            let is_long = |word: &String| word.chars().count() >= SHORTEST_IN_KANA;
            let sounding = known_readings(kana, fold_sound, searcher, fields.rd)?;
            self.readings.add(sounding.into_iter().filter(is_long), 1.0);
            let spelled = known_readings(kana, str::to_owned, searcher, fields.tok)?;
            self.words.add(spelled.into_iter().filter(is_long), 1.0);
        }
        Ok(())
    }

    fn add_sound(
        &mut self,
        analysis: &Analysis<'_>,
        searcher: &Searcher,
        fields: &Fields,
    ) -> Result<(), Error> {
        self.by_sound = true;
        self.trigrams.add_each(analysis.sounds().grams(3), 1.0);
        self.readings.add_each(said_readings(analysis), 1.0);
        for run in analysis.runs() {
            let known = known_readings(&run, fold_sound, searcher, fields.rd)?;
            self.readings.add(known.iter().map(String::as_str), 1.0);
            let known: Vec<Vec<&str>> =
                known.iter().map(|reading| vec![reading.as_str()]).collect();
            self.readings.follow_one_another(&known);
        }
        Ok(())
    }

    /// Every term of every field by itself, with what it adds.
    pub fn clauses(&self, fields: &Fields) -> Vec<Clause<'_>> {
        let weights = if self.by_sound { BY_SOUND } else { BY_SPELLING };
        let mut all = vec![];
        for (field, terms, share) in [
            (fields.tok, &self.words, weights.word),
            (fields.title_tok, &self.words, weights.title_word),
            (fields.bi, &self.bigrams, weights.bigram),
            (fields.rd, &self.readings, weights.reading),
            (fields.r3, &self.trigrams, weights.trigram),
        ] {
            all.extend(terms.iter().map(|(text, weight)| Clause {
                field,
                text,
                weight: weight * share,
            }));
        }
        all
    }
}

pub(crate) fn term(field: Field, text: &str) -> Box<dyn TantivyQuery> {
    Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::WithFreqs))
}
