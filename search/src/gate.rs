//! Which documents of a segment hold any of some terms, or half of them: counted over their postings as they lie, a block at a time.

use tantivy::postings::BlockSegmentPostings;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, SegmentReader, Term};

use crate::Error;
use crate::bits::Bits;
use crate::candidates::BLOCK;
use crate::query::Weighted;

/// Documents that are counted together; a multiple of 64, and few enough to stay near.
const WINDOW: usize = 1 << 15;
/// Terms of a document that are counted.
const MOST_COUNTED: u8 = 127;
/// To look a document up takes as long as to go through so many postings.
const LOOK_UP: u64 = 32;

pub(crate) fn add_any<'a>(
    matches: &mut Bits,
    segment: &SegmentReader,
    field: Field,
    terms: impl Iterator<Item = &'a str>,
) -> Result<(), Error> {
    for mut list in lists(segment, field, terms)? {
        list.each_before(DocId::MAX, |doc| matches.insert(doc));
    }
    Ok(())
}

/// Whoever holds half of the terms holds one of all but the most frequent half, so only the rarer lists are gone through. As the others
/// follow, ever fewer documents can still come to half of them; once those are few, they alone are looked up.
pub(crate) fn add_half(
    matches: &mut Bits,
    segment: &SegmentReader,
    field: Field,
    terms: &Weighted,
) -> Result<(), Error> {
    let needed = terms.len().div_ceil(2);
    let mut lists = lists(segment, field, terms.terms())?;
    if needed <= 1 {
        lists.iter_mut().for_each(|list| list.each_before(DocId::MAX, |doc| matches.insert(doc)));
        return Ok(());
    }
    if lists.len() < needed {
        return Ok(());
    }
    lists.sort_by_key(|list| list.postings.doc_freq());
    // A question has at most 200 letters; of more terms none would be lost, only counted as so many.
    let needed = u8::try_from(needed).unwrap_or(u8::MAX).min(MOST_COUNTED);
    let mut counts = vec![0_u8; WINDOW];
    for start in (0..segment.max_doc()).step_by(WINDOW) {
        let mut half = Half { needed, counts: &mut counts, start, matches };
        half.add(&mut lists, segment.max_doc());
        counts.fill(0);
    }
    Ok(())
}

/// The documents of a window, as they are counted.
struct Half<'a> {
    needed: u8,
    counts: &'a mut [u8],
    start: DocId,
    matches: &'a mut Bits,
}

impl Half<'_> {
    /// `lists`: the shortest first.
    fn add(&mut self, lists: &mut [List], documents: DocId) {
        for at in 0..lists.len() {
            let (list, left) = match lists.get_mut(at..) {
                Some([list, left @ ..]) => (list, left.len()),
                _ => return,
            };
            let least = self.needed.saturating_sub(u8::try_from(left + 1).unwrap_or(u8::MAX));
            let here = u64::from(list.postings.doc_freq()) * WINDOW as u64 / u64::from(documents);
            // What is short is gone through sooner than it is found out whether it need be.
            if least > 0 && here > WINDOW as u64 / 64 {
                let able = self.able(least);
                if able * LOOK_UP < here {
                    return self.look_up(&mut lists[at..], least);
                }
            }
            list.count(self.start, self.counts);
        }
        self.each_word(self.needed, |matches, at, has_half, _| matches.insert_word(at, has_half));
    }

    /// How many have at least so many and are not known to match.
    fn able(&mut self, least: u8) -> u64 {
        let mut able = 0;
        self.each_word(least, |matches, at, has, _| {
            able += u64::from((has & !matches.word(at)).count_ones());
        });
        able
    }

    /// Counts the lists that are left for those alone that have at least so many.
    fn look_up(&mut self, lists: &mut [List], least: u8) {
        let mut able: Vec<(DocId, u8)> = vec![];
        self.each_word(least, |matches, at, has, counts| {
            let mut new = has & !matches.word(at);
            while new != 0 {
                let bit = new.trailing_zeros();
                able.push((at as DocId * 64 + bit, counts[bit as usize]));
                new &= new - 1;
            }
        });
        let needed = usize::from(self.needed);
        for (left, list) in (0..lists.len()).rev().zip(lists) {
            able.retain_mut(|(doc, count)| {
                *count = count.saturating_add(u8::from(list.holds(*doc)));
                usize::from(*count) + left >= needed
            });
        }
        able.iter().for_each(|(doc, _)| self.matches.insert(*doc));
    }

    /// Every 64 documents of which one has at least so many: where, which of them, and their counts.
    fn each_word(&mut self, least: u8, mut take: impl FnMut(&mut Bits, usize, u64, &[u8])) {
        let first = self.start as usize / 64;
        for (at, counts) in self.counts.chunks(64).enumerate() {
            let has = at_least(counts, least);
            if has != 0 {
                take(self.matches, first + at, has, counts);
            }
        }
    }
}

