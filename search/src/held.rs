//! How a candidate holds the words of a query, by its postings: how much of them, how often, and whether those that follow one another
//! in the query do so in it.
//!
//! Not here: what each is worth (`ranking`); letters and where they stand in a text (`ranking::Pattern`).

use tantivy::postings::{Postings as _, SegmentPostings};
use tantivy::query::{Bm25StatisticsProvider as _, Bm25Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, DocSet as _, Searcher, Term};

use crate::Error;
use crate::query::Weighted;

/// Content words from a word to the one that follows it in the query: one may stand between.
const JOINED: u32 = 2;
/// The same to either side for a word that is near.
const NEAR: u32 = 4;
/// Places of a word in a text that are looked at.
const MOST_PLACES: usize = 64;

/// Of the terms of one field in one document; each from 0 to 1, save what repeats itself.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Held {
    /// By their rarity.
    pub share: f32,
    /// BM25, as a part of what all of them once in a text of usual length would have.
    pub bm25: f32,
    /// Of the pairs of words that follow each other in the query, those that do so in the document.
    pub joined: f32,
    /// Those that stand near each other in any order.
    pub near: f32,
}

/// As BM25 weighs a term.
pub(crate) fn rarity(searcher: &Searcher, term: &Term) -> Result<f32, Error> {
    Ok(rarity_of(searcher.doc_freq(term)?, searcher))
}

fn rarity_of(posts: u64, searcher: &Searcher) -> f32 {
    let (all, posts) = (searcher.num_docs() as f32, posts as f32);
    (1.0 + (all - posts + 0.5).max(0.5) / (posts + 0.5)).ln()
}

/// Of each of the documents, in their order.
pub(crate) fn held(
    searcher: &Searcher,
    field: Field,
    terms: &Weighted,
    documents: &[DocAddress],
) -> Result<Vec<Held>, Error> {
    let mut order: Vec<usize> = (0..documents.len()).collect();
    order.sort_by_key(|&at| documents[at]);
    let mut all = vec![Held::default(); documents.len()];
    // Of each document the terms it holds, with their places.
    let mut places: Vec<Vec<(usize, Vec<u32>)>> = vec![vec![]; documents.len()];
    let length = searcher.total_num_tokens(field)? as f32 / searcher.num_docs().max(1) as f32;
    let mut segments = vec![];
    for segment in searcher.segment_readers() {
        segments.push((segment.inverted_index(field)?, segment.get_fieldnorms_reader(field)?));
    }
    let mut whole = 0.0;
    let mut weights = Vec::with_capacity(terms.len());
    for (number, (text, weight)) in terms.iter().enumerate() {
        let term = Term::from_field_text(field, text);
        let posts = searcher.doc_freq(&term)?;
        let own = weight * rarity_of(posts, searcher);
        whole += own;
        weights.push(own);
        let has_neighbours = terms.has_neighbours(number);
        let read = match has_neighbours {
            true => IndexRecordOption::WithFreqsAndPositions,
            false => IndexRecordOption::WithFreqs,
        };
        let bm25 =
            Bm25Weight::for_one_term_without_explain(posts, searcher.num_docs().max(posts), length)
                .boost_by(weight);
        // Of the segment that the last document is in; the inner `None`: it does not hold the term.
        let mut reading: Option<(u32, Option<SegmentPostings>)> = None;
        for &at in &order {
            let DocAddress { segment_ord, doc_id } = documents[at];
            let (index, norms) = &segments[segment_ord as usize];
            if reading.as_ref().is_none_or(|(segment, _)| *segment != segment_ord) {
                reading = Some((segment_ord, index.read_postings(&term, read)?));
            }
            let Some((_, Some(postings))) = &mut reading else { continue };
            if postings.doc() < doc_id {
                postings.seek(doc_id);
            }
            if postings.doc() != doc_id {
                continue;
            }
            all[at].share += own;
            all[at].bm25 += bm25.score(norms.fieldnorm_id(doc_id), postings.term_freq());
            if has_neighbours {
                let mut stands = vec![];
                postings.positions(&mut stands);
                stands.truncate(MOST_PLACES);
                places[at].push((number, stands));
            }
        }
    }
    let whole = f32::max(whole, f32::EPSILON);
    for (held, places) in all.iter_mut().zip(&places) {
        held.share /= whole;
        held.bm25 /= whole;
        (held.joined, held.near) = together(&terms.neighbours, &weights, places);
    }
    Ok(all)
}

/// Of the neighbours in the query those that are joined and those that are near, by weight.
fn together(
    neighbours: &[Vec<(usize, usize)>],
    weights: &[f32],
    places: &[(usize, Vec<u32>)],
) -> (f32, f32) {
    let of = |term: usize| {
        let at = places.binary_search_by_key(&term, |(number, _)| *number).ok()?;
        places.get(at).map(|(_, places)| places.as_slice())
    };
    let (mut joined, mut near, mut whole) = (0.0, 0.0, 0.0);
    for alternatives in neighbours {
        let (mut most, mut most_joined, mut most_near) = (0.0_f32, 0.0_f32, 0.0_f32);
        for &(first, second) in alternatives {
            let own = weights[first] + weights[second];
            most = most.max(own);
            let (Some(from), Some(to)) = (of(first), of(second)) else { continue };
            if from.iter().any(|from| is_any_within(to, from + 1, from + JOINED)) {
                most_joined = most_joined.max(own);
            }
            if from.iter().any(|from| is_any_within(to, from.saturating_sub(NEAR), from + NEAR)) {
                most_near = most_near.max(own);
            }
        }
        whole += most;
        joined += most_joined;
        near += most_near;
    }
    let whole = f32::max(whole, f32::EPSILON);
    (joined / whole, near / whole)
}

/// `places` ascend; both ends count.
fn is_any_within(places: &[u32], first: u32, last: u32) -> bool {
    let at = places.partition_point(|place| *place < first);
    places.get(at).is_some_and(|place| *place <= last)
}
