//! Films that were filmed for slow motion: their author chooses, on the posting page, how they are shown.

use crate::video_job::{count_jobs, find, status};
use rstest::rstest;
use server::media::{Key, UNUSED_FOR};
use server::posts;
use server::time_id::{PostId, VideoId};
use server::videos::{self, VideoStatus};
use std::process::Command;
use std::time::Duration;
use tests::browser::field;
use tests::{Answer, Browser, Database, TestApp, media, on_both_databases};
use web::compose::Motion;
use web::{Lang, Length};

const SLOWLY: &str = "value=\"video-slow\"";
const AS_FILMED: &str = "value=\"video-as-filmed\"";

fn film(rate: u32) -> Vec<u8> {
    media::film(
        "film.mp4",
        &format!(
            "-f lavfi -i testsrc2=s=160x120:r={rate}:d=1 -f lavfi -i sine=d=1 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac"
        ),
    )
}

/// A draft with a film of one second at so many frames, which is ready.
async fn draft(site: &TestApp, author: &Browser, rate: u32) -> (PostId, VideoId) {
    let post = site.post(author).titled("はじめてのジャンプ").saying("とびました。").draft().await;
    let film = site.send_film(author, post, film(rate)).await;
    site.run_jobs().await;
    (post, film)
}

/// Presses a button of the form as a browser without script does, with this title typed.
async fn press(author: &mut Browser, post: PostId, action: &str, title: &str) -> Answer {
    let page = format!("/posts/{post}/edit");
    let form = author.get(&page).await.expect(200).text();
    let version = field(&form, "version");
    let fields = [
        ("kind", "tip"),
        ("title", title),
        ("body", "とびました。"),
        ("region", "uji"),
        ("version", version.as_str()),
        ("action", action),
    ];
    author.post(&page, &fields).await
}

async fn shown(site: &TestApp, author: &Browser, post: PostId) -> VideoId {
    let viewer = site.viewer(author).await;
    let editing = posts::actions::open(site.db(), &viewer, post).await.unwrap();
    editing.revision.video_id.unwrap()
}

async fn has_source(site: &TestApp, video: VideoId) -> bool {
    site.app.media.exists(&Key::video_source(video)).await.unwrap()
}

on_both_databases! {
    async fn an_author_shows_a_film_slowly_and_may_change_their_mind(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let (post, filmed) = draft(&site, &author, 120).await;
        let page = format!("/posts/{post}/edit");
        for lang in Lang::ALL {
            let offer = Motion::MayBeSlow { seconds: 4 };
            let told = status(&author, post, lang).await["video"]["motion"].clone();
            assert_eq!(told["text"], offer.plain_words(lang));
            assert_eq!(told["change"]["action"], "video-slow");
            let mut reader = author.clone().in_language(lang.code());
            let words = offer.words(lang).to_string();
            reader.get(&page).await.expect(200).shows(&words).shows(SLOWLY);
        }
        let captions = format!("/posts/{post}/captions");
        let fields = [("text", "0:00.2 ジャンプ"), ("language", "ja"), ("seen", "")];
        author.post(&captions, &fields).await.expect(303);

        let sent = press(&mut author, post, "video-slow", "とんだ、とんだ").await.expect(303);
        assert_eq!(sent.location(), page);
        let slow = shown(&site, &author, post).await;
        assert_ne!(slow, filmed);
        author.get(&page).await.expect(200).shows("とんだ、とんだ").shows("ゆっくり再生です").shows(AS_FILMED);
        site.run_jobs().await;
        let made = find(&site, slow).await;
        assert_eq!((made.state, made.is_slow), (VideoStatus::Ready, true));
        assert!(made.duration_ms.abs_diff(4_000) < 100, "{} ms", made.duration_ms);
        assert_eq!(status(&author, post, Lang::Ja).await["video"]["motion"]["change"]["action"], "video-as-filmed");
        // Their times are those of another film.
        author.get(&page).await.expect(200).shows("film.mov").shows("字幕の時間を確かめる");

        // Both are there: nothing has to be made again.
        for (action, expected) in [("video-as-filmed", filmed), ("video-slow", slow), ("video-as-filmed", filmed)] {
            press(&mut author, post, action, "とんだ").await.expect(303);
            assert_eq!(shown(&site, &author, post).await, expected);
            assert_eq!(count_jobs(&site, "queued").await, 0);
        }
        author.get(&page).await.expect(200).hides("字幕の時間を確かめる").shows(SLOWLY);
    }

    async fn the_source_stays_as_long_as_either_motion_is_shown(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let (post, filmed) = draft(&site, &author, 120).await;
        let a_day = UNUSED_FOR + Duration::from_secs(1);
        press(&mut author, post, "video-slow", "とんだ").await.expect(303);
        let slow = shown(&site, &author, post).await;
        assert!(!has_source(&site, slow).await, "it is not kept twice");
        // The other is gone before this one is begun.
        site.clock.advance(a_day);
        site.run_jobs().await;
        assert!(videos::find(site.db(), filmed).await.unwrap().is_none());
        assert!(!has_source(&site, filmed).await);
        assert_eq!(find(&site, slow).await.state, VideoStatus::Ready);
        site.make_film_anew(slow).await;
        assert_eq!(find(&site, slow).await.generation, 2);

        press(&mut author, post, "video-as-filmed", "とんだ").await.expect(303);
        let again = shown(&site, &author, post).await;
        assert_ne!(again, filmed);
        site.run_jobs().await;
        let made = find(&site, again).await;
        assert_eq!((made.state, made.is_slow), (VideoStatus::Ready, false));
        assert!(made.duration_ms.abs_diff(1_000) < 100, "{} ms", made.duration_ms);

        let viewer = site.viewer(&author).await;
        posts::actions::remove_video(&site.app, &viewer, post).await.unwrap();
        site.clock.advance(a_day);
        site.run_jobs().await;
        for video in [filmed, slow, again] {
            assert!(videos::find(site.db(), video).await.unwrap().is_none());
            let folder = site.data.path().join(format!("media/objects/videos/{video}"));
            assert!(!folder.exists(), "{video} has left something");
        }
    }

    async fn what_is_published_stays_as_it_was_approved(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let (post, filmed) = draft(&site, &author, 120).await;
        site.submit(&author, post).await;
        site.approve(post).await;
        press(&mut author, post, "video-slow", "とんだ").await.expect(303);
        let slow = shown(&site, &author, post).await;
        site.run_jobs().await;
        let page = format!("/posts/{post}");
        let [filmed, slow] = [filmed, slow].map(|film| format!("/media/videos/{film}/"));
        site.visitor().get(&page).await.expect(200).shows(&filmed).hides(&slow);
        site.visitor().get(&format!("{slow}1/master.m3u8")).await.expect(404);
        site.submit(&author, post).await;
        site.approve(post).await;
        site.visitor().get(&page).await.expect(200).shows(&slow).hides(&filmed);
        site.visitor().get(&format!("{slow}1/master.m3u8")).await.expect(200);
    }

    async fn an_ordinary_film_has_no_other_motion(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let (post, film) = draft(&site, &author, 30).await;
        author.get(&format!("/posts/{post}/edit")).await.expect(200).hides(SLOWLY).hides("スローモーション");
        assert!(status(&author, post, Lang::Ja).await["video"]["motion"].is_null());
        press(&mut author, post, "video-slow", "とんだ").await.expect(409);
        assert_eq!(shown(&site, &author, post).await, film);
    }
}

