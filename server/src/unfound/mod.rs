//! What people look for and don't find: a weekly count for the people who look after the site, by which they see which words the search
//! lacks, and what is yet to be written.
//!
//! A search with no hit at all is noted in memory, and the counts are added to the table every half minute, and when the site
//! stops. It counts people: whoever repeats a search in a week counts once, as far as this process remembers. Moderators and admins do
//! not count: they try out the words they keep.
//!
//! Invariants: nothing that identifies anyone
//! - Only a count is stored beside a week and a text. Who asked is a hash in memory, under a key that is made for the week and goes
//!   with it; how many texts a person has added in a day is kept by another, under a key of that day. Neither key is written down.
//! - A text that may name someone is never noted: see [`text`].
//! - Only counts of [`FEWEST`] and more are shown, and those below go once their week is over.
//! - Bounded: [`TEXTS`] texts between two flushes, [`SEARCHES`] searches a week, and of these [`OF_ONE`] different texts a day by one
//!   account or anonymous address, so that nobody uses them up. What is beyond is not counted.
//!
//! Not here: when a search counts as having found nothing (`discovery::search_page`).

mod flush;
pub mod jobs;
pub mod pages;
mod sql;
mod text;
mod week;

pub use flush::{EVERY, Flusher, flush};
pub use text::noted;
pub use week::Week;

use crate::access::Viewer;
use crate::access::viewer::Role;
use crate::http::client::Client;
use crate::time_id::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use week::Day;

/// Fewer people than this could be known by what they ask.
pub const FEWEST: u64 = 5;
/// Weeks that are kept before the one that runs.
pub const WEEKS: u32 = 12;
/// Different texts in memory.
const TEXTS: usize = 1000;
/// Searches of a week, by person and text.
const SEARCHES: usize = 20_000;
/// Different texts that one account or anonymous address adds in a day.
const OF_ONE: u32 = 20;

/// What this node has noted since it last wrote it down.
#[derive(Default)]
pub struct Unfound(Mutex<Noted>);

#[derive(Default)]
struct Noted {
    counts: HashMap<(Week, String), u64>,
    week: Option<OfWeek>,
    day: Option<OfDay>,
}

/// Who looked for what in a week.
struct OfWeek {
    week: Week,
    key: Key,
    searches: HashSet<Mark>,
}

/// How many texts each person has added in a day.
struct OfDay {
    day: Day,
    key: Key,
    texts: HashMap<Mark, u32>,
}

/// What a person, or a person's search, leaves in memory.
type Mark = [u8; 16];

impl Unfound {
    /// Notes a search, unless it was by someone who looks after the site.
    pub fn note(&self, now: Timestamp, viewer: &Viewer, client: Client, typed: &str) {
        let who = match viewer.account() {
            Some(account) if account.role >= Role::Moderator => return,
            Some(account) => account.id.to_string(),
            None => client.subject(),
        };
        self.note_by(now, &who, typed);
    }

    fn note_by(&self, now: Timestamp, who: &str, typed: &str) {
        let Some(text) = noted(typed) else { return };
        let place = (Week::of(now), text);
        let mut noted = self.noted();
        let Noted { counts, week, day } = &mut *noted;
        let (Some(of_week), Some(of_day)) =
            (OfWeek::of(week, place.0), OfDay::of(day, Day::of(now)))
        else {
            return;
        };
        let is_full = counts.len() >= TEXTS && !counts.contains_key(&place);
        let by_one = of_day.texts.get(&of_day.key.mark(&[who])).copied().unwrap_or(0);
        if is_full || of_week.searches.len() >= SEARCHES || by_one >= OF_ONE {
            return;
        }
        if of_week.searches.insert(of_week.key.mark(&[who, &place.1])) {
            *of_day.texts.entry(of_day.key.mark(&[who])).or_default() += 1;
            *counts.entry(place).or_default() += 1;
        }
    }

