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
    // A question has at most 200 letters; of more terms none would be lost, only counted as so many.
    let needed = u8::try_from(needed).unwrap_or(u8::MAX);
    let mut counts = vec![0_u8; WINDOW];
    for start in (0..segment.max_doc()).step_by(WINDOW) {
        for list in &mut lists {
            list.each_before(start + WINDOW as DocId, |doc| {
                if let Some(count) = counts.get_mut((doc - start) as usize) {
                    *count = count.saturating_add(1);
                }
            });
        }
        for (at, counts) in counts.chunks(64).enumerate() {
            if !counts.iter().fold(false, |any, count| any | (*count >= needed)) {
                continue;
            }
            let has_half =
                |word, (at, count): (usize, &u8)| word | (u64::from(*count >= needed) << at);
            matches
                .insert_word(start as usize / 64 + at, counts.iter().enumerate().fold(0, has_half));
        }
        counts.fill(0);
    }
    Ok(())
}

struct List {
    postings: BlockSegmentPostings,
    /// In the block.
    at: usize,
}

impl List {
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
