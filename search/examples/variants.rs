//! Makes `assets/variants.tsv` from the dictionary of JUMAN, which knows a canonical spelling (代表表記) for most words.
//!
//! `cargo run -p search --example variants -- /usr/share/mecab/dic/juman/ContentW.csv > search/assets/variants.tsv`
//! (Debian's package mecab-jumandic-utf8; only whoever makes the file anew needs it.)
//!
//! Left out: kana that may be several words, and single kana. Of a spelling in kanji with several words, the commonest counts.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead as _, BufReader};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("the path of ContentW.csv")?;
    let mut words: BTreeMap<String, BTreeMap<String, i32>> = BTreeMap::new();
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        let columns: Vec<&str> = line.split(',').collect();
        let &[surface, _, _, cost, _, _, conjugation, kind, base, _, meaning, ..] =
            columns.as_slice()
        else {
            continue;
        };
        let canonical = meaning
            .split_whitespace()
            .find_map(|part| part.strip_prefix("代表表記:"))
            .and_then(|both| both.split('/').next());
        let Some(canonical) = canonical.filter(|_| surface == base) else { continue };
        let is_adjective = conjugation.contains('ナ') || kind.contains('ナ');
        let stems = (surface.strip_suffix('だ'), canonical.strip_suffix('だ'));
        let (surface, canonical) = match stems {
            (Some(surface), Some(canonical)) if is_adjective => (surface, canonical),
            _ => (surface, canonical),
        };
        let cost: i32 = cost.parse()?;
        let known = words.entry(fold(surface)).or_default().entry(fold(canonical)).or_insert(cost);
        *known = cost.min(*known);
    }
    for (word, canonicals) in words {
        let is_kana = word.chars().all(|c| matches!(c, 'ぁ'..='ゖ' | 'ー'));
        if is_kana && (canonicals.len() > 1 || word.chars().count() < 2) {
            continue;
        }
        let commonest = canonicals.iter().min_by_key(|(_, cost)| **cost);
        if let Some((canonical, _)) = commonest.filter(|(canonical, _)| **canonical != word) {
            println!("{word}\t{canonical}");
        }
    }
    Ok(())
}

/// As the analyzer folds kana.
fn fold(text: &str) -> String {
    let folded = |c| match c {
        'ヶ' | 'ヵ' => 'か',
        'ァ'..='ヴ' => char::from_u32(c as u32 - 0x60).unwrap_or(c),
        _ => c,
    };
    text.chars().map(folded).collect()
}
