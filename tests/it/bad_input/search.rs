//! The search, whatever is typed and asked for: a page whose box holds what was typed, and never the one that says that the search
//! can't be used just now, which is how an error of ours would look there.

use super::{MARKUP, assert_discreet, assert_text_only};
use server::discovery::index;
use server::text;
use server::time_id::PostId;
use std::time::{Duration, Instant};
use tests::browser::{encoded, field};
use tests::{Answer, TestApp, on_both_databases};

/// Characters of what was typed that are looked at and shown.
const SHOWN: usize = 200;
/// Much longer than any of it takes unoptimised on a busy machine, much shorter than what grows with more than the length of a text.
const LONGEST: Duration = Duration::from_secs(5);

fn typed() -> Vec<Vec<u8>> {
    let texts = [
        "",
        " ",
        "①㌔ﾘﾆｭｳ",
        "？！。、・",
        "!\"#$%&'()=~|`{*}_?><,./\\]:;@[^-",
        "👨‍👩‍👧‍👦🇯🇵👍🏽❤️1️⃣",
        "\0",
        "a\0b\u{1}\u{1b}\u{1e}w\u{1f}\u{7f}\u{85}",
        "\u{202e}\u{2066}\u{feff}\u{200d}\u{ad}\u{e0100}",
        "か\u{3099}\u{3099}\u{301}",
        "\r\nset-cookie: x=y",
        MARKUP,
        "' OR 1=1 --",
        "\"; DROP TABLE posts; --",
        "\\ud800\\udc00 \"\\ud83d\"",
        "title:(+a -b) AND \"x y\"~2^3 [a TO *] NOT",
        "IN [a b] /re.*/ *:* ^~ \"",
        "AND",
        "*",
        "%",
        "+",
    ];
    let mut all: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    // No UTF-8: of old encodings, too long, half of a pair, cut off.
    all.extend(
        [&b"\x82\xa9\x82\xda"[..], b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"a\xf0\x9f"]
            .map(<[u8]>::to_vec),
    );
    let long = [
        "x".repeat(10_000),
        "(".repeat(10_000),
        " ".repeat(10_000),
        "あ".repeat(7_000),
        "ﷺ".repeat(7_000),
        "か\u{3099}".repeat(3_500),
        "👨\u{200d}".repeat(3_000),
        // 200 different ones, none in a word.
        ('\u{8e00}'..'\u{9e00}').step_by(20).collect(),
    ];
    all.extend(long.map(String::into_bytes));
    all
}

/// Makes no sense as any of the filters.
const NONSENSE: [&str; 18] = [
    "-1",
    "99999999999",
    "1e9",
    "0x10",
    "NaN",
    "7.5",
    "../../etc",
    "uji/../joyo",
    "UJI",
    "recipe,tip",
    "recipe\0",
    "' OR 1=1 --",
    "*",
    "[0 TO 9]",
    "\u{1f}",
    "㌔",
    "👶",
    MARKUP,
];

/// That it is a page of the search, which works.
#[track_caller]
fn assert_searched(site: &TestApp, what: &str, answer: &Answer) {
    assert_eq!(answer.status.as_u16(), 200, "{what}: {}", answer.text());
    assert!(!answer.text().contains("いま検索をととのえています"), "{what} can't be searched for");
    assert_text_only(what, answer);
    assert_discreet(site, what, answer);
}

