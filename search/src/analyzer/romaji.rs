//! Kana from Latin letters, in Hepburn and Kunrei spelling: `rinyushoku` finds 離乳食.
//!
//! Long vowels are often left out in romaji (rinyushoku, Kyoto); the reading trigrams forgive that.

/// Longest first within each length; every spelling a Japanese keyboard takes that people use.
const SYLLABLES: &[(&str, &str)] = &[
    ("sya", "しゃ"),
    ("syu", "しゅ"),
    ("syo", "しょ"),
    ("sha", "しゃ"),
    ("shu", "しゅ"),
    ("sho", "しょ"),
    ("she", "しぇ"),
    ("shi", "し"),
    ("tya", "ちゃ"),
    ("tyu", "ちゅ"),
    ("tyo", "ちょ"),
    ("cha", "ちゃ"),
    ("chu", "ちゅ"),
    ("cho", "ちょ"),
    ("che", "ちぇ"),
    ("chi", "ち"),
    ("tsu", "つ"),
    ("kya", "きゃ"),
    ("kyu", "きゅ"),
    ("kyo", "きょ"),
    ("gya", "ぎゃ"),
    ("gyu", "ぎゅ"),
    ("gyo", "ぎょ"),
    ("nya", "にゃ"),
    ("nyu", "にゅ"),
    ("nyo", "にょ"),
    ("hya", "ひゃ"),
    ("hyu", "ひゅ"),
    ("hyo", "ひょ"),
    ("bya", "びゃ"),
    ("byu", "びゅ"),
    ("byo", "びょ"),
    ("pya", "ぴゃ"),
    ("pyu", "ぴゅ"),
    ("pyo", "ぴょ"),
    ("mya", "みゃ"),
    ("myu", "みゅ"),
    ("myo", "みょ"),
    ("rya", "りゃ"),
    ("ryu", "りゅ"),
    ("ryo", "りょ"),
    ("zya", "じゃ"),
    ("zyu", "じゅ"),
    ("zyo", "じょ"),
    ("jya", "じゃ"),
    ("jyu", "じゅ"),
    ("jyo", "じょ"),
    ("dya", "ぢゃ"),
    ("dyu", "ぢゅ"),
    ("dyo", "ぢょ"),
    ("ja", "じゃ"),
    ("ju", "じゅ"),
    ("jo", "じょ"),
    ("je", "じぇ"),
    ("ji", "じ"),
    ("fa", "ふぁ"),
    ("fi", "ふぃ"),
    ("fe", "ふぇ"),
    ("fo", "ふぉ"),
    ("fu", "ふ"),
    ("ka", "か"),
    ("ki", "き"),
    ("ku", "く"),
    ("ke", "け"),
    ("ko", "こ"),
    ("sa", "さ"),
    ("si", "し"),
    ("su", "す"),
    ("se", "せ"),
    ("so", "そ"),
    ("ta", "た"),
    ("ti", "ち"),
    ("tu", "つ"),
    ("te", "て"),
    ("to", "と"),
    ("na", "な"),
    ("ni", "に"),
    ("nu", "ぬ"),
    ("ne", "ね"),
    ("no", "の"),
    ("ha", "は"),
    ("hi", "ひ"),
    ("hu", "ふ"),
    ("he", "へ"),
    ("ho", "ほ"),
    ("ma", "ま"),
    ("mi", "み"),
    ("mu", "む"),
    ("me", "め"),
    ("mo", "も"),
    ("ya", "や"),
    ("yu", "ゆ"),
    ("yo", "よ"),
    ("ra", "ら"),
    ("ri", "り"),
    ("ru", "る"),
    ("re", "れ"),
    ("ro", "ろ"),
    ("wa", "わ"),
    ("wo", "を"),
    ("ga", "が"),
    ("gi", "ぎ"),
    ("gu", "ぐ"),
    ("ge", "げ"),
    ("go", "ご"),
    ("za", "ざ"),
    ("zi", "じ"),
    ("zu", "ず"),
    ("ze", "ぜ"),
    ("zo", "ぞ"),
    ("da", "だ"),
    ("di", "ぢ"),
    ("du", "づ"),
    ("de", "で"),
    ("do", "ど"),
    ("ba", "ば"),
    ("bi", "び"),
    ("bu", "ぶ"),
    ("be", "べ"),
    ("bo", "ぼ"),
    ("pa", "ぱ"),
    ("pi", "ぴ"),
    ("pu", "ぷ"),
    ("pe", "ぺ"),
    ("po", "ぽ"),
    ("va", "ゔぁ"),
    ("vi", "ゔぃ"),
    ("vu", "ゔ"),
    ("ve", "ゔぇ"),
    ("vo", "ゔぉ"),
    ("a", "あ"),
    ("i", "い"),
    ("u", "う"),
    ("e", "え"),
    ("o", "お"),
];

