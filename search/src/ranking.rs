//! The order of what was found: text first, then what lifts a post gently. Every weight of it is here.
//!
//! BM25 over all fields finds the candidates; it knows how rare words are, and nothing of where they stand. So the best of them
//! are read again: how much of the query is in the text, how much of it in one place, how long a stretch letter by letter, by
//! spelling and by sound, and how well the title fits. The weights of what is read were fitted on questions whose answer is known
//! (half of them to fit, half to check); `cargo run --example quality -- --signals` prints what they are fitted on.

use std::collections::HashMap;

use crate::analyzer::Spelled;
use crate::query::Near;

/// Candidates that are read again.
pub(crate) const READ_AGAIN: usize = 100;

/// What is known of a candidate's text, in the order of [`BY_SPELLING`].
pub(crate) type Signals = [f32; 20];

/// For questions as they are written. In this order: BM25 next to the best candidate's; by spelling, coverage, window and
/// stretch; by sound, the same; of the title, how much of the query it covers and how much of it is in the query; length; whether
/// the window holds a number of what is asked for; how much of the words and of the readings it holds; of the words that follow one
/// another in the query, those that do so in the text and those that are near, by their terms and by their readings; and, of a
/// question typed as it sounds, BM25 of its bigrams and trigrams, and how much of the trigrams it holds.
const BY_SPELLING: Signals = [
    1.19, 0.53, 1.24, 0.13, 0.31, 0.39, 0.79, 2.39, 0.76, -3.87, 0.53, 1.66, 0.59, 0.48, 0.25,
    0.49, 0.22, 0.0, 0.0, 0.0,
];
/// For those that are typed as they sound.
const BY_SOUND: Signals = [
    1.0, 0.05, 0.29, -0.16, 0.39, 0.67, 0.48, 1.3, 0.34, -2.24, 0.17, -0.02, 0.66, -0.09, 0.01,
    0.7, 0.35, -0.25, 0.1, 0.61,
];

/// The score of a text, 0 for none of it.
pub(crate) fn of_text(signals: &Signals, by_sound: bool) -> f32 {
    let weights = if by_sound { &BY_SOUND } else { &BY_SPELLING };
    signals.iter().zip(weights).map(|(signal, weight)| signal * weight).sum()
}

const SPELLED: usize = 1;
const SOUNDING: usize = 4;
const WORDS: usize = 11;
const READINGS: usize = 12;

/// A chance pair of letters is no match: a post must hold a word of the query, or half of its letters together, or, when
/// typed as it sounds, a reading, or half of how it sounds.
pub(crate) fn is_match(signals: &Signals, by_sound: bool) -> bool {
    signals[WORDS] > 0.0
        || signals[SPELLED] >= 0.5
        || by_sound && (signals[READINGS] > 0.0 || signals[SOUNDING] >= 0.5)
}

/// Thanks lift a post by at most this much of the best candidate's text, half of it with ten of them.
const THANKS: f32 = 0.06;
/// A post of today, half of it after a year.
const FRESHNESS: f32 = 0.03;
/// A post of the reader's own region.
const SAME_REGION: f32 = 0.04;
/// A post for the age of the reader's child.
const RIGHT_AGE: f32 = 0.04;

const YEAR_MS: f32 = 365.25 * 24.0 * 3600.0 * 1000.0;

/// What is known of a post beside its text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing<'a> {
    pub thanks: u64,
    pub published_at_ms: i64,
    pub region: &'a str,
    pub ages: (u64, u64),
}

/// How far a post is lifted, on the scale of [`of_text`].
pub(crate) fn lift(post: Standing<'_>, near: &Near) -> f32 {
    let thanks = post.thanks as f32;
    let mut lift = THANKS * thanks / (thanks + 10.0);
    if near.now_ms > 0 {
        let age = (near.now_ms - post.published_at_ms).max(0) as f32;
        lift += FRESHNESS / (1.0 + age / YEAR_MS);
    }
    if near.region.as_deref().is_some_and(|region| region == post.region) {
        lift += SAME_REGION;
    }
    // What is for every age says nothing.
    let (from, to) = post.ages;
    let is_narrow = from > 0 || to < u64::from(u16::MAX);
    if is_narrow && near.age_months.is_some_and(|age| (from..=to).contains(&u64::from(age))) {
        lift += RIGHT_AGE;
    }
    lift
}

/// Characters of a window: a sentence or two.
const WINDOW_LENGTH: usize = 60;
/// Characters of a text that are read.
pub(crate) const LONGEST_TEXT: usize = 2000;

/// What is looked for in texts: the pairs of neighbouring letters of a query, each with its place and its weight.
#[derive(Debug)]
pub(crate) struct Pattern {
    pairs: HashMap<(char, char), Pair, rustc_hash::FxBuildHasher>,
    /// Number of letters.
    length: usize,
    weight: f32,
}

