//! No text, typed or indexed, may break the search.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use search::{Dictionary, Document, Index, Op, Query};

static INDEX: LazyLock<(tempfile::TempDir, Index)> = LazyLock::new(|| {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dictionary");
    let source = Path::new("/usr/share/mecab/dic/ipadic");
    let folder = tempfile::tempdir().unwrap();
    let dictionary = Dictionary::open_or_build(source, &cache).unwrap();
    let index = Index::open(folder.path(), dictionary).unwrap();
    (folder, index)
});

/// Text full of what trips string handling: combining marks, half-width kana, joined emoji, Hangul
/// pieces, characters that grow when normalised, controls, runs.
fn awkward_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        any::<String>(),
        "[ぁ-ゖァ-ヺー〜ｦ-ﾟ゛゜\u{3099}\u{309a}]{1,8}",
        "[一-龠々〆ヶ]{1,6}",
        "[a-zA-Zａ-ｚ0-9０-９ '\\-\"(){}:*?^~+]{1,8}",
        "[\u{300}-\u{36f}\u{200b}-\u{200f}\u{fe0f}\u{1160}-\u{11ff}]{1,4}",
        prop::sample::select(vec![
            "離乳食",
            "いやいや期",
            "たまご",
            "👨‍👩‍👧‍👦",
            "🇯🇵",
            "㍿",
            "㍍",
            "ﷺ",
            "İ",
            "ß",
            "ｶﾞ",
            "が",
            "か\u{3099}",
            "。",
            "\n",
            "\0",
            "ーーー",
            "n'",
            "nn",
            "-",
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_can_be_indexed_searched_and_shown(
        title in awkward_text(),
        body in awkward_text(),
        text in awkward_text(),
        repeated in 1_usize..30,
    ) {
        let index = &INDEX.1;
        let document = Document {
            id: "a".into(),
            title: title.clone(),
            body: body.repeat(repeated),
            captions: title.repeat(repeated),
            tags: vec![text.clone()],
            ..Document::default()
        };
        let whole = format!("{} {}", document.body.trim(), document.captions.trim());
        index.apply(vec![Op::Upsert(Box::new(document))], 1).unwrap();
        for text in [&text, &title, &body, &String::new()] {
            let results = index.search(&Query { text: text.clone(), ..Query::default() }).unwrap();
            for hit in &results.hits {
                let shown: String = hit.title.iter().map(|s| s.text.as_str()).collect();
                prop_assert_eq!(&shown, &title);
                let shown: String = hit.snippet.iter().map(|s| s.text.as_str()).collect();
                let shown = shown.strip_prefix('…').unwrap_or(&shown);
                let shown = shown.strip_suffix('…').unwrap_or(shown);
                prop_assert!(whole.contains(shown) || whole.contains('…'));
            }
        }
    }

    #[test]
    fn a_post_is_found_by_its_own_title(title in "[ぁ-んァ-ヶー一-龠a-z0-9]{2,20}") {
        let index = &INDEX.1;
        let document = Document { id: "a".into(), title: title.clone(), ..Document::default() };
        index.apply(vec![Op::Upsert(Box::new(document))], 1).unwrap();
        let results = index.search(&Query { text: title, ..Query::default() }).unwrap();
        prop_assert_eq!(results.total, 1);
    }
}
