//! An index that is made anew beside the one that serves, and what an index holds.
#![allow(clippy::unwrap_used)]

mod common_index;

use common_index::{dictionary, index, put};
use search::{Contents, Document, Index, Op, Query};

fn named(id: &str, title: &str) -> Document {
    Document { id: id.into(), title: title.into(), ..Document::default() }
}

fn found(index: &Index, text: &str) -> Vec<String> {
    let results = index.search(&Query { text: text.into(), ..Query::default() }).unwrap();
    results.hits.into_iter().map(|hit| hit.id).collect()
}

#[test]
fn the_old_index_serves_until_the_new_one_takes_over() {
    let (folder, index) = index(vec![named("1", "かぼちゃのおやき")]);
    let anew = index.begin_anew(dictionary()).unwrap();
    anew.apply(vec![Op::Upsert(Box::new(named("2", "かぼちゃがゆ")))], 7).unwrap();
    put(&index, named("3", "かぼちゃの保存"));
    assert_eq!(found(&index, "かぼちゃ").len(), 2);
    index.replace(&anew).unwrap();
    assert_eq!(found(&index, "かぼちゃ"), ["2"]);
    assert_eq!(index.position(), 7);
    drop((index, anew));
    let again = Index::open(folder.path(), dictionary()).unwrap();
    assert_eq!((found(&again, "かぼちゃ"), again.position()), (vec!["2".to_owned()], 7));
}

#[test]
fn one_that_was_never_finished_is_gone_at_the_next_start() {
    let (folder, index) = index(vec![named("1", "かぼちゃのおやき")]);
    let anew = index.begin_anew(dictionary()).unwrap();
    anew.apply(vec![Op::Upsert(Box::new(named("2", "かぼちゃがゆ")))], 7).unwrap();
    drop((index, anew));
    let again = Index::open(folder.path(), dictionary()).unwrap();
    assert_eq!((found(&again, "かぼちゃ"), again.position()), (vec!["1".to_owned()], 1));
    let folders = std::fs::read_dir(folder.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_type().unwrap().is_dir());
    assert_eq!(folders.count(), 1);
}

#[test]
fn synonyms_of_the_site_go_over_to_the_new_index() {
    let (_folder, index) = index(vec![]);
    index.set_synonyms(&[vec!["ぽんぽこ広場".into(), "中央公園".into()]]).unwrap();
    let anew = index.begin_anew(dictionary()).unwrap();
    anew.apply(vec![Op::Upsert(Box::new(named("1", "中央公園の砂場")))], 1).unwrap();
    index.replace(&anew).unwrap();
    assert_eq!(found(&index, "ぽんぽこ広場"), ["1"]);
}

#[test]
fn words_of_the_site_are_words_in_an_index_that_was_made_with_them() {
    let words = [("ひなたっ子の会".to_owned(), "ひなたっこのかい".to_owned())];
    let with_words = dictionary().with_words(&words).unwrap();
    let (folder, index) = index(vec![named("1", "ひなたっ子の会のお知らせ")]);
    assert!(index.knows(&dictionary()) && !index.knows(&with_words));
    let anew = index.begin_anew(with_words.clone()).unwrap();
    let post = named("1", "ひなたっ子の会のお知らせ");
    let other = named("2", "ひなたっ子の会はたのしい");
    anew.apply(vec![Op::Upsert(Box::new(post)), Op::Upsert(Box::new(other))], 1).unwrap();
    index.replace(&anew).unwrap();
    assert!(index.knows(&with_words));
    let offers = index.suggest("ひなた", 8).unwrap();
    assert_eq!(offers[0].text, "ひなたっ子の会");
    // What was cut by other words is no index of this dictionary.
    drop((index, anew));
    assert_eq!(Index::open(folder.path(), dictionary()).unwrap().position(), 0);
}

#[test]
fn its_contents_can_be_read_while_it_is_open_and_tell_a_stale_document() {
    let (folder, index) = index(vec![named("1", "かぼちゃのおやき"), named("2", "かぼちゃがゆ")]);
    let contents = Contents::read(folder.path()).unwrap().unwrap();
    assert_eq!(contents.position, index.position());
    assert_eq!(contents.digests.len(), 2);
    assert_eq!(contents.digests["1"], named("1", "かぼちゃのおやき").digest());
    assert_ne!(contents.digests["2"], named("2", "かぼちゃのおかゆ").digest());
    assert_eq!(Contents::read(&folder.path().join("none")).unwrap(), None);
}
