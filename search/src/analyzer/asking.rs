//! Words that ask, or name the kind of answer (名前, 理由, 方法): an answer seldom holds them, so they say less than others.
//!
//! `assets/asking.txt` holds them. Not here: what is asked for by the number (`asked`).

use std::collections::HashSet;

use super::kana;
use super::spellings::Spellings;

const ASKING: &str = include_str!("../../assets/asking.txt");

/// What such a word says, next to another of its rarity. Of 4,420 questions that were looked at, an answer held nine in ten of
/// the other nouns, and half of these.
pub(super) const SAYS: f32 = 0.4;

#[derive(Debug)]
pub(super) struct Asking(HashSet<String>);

impl Asking {
    pub fn load(spellings: &Spellings) -> Asking {
        Asking(words().map(|word| spellings.canonical(&kana::fold(word)).to_owned()).collect())
    }

    /// `term`: as words are looked up.
    pub fn holds(&self, term: &str) -> bool {
        self.0.contains(term)
    }
}

pub(super) fn words() -> impl Iterator<Item = &'static str> {
    ASKING.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}
