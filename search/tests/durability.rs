//! `kill -9` and a full disk: what was acknowledged stays, and nothing half done does. What is damaged: `damage.rs`.
#![allow(clippy::unwrap_used)]

mod common_index;

use std::fs;
use std::io::{BufRead as _, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use common_index::dictionary;
use common_index::feed::{assert_holds, changes, document, found, open};
use search::{Index, Offer, Op};

/// Tells a test, run again as a child, where to write.
const FOLDER: &str = "SEARCH_TEST_FOLDER";

/// A test run again as a child, which says each position on standard error once it is acknowledged.
struct Writing {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
}

impl Writing {
    fn start(name: &str, folder: &Path) -> Writing {
        Writing::of(Command::new(std::env::current_exe().unwrap()), name, folder)
    }

    fn of(mut command: Command, name: &str, folder: &Path) -> Writing {
        command.args(["--exact", name, "--nocapture"]).env(FOLDER, folder);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        Writing { child, lines }
    }

    /// The next position that is acknowledged; `None` when it has ended.
    fn acknowledged(&mut self) -> Option<u64> {
        loop {
            let line = self.lines.next()?.unwrap();
            if let Some(position) = line.strip_prefix("acknowledged ") {
                return Some(position.parse().unwrap());
            }
        }
    }

    /// The last position that was acknowledged before the kill took effect.
    fn kill(mut self, so_far: u64) -> u64 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut last = so_far;
        while let Some(position) = self.acknowledged() {
            last = position;
        }
        last
    }
}

fn acknowledge(position: u64) {
    eprintln!("acknowledged {position}");
}

/// Moments between two acknowledgements, spread over the time that a change takes.
fn moments() -> impl Iterator<Item = Duration> {
    (0..8_u64).map(|n| Duration::from_micros(n * n * 430))
}

#[test]
fn what_was_acknowledged_before_a_kill_is_there_after_it() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        let index = open(Path::new(&folder));
        for position in index.position() + 1.. {
            index.apply(changes(position), position).unwrap();
            acknowledge(position);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    for moment in moments() {
        let name = "what_was_acknowledged_before_a_kill_is_there_after_it";
        let mut writing = Writing::start(name, folder.path());
        writing.acknowledged().unwrap();
        let so_far = writing.acknowledged().expect("the child goes on until it is killed");
        std::thread::sleep(moment);
        let last = writing.kill(so_far);

        let index = open(folder.path());
        let position = index.position();
        // The kill may have come between a commit and its acknowledgement.
        assert!(position == last || position == last + 1, "{position} after {last}");
        assert_holds(&index, position);
        // Applying the last change again, as a follower that never heard of it would, is harmless.
        index.apply(changes(position), position).unwrap();
        assert_holds(&index, position);
    }
}

#[test]
fn a_kill_while_an_index_is_made_anew_leaves_the_old_one_or_the_new_one() {
    /// Of generation `n`: so many documents, at so high a position.
    const EACH: u64 = 30;
    if let Some(folder) = std::env::var_os(FOLDER) {
        let index = open(Path::new(&folder));
        for n in index.position() / EACH + 1.. {
            let anew = index.begin_anew(dictionary()).unwrap();
            for position in 1..=3 {
                let ops = (0..n * 10).map(|at| {
                    let number = position * 1_000_000 + at;
                    Op::Upsert(Box::new(document(number)))
                });
                anew.apply(ops.collect(), n * EACH).unwrap();
            }
            index.replace(&anew).unwrap();
            acknowledge(n * EACH);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    for moment in moments() {
        let name = "a_kill_while_an_index_is_made_anew_leaves_the_old_one_or_the_new_one";
        let mut writing = Writing::start(name, folder.path());
        let so_far = writing.acknowledged().unwrap();
        std::thread::sleep(moment * 3);
        let last = writing.kill(so_far);

        let index = open(folder.path());
        let position = index.position();
        assert!(position == last || position == last + EACH, "{position} after {last}");
        assert_eq!((index.len(), found(&index)), (position, position));
        assert_eq!(folders(folder.path()), 1);
    }
}

#[test]
fn a_kill_at_the_first_opening_leaves_a_folder_that_opens() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        acknowledge(0);
        drop(open(Path::new(&folder)));
        return;
    }
    for moment in moments() {
        let folder = tempfile::tempdir().unwrap();
        let name = "a_kill_at_the_first_opening_leaves_a_folder_that_opens";
        let mut writing = Writing::start(name, folder.path());
        writing.acknowledged().unwrap();
        std::thread::sleep(moment * 8);
        writing.kill(0);
        let index = open(folder.path());
        assert_holds(&index, 0);
        index.apply(changes(1), 1).unwrap();
        assert_holds(&index, 1);
    }
}

