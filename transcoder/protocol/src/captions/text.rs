//! The words of a cue: tags and entities of files made plain, and what is kept of any text.

use super::clock;
use std::borrow::Cow;

/// What is kept: lines trimmed and none of them blank, runs of spaces as one, no control characters, no `-->`.
///
/// A further line that begins as a time does joins the one before it: typed, it would begin a cue of its own.
pub(super) fn clean(raw: &str) -> String {
    let mut text = String::new();
    for raw in raw.split('\n') {
        let line = clean_line(raw);
        if line.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push(if clock::is_like_a_time(&line) { ' ' } else { '\n' });
        }
        text.push_str(&line);
    }
    text
}

fn clean_line(raw: &str) -> String {
    let mut line = String::with_capacity(raw.len());
    for c in raw.chars() {
        // The wide space parts phrases in Japanese.
        let is_space = (c.is_whitespace() && c != '\u{3000}') || c.is_control();
        if c == '\u{feff}' || (is_space && line.ends_with(' ')) {
            continue;
        }
        line.push(if is_space { ' ' } else { c });
    }
    line.trim().replace("-->", "→")
}

/// For WebVTT.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

/// The words of a file's cue without its tags, entities as what they stand for; with `has_overrides` also without `{\…}`, which
/// some SubRip files have. Not clean yet.
pub(super) fn without_marks(payload: &str, has_overrides: bool) -> String {
    let mut text = String::with_capacity(payload.len());
    let mut rest = payload;
    // Each is looked for until it is nowhere any more, so that no text takes long.
    let (mut has_close, mut has_brace) = (true, has_overrides);
    while let Some(at) = rest.find(['<', '&', '{']) {
        text.push_str(&rest[..at]);
        let here = &rest[at..];
        let taken = match here.as_bytes().first() {
            Some(b'<') if has_close => tag(here, &mut has_close),
            Some(b'&') => entity(here),
            Some(b'{') if has_brace && here.starts_with("{\\") => {
                let end = here.find('}');
                has_brace = end.is_some();
                end.map(|end| (Mark::Nothing, end + 1))
            }
            _ => None,
        };
        let (mark, length) = taken.unwrap_or((Mark::Itself, 1));
        match mark {
            Mark::Nothing => {}
            Mark::Text(c) => text.push(c),
            Mark::Itself => text.push_str(&here[..length]),
        }
        rest = &here[length..];
    }
    text.push_str(rest);
    text
}

enum Mark {
    Nothing,
    Text(char),
    /// It was no mark.
    Itself,
}

/// A tag at the beginning of `text`, and its length. A reading is put in brackets behind its word, a voice loses its name.
fn tag(text: &str, has_close: &mut bool) -> Option<(Mark, usize)> {
    let inner = &text[1..];
    // `1 < 2` and `<3` are words.
    let is_name = inner.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    if !is_name && !clock::is_like_a_time(inner) {
        return None;
    }
    let Some(end) = inner.find('>') else {
        *has_close = false;
        return None;
    };
    let name = inner[..end].split(|c: char| c.is_whitespace() || c == '.').next();
    let mark = match name.unwrap_or_default().to_ascii_lowercase().as_str() {
        "br" | "br/" => Mark::Text('\n'),
        "rt" => Mark::Text('('),
        "/rt" => Mark::Text(')'),
        _ => Mark::Nothing,
    };
    Some((mark, end + 2))
}

/// An entity at the beginning of `text`, and its length.
fn entity(text: &str) -> Option<(Mark, usize)> {
    const LONGEST: usize = 10;
    let end = text.bytes().take(LONGEST).position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    let c = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "lrm" => '\u{200e}',
        "rlm" => '\u{200f}',
        _ => numbered(name)?,
    };
    Some((Mark::Text(c), end + 1))
}

fn numbered(name: &str) -> Option<char> {
    let digits = name.strip_prefix('#')?;
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    char::from_u32(code.ok()?)
}

/// Appends a line to a payload.
pub(super) fn append(payload: &mut String, line: &str) {
    if !payload.is_empty() {
        payload.push('\n');
    }
    payload.push_str(line);
}
