//! The best as they are found, next to all that there are.

use tantivy::TantivyDocument;

use super::*;
use crate::schema::{Fields, register_tokenizer};

/// Terms that documents hold, by their numbers: the higher the rarer.
pub(crate) fn terms_of(document: u32) -> Vec<u32> {
    let mut mixed = u64::from(document).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        mixed ^= mixed >> 29;
        mixed = mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 40) as u32
    };
    let mut terms: Vec<u32> = (0..40).filter(|term| next() % (2 + term * term) == 0).collect();
    // Some twice.
    let again = terms.iter().copied().filter(|_| next() % 5 == 0).collect::<Vec<_>>();
    terms.extend(again);
    terms
}

/// An index over so many documents in several segments, which hold these terms as pairs of letters, and their
/// numbers as times.
pub(crate) fn index_of(documents: u32) -> (tantivy::Index, Fields) {
    let (schema, fields) = Fields::new();
    let index = tantivy::Index::create_in_ram(schema);
    register_tokenizer(&index);
    let mut writer = index.writer_with_num_threads(1, 50_000_000).unwrap();
    for document in 0..documents {
        let terms: Vec<String> = terms_of(document).iter().map(u32::to_string).collect();
        let mut out = TantivyDocument::default();
        out.add_i64(fields.published_at, i64::from(document));
        out.add_text(fields.bi, terms.join("\u{1f}"));
        writer.add_document(out).unwrap();
        if document == documents * 2 / 3 {
            writer.commit().unwrap();
        }
    }
    writer.commit().unwrap();
    (index, fields)
}

fn ask(most_postings: u64, allowed: impl Fn(u32) -> bool) -> Vec<(Score, DocAddress)> {
    let (index, fields) = index_of(20_000);
    let searcher = index.reader().unwrap().searcher();
    let texts: Vec<String> = (0..40).map(|term| term.to_string()).collect();
    let clause = |text| Clause { field: fields.bi, text, weight: 1.0 };
    let clauses: Vec<_> = texts.iter().map(|text| clause(text.as_str())).collect();
    let through = |segment: &SegmentReader| {
        let mut bits = Bits::none(segment.max_doc());
        (0..segment.max_doc()).filter(|doc| allowed(*doc)).for_each(|doc| bits.insert(doc));
        Ok(Some(bits))
    };
    best_within(most_postings, &searcher, &clauses, through, 20).unwrap()
}

#[test]
fn the_best_are_found_without_going_through_the_longest_lists() {
    let all = ask(u64::MAX, |_| true);
    assert_eq!(all.len(), 20);
    let few = ask(15_000, |_| true);
    for ((score, at), (expected, expected_at)) in few.iter().zip(&all) {
        assert!((score - expected).abs() < 1e-3, "{score} {expected}");
        assert_eq!(at, expected_at);
    }
}

#[test]
fn of_those_that_are_let_through_the_best_are_found() {
    let found = ask(u64::MAX, |doc| doc % 7 == 3);
    assert_eq!(found.len(), 20);
    assert!(found.iter().all(|(_, at)| at.doc_id % 7 == 3));
    assert!(found.windows(2).all(|pair| pair[0].0 >= pair[1].0));
}
