//! The best documents by BM25 over many terms, each with a weight.
//!
//! tantivy's own way to the best of a union (block-max WAND) sorts its lists anew at every step, which a question of a hundred
//! terms pays for. Here a segment is gone through in windows: the lists of the terms that can lift a document among the best are
//! added up, and only where that, with all that the others could still add, may be enough, are the others asked (MaxScore).
//! As the best so far get better, more of the frequent terms become such others, and are mostly passed over.

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::BlockSegmentPostings;
use tantivy::query::{Bm25StatisticsProvider as _, Bm25Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, DocId, Score, Searcher, SegmentReader, Term};

use crate::Error;
use crate::bits::Bits;

/// Documents of a window.
const WINDOW: usize = 8192;
/// What a term adds is at most 1 of its weight, for a word without end; three in four is what one gets that stands four times in
/// a text of usual length. Whoever repeats a frequent word more often may be taken for less than that.
const MOST: f32 = 0.75;
/// Documents of a block of postings, save the last, as tantivy writes them.
pub(crate) const BLOCK: usize = 128;
/// Documents that are looked at together.
const STEP: usize = 16;

pub(crate) struct Clause<'a> {
    pub field: Field,
    pub text: &'a str,
    pub weight: f32,
}

/// A term's documents in one segment.
struct List {
    postings: BlockSegmentPostings,
    /// In the block.
    at: usize,
    norms: FieldNormReader,
    weight: Bm25Weight,
    /// What it can add.
    most: Score,
}

impl List {
    /// Adds to the sums of the documents from `start` on, one for each.
    fn add_to(&mut self, sums: &mut [Score], start: DocId) {
        loop {
            let (docs, freqs) = (self.postings.docs(), self.postings.freqs());
            for (&doc, &freq) in docs.iter().zip(freqs).skip(self.at) {
                let Some(sum) = sums.get_mut((doc - start) as usize) else { return };
                *sum += self.weight.score(self.norms.fieldnorm_id(doc), freq);
                self.at += 1;
            }
            // Only the last block has room left.
            if docs.len() < BLOCK {
                return;
            }
            self.postings.advance();
            self.at = 0;
        }
    }

    /// What it adds to one document, none before the last that was asked for.
    fn adds_to(&mut self, doc: DocId) -> Score {
        let at = self.postings.seek(doc);
        match self.postings.doc(at) == doc {
            true => self.weight.score(self.norms.fieldnorm_id(doc), self.postings.freq(at)),
            false => 0.0,
        }
    }
}

/// The best so far; of equals those that came first.
struct Best {
    keep: usize,
    found: Vec<(Score, DocAddress)>,
    /// What a document must have more than.
    least: Score,
}

impl Best {
    fn add(&mut self, score: Score, address: DocAddress) {
        self.found.push((score, address));
        if self.found.len() >= 2 * self.keep {
            self.narrow();
        }
    }

    fn narrow(&mut self) {
        self.found.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        self.found.truncate(self.keep);
        if self.found.len() == self.keep {
            self.least = self.found.last().map_or(0.0, |last| last.0);
        }
    }
}

/// The best `keep` of those that are allowed, if only some are: by segment.
pub(crate) fn best(
    searcher: &Searcher,
    clauses: &[Clause<'_>],
    allowed: impl Fn(&SegmentReader) -> Result<Option<Bits>, Error>,
    keep: usize,
) -> Result<Vec<(Score, DocAddress)>, Error> {
    let mut best = Best { keep, found: vec![], least: 0.0 };
    let mut segments: Vec<(u32, &SegmentReader)> = (0..).zip(searcher.segment_readers()).collect();
    let mut lists = lists(searcher, clauses)?;
    // The largest holds most of the best, so that the others are mostly passed over.
    segments.sort_by_key(|(_, segment)| std::cmp::Reverse(segment.max_doc()));
    for (ord, segment) in segments {
        let mut of_segment = std::mem::take(&mut lists[ord as usize]);
        of_segment.sort_by(|a, b| a.most.total_cmp(&b.most));
        let allowed = allowed(segment)?;
        best_of_segment((ord, segment), &mut of_segment, allowed.as_ref(), &mut best);
    }
    best.narrow();
    Ok(best.found)
}

/// By segment, in their order.
fn lists(searcher: &Searcher, clauses: &[Clause<'_>]) -> Result<Vec<Vec<List>>, Error> {
    let documents = searcher.total_num_docs()?;
    let mut lists: Vec<Vec<List>> = searcher.segment_readers().iter().map(|_| vec![]).collect();
    let mut last: Option<(Field, f32)> = None;
    for clause in clauses {
        let length = match last {
            Some((field, length)) if field == clause.field => length,
            _ => searcher.total_num_tokens(clause.field)? as f32 / documents.max(1) as f32,
        };
        last = Some((clause.field, length));
        let term = Term::from_field_text(clause.field, clause.text);
        let (mut infos, mut posts) = (vec![], 0);
        for segment in searcher.segment_readers() {
            let index = segment.inverted_index(clause.field)?;
            let info = index.get_term_info(&term)?;
            posts += info.as_ref().map_or(0, |info| u64::from(info.doc_freq));
            infos.push((index, info));
        }
        if posts == 0 || clause.weight <= 0.0 {
            continue;
        }
        let weight = Bm25Weight::for_one_term_without_explain(posts, documents, length)
            .boost_by(clause.weight);
        for ((segment, (index, info)), of_segment) in
            searcher.segment_readers().iter().zip(infos).zip(&mut lists)
        {
            let Some(info) = info else { continue };
            of_segment.push(List {
                postings: index
                    .read_block_postings_from_terminfo(&info, IndexRecordOption::WithFreqs)?,
                at: 0,
                norms: segment.get_fieldnorms_reader(clause.field)?,
                most: weight.max_score() * MOST,
                weight: weight.clone(),
            });
        }
    }
    Ok(lists)
}

/// `lists`: those that can add least first.
fn best_of_segment(
    (ord, segment): (u32, &SegmentReader),
    lists: &mut [List],
    allowed: Option<&Bits>,
    best: &mut Best,
) {
    // What the first lists can add together.
    let mut together = vec![0.0];
    together.extend(lists.iter().scan(0.0, |sum, list| {
        *sum += list.most;
        Some(*sum)
    }));
    let mut passed = 0;
    let mut sums = vec![0.0; WINDOW];
    for start in (0..segment.max_doc()).step_by(WINDOW) {
        while passed < lists.len() && together[passed + 1] <= best.least {
            passed += 1;
        }
        let (others, deciding) = lists.split_at_mut(passed);
        if deciding.is_empty() {
            return;
        }
        for list in deciding {
            list.add_to(&mut sums, start);
        }
        for (step, sums) in (0..).zip(sums.chunks_mut(STEP)) {
            let limit = best.least - together[passed];
            if !sums.iter().fold(false, |any, sum| any | (*sum > limit)) {
                continue;
            }
            for (at, sum) in (start + step * STEP as DocId..).zip(&*sums) {
                if *sum <= 0.0
                    || *sum + together[passed] <= best.least
                    || segment.is_deleted(at)
                    || allowed.is_some_and(|allowed| !allowed.contains(at))
                {
                    continue;
                }
                let mut score = *sum;
                for (list, more) in others.iter_mut().zip(&together[1..]).rev() {
                    if score + more <= best.least {
                        break;
                    }
                    score += list.adds_to(at);
                }
                if score > best.least {
                    best.add(score, DocAddress::new(ord, at));
                }
            }
        }
        sums.fill(0.0);
    }
}
