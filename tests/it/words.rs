//! The site's own words: kept by admins, taken by the search while it runs.

use sea_query::{Expr, ExprTrait, Query};
use server::db::Read;
use server::db::tables::{Audit, Changes, WordEntries, WordKeys};
use server::discovery::index;
use server::moderation::audit::{self, Verdict};
use server::time_id::WordEntryId;
use server::words;
use tests::browser::{Browser, encoded, field, link};
use tests::{Answer, TestApp, on_both_databases};

const LIST: &str = "/review/words";

async fn add_group(admin: &mut Browser, group: &str) -> Answer {
    admin.post(LIST, &[("kind", "group"), ("group", group)]).await
}

async fn add_word(admin: &mut Browser, word: &str, reading: &str) -> Answer {
    admin.post(LIST, &[("kind", "own"), ("word", word), ("reading", reading)]).await
}

/// The address of the entry that changed last.
async fn newest(admin: &mut Browser) -> String {
    link(&admin.get(LIST).await.expect(200).text(), "/review/words/")
}

async fn finds(site: &TestApp, words: &str, title: &str) -> bool {
    let address = format!("/search?q={}", encoded(words.as_bytes()));
    site.visitor().get(&address).await.expect(200).text().contains(title)
}

async fn suggests(site: &TestApp, typed: &str, word: &str) -> bool {
    let address = format!("/search/suggest?q={}", encoded(typed.as_bytes()));
    let answer = site.visitor().get(&address).await.expect(200).json();
    let offers = answer["suggestions"].as_array().unwrap();
    offers.iter().any(|offer| offer["kind"] == "word" && offer["text"] == word)
}

/// `(action, before, after)` of what the record says of words, in order.
async fn recorded(site: &TestApp) -> Vec<(String, String, String)> {
    assert!(matches!(audit::verify(site.db()).await.unwrap(), Verdict::Whole { .. }));
    let select = Query::select()
        .columns([Audit::Action, Audit::Before, Audit::After])
        .from(Audit::Table)
        .and_where(Expr::col(Audit::SubjectKind).eq("words"))
        .order_by(Audit::Seq, sea_query::Order::Asc)
        .take();
    let rows = site.db().rows(&select).await.unwrap();
    let row = |row: &server::db::Row| {
        (row.get("action").unwrap(), row.get("before").unwrap(), row.get("after").unwrap())
    };
    rows.iter().map(row).collect()
}

async fn changes_of_words(site: &TestApp) -> u64 {
    let select = Query::select()
        .expr_as(Expr::col(Changes::Seq).count(), "n")
        .from(Changes::Table)
        .and_where(Expr::col(Changes::Subject).eq("words"))
        .take();
    site.db().count(&select).await.unwrap()
}

