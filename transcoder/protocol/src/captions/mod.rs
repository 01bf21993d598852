//! What is said and heard in a clip, as text with times: read from what people have or type, and written anew as WebVTT.
//!
//! [`read`] takes a WebVTT file, a SubRip (SRT) file, or lines as a person types them (`0:03 かぼちゃを切ります`), and tells which it is by
//! its content. [`write`] makes the WebVTT that players are given and [`write_typed`] the lines that a person goes on with; nothing
//! of a file is ever passed through.
//!
//! ```text
//! text → file (blocks) │ typed (lines) → settle: order, ends, limits → cues → write │ write_typed
//! ```
//!
//! Invariants, for any input: reading never panics and takes time linear in it; starts ascend strictly, and each cue ends after its
//! start and no later than the next one begins; a cue's text is as [`text::clean`] makes it. What was written is read back the same.
//!
//! Not here: the encoding of files (only text comes in), whose captions they are, the words in which a [`Problem`] is told.

mod clock;
mod file;
#[cfg(test)]
mod tests;
mod text;
mod typed;

pub use typed::write_typed;

use std::fmt::Write;

/// Bytes of a text that is read, as UTF-8.
pub const MOST_BYTES: usize = 64 << 10;
/// One a second, for longer than any clip here is.
pub const MOST_CUES: usize = 500;
/// Of one cue: more can't be read in passing.
pub const MOST_CHARS: usize = 200;
/// Of one cue: more would cover the picture.
pub const MOST_LINES: usize = 4;
/// Told at once; who has mended these reads the rest.
pub const MOST_PROBLEMS: usize = 20;

/// Text, and when it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cue {
    /// Milliseconds from the clip's start, under 100 hours; the end is not shown any more.
    pub start_ms: u64,
    pub end_ms: u64,
    /// Plain text: one to [`MOST_LINES`] lines, none blank, at most [`MOST_CHARS`] characters, without `-->`.
    pub text: String,
}

/// Why a text can't be taken, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Of the text that was given, from 1.
    pub line: u32,
    pub fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// More than [`MOST_BYTES`]. Nothing was read.
    TooLarge,
    /// Words that belong to no time.
    NoTime,
    /// Something that looks like a time and is none.
    BadTime,
    /// A time without words.
    NoText,
    /// It ends before it begins, or at once.
    Reversed,
    /// It begins before the cue above it, or with it.
    OutOfOrder,
    /// It begins when the clip is over.
    BeyondEnd,
    /// More than [`MOST_CHARS`] or [`MOST_LINES`].
    TooLong,
    /// Cue number [`MOST_CUES`] + 1. What follows was not looked at.
    TooMany,
}

/// A cue as it was found.
struct Found {
    line: u32,
    start_ms: u64,
    /// Where none is given it follows from the words, see [`default_end`].
    end_ms: Option<u64>,
    /// Clean.
    text: String,
}

#[derive(Default)]
struct Reading {
    found: Vec<Found>,
    problems: Vec<Problem>,
}

impl Reading {
    fn complain(&mut self, line: u32, fault: Fault) {
        self.problems.push(Problem { line, fault });
    }

    /// Nobody reads further.
    fn is_full(&self) -> bool {
        self.problems.len() >= MOST_PROBLEMS || self.found.len() > MOST_CUES
    }
}

/// Reads captions for a clip of `longest_ms`. Blank text has none. Where one cue runs into the next it is cut short, as is what goes on
/// after the clip; anything else that can't be meant is a problem: at least one, at most [`MOST_PROBLEMS`], in the order of their lines.
pub fn read(text: &str, longest_ms: u64) -> Result<Vec<Cue>, Vec<Problem>> {
    if text.len() > MOST_BYTES {
        return Err(vec![Problem { line: 1, fault: Fault::TooLarge }]);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines: Vec<&str> = lines(text).collect();
    let mut reading = if file::is_webvtt(&lines) {
        file::read(&lines, file::Kind::WebVtt)
    } else if text.contains(file::ARROW) {
        file::read(&lines, file::Kind::SubRip)
    } else {
        typed::read(&lines)
    };
    if reading.found.is_empty() && reading.problems.is_empty() && !text.trim().is_empty() {
        reading.complain(1, Fault::NoTime);
    }
    let cues = settle(&mut reading, longest_ms);
    let Reading { mut problems, .. } = reading;
    if problems.is_empty() {
        return Ok(cues);
    }
    problems.sort_by_key(|problem| problem.line);
    problems.truncate(MOST_PROBLEMS);
    Err(problems)
}

/// The lines of a text from any system. A line's number is what an editor shows.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\n', '\r']) else { return rest.take() };
        let after = &text[end..];
        rest = Some(after.strip_prefix("\r\n").unwrap_or(&after[1..]));
        Some(&text[..end])
    })
}

fn settle(reading: &mut Reading, longest_ms: u64) -> Vec<Cue> {
    let mut cues: Vec<Cue> = Vec::new();
    for (index, found) in std::mem::take(&mut reading.found).into_iter().enumerate() {
        if index == MOST_CUES {
            reading.complain(found.line, Fault::TooMany);
            break;
        }
        if let Some(fault) = fault_of(&found, cues.last(), longest_ms) {
            reading.complain(found.line, fault);
            continue;
        }
        let Found { start_ms, end_ms, text, .. } = found;
        if let Some(before) = cues.last_mut() {
            before.end_ms = before.end_ms.min(start_ms);
        }
        let end_ms = end_ms.unwrap_or_else(|| default_end(start_ms, &text)).min(longest_ms);
        cues.push(Cue { start_ms, end_ms, text });
    }
    cues
}

fn fault_of(found: &Found, before: Option<&Cue>, longest_ms: u64) -> Option<Fault> {
    let Found { start_ms, end_ms, text, .. } = found;
    if text.is_empty() {
        Some(Fault::NoText)
    } else if text.chars().nth(MOST_CHARS).is_some() || text.split('\n').nth(MOST_LINES).is_some() {
        Some(Fault::TooLong)
    } else if *start_ms >= longest_ms {
        Some(Fault::BeyondEnd)
    } else if before.is_some_and(|before| *start_ms <= before.start_ms) {
        Some(Fault::OutOfOrder)
    } else if end_ms.is_some_and(|end_ms| end_ms <= *start_ms) {
        Some(Fault::Reversed)
    } else {
        None
    }
}

/// How long words stay that nobody said an end for: four characters a second, as subtitles do, between 3 and 7 seconds.
fn default_end(start_ms: u64, text: &str) -> u64 {
    let reading_ms = text.chars().count() as u64 * 250;
    start_ms + reading_ms.clamp(3_000, 7_000)
}

/// The track as players take it.
pub fn write(cues: &[Cue]) -> String {
    let mut track = "WEBVTT\n".to_owned();
    for Cue { start_ms, end_ms, text } in cues {
        let (start, end) = (clock::full(*start_ms), clock::full(*end_ms));
        let _ = write!(track, "\n{start} --> {end}\n{}\n", text::escape(text));
    }
    track
}

/// The cues of a track that [`write`] made. What somebody else made is for [`read`].
pub fn read_written(track: &str) -> Vec<Cue> {
    let mut reading = file::read(&lines(track).collect::<Vec<_>>(), file::Kind::WebVtt);
    settle(&mut reading, u64::MAX)
}

/// The words alone, a line for each of theirs.
pub fn plain(cues: &[Cue]) -> String {
    cues.iter().map(|cue| cue.text.as_str()).collect::<Vec<_>>().join("\n")
}
