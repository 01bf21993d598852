//! Text full of what trips string handling: combining marks, half-width kana, joined emoji, Hangul pieces, characters that grow when
//! normalised, controls, directions, what parts terms, the syntax of queries, runs.

use proptest::prelude::*;

/// Each by itself, too.
pub const PIECES: [&str; 44] = [
    "",
    "離乳食",
    "いやいや期",
    "たまご",
    "①㌔ﾘﾆｭｳ",
    "👨‍👩‍👧‍👦",
    "🇯🇵",
    "👍🏽",
    "❤\u{fe0f}",
    "1\u{fe0f}\u{20e3}",
    "葛\u{e0100}城",
    "㍿",
    "㍍",
    "ﷺ",
    "İ",
    "ß",
    "Σ",
    "ｶﾞ",
    "か\u{3099}",
    "\u{3099}",
    "\u{301}",
    "\u{110b}\u{1161}\u{11ab}",
    "\u{600}",
    "。",
    "」",
    "…",
    "\n",
    "\r\n",
    "\u{2028}",
    "\0",
    "\u{1e}w",
    "\u{1f}",
    "\u{7f}",
    "\u{85}",
    "\u{ad}",
    "\u{200b}",
    "\u{202e}",
    "\u{feff}",
    "\u{fffd}",
    "\u{10ffff}",
    "ーーー",
    "n'nn-",
    "' OR 1=1; DROP TABLE posts; --",
    "title:(+a -b) AND \"x y\"~2^3 [a TO *] NOT /re.*/ IN [a]",
];

pub fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        any::<String>(),
        "[ぁ-ゖァ-ヺー〜ｦ-ﾟ゛゜\u{3099}\u{309a}]{1,8}",
        "[一-龠々〆ヶ]{1,6}",
        "[a-zA-Zａ-ｚ0-9０-９ '\\-\"(){}:*?^~+]{1,8}",
        "[\u{300}-\u{36f}\u{200b}-\u{200f}\u{fe0f}\u{1160}-\u{11ff}]{1,4}",
        "[\0-\u{1f}\u{7f}-\u{9f}]{1,4}",
        "[\u{1f1e6}-\u{1f1ff}\u{1f3fb}-\u{1f3ff}\u{1f466}-\u{1f469}\u{200d}]{1,6}",
        prop::sample::select(PIECES.as_slice()).prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}
