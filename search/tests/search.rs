//! What people find, by what they type.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use search::{Dictionary, Document, Filters, Hit, Index, Op, Query, Results, Segment};

const SOURCE: &str = "/usr/share/mecab/dic/ipadic";

fn dictionary() -> Dictionary {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dictionary");
    Dictionary::open_or_build(Path::new(SOURCE), &cache).unwrap()
}

struct Site {
    folder: tempfile::TempDir,
    index: Index,
}

fn site(documents: Vec<Document>) -> Site {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path(), dictionary()).unwrap();
    index.apply(documents.into_iter().map(upsert).collect(), 1).unwrap();
    Site { folder, index }
}

fn upsert(document: Document) -> Op {
    Op::Upsert(Box::new(document))
}

fn post(id: &str, title: &str, body: &str) -> Document {
    Document { id: id.into(), title: title.into(), body: body.into(), ..Document::default() }
}

fn community() -> Site {
    site(vec![
        post(
            "weaning",
            "はじめての離乳食、10倍がゆ",
            "5か月になったら、お米から。スプーンひとさじから始めます。",
        ),
        post("egg", "ふわふわ卵焼き", "玉子を二個、だしを大さじ一杯。フライパンで焼きます。"),
        post(
            "no",
            "イヤイヤ期の乗り切り方",
            "着替えをいやがるときは、服を二つ並べて選んでもらいます。",
        ),
        post(
            "cry",
            "夜泣きがつらいとき",
            "夜中に何度も起きてしまう。抱っこ紐で少し歩くと落ち着きました。",
        ),
        post("stroller", "ベビーカーで行ける公園", "砂場と滑り台があって、日陰も多いです。"),
        post("noodle", "子どもと作るラーメン", "にんじんとかぼちゃを型で抜きます。"),
        post("read", "図書館の読み聞かせ", "毎週土曜日、絵本を三冊読んでくれます。"),
        post("kindergarten", "幼稚園の慣らし保育", "最初の一週間は半日でした。"),
    ])
}

fn query(text: &str) -> Query {
    Query { text: text.into(), ..Query::default() }
}

fn ids(results: &Results) -> Vec<&str> {
    results.hits.iter().map(|hit| hit.id.as_str()).collect()
}

impl Site {
    fn search(&self, text: &str) -> Results {
        self.index.search(&query(text)).unwrap()
    }

    #[track_caller]
    fn finds_first(&self, text: &str, id: &str) {
        let results = self.search(text);
        assert_eq!(ids(&results).first(), Some(&id), "{text}: {:?}", ids(&results));
    }
}

#[test]
fn a_word_is_found_in_kanji_hiragana_katakana_half_width_and_romaji() {
    let site = community();
    for text in
        ["離乳食", "りにゅうしょく", "リニュウショク", "ﾘﾆｭｳｼｮｸ", "rinyuushoku", "rinyushoku"]
    {
        site.finds_first(text, "weaning");
    }
    for text in ["幼稚園", "ようちえん", "ヨウチエン", "youchien"] {
        site.finds_first(text, "kindergarten");
    }
    for text in ["夜泣き", "よなき", "yonaki", "ＹＯＮＡＫＩ"] {
        site.finds_first(text, "cry");
    }
}

#[test]
fn spellings_of_one_word_find_each_other() {
    let site = community();
    for text in ["イヤイヤ期", "いやいや期", "ｲﾔｲﾔ期", "いやいやき", "嫌々期"]
    {
        site.finds_first(text, "no");
    }
    for text in ["卵", "玉子", "たまご", "タマゴ"] {
        site.finds_first(text, "egg");
    }
    for text in ["人参", "ニンジン", "南瓜", "こども", "子供"] {
        site.finds_first(text, "noodle");
    }
    for text in ["抱っこひも", "だっこひも", "抱っこ紐"] {
        site.finds_first(text, "cry");
    }
    for text in ["すべり台", "すべりだい"] {
        site.finds_first(text, "stroller");
    }
}

#[test]
fn long_vowels_may_be_written_in_any_way() {
    let site = community();
    for text in ["ラーメン", "らーめん", "らあめん", "ラーーメン", "ﾗｰﾒﾝ", "ラ―メン", "ra-men"]
    {
        site.finds_first(text, "noodle");
    }
    for text in ["ベビーカー", "べびーかー", "ベビ-カ-", "ﾍﾞﾋﾞｰｶｰ", "ベビーカ"]
    {
        site.finds_first(text, "stroller");
    }
}

