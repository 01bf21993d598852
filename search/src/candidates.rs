//! The best documents by BM25 over many terms, each with a weight.
//!
//! tantivy's own way to the best of a union (block-max WAND) sorts its lists anew at every step, which a question of a hundred
//! terms pays for. Here a segment is gone through in windows, and what each term adds is summed up by document. A question may hold any
//! number of frequent terms, so only as many lists are gone through as make up [`MOST_POSTINGS`], those first that say most for what they
//! take. By these sums a few times as many documents are chosen as are wanted, and only those are weighed by the other terms too.
//!
//! Where all lists together are no longer than that, as on a site of ten thousand posts, the best are found exactly.

use std::cmp::Reverse;
use std::sync::Arc;

use tantivy::fieldnorm::FieldNormReader;
use tantivy::index::InvertedIndexReader;
use tantivy::postings::{BlockSegmentPostings, TermInfo};
use tantivy::query::{Bm25StatisticsProvider as _, Bm25Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, DocId, Score, Searcher, SegmentReader};

use crate::Error;
use crate::bits::Bits;

/// Documents of a window; their sums stay in the nearest cache.
const WINDOW: usize = 4096;
/// Documents that are looked at together.
const STEP: usize = 16;
/// Documents of a block of postings, save the last, as tantivy writes them.
pub(crate) const BLOCK: usize = 128;
/// Postings that are gone through for one question, unless it says little beside terms that are longer.
const MOST_POSTINGS: u64 = 500_000;
/// Documents that are weighed by all terms, for each that is wanted.
const WEIGHED: usize = 4;

pub(crate) struct Clause<'a> {
    pub field: Field,
    pub text: &'a str,
    pub weight: f32,
}

/// How often a term stands in a document, as far as its worth is kept.
const OFTEN: usize = 4;

/// What a term is worth in one field, of what it can add: by how often it stands in a document, and by the length of that. To look it up takes
/// less than to divide.
struct Worths(Box<[Score; OFTEN * 256]>);

impl Worths {
    fn of(weight: &Bm25Weight) -> Worths {
        let mut worths = Box::new([0.0; OFTEN * 256]);
        for (often, worths) in (1..).zip(worths.chunks_mut(256)) {
            for (length, worth) in (0..=u8::MAX).zip(worths) {
                *worth = weight.score(length, often) / weight.max_score();
            }
        }
        Worths(worths)
    }

    fn get(&self, length: u8, often: u32) -> Option<Score> {
        let row = often.wrapping_sub(1) as usize;
        (row < OFTEN).then(|| self.0[(row * 256 + usize::from(length)) % (OFTEN * 256)])
    }
}

/// A clause of which there are posts.
struct Weighted {
    field: Field,
    weight: Bm25Weight,
    worths: Arc<Worths>,
    /// What it can add.
    most: Score,
    posts: u64,
    /// By segment.
    infos: Vec<Option<TermInfo>>,
}

/// A term's documents in one segment.
struct List<'a> {
    postings: BlockSegmentPostings,
    /// In the block.
    at: usize,
    norms: FieldNormReader,
    term: &'a Weighted,
}

