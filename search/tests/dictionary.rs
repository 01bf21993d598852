//! The dictionary's cache folder.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use search::{Dictionary, Document, Error, Index, Op, Query};

const SOURCE: &str = "/usr/share/mecab/dic/ipadic";

fn built_in(cache: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_folder_without_a_dictionary_is_told_by_name() {
    let empty = tempfile::tempdir().unwrap();
    for source in [empty.path(), Path::new("/nowhere")] {
        let error = Dictionary::open_or_build(source, &empty.path().join("cache")).unwrap_err();
        assert!(matches!(&error, Error::DictionarySource(named) if named == source), "{error}");
        assert!(error.to_string().contains("mecab-ipadic"), "{error}");
    }
}

#[test]
fn two_that_build_at_once_both_get_it_and_a_damaged_one_is_built_again() {
    let cache = tempfile::tempdir().unwrap();
    let open = || Dictionary::open_or_build(Path::new(SOURCE), cache.path());
    std::thread::scope(|scope| {
        let both = [scope.spawn(open), scope.spawn(open)];
        for one in both {
            one.join().unwrap().unwrap();
        }
    });
    let built = built_in(cache.path());
    assert_eq!(built.len(), 1, "nothing half built is left behind: {built:?}");

    std::fs::write(built[0].join("metadata.json"), "{").unwrap();
    std::fs::create_dir(cache.path().join("ipadic-of-another-version")).unwrap();
    let dictionary = open().unwrap();
    assert_eq!(built_in(cache.path()), built);

    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path(), dictionary).unwrap();
    let post = Document { id: "a".into(), title: "夜泣き".into(), ..Document::default() };
    index.apply(vec![Op::Upsert(Box::new(post))], 1).unwrap();
    let found = index.search(&Query { text: "よなき".into(), ..Query::default() }).unwrap();
    assert_eq!(found.total, 1);
}
