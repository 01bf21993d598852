//! `kill -9` while changes are being applied.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use search::{Dictionary, Document, Index, Op, Query};

/// Tells this test, run again as a child, where to write.
const FOLDER: &str = "SEARCH_TEST_FOLDER";
const NAME: &str = "what_was_acknowledged_before_a_kill_is_there_after_it";

fn open(folder: &Path) -> Index {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dictionary");
    let source = Path::new("/usr/share/mecab/dic/ipadic");
    Index::open(folder, Dictionary::open_or_build(source, &cache).unwrap()).unwrap()
}

/// Change number `position`: a new post, and every third time the post before it is taken out.
fn changes(position: u64) -> Vec<Op> {
    let document = Document {
        id: position.to_string(),
        title: format!("あそび その{position}"),
        body: "雨の日に、家の中で。".repeat(20),
        ..Document::default()
    };
    let mut ops = vec![Op::Upsert(Box::new(document))];
    if position.is_multiple_of(3) {
        ops.push(Op::Delete((position - 1).to_string()));
    }
    ops
}

fn documents_after(position: u64) -> u64 {
    position - position / 3
}

/// Applies without end and says each position on standard error once it is acknowledged.
fn apply_until_killed(folder: &Path) {
    let index = open(folder);
    for position in index.position() + 1.. {
        index.apply(changes(position), position).unwrap();
        eprintln!("acknowledged {position}");
    }
}

#[test]
fn what_was_acknowledged_before_a_kill_is_there_after_it() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return apply_until_killed(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut last = 0;
    for round in 1..=5 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NAME, "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut acknowledge = || loop {
            let line = lines.next()?.unwrap();
            if let Some(position) = line.strip_prefix("acknowledged ") {
                return Some(position.parse::<u64>().unwrap());
            }
        };
        for _ in 0..3 + round {
            last = acknowledge().expect("the child goes on until it is killed");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        while let Some(position) = acknowledge() {
            last = position;
        }

        let index = open(folder.path());
        let position = index.position();
        // The kill may have come between a commit and its acknowledgement.
        assert!(position == last || position == last + 1, "{position} after {last}");
        assert_eq!(index.len(), documents_after(position));
        let results = index.search(&Query { text: "雨の日".into(), ..Query::default() }).unwrap();
        assert_eq!(results.total, documents_after(position));
        // Applying the last change again, as a follower that never heard of it would, is harmless.
        index.apply(changes(position), position).unwrap();
        assert_eq!(index.len(), documents_after(position));
        last = position;
    }
}
