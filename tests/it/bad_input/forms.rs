//! The posting form with values missing, absurd, or in the company of files that can't be taken: the words survive.

use super::{WORDS, assert_discreet};
use rstest::rstest;
use server::access::rate_limit::{self, PHOTOS_BY_ACCOUNT, UPLOADS_BY_ACCOUNT};
use server::posts;
use server::time_id::PostId;
use tests::browser::field;
use tests::{Browser, Database, TestApp, media, on_both_databases};
use web::{Lang, Size};

/// The draft as its author finds it: title, body, and the order of its photos.
async fn kept(author: &mut Browser, post: PostId) -> (String, String, String) {
    let page = author.get(&format!("/posts/{post}/edit")).await.expect(200).text();
    let body = page.split("name=\"body\"").nth(1).unwrap().split("</textarea>").next().unwrap();
    let body = body.split_once(">\n").unwrap().1.to_owned();
    (field(&page, "title"), body, field(&page, "photos_order"))
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_past_its_size_costs_neither_the_words_behind_it_nor_the_photos_before_it(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let limits = [("VIDEO_MAX_BYTES", "1048576"), ("PHOTO_MAX_BYTES", "1048576")];
    let site = TestApp::start_with(database, &limits).await;
    let mut author = site.member("はなこ").await;
    let post = site.post(&author).titled("まえの題").saying("まえの本文").draft().await;
    let edit = format!("/posts/{post}/edit");
    let photo = media::photo(400, 300);
    let files: [(&str, &str, &str, &[u8]); 1] = [("photos", "a.jpg", "image/jpeg", &photo)];
    author.script().post_files(&format!("/posts/{post}/photos"), &[], &files).await.expect(200);
    site.run_jobs().await;

    let large = vec![7; 2 << 20];
    for name in ["photos", "video"] {
        let form = author.get(&edit).await.expect(200).text();
        let (version, order) = (field(&form, "version"), field(&form, "photos_order"));
        // As the page has them: the files stand before the words.
        let body = as_a_browser_sends(
            &[("version", &version), ("photos_order", &order)],
            (name, &large),
            &[&WORDS[1..], &[("action", "submit")]].concat(),
        );
        let answer = send(&mut author, &edit, body).await.expect(422);
        let answer =
            answer.shows(&Lang::Ja.t1("error-file-too-big", "size", Size(1 << 20)).to_string());
        assert_discreet(&site, name, &answer);
        let (title, body, photos) = kept(&mut author, post).await;
        assert_eq!((title.as_str(), body.as_str()), ("くつ下の朝", "手ぶくろにしてあいさつ"));
        assert_eq!((photos.len(), &photos), (36, &order), "the photo stays");
    }

    // A form that is too long even to be read over changes nothing.
    let form = author.get(&edit).await.expect(200).text();
    let endless = vec![7; 23 << 20];
    let body =
        as_a_browser_sends(&[("version", &field(&form, "version"))], ("video", &endless), &[]);
    let answer = send(&mut author, &edit, body).await.expect(413);
    assert_discreet(&site, "an endless form", &answer);
    let (title, _, photos) = kept(&mut author, post).await;
    assert_eq!((title.as_str(), photos.len()), ("くつ下の朝", 36));
}

const BOUNDARY: &str = "----as-a-browser";

fn as_a_browser_sends(
    before: &[(&str, &str)],
    (name, bytes): (&str, &[u8]),
    behind: &[(&str, &str)],
) -> Vec<u8> {
    let text = |(name, value): &(&str, &str)| {
        format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
    };
    let mut body: Vec<u8> = before.iter().flat_map(|field| text(field).into_bytes()).collect();
    body.extend(
        format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"a\"\r\n\r\n")
            .bytes(),
    );
    body.extend(bytes);
    body.extend(b"\r\n");
    body.extend(behind.iter().flat_map(|field| text(field).into_bytes()));
    body.extend(format!("--{BOUNDARY}--\r\n").bytes());
    body
}

/// In pieces, as a network brings them.
async fn send(author: &mut Browser, path: &str, body: Vec<u8>) -> tests::Answer {
    let pieces: Vec<_> =
        body.chunks(50_000).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
    let body = axum::body::Body::from_stream(futures_util::stream::iter(pieces));
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    author.request(axum::http::Method::POST, path, &[("content-type", &kind)], body).await
}

