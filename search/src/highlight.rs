//! What of a title or a body answers the query, as segments of plain text.
//!
//! The text is taken as it was analysed when it was indexed, and marked in its normalised form; the marks are taken back
//! to the original through `Normalized`, so they fall on whole characters as they were written.
//!
//! Not here: which part of a long text is shown (`snippet`).

use std::collections::HashSet;
use std::ops::Range;

use crate::Error;
use crate::analyzer::{Analysis, Analyzer, Word, fold_char, fold_sound, is_searchable};
use crate::query::Terms;
use crate::snippet::{self, Densest, Part};

/// A piece of plain text; whoever renders it escapes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub text: String,
    /// Whether it is what was searched for.
    pub marked: bool,
}

/// Bytes of a body that are looked at: some 6,000 characters.
const LONGEST_BODY: usize = 18_000;
/// A common part of this many characters is marked, even across words.
const COMMON: usize = 3;
/// The same if it is all hiragana, where endings are alike everywhere.
const COMMON_HIRAGANA: usize = 4;
/// What sounds like a part of the query of so many kana is marked, whatever words the query was cut into.
const COMMON_SOUND: usize = 4;

pub(crate) struct Highlighter<'a> {
    analyzer: &'a Analyzer,
    look: Option<Look<'a>>,
}

struct Look<'a> {
    words: HashSet<&'a str>,
    bigrams: HashSet<&'a str>,
    /// If the query was typed by sound.
    sound: Option<Sound<'a>>,
}

struct Sound<'a> {
    whole: &'a str,
    /// Of its words.
    readings: HashSet<&'a str>,
}

impl<'a> Highlighter<'a> {
    pub fn new(analyzer: &'a Analyzer, terms: Option<&'a Terms>) -> Highlighter<'a> {
        let look = terms.map(|terms| Look {
            words: terms.words.terms().collect(),
            bigrams: terms.bigrams.terms().collect(),
            sound: terms.by_sound.then(|| Sound {
                whole: terms.sound.text(),
                readings: terms.readings.terms().collect(),
            }),
        });
        Highlighter { analyzer, look }
    }

    /// All of the text. `cuts`: what it was cut into when it was indexed.
    pub fn whole(&self, text: &str, cuts: &[u8]) -> Result<Vec<Segment>, Error> {
        Ok(segments(text, 0..text.len(), &self.read(text, cuts)?.marks))
    }

    /// The part of one of the texts that says most about the query, or the beginning of the first; and which text it is of. Of equals the
    /// earlier.
    pub fn snippet<const N: usize>(
        &self,
        texts: [(&str, &[u8]); N],
    ) -> Result<(usize, Vec<Segment>), Error> {
        let mut best: Option<(usize, &str, Read<'_>, Densest)> = None;
        for (index, (text, cuts)) in texts.into_iter().enumerate() {
            let text = text.trim();
            let looked_at = &text[..text.floor_char_boundary(LONGEST_BODY)];
            let read = self.read(looked_at, cuts)?;
            let densest = Densest::of(looked_at, &read.marks);
            if best.as_ref().is_none_or(|(.., best)| densest.worth > best.worth) {
                best = Some((index, text, read, densest));
            }
        }
        let Some((index, text, read, densest)) = best else { return Ok((0, vec![])) };
        Ok((index, self.part(text, &read, &densest)?))
    }

    /// What is shown of a text, with an ellipsis where it is cut off inside a sentence.
    fn part(&self, text: &str, read: &Read<'a>, densest: &Densest) -> Result<Vec<Segment>, Error> {
        if snippet::is_short(text) {
            return Ok(segments(text, 0..text.len(), &read.marks));
        }
        let part = match &read.analysis {
            Some(analysis) => Part::of(text, analysis, &read.marks, densest),
            None => {
                let beginning = self.analyzer.analyze(snippet::beginning(text))?;
                Part::of(text, &beginning, &read.marks, densest)
            }
        };
        let mut out = segments(text, part.range, &read.marks);
        if part.begins_inside_a_sentence {
            out.insert(0, plain("…"));
        }
        if part.ends_inside_a_sentence {
            out.push(plain("…"));
        }
        Ok(out)
    }

    fn read(&self, text: &str, cuts: &[u8]) -> Result<Read<'a>, Error> {
        let Some(look) = &self.look else { return Ok(Read::default()) };
        let analysis = self.analyzer.analyze_again(text, cuts)?;
        let mut marks: Vec<Range<usize>> = analysis
            .words
            .iter()
            .filter(|word| look.wants(word))
            .map(|word| word.range.clone())
            .chain(look.common_parts(&analysis))
            .chain(look.sounding_parts(&analysis.words))
            .map(|range| analysis.normalized.original_range(&range))
            .collect();
        join(&mut marks);
        for mark in &mut marks {
            *mark = snippet::whole_characters(text, mark);
        }
        join(&mut marks);
        Ok(Read { analysis: Some(analysis), marks })
    }
}

/// What there is to mark in a text, in order and apart; without a query nothing is looked for.
#[derive(Debug, Default)]
struct Read<'a> {
    analysis: Option<Analysis<'a>>,
    marks: Vec<Range<usize>>,
}

/// Puts marks in order, and those that touch together.
fn join(marks: &mut Vec<Range<usize>>) {
    marks.sort_by_key(|mark| mark.start);
    marks.dedup_by(|next, mark| {
        let joined = next.start <= mark.end;
        if joined {
            mark.end = mark.end.max(next.end);
        }
        joined
    });
}

impl Look<'_> {
    fn wants(&self, word: &Word<'_>) -> bool {
        if word.term.is_none() {
            return false;
        }
        let named = [&word.term, &word.meant].into_iter().flatten();
        if named.into_iter().any(|term| self.words.contains(term.as_ref())) {
            return true;
        }
        // A short reading in kana is in everything that is typed.
        let shortest = if word.is_kana { 3 } else { 2 };
        let (Some(sound), Some(reading)) = (&self.sound, &word.base_reading) else { return false };
        sound.readings.contains(reading.as_ref()) && reading.chars().count() >= shortest
    }

    /// Words that together sound like a part of the query: 手づかみ for てづかみ.
    fn sounding_parts(&self, words: &[Word<'_>]) -> Vec<Range<usize>> {
        let Some(sound) = &self.sound else { return vec![] };
        let mut parts = vec![];
        let mut first = 0;
        while let Some(start) = words.get(first) {
            first += 1;
            if start.term.is_none() {
                continue;
            }
            let (mut spoken, mut end) = (String::new(), start.range.start);
            let mut longest = None;
            for word in &words[first - 1..] {
                let Some(reading) = word.reading.as_deref().filter(|_| word.range.start == end)
                else {
                    break;
                };
                spoken.push_str(reading);
                if !sound.whole.contains(&fold_sound(&spoken)) {
                    break;
                }
                end = word.range.end;
                if word.term.is_some() && spoken.chars().count() >= COMMON_SOUND {
                    longest = Some(end);
                }
            }
            if let Some(end) = longest {
                parts.push(start.range.start..end);
                first += words[first..].partition_point(|word| word.range.start < end);
            }
        }
        parts
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
                let part = chars[start].0..end_of(i);
                match analysis.without_particles(&part) {
                    // これ is searched for too.
                    None if self.words.is_empty() => parts.push(part),
                    trimmed => parts.extend(trimmed),
                }
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
