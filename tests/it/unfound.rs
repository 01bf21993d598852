//! What people look for and don't find: counted by the week, shown to admins from five on, and nothing that identifies anyone.

use sea_query::Query;
use server::app;
use server::db::tables::Unfound;
use server::db::{Read, Row};
use server::discovery::index;
use server::jobs;
use server::unfound::{self, Flusher};
use server::words;
use std::time::Duration;
use tests::browser::{Browser, encoded, field, link};
use tests::process::{Process, settings};
use tests::{Database, TestApp, on_both_databases};

const LIST: &str = "/review/unfound";
const DAY: Duration = Duration::from_secs(24 * 3600);

async fn search(reader: &mut Browser, words: &str) {
    reader.get(&format!("/search?q={}", encoded(words.as_bytes()))).await.expect(200);
}

async fn people(site: &TestApp, n: usize) -> Vec<Browser> {
    let mut people = Vec::new();
    for n in 0..n {
        people.push(site.member(&format!("その{n}")).await);
    }
    people
}

/// `(week, text, people)`, as stored.
async fn stored(site: &TestApp) -> Vec<(String, String, i64)> {
    unfound::flush(&site.app).await.unwrap();
    let select = Query::select()
        .columns([Unfound::Week, Unfound::Words, Unfound::People])
        .from(Unfound::Table)
        .order_by(Unfound::Week, sea_query::Order::Asc)
        .order_by(Unfound::Words, sea_query::Order::Asc)
        .take();
    let read = |row: &Row| {
        (row.get("week").unwrap(), row.get("words").unwrap(), row.get("people").unwrap())
    };
    site.db().rows(&select).await.unwrap().iter().map(read).collect()
}

async fn purge(site: &TestApp) {
    let mut tx = site.db().begin().await.unwrap();
    jobs::enqueue(&mut tx, &site.clock, &unfound::jobs::Purge::default()).await.unwrap();
    tx.commit().await.unwrap();
    jobs::run_until_idle(&site.app, &app::jobs()).await.unwrap();
}

