//! How much one member may send in a day, and how many of their videos may wait.

use axum::body::Body;
use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures_util::future::join_all;
use rstest::rstest;
use server::error::Error;
use server::media::upload::EXPIRES_AFTER;
use server::photos;
use server::time_id::PostId;
use std::time::Duration;
use tests::{Answer, Browser, Database, TestApp, media};
use web::lang::Arg;
use web::{Lang, When};

const MIB: usize = 1 << 20;
const TUS: (&str, &str) = ("tus-resumable", "1.0.0");
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Files of up to 1 MiB, two of them a day.
async fn small(database: Database) -> TestApp {
    let settings = [
        ("VIDEO_MAX_BYTES", "1048576"),
        ("PHOTO_MAX_BYTES", "1048576"),
        ("MEMBER_MAX_BYTES_PER_DAY", "2097152"),
        ("MEMBER_MAX_WAITING_VIDEOS", "100"),
    ];
    TestApp::start_with(database, &settings).await
}

async fn begin(member: &Browser, length: usize) -> Answer {
    let length = length.to_string();
    let headers = [TUS, ("upload-length", &length)];
    member.script().request(Method::POST, "/uploads", &headers, Body::empty()).await
}

/// For a post, as the posting page does.
async fn begin_for(member: &Browser, post: PostId, length: usize) -> Answer {
    let length = length.to_string();
    let post = format!("post_id {}", BASE64.encode(post.to_string()));
    let headers = [TUS, ("upload-length", &length), ("upload-metadata", &post)];
    member.script().request(Method::POST, "/uploads", &headers, Body::empty()).await
}

async fn send(member: &Browser, upload: &str, bytes: usize) {
    let kind = ("content-type", "application/offset+octet-stream");
    let headers = [TUS, kind, ("upload-offset", "0")];
    let body = Body::from(vec![7; bytes]);
    member.script().request(Method::PATCH, upload, &headers, body).await.expect(204);
}

async fn end(member: &Browser, upload: &str) {
    member.script().request(Method::DELETE, upload, &[TUS], Body::empty()).await.expect(204);
}

fn day(again: When) -> [(&'static str, Arg<'static>); 2] {
    [("size", Arg::Size(2 << 20)), ("time", Arg::Moment(again))]
}

