//! From a query to the documents that answer it, best first.

use std::collections::HashSet;

use tantivy::query::{EnableScoring, FuzzyTermQuery, Query as TantivyQuery};
use tantivy::{DocAddress, DocSet as _, Score, Searcher, SegmentReader, TERMINATED, Term};

use crate::asked::Asked;
use crate::bits::Bits;
use crate::choices::Kept;
use crate::facets::{Chosen, Facets};
use crate::held::{Held, held, rarity};
use crate::letters::Letters;
use crate::query::{Query, Terms};
use crate::ranking::{self, Pattern, READ_AGAIN, Signals};
use crate::schema::Fields;
use crate::standings::Standings;
use crate::{Error, candidates, gate};

pub(crate) struct Search<'a> {
    pub searcher: &'a Searcher,
    pub fields: &'a Fields,
    pub kept: &'a Kept,
    pub query: &'a Query,
}

pub(crate) type Ranked = Vec<(Score, DocAddress)>;

#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub total: u64,
    pub newest: Vec<DocAddress>,
    pub facets: Facets,
}

impl Search<'_> {
    /// Everything the filters let through, newest first.
    pub fn newest(&self, keep: usize) -> Result<Counted, Error> {
        self.count(None, keep)
    }

    /// How many match, and how many of each choice.
    pub fn matches(&self, terms: &Terms) -> Result<Counted, Error> {
        self.count(Some(terms), 0)
    }

    fn count(&self, terms: Option<&Terms>, keep: usize) -> Result<Counted, Error> {
        let mut counted = Counted::default();
        let mut newest: Vec<(i64, DocAddress)> = vec![];
        for (ord, segment) in (0..).zip(self.searcher.segment_readers()) {
            let known = self.kept.of(segment)?;
            let mut matches = known.all();
            if let Some(terms) = terms {
                matches.keep(&self.gate(terms, segment)?);
            }
            if let Some(tagged) = self.tagged(segment)? {
                matches.keep(&tagged);
            }
            let chosen = Chosen::new(&self.query.filters, &known.choices);
            let mut passing = matches.clone();
            chosen.narrow(&mut passing);
            counted.total += passing.count();
            counted.facets.add(&known.choices, &chosen, &matches, &passing);
            if keep > 0 {
                for doc in passing.iter() {
                    let at = known.standings.published_at(doc);
                    newest.push((at, DocAddress::new(ord, doc)));
                    if newest.len() > 2 * keep + 64 {
                        keep_newest(&mut newest, keep);
                    }
                }
            }
        }
        keep_newest(&mut newest, keep);
        counted.newest = newest.into_iter().map(|(_, address)| address).collect();
        Ok(counted)
    }

    /// What the filters let through; `None` if none is set.
    fn allowed(&self, segment: &SegmentReader) -> Result<Option<Bits>, Error> {
        if self.query.filters.is_empty() {
            return Ok(None);
        }
        let known = self.kept.of(segment)?;
        let mut allowed = known.all();
        Chosen::new(&self.query.filters, &known.choices).narrow(&mut allowed);
        if let Some(tagged) = self.tagged(segment)? {
            allowed.keep(&tagged);
        }
        Ok(Some(allowed))
    }

    /// Of the filter that is no facet.
    fn tagged(&self, segment: &SegmentReader) -> Result<Option<Bits>, Error> {
        let Some(tag) = &self.query.filters.tag else { return Ok(None) };
        let mut tagged = Bits::none(segment.max_doc());
        gate::add_any(&mut tagged, segment, self.fields.tag, std::iter::once(tag.as_str()))?;
        Ok(Some(tagged))
    }

    /// A post must hold a word of the query, or half of its bigrams, or, when typed as it sounds, half of
    /// its reading; a chance bigram alone is no match.
    fn gate(&self, terms: &Terms, segment: &SegmentReader) -> Result<Bits, Error> {
        let fields = self.fields;
        let mut matches = Bits::none(segment.max_doc());
        gate::add_any(&mut matches, segment, fields.tok, terms.words.terms())?;
        gate::add_half(&mut matches, segment, fields.bi, &terms.bigrams)?;
        if terms.by_sound {
            gate::add_any(&mut matches, segment, fields.rd, terms.readings.terms())?;
            gate::add_half(&mut matches, segment, fields.r3, &terms.trigrams)?;
        }
        if let Some(letter) = self.only_letter(terms) {
            let weight = letter.weight(EnableScoring::disabled_from_searcher(self.searcher))?;
            weight.for_each_no_score(segment, &mut |docs| {
                docs.iter().for_each(|doc| matches.insert(*doc));
            })?;
        }
        Ok(matches)
    }

    /// One letter is in no bigram by itself.
    fn only_letter(&self, terms: &Terms) -> Option<Box<dyn TantivyQuery>> {
        let mut bigrams = terms.bigrams.terms();
        let only = bigrams.next()?;
        if bigrams.next().is_some() || only.chars().count() > 1 {
            return None;
        }
        let start = Term::from_field_text(self.fields.bi, only);
        Some(Box::new(FuzzyTermQuery::new_prefix(start, 0, false)))
    }

    pub fn best(&self, terms: &Terms, keep: usize) -> Result<Ranked, Error> {
        let found = self.candidates(terms, keep.max(READ_AGAIN))?;
        self.read_again(terms, found)
    }

    fn read_again(&self, terms: &Terms, mut found: Ranked) -> Result<Ranked, Error> {
        let signals = self.signals(terms, &found)?;
        let rest = found.split_off(signals.len());
        let is_one_letter = self.only_letter(terms).is_some();
        let mut signals = signals.into_iter();
        found.retain_mut(|(score, _)| {
            let Some(signals) = signals.next() else { return false };
            *score = ranking::of_text(&signals, terms.by_sound);
            is_one_letter || ranking::is_match(&signals, terms.by_sound)
        });
        let mut ordered = Vec::with_capacity(found.len());
        let standings = Standings::of(self.searcher, self.kept)?;
        for (score, address) in found {
            let standing = &standings[address.segment_ord as usize];
            let (lift, published_at) = standing.lift(address.doc_id, &self.query.near)?;
            ordered.push((score + lift, published_at, address));
        }
        ordered.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
        let read = ordered.into_iter().map(|(score, _, address)| (score, address));
        Ok(read.chain(rest.into_iter().map(|(_, address)| (0.0, address))).collect())
    }

    /// What [`ranking`] weighs of each of the first candidates.
    pub fn signals(&self, terms: &Terms, found: &Ranked) -> Result<Vec<Signals>, Error> {
        let top = found.first().map_or(1.0, |(score, _)| *score).max(f32::EPSILON);
        let of_pair =
            |pair: &str| rarity(self.searcher, &Term::from_field_text(self.fields.bi, pair));
        let pattern = |spelled| Pattern::new(spelled, |pair| of_pair(pair).unwrap_or_default());
        let spelling = pattern(&terms.spelling);
        let written: Vec<Pattern> = terms.written.iter().map(pattern).collect();
        let otherwise: Vec<Pattern> = terms.otherwise.iter().map(pattern).collect();
        let sound = Pattern::new(&terms.sound, |_| 1.0);
        let asked = Asked::of(terms.spelling.text());
        let read: Vec<DocAddress> = found.iter().take(READ_AGAIN).map(|found| found.1).collect();
        let words = held(self.searcher, self.fields.tok, &terms.words, &read)?;
        let readings = held(self.searcher, self.fields.rd, &terms.readings, &read)?;
        // Of a question as it is written they say nothing more.
        let by_sound = |field, terms| match terms {
            Some(terms) => held(self.searcher, field, terms, &read),
            None => Ok(vec![Held::default(); read.len()]),
        };
        let bigrams = by_sound(self.fields.bi, terms.by_sound.then_some(&terms.bigrams))?;
        let trigrams = by_sound(self.fields.r3, terms.by_sound.then_some(&terms.trigrams))?;
        let mut all = vec![];
        for (at, (score, address)) in found.iter().take(READ_AGAIN).enumerate() {
            let letters = Letters::of(self.searcher, self.fields, *address)?;
            let (title, whole) = (letters.title(), &letters.whole);
            let mut spelled = spelling.likeness(whole.iter().copied());
            let mut titled = spelling.likeness(title.iter().copied());
            for pattern in &written {
                spelled.or(pattern.likeness(whole.iter().copied()));
                titled.or(pattern.likeness(title.iter().copied()));
            }
            for pattern in &otherwise {
                spelled.or_otherwise(pattern.likeness(whole.iter().copied()));
                titled.or_otherwise(pattern.likeness(title.iter().copied()));
            }
            let sounding = sound.likeness(letters.sound.iter().copied());
            let of_title = titled.letters / title.len().max(1) as f32;
            let window = &whole[spelled.at.saturating_sub(60)..whole.len().min(spelled.at + 20)];
            all.push([
                score / top,
                spelled.coverage,
                spelled.window,
                spelled.stretch,
                sounding.coverage,
                sounding.window,
                sounding.stretch,
                titled.coverage,
                if title.len() >= 2 { of_title.min(1.0) } else { 0.0 },
                (spelled.length.max(20) as f32).ln() / 10.0,
                f32::from(u8::from(asked.is_in(window))),
                words[at].share,
                readings[at].share,
                words[at].joined,
                words[at].near,
                readings[at].joined,
                readings[at].near,
                bigrams[at].bm25,
                trigrams[at].bm25,
                trigrams[at].share,
            ]);
        }
        Ok(all)
    }

    pub fn candidates(&self, terms: &Terms, keep: usize) -> Result<Ranked, Error> {
        let clauses = terms.clauses(self.fields);
        let allowed = |segment: &SegmentReader| self.allowed(segment);
        let mut found = candidates::best(self.searcher, &clauses, allowed, keep.max(1))?;
        if let Some(letter) = self.only_letter(terms) {
            self.add_beginning_with(&*letter, &mut found, keep)?;
        }
        Ok(found)
    }

    /// Up to `keep` of those that hold the letter at the beginning of a pair, behind the others.
    fn add_beginning_with(
        &self,
        letter: &dyn TantivyQuery,
        found: &mut Ranked,
        keep: usize,
    ) -> Result<(), Error> {
        let weight = letter.weight(EnableScoring::disabled_from_searcher(self.searcher))?;
        let known: HashSet<DocAddress> = found.iter().map(|(_, address)| *address).collect();
        for (ord, segment) in (0..).zip(self.searcher.segment_readers()) {
            let allowed = self.allowed(segment)?;
            let mut with = weight.scorer(segment, 1.0)?;
            while with.doc() != TERMINATED && found.len() < keep {
                let doc = with.doc();
                let address = DocAddress::new(ord, doc);
                let is_new = !known.contains(&address);
                let is_allowed = allowed.as_ref().is_none_or(|allowed| allowed.contains(doc));
                if is_new && is_allowed && !segment.is_deleted(doc) {
                    found.push((1.0, address));
                }
                with.advance();
            }
        }
        Ok(())
    }
}

fn keep_newest(newest: &mut Vec<(i64, DocAddress)>, keep: usize) {
    newest.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    newest.truncate(keep);
}