on_both_databases! {
    async fn a_group_makes_the_search_find_its_other_words_without_a_restart(site: TestApp) {
        let author = site.member("はなこ").await;
        site.post(&author).titled("おひさまクラブの工作").saying("紙皿でつくりました。").published().await;
        index::catch_up(&site.app).await.unwrap();
        assert!(!finds(&site, "なかよし教室", "の工作").await);
        let mut admin = site.admin("けん").await;
        add_group(&mut admin, "なかよし教室、おひさまクラブ").await.expect(303);
        index::catch_up(&site.app).await.unwrap();
        assert!(finds(&site, "なかよし教室", "の工作").await);

        let path = newest(&mut admin).await;
        admin.post(&path, &[("action", "remove"), ("version", "1")]).await.expect(303);
        index::catch_up(&site.app).await.unwrap();
        assert!(!finds(&site, "なかよし教室", "の工作").await);
    }

    async fn a_word_of_the_sites_own_is_one_word_to_the_search_without_a_restart(site: TestApp) {
        let author = site.member("はなこ").await;
        site.post(&author).titled("きょうの広場").saying("ひなたっ子に行きました。").published().await;
        site.post(&author).titled("きのうの広場").saying("ひなたっ子は休みでした。").published().await;
        index::catch_up(&site.app).await.unwrap();
        assert!(!suggests(&site, "ひなたっ", "ひなたっ子").await);
        let mut admin = site.admin("けん").await;
        add_word(&mut admin, "ひなたっ子", "ひなたっこ").await.expect(303);
        index::catch_up(&site.app).await.unwrap();
        assert!(suggests(&site, "ひなたっ", "ひなたっ子").await);
        assert!(finds(&site, "ひなたっこ", "きょうの広場").await);
        assert_eq!(words::own_words(site.db()).await.unwrap(), [("ひなたっ子".to_owned(), "ひなたっこ".to_owned())]);
        // The index was made anew once, and goes on from there.
        site.post(&author).titled("つぎの広場").saying("ひなたっ子でした。").published().await;
        index::catch_up(&site.app).await.unwrap();
        assert!(finds(&site, "ひなたっ子", "つぎの広場").await);
        assert_eq!(site.app.index().unwrap().len(), 3);
    }

    async fn words_are_shown_in_one_form_however_they_were_typed(site: TestApp) {
        let mut admin = site.admin("けん").await;
        add_group(&mut admin, " 断乳 ／卒乳＝乳ばなれ,断乳 ").await.expect(303);
        admin.get(LIST).await.expect(200).shows("断乳、卒乳、乳ばなれ").shows("けん");
        assert_eq!(words::groups(site.db()).await.unwrap(), [["断乳", "卒乳", "乳ばなれ"]]);
        let path = newest(&mut admin).await;
        let page = admin.get(&path).await.expect(200).text();
        assert_eq!(field(&page, "group"), "断乳、卒乳、乳ばなれ");
        admin.post(&path, &[("action", "save"), ("version", "1"), ("group", "断乳 卒乳")]).await.expect(303);
        assert_eq!(words::groups(site.db()).await.unwrap(), [["断乳", "卒乳"]]);
        // The list can begin with what nobody found.
        let start = format!("{LIST}?group={}", encoded("おしゃぶり".as_bytes()));
        assert_eq!(field(&admin.get(&start).await.expect(200).text(), "group"), "おしゃぶり");
    }

    async fn what_is_wrong_is_said_beside_the_field_and_stays_there(site: TestApp) {
        let mut admin = site.admin("けん").await;
        let long = "あ".repeat(31);
        let unseen = "\u{200b}、\u{feff}";
        for (group, said) in [
            ("", "ことばを書いて"),
            (unseen, "ことばを書いて"),
            ("断乳", "2つ以上"),
            ("断乳、ー", "「ー」は、さがせることばではありません"),
            ("断乳、♪♪", "「♪♪」は、さがせることばではありません"),
            (long.as_str(), "30文字まで"),
        ] {
            let page = add_group(&mut admin, group).await.expect(422).shows("id=\"e-group\"").shows(said);
            assert_eq!(field(&page.text(), "group"), group);
        }
        for (word, reading, at, said) in [
            ("", "ひなたっこ", "word", "ことばを書いて"),
            ("\u{200b}", "ひなたっこ", "word", "ことばを書いて"),
            ("ー", "ー", "word", "「ー」は、さがせることばではありません"),
            ("ひなたっ子", "ー", "reading", "ひらがなかカタカナ"),
            ("ひなたっ子", "日向っ子", "reading", "ひらがなかカタカナ"),
            (long.as_str(), "あ", "word", "30文字まで"),
        ] {
            let page = add_word(&mut admin, word, reading).await.expect(422).shows(&format!("id=\"e-{at}\"")).shows(said);
            assert_eq!((field(&page.text(), "word"), field(&page.text(), "reading")), (word.to_owned(), reading.to_owned()));
        }
        admin.post(LIST, &[("kind", "x")]).await.expect(400);
        assert_eq!(recorded(&site).await, []);
        assert_eq!(changes_of_words(&site).await, 0);
    }

    async fn a_word_that_the_search_would_pass_over_is_refused(site: TestApp) {
        let mut admin = site.admin("けん").await;
        let sentence = "赤ちゃんの靴の大きさを一歳半で変えるめやす";
        for word in [sentence, "これ"] {
            let group = format!("断乳、{word}");
            let page = add_group(&mut admin, &group).await.expect(422).shows(&format!("「{word}」は、組のことばに使えません"));
            assert_eq!(field(&page.text(), "group"), group);
        }
        add_group(&mut admin, "靴の大きさを変える、サイズアップ").await.expect(303);
    }

    async fn a_word_is_in_one_group_and_the_message_says_which(site: TestApp) {
        let mut admin = site.admin("けん").await;
        add_group(&mut admin, "断乳、卒乳").await.expect(303);
        site.clock.advance(std::time::Duration::from_millis(7));
        add_group(&mut admin, "BLW、手づかみ食べ").await.expect(303);
        add_group(&mut admin, "乳ばなれ、卒乳").await.expect(422).shows("「卒乳」は、もう「断乳、卒乳」の組にあります");
        let path = newest(&mut admin).await;
        let form = [("action", "save"), ("version", "1"), ("group", "ｂｌｗ、断乳")];
        admin.post(&path, &form).await.expect(422).shows("「断乳」は、もう「断乳、卒乳」の組にあります").shows("value=\"ｂｌｗ、断乳\"");
        // A second tap on the same button is no mistake.
        add_group(&mut admin, "断乳 卒乳").await.expect(303);
        add_word(&mut admin, "ひなたっ子", "ひなたっこ").await.expect(303);
        add_word(&mut admin, "ひなたっ子", "ヒナタッコ").await.expect(422).shows("「ひなたっ子」は、もうあります");
        assert_eq!(words::groups(site.db()).await.unwrap().len(), 2);
        assert_eq!(recorded(&site).await.len(), 3);
    }

    async fn two_spellings_that_the_search_takes_for_one_are_one_word_of_a_group(site: TestApp) {
        let mut admin = site.admin("けん").await;
        add_group(&mut admin, "だっこひも、ダッコヒモ").await.expect(422).shows("2つ以上");
        add_group(&mut admin, "ダッコヒモ、スリング").await.expect(303);
        for (typed, word) in [("だっこひも、おんぶひも", "だっこひも"), ("すりんぐ、へこおび", "すりんぐ"), ("へこおび、ｽﾘﾝｸﾞ！", "スリング!")] {
            let said = format!("「{word}」は、もう「ダッコヒモ、スリング」の組にあります");
            add_group(&mut admin, typed).await.expect(422).shows(&said);
        }
        // To the dictionary they are two.
        add_word(&mut admin, "とことこ", "とことこ").await.expect(303);
        add_word(&mut admin, "トコトコ", "とことこ").await.expect(303);
        add_word(&mut admin, "ﾄｺﾄｺ", "トコトコ").await.expect(422).shows("もうあります");
    }

    async fn words_that_an_older_version_folded_otherwise_are_still_one_word(site: TestApp) {
        let mut admin = site.admin("けん").await;
        add_group(&mut admin, "ダッコヒモ、スリング").await.expect(303);
        let older = Query::update()
            .table(WordKeys::Table)
            .value(WordKeys::Key, "ダッコヒモ")
            .and_where(Expr::col(WordKeys::Key).eq("だっこひも"))
            .take();
        let mut tx = site.db().begin().await.unwrap();
        assert_eq!(tx.execute(&older).await.unwrap(), 1);
        tx.commit().await.unwrap();
        // As it let in what is the same word.
        site.clock.advance(std::time::Duration::from_millis(7));
        add_group(&mut admin, "だっこひも、おんぶひも").await.expect(303);
        words::refresh_keys(site.db()).await.unwrap();
        add_group(&mut admin, "だっこひも、へこおび").await.expect(422).shows("もう「ダッコヒモ、スリング」の組にあります");
        assert_eq!(words::groups(site.db()).await.unwrap().len(), 2);
        // Whoever changes the second one is told.
        let form = [("action", "save"), ("version", "1"), ("group", "だっこひも、おんぶ")];
        admin.post(&newest(&mut admin.clone()).await, &form).await.expect(422).shows("もう「ダッコヒモ、スリング」の組にあります");
    }

    async fn of_two_who_change_one_entry_the_second_sees_the_first_ones_change(site: TestApp) {
        let (mut first, mut second) = (site.admin("けん").await, site.admin("みき").await);
        add_group(&mut first, "断乳、卒乳").await.expect(303);
        let path = newest(&mut second).await;
        let save = |version: &'static str, group: &'static str| {
            [("action", "save"), ("version", version), ("group", group)]
        };
        first.post(&path, &save("1", "断乳、卒乳、おっぱい卒業")).await.expect(303);
        let page = second.post(&path, &save("1", "断乳、卒乳、乳ばなれ")).await.expect(409)
            .shows("ほかの人が先に直しました").shows("断乳、卒乳、おっぱい卒業").shows("けん").text();
        assert_eq!(field(&page, "group"), "断乳、卒乳、乳ばなれ");
        assert_eq!(words::groups(site.db()).await.unwrap(), [["断乳", "卒乳", "おっぱい卒業"]]);
        // Nor does it go unseen.
        second.post(&path, &[("action", "remove"), ("version", "1")]).await.expect(409).shows("おっぱい卒業");
        assert_eq!(field(&page, "version"), "2");
        second.post(&path, &save("2", "断乳、卒乳、乳ばなれ")).await.expect(303);
        assert_eq!(words::groups(site.db()).await.unwrap(), [["断乳", "卒乳", "乳ばなれ"]]);

        first.post(&path, &[("action", "remove"), ("version", "3")]).await.expect(303);
        let form = [("action", "save"), ("version", "3"), ("kind", "group"), ("group", "断乳、おっぱい卒業")];
        let page = second.post(&path, &form).await.expect(409).shows("けんさんがなくしていました").text();
        assert_eq!(field(&page, "group"), "断乳、おっぱい卒業");
        second.post(&path, &[("action", "remove"), ("version", "3")]).await.expect(303);
        second.get(&path).await.expect(404);
    }

    async fn of_two_changes_at_once_one_counts(site: TestApp) {
        let (mut first, mut second) = (site.admin("けん").await, site.admin("みき").await);
        let (one, other) = tokio::join!(add_group(&mut first, "断乳、卒乳"), add_group(&mut second, "卒乳、乳ばなれ"));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 422]);
        assert_eq!(recorded(&site).await.len(), 1);
    }

    async fn every_change_is_on_the_record_without_the_words(site: TestApp) {
        let mut admin = site.admin("けん").await;
        add_group(&mut admin, "断乳、卒乳").await.expect(303);
        let path = newest(&mut admin).await;
        let same = [("action", "save"), ("version", "1"), ("group", "断乳 卒乳")];
        admin.post(&path, &same).await.expect(303);
        let form = [("action", "save"), ("version", "1"), ("group", "断乳、卒乳、乳ばなれ")];
        admin.post(&path, &form).await.expect(303);
        admin.post(&path, &[("action", "remove"), ("version", "2")]).await.expect(303);
        let rows = recorded(&site).await;
        let actions: Vec<&str> = rows.iter().map(|row| row.0.as_str()).collect();
        assert_eq!(actions, ["add_words", "change_words", "remove_words"]);
        assert_eq!((rows[0].1.as_str(), rows[2].2.as_str()), ("null", "null"));
        assert_eq!((&rows[0].2, &rows[1].2), (&rows[1].1, &rows[2].1), "each begins where the one before ended");
        assert!(rows[1].2.contains("\"words\":3"), "{rows:?}");
        assert!(!format!("{rows:?}").contains('乳'));
        assert_eq!(changes_of_words(&site).await, 3);
    }

    async fn to_everyone_but_admins_the_words_do_not_exist(site: TestApp) {
        let mut admin = site.admin("けん").await;
        add_group(&mut admin, "断乳、卒乳").await.expect(303);
        let path = newest(&mut admin).await;
        for mut other in [site.member("はなこ").await, site.moderator("みき").await] {
            other.get(LIST).await.expect(404);
            other.get(&path).await.expect(404);
            add_group(&mut other, "パン、トースト").await.expect(404);
            other.post(&path, &[("action", "remove"), ("version", "1")]).await.expect(404);
        }
        site.moderator("ゆき").await.get("/review").await.expect(200).hides(LIST);
        admin.get("/review").await.expect(200).shows(LIST);
        for nonsense in ["/review/words/x", "/review/words/01890000-0000-7000-8000-000000000000"] {
            admin.get(nonsense).await.expect(404);
            let form = [("action", "save"), ("kind", "group"), ("group", "パン、トースト")];
            admin.post(nonsense, &form).await.expect(404);
        }
        assert_eq!(words::groups(site.db()).await.unwrap().len(), 1);
    }

    async fn the_list_goes_on_where_its_page_ended(site: TestApp) {
        let mut admin = site.admin("けん").await;
        for n in 0..52 {
            site.clock.advance(std::time::Duration::from_millis(7));
            add_group(&mut admin, &format!("ことば{n}、同じ{n}")).await.expect(303);
        }
        let page = admin.get(LIST).await.expect(200).shows("ことば51、").hides("ことば1、").text();
        let next = link(&page, "/review/words?groups=");
        admin.get(next.split('#').next().unwrap()).await.expect(200).shows("ことば1、").hides("ことば2、");
    }

    async fn an_entry_is_found_by_any_spelling_among_all_of_them(site: TestApp) {
        let mut admin = site.admin("けん").await;
        admin.get(LIST).await.expect(200).hides("name=\"find\"");
        add_group(&mut admin, "ダッコひも、スリング").await.expect(303);
        add_word(&mut admin, "ひなたっ子", "ひなたっこ").await.expect(303);
        for n in 0..60 {
            site.clock.advance(std::time::Duration::from_millis(7));
            add_group(&mut admin, &format!("ことば{n}、同じ{n}")).await.expect(303);
        }
        admin.get(LIST).await.expect(200).shows("name=\"find\"").hides("スリング");
        let find = |typed: &str| format!("{LIST}?find={}", encoded(typed.as_bytes()));
        for typed in ["だっこひも", "ﾀﾞｯｺ", "ダッコ　すりんぐ"] {
            let page = admin.get(&find(typed)).await.expect(200).shows("ダッコひも、スリング").hides("ことば1").hides("ひなた");
            assert_eq!(field(&page.text(), "find"), typed);
        }
        admin.get(&find("ヒナタ")).await.expect(200).shows("ひなたっ子").hides("スリング");
        // What is found in many places goes on in pages.
        let page = admin.get(&find("コトバ")).await.expect(200).shows("ことば59、").hides("ことば9、").text();
        let next = link(&page, "/review/words?find=");
        assert!(next.contains("&groups="), "{next}");
        let page = admin.get(next.split('#').next().unwrap()).await.expect(200).shows("ことば9、").hides("ことば10、");
        assert_eq!(field(&page.text(), "find"), "コトバ");
        // What is nowhere can be begun.
        let page = admin.get(&find("おんぶ ひも")).await.expect(200).shows("まだありません").text();
        assert_eq!(field(&page, "find"), "おんぶ ひも");
        let begin = link(&page, "/review/words?group=");
        let form = admin.get(begin.split('#').next().unwrap()).await.expect(200).text();
        assert_eq!(field(&form, "group"), "おんぶひも");
        admin.get(&find("！")).await.expect(200).shows("まだありません");
        admin.get(&find(" ")).await.expect(200).shows("ことば59、");
    }

    async fn a_full_shelf_takes_no_more_until_something_goes(site: TestApp) {
        let mut insert = Query::insert()
            .into_table(WordEntries::Table)
            .columns([
                WordEntries::Id, WordEntries::Kind, WordEntries::Words, WordEntries::Version, WordEntries::ChangedBy,
                WordEntries::ChangedAt,
            ])
            .take();
        for n in 0..words::MOST {
            let words = format!("[\"あ{n}\",\"い{n}\"]");
            let id = WordEntryId::new(&site.clock);
            insert.values_panic([id.into(), "group".into(), words.into(), 1i64.into(), "x".into(), 1i64.into()]);
        }
        let mut tx = site.db().begin().await.unwrap();
        tx.execute(&insert).await.unwrap();
        tx.commit().await.unwrap();
        let mut admin = site.admin("けん").await;
        add_group(&mut admin, "断乳、卒乳").await.expect(422).shows("2000件まで");
        let path = newest(&mut admin).await;
        admin.post(&path, &[("action", "remove"), ("version", "1")]).await.expect(303);
        add_group(&mut admin, "断乳、卒乳").await.expect(303);
        assert_eq!(words::groups(site.db()).await.unwrap().len(), words::MOST);
    }
}
