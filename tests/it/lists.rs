//! Home and the lists: what a card shows, and when it changes.

use sea_query::{Expr, ExprTrait, Query};
use server::db::tables::Posts;
use server::posts;
use std::time::Duration;
use tests::on_both_databases;

on_both_databases! {
    async fn a_card_shows_what_was_approved_until_the_next_revision_is(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).titled("かぼちゃがゆ").published().await;
        site.rewrite(&author, post, "かぼちゃと豆腐のおかゆ").await;
        site.submit(&author, post).await;
        for list in ["/", "/kinds/recipe", "/regions/uji"] {
            site.visitor().get(list).await.shows("かぼちゃがゆ").hides("かぼちゃと豆腐のおかゆ");
        }
        site.approve(post).await;
        for list in ["/", "/kinds/recipe", "/regions/uji"] {
            site.visitor().get(list).await.shows("かぼちゃと豆腐のおかゆ").hides("かぼちゃがゆ");
        }
    }

    async fn a_card_shows_the_first_photo_with_its_words(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).draft().await;
        let photo = site.add_photo(&author, post).await;
        site.submit(&author, post).await;
        site.run_jobs().await;
        site.approve(post).await;
        let file = format!("/media/photos/{photo}/1/360.jpg");
        site.visitor().get("/").await.shows(&file);
        site.visitor().get(&file).await.expect(200);
    }

    async fn a_new_nickname_stands_on_every_card_at_once(site: TestApp) {
        let mut author = site.member("はなこ").await;
        site.post(&author).titled("かぼちゃがゆ").published().await;
        site.visitor().get("/").await.shows("はなこ");
        let renamed = [("action", "profile"), ("nickname", "はなはな"), ("region", ""), ("lang", "ja")];
        author.post("/me/settings", &renamed).await.expect(303);
        site.visitor().get("/").await.shows("はなはな").hides("はなこ");
    }

    async fn cards_thrown_away_are_worked_out_again_at_the_start(site: TestApp) {
        let author = site.member("はなこ").await;
        site.post(&author).titled("かぼちゃがゆ").published().await;
        site.post(&author).titled("まだ下書き").draft().await;
        let mut tx = site.db().begin().await.unwrap();
        let forget = Query::update()
            .table(Posts::Table)
            .values([(Posts::Title, "".into()), (Posts::Cover, Expr::val(None::<String>))])
            .and_where(Expr::col(Posts::Title).ne(""))
            .take();
        assert_eq!(tx.execute(&forget).await.unwrap(), 1);
        tx.commit().await.unwrap();
        posts::fill_cards(site.db()).await.unwrap();
        site.visitor().in_language("en").get("/").await.shows("かぼちゃがゆ").hides("まだ下書き");
    }

    async fn members_share_what_is_the_same_for_all_and_nothing_else(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).titled("かぼちゃがゆ").published().await;
        let (mut first, mut second) = (site.member("はるか").await, site.member("なつき").await);
        first.get("/").await.shows("かぼちゃがゆ").shows("はるか").hides("なつき");
        second.get("/").await.shows("かぼちゃがゆ").shows("なつき").hides("はるか");
        let page = format!("/posts/{post}");
        second.get(&page).await.shows("name=\"on\" value=\"1\"");
        first.post(&format!("{page}/thanks"), &[("on", "1")]).await.expect(303);
        first.get(&page).await.shows("name=\"on\" value=\"0\"");
        second.get(&page).await.shows("name=\"on\" value=\"1\"").shows("data-count>1<");
        second.in_language("en").get(&page).await.shows("<html lang=\"en\"").hides("はるか");
    }

    async fn what_is_kept_for_members_goes_with_the_next_change(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let mut reader = site.member("はるか").await;
        let post = site.post(&author).titled("かぼちゃがゆ").submitted().await;
        let page = format!("/posts/{post}");
        reader.get("/").await.hides("かぼちゃがゆ");
        reader.get(&page).await.expect(404);
        site.approve(post).await;
        reader.get("/").await.shows("かぼちゃがゆ");
        reader.get(&page).await.expect(200);
        author.post(&format!("{page}/withdraw"), &[]).await.expect(303);
        reader.get("/").await.hides("かぼちゃがゆ");
        reader.get(&page).await.expect(404);
    }

    async fn a_list_goes_on_where_the_page_before_it_ended(site: TestApp) {
        let author = site.member("はなこ").await;
        for number in 0..=posts::FIRST_PAGE {
            site.post(&author).titled(&format!("その{number}番")).published().await;
            site.clock.advance(Duration::from_secs(1));
        }
        let newest = site.visitor().get("/").await.hides("その0番").text();
        let older = newest.split("href=\"").find(|link| link.starts_with("/?before=")).unwrap();
        let older = older.split('"').next().unwrap();
        site.visitor().get(older).await.shows("その0番").hides("その1番");
    }
}