#[test]
fn a_whole_question_finds_the_post_that_answers_it() {
    let site = community();
    site.finds_first("離乳食はいつから始めればいいですか？", "weaning");
    site.finds_first("夜泣きがひどいときどうする", "cry");
    site.finds_first("よなきがひどいときどうする", "cry");
    site.finds_first("ようちえんはなんさいからですか", "kindergarten");
    site.finds_first("本を読んでくれるところ", "read");
    site.finds_first("りにゅうしょくはいつから", "weaning");
}

#[test]
fn a_word_whose_last_syllable_is_still_being_typed_is_found() {
    let site = community();
    for text in ["よなk", "よnak", "よなきg"] {
        site.finds_first(text, "cry");
    }
    for text in ["りにゅうしょk", "りにゅうs"] {
        site.finds_first(text, "weaning");
    }
    site.finds_first("べびーかーd", "stroller");
}

#[test]
fn a_number_in_kanji_and_one_in_figures_find_each_other() {
    let site = site(vec![
        post("two", "二歳のおやつ", "おにぎり"),
        post("three", "3歳のおやつ", "おにぎり"),
        post("twelve", "十二か月のおやつ", "おにぎり"),
    ]);
    for (text, id) in [("2歳 おやつ", "two"), ("三歳 おやつ", "three"), ("12か月 おやつ", "twelve")]
    {
        site.finds_first(text, id);
    }
}

#[test]
fn what_nothing_fits_finds_nothing() {
    let site = community();
    for text in ["宇宙飛行士", "zzzz", "？！", "🚀", "確定申告", "株式投資"] {
        let results = site.search(text);
        assert_eq!((results.total, ids(&results).len()), (0, 0), "{text}: {:?}", ids(&results));
    }
}

#[test]
fn one_letter_is_enough() {
    let site = community();
    assert_eq!(ids(&site.search("泣")), ["cry"]);
    assert_eq!(ids(&site.search("砂")), ["stroller"]);
}

#[test]
fn tags_are_searched_too() {
    let site = site(vec![Document {
        tags: vec!["アレルギー".into(), "米粉".into()],
        ..post("a", "おやつ", "混ぜて焼くだけ。")
    }]);
    assert_eq!(ids(&site.search("米粉")), ["a"]);
}

#[test]
fn a_changed_post_is_found_by_its_new_words_only_and_a_deleted_one_not_at_all() {
    let site = community();
    site.index.apply(vec![upsert(post("egg", "そら豆のゆで方", "さやのまま。"))], 2).unwrap();
    assert_eq!(ids(&site.search("玉子")), Vec::<&str>::new());
    assert_eq!(ids(&site.search("そら豆")), ["egg"]);
    site.index.apply(vec![Op::Delete("egg".into()), Op::Delete("never".into())], 3).unwrap();
    assert_eq!(site.search("そら豆").total, 0);
    assert_eq!(site.index.len(), 7);
}

#[test]
fn the_last_change_of_a_batch_wins() {
    let site =
        site(vec![post("a", "そら豆", ""), post("a", "えだ豆", ""), post("b", "落花生", "")]);
    site.index
        .apply(
            vec![Op::Delete("b".into()), upsert(post("b", "小豆", "")), Op::Delete("a".into())],
            2,
        )
        .unwrap();
    assert_eq!(ids(&site.index.search(&query("")).unwrap()), ["b"]);
    assert_eq!(ids(&site.search("小豆")), ["b"]);
}

