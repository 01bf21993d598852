//! WebVTT and SubRip: blocks parted by blank lines, each with a line of times. Forgiving where files in the world differ from the
//! standards; settings, styles, regions and notes are left out.

use super::{Fault, Found, Reading, clock, text};

pub(super) const ARROW: &str = "-->";

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    WebVtt,
    SubRip,
}

pub(super) fn is_webvtt(lines: &[&str]) -> bool {
    let after = lines.first().and_then(|line| line.strip_prefix("WEBVTT"));
    after.is_some_and(|after| after.is_empty() || after.starts_with([' ', '\t']))
}

pub(super) fn read(lines: &[&str], kind: Kind) -> Reading {
    let mut reading = Reading::default();
    let mut at = if kind == Kind::WebVtt { behind_head(lines) } else { 0 };
    while let Some(line) = lines.get(at)
        && !reading.is_full()
    {
        let next = lines.get(at + 1).copied().unwrap_or_default();
        if is_blank(line) {
            at += 1;
        } else if line.contains(ARROW) {
            at = cue(&mut reading, lines, at, kind);
        } else if next.contains(ARROW) {
            // A number or a name.
            at += 1;
        } else if kind == Kind::WebVtt && is_apart(line) {
            at = behind_block(lines, at);
        } else {
            // A number that lost its cue says nothing.
            if !is_number(line) {
                reading.complain(number(at), Fault::NoTime);
            }
            at += 1;
        }
    }
    reading
}

/// The number of the line at an index.
fn number(at: usize) -> u32 {
    u32::try_from(at + 1).unwrap_or(u32::MAX)
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

fn is_number(line: &str) -> bool {
    line.trim().bytes().all(|byte| byte.is_ascii_digit())
}

/// A block that is no cue.
fn is_apart(line: &str) -> bool {
    ["NOTE", "STYLE", "REGION"].iter().any(|name| {
        let after = line.strip_prefix(name);
        after.is_some_and(|after| after.is_empty() || after.starts_with([' ', '\t']))
    })
}

/// The index behind the lines that follow `WEBVTT`.
fn behind_head(lines: &[&str]) -> usize {
    let is_end = |line: &&str| is_blank(line) || line.contains(ARROW);
    lines.iter().skip(1).position(is_end).map_or(lines.len(), |at| at + 1)
}

fn behind_block(lines: &[&str], at: usize) -> usize {
    let length = lines[at..].iter().position(|line| is_blank(line));
    length.map_or(lines.len(), |length| at + length)
}

/// Reads the cue whose times stand in the line at `at`. Returns the index behind it.
fn cue(reading: &mut Reading, lines: &[&str], at: usize, kind: Kind) -> usize {
    let is_end = |line: &&str| is_blank(line) || line.contains(ARROW);
    let length = lines[at + 1..].iter().position(is_end);
    let mut end = length.map_or(lines.len(), |length| at + 1 + length);
    // The number of the next cue, where no blank line stands before it.
    let is_followed = lines.get(end).is_some_and(|line| line.contains(ARROW));
    if is_followed && end > at + 1 && is_number(lines[end - 1]) {
        end -= 1;
    }
    let Some((start_ms, end_ms, beside)) = times(lines[at]) else {
        reading.complain(number(at), Fault::BadTime);
        return end;
    };
    let mut payload = String::new();
    if kind == Kind::SubRip && !is_settings(beside) {
        payload.push_str(beside);
    }
    for line in &lines[at + 1..end] {
        text::append(&mut payload, line);
    }
    let text = text::clean(&text::without_marks(&payload, kind == Kind::SubRip));
    // Many tools write cues without words; they show nothing.
    if !text.is_empty() {
        reading.found.push(Found { line: number(at), start_ms, end_ms: Some(end_ms), text });
    }
    end
}

/// Start, end and what stands behind them.
fn times(line: &str) -> Option<(u64, u64, &str)> {
    let (start, rest) = line.split_once(ARROW)?;
    let (start_ms, left) = clock::take(start.trim())?;
    let (end_ms, beside) = clock::take(rest.trim())?;
    let is_apart = beside.is_empty() || beside.starts_with(char::is_whitespace);
    (left.is_empty() && is_apart).then_some((start_ms, end_ms, beside.trim()))
}

/// `align:start line:0`, or SubRip's `X1:40 …`; anything else there is somebody's words.
fn is_settings(beside: &str) -> bool {
    beside.split_whitespace().all(|word| {
        word.split_once(':').is_some_and(|(name, value)| {
            !value.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
    })
}
