//! What people are called and where their mail goes: read from what they typed, and folded for comparing.

use super::Complaint;
use crate::text;
use lettre::Address;
use unicode_normalization::UnicodeNormalization;

pub const NICKNAME_MOST_CHARS: usize = 20;
/// RFC 5321: a path has 256 octets with its brackets.
const EMAIL_MOST_BYTES: usize = 254;

/// Words that would pass for the people who run the site. A key that contains one is refused.
const STAFF: [&str; 12] = [
    "めぐるみ",
    "megurumi",
    "運営",
    "事務局",
    "管理人",
    "管理者",
    "公式",
    "スタッフ",
    "モデレータ",
    "moderator",
    "administrator",
    "support",
];

/// The name others see. Unique by `key`, so that はなこ and は な こ can't be two people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nickname {
    pub shown: String,
    pub key: String,
}

impl Nickname {
    pub fn parse(typed: &str) -> Result<Self, Complaint> {
        let nickname = Self::parse_staff(typed)?;
        if nickname.key == "admin" || STAFF.iter().any(|word| nickname.key.contains(word)) {
            return Err(("error-nickname-reserved", None));
        }
        Ok(nickname)
    }

    /// As [`Self::parse`], for those who do run the site.
    pub fn parse_staff(typed: &str) -> Result<Self, Complaint> {
        if typed.chars().any(text::is_invisible) {
            return Err(("error-nickname-characters", None));
        }
        let shown: String = text::line(typed).nfc().collect();
        let key = fold(&shown);
        if key.is_empty() {
            return Err(("error-nickname-empty", None));
        }
        if shown.chars().count() > NICKNAME_MOST_CHARS {
            return Err(("error-nickname-long", Some(NICKNAME_MOST_CHARS as i64)));
        }
        if key.contains('@') || is_like_an_address(&key) {
            return Err(("error-nickname-address", None));
        }
        Ok(Self { shown, key })
    }
}

fn fold(shown: &str) -> String {
    shown
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !c.is_whitespace() && !matches!(c, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}'))
        .collect()
}

/// `www.…`, `…://…`, or a word, a dot and at least two letters: what readers would take for a link.
fn is_like_an_address(key: &str) -> bool {
    if key.contains("://") || key.starts_with("www.") || key.starts_with("http") {
        return true;
    }
    let parts: Vec<&str> = key.split('.').collect();
    parts.windows(2).any(|pair| {
        let ends_in_word = pair[0].chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric());
        let letters = pair[1].chars().take_while(char::is_ascii_alphabetic).count();
        ends_in_word && letters >= 2
    })
}

/// Where mail goes. Unique by `key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// As typed, but for full-width letters and spaces around it.
    pub shown: String,
    pub key: String,
}

impl Email {
    /// Takes what a browser's `type=email` takes, with a public domain. Its name part may have dots anywhere: Japanese carriers gave such
    /// addresses out for years. It keeps its case for sending; for comparing it has none, as everywhere in practice.
    pub fn parse(typed: &str) -> Result<Self, Complaint> {
        let folded: String = typed.trim().nfkc().take(EMAIL_MOST_BYTES + 1).collect();
        // A Japanese keyboard's full stop.
        let shown = folded.trim().replace('。', ".");
        let is_address = shown.len() <= EMAIL_MOST_BYTES
            && shown
                .rsplit_once('@')
                .is_some_and(|(name, domain)| is_name_part(name) && is_public_domain(domain));
        if !is_address {
            return Err(("error-email", None));
        }
        let key = shown.to_lowercase();
        Ok(Self { shown, key })
    }
}

/// RFC 5321: a local part has at most 64 octets.
const NAME_PART_MOST_BYTES: usize = 64;

/// As the HTML standard has it of a valid e-mail address: letters, digits and what RFC 5322 allows in an atom, with dots anywhere.
fn is_name_part(name: &str) -> bool {
    let is_part =
        |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    (1..=NAME_PART_MOST_BYTES).contains(&name.len()) && name.bytes().all(is_part)
}