fn day_is_full(lang: Lang, again: When) -> String {
    lang.plain_with("error-day-full-words", &day(again))
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn past_the_days_bytes_a_member_is_told_when_to_go_on(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[values(false, true)] is_moderator: bool,
) {
    let site = small(database).await;
    let member = match is_moderator {
        true => site.moderator("けん").await,
        false => site.member("はなこ").await,
    };
    begin(&member, MIB).await.expect(201);
    site.clock.advance(Duration::from_secs(3600));
    begin(&member, MIB).await.expect(201);
    site.clock.advance(Duration::from_secs(3600));
    let again = When(site.clock.now().plus(22 * 3600 * Duration::from_secs(1)).as_millis());
    for lang in Lang::ALL {
        let answer = begin(&member.clone().in_language(lang.code()), 1).await.expect(429);
        assert_eq!(answer.header("retry-after"), (22 * 3600).to_string());
        assert_eq!(answer.header("tus-resumable"), "1.0.0");
        assert_eq!(answer.json()["error"], "day-full");
        assert_eq!(answer.json()["message"], day_is_full(lang, again));
    }
    begin(&site.member("まゆ").await, MIB).await.expect(201);
    site.clock.advance(22 * Duration::from_secs(3600));
    begin(&member, MIB).await.expect(201);
    begin(&member, 1).await.expect(429);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_up_counts_as_far_as_it_came(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let site = small(database).await;
    let member = site.member("はなこ").await;
    for _ in 0..3 {
        // Announced whole and given up half way: three of them are a whole and a half.
        let upload = begin(&member, MIB).await.expect(201).location().to_owned();
        send(&member, &upload, MIB / 2).await;
        end(&member, &upload).await;
    }
    begin(&member, MIB).await.expect(429);
    begin(&member, MIB / 2).await.expect(201);
    begin(&member, 1).await.expect(429);
    // What nobody goes on with gives back what never came, and the day is over by then anyway.
    site.clock.advance(EXPIRES_AFTER);
    begin(&member, MIB).await.expect(201);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_chooses_another_video_for_a_post_has_sent_only_what_arrived_of_the_first(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let settings = [("MEMBER_MAX_WAITING_VIDEOS", "1"), ("MEMBER_MAX_BYTES_PER_DAY", "600000000")];
    let site = TestApp::start_with(database, &settings).await;
    let member = site.member("はなこ").await;
    let post = site.post(&member).draft().await;
    for _ in 0..4 {
        let upload = begin_for(&member, post, 400 * MIB).await.expect(201).location().to_owned();
        send(&member, &upload, MIB).await;
    }
    let first = begin_for(&member, post, 400 * MIB).await.expect(201).location().to_owned();
    begin_for(&member, post, 400 * MIB).await.expect(201);
    let head = member.script().request(Method::HEAD, &first, &[TUS], Body::empty()).await;
    head.expect(410);
    // For another post it would be a second one.
    let other = site.post(&member).draft().await;
    assert_eq!(begin_for(&member, other, MIB).await.expect(429).json()["error"], "videos-waiting");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_at_the_same_time_do_not_share_what_is_left(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let site = small(database).await;
    let member = site.member("はなこ").await;
    let answers = join_all((0..12).map(|_| {
        let member = member.clone();
        tokio::spawn(async move { begin(&member, MIB / 2).await.status.as_u16() })
    }));
    let mut answers: Vec<u16> = answers.await.into_iter().map(Result::unwrap).collect();
    answers.sort_unstable();
    assert_eq!(answers[..4], [201; 4]);
    assert_eq!(answers[4..], [429; 8]);
}

async fn take_photo(
    site: &TestApp,
    member: &Browser,
    post: PostId,
    bytes: usize,
) -> Result<(), Error> {
    let viewer = site.viewer(member).await;
    let photo = Ok::<_, std::io::Error>(Bytes::from(vec![7; bytes]));
    let photo = futures_util::stream::iter([photo]);
    photos::actions::take_in(&site.app, &viewer, post, photo).await.map(drop)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn photos_count_with_the_videos(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let site = small(database).await;
    let member = site.member("はなこ").await;
    let post = site.post(&member).draft().await;
    begin(&member, MIB).await.expect(201);
    take_photo(&site, &member, post, MIB / 2).await.unwrap();
    let refused = take_photo(&site, &member, post, MIB / 2 + 1).await;
    assert!(matches!(refused, Err(Error::Exceeded(_))), "{refused:?}");
    take_photo(&site, &member, post, MIB / 2).await.unwrap();
    let again = When(site.clock.now().plus(DAY).as_millis());
    let mut script = member.script();
    let photo = [("photos", "a.jpg", "image/jpeg", &b"x"[..])];
    let answer = script.post_files(&format!("/posts/{post}/photos"), &[], &photo).await.expect(429);
    assert_eq!(answer.json()["message"], day_is_full(Lang::Ja, again));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plain_form_says_so_beside_the_field_and_keeps_what_was_typed(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[values("video", "photos")] field: &str,
) {
    let site = small(database).await;
    let member = site.member("はなこ").await;
    begin(&member, MIB).await.expect(201);
    begin(&member, MIB / 2).await.expect(201);
    let again = When(site.clock.now().plus(DAY).as_millis());
    let words = [("kind", "tip"), ("title", "くつ下の朝"), ("body", "あいさつ"), ("region", "uji")];
    let file = vec![7; MIB * 3 / 4];
    for lang in Lang::ALL {
        let mut member = member.clone().in_language(lang.code());
        let mut form = words.to_vec();
        form.push(("action", "submit"));
        let files = [(field, "a.mp4", "video/mp4", &file[..])];
        let answer = member.post_files("/posts/new", &form, &files).await.expect(422);
        let words = lang.html_with("error-day-full-words", &day(again));
        let answer = answer.shows(&words).shows("くつ下の朝").shows("あいさつ");
        answer.shows("<option value=\"uji\" selected>");
    }
    if field == "photos" {
        begin(&member, MIB / 2).await.expect(201);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_so_many_videos_of_a_member_wait(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let settings = [("MEMBER_MAX_WAITING_VIDEOS", "2")];
    let site = TestApp::start_with(database, &settings).await;
    let mut member = site.member("はなこ").await;
    for _ in 0..2 {
        let post = site.post(&member).draft().await;
        site.add_film(&member, post, 1).await;
    }
    for lang in Lang::ALL {
        let answer = begin(&member.clone().in_language(lang.code()), 1000).await.expect(429);
        assert_eq!(answer.header("retry-after"), "60");
        assert_eq!(answer.json()["error"], "videos-waiting");
        let words = lang.ta1("error-videos-waiting-words", "n", 2u32);
        assert_eq!(answer.json()["message"], words);
    }
    begin(&site.member("まゆ").await, 1000).await.expect(201);
    // By the plain form the words are beside the field, and what was typed is kept.
    let clip = media::portrait_clip(1);
    let words =
        [("kind", "tip"), ("title", "くつ下の朝"), ("body", "あいさつ"), ("action", "save")];
    let files = [("video", "a.mp4", "video/mp4", &clip[..])];
    let answer = member.post_files("/posts/new", &words, &files).await.expect(422);
    answer.shows(&Lang::Ja.ta1("error-videos-waiting-words", "n", 2u32)).shows("くつ下の朝");
    site.run_jobs().await;
    begin(&member, 1000).await.expect(201);
    let answers = join_all((0..6).map(|_| begin(&member, 1000))).await;
    let taken = answers.iter().filter(|answer| answer.status.as_u16() == 201).count();
    assert_eq!(taken, 1, "what is on its way will wait, too");
    // What was left lying keeps nobody from sending another.
    site.clock.advance(Duration::from_secs(3601));
    begin(&member, 1000).await.expect(201);
    begin(&member, 1000).await.expect(201);
    begin(&member, 1000).await.expect(429);
}
