//! From what was typed to an [`Entry`], or to what is wrong with it, field by field: `group`, or `word` and `reading`. And from what was
//! searched for to a word that [`group`] takes as one.

use super::{Entry, EntryKind, GROUP_WORDS, WORD_CHARS, key};
use crate::text;
use unicode_normalization::UnicodeNormalization;
use web::{FieldErrors, Given};

/// Words parted by 、 , / = or spaces, of whatever width. The same word twice is once.
pub(super) fn group(typed: &str) -> Result<Entry, FieldErrors> {
    let mut errors = FieldErrors::default();
    let same = |word: &str| key(EntryKind::Group, word);
    let mut words: Vec<String> = Vec::new();
    let typed = clean(typed);
    for word in typed.split(parts_words).filter(|word| !word.is_empty()) {
        if word.chars().count() > WORD_CHARS {
            long(&mut errors, "group", word);
        } else if !search::has_word(word) {
            no_word(&mut errors, "group", word);
        } else if !words.iter().any(|known| same(known) == same(word)) {
            words.push(word.to_owned());
        }
    }
    match words.len() {
        0 => errors.add("group", "error-group-empty"),
        1 => errors.add("group", "error-group-few"),
        n if n > GROUP_WORDS => errors.add_with("group", "error-group-many", GROUP_WORDS as i64),
        _ => {}
    }
    if errors.is_empty() { Ok(Entry::Group(words)) } else { Err(errors) }
}

/// A text that was searched for as one word: saved as it stands, it is that one. Parts that need a space between them, such as Latin
/// letters, are joined by a hyphen, at which the search cuts them again.
pub fn one_word(searched: &str) -> String {
    let mut word = String::new();
    for part in clean(searched).split(parts_words).filter(|part| !part.is_empty()) {
        let (before, after) = (word.chars().next_back(), part.chars().next());
        if before.is_some_and(needs_space) && after.is_some_and(needs_space) {
            word.push('-');
        }
        word.push_str(part);
    }
    word
}

fn parts_words(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "、,/=".contains(c)
}

