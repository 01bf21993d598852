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
