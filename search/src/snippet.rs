//! Which part of a text is shown for what was found in it, and where it is cut.
//!
//! It is the part with most different marks. It begins with the sentence of the first, if that begins shortly before it, else
//! with a clause or a word near it, so that the mark is seen where a phone shows two lines. It ends with a sentence if one ends in its
//! last third, else after a 、, before a word, in this order. It never begins or ends within a mark, a word in Latin letters, a number or what is
//! read as one character, unless that alone is longer than all that is shown.
//!
//! Not here: what is marked (`highlight`).

mod parting;

use std::collections::HashMap;
use std::ops::Range;

use unicode_segmentation::GraphemeCursor;

use crate::analyzer::Analysis;
use parting::Parting;

/// Characters of a part, without the ellipses.
pub(crate) const LONGEST: usize = 110;
/// It ends with the last sentence that ends after so many.
const SHORTEST: usize = 72;
/// What is so much longer is shown to the end: an ellipsis in place of a few letters is no gain.
pub(crate) const REST: usize = 10;
/// The sentence of the first mark may begin so many characters before it; beside a picture a phone shows 28.
const LEAD: usize = 24;
/// If it begins earlier, so many are shown of it.
const NEAR: usize = 14;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// Bytes.
    pub range: Range<usize>,
    pub begins_inside_a_sentence: bool,
    pub ends_inside_a_sentence: bool,
}

/// The marks that are shown together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Densest {
    /// How much they say; 0 without a mark.
    pub worth: usize,
    /// Which of them.
    pub marks: Range<usize>,
}

impl Densest {
    /// `marks` in order and apart.
    pub fn of(text: &str, marks: &[Range<usize>]) -> Densest {
        let (mut at, mut chars) = (0, 0);
        // Where each begins and ends, in characters.
        let places: Vec<(usize, usize)> = marks
            .iter()
            .map(|mark| {
                let start = chars + text[at..mark.start].chars().count();
                chars = start + text[mark.clone()].chars().count();
                at = mark.end;
                (start, chars)
            })
            .collect();
        let mut best = Densest::default();
        let mut within: HashMap<&str, usize> = HashMap::new();
        let mut next = 0;
        for first in 0..places.len() {
            let reach = places[first].0 + LONGEST - LEAD;
            while next < places.len() && (next == first || places[next].1 <= reach) {
                *within.entry(&text[marks[next].clone()]).or_default() += 1;
                next += 1;
            }
            // Different words say more than one word repeated.
            let worth = within.len() * 4 + (next - first).min(6);
            if worth > best.worth {
                best = Densest { worth, marks: first..next };
            }
            let left = &text[marks[first].clone()];
            if let Some(count) = within.get_mut(left) {
                *count -= 1;
                if *count == 0 {
                    within.remove(left);
                }
            }
        }
        best
    }
}

/// Whether all of a text is shown, whatever is marked in it.
pub(crate) fn is_short(text: &str) -> bool {
    text.chars().nth(LONGEST + REST).is_none()
}

/// The start of a text that can be in a part that begins where the text does.
pub(crate) fn beginning(text: &str) -> &str {
    &text[..ahead(text, 0, 2 * LONGEST)]
}

impl Part {
    /// The part of `text`, which has no spaces at its ends, that shows `densest` of these marks. `analysis` is of the text, or
    /// of as much of it as is looked at.
    pub fn of(
        text: &str,
        analysis: &Analysis<'_>,
        marks: &[Range<usize>],
        densest: &Densest,
    ) -> Part {
        if is_short(text) {
            let range = 0..text.len();
            return Part { range, begins_inside_a_sentence: false, ends_inside_a_sentence: false };
        }
        let cutter = Cutter { text, analysis, marks };
        let shown = match &marks[densest.marks.clone()] {
            [first, .., last] => first.start..last.end,
            [only] => only.clone(),
            [] => 0..0,
        };
        let (start, begin) = cutter.start(&shown);
        let (end, close) = cutter.end(start, shown.end);
        Part {
            range: start..end,
            begins_inside_a_sentence: begin != Parting::Sentence,
            ends_inside_a_sentence: close != Parting::Sentence,
        }
    }
}

struct Cutter<'a> {
    text: &'a str,
    analysis: &'a Analysis<'a>,
    marks: &'a [Range<usize>],
}

