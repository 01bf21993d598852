use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation as _;

use super::*;
use crate::analyzer::{Analyzer, Dictionary};
use crate::awkward;

static ANALYZER: LazyLock<Analyzer> = LazyLock::new(|| {
    let cache = std::env::temp_dir().join("megurumi-test-dictionary");
    Analyzer::new(Dictionary::open_or_build(Path::new(crate::IPADIC), &cache).unwrap())
});

/// What is shown of a text in which these words are marked, with its ellipses.
fn shown(text: &str, words: &[&str]) -> String {
    let mut marks: Vec<Range<usize>> = words
        .iter()
        .flat_map(|word| text.match_indices(word).map(|(at, _)| at..at + word.len()))
        .collect();
    marks.sort_by_key(|mark| mark.start);
    let analysis = ANALYZER.analyze(text).unwrap();
    let part = Part::of(text, &analysis, &marks, &Densest::of(text, &marks));
    let ellipsis = |cut| if cut { "…" } else { "" };
    format!(
        "{}{}{}",
        ellipsis(part.begins_inside_a_sentence),
        &text[part.range],
        ellipsis(part.ends_inside_a_sentence)
    )
}

fn letters(text: &str) -> usize {
    text.chars().count()
}

const BEDTIME: &str = "うちの子は生後六か月のころから夜中に何度も起きるようになりました。はじめは暑いのかと思って、\
    薄い布団にかえてみましたが、変わりません。保健師さんに相談したところ、寝る前の明るさが大事だと教わりました。\
    それから夜七時には部屋を暗くして、絵本を一冊だけ読み、同じ歌をうたうことにしています。三日めの夜に、はじめて朝まで眠りました！\
    夜泣きがつらいときは、抱っこ紐で少し歩くと落ち着きます。無理をしないで、昼間に一緒に寝てしまうのもおすすめです。\
    もしも熱があったり、泣き方がいつもと違ったりしたら、迷わず小児科に電話してくださいね。\
    夜中にどうしても寝つけないときのために、冷蔵庫に麦茶を用意しておくと親のほうが助かります。";

#[test]
fn a_part_begins_and_ends_with_sentences_where_it_can() {
    assert_eq!(
        shown(BEDTIME, &["夜泣き"]),
        "三日めの夜に、はじめて朝まで眠りました！夜泣きがつらいときは、抱っこ紐で少し歩くと落ち着きます。\
        無理をしないで、昼間に一緒に寝てしまうのもおすすめです。"
    );
    assert_eq!(
        shown(BEDTIME, &[]),
        "うちの子は生後六か月のころから夜中に何度も起きるようになりました。はじめは暑いのかと思って、薄い布団にかえてみましたが、変わりません。\
        保健師さんに相談したところ、寝る前の明るさが大事だと教わりました。"
    );
}

#[test]
fn what_is_cut_off_inside_a_sentence_is_cut_at_a_comma_and_says_so() {
    let long = "かぼちゃは種をとってから皮をむき、一センチの角に切ってから、耐熱の皿にならべて水をふりかけて、電子レンジで四分ほど温めて、\
        熱いうちにフォークでつぶして、ミルクか豆乳を少しずつ加えながらのばして、小さな型に分けて冷凍しておくと、忙しい朝にもすぐに出せて、\
        とても便利でした";
    assert_eq!(
        shown(long, &["ミルク"]),
        "…ミルクか豆乳を少しずつ加えながらのばして、小さな型に分けて冷凍しておくと、忙しい朝にもすぐに出せて、とても便利でした"
    );
    let text = shown(long, &["種"]);
    assert!(
        text.starts_with("かぼちゃは種") && text.ends_with("豆乳を少しずつ加えながらのばして、…"),
        "{text}"
    );
}

#[test]
fn without_a_comma_it_is_cut_between_words() {
    let long = "絵本".to_owned() + &"を読むまえに手をあらってから床にすわって".repeat(20);
    let text = shown(&long, &[]);
    assert!(text.starts_with("絵本を読むまえに") && text.ends_with('…'), "{text}");
    let analysis = ANALYZER.analyze(&long).unwrap();
    let end = text.len() - "…".len();
    assert!(analysis.word_at(end).is_some_and(|word| word.term.is_some()), "{text}");
}

