//! Folding of kana: hiragana for both scripts, and one spelling per sound.

/// Hiragana, katakana, their iteration marks and ー.
pub fn is_kana(c: char) -> bool {
    matches!(c, 'ぁ'..='ゖ' | 'ゝ' | 'ゞ' | 'ァ'..='ヺ' | 'ー' | 'ヽ' | 'ヾ')
}

/// Hiragana, their iteration marks and ー.
pub fn is_hiragana(c: char) -> bool {
    matches!(c, 'ぁ'..='ゖ' | 'ゝ' | 'ゞ' | 'ー')
}

/// Kanji, as far as a reading is needed to tell how it sounds.
pub fn is_kanji(c: char) -> bool {
    matches!(c, '々' | '〆' | '〇' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// A character of a word, as opposed to a space, a mark or a control character. Emoji count: they
/// are searched for.
pub fn is_searchable(c: char) -> bool {
    c.is_alphanumeric() || c == 'ー' || is_emoji(c)
}

/// Emoji, ♪ and their like.
pub fn is_emoji(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1faff}')
}

/// Katakana to hiragana; ヶ and ヵ as か (6ヶ月, 6カ月, 6か月).
pub fn fold_char(c: char) -> char {
    match c {
        'ヶ' | 'ヵ' | 'ゖ' | 'ゕ' => 'か',
        'ァ'..='ヴ' | 'ヽ' | 'ヾ' => char::from_u32(c as u32 - 0x60).unwrap_or(c),
        _ => c,
    }
}

pub fn fold(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

/// One spelling per sound: おかーさん and おかあさん, らーめん and らあめん, せんせー and せんせい,
/// こーえん and こうえん, つづき and つずき, を and お. Takes and gives hiragana; other characters pass.
pub fn fold_sound(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut vowel = None;
    for c in text.chars().map(fold_char) {
        let c = match (c, vowel) {
            ('ー', Some(vowel)) => vowel,
            ('う', Some('お')) => 'お',
            ('い', Some('え')) => 'え',
            ('ぢ', _) => 'じ',
            ('づ', _) => 'ず',
            ('を', _) => 'お',
            ('ぁ', _) => 'あ',
            ('ぃ', _) => 'い',
            ('ぅ', _) => 'う',
            ('ぇ', _) => 'え',
            ('ぉ', _) => 'お',
            _ => c,
        };
        vowel = vowel_of(c);
        out.push(c);
    }
    out
}

fn vowel_of(c: char) -> Option<char> {
    Some(match c {
        'あ' | 'か' | 'が' | 'さ' | 'ざ' | 'た' | 'だ' | 'な' | 'は' | 'ば' | 'ぱ' | 'ま'
        | 'ゃ' | 'や' | 'ら' | 'わ' => 'あ',
        'い' | 'き' | 'ぎ' | 'し' | 'じ' | 'ち' | 'に' | 'ひ' | 'び' | 'ぴ' | 'み' | 'り' => {
            'い'
        }
        'う' | 'く' | 'ぐ' | 'す' | 'ず' | 'つ' | 'ぬ' | 'ふ' | 'ぶ' | 'ぷ' | 'む' | 'ゅ'
        | 'ゆ' | 'る' | 'ゔ' => 'う',
        'え' | 'け' | 'げ' | 'せ' | 'ぜ' | 'て' | 'で' | 'ね' | 'へ' | 'べ' | 'ぺ' | 'め'
        | 'れ' => 'え',
        'お' | 'こ' | 'ご' | 'そ' | 'ぞ' | 'と' | 'ど' | 'の' | 'ほ' | 'ぼ' | 'ぽ' | 'も'
        | 'ょ' | 'よ' | 'ろ' => 'お',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_sound_fold_together() {
        for (a, b) in [
            ("おかーさん", "おかあさん"),
            ("ラーメン", "らあめん"),
            ("せんせー", "せんせい"),
            ("おとーさん", "おとうさん"),
            ("てづかみ", "てずかみ"),
            ("ねぇ", "ねえ"),
            ("ちゅーりっぷ", "ちゅうりっぷ"),
        ] {
            assert_eq!(fold_sound(a), fold_sound(b), "{a} {b}");
        }
        assert_ne!(fold_sound("おばさん"), fold_sound("おばあさん"));
    }
}