fn limit(bytes: u64) {
    let hard = rlimit::Resource::FSIZE.get_hard().unwrap();
    rlimit::Resource::FSIZE.set(bytes.min(hard), hard).unwrap();
}

fn folders(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().flatten().filter(|entry| entry.path().is_dir()).count()
}

/// Runs the test again as a child that the first byte too many does not end.
fn in_a_child_without_room(name: &str, acknowledged: u64) {
    let folder = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(std::env::current_exe().unwrap());
    let mut writing = Writing::of(shell, name, folder.path());
    assert_eq!(writing.acknowledged(), Some(acknowledged), "{:?}", writing.child.wait());
    writing.kill(acknowledged);
    assert_holds(&open(folder.path()), acknowledged);
}

fn offers_words(index: &Index) -> bool {
    index.suggest("あそ", 8).unwrap().iter().any(|suggestion| suggestion.offer == Offer::Word)
}

/// What a full disk does to every file, a limit on their size does too: from some byte on nothing can be written.
#[test]
fn where_there_is_no_room_nothing_is_applied_and_searching_goes_on_until_there_is() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        let name = "where_there_is_no_room_nothing_is_applied_and_searching_goes_on_until_there_is";
        return in_a_child_without_room(name, 7);
    };
    let index = open(Path::new(&folder));
    index.apply(changes(1), 1).unwrap();
    for (position, room) in (1..).zip([0, 1, 60, 300, 1000, 3000]) {
        limit(room);
        // Once, and again as a follower would.
        for _ in 0..3 {
            let ops = (2..80).flat_map(changes).collect();
            assert!(index.apply(ops, 79).is_err(), "{room} bytes are enough");
            assert_holds(&index, position);
            // They may be of a post that is withdrawn.
            assert!(!offers_words(&index));
            assert!(index.begin_anew(dictionary()).is_err(), "{room} bytes are enough");
            assert_eq!(folders(Path::new(&folder)), 1);
        }
        limit(u64::MAX);
        index.apply(changes(position + 1), position + 1).unwrap();
        assert_holds(&index, position + 1);
        assert!(offers_words(&index));
    }
    acknowledge(7);
}

#[test]
fn without_room_an_index_opens_as_it_was_or_empty_until_one_can_be_made() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        let name = "without_room_an_index_opens_as_it_was_or_empty_until_one_can_be_made";
        return in_a_child_without_room(name, 2);
    };
    let folder = Path::new(&folder);
    // The dictionary is built already, or has room.
    dictionary();
    limit(0);
    let index = open(folder);
    assert_holds(&index, 0);
    assert!(index.begin_anew(dictionary()).is_err());
    assert_eq!(folders(folder), 0);
    limit(u64::MAX);
    let anew = index.begin_anew(dictionary()).unwrap();
    anew.apply(changes(1), 1).unwrap();
    index.replace(&anew).unwrap();
    assert_holds(&index, 1);
    drop((index, anew));

    limit(0);
    let index = open(folder);
    assert_holds(&index, 1);
    assert!(index.apply(changes(2), 2).is_err());
    assert_holds(&index, 1);
    limit(u64::MAX);
    index.apply(changes(2), 2).unwrap();
    acknowledge(2);
}