#[test]
fn filters_narrow_and_counts_tell_what_other_choices_would_give() {
    let document = |id: &str, kind: &str, region: &str, from, to, tag: &str| Document {
        kind: kind.into(),
        region: region.into(),
        age_from_months: from,
        age_to_months: to,
        tags: vec![tag.into()],
        ..post(id, "公園で遊ぶ", "みんなで。")
    };
    let site = site(vec![
        document("a", "activity", "uji", Some(6), Some(12), "外"),
        document("b", "activity", "kameoka", Some(12), None, "外"),
        document("c", "tip", "uji", None, Some(5), "内"),
        document("d", "tip", "uji", None, None, "内"),
    ]);
    let search = |text: &str, filters: Filters| {
        let results = site.index.search(&Query { filters, ..query(text) }).unwrap();
        let mut ids: Vec<String> = ids(&results).into_iter().map(str::to_owned).collect();
        ids.sort();
        (ids.concat(), results)
    };
    let kind = |kind: &str| Filters { kind: Some(kind.into()), ..Filters::default() };
    let age = |age| Filters { age_months: Some(age), ..Filters::default() };
    for text in ["", "公園"] {
        assert_eq!(search(text, kind("tip")).0, "cd");
        assert_eq!(search(text, kind("recipe")).0, "");
        let tag = Filters { tag: Some("外".into()), ..Filters::default() };
        assert_eq!(search(text, tag).0, "ab");
        for (months, found) in [(0, "cd"), (5, "cd"), (12, "abd"), (60, "bd")] {
            assert_eq!(search(text, age(months)).0, found, "{months} months");
        }
        let filters = Filters { region: Some("uji".into()), ..kind("activity") };
        let (found, results) = search(text, filters);
        assert_eq!((found.as_str(), results.total), ("a", 1));
        let counts = |counts: &[(&str, u64)]| {
            counts.iter().map(|&(value, count)| (value.to_owned(), count)).collect()
        };
        assert_eq!(results.facets.kinds, counts(&[("activity", 1), ("tip", 2)]));
        assert_eq!(results.facets.regions, counts(&[("kameoka", 1), ("uji", 1)]));
        assert_eq!(
            results.facets.ages,
            [0, 0, 1, 1, 1, 0, 0, 0, 0],
            "of the chosen kind and region"
        );
    }
}

#[test]
fn what_is_not_stated_to_be_free_of_an_allergen_never_passes() {
    let document = |id: &str, free_of: &[&str], minutes, stage: &str, has_video| Document {
        free_of: free_of.iter().map(|&allergen| allergen.to_owned()).collect(),
        minutes,
        stage: stage.into(),
        has_video,
        ..post(id, "かぼちゃのおやき", "焼きます。")
    };
    let site = site(vec![
        document("a", &["egg", "milk"], Some(15), "late", true),
        document("b", &["egg"], Some(30), "late", false),
        document("unknown", &[], None, "", true),
    ]);
    let search = |filters: Filters| {
        let results = site.index.search(&Query { filters, ..query("かぼちゃ") }).unwrap();
        let mut ids: Vec<String> = ids(&results).into_iter().map(str::to_owned).collect();
        ids.sort();
        assert_eq!(results.total, ids.len() as u64);
        (ids.join(" "), results.facets)
    };
    let without = |allergens: &[&str]| Filters {
        without: allergens.iter().map(|&allergen| allergen.to_owned()).collect(),
        ..Filters::default()
    };
    assert_eq!(search(without(&["egg"])).0, "a b");
    assert_eq!(search(without(&["egg", "milk"])).0, "a");
    assert_eq!(search(without(&["wheat"])).0, "");
    let facets = search(without(&["egg"])).1;
    assert_eq!((facets.without["egg"], facets.without["milk"], facets.with_video), (2, 1, 1));
    assert_eq!(search(Filters { most_minutes: Some(20), ..Filters::default() }).0, "a");
    assert_eq!(search(Filters { stage: Some("late".into()), ..Filters::default() }).0, "a b");
    let (found, facets) = search(Filters { with_video: true, ..Filters::default() });
    assert_eq!(
        (found.as_str(), facets.minutes, facets.stages["late"]),
        ("a unknown", [0, 1, 1, 1], 1)
    );
}

#[test]
fn whoever_types_one_word_also_finds_the_others_for_the_same() {
    let site = site(vec![
        post("a", "卒乳のころ", "夜は麦茶にしました。"),
        post("b", "ネントレの記録", "三日で寝るようになりました。"),
    ]);
    site.finds_first("断乳", "a");
    assert_eq!(site.search("せかせか号").total, 0);
    let own = vec![vec!["せかせか号".to_owned(), "ネントレ".to_owned()]];
    site.index.set_synonyms(&own).unwrap();
    site.finds_first("せかせか号", "b");
    site.finds_first("断乳", "a");
    site.index.set_synonyms(&[]).unwrap();
    assert_eq!(site.search("せかせか号").total, 0);
}

#[test]
fn without_words_the_newest_come_first_page_by_page() {
    let documents = (0..30_i64)
        .map(|i| Document { published_at_ms: i * 1000, ..post(&i.to_string(), "あそび", "") })
        .collect();
    let site = site(documents);
    let page = |after| {
        let results = site.index.search(&Query { limit: 10, after, ..Query::default() }).unwrap();
        assert_eq!(results.total, 30);
        results.hits.into_iter().map(|hit| hit.id).collect::<Vec<_>>()
    };
    let expected = |from: i64| (0..10).map(|i| (from - i).to_string()).collect::<Vec<_>>();
    assert_eq!(page(0), expected(29));
    assert_eq!(page(10), expected(19));
    assert_eq!(page(20), expected(9));
    assert_eq!(page(30), Vec::<String>::new());
    assert_eq!(page(usize::MAX), Vec::<String>::new());
}

