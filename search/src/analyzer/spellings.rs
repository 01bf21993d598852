//! One spelling for words that are written in several ways: 卵, 玉子, たまご.
//!
//! `assets/spellings.tsv`: one word a line, its canonical spelling first, tabs between.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::kana;
use super::normalize::Normalized;

const SPELLINGS: &str = include_str!("../../assets/spellings.tsv");

#[derive(Debug)]
pub(super) struct Spellings(HashMap<String, String>);

impl Spellings {
    pub fn load() -> Spellings {
        let mut canonical = HashMap::new();
        for group in groups() {
            for spelling in &group[1..] {
                canonical.insert(spelling.clone(), group[0].clone());
            }
        }
        Spellings(canonical)
    }

    /// `term` with kana folded.
    pub fn canonical(&self, term: &str) -> String {
        self.0.get(term).map_or(term, String::as_str).to_owned()
    }
}

pub(super) fn fingerprint() -> String {
    hex::encode(&Sha256::digest(SPELLINGS)[..4])
}

/// Every spelling that is all kana, in hiragana.
pub(super) fn in_kana() -> impl Iterator<Item = String> {
    groups().flatten().filter(|spelling| spelling.chars().all(kana::is_kana))
}

/// Each line's spellings, normalised and kana folded, the canonical one first.
pub(super) fn groups() -> impl Iterator<Item = Vec<String>> {
    SPELLINGS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split('\t').map(|s| kana::fold(&Normalized::new(s).text)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_belongs_to_two_words() {
        let mut seen = HashMap::new();
        for group in groups() {
            assert!(group.len() > 1, "{group:?} has one spelling only");
            for spelling in &group {
                let other = seen.insert(spelling.clone(), group[0].clone());
                assert_eq!(other, None, "{spelling} is also in {}", group[0]);
            }
        }
    }
}