fn box_of(answer: &Answer) -> String {
    let held = field(&answer.text(), "q");
    [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")]
        .iter()
        .fold(held, |held, (escaped, plain)| held.replace(escaped, plain))
}

/// Two that can be found, the second full of what was typed.
async fn posts(site: &TestApp) -> [PostId; 2] {
    let author = site.member("はなこ").await;
    let plain = site.post(&author).titled("かぼちゃがゆ").in_region("uji").for_months(5, 8);
    let plain = plain.published().await;
    let strange = "①㌔ﾘﾆｭｳ 👨‍👩‍👧‍👦 か\u{3099} ﷺ \u{202e}逆\u{202c} title:(+a -b) \u{1e}w\u{1f}";
    let strange = site
        .post(&author)
        .titled("かぼちゃ①㌔ﾘﾆｭｳ👶")
        .saying(&strange.repeat(50))
        .tagged("①㌔ﾘﾆｭｳ")
        .published()
        .await;
    index::catch_up(&site.app).await.unwrap();
    [plain, strange]
}

on_both_databases! {
    async fn whatever_is_typed_is_searched_for_and_stays_in_the_box(site: TestApp) {
        let posts = posts(&site).await;
        for bytes in typed() {
            let address = format!("/search?q={}", encoded(&bytes));
            let begun = Instant::now();
            let answer = site.visitor().get(&address).await;
            assert_searched(&site, &address, &answer);
            let kept: String = text::line(&String::from_utf8_lossy(&bytes)).chars().take(SHOWN).collect();
            assert_eq!(box_of(&answer), kept, "{address}");
            let suggested = site.visitor().get(&format!("/search/suggest?q={}", encoded(&bytes))).await.expect(200);
            assert!(suggested.json()["suggestions"].is_array(), "{address}");
            assert_discreet(&site, &address, &suggested);
            assert!(begun.elapsed() < LONGEST, "{address} took {:?}", begun.elapsed());
        }
        let found = site.visitor().get(&format!("/search?q={}", encoded("①㌔ﾘﾆｭｳ".as_bytes()))).await.expect(200);
        found.shows("<mark>①㌔ﾘﾆｭｳ</mark>");
        // Their pages ask for what is related to them, and show none if that fails.
        for post in posts {
            site.app.index().unwrap().related(&post.to_string(), 4).unwrap();
            site.visitor().get(&format!("/posts/{post}")).await.expect(200);
        }
    }

    async fn a_filter_that_makes_no_sense_is_none(site: TestApp) {
        posts(&site).await;
        let words = encoded("かぼちゃ".as_bytes());
        for name in ["kind", "region", "age", "video", "after", "stage", "minutes", "without", "tag", "x"] {
            // So far does nobody leaf.
            for value in NONSENSE.iter().filter(|value| name != "after" || **value != "99999999999") {
                let address = format!("/search?q={words}&{name}={}", encoded(value.as_bytes()));
                let answer = site.visitor().get(&address).await;
                assert_searched(&site, &address, &answer);
                assert_eq!(box_of(&answer), "かぼちゃ", "{address}");
                answer.shows("</mark>がゆ");
            }
        }
        // Past the end of what there is, and without words.
        for filters in ["after=18446744073709551615", "after=1000", "age=0", "age=65535&region=uji&kind=tip"] {
            for q in ["", words.as_str()] {
                let address = format!("/search?q={q}&{filters}");
                assert_searched(&site, &address, &site.visitor().get(&address).await);
            }
        }
    }

    async fn of_what_is_said_twice_the_first_counts_and_what_is_no_field_is_passed_over(site: TestApp) {
        posts(&site).await;
        let words = encoded("かぼちゃ".as_bytes());
        let much = format!("q={words}&{}", "kind=&region=&".repeat(2_000));
        for query in [
            &format!("q={words}&q=x&q=%ff"),
            &format!("q={words}&kind[]=tip&kind[0]=tip&q[]=x&q.a=x"),
            &format!("q={words}&kind=recipe&kind=tip&region=&region=joyo"),
            &format!("&&=&%&%zz&q={words}&=b&%ff=%ff&q"),
            &format!("q={words};kind=tip&a=b=c"),
            &much,
        ] {
            let address = format!("/search?{query}");
            let answer = site.visitor().get(&address).await;
            assert_searched(&site, &address, &answer);
            if !query.contains(';') {
                assert_eq!(box_of(&answer), "かぼちゃ", "{address}");
                answer.shows("</mark>がゆ");
            }
        }
        for bare in ["/search", "/search?", "/search?q", "/search?q&kind&age"] {
            assert_searched(&site, bare, &site.visitor().get(bare).await);
        }
    }
}
