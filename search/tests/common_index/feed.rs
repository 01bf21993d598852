//! A feed of changes, of which each place tells what an index at it holds.

use std::path::Path;

use search::{Document, Index, Op, Query};

use super::dictionary;

pub fn open(folder: &Path) -> Index {
    Index::open(folder, dictionary()).unwrap()
}

pub fn document(position: u64) -> Document {
    Document {
        id: position.to_string(),
        title: format!("あそび その{position}"),
        body: "雨の日に、家の中で。".repeat(20),
        ..Document::default()
    }
}

/// Change number `position`: a new post, and every third time the post before it is taken out.
pub fn changes(position: u64) -> Vec<Op> {
    let mut ops = vec![Op::Upsert(Box::new(document(position)))];
    if position.is_multiple_of(3) {
        ops.push(Op::Delete((position - 1).to_string()));
    }
    ops
}

pub fn documents_after(position: u64) -> u64 {
    position - position / 3
}

/// All changes up to the position and no others.
#[track_caller]
pub fn assert_holds(index: &Index, position: u64) {
    assert_eq!(index.position(), position);
    assert_eq!(index.len(), documents_after(position));
    assert_eq!(found(index), documents_after(position));
}

pub fn found(index: &Index) -> u64 {
    index.search(&Query { text: "雨の日".into(), ..Query::default() }).unwrap().total
}