/// A letter or a digit of a script that is written with spaces.
fn needs_space(c: char) -> bool {
    c.is_alphanumeric()
        && !matches!(c, '々' | '〇' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// A word in kana is its own reading.
pub(super) fn own(word: &str, reading: &str) -> Result<Entry, FieldErrors> {
    let mut errors = FieldErrors::default();
    let word = text::line(&clean(word));
    let mut reading = text::line(&clean(reading));
    if word.is_empty() {
        errors.add("word", "error-word-empty");
    } else if word.chars().count() > WORD_CHARS {
        long(&mut errors, "word", &word);
    } else if !word.chars().all(|c| c.is_alphanumeric() || c == 'ー') {
        // The dictionary is cut at everything else.
        errors.add("word", "error-word-characters");
    } else if !search::has_word(&word) {
        no_word(&mut errors, "word", &word);
    }
    if reading.is_empty() && is_kana(&word) {
        reading.clone_from(&word);
    }
    if reading.is_empty() {
        errors.add("reading", "error-reading-empty");
    } else if !is_kana(&reading) {
        errors.add("reading", "error-reading-kana");
    } else if reading.chars().count() > WORD_CHARS {
        errors.add_with("reading", "error-reading-long", WORD_CHARS as i64);
    }
    if errors.is_empty() { Ok(Entry::Own { word, reading }) } else { Err(errors) }
}

/// Nothing that cannot be seen stays: it would be kept, and seen by nobody who looks for a mistake.
fn clean(typed: &str) -> String {
    search::visible(&typed.nfkc().collect::<String>())
}

fn no_word(errors: &mut FieldErrors, field: &str, typed: &str) {
    let word = Given::Text(typed.to_owned());
    errors.add_naming(field, "error-word-symbols", &[("word", word)]);
}

fn long(errors: &mut FieldErrors, field: &str, word: &str) {
    let word = Given::Text(text::excerpt(word, WORD_CHARS));
    let most = Given::Number(WORD_CHARS as i64);
    errors.add_naming(field, "error-word-long", &[("word", word), ("n", most)]);
}

fn is_kana(text: &str) -> bool {
    search::has_word(text) && text.chars().all(|c| matches!(c, 'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ー'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(typed: &str) -> Vec<String> {
        group(typed).unwrap().words().to_vec()
    }

    #[test]
    fn a_group_is_parted_as_people_part_words() {
        for typed in [
            "断乳、卒乳",
            "断乳,卒乳",
            "断乳 / 卒乳",
            "断乳＝卒乳",
            "　断乳　卒乳、、",
            "断乳､卒乳､断乳",
            "断乳 卒乳 断\u{200b}乳！",
        ] {
            assert_eq!(words(typed), ["断乳", "卒乳"], "{typed}");
        }
        assert_eq!(group("ＢＬＷ、blw、手づかみ食べ").unwrap().line(), "BLW、手づかみ食べ");
        assert_eq!(group("だっこ\u{200b}ひも、スリング").unwrap().line(), "だっこひも、スリング");
        assert_eq!(
            group("抱っこひも、ダッコヒモ、だっこひも").unwrap().line(),
            "抱っこひも、ダッコヒモ"
        );
    }

    #[test]
    fn what_was_searched_for_becomes_one_word() {
        for (searched, word) in [
            ("おしゃぶり", "おしゃぶり"),
            ("かぼちゃ おやき", "かぼちゃおやき"),
            (" かぼちゃ　おやき、 1歳/りんご ", "かぼちゃおやき1歳りんご"),
            ("baby led weaning", "baby-led-weaning"),
            ("blw 手づかみ", "blw手づかみ"),
            ("ベビーカー baby car", "ベビーカーbaby-car"),
            ("1 2", "1-2"),
            ("아기 이유식", "아기-이유식"),
        ] {
            assert_eq!(one_word(searched), word, "{searched}");
            assert_eq!(group(&format!("{word}、x")).unwrap().words(), [word, "x"]);
            assert_eq!(one_word(word), word);
        }
    }

    #[test]
    fn what_is_wrong_with_a_group_is_said_beside_it() {
        let thirteen: Vec<String> = (1..=13).map(|n| format!("こ{n}")).collect();
        let long = format!("おかゆ、{}", "あ".repeat(31));
        for (typed, said) in [
            ("", "書いて"),
            (" 、 ", "書いて"),
            ("断乳", "2つ"),
            ("断乳、断乳", "2つ"),
            ("だっこひも、ダッコヒモ", "2つ"),
            ("断乳、！！", "！！"),
            ("断乳、ー", "「ー」"),
            ("断乳、〜", "「〜」"),
            ("断乳、🎃", "「🎃」"),
            ("断乳、\u{200b}", "2つ"),
            ("\u{feff}、\u{200b}", "書いて"),
            (thirteen.join("、").as_str(), "12"),
            (long.as_str(), "30"),
        ] {
            let errors = group(typed).unwrap_err();
            let text = errors.plain("group", web::Lang::Ja).unwrap();
            // NFKC made the marks narrow.
            assert!(text.replace("!!", "！！").contains(said), "{typed}: {text}");
        }
    }

    #[test]
    fn a_word_wants_a_reading_in_kana() {
        let hinata =
            Entry::Own { word: "ひなたっ子".into(), reading: "ひなたっこ".into() };
        assert_eq!(own(" ひなたっ子 ", "ひなたっこ").unwrap(), hinata);
        assert_eq!(own("ひなた\u{200b}っ子", "ひなたっこ\u{feff}").unwrap(), hinata);
        let kana = Entry::Own { word: "ひなたっこ".into(), reading: "ひなたっこ".into() };
        assert_eq!(own("ひなたっこ", "").unwrap(), kana);
        let half = Entry::Own {
            word: "園庭BBQ".into(), reading: "エンテイバーベキュー".into()
        };
        assert_eq!(own("園庭ＢＢＱ", "ｴﾝﾃｲﾊﾞｰﾍﾞｷｭｰ").unwrap(), half);
        for (word, reading, field) in [
            ("", "ひなたっこ", "word"),
            ("ひなた・子", "ひなたこ", "word"),
            ("ひなた 子", "ひなたこ", "word"),
            ("\u{200b}", "ひなたこ", "word"),
            ("ーー", "ひなたこ", "word"),
            ("！", "ひなたこ", "word"),
            (&*"あ".repeat(31), "あ", "word"),
            ("ひなたっ子", "", "reading"),
            ("ひなたっ子", "日なたっこ", "reading"),
            ("ひなたっ子", "hinata", "reading"),
            ("ひなたっ子", "ー", "reading"),
            ("ひなたっ子", "\u{200b}", "reading"),
            ("ひなたっ子", &*"あ".repeat(31), "reading"),
        ] {
            let errors = own(word, reading).unwrap_err();
            assert_eq!(errors.fields().collect::<Vec<_>>(), [field], "{word} {reading}");
        }
    }
}