impl Cutter<'_> {
    /// Where a part begins that shows these bytes.
    fn start(&self, shown: &Range<usize>) -> (usize, Parting) {
        let first = shown.start;
        let room = LONGEST.saturating_sub(self.text[shown.clone()].chars().count());
        let near = back(self.text, first, room.min(NEAR));
        let candidates = self
            .places(back(self.text, first, room.min(LEAD))..first)
            .filter_map(|at| Some((at, self.parting_before(at)?)));
        let mut best = (first, self.parting_before(first).unwrap_or(Parting::Word));
        for (at, parting) in candidates {
            if parting == Parting::Sentence {
                return (at, parting);
            }
            if at >= near && (parting > best.1 || parting == best.1 && at < best.0) {
                best = (at, parting);
            }
        }
        best
    }

    /// Where a part ends that begins at byte `start` and shows what ends at `last`, if there is room.
    fn end(&self, start: usize, last: usize) -> (usize, Parting) {
        let limit = ahead(self.text, start, LONGEST);
        if ahead(self.text, limit, REST) == self.text.len() {
            return (self.text.len(), Parting::Sentence);
        }
        let least = ahead(self.text, start, SHORTEST).max(last).min(limit);
        let mut best: Option<(usize, Parting)> = None;
        for at in self.places(least..limit).chain(std::iter::once(limit)) {
            if let Some(parting) = self.parting_after(at)
                && best.is_none_or(|(_, known)| parting >= known)
            {
                best = Some((at, parting));
            }
        }
        // One mark, or one character with all that combines with it, can be longer than there is room for.
        let within = || (start + 1..=limit).rev().find(|&at| is_boundary(self.text, at));
        best.unwrap_or_else(|| (within().unwrap_or(limit), Parting::Word))
    }

    fn places(&self, range: Range<usize>) -> impl Iterator<Item = usize> {
        let start = range.start;
        self.text[range].char_indices().map(move |(at, _)| start + at)
    }

    /// `None` where no part may begin.
    fn parting_before(&self, at: usize) -> Option<Parting> {
        let before = self.text[..at].trim_end();
        (!self.text[at..].starts_with(char::is_whitespace)).then_some(())?;
        self.parting(before.len(), at)
    }

    /// `None` where no part may end.
    fn parting_after(&self, at: usize) -> Option<Parting> {
        let after = self.text[at..].trim_start();
        (!self.text[..at].ends_with(char::is_whitespace)).then_some(())?;
        self.parting(at, self.text.len() - after.len())
    }

    /// `None` within a mark, or what is read as one character.
    fn parting(&self, end: usize, start: usize) -> Option<Parting> {
        if !is_boundary(self.text, end)
            || !is_boundary(self.text, start)
            || self.is_in_mark(end, start)
        {
            return None;
        }
        Some(Parting::between(self.text, end, start, self.analysis.word_at(start)))
    }

    fn is_in_mark(&self, end: usize, start: usize) -> bool {
        let next = self.marks.partition_point(|mark| mark.end <= end);
        self.marks.get(next).is_some_and(|mark| mark.start < start)
    }
}

/// Whether the byte lies between two characters as people read them.
pub(crate) fn is_boundary(text: &str, at: usize) -> bool {
    let (Some(before), Some(after)) = (text.get(..at), text.get(at..)) else { return false };
    match (before.chars().next_back(), after.chars().next()) {
        // Nearly always.
        (Some(last), Some(next)) if is_plain(last) && is_plain(next) => true,
        _ => GraphemeCursor::new(at, text.len(), true).is_boundary(text, 0).unwrap_or(false),
    }
}

/// The range and what is read as one character with its ends: all of a family of emoji, a flag, a letter with its accents.
pub(crate) fn whole_characters(text: &str, range: &Range<usize>) -> Range<usize> {
    let mut whole = range.clone();
    if !is_boundary(text, whole.start) {
        let before = GraphemeCursor::new(whole.start, text.len(), true).prev_boundary(text, 0);
        whole.start = before.ok().flatten().unwrap_or(0);
    }
    if !is_boundary(text, whole.end) {
        let after = GraphemeCursor::new(whole.end, text.len(), true).next_boundary(text, 0);
        whole.end = after.ok().flatten().unwrap_or(text.len());
    }
    whole
}

/// Joins nothing, and nothing that is plain joins it.
fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{3001}'..='\u{3029}' | 'ぁ'..='ゖ' | 'ァ'..='ー' | '一'..='\u{9fff}')
}

/// So many characters before the byte.
fn back(text: &str, at: usize, chars: usize) -> usize {
    match chars.checked_sub(1) {
        Some(nth) => text[..at].char_indices().rev().nth(nth).map_or(0, |(start, _)| start),
        None => at,
    }
}

/// So many characters behind the byte.
fn ahead(text: &str, at: usize, chars: usize) -> usize {
    text[at..].char_indices().nth(chars).map_or(text.len(), |(end, _)| at + end)
}

#[cfg(test)]
mod tests;