fn is_public_domain(domain: &str) -> bool {
    domain.is_ascii()
        && domain.contains('.')
        && !domain.starts_with('[')
        && Address::new("name", domain).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_written_in_several_ways_is_one_name() {
        let key = |typed| Nickname::parse(typed).unwrap().key;
        assert_eq!(key("はな こ"), key("　はなこ "));
        assert_eq!(key("Hanako"), key("ｈａｎａｋｏ"));
        assert_eq!(key("ﾊﾅｺ"), key("ハナコ"));
    }

    #[test]
    fn names_of_people_and_families_are_fine() {
        for name in [
            "はなこ",
            "二児のパパ",
            "M.S.",
            "まる。",
            "👨\u{200d}👩\u{200d}👧家",
            "O'Neil",
            "ゆう/2歳",
        ] {
            assert!(Nickname::parse(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_name_that_is_an_address_or_hides_something_is_refused() {
        for (name, error) in [
            ("", "error-nickname-empty"),
            (" 　\u{200d} ", "error-nickname-empty"),
            ("ながいなまえながいなまえながいなまえながいなまえ", "error-nickname-long"),
            ("hanako@example.jp", "error-nickname-address"),
            ("ｈａｎａ＠ｅｘ", "error-nickname-address"),
            ("example.com", "error-nickname-address"),
            ("ｅｘａｍｐｌｅ．ｃｏｍ", "error-nickname-address"),
            ("https://e.jp/x", "error-nickname-address"),
            ("www.ex", "error-nickname-address"),
            ("はな\u{202e}こ", "error-nickname-characters"),
            ("はな\u{0}こ", "error-nickname-characters"),
            ("はな\nこ", "error-nickname-characters"),
            ("めぐるみ運営", "error-nickname-reserved"),
            ("Ａｄｍｉｎ", "error-nickname-reserved"),
        ] {
            assert_eq!(Nickname::parse(name).unwrap_err().0, error, "{name:?}");
        }
        assert!(Nickname::parse_staff("めぐるみ事務局").is_ok());
    }

    #[test]
    fn an_address_from_a_japanese_keyboard_is_understood() {
        let email = Email::parse(" Ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ　").unwrap();
        assert_eq!(
            email,
            Email { shown: "Hanako@example.jp".into(), key: "hanako@example.jp".into() }
        );
    }

    #[test]
    fn a_japanese_full_stop_is_a_dot() {
        for typed in ["hanako@docomo。ne。jp", "hanako@docomo｡ne｡jp", "hanako＠docomo．ne．jp"]
        {
            assert_eq!(Email::parse(typed).unwrap().shown, "hanako@docomo.ne.jp");
        }
    }

    #[test]
    fn addresses_that_carriers_gave_out_are_taken() {
        for typed in [
            "foo..bar@docomo.ne.jp",
            "foo.@docomo.ne.jp",
            ".foo@ezweb.ne.jp",
            "foo-bar_1/2@softbank.ne.jp",
            "o'neil+uji@example.jp",
        ] {
            assert_eq!(Email::parse(typed).unwrap().shown, typed);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for typed in [
            "hanako",
            "hanako@",
            "@example.jp",
            "hanako@localhost",
            "a@b@c.jp",
            "\"x y\"@example.jp",
            "x@[127.0.0.1]",
            "hanako@example..jp",
            "hanako@.example.jp",
            "hanako@example.jp.",
            "hana ko@example.jp",
            "hanako@例え.jp",
            "hanako@example.jp,eve@example.jp",
            "はなこ@example.jp",
            "x@example.jp\r\nBcc: eve@example.jp",
        ] {
            assert_eq!(Email::parse(typed).unwrap_err().0, "error-email", "{typed}");
        }
        assert_eq!(Email::parse(" 　").unwrap_err().0, "error-email");
        assert!(Email::parse(&format!("{}@example.jp", "a".repeat(500))).is_err());
    }
}