#[test]
fn an_operator_who_tries_a_clip_is_told_that_it_can_be_slowed() {
    let folder = tempfile::tempdir().unwrap();
    for (rate, is_told) in [(240, true), (30, false)] {
        let clip = folder.path().join(format!("{rate}.mp4"));
        std::fs::write(&clip, film(rate)).unwrap();
        let tried = Command::new(tests::app::binary("megurumi"))
            .arg("try-video")
            .args([clip, folder.path().join(format!("out-{rate}"))])
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&tried.stderr).into_owned();
        assert!(tried.status.success(), "{words}");
        assert_eq!(words.contains("in which it is 8 times as long"), is_told, "{words}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_that_would_be_too_long_slowly_says_so_in_place_of_the_button(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let site = TestApp::start_with(database, &[("VIDEO_MAX_SECONDS", "3")]).await;
    let mut author = site.member("はなこ").await;
    let (post, film) = draft(&site, &author, 120).await;
    for lang in Lang::ALL {
        let told = Motion::TooLong { seconds: 4, longest: Length(3) };
        let mut reader = author.clone().in_language(lang.code());
        let form = reader.get(&format!("/posts/{post}/edit")).await.expect(200);
        form.shows(&told.words(lang).to_string()).hides(SLOWLY);
        let script = status(&author, post, lang).await["video"]["motion"].clone();
        assert_eq!(script["text"], told.plain_words(lang));
        assert!(script["change"].is_null(), "{script}");
    }
    press(&mut author, post, "video-slow", "とんだ").await.expect(409);
    assert_eq!(shown(&site, &author, post).await, film);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_as_many_films_waiting_as_anybody_may_is_told_beside_the_field(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let site = TestApp::start_with(database, &[("MEMBER_MAX_WAITING_VIDEOS", "1")]).await;
    let mut author = site.member("はなこ").await;
    let (post, film) = draft(&site, &author, 120).await;
    let other = site.post(&author).draft().await;
    site.add_film(&author, other, 1).await;
    let answer = press(&mut author, post, "video-slow", "とんだ、とんだ").await.expect(422);
    answer.shows("とんだ、とんだ").shows("id=\"e-video\"");
    assert_eq!(shown(&site, &author, post).await, film);
    site.run_jobs().await;
    press(&mut author, post, "video-slow", "とんだ、とんだ").await.expect(303);
    assert_ne!(shown(&site, &author, post).await, film);
}
