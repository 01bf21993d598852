//! One spelling for words that are written in several ways: 卵, 玉子, たまご.
//!
//! `assets/spellings.tsv` holds what parents write: one word a line, its canonical spelling first, tabs between.
//! `assets/variants.tsv` holds the language at large (`examples/variants.rs` tells where from): a spelling, a tab, its canonical
//! one. Where both know a word, the first decides.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::kana;
use super::normalize::Normalized;

const SPELLINGS: &str = include_str!("../../assets/spellings.tsv");
const VARIANTS: &str = include_str!("../../assets/variants.tsv");

#[derive(Debug)]
pub(super) struct Spellings {
    ours: HashMap<String, String>,
    variants: HashMap<&'static str, &'static str>,
}

impl Spellings {
    pub fn load() -> Spellings {
        let mut ours = HashMap::new();
        for group in groups() {
            for spelling in &group {
                ours.insert(spelling.clone(), group[0].clone());
            }
        }
        let variants = VARIANTS.lines().filter_map(|line| line.split_once('\t')).collect();
        Spellings { ours, variants }
    }

    /// `term` with kana folded.
    pub fn canonical<'a>(&'a self, term: &'a str) -> &'a str {
        if let Some(ours) = self.ours.get(term) {
            return ours;
        }
        let variant = self.variants.get(term).copied().unwrap_or(term);
        self.ours.get(variant).map_or(variant, String::as_str)
    }
}

pub(super) fn fingerprint() -> String {
    hex::encode(&Sha256::new().chain_update(SPELLINGS).chain_update(VARIANTS).finalize()[..4])
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