#[test]
fn of_equal_posts_the_thanked_one_comes_first_then_the_newer() {
    let site = site(vec![
        Document { published_at_ms: 1, ..post("old", "砂場あそび", "") },
        Document { published_at_ms: 0, thanks: 12, ..post("thanked", "砂場あそび", "") },
        Document { published_at_ms: 2, ..post("new", "砂場あそび", "") },
    ]);
    assert_eq!(ids(&site.search("砂場")), ["thanked", "new", "old"]);
}

fn marked(segments: &[Segment]) -> Vec<&str> {
    segments.iter().filter(|s| s.marked).map(|s| s.text.as_str()).collect()
}

fn text_of(segments: &[Segment]) -> String {
    segments.iter().map(|s| s.text.as_str()).collect()
}

fn only_hit(results: Results) -> Hit {
    assert_eq!(results.hits.len(), 1);
    results.hits.into_iter().next().unwrap()
}

#[test]
fn marks_fall_on_the_words_as_they_were_written() {
    let title = "①ﾘﾆｭｳ食？ 離乳食とﾍﾞﾋﾞｰｶｰー <b>";
    let body = "👨‍👩‍👧と㍍、か\u{3099}っこうで玉子。たまごも卵も。";
    let site = site(vec![post("a", title, body)]);

    let hit = only_hit(site.search("りにゅうしょく ベビーカー"));
    assert_eq!(text_of(&hit.title), title);
    assert!(marked(&hit.title).contains(&"離乳食"), "{:?}", hit.title);
    assert!(marked(&hit.title).contains(&"ﾍﾞﾋﾞｰｶｰー"), "{:?}", hit.title);

    let hit = only_hit(site.search("タマゴ"));
    assert_eq!(text_of(&hit.snippet), body);
    assert_eq!(marked(&hit.snippet), ["玉子", "たまご", "卵"]);

    let hit = only_hit(site.search("がっこう"));
    assert_eq!(marked(&hit.snippet), ["か\u{3099}っこう"]);
}

#[test]
fn a_snippet_shows_the_part_that_answers() {
    let filler = "きょうは、よく晴れて気持ちのいい一日でした。".repeat(20);
    let body = format!("{filler}夜泣きには抱っこ紐が効きました。{filler}");
    let site = site(vec![post("a", "うちの場合", &body)]);
    let snippet = only_hit(site.search("夜泣き 抱っこひも")).snippet;
    assert_eq!(marked(&snippet), ["夜泣き", "抱っこ紐"]);
    let text = text_of(&snippet);
    assert!(text.ends_with("一日でした。") && text.chars().count() <= 120, "{text}");
    assert!(text.starts_with("夜泣きには") || text.starts_with("きょうは"), "{text}");
    assert!(body.contains(&text), "whole sentences bear no ellipsis: {text}");

    let body = "夜泣きには抱っこ紐が効くので".repeat(30);
    let site = site_of("うちの場合", &body);
    let text = text_of(&only_hit(site.search("夜泣き")).snippet);
    assert!(!text.starts_with('…') && text.ends_with('…'), "{text}");
    assert!(body.contains(text.trim_end_matches('…')));
}

fn site_of(title: &str, body: &str) -> Site {
    site(vec![post("a", title, body)])
}

