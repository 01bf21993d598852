//! A folder that is gone, files that are damaged, an index of before: it opens whole, or empty and ready to be fed again. Kills and a
//! full disk: `durability.rs`.
#![allow(clippy::unwrap_used)]

mod common_index;

use std::fs;
use std::path::{Path, PathBuf};

use common_index::dictionary;
use common_index::feed::{assert_holds, changes, documents_after, found, open};
use search::Contents;

#[test]
fn a_folder_that_is_deleted_under_an_open_index_breaks_nothing_and_can_be_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(folder.path());
    index.apply(changes(1), 1).unwrap();
    fs::remove_dir_all(folder.path()).unwrap();
    for _ in 0..3 {
        // What is open stays readable.
        assert_eq!(found(&index), 1);
        assert!(index.apply(changes(2), 2).is_err());
        assert_eq!(index.position(), 1);
    }
    let anew = index.begin_anew(dictionary()).unwrap();
    anew.apply((1..=2).flat_map(changes).collect(), 2).unwrap();
    index.replace(&anew).unwrap();
    assert_holds(&index, 2);
    drop((index, anew));
    assert_holds(&open(folder.path()), 2);
}

#[test]
fn a_deleted_folder_opens_empty() {
    let folder = tempfile::tempdir().unwrap();
    let last = written(folder.path());
    fs::remove_dir_all(folder.path()).unwrap();
    assert_whole_or_empty(folder.path(), last, "deleted");
}

#[test]
fn an_index_of_an_older_schema_opens_empty() {
    let folder = tempfile::tempdir().unwrap();
    // Beside each other, as a kill may leave them: from before there were generations, and of other fields.
    for name in ["tantivy", "tantivy-1", "tantivy-2"] {
        let mut schema = tantivy::schema::Schema::builder();
        let title = schema.add_text_field("title", tantivy::schema::STRING);
        fs::create_dir(folder.path().join(name)).unwrap();
        let old = tantivy::Index::create_in_dir(folder.path().join(name), schema.build()).unwrap();
        let mut writer = old.writer_with_num_threads(1, 15_000_000).unwrap();
        writer.add_document(tantivy::doc!(title => "雨の日")).unwrap();
        writer.commit().unwrap();
    }
    fs::write(folder.path().join("current"), "tantivy-1").unwrap();
    assert_whole_or_empty(folder.path(), 3, "old");
    let folders = fs::read_dir(folder.path()).unwrap().flatten();
    assert_eq!(folders.filter(|entry| entry.path().is_dir()).count(), 1);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = vec![];
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.path().is_dir() {
            true => files.extend(self::files(&entry.path())),
            false => files.push(entry.path()),
        }
    }
    files.sort();
    files
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(file, target).unwrap();
    }
}

/// An index of two segments, one of which a document was taken out of.
fn written(folder: &Path) -> u64 {
    let index = open(folder);
    index.apply((1..=2).flat_map(changes).collect(), 2).unwrap();
    index.apply(changes(3), 3).unwrap();
    3
}

/// Either nothing was lost, or it is empty and wants to be fed from the start; and it can be, or another in its place.
#[track_caller]
fn assert_whole_or_empty(folder: &Path, last: u64, what: &str) {
    // Only looked at, it may be damaged, and says so.
    if let Ok(Some(contents)) = Contents::read(folder)
        && contents.position == last
    {
        assert_eq!(contents.digests.len() as u64, documents_after(last), "{what}");
    }
    let index = open(folder);
    let position = index.position();
    assert!(position == 0 || position == last, "{what}: {position}");
    assert_eq!(index.len(), documents_after(position), "{what}");
    assert_eq!(found(&index), documents_after(position), "{what}");
    let all = || (1..=last).flat_map(changes).collect();
    let goes_on = match position {
        0 => index.apply(all(), last),
        _ => index.apply(changes(last), last),
    };
    if goes_on.is_err() {
        // As the follower does.
        let anew = index.begin_anew(dictionary()).unwrap();
        anew.apply(all(), last).unwrap();
        index.replace(&anew).unwrap();
    }
    assert_holds(&index, last);
}

/// What is done to a file, and how it is called.
type Damage = (&'static str, fn(&Path));

#[test]
fn whatever_happens_to_a_file_the_index_opens_whole_or_empty() {
    let sound = tempfile::tempdir().unwrap();
    let last = written(sound.path());
    let damages: [Damage; 7] = [
        ("removed", |file| fs::remove_file(file).unwrap()),
        ("emptied", |file| fs::write(file, "").unwrap()),
        ("overwritten", |file| fs::write(file, "not an index").unwrap()),
        ("a folder", |file| {
            fs::remove_file(file).unwrap();
            fs::create_dir(file).unwrap();
        }),
        ("cut in half", |file| {
            let bytes = fs::read(file).unwrap();
            fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("a byte short", |file| {
            let mut bytes = fs::read(file).unwrap();
            bytes.pop();
            fs::write(file, bytes).unwrap();
        }),
        ("filled with zeros", |file| {
            let bytes = vec![0; fs::read(file).unwrap().len()];
            fs::write(file, bytes).unwrap();
        }),
    ];
    for file in files(sound.path()) {
        let name = file.strip_prefix(sound.path()).unwrap();
        // The lock holds no byte.
        if name == Path::new("lock") {
            continue;
        }
        for (damage, spoil) in damages {
            let folder = tempfile::tempdir().unwrap();
            copy(sound.path(), folder.path());
            spoil(&folder.path().join(name));
            assert_whole_or_empty(folder.path(), last, &format!("{} {damage}", name.display()));
        }
    }
}

#[test]
fn a_bit_that_flips_is_noticed_or_means_nothing() {
    let sound = tempfile::tempdir().unwrap();
    let last = written(sound.path());
    for file in files(sound.path()) {
        let name = file.strip_prefix(sound.path()).unwrap();
        let bytes = fs::read(&file).unwrap();
        // The first byte, the last and some between.
        let step = bytes.len() / 3 + 1;
        for at in (0..bytes.len()).step_by(step).chain(bytes.len().checked_sub(1)) {
            let folder = tempfile::tempdir().unwrap();
            copy(sound.path(), folder.path());
            let mut spoiled = bytes.clone();
            spoiled[at] ^= 1 << (at % 7);
            fs::write(folder.path().join(name), spoiled).unwrap();
            assert_whole_or_empty(folder.path(), last, &format!("{} {at}", name.display()));
        }
    }
}
