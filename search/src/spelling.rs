//! What the analysis does to a spelling before it asks the dictionary, for whoever keeps words beside the index: what is one word
//! there is one to the search.

use crate::analyzer::{Normalized, is_invisible, spelling_runs};

/// Without what nobody sees: soft hyphens, spaces of no width, directions.
#[must_use]
pub fn visible(text: &str) -> String {
    text.chars().filter(|c| !is_invisible(*c)).collect()
}

/// NFKC, lower case, one mark for long vowels, nothing invisible: what the dictionary sees.
#[must_use]
pub fn normalized(text: &str) -> String {
    Normalized::new(text).text
}

/// By what two spellings are one to the search: normalised, katakana as hiragana, a space for whatever marks and spaces part it.
#[must_use]
pub fn folded(text: &str) -> String {
    spelling_runs(&normalized(text)).join(" ")
}

/// Whether there is a letter or a digit to look up. Marks, emoji, and what only says how to read the letter before it are none.
#[must_use]
pub fn has_word(text: &str) -> bool {
    normalized(text).chars().any(|c| c.is_alphanumeric() && !leans_on_another(c))
}

/// Letters by Unicode that say nothing alone: ー, marks that repeat or modify, and Hangul's fillers, which nobody sees.
fn leans_on_another(c: char) -> bool {
    matches!(c, 'ー' | '々' | '〻' | 'ゝ' | 'ゞ' | 'ヽ' | 'ヾ' | '〱'..='〵')
        || matches!(c, '\u{2b0}'..='\u{2ff}' | '\u{640}' | '\u{115f}' | '\u{1160}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_that_are_one_to_the_search_fold_together() {
        for (one, other) in [
            ("だっこひも", "ダッコヒモ"),
            ("ﾀﾞｯｺﾋﾓ", "だっこひも"),
            ("ベビ−カ〜", "べびーかー"),
            ("ねんねーー", "ネンネー"),
            ("６ヶ月", "6か月"),
            ("ＢＬＷ", "blw"),
            ("baby-led", "Baby led"),
            ("断乳！", "断\u{200b}乳"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        for (one, other) in
            [("断乳", "卒乳"), ("おばさん", "おばあさん"), ("びょういん", "びよういん")]
        {
            assert_ne!(folded(one), folded(other), "{one} {other}");
        }
    }

    #[test]
    fn only_letters_and_digits_that_stand_alone_are_a_word() {
        for word in ["あ", "BLW", "6", "ー歳", "々木", "아기", "断乳"] {
            assert!(has_word(word), "{word}");
        }
        for none in [
            "",
            " ",
            "ー",
            "ｰ",
            "ーー 〜",
            "々",
            "ゝ",
            "！？",
            "🎃",
            "\u{200b}",
            "\u{feff}\u{2060}",
            "\u{3164}",
            "゛",
        ] {
            assert!(!has_word(none), "{none:?}");
        }
        assert_eq!(visible("だっこ\u{200b}ひ\u{ad}も\u{feff}"), "だっこひも");
    }
}