#[test]
fn a_short_text_is_shown_whole_and_so_is_a_short_rest() {
    let short = "あ".repeat(LONGEST + REST);
    assert_eq!(shown(&short, &["あ"]), short);
    let rest = format!("{}。卵を溶く。{}", "い".repeat(200), "う".repeat(LONGEST));
    assert_eq!(shown(&rest, &["卵"]), format!("卵を溶く。{}", "う".repeat(LONGEST)));
}

#[test]
fn a_quotation_and_a_number_end_no_sentence() {
    for (text, marked, begins) in [
        ("「いやだ！」と言って泣くので困っています。", "泣く", "「いやだ！」と言って"),
        ("そして「いたい。」と泣くので困っています。", "泣く", "そして「いたい。」と"),
        ("体重が3.5キロになりました。", "キロ", "体重が3.5キロ"),
        ("くわしくは a.jp/?q=1 をどうぞ。", "どうぞ", "くわしくは"),
    ] {
        let filler = "前の文です。".repeat(30);
        let text = shown(&format!("{filler}{text}{filler}"), &[marked]);
        let begins = format!("前の文です。{begins}");
        assert!(text.contains(&begins) && !text.starts_with('…'), "{text}");
    }
    let filler = "まえの文がこのあたりで終わります。".repeat(10);
    let text = shown(&format!("{filler}「ごちそうさま。」ほめると喜びます。{filler}"), &["ほめる"]);
    assert!(text.starts_with("「ごちそうさま。」ほめると"), "{text}");
}

#[test]
fn lines_of_captions_are_parted_like_sentences() {
    let lines: Vec<String> = (1..=30).map(|n| format!("{n}番めの材料をボウルに入れて")).collect();
    let text = shown(&lines.join("\n"), &["17番"]);
    assert!(!text.contains('…'), "{text}");
    let first = text.lines().next().unwrap();
    assert!(lines.contains(&first.to_owned()), "{text}");
    assert!(lines.contains(&text.lines().last().unwrap().to_owned()), "{text}");
}

#[test]
fn emoji_part_clauses_and_are_never_taken_apart() {
    let family = "👨‍👩‍👧‍👦";
    let text = format!(
        "おいしくできました😊次は豆腐で作りたいです✨{}",
        "家族みんなで食べました".repeat(20)
    );
    assert!(shown(&text, &["豆腐"]).starts_with("おいしくできました😊次は豆腐"));
    let all_emoji = [family, "🇯🇵", "👍🏽", "❤️", "か\u{3099}", "1️⃣"].concat().repeat(60);
    for at in (0..all_emoji.len()).filter(|&at| is_boundary(&all_emoji, at)) {
        let Some(c) = all_emoji[at..].chars().next() else { continue };
        let mark = at..at + c.len_utf8();
        let analysis = ANALYZER.analyze(&all_emoji).unwrap();
        let marks = [whole_characters(&all_emoji, &mark)];
        let part = Part::of(&all_emoji, &analysis, &marks, &Densest::of(&all_emoji, &marks));
        assert!(
            is_boundary(&all_emoji, part.range.start) && is_boundary(&all_emoji, part.range.end)
        );
        if at > 4000 {
            break;
        }
    }
    assert_eq!(whole_characters(family, &(11..14)), 0..family.len());
    assert_eq!(whole_characters("a🇯🇵", &(5..9)), 1..9);
}

#[test]
fn neither_a_word_in_latin_letters_nor_a_number_nor_a_mark_is_cut() {
    let mixed = "BCGの予防接種は2024年11月からSaturday clinicでも受けられるpdfはhttps://example.jp/a.pdfにある".repeat(6);
    for marked in ["予防", "clinic", "2024"] {
        let text = shown(&mixed, &[marked]);
        let bare = text.trim_matches('…');
        let at = mixed.find(bare).unwrap();
        for place in [at, at + bare.len()] {
            let (last, next) = (mixed[..place].chars().next_back(), mixed[place..].chars().next());
            let within = last.is_some_and(|c| c.is_ascii_graphic())
                && next.is_some_and(|c| c.is_ascii_graphic());
            assert!(!within, "{text}");
        }
    }
    // The mark stands where it would be cut.
    let text = format!("卵を{}牛乳とバターと小麦粉{}", "混".repeat(83), "焼".repeat(200));
    let end = text.find("焼").unwrap();
    let marks = [0..3, text.find("牛乳").unwrap()..end];
    let analysis = ANALYZER.analyze(&text).unwrap();
    let part = Part::of(&text, &analysis, &marks, &Densest { worth: 1, marks: 0..1 });
    assert!(part.range.end <= marks[1].start || part.range.end >= marks[1].end, "{part:?}");
}