    /// Texts that no flush has taken yet.
    pub fn waiting(&self) -> usize {
        self.noted().counts.len()
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OfWeek {
    /// That of `week`, after which there is no other. `None` if there is no randomness to make a key of.
    fn of(kept: &mut Option<Self>, week: Week) -> Option<&mut Self> {
        if kept.as_ref().is_none_or(|of_week| of_week.week != week) {
            *kept = Key::fresh().map(|key| Self { week, key, searches: HashSet::new() });
        }
        kept.as_mut()
    }
}

impl OfDay {
    /// As [`OfWeek::of`].
    fn of(kept: &mut Option<Self>, day: Day) -> Option<&mut Self> {
        if kept.as_ref().is_none_or(|of_day| of_day.day != day) {
            *kept = Key::fresh().map(|key| Self { day, key, texts: HashMap::new() });
        }
        kept.as_mut()
    }
}

/// Without it nobody can tell whose a mark is. Never written down.
struct Key([u8; 32]);

impl Key {
    fn fresh() -> Option<Self> {
        let mut key = [0u8; 32];
        getrandom::fill(&mut key).ok()?;
        Some(Self(key))
    }

    fn mark(&self, parts: &[&str]) -> Mark {
        let mut hash = Sha256::new();
        hash.update(self.0);
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let mut mark = [0u8; 16];
        mark.copy_from_slice(&hash.finalize()[..16]);
        mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const NOW: Timestamp = Timestamp::from_millis(1_795_316_400_000);
    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn counted(unfound: &Unfound) -> u64 {
        unfound.noted().counts.values().sum()
    }

    /// Another one for each number, without digits.
    fn text(n: usize) -> String {
        n.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
    }

    #[test]
    fn one_person_counts_once_a_week_for_each_text() {
        let unfound = Unfound::default();
        for text in ["おしゃぶり", "オシャブリ", " おしゃぶり "] {
            unfound.note_by(NOW, "a", text);
        }
        assert_eq!(counted(&unfound), 2);
        unfound.note_by(NOW, "b", "おしゃぶり");
        assert_eq!(counted(&unfound), 3);
        unfound.note_by(NOW.plus(7 * DAY), "a", "おしゃぶり");
        assert_eq!(counted(&unfound), 4);
    }

    #[test]
    fn one_person_adds_twenty_texts_a_day_and_leaves_room_for_others() {
        let unfound = Unfound::default();
        for n in 0..SEARCHES {
            unfound.note_by(NOW, "a", &text(n));
        }
        assert_eq!(counted(&unfound), 20);
        // What was counted already costs nothing.
        unfound.note_by(NOW, "b", &text(0));
        for n in 0..100 {
            unfound.note_by(NOW, "b", &text(n % 19));
        }
        unfound.note_by(NOW, "b", "おしゃぶり");
        assert_eq!(unfound.noted().counts.get(&(Week::of(NOW), "おしゃぶり".to_owned())), Some(&1));
        // A day later, still in the week.
        let unfound = Unfound::default();
        let saturday = NOW.minus(DAY);
        for now in [saturday, NOW] {
            for n in 0..50 {
                unfound.note_by(now, "a", &text(n));
            }
        }
        assert_eq!(counted(&unfound), 40);
    }

    #[test]
    fn a_weeks_marks_tell_nothing_of_the_next() {
        let unfound = Unfound::default();
        let marks = || {
            let noted = unfound.noted();
            let (week, day) = (noted.week.as_ref().unwrap(), noted.day.as_ref().unwrap());
            (
                week.searches.iter().copied().collect::<Vec<_>>(),
                day.texts.keys().copied().collect::<Vec<_>>(),
            )
        };
        unfound.note_by(NOW, "a", "おしゃぶり");
        let (search, person) = marks();
        assert_eq!((search.len(), person.len()), (1, 1));
        unfound.note_by(NOW.plus(DAY), "a", "おしゃぶり");
        let (next_search, next_person) = marks();
        assert_eq!((next_search.len(), next_person.len()), (1, 1));
        assert_ne!(search, next_search);
        assert_ne!(person, next_person);
    }

    #[test]
    fn what_is_noted_is_bounded() {
        let unfound = Unfound::default();
        for n in 0..TEXTS + 10 {
            unfound.note_by(NOW, &n.to_string(), &text(n));
        }
        assert_eq!(unfound.waiting(), TEXTS);
        for n in 0..SEARCHES {
            unfound.note_by(NOW, &n.to_string(), "a");
        }
        let noted = unfound.noted();
        assert_eq!(noted.week.as_ref().unwrap().searches.len(), SEARCHES);
        assert!(noted.day.as_ref().unwrap().texts.len() <= SEARCHES);
    }
}
