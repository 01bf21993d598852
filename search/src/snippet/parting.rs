//! How well a Japanese text may be cut between two characters.
//!
//! Not here: what is read as one character, and what is marked (`snippet`).

use crate::analyzer::{Word, is_emoji};

/// What lies between two characters, from the worst place to cut to the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Parting {
    /// Within a word or a number, or before a mark that no line begins with.
    Word,
    /// Between two words.
    Words,
    /// Before a word that begins something new: 離乳食を｜始めて.
    Phrase,
    /// After a 、 or an emoji, or at a space.
    Clause,
    Sentence,
}

impl Parting {
    /// Between what ends at byte `end` and what begins at `start`, where there is nothing but spaces between. `word` begins there, if one does.
    pub fn between(text: &str, end: usize, start: usize, word: Option<&Word<'_>>) -> Parting {
        let (before, gap, after) = (&text[..end], &text[end..start], &text[start..]);
        let (Some(last), Some(next)) = (before.chars().next_back(), after.chars().next()) else {
            return Parting::Sentence;
        };
        if gap.contains('\n') {
            return Parting::Sentence;
        }
        if gap.is_empty() && !may_begin(next) || opens(last) {
            return Parting::Word;
        }
        if ends_sentence(before, gap, next) {
            return Parting::Sentence;
        }
        if !gap.is_empty() {
            let within_latin = last.is_ascii_graphic() && next.is_ascii_graphic();
            return if within_latin { Parting::Phrase } else { Parting::Clause };
        }
        if matches!(last, '、' | '，' | '､' | '；' | '：' | '…')
            || is_ornament(last) && !is_ornament(next)
        {
            return Parting::Clause;
        }
        if opens(next) {
            return Parting::Phrase;
        }
        if is_one_word(last, next) {
            return Parting::Word;
        }
        match word {
            None => Parting::Word,
            // お粥 and ご飯 are two words to the dictionary.
            Some(word)
                if word.term.is_some() && is_hiragana(last) && !matches!(last, 'お' | 'ご') =>
            {
                Parting::Phrase
            }
            Some(_) => Parting::Words,
        }
    }
}

/// Whether what is before ends a sentence. 「痛い！」と泣く goes on behind the bracket.
fn ends_sentence(before: &str, gap: &str, next: char) -> bool {
    let said = before.trim_end_matches(closes);
    let goes_on = said.len() < before.len()
        && gap.is_empty()
        && matches!(next, 'と' | 'っ' | 'の' | 'は' | 'が' | 'を' | 'に' | 'も' | 'で' | 'な');
    let mut last = said.chars().rev();
    match last.next() {
        Some('。' | '｡' | '！' | '？' | '‼' | '⁉' | '⁈' | '⁇') => !goes_on,
        Some('!' | '?') => !(goes_on || gap.is_empty() && next.is_ascii_graphic()),
        // Neither 1. nor 3.5 nor example.jp.
        Some('.') => {
            !gap.is_empty() && last.next().is_some_and(char::is_alphabetic) && !next.is_lowercase()
        }
        Some('．') => last.next().is_some_and(|c| !c.is_numeric()),
        _ => false,
    }
}

/// Letters of one word in Latin or the like, a number with its marks, a number and what it counts.
fn is_one_word(last: char, next: char) -> bool {
    let is_word = |c: char| c.is_ascii_graphic() || c.is_alphanumeric() && !is_japanese(c);
    is_word(last) && is_word(next) || last.is_numeric() && next.is_alphanumeric()
}

fn is_japanese(c: char) -> bool {
    matches!(c, '々' | '〆' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
}

fn is_hiragana(c: char) -> bool {
    matches!(c, 'ぁ'..='ゖ')
}

/// An emoji, ♪ or ☆ often stands where a 。 would.
fn is_ornament(c: char) -> bool {
    is_emoji(c) || matches!(c, '\u{fe0f}' | '\u{200d}')
}

fn opens(c: char) -> bool {
    matches!(c, '「' | '『' | '（' | '(' | '【' | '〈' | '《' | '〔' | '［' | '[' | '“' | '‘' | '｢')
}

fn closes(c: char) -> bool {
    matches!(c, '」' | '』' | '）' | ')' | '】' | '〉' | '》' | '〕' | '］' | ']' | '”' | '’' | '｣')
}

/// No line begins with what closes, prolongs or ends something.
fn may_begin(c: char) -> bool {
    !closes(c)
        && !matches!(
            c,
            '。' | '、'
                | '，'
                | '．'
                | '｡'
                | '､'
                | '！'
                | '？'
                | '!'
                | '?'
                | ','
                | '.'
                | '：'
                | '；'
                | '…'
                | '‥'
                | '〜'
                | '～'
        )
        && !matches!(c, 'ー' | 'ｰ' | '々' | 'ゝ' | 'ゞ' | 'ヽ' | 'ヾ' | 'ん' | 'ン')
        && !"ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ".contains(c)
}
