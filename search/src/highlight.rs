//! What of a title or a body answers the query, as segments of plain text.
//!
//! The text is analysed as it was indexed and marked in its normalised form; the marks are taken back
//! to the original through [`Normalized`], so they fall on whole characters as they were written.

use std::collections::HashSet;
use std::ops::Range;

use crate::Error;
use crate::analyzer::{Analysis, Analyzer, Normalized, Word, fold_char, is_searchable};
use crate::query::Terms;

/// A piece of plain text; whoever renders it escapes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub text: String,
    /// Whether it is what was searched for.
    pub marked: bool,
}

/// Characters of a snippet, without the ellipses.
const SNIPPET: usize = 110;
/// A snippet starts at the sentence of its first mark, or this many characters before it.
const LEAD: usize = 24;
/// Bytes of a body that are looked at: some 6,000 characters.
const LONGEST_BODY: usize = 18_000;
/// A common part of this many characters is marked, even across words.
const COMMON: usize = 3;
/// The same if it is all hiragana, where endings are alike everywhere.
const COMMON_HIRAGANA: usize = 4;

pub(crate) struct Highlighter<'a> {
    analyzer: &'a Analyzer,
    look: Option<Look<'a>>,
}

struct Look<'a> {
    words: HashSet<&'a str>,
    bigrams: HashSet<&'a str>,
    /// How the query sounds, if it was typed by sound.
    sound: Option<&'a str>,
}

impl<'a> Highlighter<'a> {
    pub fn new(analyzer: &'a Analyzer, terms: Option<&'a Terms>) -> Highlighter<'a> {
        let look = terms.map(|terms| Look {
            words: terms.words.terms().collect(),
            bigrams: terms.bigrams.terms().collect(),
            sound: terms.by_sound.then_some(terms.sound.as_str()),
        });
        Highlighter { analyzer, look }
    }

    /// All of the text.
    pub fn whole(&self, text: &str) -> Result<Vec<Segment>, Error> {
        Ok(segments(text, 0..text.len(), &self.marks(text)?.1))
    }

    /// The part of one of the texts that says most about the query, or the beginning of the first; and which text it is of. Of equals the
    /// earlier.
    pub fn snippet<const N: usize>(
        &self,
        texts: [&str; N],
    ) -> Result<(usize, Vec<Segment>), Error> {
        let (mut best, mut most) = ((0, vec![]), None);
        for (index, text) in texts.into_iter().enumerate() {
            let (worth, segments) = self.part(text)?;
            if most.is_none_or(|most| worth > most) {
                (best, most) = ((index, segments), Some(worth));
            }
        }
        Ok(best)
    }

    /// The part of a text that says most about the query, and how much that is.
    fn part(&self, text: &str) -> Result<(usize, Vec<Segment>), Error> {
        let text = text.trim();
        let looked_at = &text[..text.floor_char_boundary(LONGEST_BODY)];
        let (normalized, marks) = self.marks(looked_at)?;
        let cuts: Vec<usize> = normalized.cuts().chain(std::iter::once(looked_at.len())).collect();
        let (worth, part) = window(looked_at, &cuts, &marks);
        let mut out = segments(text, part.clone(), &marks);
        if part.start > 0 {
            out.insert(0, plain("…"));
        }
        if part.end < text.len() {
            out.push(plain("…"));
        }
        Ok((worth, out))
    }

    /// The text normalised, and what to mark of the original, in order and apart.
    fn marks(&self, text: &str) -> Result<(Normalized, Vec<Range<usize>>), Error> {
        let Some(look) = &self.look else { return Ok((Normalized::new(text), vec![])) };
        let analysis = self.analyzer.analyze(text)?;
        let mut marks: Vec<Range<usize>> = analysis
            .words
            .iter()
            .filter(|word| look.wants(word))
            .map(|word| word.range.clone())
            .chain(look.common_parts(&analysis))
            .map(|range| analysis.normalized.original_range(&range))
            .collect();
        marks.sort_by_key(|mark| mark.start);
        marks.dedup_by(|next, mark| {
            let joined = next.start <= mark.end;
            if joined {
                mark.end = mark.end.max(next.end);
            }
            joined
        });
        Ok((analysis.normalized, marks))
    }
}

