//! A query that an input method has not finished: よなk, りにゅうしょk. It is looked up by the words that it may become.
//!
//! Not here: suggestions, which go on from any beginning (`suggest`).

use std::collections::BTreeSet;

use tantivy::Searcher;
use tantivy::schema::Field;

use crate::Error;
use crate::analyzer::{begun_with, fold_sound, is_hiragana, is_kana, so_far};

/// Latin letters of a syllable that is not whole yet.
const LONGEST_SYLLABLE: usize = 2;
/// Kana of the word's beginning, without the syllable that is not whole.
const LONGEST: usize = 10;
/// The same of a part of what is typed: a single kana begins too much.
const SHORTEST: usize = 2;
/// Readings that are looked up for each syllable, in a segment.
const MOST: usize = 8;

/// What is typed, and the letters of a syllable after that; `None` for a query that is finished.
pub(crate) fn unfinished(normalized: &str) -> Option<(String, &str)> {
    let whole = normalized.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let latin = &normalized[whole.len()..];
    // Only within a word: ビタミンd is one, and whole.
    let is_within = whole.ends_with(is_hiragana) && !latin.is_empty();
    let begun = latin.rsplit(|c| "aiueo".contains(c)).next().unwrap_or_default();
    let is_syllable = begun.len() <= LONGEST_SYLLABLE && begun_with(begun).next().is_some();
    let typed = so_far(normalized).filter(|_| is_within && is_syllable)?;
    Some((typed, begun))
}

/// Readings of posts' words that begin with the end of what is typed and that syllable: with as much of it as any does.
pub(crate) fn readings_begun_with(
    typed: &str,
    begun: &str,
    searcher: &Searcher,
    readings: Field,
) -> Result<BTreeSet<String>, Error> {
    if begun.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut kana: Vec<char> =
        typed.chars().rev().take_while(|c| is_kana(*c)).take(LONGEST).collect();
    kana.reverse();
    for from in 0..kana.len() {
        if from > 0 && kana.len() - from < SHORTEST {
            break;
        }
        let word: String = kana[from..].iter().collect();
        let mut found = BTreeSet::new();
        for syllable in begun_with(begun) {
            let beginning = fold_sound(&format!("{word}{syllable}"));
            add_beginning_with(&beginning, searcher, readings, &mut found)?;
        }
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(BTreeSet::new())
}

fn add_beginning_with(
    beginning: &str,
    searcher: &Searcher,
    readings: Field,
    found: &mut BTreeSet<String>,
) -> Result<(), Error> {
    for segment in searcher.segment_readers() {
        let index = segment.inverted_index(readings)?;
        let mut stream = index.terms().range().ge(beginning.as_bytes()).into_stream()?;
        for _ in 0..MOST {
            if !stream.advance() {
                break;
            }
            let Some(reading) = str::from_utf8(stream.key()).ok() else { continue };
            if !reading.starts_with(beginning) {
                break;
            }
            found.insert(reading.to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syllable_that_is_not_whole_is_parted_from_the_kana() {
        for (typed, parted) in [
            ("よなk", Some(("よな", "k"))),
            ("とっぱつせいほっsh", Some(("とっぱつせいほっ", "sh"))),
            ("ファミさp", Some(("ファミさ", "p"))),
            ("べびーふーd", Some(("べびーふー", "d"))),
            ("よna", Some(("よな", ""))),
            ("よなき", None),
            ("ビタミンd", None),
            ("yonak", None),
            ("とびひpdf", None),
            ("子供のtv", None),
        ] {
            let parted = parted.map(|(kana, latin)| (kana.to_owned(), latin));
            assert_eq!(unfinished(typed), parted, "{typed}");
        }
    }
}