/// The hiragana of a text written wholly in romaji (`text` is already lower case; words may be parted
/// by spaces), or nothing if any of it isn't a Japanese syllable or it is shorter than three letters.
pub fn to_hiragana(text: &str) -> Option<String> {
    if text.chars().filter(char::is_ascii_lowercase).count() < 3 {
        return None;
    }
    syllables(text)
}

/// The hiragana of what is being typed: Latin letters at its end that are no syllable yet are left out, by an input method (りにゅうs)
/// as without one (rinyus). Nothing if it holds other Latin letters.
pub fn so_far(text: &str) -> Option<String> {
    let kana = text.trim_end_matches(|c: char| c.is_ascii_lowercase() || c == '\'');
    let latin = &text[kana.len()..];
    if kana.chars().any(|c| c.is_ascii_alphabetic()) {
        return None;
    }
    let whole = latin.trim_end_matches(|c: char| !"aiueo".contains(c));
    Some(format!("{kana}{}", syllables(whole)?)).filter(|typed| !typed.is_empty())
}

/// Kana that a syllable begun with these letters may become: k is か, き, く …
pub fn begun_with(latin: &str) -> impl Iterator<Item = &'static str> {
    let syllables = SYLLABLES.iter().filter(move |(whole, _)| whole.starts_with(latin));
    syllables.map(|(_, kana)| *kana).chain((latin == "n").then_some("ん"))
}

fn syllables(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            if let Some((latin, kana)) = SYLLABLES.iter().find(|(latin, _)| rest.starts_with(latin))
            {
                out.push_str(kana);
                rest = &rest[latin.len()..];
                continue;
            }
            let second = rest.chars().nth(1);
            match (first, second) {
                ('n', Some('\'')) => {
                    out.push('ん');
                    rest = &rest[2..];
                }
                // nn before a vowel is ん and the next syllable's n (onna); elsewhere a typed ん.
                ('n', Some('n')) if !rest[2..].starts_with(['a', 'i', 'u', 'e', 'o', 'y']) => {
                    out.push('ん');
                    rest = &rest[2..];
                }
                ('n', _) | ('m', Some('b' | 'p' | 'm')) => {
                    out.push('ん');
                    rest = &rest[1..];
                }
                ('-', _) if !out.is_empty() => {
                    out.push('ー');
                    rest = &rest[1..];
                }
                ('t', Some('c')) => {
                    out.push('っ');
                    rest = &rest[1..];
                }
                (first, Some(second)) if first == second && first.is_ascii_lowercase() => {
                    out.push('っ');
                    rest = &rest[1..];
                }
                _ => return None,
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_common_romanisations_are_read() {
        for (latin, kana) in [
            ("rinyushoku", "りにゅしょく"),
            ("rinyuushoku", "りにゅうしょく"),
            ("yonaki", "よなき"),
            ("nattou", "なっとう"),
            ("tottemo itai", "とってもいたい"),
            ("kon'ya", "こんや"),
            ("onna no ko", "おんなのこ"),
            ("sinbun", "しんぶん"),
            ("shimbun", "しんぶん"),
            ("matcha", "まっちゃ"),
            ("ra-men", "らーめん"),
        ] {
            assert_eq!(to_hiragana(latin).as_deref(), Some(kana), "{latin}");
        }
    }

    #[test]
    fn what_is_being_typed_is_read_as_far_as_it_is_kana() {
        for (typed, kana) in [
            ("りにゅうs", "りにゅう"),
            ("rinyus", "りにゅ"),
            ("rin", "り"),
            ("k", ""),
            ("kabo", "かぼ"),
            ("かぼちゃ", "かぼちゃ"),
            ("bcg", ""),
        ] {
            assert_eq!(so_far(typed), Some(kana.to_owned()).filter(|k| !k.is_empty()), "{typed}");
        }
    }

    #[test]
    fn words_that_are_not_romaji_are_left_alone() {
        for text in ["bcg", "youtube kids", "pdf", "q&a", "hello", "", "é", "no"] {
            assert_eq!(to_hiragana(text), None, "{text}");
        }
    }
}
