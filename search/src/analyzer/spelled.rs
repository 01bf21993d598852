//! A text letter by letter, as it is spelled or as it sounds, and how much each letter says: as much as the word it is in.

use std::ops::Range;

use super::{Word, grams, kana};

/// Letters, kana folded; a space parts runs of them.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Spelled {
    text: String,
    /// Of each character of the text, above 0 to 1; 0 of a space.
    says: Vec<f32>,
    is_parted: bool,
}

impl Spelled {
    /// The words of a text, some of them spelled `otherwise`, by their numbers.
    pub fn words<'a>(
        words: &'a [Word<'_>],
        normalized: &'a str,
        otherwise: impl Fn(usize) -> Option<&'a str>,
    ) -> Spelled {
        let mut out = Spelled::default();
        let mut end = 0;
        for (at, word) in words.iter().enumerate() {
            out.push(normalized.get(end..word.range.start).unwrap_or_default(), 1.0);
            let typed = normalized.get(word.range.clone()).unwrap_or_default();
            out.push(otherwise(at).unwrap_or(typed), word.says());
            end = word.range.end;
        }
        out.push(normalized.get(end..).unwrap_or_default(), 1.0);
        out
    }

    /// How the text sounds; marks and words nobody can read part the runs, spaces don't (people put
    /// them between words in kana).
    pub fn sounds(words: &[Word<'_>], normalized: &str) -> Spelled {
        let mut out = Spelled::default();
        let mut end = 0;
        for word in words {
            let gap = normalized.get(end..word.range.start).unwrap_or_default();
            out.is_parted |= gap.chars().any(|c| !c.is_whitespace());
            end = word.range.end;
            match &word.reading {
                Some(reading) => out.push(reading, word.says()),
                None => out.is_parted = true,
            }
        }
        // Once more over the whole run: a long vowel may span two words. A letter stays one.
        let runs: Vec<String> = out.runs().map(kana::fold_sound).collect();
        out.text = runs.join(" ");
        out
    }

    fn push(&mut self, text: &str, says: f32) {
        for c in text.chars() {
            if !kana::is_searchable(c) {
                self.is_parted = true;
                continue;
            }
            if self.is_parted && !self.text.is_empty() {
                self.text.push(' ');
                self.says.push(0.0);
            }
            self.is_parted = false;
            self.text.push(kana::fold_char(c));
            self.says.push(says);
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn runs(&self) -> impl Iterator<Item = &str> {
        self.text.split(' ').filter(|run| !run.is_empty())
    }

    /// How much these characters say, each by its place in the text.
    pub fn says(&self, characters: Range<usize>) -> f32 {
        let says = self.says.get(characters).unwrap_or_default();
        says.iter().sum::<f32>() / says.len().max(1) as f32
    }

    /// N-grams within the runs, in order, and what each says; a run shorter than `n` is one.
    pub fn grams(&self, n: usize) -> Vec<(String, f32)> {
        let mut out = vec![];
        let mut start = 0;
        for run in self.runs() {
            let length = run.chars().count();
            let grams = grams::of_runs(vec![run.to_owned()], n);
            out.extend(
                (start..).zip(grams).map(|(at, gram)| (gram, self.says(at..at + n.min(length)))),
            );
            start += length + 1;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(pieces: &[(&str, f32)]) -> Spelled {
        let mut out = Spelled::default();
        pieces.iter().for_each(|(text, says)| out.push(text, *says));
        out
    }

    #[test]
    fn letters_are_folded_and_marks_part_them() {
        let spelled =
            spelled(&[("「", 1.0), ("パン", 1.0), ("、", 1.0), ("卵 ", 1.0), ("？", 1.0)]);
        assert_eq!(spelled.text(), "ぱん 卵");
    }

    #[test]
    fn a_gram_says_as_much_as_its_letters() {
        let spelled = spelled(&[("卵", 1.0), ("方法", 0.4), ("。", 1.0), ("粥", 1.0)]);
        let grams = spelled.grams(2);
        assert_eq!(grams, [("卵方".into(), 0.7), ("方法".into(), 0.4), ("粥".into(), 1.0)]);
    }
}
