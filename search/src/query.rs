//! What a person asks for, and the tantivy query made of it.
//!
//! Everything is joined by OR: one word of a question that no post holds must not hide the post that
//! answers it. What keeps chance matches out is [`Terms::gate`].

use std::collections::HashSet;
use std::hash::Hash;
use std::ops::Bound;

use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, FuzzyTermQuery, Occur, PhraseQuery,
    Query as TantivyQuery, RangeQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

use crate::Error;
use crate::analyzer::{Analysis, Analyzer, fold_sound, to_hiragana};
use crate::schema::Fields;
use crate::sound::known_readings;

/// Weights of the fields; measured on questions over Japanese encyclopedia paragraphs.
const WORD: f32 = 1.0;
const TITLE_WORD: f32 = 0.3;
const PAIR: f32 = 0.3;
/// Words between the two of a pair, or swapped.
const PAIR_SLOP: u32 = 2;
const BIGRAM: f32 = 0.5;
const READING: f32 = 0.3;
/// For questions in kana only.
const READING_BY_SOUND: f32 = 1.0;
const TRIGRAM_BY_SOUND: f32 = 0.5;

/// What is typed beyond this many characters is not looked at.
const LONGEST_TEXT: usize = 200;

/// A search. Blank `text` finds everything the filters let through, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub text: String,
    pub kind: Option<String>,
    pub region: Option<String>,
    /// Posts whose age range holds this age.
    pub age_months: Option<u16>,
    /// Posts with exactly this tag.
    pub tag: Option<String>,
    /// At most this many hits, 0 to 100.
    pub limit: usize,
    /// Hits to pass over, at most 10,000.
    pub after: usize,
}

impl Default for Query {
    fn default() -> Query {
        Query {
            text: String::new(),
            kind: None,
            region: None,
            age_months: None,
            tag: None,
            limit: 20,
            after: 0,
        }
    }
}

/// What the text of a query is looked up by; also what a highlight marks.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    pub words: Vec<String>,
    pub bigrams: Vec<String>,
    pub readings: Vec<String>,
    pub trigrams: Vec<String>,
    /// Two known readings in a row, when typed as it sounds.
    pub reading_pairs: Vec<[String; 2]>,
    /// Typed as it sounds, so that sound may decide.
    pub by_sound: bool,
    /// How the whole sounds, if `by_sound`; runs parted by spaces.
    pub sound: String,
}

impl Terms {
    /// `None` for blank text.
    pub fn of(
        text: &str,
        analyzer: &Analyzer,
        searcher: &Searcher,
        fields: &Fields,
    ) -> Result<Option<Terms>, Error> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        let text: String = text.chars().take(LONGEST_TEXT).collect();
        let typed = analyzer.analyze(&text)?;
        let romaji = match to_hiragana(&typed.normalized.text) {
            Some(kana) => Some(analyzer.analyze(&kana)?),
            None => None,
        };
        let mut terms = Terms::default();
        for analysis in std::iter::once(&typed).chain(&romaji) {
            terms.add_spelling(analysis);
            if analysis.is_nearly_all_kana() {
                terms.add_sound(analysis, searcher, fields)?;
            } else {
                add_new(&mut terms.readings, analysis.readings().map(str::to_owned));
            }
        }
        Ok(Some(terms))
    }

    fn add_spelling(&mut self, analysis: &Analysis) {
        add_new(&mut self.words, analysis.terms().map(str::to_owned));
        add_new(&mut self.bigrams, analysis.bigrams());
    }

    fn add_sound(
        &mut self,
        analysis: &Analysis,
        searcher: &Searcher,
        fields: &Fields,
    ) -> Result<(), Error> {
        self.by_sound = true;
        add_new(&mut self.trigrams, analysis.reading_trigrams());
        for run in analysis.runs() {
            let known = known_readings(&run, fold_sound, searcher, fields.rd)?;
            let pairs = known.windows(2).map(|pair| [pair[0].clone(), pair[1].clone()]);
            add_new(&mut self.reading_pairs, pairs);
            add_new(&mut self.readings, known);
        }
        self.sound.push_str(&analysis.sound());
        self.sound.push(' ');
        Ok(())
    }

    fn query(&self, fields: &Fields) -> Box<dyn TantivyQuery> {
        let mut any: Vec<Box<dyn TantivyQuery>> = vec![];
        let reading = if self.by_sound { READING_BY_SOUND } else { READING };
        for (field, terms, weight) in [
            (fields.tok, &self.words, WORD),
            (fields.title_tok, &self.words, TITLE_WORD),
            (fields.bi, &self.bigrams, BIGRAM),
            (fields.rd, &self.readings, reading),
            (fields.r3, &self.trigrams, TRIGRAM_BY_SOUND),
        ] {
            any.extend(terms.iter().map(|t| boosted(term(field, t), weight)));
        }
        any.extend(self.words.windows(2).map(|pair| near(fields.tok, pair, PAIR)));
        any.extend(self.reading_pairs.iter().map(|pair| near(fields.rd, pair, PAIR)));
        let mut clauses: Vec<_> = any.into_iter().map(|query| (Occur::Should, query)).collect();
        clauses.push((Occur::Must, boosted(self.gate(fields), 0.0)));
        Box::new(BooleanQuery::new(clauses))
    }

    /// A post must hold a word of the query, or half of its bigrams, or, when typed as it sounds, half of
    /// its reading; a chance bigram alone is no match.
    fn gate(&self, fields: &Fields) -> Box<dyn TantivyQuery> {
        let mut any: Vec<Box<dyn TantivyQuery>> = vec![];
        any.extend(self.words.iter().map(|t| term(fields.tok, t)));
        any.extend(half_of(fields.bi, &self.bigrams));
        if self.by_sound {
            any.extend(self.readings.iter().map(|t| term(fields.rd, t)));
            any.extend(half_of(fields.r3, &self.trigrams));
        }
        // One letter is in no bigram by itself.
        if let [only] = self.bigrams.as_slice()
            && only.chars().count() == 1
        {
            let start = Term::from_field_text(fields.bi, only);
            any.push(Box::new(FuzzyTermQuery::new_prefix(start, 0, false)));
        }
        Box::new(BooleanQuery::union(any))
    }
}