impl List<'_> {
    /// Adds to the sums of the documents from `start` on, one for each.
    fn add_to(&mut self, sums: &mut [Score], start: DocId) {
        let end = start + sums.len() as DocId;
        loop {
            let (docs, freqs) = (self.postings.docs(), self.postings.freqs());
            let to = match docs.last() {
                Some(last) if *last < end => docs.len(),
                _ => docs.partition_point(|doc| *doc < end),
            };
            let here = self.at..to.max(self.at);
            for (&doc, &freq) in docs[here.clone()].iter().zip(&freqs[here]) {
                sums[(doc - start) as usize] += self.term.adds(self.norms.fieldnorm_id(doc), freq);
            }
            self.at = to;
            // Only the last block has room left.
            if to < docs.len() || docs.len() < BLOCK {
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
            true => self.term.adds(self.norms.fieldnorm_id(doc), self.postings.freq(at)),
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
    best_within(MOST_POSTINGS, searcher, clauses, allowed, keep)
}

fn best_within(
    most_postings: u64,
    searcher: &Searcher,
    clauses: &[Clause<'_>],
    allowed: impl Fn(&SegmentReader) -> Result<Option<Bits>, Error>,
    keep: usize,
) -> Result<Vec<(Score, DocAddress)>, Error> {
    let (deciding, others) = parted(weighted(searcher, clauses)?, most_postings);
    let weighed = if others.is_empty() { keep } else { keep * WEIGHED };
    let mut best = Best { keep: weighed, found: vec![], least: 0.0 };
    let mut segments: Vec<(u32, &SegmentReader)> = (0..).zip(searcher.segment_readers()).collect();
    // The largest holds most of the best, so that the others are mostly passed over.
    segments.sort_by_key(|(_, segment)| Reverse(segment.max_doc()));
    for (ord, segment) in segments {
        let allowed = allowed(segment)?;
        add_segment((ord, segment), &deciding, allowed.as_ref(), &mut best)?;
    }
    best.narrow();
    if !others.is_empty() {
        best.keep = keep;
        weigh(searcher, &others, &mut best)?;
    }
    Ok(best.found)
}

fn weighted(searcher: &Searcher, clauses: &[Clause<'_>]) -> Result<Vec<Weighted>, Error> {
    let documents = searcher.total_num_docs()?;
    let mut all = vec![];
    let clauses: Vec<_> = clauses.iter().filter(|clause| clause.weight > 0.0).collect();
    for of_field in clauses.chunk_by(|a, b| a.field == b.field) {
        let Some(field) = of_field.first().map(|clause| clause.field) else { continue };
        let length = searcher.total_num_tokens(field)? as f32 / documents.max(1) as f32;
        let worths = Bm25Weight::for_one_term_without_explain(1, documents.max(1), length);
        let worths = Arc::new(Worths::of(&worths));
        let indexes = indexes(searcher, field)?;
        for clause in of_field {
            let infos = indexes.iter().map(|index| index.terms().get(clause.text));
            let infos: Vec<Option<TermInfo>> = infos.collect::<Result<_, _>>()?;
            let posts = infos.iter().flatten().map(|info| u64::from(info.doc_freq)).sum();
            if posts == 0 {
                continue;
            }
            let weight = Bm25Weight::for_one_term_without_explain(posts, documents, length)
                .boost_by(clause.weight);
            let (most, worths) = (weight.max_score(), worths.clone());
            all.push(Weighted { field, most, weight, worths, posts, infos });
        }
    }
    Ok(all)
}

fn indexes(searcher: &Searcher, field: Field) -> Result<Vec<Arc<InvertedIndexReader>>, Error> {
    let indexes = searcher.segment_readers().iter().map(|segment| segment.inverted_index(field));
    Ok(indexes.collect::<Result<_, _>>()?)
}

/// Those whose lists are gone through, and the others.
fn parted(mut all: Vec<Weighted>, most_postings: u64) -> (Vec<Weighted>, Vec<Weighted>) {
    let worth = |term: &Weighted| term.most / term.posts as f32;
    all.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
    let whole: Score = all.iter().map(|term| term.most).sum();
    let (mut postings, mut said) = (0, 0.0);
    all.into_iter().partition(|term| {
        let decides = postings + term.posts <= most_postings || said < whole / 2.0;
        if decides {
            postings += term.posts;
            said += term.most;
        }
        decides
    })
}

impl Weighted {
    fn adds(&self, length: u8, often: u32) -> Score {
        match self.worths.get(length, often) {
            Some(worth) => self.most * worth,
            None => self.weight.score(length, often),
        }
    }

    /// `None` if no document of the segment holds it.
    fn list(&self, (ord, segment): (u32, &SegmentReader)) -> Result<Option<List<'_>>, Error> {
        let Some(Some(info)) = self.infos.get(ord as usize) else { return Ok(None) };
        let index = segment.inverted_index(self.field)?;
        let option = IndexRecordOption::WithFreqs;
        let postings = index.read_block_postings_from_terminfo(info, option)?;
        let norms = segment.get_fieldnorms_reader(self.field)?;
        Ok(Some(List { postings, at: 0, norms, term: self }))
    }
}

fn add_segment(
    (ord, segment): (u32, &SegmentReader),
    deciding: &[Weighted],
    allowed: Option<&Bits>,
    best: &mut Best,
) -> Result<(), Error> {
    let mut lists = vec![];
    for term in deciding {
        lists.extend(term.list((ord, segment))?);
    }
    let mut sums = vec![0.0; WINDOW];
    for start in (0..segment.max_doc()).step_by(WINDOW) {
        for list in &mut lists {
            list.add_to(&mut sums, start);
        }
        let add = |doc: DocId, best: &mut Best| {
            let sum = sums[(doc - start) as usize];
            if sum > best.least && !segment.is_deleted(doc) {
                best.add(sum, DocAddress::new(ord, doc));
            }
        };
        match allowed {
            Some(allowed) => {
                allowed.within(start, WINDOW).for_each(|doc| add(doc, best));
            }
            None => {
                for (step, sums) in (0..).zip(sums.chunks(STEP)) {
                    if sums.iter().fold(false, |any, sum| any | (*sum > best.least)) {
                        let first = start + step * STEP as DocId;
                        (first..first + STEP as DocId).for_each(|doc| add(doc, best));
                    }
                }
            }
        }
        sums.fill(0.0);
    }
    Ok(())
}

/// Adds what the other terms do to what was found, as long as that can be among the best.
fn weigh(searcher: &Searcher, others: &[Weighted], best: &mut Best) -> Result<(), Error> {
    let mut found = std::mem::take(&mut best.found);
    let mut order: Vec<&Weighted> = others.iter().collect();
    order.sort_by(|a, b| b.most.total_cmp(&a.most));
    let mut left: Score = order.iter().map(|term| term.most).sum();
    let mut scores = vec![];
    found.sort_unstable_by_key(|(_, address)| *address);
    for term in order {
        let mut documents = found.as_mut_slice();
        while let Some((_, first)) = documents.first() {
            let ord = first.segment_ord;
            let end = documents.partition_point(|(_, at)| at.segment_ord <= ord);
            let (of_segment, rest) = documents.split_at_mut(end);
            documents = rest;
            let Some(mut list) = term.list((ord, searcher.segment_reader(ord)))? else { continue };
            of_segment.iter_mut().for_each(|(score, at)| *score += list.adds_to(at.doc_id));
        }
        left -= term.most;
        scores.clear();
        scores.extend(found.iter().map(|(score, _)| *score));
        if scores.len() > best.keep {
            let (_, least, _) = scores.select_nth_unstable_by(best.keep - 1, |a, b| b.total_cmp(a));
            found.retain(|(score, _)| *score + left >= *least);
        }
    }
    best.found = found;
    best.narrow();
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
