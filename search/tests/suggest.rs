//! What is offered while someone types, what was probably meant, and what is related.
#![allow(clippy::unwrap_used)]

mod common_index;

use common_index::{index, put, take_out};
use search::{Document, Offer};

fn post(id: &str, title: &str, body: &str, tags: &[&str]) -> Document {
    Document {
        id: id.into(),
        title: title.into(),
        body: body.into(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..Document::default()
    }
}

fn weaning() -> Vec<Document> {
    vec![
        post("1", "かぼちゃの離乳食", "かぼちゃを蒸して、離乳食にします。", &["離乳食"]),
        post(
            "2",
            "離乳食はいつから",
            "離乳食は五か月ごろから始めました。かぼちゃが好きです。",
            &["はじめて"],
        ),
        post(
            "3",
            "ベビーカーでお散歩",
            "ベビーカーで公園へ行きます。夜泣きも減りました。",
            &["お散歩"],
        ),
        post("4", "夜泣きの夜に", "夜泣きがひどいときは、ベビーカーで外へ。", &["夜泣き"]),
    ]
}

fn texts(index: &search::Index, typed: &str) -> Vec<String> {
    index.suggest(typed, 8).unwrap().into_iter().map(|offer| offer.text).collect()
}

#[test]
fn the_first_kana_romaji_kanji_and_unfinished_input_lead_to_the_word() {
    let (_folder, index) = index(weaning());
    for typed in
        ["り", "りにゅ", "りにゅうs", "リニュウ", "ﾘﾆｭｳ", "rinyuu", "rinyuus", "離乳", "離乳しょ"]
    {
        assert_eq!(texts(&index, typed)[0], "離乳食", "{typed}");
    }
    for typed in ["べ", "ベビーカ", "べびーかー", "bebi"] {
        assert!(texts(&index, typed).contains(&"ベビーカー".to_owned()), "{typed}");
    }
}

#[test]
fn a_title_is_offered_from_any_of_its_nouns_on_and_leads_to_its_post() {
    let (_folder, index) = index(weaning());
    let offers = index.suggest("よなき", 8).unwrap();
    let title = offers.iter().find(|offer| offer.text == "夜泣きの夜に").unwrap();
    assert_eq!(title.offer, Offer::Post { id: "4".into() });
    assert!(texts(&index, "おさんぽ").contains(&"ベビーカーでお散歩".to_owned()));
}

#[test]
fn a_tag_is_offered_though_one_post_alone_has_it() {
    let (_folder, index) = index(weaning());
    let offers = index.suggest("はじ", 8).unwrap();
    assert!(
        offers.iter().any(|offer| offer.offer == Offer::Tag && offer.text == "はじめて"),
        "{offers:?}"
    );
}

#[test]
fn a_tag_that_is_a_word_of_posts_is_offered_as_the_word() {
    let (_folder, index) = index(weaning());
    let offers = index.suggest("りにゅう", 8).unwrap();
    let named: Vec<_> = offers.iter().filter(|offer| offer.text == "離乳食").collect();
    assert!(named.len() == 1 && named[0].offer == Offer::Word, "{offers:?}");
}

#[test]
fn a_second_word_is_offered_where_posts_hold_both() {
    let (_folder, index) = index(weaning());
    assert_eq!(texts(&index, "離乳食　かぼ"), ["離乳食　かぼちゃ"]);
    assert_eq!(texts(&index, "離乳食 べび"), [""; 0]);
}

#[test]
fn what_is_not_published_any_more_is_not_offered() {
    let (_folder, index) = index(weaning());
    take_out(&index, &["3", "4"]);
    assert_eq!(texts(&index, "よなき"), [""; 0]);
    assert_eq!(texts(&index, "べびーか"), [""; 0]);
    assert_eq!(index.meant("ベビーガー").unwrap(), None);
}

#[test]
fn a_word_of_one_post_alone_is_not_offered() {
    let (_folder, index) = index(weaning());
    assert!(!texts(&index, "こうえん").contains(&"公園".to_owned()));
}

#[test]
fn any_typed_text_is_taken() {
    let (_folder, index) = index(weaning());
    for typed in
        ["", " ", "　", "\u{1e}", "\u{1f}w", "か\u{1e}w", "😀", "ー", "'", "n", "%", "\u{0}", "۝"]
    {
        index.suggest(typed, 8).unwrap();
        index.meant(typed).unwrap();
    }
    assert_eq!(texts(&index, &"か".repeat(10_000)), [""; 0]);
}

#[test]
fn a_slip_of_the_finger_and_a_wrong_conversion_are_told() {
    let (_folder, index) = index(weaning());
    for (typed, meant) in [
        ("りにうしょく", Some("離乳食")),
        ("離乳色", Some("離乳食")),
        ("りにゅうしょき いつから", Some("離乳食 いつから")),
        ("ベビーガー", Some("ベビーカー")),
        ("かぽちゃ", Some("かぼちゃ")),
        ("食べないんですけど", None),
        ("だから", None),
        ("離乳食", None),
        ("りにゅうしょく", None),
        ("かぼちゃ", None),
        ("宇宙飛行士", None),
    ] {
        assert_eq!(index.meant(typed).unwrap().as_deref(), meant, "{typed}");
    }
}

#[test]
fn related_posts_speak_of_the_same_and_are_never_the_post_itself() {
    let (_folder, index) = index(weaning());
    assert_eq!(index.related("1", 4).unwrap(), ["2"]);
    assert_eq!(index.related("4", 4).unwrap(), ["3"]);
    assert_eq!(index.related("none", 4).unwrap(), [""; 0]);
    take_out(&index, &["2"]);
    assert_eq!(index.related("1", 4).unwrap(), [""; 0]);
    put(&index, post("5", "かぼちゃの離乳食、冷凍", "かぼちゃを冷凍します。", &["離乳食"]));
    assert_eq!(index.related("1", 4).unwrap(), ["5"]);
}
