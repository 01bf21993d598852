//! What people look for and don't find: a weekly count for the people who look after the site, by which they see which words the search
//! lacks, and what is yet to be written.
//!
//! A search with no hit at all is noted in memory, and the counts are added to the table every half minute. It counts people: whoever
//! repeats a search in a week counts once, as far as this process remembers.
//!
//! Invariants: nothing that identifies anyone
//! - Only a count is stored beside a week and a text. Who asked is a hash under a key that this process makes at its start and
//!   never writes down; it goes with the week.
//! - A text that may name someone is never noted: see [`text`].
//! - Only counts of [`FEWEST`] and more are shown, and those below go once their week is over.
//! - Bounded: [`TEXTS`] texts between two flushes, [`SEARCHES`] searches a week. What is beyond is not counted.
//!
//! Not here: when a search counts as having found nothing (`discovery::search_page`).

pub mod jobs;
pub mod pages;
mod sql;
mod text;
mod week;

pub use text::noted;
pub use week::Week;

use crate::app::App;
use crate::time_id::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Fewer people than this could be known by what they ask.
pub const FEWEST: u64 = 5;
/// Weeks that are kept before the one that runs.
pub const WEEKS: u32 = 12;
/// Different texts in memory.
const TEXTS: usize = 1000;
/// Searches of a week, by person and text.
const SEARCHES: usize = 20_000;
const FLUSH: Duration = Duration::from_secs(30);

/// What this node has noted since it last wrote it down.
pub struct Unfound {
    key: [u8; 32],
    noted: Mutex<Noted>,
}

#[derive(Default)]
struct Noted {
    counts: HashMap<(Week, String), u64>,
    week: Option<Week>,
    /// Of `week`.
    searches: HashSet<[u8; 16]>,
}

impl Unfound {
    /// Panics when the system has no randomness to give.
    pub fn new() -> Self {
        let mut key = [0u8; 32];
        #[expect(clippy::expect_used)]
        getrandom::fill(&mut key).expect("the operating system gives random bytes");
        Self { key, noted: Mutex::default() }
    }

    /// `who` is an account's id or a client's address.
    pub fn note(&self, now: Timestamp, who: &str, typed: &str) {
        let Some(text) = noted(typed) else { return };
        let week = Week::of(now);
        let mut noted = self.noted();
        if noted.week != Some(week) {
            noted.week = Some(week);
            noted.searches.clear();
        }
        let place = (week, text);
        let is_full = noted.counts.len() >= TEXTS && !noted.counts.contains_key(&place);
        if is_full || noted.searches.len() >= SEARCHES {
            return;
        }
        if noted.searches.insert(self.search(who, &place.1)) {
            *noted.counts.entry(place).or_default() += 1;
        }
    }

    fn search(&self, who: &str, text: &str) -> [u8; 16] {
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update((who.len() as u64).to_le_bytes());
        hash.update(who);
        hash.update(text);
        let mut short = [0u8; 16];
        short.copy_from_slice(&hash.finalize()[..16]);
        short
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Unfound {
    fn default() -> Self {
        Self::new()
    }
}

/// Adds what was noted to the table. What could not be written is kept for the next time.
pub async fn flush(app: &App) -> crate::db::Result<()> {
    let counts = std::mem::take(&mut app.unfound.noted().counts);
    if counts.is_empty() {
        return Ok(());
    }
    let written = write(app, &counts).await;
    if written.is_err() {
        let mut noted = app.unfound.noted();
        for (place, count) in counts {
            *noted.counts.entry(place).or_default() += count;
        }
    }
    written
}

async fn write(app: &App, counts: &HashMap<(Week, String), u64>) -> crate::db::Result<()> {
    let mut tx = app.db.begin().await?;
    // In one order on every node: rows are locked as they are written.
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_unstable();
    for ((week, text), count) in counts {
        sql::add(&mut tx, *week, text, *count).await?;
    }
    tx.commit().await
}

/// Flushes until dropped.
pub async fn keep_flushing(app: App) {
    loop {
        tokio::time::sleep(FLUSH).await;
        if let Err(error) = flush(&app).await {
            tracing::error!(%error, "what was not found is not written down yet");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_316_400_000);

    fn counted(unfound: &Unfound) -> u64 {
        unfound.noted().counts.values().sum()
    }

    #[test]
    fn one_person_counts_once_a_week_for_each_text() {
        let unfound = Unfound::new();
        for text in ["おしゃぶり", "オシャブリ", " おしゃぶり "] {
            unfound.note(NOW, "a", text);
        }
        assert_eq!(counted(&unfound), 2);
        unfound.note(NOW, "b", "おしゃぶり");
        assert_eq!(counted(&unfound), 3);
        unfound.note(NOW.plus(Duration::from_secs(7 * 24 * 3600)), "a", "おしゃぶり");
        assert_eq!(counted(&unfound), 4);
    }

    #[test]
    fn what_is_noted_is_bounded() {
        let unfound = Unfound::new();
        for n in 0..TEXTS + 10 {
            let text: String =
                n.to_string().chars().map(|c| char::from(c as u8 + b'a' - b'0')).collect();
            unfound.note(NOW, "a", &text);
        }
        assert_eq!(unfound.noted().counts.len(), TEXTS);
        for n in 0..SEARCHES {
            unfound.note(NOW, &n.to_string(), "a");
        }
        assert_eq!(unfound.noted().searches.len(), SEARCHES);
        assert_eq!(counted(&unfound), SEARCHES as u64);
    }
}
