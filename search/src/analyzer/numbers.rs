//! One spelling for numbers: 二歳 is looked up as 2歳 is, 十二か月 as 12か月.
//!
//! Not here: words that the dictionary has with a number in them (二人目), and what is no plain number (二三歳, 数十人, 5千円, 〇〇ちゃん).

use std::borrow::Cow;

use super::{Word, kana};

/// Characters of the longest number; longer runs are left alone.
const LONGEST: usize = 8;
/// Before a place (数十) they make it a vague number.
const VAGUE: [char; 3] = ['数', '何', '幾'];

/// Makes one word of those of each number in kanji.
pub(super) fn join(words: &mut Vec<Word<'_>>, text: &str) {
    let (mut at, mut is_any_longer) = (0, false);
    while at < words.len() {
        let run = 1 + words[at..].windows(2).take_while(|pair| is_one_number(pair, text)).count();
        let run_of = &words[at..at + run];
        let number = number(run_of, text).filter(|_| !is_counted(&words[at], text));
        let number = number.map(|number| number.to_string());
        if let Some(number) = number {
            let end = words[at + run - 1].range.end;
            let sound = |of: fn(&Word<'_>) -> Option<String>| run_of.iter().map(of).collect();
            let reading: Option<String> = sound(|word| word.reading.as_deref().map(str::to_owned));
            let reading = reading.map(|reading| kana::fold_sound(&reading));
            for word in &mut words[at + 1..at + run] {
                word.range = end..end;
                is_any_longer = true;
            }
            let first = &mut words[at];
            first.range.end = end;
            first.base_reading = reading.clone().map(Cow::Owned);
            first.reading = reading.map(Cow::Owned);
            first.term = Some(Cow::Owned(number.clone()));
            first.written = Some(Cow::Owned(number));
        }
        at += run;
    }
    if is_any_longer {
        words.retain(|word| !word.range.is_empty());
    }
}

/// A place behind what it counts: 5千, 数十.
fn is_counted(first: &Word<'_>, text: &str) -> bool {
    let is_place = text[first.range.clone()].chars().next().and_then(value) >= Some(10);
    let before = text[..first.range.start].chars().next_back();
    is_place && before.is_some_and(|c| c.is_ascii_digit() || VAGUE.contains(&c))
}

fn is_one_number(pair: &[Word<'_>], text: &str) -> bool {
    pair.iter().all(|word| is_numeral(word, text)) && pair[0].range.end == pair[1].range.start
}

fn is_numeral(word: &Word<'_>, text: &str) -> bool {
    let mut letters = text[word.range.clone()].chars();
    word.term.is_some() && letters.next().and_then(value).is_some() && letters.next().is_none()
}

/// 二〇二五 is read digit by digit, 二十五 by its places; `None` for what is no number.
fn number(words: &[Word<'_>], text: &str) -> Option<u64> {
    if !words.iter().all(|word| is_numeral(word, text)) || words.len() > LONGEST {
        return None;
    }
    let values = words.iter().flat_map(|word| text[word.range.clone()].chars());
    let values: Vec<u64> = values.map(value).collect::<Option<_>>()?;
    read(&values)
}

fn read(values: &[u64]) -> Option<u64> {
    if values.iter().all(|value| *value < 10) {
        // Two or three (二三) is no 23, and a name that is left out (〇〇) no number.
        let is_by_digits = match values {
            [_] => true,
            [tens, ones] => *tens > 0 && *ones == 0,
            _ => values.iter().any(|digit| *digit > 0),
        };
        return is_by_digits.then(|| values.iter().fold(0, |number, digit| number * 10 + digit));
    }
    let (mut whole, mut digit, mut above) = (0, None, u64::MAX);
    for &value in values {
        match value {
            1..10 if digit.is_none() => digit = Some(value),
            10.. if value < above => {
                whole += digit.take().unwrap_or(1) * value;
                above = value;
            }
            _ => return None,
        }
    }
    Some(whole + digit.unwrap_or(0))
}

fn value(c: char) -> Option<u64> {
    Some(match c {
        '〇' => 0,
        '一' => 1,
        '二' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        '十' => 10,
        '百' => 100,
        '千' => 1000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plain_number_has_no_value() {
        for (text, expected) in [
            ("二", Some(2)),
            ("十", Some(10)),
            ("二十五", Some(25)),
            ("百二十", Some(120)),
            ("千九百九十九", Some(1999)),
            ("二〇二五", Some(2025)),
            ("二〇", Some(20)),
            ("二三", None),
            ("〇〇", None),
            ("〇〇〇", None),
            ("二五十", None),
            ("百千", None),
            ("二〇十", None),
        ] {
            let values: Vec<u64> = text.chars().filter_map(value).collect();
            assert_eq!(read(&values), expected, "{text}");
        }
    }
}