impl Look<'_> {
    fn wants(&self, word: &Word<'_>) -> bool {
        let Some(term) = &word.term else { return false };
        if self.words.contains(term.as_ref()) {
            return true;
        }
        // A short reading in kana is in everything that is typed.
        let shortest = if word.is_kana { 3 } else { 2 };
        match (self.sound, &word.reading) {
            (Some(sound), Some(reading)) => {
                reading.chars().count() >= shortest && sound.contains(reading.as_ref())
            }
            _ => false,
        }
    }

    /// Stretches of the text whose every bigram is in the query too.
    fn common_parts(&self, analysis: &Analysis<'_>) -> Vec<Range<usize>> {
        let text = &analysis.normalized.text;
        let chars: Vec<(usize, char)> =
            text.char_indices().map(|(at, c)| (at, fold_char(c))).collect();
        let end_of = |i: usize| chars.get(i + 1).map_or(text.len(), |&(at, _)| at);
        if let Some(only) = self.only_letter() {
            return (0..chars.len())
                .filter(|&i| chars[i].1 == only)
                .map(|i| chars[i].0..end_of(i))
                .collect();
        }
        // A query of two letters is itself a common part.
        let shortest = COMMON.min(self.bigrams.len() + 1);
        let mut parts = vec![];
        let mut start = 0;
        let mut gram = String::new();
        for i in 0..chars.len() {
            let follows = i + 1 < chars.len() && {
                let (a, b) = (chars[i].1, chars[i + 1].1);
                gram.clear();
                gram.push(a);
                gram.push(b);
                is_searchable(a) && is_searchable(b) && self.bigrams.contains(gram.as_str())
            };
            if follows {
                continue;
            }
            let part = &chars[start..=i];
            let all_hiragana =
                chars[start..=i].iter().all(|(_, c)| matches!(c, 'ぁ'..='ゖ' | 'ー'));
            let needed =
                if all_hiragana && shortest == COMMON { COMMON_HIRAGANA } else { shortest };
            if part.len() >= needed.max(2) {
                parts.push(chars[start].0..end_of(i));
            }
            start = i + 1;
        }
        parts
    }

    fn only_letter(&self) -> Option<char> {
        let mut grams = self.bigrams.iter();
        let mut letters = grams.next()?.chars();
        let only = letters.next()?;
        (grams.next().is_none() && letters.next().is_none()).then_some(only)
    }
}

/// The bytes to show: the window of [`SNIPPET`] clusters with most different marks, from the start of a
/// sentence if one starts shortly before; and how much they say, 0 without a mark.
fn window(text: &str, cuts: &[usize], marks: &[Range<usize>]) -> (usize, Range<usize>) {
    let clusters = cuts.len() - 1;
    let cluster_of = |byte: usize| cuts.partition_point(|&cut| cut <= byte).saturating_sub(1);
    let places: Vec<usize> = marks.iter().map(|mark| cluster_of(mark.start)).collect();
    let mut best = (0, 0);
    for (i, &place) in places.iter().enumerate() {
        let within = (i..places.len()).take_while(|&j| places[j] < place + SNIPPET - LEAD);
        let count = within.clone().count();
        let different = within.map(|j| &text[marks[j].clone()]).collect::<HashSet<_>>().len();
        // Different words say more than one word repeated.
        let worth = different * 4 + count.min(6);
        if worth > best.0 {
            best = (worth, place);
        }
    }
    if clusters <= SNIPPET {
        return (best.0, 0..text.len());
    }
    let earliest = best.1.saturating_sub(LEAD);
    let sentence = (earliest..best.1)
        .find(|&i| i == 0 || text[..cuts[i]].ends_with(['。', '！', '？', '!', '?', '\n']));
    let start = sentence.unwrap_or(earliest).min(clusters - SNIPPET);
    (best.0, cuts[start]..cuts[start + SNIPPET])
}

fn segments(text: &str, part: Range<usize>, marks: &[Range<usize>]) -> Vec<Segment> {
    let mut out = vec![];
    let mut at = part.start;
    for mark in marks {
        let (start, end) = (mark.start.max(at), mark.end.min(part.end));
        if start >= end {
            continue;
        }
        if at < start {
            out.push(plain(&text[at..start]));
        }
        out.push(Segment { text: text[start..end].to_owned(), marked: true });
        at = end;
    }
    if at < part.end {
        out.push(plain(&text[at..part.end]));
    }
    out
}

fn plain(text: &str) -> Segment {
    Segment { text: text.to_owned(), marked: false }
}
