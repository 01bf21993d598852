//! Which texts are noted, and in which form.

use crate::text;

/// Longer ones are told stories, and stories can be told by whom.
const MOST_CHARS: usize = 40;
/// A telephone number has more, and so has a date of birth.
const MOST_DIGITS: usize = 4;

/// The text in the one form it is counted in (as the search's dictionary sees it, with single spaces). `None` for what may name or reach a person: a mail
/// address, a number, an address of the web, a long text; and for what holds no word.
pub fn noted(typed: &str) -> Option<String> {
    // Normalising makes spaces of its own, so the lines come after it.
    let text = text::line(&search::normalized(typed));
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    let is_kept = text.chars().count() <= MOST_CHARS
        && search::has_word(&text)
        && digits <= MOST_DIGITS
        && !text.contains('@')
        && !is_web_address(&text);
    is_kept.then_some(text)
}

fn is_web_address(text: &str) -> bool {
    text.contains("://")
        || text.contains("www.")
        || text.split_whitespace().any(|word| {
            // `example.jp`, with or without a path.
            word.match_indices('.').any(|(at, _)| {
                let (host, rest) = (&word[..at], &word[at + 1..]);
                let top = rest.chars().take_while(char::is_ascii_alphabetic).count();
                host.ends_with(|c: char| c.is_ascii_alphanumeric()) && top >= 2
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_is_counted_in_one_form() {
        for typed in ["BLW  手づかみ", "ｂｌｗ　手づかみ", " blw\t手づかみ "] {
            assert_eq!(noted(typed).as_deref(), Some("blw 手づかみ"), "{typed}");
        }
        for typed in ["ベビーカー", "ﾍﾞﾋﾞｰｶｰ", "ベビ−カーー", "ベビー\u{200b}カー\u{feff}"]
        {
            assert_eq!(noted(typed).as_deref(), Some("ベビーカー"), "{typed}");
        }
        assert_eq!(noted("生後6か月 1日2回").as_deref(), Some("生後6か月 1日2回"));
    }

    #[test]
    fn what_may_name_someone_or_says_nothing_is_not_noted() {
        let long = "あ".repeat(41);
        for typed in [
            "",
            "  ",
            "？！…",
            "ー",
            "ーー 〜",
            "🎃✨",
            "\u{200b}",
            "\u{feff} \u{2060}",
            "\u{3164}",
            "exam\u{200b}ple.jp/hanako",
            long.as_str(),
            "hanako@example.jp",
            "ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ",
            "0774-22-3141",
            "０７７４２",
            "https://example.jp/x",
            "www.example",
            "example.jp/hanako",
            "ブログ instagram.com",
        ] {
            assert_eq!(noted(typed), None, "{typed}");
        }
        assert!(noted(&"あ".repeat(40)).is_some());
    }
}