#[test]
fn what_is_typed_by_sound_marks_the_words_that_are_read_so_and_no_others() {
    let site = site_of("手づかみ", "髪を結んで、一晩置いた苺のケーキを手づかみで。");
    let marks = |text: &str| {
        let hit = only_hit(site.search(text));
        marked(&hit.snippet).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(marks("てづかみ"), ["手づかみ"]);
    assert_eq!(marks("tedukami"), ["手づかみ"]);
    assert_eq!(marks("いちごけーき"), ["苺", "ケーキ"]);
}

#[test]
fn particles_at_the_ends_of_a_common_part_are_not_marked() {
    let site = site_of("歯みがき", "寝転がって毎朝の歯みがきを。これが日課です。");
    let marks = |text: &str| {
        let hit = only_hit(site.search(text));
        marked(&hit.snippet).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(marks("嫌がって毎朝の歯みがきを"), ["毎朝の歯みがき"]);
}

#[test]
fn an_emoji_is_marked_whole() {
    let site = site_of("家族", "休みの日👨‍👩‍👧‍👦公園へ。");
    let hit = only_hit(site.search("👩"));
    assert_eq!(marked(&hit.snippet), ["👨‍👩‍👧‍👦"]);
}

#[test]
fn reopening_keeps_documents_and_position() {
    let Site { folder, index } = community();
    index.apply(vec![], 77).unwrap();
    drop(index);
    let index = Index::open(folder.path(), dictionary()).unwrap();
    assert_eq!((index.position(), index.len()), (77, 8));
    index.apply(vec![Op::Delete("egg".into())], 78).unwrap();
    drop(index);
    let index = Index::open(folder.path(), dictionary()).unwrap();
    assert_eq!((index.position(), index.len()), (78, 7));
}

#[test]
fn a_folder_belongs_to_one_index_at_a_time() {
    let Site { folder, index } = community();
    let second = Index::open(folder.path(), dictionary());
    assert!(matches!(second, Err(search::Error::Locked(_))), "{second:?}");
    drop(index);
    Index::open(folder.path(), dictionary()).unwrap();
}

#[test]
fn a_damaged_folder_is_wiped_and_can_be_fed_again() {
    let files = |folder: &Path| -> Vec<std::path::PathBuf> {
        let name = std::fs::read_to_string(folder.join("current")).unwrap();
        let mut files: Vec<_> = std::fs::read_dir(folder.join(name))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.metadata().unwrap().len() > 0)
            .collect();
        files.sort();
        files
    };
    let count = files(community().folder.path()).len();
    let damages: [fn(&Path); 3] = [
        |file| std::fs::write(file, "not an index").unwrap(),
        |file| {
            let bytes = std::fs::read(file).unwrap();
            std::fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
        },
        |file| std::fs::remove_file(file).unwrap(),
    ];
    for at in 0..count {
        for damage in damages {
            let Site { folder, index } = community();
            drop(index);
            let file = &files(folder.path())[at];
            damage(file);
            let index = Index::open(folder.path(), dictionary()).unwrap();
            // Losing a file that is made anew on demand is no damage.
            if index.position() == 0 {
                assert_eq!(index.len(), 0);
            } else {
                assert_eq!((index.position(), index.len()), (1, 8), "{}", file.display());
            }
            index.apply(vec![upsert(post("a", "そら豆", ""))], 2).unwrap();
            assert_eq!(ids(&index.search(&query("そら豆")).unwrap()), ["a"]);
        }
    }
}

#[test]
fn what_lies_beside_the_index_survives_a_wipe() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("photo.jpg"), "precious").unwrap();
    std::fs::create_dir(folder.path().join("tantivy")).unwrap();
    std::fs::write(folder.path().join("tantivy/meta.json"), "{").unwrap();
    let index = Index::open(folder.path(), dictionary()).unwrap();
    assert!(index.is_empty());
    assert!(folder.path().join("photo.jpg").exists());
}

#[test]
fn searches_run_while_changes_are_applied() {
    let site = community();
    std::thread::scope(|scope| {
        let searches = scope.spawn(|| {
            for _ in 0..50 {
                site.finds_first("離乳食", "weaning");
            }
        });
        for position in 2..12 {
            let post = post("other", "そら豆", "さやのまま。");
            site.index.apply(vec![upsert(post)], position).unwrap();
        }
        searches.join().unwrap();
    });
    assert_eq!((site.index.position(), site.index.len()), (11, 9));
}

#[test]
fn what_is_said_in_a_video_is_found_and_shown() {
    let body = "動画でどうぞ。";
    let captions = "♪ やさしい音楽\n人参をすりおろします\n蒸し器で八分";
    let film =
        Document { captions: captions.into(), ..post("film", "もちもちのおやつ", body) };
    let site = site(vec![film, post("words", "朝のしたく", "人参のシールを貼ります。")]);
    for text in ["蒸し器", "むしき", "すりおろす"] {
        site.finds_first(text, "film");
        let hit = &site.search(text).hits[0];
        assert!(hit.is_from_captions, "{text}");
        assert!(hit.snippet.iter().any(|run| run.marked), "{text}: {:?}", hit.snippet);
    }
    // Of what the body says as well, the body is shown.
    let hit = site.search("人参").hits.into_iter().find(|hit| hit.id == "words").unwrap();
    assert!(!hit.is_from_captions);
    let hit = &site.search("おやつ").hits[0];
    assert!(!hit.is_from_captions, "only its title matches: the body begins the excerpt");
}
