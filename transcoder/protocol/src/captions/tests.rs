use super::*;
use proptest::prelude::*;

const MINUTE: u64 = 60_000;

fn cue(start_ms: u64, end_ms: u64, text: &str) -> Cue {
    Cue { start_ms, end_ms, text: text.to_owned() }
}

#[track_caller]
fn good(text: &str) -> Vec<Cue> {
    read(text, MINUTE).unwrap_or_else(|problems| panic!("{problems:?} in {text:?}"))
}

/// The lines that are wrong, and what is wrong with them.
#[track_caller]
fn wrong(text: &str) -> Vec<(u32, Fault)> {
    let problems = read(text, MINUTE).expect_err("it should not be taken");
    problems.into_iter().map(|problem| (problem.line, problem.fault)).collect()
}

#[test]
fn lines_typed_by_hand_are_captions() {
    let typed = "0:03 かぼちゃを切ります\n０：０８．５　レンジで２分\n\n0:12-0:14 熱いうちに\nつぶします\n0:20 できあがり\n";
    assert_eq!(
        good(typed),
        [
            cue(3_000, 6_000, "かぼちゃを切ります"),
            cue(8_500, 11_500, "レンジで２分"),
            cue(12_000, 14_000, "熱いうちに\nつぶします"),
            cue(20_000, 23_000, "できあがり"),
        ]
    );
}

#[test]
fn a_typed_line_ends_when_the_next_begins_or_the_clip_is_over() {
    let cues = good("0:03 ひとつめ\n0:04 ふたつめ\n0:59 さいご");
    assert_eq!(cues[0].end_ms, 4_000);
    assert_eq!(cues[2].end_ms, MINUTE);
}

#[test]
fn two_times_in_a_line_are_a_start_and_an_end_however_they_are_joined() {
    for between in ["-", " - ", "〜", "～", "ー", "－", "–", "->", " → ", ","] {
        let typed = format!("0:03{between}0:05 切ります");
        assert_eq!(good(&typed), [cue(3_000, 5_000, "切ります")], "{typed}");
    }
    assert_eq!(good("0:03 --> 0:05 切ります"), [cue(3_000, 5_000, "切ります")]);
}

#[test]
fn a_time_may_stand_on_a_line_of_its_own() {
    let cues = [cue(3_000, 6_000, "切ります"), cue(8_000, 11_000, "煮ます")];
    assert_eq!(good("0:03\n切ります\n\n0:08:\n煮ます"), cues);
    // As YouTube writes it.
    assert_eq!(
        good("0:00:03.000,0:00:06.000\n切ります\n\n0:00:08.000,0:00:11.000\n煮ます\n"),
        cues
    );
}

#[test]
fn webvtt_is_read_without_what_only_looks() {
    let file = "\u{feff}WEBVTT - 字幕\r\nKind: captions\r\n\r\nSTYLE\r\n::cue { background: url(https://tracker.example) }\r\n\r\n\
        NOTE だれかの覚え書き\r\nつづき\r\n\r\nREGION\r\nid:a\r\n\r\n\
        intro\r\n00:03.000 --> 00:06.000 align:start position:10%\r\n<v はなこ><b>かぼちゃ</b>を<c.big>切り</c>ます</v>\r\n\r\n\
        00:00:08.000 --> 00:00:09.000\r\n1 &lt; 2 &amp;amp; 3\r\n<00:08.500>二行め\r\n";
    assert_eq!(
        good(file),
        [cue(3_000, 6_000, "かぼちゃを切ります"), cue(8_000, 9_000, "1 < 2 &amp; 3\n二行め")]
    );
}

#[test]
fn subrip_is_read_from_any_system() {
    for end in ["\n", "\r\n", "\r"] {
        let file = [
            "1",
            "00:00:03,000 --> 00:00:06,000 X1:40 X2:600",
            "{\\an8}<i>かぼちゃ</i>を",
            "切ります",
            "2",
            "00:00:08,000 --> 00:00:09,500",
            "煮ます<br>ことこと",
            "",
            "3",
            "00:00:10,000 --> 00:00:11,000",
            "",
        ]
        .join(end);
        assert_eq!(
            good(&file),
            [cue(3_000, 6_000, "かぼちゃを\n切ります"), cue(8_000, 9_500, "煮ます\nことこと")],
            "{end:?}"
        );
    }
}

#[test]
fn a_reading_stands_in_brackets_behind_its_word() {
    let file = "WEBVTT\n\n00:01.000 --> 00:02.000\n<ruby>南瓜<rt>かぼちゃ</rt></ruby>です";
    assert_eq!(good(file), [cue(1_000, 2_000, "南瓜(かぼちゃ)です")]);
}

#[test]
fn what_is_typed_is_no_markup() {
    let cues = good("0:01 1 < 2 <b>&amp; <3");
    assert_eq!(cues[0].text, "1 < 2 <b>&amp; <3");
    assert_eq!(
        write(&cues),
        "WEBVTT\n\n00:00:01.000 --> 00:00:05.250\n1 &lt; 2 &lt;b&gt;&amp;amp; &lt;3\n"
    );
}

#[test]
fn every_mistake_is_named_with_its_line() {
    let typed =
        "はじめに\n0:75 むり\n0:03 はやい\n0:01 おそい\n0:05-0:04 さかさま\n0:06\n1:30 ながい";
    assert_eq!(
        wrong(typed),
        [
            (1, Fault::NoTime),
            (2, Fault::BadTime),
            (4, Fault::OutOfOrder),
            (5, Fault::Reversed),
            (6, Fault::NoText),
            (7, Fault::BeyondEnd),
        ]
    );
    assert_eq!(wrong("WEBVTT\n\n00:01 --> x\nだめ"), [(3, Fault::BadTime)]);
    assert_eq!(wrong("1\n00:00:01,000 --> 00:00:02,000\nよい\n\n迷子"), [(5, Fault::NoTime)]);
    assert_eq!(wrong("WEBVTT\n"), [(1, Fault::NoTime)]);
    assert_eq!(wrong("かぼちゃを切ります"), [(1, Fault::NoTime)]);
}

