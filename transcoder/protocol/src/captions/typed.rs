//! Captions as a person types them, a line for each moment:
//!
//! ```text
//! 0:03 かぼちゃを切ります
//! 0:08.5-0:12 レンジで2分
//! 熱いうちに、つぶします
//! ```
//!
//! A line without a time goes on with the one above it. Without an end the words stay for as long as it takes to read them, or until
//! the next. Nothing is a tag here: what is typed is what is shown.

use super::{Cue, Fault, Found, Reading, clock, default_end, text};

/// What people put between two times, on phones and keyboards.
const DASHES: [char; 12] = ['-', '–', '—', '−', '－', 'ー', '〜', '～', '~', '→', '>', '＞'];

pub(super) fn read(lines: &[&str]) -> Reading {
    let mut reading = Reading::default();
    for (line, number) in lines.iter().zip(1u32..) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if reading.is_full() {
            break;
        }
        if let Some((start_ms, end_ms, words)) = times(line) {
            let text = words.to_owned();
            reading.found.push(Found { line: number, start_ms, end_ms, text });
        } else if clock::is_like_a_time(line) {
            reading.complain(number, Fault::BadTime);
        } else if let Some(cue) = reading.found.last_mut() {
            text::append(&mut cue.text, line);
        } else {
            reading.complain(number, Fault::NoTime);
        }
    }
    for cue in &mut reading.found {
        cue.text = text::clean(&cue.text);
    }
    reading
}

/// The times that a line begins with, and its words.
fn times(line: &str) -> Option<(u64, Option<u64>, &str)> {
    let (start_ms, rest) = clock::take(line)?;
    if let Some((end_ms, words)) = end(rest) {
        return Some((start_ms, Some(end_ms), words));
    }
    Some((start_ms, None, rest.strip_prefix([':', '：']).unwrap_or(rest)))
}

/// The end that follows a start, if one does: behind a dash, or a comma as YouTube's own files have it.
fn end(rest: &str) -> Option<(u64, &str)> {
    let rest = rest.trim_start();
    let after = rest.trim_start_matches(DASHES);
    if after.len() == rest.len() {
        return clock::take(rest.strip_prefix([',', '，'])?);
    }
    clock::take(after.trim_start())
}

/// The lines that a person goes on with, for a clip of `longest_ms`; reading them gives the same cues.
pub fn write_typed(cues: &[Cue], longest_ms: u64) -> String {
    let mut typed = String::new();
    for (index, Cue { start_ms, end_ms, text }) in cues.iter().enumerate() {
        let most = cues.get(index + 1).map_or(longest_ms, |next| next.start_ms);
        typed.push_str(&clock::short(*start_ms));
        let words = text.lines().next().unwrap_or_default();
        if default_end(*start_ms, text).min(most) != *end_ms || end(words).is_some() {
            typed.push('-');
            typed.push_str(&clock::short(*end_ms));
        }
        typed.push(' ');
        typed.push_str(text);
        typed.push('\n');
    }
    typed
}
