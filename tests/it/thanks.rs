//! Thank-you: one tap, once per person and post, undoable, for what is published.

use sea_query::{Expr, ExprTrait, Query};
use server::access::viewer::{AccountState, Role};
use server::db::tables::Accounts;
use server::time_id::PostId;
use tests::{Answer, Browser, TestApp, on_both_databases};

async fn tap(person: &mut Browser, post: PostId, on: &str) -> Answer {
    person.post(&format!("/posts/{post}/thanks"), &[("on", on)]).await
}

async fn count(site: &TestApp, post: PostId) -> u64 {
    server::posts::thanks_count(site.db(), post).await.unwrap()
}

async fn suspend(site: &TestApp, person: &Browser) {
    let id = site.viewer(person).await.id().unwrap();
    let mut tx = site.db().begin().await.unwrap();
    let update = Query::update()
        .table(Accounts::Table)
        .value(Accounts::State, AccountState::Suspended)
        .and_where(Expr::col(Accounts::Id).eq(id))
        .take();
    tx.execute(&update).await.unwrap();
    tx.commit().await.unwrap();
}

on_both_databases! {
    async fn a_member_thanks_once_however_often_they_tap(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).published().await;
        let mut newcomer = site.member("はるか").await;
        for _ in 0..3 {
            let answer = tap(&mut newcomer, post, "1").await.expect(303);
            assert_eq!(answer.location(), format!("/posts/{post}"));
        }
        assert_eq!(count(&site, post).await, 1);
        newcomer.get(&format!("/posts/{post}")).await.expect(200).shows("name=\"on\" value=\"0\"");
    }

    async fn a_thank_you_can_be_taken_back_and_said_again(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).published().await;
        let mut newcomer = site.member("はるか").await;
        for (on, expected) in [("1", 1), ("0", 0), ("0", 0), ("1", 1)] {
            tap(&mut newcomer, post, on).await.expect(303);
            assert_eq!(count(&site, post).await, expected);
        }
    }

    async fn a_script_gets_the_new_count(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).published().await;
        let mut first = site.member("はるか").await;
        tap(&mut first, post, "1").await.expect(303);
        let mut second = site.member("なつき").await.script();
        let answer = tap(&mut second, post, "1").await.expect(200).json();
        assert_eq!(answer, serde_json::json!({ "thanked": true, "thanks": 2 }));
        let answer = tap(&mut second, post, "0").await.expect(200).json();
        assert_eq!(answer, serde_json::json!({ "thanked": false, "thanks": 1 }));
    }

    async fn taps_at_the_same_moment_count_once_for_each_person(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).published().await;
        let mut taps = Vec::new();
        for n in 0..4 {
            let person = site.member(&format!("person{n}")).await;
            for _ in 0..4 {
                let mut person = person.clone();
                taps.push(tokio::spawn(async move { tap(&mut person, post, "1").await.status.as_u16() }));
            }
        }
        for tap in taps {
            assert_eq!(tap.await.unwrap(), 303);
        }
        assert_eq!(count(&site, post).await, 4);
        let mut author = author;
        author.get("/notices").await.expect(200).shows("ありがとうが4つ届きました");
    }

    async fn each_change_of_the_count_is_told_to_followers_once(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).published().await;
        let start = server::changes::latest(site.db()).await.unwrap();
        let mut newcomer = site.member("はるか").await;
        for on in ["1", "1", "0", "0"] {
            tap(&mut newcomer, post, on).await.expect(303);
        }
        let feed = server::changes::after(site.db(), start, 10).await.unwrap();
        assert_eq!(feed.len(), 2);
        assert!(feed.iter().all(|change| change.id == post.to_string()));
    }

    async fn the_author_hears_once_a_day_how_many_thanked(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let post = site.post(&author).titled("おかゆ").published().await;
        author.post("/notices/read", &[]).await.expect(303);
        let (mut first, mut second) = (site.member("はるか").await, site.member("なつき").await);
        tap(&mut first, post, "1").await.expect(303);
        tap(&mut second, post, "1").await.expect(303);
        let page = author.get("/notices").await.expect(200).shows("「おかゆ」に、ありがとうが2つ届きました").text();
        assert_eq!(page.matches("届きました").count(), 1);
        tap(&mut second, post, "0").await.expect(303);
        author.get("/notices").await.expect(200).shows("ありがとうが1つ");
        tap(&mut first, post, "0").await.expect(303);
        author.get("/notices").await.expect(200).hides("届きました");
        tap(&mut first, post, "1").await.expect(303);
        site.clock.advance(std::time::Duration::from_secs(24 * 3600));
        tap(&mut second, post, "1").await.expect(303);
        let page = author.get("/notices").await.expect(200).text();
        assert_eq!(page.matches("ありがとうが1つ届きました").count(), 2, "a new day is a new notice");
        let ours = site.mails().await.iter().filter(|mail| mail.body.contains("ありがとうが1つ")).count();
        assert_eq!(ours, 0, "no mail for thank-yous");
    }

    async fn nobody_thanks_themselves(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let post = site.post(&author).published().await;
        tap(&mut author, post, "1").await.expect(409);
        assert_eq!(count(&site, post).await, 0);
    }

    async fn what_is_not_published_cannot_be_thanked_for(site: TestApp) {
        let author = site.member("はなこ").await;
        let (draft, waiting) = (site.post(&author).draft().await, site.post(&author).submitted().await);
        let withdrawn = site.post(&author).published().await;
        let viewer = site.viewer(&author).await;
        server::posts::actions::withdraw(&site.app, &viewer, withdrawn).await.unwrap();
        let mut newcomer = site.member("はるか").await;
        for post in [draft, waiting, withdrawn, PostId::new(&site.clock)] {
            tap(&mut newcomer, post, "1").await.expect(404);
            tap(&mut newcomer, post, "0").await.expect(404);
        }
        newcomer.post("/posts/x/thanks", &[("on", "1")]).await.expect(404);
    }

    async fn only_people_in_good_standing_thank(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).published().await;
        tap(&mut site.visitor(), post, "1").await.expect(401);
        let mut suspended = site.member("はるか").await;
        suspend(&site, &suspended).await;
        tap(&mut suspended, post, "1").await.expect(403);
        let id = site.create_account("なつき", Role::Member, false).await;
        let mut unconfirmed = site.logged_in(id).await;
        tap(&mut unconfirmed, post, "1").await.expect(403);
        assert_eq!(count(&site, post).await, 0);
    }

    async fn a_tap_that_says_neither_yes_nor_no_changes_nothing(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).published().await;
        let mut newcomer = site.member("はるか").await;
        for on in ["", "2", "true"] {
            tap(&mut newcomer, post, on).await.expect(400);
        }
        newcomer.post(&format!("/posts/{post}/thanks"), &[]).await.expect(400);
        assert_eq!(count(&site, post).await, 0);
    }
}