#[test]
fn more_than_can_be_read_is_refused() {
    let long = "あ".repeat(MOST_CHARS + 1);
    assert_eq!(wrong(&format!("0:01 よい\n0:02 {long}")), [(2, Fault::TooLong)]);
    assert_eq!(wrong("0:01 一\n二\n三\n四\n五"), [(1, Fault::TooLong)]);
    let many: String =
        (0..=MOST_CUES).map(|n| format!("0:{:02}.{:02} あ\n", n / 10, n % 10)).collect();
    assert_eq!(wrong(&many), [(MOST_CUES as u32 + 1, Fault::TooMany)]);
    assert_eq!(wrong(&"0:01 あ\n".repeat(9_000)), [(1, Fault::TooLarge)]);
    assert_eq!(wrong(&"0:99 あ\n".repeat(100)).len(), MOST_PROBLEMS);
}

#[test]
fn what_was_taken_is_read_back_however_long_it_has_become() {
    let marks = "&".repeat(120);
    let typed: String =
        (0..MOST_CUES).map(|n| format!("0:{:02}.{:02} {marks}\n", n / 10, n % 10)).collect();
    let cues = good(&typed);
    assert!(write(&cues).len() > MOST_BYTES);
    assert_eq!(read_written(&write(&cues)), cues);
}

#[test]
fn blank_text_has_no_captions() {
    assert_eq!(good(""), []);
    assert_eq!(good("\u{feff} \r\n　\n"), []);
}

#[test]
fn a_person_goes_on_with_what_they_typed() {
    let typed = "0:03 かぼちゃを切ります\n0:08.5-0:10 レンジで2分\n熱いうちに\n0:20 できあがり\n";
    assert_eq!(write_typed(&good(typed), MINUTE), typed);
}

/// Texts in which much looks like captions.
fn awkward_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        any::<String>(),
        "[0-9０-９]{1,4}[:：][0-9]{1,2}([:.,][0-9]{1,4})?",
        "[ 　\t\r\n]{1,3}",
        "[ぁ-んa-z一-龠]{1,8}",
        prop::sample::select(vec![
            "WEBVTT",
            "NOTE",
            "STYLE",
            "REGION",
            "-->",
            " --> ",
            "->",
            "-",
            "ー",
            "〜",
            ",",
            "\n\n",
            "\r\n",
            "\u{feff}",
            "\0",
            "<b>",
            "</b>",
            "<v x>",
            "<br>",
            "<rt>",
            "<",
            ">",
            "&",
            "&lt;",
            "&amp;lt;",
            "&#62;",
            "&#x0;",
            "--&gt;",
            "{\\an8}",
            "{\\",
            "align:start",
            "0:01",
            "0:02",
            "00:00:03,000 --> 00:00:04,000\n",
            "00:05.000 --> 00:06.000\n",
            "\u{2028}",
            "\u{85}",
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Captions of a minute in the order of their times, with any words.
fn some_cues() -> impl Strategy<Value = Vec<Cue>> {
    let times = prop::collection::btree_set(0..MINUTE, 1..20);
    (times, prop::collection::vec((awkward_text(), 1..9_000u64), 20)).prop_map(|(starts, rest)| {
        let starts: Vec<u64> = starts.into_iter().collect();
        let mut cues = Vec::new();
        for (index, (words, length)) in (0..starts.len()).zip(rest) {
            let next = starts.get(index + 1).copied().unwrap_or(MINUTE);
            let text = text::clean(&words.chars().take(MOST_CHARS / 2).collect::<String>());
            if !text.is_empty() && text.lines().count() <= MOST_LINES {
                cues.push(cue(starts[index], (starts[index] + length).min(next), &text));
            }
        }
        cues
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_told_what_is_wrong(text in awkward_text(), longest_ms in 0..2 * MINUTE) {
        match read(&text, longest_ms) {
            Ok(cues) => {
                for cue in &cues {
                    prop_assert!(cue.start_ms < cue.end_ms && cue.end_ms <= longest_ms);
                    prop_assert!(!cue.text.is_empty() && !cue.text.contains("-->"));
                    prop_assert_eq!(text::clean(&cue.text), cue.text.clone());
                }
                for pair in cues.windows(2) {
                    prop_assert!(pair[0].end_ms <= pair[1].start_ms);
                }
                if !cues.is_empty() {
                    prop_assert_eq!(read(&write(&cues), u64::MAX), Ok(cues.clone()));
                    prop_assert_eq!(&read_written(&write(&cues)), &cues);
                    prop_assert_eq!(read(&write_typed(&cues, longest_ms), longest_ms), Ok(cues));
                }
            }
            Err(problems) => {
                prop_assert!((1..=MOST_PROBLEMS).contains(&problems.len()));
                let last = lines(&text).count() as u32;
                prop_assert!(problems.iter().all(|problem| (1..=last).contains(&problem.line)));
            }
        }
    }

    #[test]
    fn what_is_written_is_read_back_the_same(cues in some_cues()) {
        let track = write(&cues);
        prop_assert_eq!(track.matches("-->").count(), cues.len());
        if !cues.is_empty() {
            prop_assert_eq!(read(&track, MINUTE), Ok(cues.clone()));
            prop_assert_eq!(read(&write_typed(&cues, MINUTE), MINUTE), Ok(cues));
        }
    }
}