on_both_databases! {
    async fn what_four_people_miss_is_not_shown_and_what_five_miss_is(site: TestApp) {
        let mut people = people(&site, 5).await;
        let mut admin = site.admin("けん").await;
        for person in &mut people[..4] {
            search(person, "おしゃぶり 卒業").await;
        }
        assert_eq!(stored(&site).await, [("2026-11-16".to_owned(), "おしゃぶり 卒業".to_owned(), 4)]);
        admin.get(LIST).await.expect(200).hides("おしゃぶり");
        search(&mut people[4], "おしゃぶり　卒業").await;
        assert_eq!(stored(&site).await[0].2, 5);
        let page = admin.get(LIST).await.expect(200).shows("おしゃぶり 卒業").text();
        // One tap to see whether it is still so, one to begin a group with it.
        admin.get(&link(&page, "/search?q=")).await.expect(200).shows("おしゃぶり 卒業");
        let form = admin.get(link(&page, "/review/words?group=").split('#').next().unwrap()).await.expect(200);
        assert_eq!(field(&form.text(), "group"), "おしゃぶり卒業");
    }

    async fn a_group_begun_with_what_was_missed_wants_other_words_and_then_leads_to_them(site: TestApp) {
        let author = site.member("はなこ").await;
        site.post(&author).titled("なかよし教室の工作").published().await;
        index::catch_up(&site.app).await.unwrap();
        for person in &mut people(&site, 5).await {
            search(person, "わくわく クラブ").await;
        }
        unfound::flush(&site.app).await.unwrap();
        let mut admin = site.admin("けん").await;
        let page = admin.get(LIST).await.expect(200).text();
        let address = link(&page, "/review/words?group=");
        let form = admin.get(address.split('#').next().unwrap()).await.expect(200).shows("見つけてほしい、ほかのことば");
        let begun = field(&form.text(), "group");
        // As it stands it is one word, and no group.
        let refused = admin.post("/review/words", &[("kind", "group"), ("group", &begun)]).await.expect(422);
        assert_eq!(field(&refused.shows("2つ以上").text(), "group"), begun);
        let whole = format!("{begun}、なかよし教室");
        admin.post("/review/words", &[("kind", "group"), ("group", &whole)]).await.expect(303);
        assert_eq!(words::groups(site.db()).await.unwrap(), [["わくわくクラブ", "なかよし教室"]]);
        index::catch_up(&site.app).await.unwrap();
        let address = format!("/search?q={}", encoded("わくわく クラブ".as_bytes()));
        site.visitor().get(&address).await.expect(200).shows("の工作");
    }

    async fn one_person_who_repeats_a_search_counts_once_a_week(site: TestApp) {
        let mut person = site.member("はなこ").await;
        for words in ["BLW", "ｂｌｗ", " blw ", "BLW", "blw"] {
            search(&mut person, words).await;
            stored(&site).await;
        }
        for _ in 0..5 {
            search(&mut site.visitor(), "blw").await;
        }
        assert_eq!(stored(&site).await, [("2026-11-16".to_owned(), "blw".to_owned(), 2)]);
        site.clock.advance(DAY);
        search(&mut person, "blw").await;
        let weeks: Vec<_> = stored(&site).await.into_iter().map(|row| (row.0, row.2)).collect();
        assert_eq!(weeks, [("2026-11-16".to_owned(), 2), ("2026-11-23".to_owned(), 1)]);
    }

    async fn whoever_looks_after_the_site_does_not_count(site: TestApp) {
        for mut person in [site.moderator("みき").await, site.admin("けん").await] {
            search(&mut person, "おしゃぶり").await;
        }
        assert_eq!(stored(&site).await, []);
        search(&mut site.member("はなこ").await, "おしゃぶり").await;
        assert_eq!(stored(&site).await, [("2026-11-16".to_owned(), "おしゃぶり".to_owned(), 1)]);
    }

    async fn one_person_adds_twenty_texts_a_day_at_most(site: TestApp) {
        let text = |n: u8| format!("おまる{}", char::from(b'a' + n));
        let (mut member, mut visitor) = (site.member("はなこ").await, site.visitor());
        for n in 0..22 {
            search(&mut member, &text(n)).await;
            search(&mut visitor, &text(n + 1)).await;
        }
        let rows = stored(&site).await;
        assert_eq!((rows.len(), rows.iter().map(|row| row.2).sum::<i64>()), (21, 40));
        site.clock.advance(DAY);
        search(&mut member, &text(21)).await;
        assert_eq!(stored(&site).await.len(), 22);
    }

    async fn what_may_name_someone_is_never_kept(site: TestApp) {
        let mut person = site.member("はなこ").await;
        let long = "あ".repeat(41);
        for words in ["hanako@example.jp", "ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ", "090-1234-5678", "https://example.jp/hanako", "？！", long.as_str()] {
            search(&mut person, words).await;
        }
        assert_eq!(stored(&site).await, []);
    }

    async fn what_holds_no_word_is_not_counted(site: TestApp) {
        for words in ["ー", "ーーー", "\u{200b}", "\u{feff}ー", "！？", "♪", "🎃", "\u{3164}"] {
            search(&mut site.visitor(), words).await;
        }
        assert_eq!(stored(&site).await, []);
    }

    async fn only_what_no_post_says_is_noted(site: TestApp) {
        let author = site.member("はなこ").await;
        site.post(&author).titled("かぼちゃがゆ").in_region("uji").published().await;
        index::catch_up(&site.app).await.unwrap();
        let mut person = site.member("みき").await;
        search(&mut person, "かぼちゃ").await;
        // It is there, if not in that town.
        person.get(&format!("/search?q={}&region=joyo", encoded("かぼちゃ".as_bytes()))).await.expect(200);
        person.get("/search?q=&region=joyo").await.expect(200);
        person.get(&format!("/search?q={}&after=20", encoded("宇宙飛行士".as_bytes()))).await.expect(200);
        assert_eq!(stored(&site).await, []);
        person.get(&format!("/search?q={}&region=uji", encoded("宇宙飛行士".as_bytes()))).await.expect(200);
        assert_eq!(stored(&site).await.len(), 1);
    }

    async fn what_has_a_group_or_is_found_by_now_says_so_and_comes_last(site: TestApp) {
        let author = site.member("はなこ").await;
        site.post(&author).titled("なかよし教室の工作").published().await;
        index::catch_up(&site.app).await.unwrap();
        let mut people = people(&site, 6).await;
        // More miss what is done later than what is left.
        for (n, text) in [(6, "わくわく クラブ"), (6, "どんぐりごま"), (6, "もぐらの会"), (5, "宇宙食")] {
            for person in &mut people[..n] {
                search(person, text).await;
            }
        }
        unfound::flush(&site.app).await.unwrap();
        let mut admin = site.admin("けん").await;
        admin.get(LIST).await.expect(200).hides("いまは見つかります").hides("組があります");

        for group in ["わくわく・クラブ、なかよし教室", "モグラノ会、あなぐま会"] {
            admin.post("/review/words", &[("kind", "group"), ("group", group)]).await.expect(303);
        }
        site.post(&author).titled("どんぐりごまの作り方").published().await;
        index::catch_up(&site.app).await.unwrap();
        let page = admin.get(LIST).await.expect(200).text();
        let line = |text: &str| {
            let at = page.find(&format!(">{text}</b>")).unwrap_or_else(|| panic!("no {text}:\n{page}"));
            let line = page[at..].split("</li>").next().unwrap();
            let has = |words: &str| line.contains(words);
            (at, has("いまは見つかります"), has("組があります"), has("/review/words/"), has("/review/words?group="))
        };
        let (space, mole, club, acorn) = (line("宇宙食"), line("もぐらの会"), line("わくわく クラブ"), line("どんぐりごま"));
        assert_eq!((space.1, space.2, space.3, space.4), (false, false, false, true));
        assert_eq!((mole.1, mole.2, mole.3, mole.4), (false, true, true, false), "nobody has written of it yet");
        assert_eq!((club.1, club.2, club.3, club.4), (true, true, true, false));
        assert_eq!((acorn.1, acorn.2, acorn.3, acorn.4), (true, false, false, false));
        assert!(space.0 < mole.0 && mole.0 < acorn.0 && acorn.0 < club.0, "what is left to do comes first");
        for (lang, words) in [("ja-simple", ["いまは <ruby>", "ことばが あります"]), ("en", ["Found by now", "In a group"])] {
            let page = admin.clone().in_language(lang).get(LIST).await.expect(200);
            page.shows(words[0]).shows(words[1]);
        }
    }

    async fn what_few_missed_goes_with_its_week_and_the_rest_after_twelve(site: TestApp) {
        let mut people = people(&site, 5).await;
        for person in &mut people {
            search(person, "ベビーカー 修理").await;
        }
        search(&mut people[0], "おまる").await;
        assert_eq!(stored(&site).await.len(), 2);
        purge(&site).await;
        assert_eq!(stored(&site).await.len(), 2, "the week is not over");
        site.clock.advance(DAY);
        purge(&site).await;
        let texts: Vec<_> = stored(&site).await.into_iter().map(|row| row.1).collect();
        assert_eq!(texts, ["ベビーカー 修理"]);
        site.clock.advance(DAY * 7 * 11);
        purge(&site).await;
        assert_eq!(stored(&site).await.len(), 1);
        site.clock.advance(DAY * 7);
        purge(&site).await;
        assert_eq!(stored(&site).await, []);
    }

    async fn what_is_being_written_down_when_the_site_stops_is_not_lost(site: TestApp) {
        search(&mut site.visitor(), "おまる").await;
        assert_eq!(site.app.unfound.waiting(), 1);
        // Somebody else writes, and does not let go.
        let other = Query::insert()
            .into_table(Unfound::Table)
            .columns([Unfound::Week, Unfound::Words, Unfound::People])
            .values_panic(["2026-11-16".into(), "おまる".into(), 4i64.into()])
            .take();
        let mut tx = site.db().begin().await.unwrap();
        tx.execute(&other).await.unwrap();
        let flusher = Flusher::start(&site.app, Duration::from_millis(1));
        while site.app.unfound.waiting() > 0 {
            tokio::task::yield_now().await;
        }
        search(&mut site.visitor(), "ベビーカー 修理").await;
        let stopping = tokio::spawn(flusher.stop(DAY));
        tx.commit().await.unwrap();
        stopping.await.unwrap();
        assert_eq!(site.app.unfound.waiting(), 0);
        let texts: Vec<_> = stored(&site).await.into_iter().map(|row| (row.1, row.2)).collect();
        assert_eq!(texts, [("おまる".to_owned(), 5), ("ベビーカー 修理".to_owned(), 1)]);
    }

    async fn to_everyone_but_admins_the_list_does_not_exist(site: TestApp) {
        site.member("はなこ").await.get(LIST).await.expect(404);
        site.moderator("みき").await.get(LIST).await.expect(404);
        let mut admin = site.admin("けん").await;
        admin.get(LIST).await.expect(200).shows("/review/words");
        admin.get("/review/words").await.expect(200).shows(LIST);
    }
}

async fn the_last_searches_before_a_stop_are_counted(database: Database) {
    let site = TestApp::beside(database).await;
    let process = Process::start(site.data.path(), &settings(&site)).await;
    let missed = format!("/search?q={}", encoded("おしゃぶり".as_bytes()));
    process
        .until("nothing is found", async || {
            let page = process.get(&missed).await;
            page.contains("ぴったりのものは、まだありません") && !page.contains("準備をしている")
        })
        .await;
    process.stop().await;
    let texts: Vec<_> = stored(&site).await.into_iter().map(|row| (row.1, row.2)).collect();
    assert_eq!(texts, [("おしゃぶり".to_owned(), 1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_searches_before_a_stop_are_counted_on_sqlite() {
    the_last_searches_before_a_stop_are_counted(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_searches_before_a_stop_are_counted_on_postgres() {
    the_last_searches_before_a_stop_are_counted(Database::Postgres).await;
}
