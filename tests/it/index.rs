//! The search index beside the database: made anew while people search, and compared with what it should hold.

use search::{Document, Op};
use server::app::App;
use server::discovery::index::{self, check};
use server::time_id::PostId;
use tests::browser::{Browser, encoded};
use tests::{Database, TestApp, on_both_databases};

async fn finds(site: &TestApp, words: &str, title: &str) -> bool {
    let address = format!("/search?q={}", encoded(words.as_bytes()));
    site.visitor().get(&address).await.expect(200).text().contains(title)
}

async fn withdraw(author: &mut Browser, post: PostId) {
    author.post(&format!("/posts/{post}/withdraw"), &[]).await.expect(303);
}

fn slip_in(site: &TestApp, id: &str) {
    let slipped =
        Document { id: id.to_owned(), title: "まぼろし".into(), ..Document::default() };
    let index = site.app.index().unwrap();
    index.apply(vec![Op::Upsert(Box::new(slipped))], index.position()).unwrap();
}

on_both_databases! {
    async fn an_operator_has_it_made_anew_and_what_was_lost_is_found_again(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).titled("くるまのおもちゃ").published().await;
        index::catch_up(&site.app).await.unwrap();
        let index = site.app.index().unwrap();
        index.apply(vec![Op::Delete(post.to_string())], index.position()).unwrap();
        slip_in(&site, "0000000000000000000000000z");
        assert!(!finds(&site, "おもちゃ", "のおもちゃ</").await);
        index::request(site.db(), &site.app.clock).await.unwrap();
        index::catch_up(&site.app).await.unwrap();
        assert!(finds(&site, "おもちゃ", "のおもちゃ</").await || finds(&site, "くるま", "のおもちゃ").await);
        assert_eq!(site.app.index().unwrap().len(), 1);
        // It was asked for once.
        let place = site.app.index().unwrap().position();
        index::catch_up(&site.app).await.unwrap();
        assert_eq!(site.app.index().unwrap().position(), place);
    }

    async fn an_index_whose_folder_is_gone_is_made_anew_and_goes_on(site: TestApp) {
        let author = site.member("はなこ").await;
        site.post(&author).titled("つみきあそび").published().await;
        index::catch_up(&site.app).await.unwrap();
        for entry in std::fs::read_dir(site.app.config.index_folder()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                std::fs::remove_dir_all(path).unwrap();
            }
        }
        site.post(&author).titled("どろんこあそび").published().await;
        let refused = index::catch_up(&site.app).await.unwrap_err();
        assert!(refused.is::<search::Error>(), "{refused:#}");
        index::make_anew(&site.app).await.unwrap();
        index::catch_up(&site.app).await.unwrap();
        assert!(finds(&site, "つみき", "つみき").await && finds(&site, "どろんこ", "どろんこ").await);
        site.post(&author).titled("しゃぼんだま").published().await;
        index::catch_up(&site.app).await.unwrap();
        assert!(finds(&site, "しゃぼんだま", "しゃぼんだま").await);
    }

    async fn what_differs_from_the_database_is_told_by_kind(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let missing = site.post(&author).titled("ひとつめ").published().await;
        let stale = site.post(&author).titled("ふたつめ").published().await;
        let gone = site.post(&author).titled("みっつめ").published().await;
        index::catch_up(&site.app).await.unwrap();
        let whole = check::compare(&site.app).await.unwrap().unwrap();
        assert!(whole.is_none() && whole.posts == 3, "{whole}");

        let index = site.app.index().unwrap();
        index.apply(vec![Op::Delete(missing.to_string())], index.position()).unwrap();
        slip_in(&site, &stale.to_string());
        slip_in(&site, "0000000000000000000000000z");
        withdraw(&mut author, gone).await;
        let found = check::compare(&site.app).await.unwrap().unwrap();
        assert_eq!(found.missing, [missing.to_string()]);
        assert_eq!(found.stale, [stale.to_string()]);
        assert_eq!(found.unpublished, ["0000000000000000000000000z"]);
        // That one is on its way out.
        assert_eq!(found.behind, 1);
    }
}

async fn until_a_new_index_is_made_the_search_says_so(database: Database) {
    let before = TestApp::beside(database).await;
    let author = before.member("はなこ").await;
    before.post(&author).titled("つみきあそび").published().await;
    let app = App::open(before.app.config.clone(), before.clock.clone()).await.unwrap();
    let mut visitor = Browser::new(&app);
    let address = format!("/search?q={}", encoded("つみき".as_bytes()));
    visitor.get(&address).await.expect(200).shows("さがす準備をしている");
    index::catch_up(&app).await.unwrap();
    let found = visitor.get(&address).await.expect(200);
    assert!(found.text().contains("つみき</mark>") && !found.text().contains("さがす準備"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn until_a_new_index_is_made_the_search_says_so_on_sqlite() {
    until_a_new_index_is_made_the_search_says_so(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn until_a_new_index_is_made_the_search_says_so_on_postgres() {
    until_a_new_index_is_made_the_search_says_so(Database::Postgres).await;
}