impl Query {
    /// Kind and region are left to the collector, which counts the others too.
    pub(crate) fn to_tantivy(
        &self,
        terms: Option<&Terms>,
        fields: &Fields,
    ) -> Box<dyn TantivyQuery> {
        let mut clauses: Vec<(Occur, Box<dyn TantivyQuery>)> = vec![];
        clauses.push((
            Occur::Must,
            match terms {
                Some(terms) => terms.query(fields),
                None => Box::new(AllQuery),
            },
        ));
        if let Some(tag) = &self.tag {
            clauses.push((Occur::Must, filter(term(fields.tag, tag))));
        }
        if let Some(age) = self.age_months {
            let months = |field| Term::from_field_u64(field, u64::from(age));
            let from = RangeQuery::new(Bound::Unbounded, Bound::Included(months(fields.age_from)));
            let to = RangeQuery::new(Bound::Included(months(fields.age_to)), Bound::Unbounded);
            clauses.push((Occur::Must, filter(Box::new(from))));
            clauses.push((Occur::Must, filter(Box::new(to))));
        }
        Box::new(BooleanQuery::new(clauses))
    }
}

fn term(field: Field, text: &str) -> Box<dyn TantivyQuery> {
    Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::WithFreqs))
}

fn boosted(query: Box<dyn TantivyQuery>, weight: f32) -> Box<dyn TantivyQuery> {
    Box::new(BoostQuery::new(query, weight))
}

fn near(field: Field, pair: &[String], weight: f32) -> Box<dyn TantivyQuery> {
    let terms = pair.iter().map(|term| Term::from_field_text(field, term)).enumerate();
    boosted(Box::new(PhraseQuery::new_with_offset_and_slop(terms.collect(), PAIR_SLOP)), weight)
}

fn filter(query: Box<dyn TantivyQuery>) -> Box<dyn TantivyQuery> {
    Box::new(ConstScoreQuery::new(query, 0.0))
}

fn half_of(field: Field, grams: &[String]) -> Option<Box<dyn TantivyQuery>> {
    let terms = grams.iter().map(|t| term(field, t)).collect();
    (!grams.is_empty()).then(|| {
        Box::new(BooleanQuery::union_with_minimum_required_clauses(terms, grams.len().div_ceil(2)))
            as Box<dyn TantivyQuery>
    })
}

fn add_new<T: Eq + Hash + Clone>(to: &mut Vec<T>, from: impl IntoIterator<Item = T>) {
    let mut seen: HashSet<T> = to.iter().cloned().collect();
    to.extend(from.into_iter().filter(|item| seen.insert(item.clone())));
}
