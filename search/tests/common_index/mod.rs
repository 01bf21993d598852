//! An index in a folder of its own.
#![allow(dead_code)]

pub mod feed;

use std::path::Path;
use std::sync::LazyLock;

use search::{Dictionary, Document, Index, Op};
use tempfile::TempDir;

pub fn dictionary() -> Dictionary {
    static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dictionary");
        Dictionary::open_or_build(Path::new(search::IPADIC), &cache).unwrap()
    });
    DICTIONARY.clone()
}

/// Put in one by one, so that there are several segments.
pub fn index(documents: Vec<Document>) -> (TempDir, Index) {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path(), dictionary()).unwrap();
    for document in documents {
        put(&index, document);
    }
    (folder, index)
}

pub fn put(index: &Index, document: Document) {
    index.apply(vec![Op::Upsert(Box::new(document))], index.position() + 1).unwrap();
}

pub fn take_out(index: &Index, ids: &[&str]) {
    let ops = ids.iter().map(|id| Op::Delete((*id).to_owned())).collect();
    index.apply(ops, index.position() + 1).unwrap();
}