on_both_databases! {
    async fn a_form_without_its_version_overwrites_nothing(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let draft = site.post(&author).titled("たいせつな下書き").draft().await;
        let published = site.post(&author).titled("公開した投稿").published().await;
        for (post, title) in [(draft, "たいせつな下書き"), (published, "公開した投稿")] {
            let edit = format!("/posts/{post}/edit");
            for fields in [&[][..], &[("title", "x"), ("version", "")], &[("title", "x"), ("version", "0")],
                &[("title", "x"), ("version", "-1")], &[("title", "x"), ("version", "１")], &[("title", "x"), ("version", "99999999999999999999")]] {
                let answer = author.post(&edit, fields).await.expect(409);
                assert_discreet(&site, "a form without its version", &answer);
                if !fields.is_empty() {
                    answer.shows("value=\"x\"");
                }
            }
            author.post_files(&edit, &[], &[]).await.expect(409);
            author.get(&edit).await.expect(200).shows(title);
            let put = axum::http::Method::PUT;
            author.form(put, &format!("/posts/{post}/draft"), &[("title", "x")]).await.expect(409);
        }
        assert!(posts::open_revision(site.db(), published).await.unwrap().is_none(), "no next revision was begun");
    }

    async fn who_sends_too_many_files_is_told_beside_what_was_typed(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let id = site.viewer(&author).await.id().unwrap().to_string();
        for limit in [PHOTOS_BY_ACCOUNT, UPLOADS_BY_ACCOUNT] {
            for _ in 0..limit.most {
                rate_limit::take_now(site.db(), &site.clock, limit, &id).await.unwrap();
            }
        }
        for name in ["photos", "video"] {
            let words = [&WORDS[..], &[("action", "submit")]].concat();
            let answer = author.post_files("/posts/new", &words, &[(name, "a", "image/jpeg", b"bytes")]).await.expect(422);
            assert_discreet(&site, name, &answer);
            answer.shows(&Lang::Ja.ta("error-too-many-words")).shows("くつ下の朝").shows("手ぶくろにして");
        }
    }

    async fn absurd_values_come_back_with_their_mistakes_in_the_readers_language(site: TestApp) {
        let author = site.member("はなこ").await;
        let (title, body, tag) = ("あ".repeat(81), "い".repeat(20_001), "う".repeat(21));
        for lang in Lang::ALL {
            let mut author = author.clone().in_language(lang.code());
            let draft = site.post(&author).draft().await;
            let edit = format!("/posts/{draft}/edit");
            let version = field(&author.get(&edit).await.text(), "version");
            let fields = [
                ("version", version.as_str()), ("title", &title), ("body", &body), ("region", "../uji"), ("tags", &tag),
                ("age_from", "1e9"), ("age_to", "-5"), ("photos_order", "x,,%00"), ("action", "submit"),
            ];
            let answer = author.post_files(&edit, &fields, &[]).await.expect(422).shows(&title).shows(&body).shows(&tag);
            let answer = answer.shows("value=\"1e9\"").shows("value=\"-5\"");
            assert_discreet(&site, "absurd values", &answer);
            let words = [
                lang.t1("error-title-long", "n", 80u32), lang.t1("error-body-long", "n", 20_000u32), lang.t("error-region"),
                lang.t1("error-tag-long", "n", 20u32), lang.t("error-age-number"), lang.t("form-errors"),
            ];
            words.iter().fold(answer, |answer, words| answer.shows(&words.to_string()));
        }
    }

    async fn more_fields_than_any_form_has_are_refused(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let draft = site.post(&author).titled("たいせつな下書き").draft().await;
        let edit = format!("/posts/{draft}/edit");
        let long = "n".repeat(300_000);
        let many = vec![("", ""); 5000];
        for fields in [&[(long.as_str(), "")][..], &[("title", long.as_str())], &many] {
            let answer = author.post_files(&edit, fields, &[]).await.expect(413);
            assert_discreet(&site, "too many fields", &answer);
        }
        author.post(&edit, &[("title", &long)]).await.expect(413);
        author.get(&edit).await.expect(200).shows("たいせつな下書き");
    }
}
