//! What nothing shows any more goes: photos and films taken off a draft, those of withdrawn posts, accounts nobody confirmed.

use server::media::{Key, UNUSED_FOR};
use server::posts::{self, Draft};
use server::time_id::{PhotoId, PostId};
use server::videos::VideoStatus;
use server::{photos, videos};
use std::time::Duration;
use tests::{Browser, TestApp, on_both_databases};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Saves the draft with these photos only.
async fn keep_photos(site: &TestApp, author: &Browser, post: PostId, kept: &[PhotoId]) {
    let viewer = site.viewer(author).await;
    let editing = posts::actions::open(site.db(), &viewer, post).await.unwrap();
    let draft = Draft {
        title: editing.revision.title,
        body: editing.revision.body,
        region_id: editing.revision.region_id,
        photos: kept.iter().map(|photo| (*photo, String::new())).collect(),
        ..Draft::default()
    };
    let version = editing.revision.version;
    posts::actions::save(&site.app, &viewer, post, version, draft).await.unwrap();
}

async fn has_files(site: &TestApp, photo: PhotoId) -> bool {
    let key = Key::photo_file(photo, 1, 360, server::media::keys::PhotoFormat::Jpeg);
    site.app.media.exists(&key).await.unwrap()
}

on_both_databases! {
    async fn a_photo_taken_off_a_draft_is_gone_a_day_later_and_one_put_back_stays(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).draft().await;
        let (kept, removed, returned) = (
            site.add_photo(&author, post).await,
            site.add_photo(&author, post).await,
            site.add_photo(&author, post).await,
        );
        site.run_jobs().await;
        keep_photos(&site, &author, post, &[kept]).await;
        keep_photos(&site, &author, post, &[kept, returned]).await;
        site.clock.advance(UNUSED_FOR - Duration::from_secs(1));
        site.run_jobs().await;
        assert!(has_files(&site, removed).await, "an open form may bring it back");
        site.clock.advance(Duration::from_secs(2));
        site.run_jobs().await;
        assert!(photos::find(site.db(), removed).await.unwrap().is_none());
        assert!(!has_files(&site, removed).await);
        for photo in [kept, returned] {
            assert!(photos::find(site.db(), photo).await.unwrap().is_some());
            assert!(has_files(&site, photo).await);
        }
    }

    async fn a_film_taken_off_before_it_was_made_is_not_made_and_is_forgotten(site: TestApp) {
        let author = site.member("はなこ").await;
        let viewer = site.viewer(&author).await;
        let post = site.post(&author).draft().await;
        let film = site.add_film(&author, post, 1).await;
        posts::actions::remove_video(&site.app, &viewer, post).await.unwrap();
        let cancelled = videos::find(site.db(), film).await.unwrap().unwrap();
        assert_eq!(cancelled.state, VideoStatus::Failed);
        assert_eq!(cancelled.failure.as_deref(), Some("cancelled"));
        site.run_jobs().await;
        assert_eq!(videos::find(site.db(), film).await.unwrap().unwrap().generation, 0);
        site.clock.advance(UNUSED_FOR + DAY);
        site.run_jobs().await;
        assert!(videos::find(site.db(), film).await.unwrap().is_none());
        assert!(!site.app.media.exists(&Key::video_source(film)).await.unwrap());
    }

    async fn a_withdrawn_post_loses_its_photos_and_film_after_a_month(site: TestApp) {
        let author = site.member("はなこ").await;
        let viewer = site.viewer(&author).await;
        let post = site.post(&author).draft().await;
        let photo = site.add_photo(&author, post).await;
        let film = site.add_film(&author, post, 1).await;
        site.run_jobs().await;
        site.submit(&author, post).await;
        site.approve(post).await;
        posts::actions::withdraw(&site.app, &viewer, post).await.unwrap();
        site.clock.advance(29 * DAY);
        site.run_jobs().await;
        assert!(has_files(&site, photo).await);
        site.clock.advance(3 * DAY);
        site.run_jobs().await;
        site.clock.advance(3 * DAY);
        site.run_jobs().await;
        assert!(photos::find(site.db(), photo).await.unwrap().is_none());
        assert!(!has_files(&site, photo).await);
        assert!(videos::find(site.db(), film).await.unwrap().is_none());
        assert!(!site.app.media.exists(&Key::video_source(film)).await.unwrap());
    }

    async fn an_account_nobody_confirmed_is_forgotten_after_a_month(site: TestApp) {
        let mut visitor = site.visitor();
        let form = [
            ("nickname", "みかくにん"),
            ("email", "mikakunin@example.jp"),
            ("password", "あさがおの たねを まく"),
        ];
        visitor.post("/signup", &form).await;
        let kept = site.member("はなこ").await;
        let find = async |email: &str| {
            let email = server::accounts::Email::parse(email).unwrap();
            server::accounts::find_by_email(site.db(), &email).await.unwrap().is_some()
        };
        assert!(find("mikakunin@example.jp").await);
        let purge = async || {
            let mut tx = site.db().begin().await.unwrap();
            server::jobs::enqueue(&mut tx, &site.clock, &server::accounts::jobs::Purge {}).await.unwrap();
            tx.commit().await.unwrap();
            site.run_jobs().await;
        };
        site.clock.advance(29 * DAY);
        purge().await;
        assert!(find("mikakunin@example.jp").await);
        site.clock.advance(2 * DAY);
        purge().await;
        assert!(!find("mikakunin@example.jp").await);
        assert!(site.viewer(&kept).await.account().is_some());
        // The name and the address are free again.
        let again = visitor.post("/signup", &form).await;
        assert!(again.status.is_redirection() || again.status.is_success(), "{}", again.text());
    }

    // Two jobs that end together: the later one waits at the revision until the earlier one's work is to be seen.
    async fn of_two_jobs_that_settle_media_at_once_the_second_waits_for_the_first(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).draft().await;
        let photo = site.add_photo(&author, post).await;
        site.submit(&author, post).await;
        let (post, revision) =
            posts::revisions_with_photo(site.db(), photo).await.unwrap().pop().unwrap();
        let mut first = site.db().begin().await.unwrap();
        posts::actions::media_settled(&mut first, &site.clock, &post, &revision).await.unwrap();
        let (db, clock) = (site.db().clone(), site.clock.clone());
        let mut second = tokio::spawn(async move {
            let mut tx = db.begin().await.unwrap();
            posts::actions::media_settled(&mut tx, &clock, &post, &revision).await.unwrap();
            tx.commit().await.unwrap();
        });
        let waits = tokio::time::timeout(Duration::from_millis(300), &mut second).await;
        assert!(waits.is_err(), "it went ahead beside the first");
        first.commit().await.unwrap();
        second.await.unwrap();
    }
}