#[derive(Debug)]
struct Pair {
    /// Which pair it is, of the different ones.
    number: usize,
    weight: f32,
    /// Where in the query it stands.
    places: Vec<u16>,
}

/// How a text answers a pattern; shares are from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Likeness {
    /// Weight of the pairs that are anywhere in the text.
    pub coverage: f32,
    /// Weight of those that are together within a window.
    pub window: f32,
    /// Length of the longest common stretch.
    pub stretch: f32,
    /// The same in letters.
    pub letters: f32,
    /// Where the best window ends, in letters.
    pub at: usize,
    /// Letters that were read.
    pub length: usize,
}

/// What a text with synonyms answers, next to one with the words that were typed.
const OTHERWISE: f32 = 0.85;

impl Likeness {
    /// Takes what the text answers of the query spelled another way, if that is more.
    pub fn or(&mut self, other: Likeness) {
        if other.coverage + other.window > self.coverage + self.window {
            *self = other;
        }
    }

    /// The same of the query with synonyms.
    pub fn or_otherwise(&mut self, other: Likeness) {
        self.or(Likeness {
            coverage: OTHERWISE * other.coverage,
            window: OTHERWISE * other.window,
            stretch: OTHERWISE * other.stretch,
            letters: OTHERWISE * other.letters,
            ..other
        });
    }
}

impl Pattern {
    /// `rarity` weighs a pair of letters.
    pub fn new(spelled: &Spelled, mut rarity: impl FnMut(&str) -> f32) -> Pattern {
        let letters: Vec<char> = spelled.text().chars().collect();
        let mut pairs: HashMap<(char, char), Pair, _> = HashMap::default();
        let (mut weight, mut gram) = (0.0, String::new());
        for (place, pair) in letters.windows(2).enumerate() {
            if pair.contains(&' ') {
                continue;
            }
            let number = pairs.len();
            let known = pairs.entry((pair[0], pair[1])).or_insert_with(|| {
                gram.clear();
                gram.extend(pair);
                let own = rarity(&gram) * spelled.says(place..place + 2);
                weight += own;
                Pair { number, weight: own, places: vec![] }
            });
            known.places.push(u16::try_from(place).unwrap_or(u16::MAX));
        }
        let length = letters.iter().filter(|c| **c != ' ').count();
        Pattern { pairs, length, weight }
    }

    /// `text`: folded letters, as the pattern's.
    pub fn likeness(&self, text: impl IntoIterator<Item = char>) -> Likeness {
        if self.pairs.is_empty() {
            let length = text.into_iter().take(LONGEST_TEXT).count();
            return Likeness { length, ..Likeness::default() };
        }
        // Of each pair how often it is in the window; the window's pairs with their places.
        let mut within = vec![0_u32; self.pairs.len()];
        let mut seen = vec![false; self.pairs.len()];
        let mut window: std::collections::VecDeque<(usize, usize, f32)> = Default::default();
        let (mut coverage, mut here, mut best) = (0.0_f32, 0.0_f32, 0.0_f32);
        let (mut best_at, mut length) = (0, 0);
        // Stretches that end at the letter before: place in the query, and length.
        let mut before: Vec<(u16, u16)> = vec![];
        let mut now = vec![];
        let mut longest = 0;
        let mut last = ' ';
        for (at, letter) in text.into_iter().take(LONGEST_TEXT).enumerate() {
            now.clear();
            if let Some(pair) = self.pairs.get(&(last, letter)) {
                // Both in the query's order: a letter repeated is in it at every place.
                let mut ends = before.iter().peekable();
                for &place in &pair.places {
                    while ends.next_if(|(end, _)| end.saturating_add(1) < place).is_some() {}
                    let so_far = match ends.peek() {
                        Some((end, so_far)) if end.saturating_add(1) == place => *so_far,
                        _ => 1,
                    };
                    now.push((place, so_far + 1));
                    longest = longest.max(so_far + 1);
                }
                if !seen[pair.number] {
                    seen[pair.number] = true;
                    coverage += pair.weight;
                }
                within[pair.number] += 1;
                if within[pair.number] == 1 {
                    here += pair.weight;
                }
                window.push_back((at, pair.number, pair.weight));
            }
            while let Some(&(place, number, weight)) = window.front() {
                if place + WINDOW_LENGTH > at {
                    break;
                }
                window.pop_front();
                within[number] -= 1;
                if within[number] == 0 {
                    here -= weight;
                }
            }
            if here > best {
                (best, best_at) = (here, at);
            }
            length = at + 1;
            std::mem::swap(&mut before, &mut now);
            last = letter;
        }
        let weight = self.weight.max(f32::EPSILON);
        Likeness {
            coverage: coverage / weight,
            window: best / weight,
            stretch: f32::from(longest) / self.length.max(1) as f32,
            letters: f32::from(longest),
            at: best_at,
            length,
        }
    }
}