/// Which of 64 counts are no less, a bit each; all of them up to [`MOST_COUNTED`].
fn at_least(counts: &[u8], least: u8) -> u64 {
    const HIGHEST: u64 = 0x8080_8080_8080_8080;
    // A count that is no less comes to 128 with this, and so to its highest bit.
    let to_highest = u64::from(MOST_COUNTED + 1 - least) * 0x0101_0101_0101_0101;
    let (eights, _) = counts.as_chunks::<8>();
    let highest = eights.iter().map(|eight| (u64::from_le_bytes(*eight) + to_highest) & HIGHEST);
    // Mostly none is.
    if highest.clone().fold(0, |any, highest| any | highest) == 0 {
        return 0;
    }
    // Each time the eight bits are gathered in the last byte.
    highest.enumerate().fold(0, |has, (at, highest)| {
        has | (highest >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56 << (8 * at)
    })
}

struct List {
    postings: BlockSegmentPostings,
    /// In the block.
    at: usize,
}

impl List {
    /// Counts those from `start` on.
    fn count(&mut self, start: DocId, counts: &mut [u8]) {
        self.at = self.postings.seek(start);
        self.each_before(start + counts.len() as DocId, |doc| {
            if let Some(count) = counts.get_mut((doc - start) as usize) {
                *count = (*count + 1).min(MOST_COUNTED);
            }
        });
    }

    /// Of none before the last that was asked for.
    fn holds(&mut self, doc: DocId) -> bool {
        let at = self.postings.seek(doc);
        self.postings.doc(at) == doc
    }

    /// Goes on to the first that is not before `end`.
    fn each_before(&mut self, end: DocId, mut take: impl FnMut(DocId)) {
        loop {
            let docs = self.postings.docs();
            for &doc in docs.iter().skip(self.at) {
                if doc >= end {
                    return;
                }
                take(doc);
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
}

fn lists<'a>(
    segment: &SegmentReader,
    field: Field,
    terms: impl Iterator<Item = &'a str>,
) -> Result<Vec<List>, Error> {
    let index = segment.inverted_index(field)?;
    let mut lists = vec![];
    for text in terms {
        let term = Term::from_field_text(field, text);
        let postings = index.read_block_postings(&term, IndexRecordOption::Basic)?;
        lists.extend(postings.map(|postings| List { postings, at: 0 }));
    }
    Ok(lists)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::candidates::tests::{index_of, terms_of};

    #[test]
    fn who_holds_half_of_the_terms_matches_and_nobody_else() {
        let (index, fields) = index_of(70_000);
        let searcher = index.reader().unwrap().searcher();
        for number in [3, 8, 12, 40] {
            let mut terms = Weighted::default();
            terms.add((0..number).map(|term: u32| term.to_string()), 1.0);
            for segment in searcher.segment_readers() {
                let mut matches = Bits::none(segment.max_doc());
                add_half(&mut matches, segment, fields.bi, &terms).unwrap();
                let numbers = segment.fast_fields().i64("published_at").unwrap();
                for doc in 0..segment.max_doc() {
                    let document = u32::try_from(numbers.first(doc).unwrap()).unwrap();
                    let held: HashSet<u32> =
                        terms_of(document).into_iter().filter(|term| *term < number).collect();
                    let has_half = 2 * held.len() as u32 >= number;
                    assert_eq!(matches.contains(doc), has_half, "{number} {document}");
                }
            }
        }
    }

    #[test]
    fn counts_that_are_no_less_are_found_wherever_they_stand() {
        let counts: Vec<u8> = (0..64).map(|at| at * 2 + 1).collect();
        for least in [1, 2, 63, 64, 126, MOST_COUNTED] {
            let has = at_least(&counts, least);
            for (at, count) in counts.iter().enumerate() {
                assert_eq!(has >> at & 1 == 1, *count >= least, "{at}: {count}, {least}");
            }
        }
        assert_eq!(at_least(&[MOST_COUNTED; 64], MOST_COUNTED), u64::MAX);
    }
}
