//! One spelling for numbers: 二歳 is looked up as 2歳 is, 十二か月 as 12か月.
//!
//! Words that merely begin with one (一緒, 二人目) are the dictionary's.

use std::borrow::Cow;

use super::Word;

/// Characters of the longest number; longer runs are left alone.
const LONGEST: usize = 8;

/// Makes one term of the words of each number in kanji, that of the first; the others have none.
pub(super) fn join(words: &mut [Word<'_>], text: &str) {
    let mut at = 0;
    while at < words.len() {
        let length = words[at..].iter().take_while(|word| is_numeral(word, text)).count();
        if let Some(number) = number(&words[at..at + length], text) {
            let number = number.to_string();
            for word in &mut words[at..at + length] {
                word.term = None;
            }
            words[at].term = Some(Cow::Owned(number.clone()));
            words[at].written = (length == 1).then_some(Cow::Owned(number));
        }
        at += length.max(1);
    }
}

fn is_numeral(word: &Word<'_>, text: &str) -> bool {
    let mut letters = text.get(word.range.clone()).unwrap_or_default().chars();
    letters.next().is_some_and(|c| value(c).is_some()) && letters.next().is_none()
}

/// `None` if there is none. 二〇二五 is read digit by digit, 二十五 by its places.
fn number(words: &[Word<'_>], text: &str) -> Option<u64> {
    let run = text.get(words.first()?.range.start..words.last()?.range.end)?;
    let values: Vec<u64> = run.chars().map(value).collect::<Option<_>>()?;
    if values.len() > LONGEST {
        return None;
    }
    if values.iter().all(|value| *value < 10) {
        return Some(values.iter().fold(0, |number, digit| number * 10 + digit));
    }
    let (mut whole, mut digit) = (0, None);
    for value in values {
        match value {
            0..10 => digit = Some(value),
            place => whole += digit.take().unwrap_or(1) * place,
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
