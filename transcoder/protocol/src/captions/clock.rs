//! Times as they stand in files and as they are typed: `0:03`, `00:01:02,500`, `１：０２．５`.

/// Hours and minutes of more digits are no time of a clip.
const MOST_DIGITS: usize = 3;

/// Digits and marks of either width, as their narrow form.
fn narrow(c: char) -> char {
    match c {
        '０'..='９' => {
            char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')).unwrap_or(c)
        }
        '：' => ':',
        '．' => '.',
        '，' => ',',
        _ => c,
    }
}

/// The first character in its narrow form, and what follows it.
fn first(text: &str) -> Option<(char, &str)> {
    let mut chars = text.chars();
    Some((narrow(chars.next()?), chars.as_str()))
}

/// One to `most` digits, none following.
fn number(text: &str, most: usize) -> Option<(u64, &str)> {
    let (mut value, mut rest, mut count) = (0, text, 0);
    while let Some((c, after)) = first(rest)
        && let Some(digit) = c.to_digit(10)
    {
        count += 1;
        if count > most {
            return None;
        }
        value = value * 10 + u64::from(digit);
        rest = after;
    }
    (count > 0).then_some((value, rest))
}

fn colon(text: &str) -> Option<&str> {
    first(text).and_then(|(c, rest)| (c == ':').then_some(rest))
}

/// The thousandths behind a point or comma; what is finer than that is left out.
fn fraction(text: &str) -> Option<(u64, &str)> {
    let (mark, mut rest) = first(text)?;
    if !matches!(mark, '.' | ',') {
        return None;
    }
    let (mut value, mut worth) = (0, 100);
    let mut any = false;
    while let Some((c, after)) = first(rest)
        && let Some(digit) = c.to_digit(10)
    {
        value += u64::from(digit) * worth;
        worth /= 10;
        rest = after;
        any = true;
    }
    // `0:03,0:06` is two times.
    (any && colon(rest).is_none()).then_some((value, rest))
}

/// The time that `text` begins with, in milliseconds under 100 hours, and what follows it. Hours may be left out, and so may thousandths.
pub(super) fn take(text: &str) -> Option<(u64, &str)> {
    let (one, rest) = number(text, MOST_DIGITS)?;
    let (two, rest) = number(colon(rest)?, 2)?;
    let third = colon(rest).and_then(|rest| number(rest, 2));
    let (hours, minutes, seconds, rest) = match third {
        Some((three, rest)) => (one, two, three, rest),
        None => (0, one, two, rest),
    };
    if hours > 99 || seconds > 59 || (third.is_some() && minutes > 59) {
        return None;
    }
    let (thousandths, rest) = fraction(rest).unwrap_or((0, rest));
    Some((((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths, rest))
}

/// Whether a line begins as times do: digits and a colon.
pub(super) fn is_like_a_time(line: &str) -> bool {
    let digits = line.trim_start_matches(|c| narrow(c).is_ascii_digit());
    digits.len() < line.len() && colon(digits).is_some()
}

/// `00:01:02.500`
pub(super) fn full(ms: u64) -> String {
    let (seconds, ms) = (ms / 1000, ms % 1000);
    format!("{:02}:{:02}:{:02}.{ms:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// `1:02.5`: nothing that could be left out.
pub(super) fn short(ms: u64) -> String {
    let (seconds, ms) = (ms / 1000, ms % 1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut time = match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    };
    if ms > 0 {
        time.push_str(format!(".{ms:03}").trim_end_matches('0'));
    }
    time
}