#[test]
fn what_is_longer_than_a_part_is_cut_all_the_same() {
    for text in [
        "a".repeat(5000),
        "ア".repeat(5000),
        "漢".repeat(5000),
        "ー".repeat(5000),
        "。".repeat(5000),
    ] {
        for mark in [None, Some(0..text.len()), Some(text.len() / 2..text.len())] {
            let marks: Vec<_> = mark.into_iter().collect();
            let analysis = ANALYZER.analyze(&text).unwrap();
            // Both are of three bytes or of one, and the half of them is whole.
            let marks: Vec<Range<usize>> = marks
                .into_iter()
                .map(|mark| text.floor_char_boundary(mark.start)..mark.end)
                .collect();
            let part = Part::of(&text, &analysis, &marks, &Densest::of(&text, &marks));
            let length = letters(&text[part.range.clone()]);
            assert!((SHORTEST..=LONGEST + REST).contains(&length), "{length} {part:?}");
        }
    }
    let accents = format!("e{}", "\u{301}".repeat(5000));
    assert!(letters(&shown(&accents, &[])) <= LONGEST + 1);
}

#[test]
fn more_different_marks_are_worth_more_than_one_repeated() {
    let text = format!("{}卵{}卵と牛乳を混ぜる", "卵。".repeat(3), "あ".repeat(200));
    let marks: Vec<Range<usize>> =
        text.match_indices(['卵', '牛']).map(|(at, found)| at..at + found.len()).collect();
    let densest = Densest::of(&text, &marks);
    assert_eq!(&text[marks[densest.marks.clone()][1].clone()], "牛");
    assert_eq!(densest.worth, 2 * 4 + 2);
    assert_eq!(Densest::of(&text, &[]), Densest::default());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_part_of_any_text_with_any_marks_is_whole(
        text in awkward::text(),
        repeated in 1_usize..60,
        places in prop::collection::vec((any::<prop::sample::Index>(), 1_usize..40), 0..6),
    ) {
        let text = text.repeat(repeated);
        let text = text.trim();
        let characters: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).chain([text.len()]).collect();
        let mut marks: Vec<Range<usize>> = vec![];
        for (place, length) in places {
            let first = place.index(characters.len());
            let last = (first + length).min(characters.len() - 1);
            marks.push(characters[first]..characters[last]);
        }
        marks.retain(|mark| !mark.is_empty());
        marks.sort_by_key(|mark| mark.start);
        marks.dedup_by(|next, mark| next.start <= mark.end);
        let analysis = ANALYZER.analyze(text).unwrap();
        let densest = Densest::of(text, &marks);
        let Part { range, begins_inside_a_sentence, ends_inside_a_sentence } = Part::of(text, &analysis, &marks, &densest);

        prop_assert!(characters.binary_search(&range.start).is_ok());
        prop_assert!(range.start < range.end || text.is_empty());
        prop_assert!(letters(&text[range.clone()]) <= LONGEST + REST);
        prop_assert!(!begins_inside_a_sentence || range.start > 0);
        prop_assert!(!ends_inside_a_sentence || range.end < text.len());
        // Only what is longer than a part is cut.
        let is_longer = |inside: Range<usize>| letters(&text[inside.start.max(range.start)..inside.end]) > LONGEST;
        if let Err(after) = characters.binary_search(&range.end) {
            prop_assert!(is_longer(range.start..characters[after]));
        }
        for mark in &marks[densest.marks] {
            let is_shown = range.start <= mark.start && mark.end <= range.end;
            prop_assert!(is_shown || is_longer(mark.clone()), "{mark:?} in {range:?}");
        }
        for mark in marks.iter().filter(|mark| mark.start < range.end && range.end < mark.end) {
            prop_assert!(letters(&text[mark.clone()]) + SHORTEST > LONGEST, "{mark:?} in {range:?}");
        }
    }
}
