//! Files that are no clip and no photo, sent by the plain form and looked at by the real child.

use super::{
    Trap, WORDS, assert_discreet, assert_the_worker_lives, files_under,
    first_account_of_this_machine,
};
use rstest::rstest;
use tests::browser::encoded;
use tests::{Answer, Browser, Database, TestApp, media};
use web::{Lang, Length, MediaFault, Size};

/// Small, so that a file past them is made in no time.
const LIMITS: [(&str, &str); 3] =
    [("VIDEO_MAX_BYTES", "1048576"), ("VIDEO_MAX_SECONDS", "2"), ("PHOTO_MAX_BYTES", "1048576")];

/// Sends a whole new post with one file.
async fn send(author: &mut Browser, field: &str, name: &str, bytes: &[u8]) -> Answer {
    let mut words = WORDS.to_vec();
    words.push(("action", "submit"));
    let kind = if field == "video" { "video/mp4" } else { "image/jpeg" };
    author.post_files("/posts/new", &words, &[(field, name, kind, bytes)]).await
}

#[track_caller]
fn assert_nothing_typed_is_lost(form: &Answer) {
    let page = form.text();
    for (name, value) in &WORDS[1..] {
        assert!(page.contains(value), "{name} is lost:\n{page}");
    }
    assert!(page.contains("<option value=\"uji\" selected>"), "the region is lost:\n{page}");
}

/// Files with what is wrong with them.
fn no_clips(trap: &Trap) -> Vec<(&'static str, Vec<u8>, MediaFault)> {
    let playlist = |target: &str| {
        format!(
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:9\n#EXT-X-MEDIA-SEQUENCE:0\n\
             #EXTINF:9.0,\n{target}\n#EXT-X-ENDLIST\n"
        )
        .into_bytes()
    };
    let listening = playlist(&trap.url("a.ts"));
    let passwd = playlist("/etc/passwd");
    let clip = media::portrait_clip(2);
    let song = media::film("song.m4a", "-f lavfi -i sine=d=1 -c:a aac");
    let long = media::film(
        "long.mp4",
        "-f lavfi -i testsrc=s=160x120:r=10:d=4 -c:v libx264 -pix_fmt yuv420p",
    );
    let huge = media::film(
        "huge.mp4",
        "-f lavfi -i color=c=green:s=4400x2304:r=10:d=0.2 -c:v libx264 -preset ultrafast -pix_fmt yuv420p",
    );
    vec![
        ("empty.mp4", Vec::new(), MediaFault::Empty),
        ("listening.m3u8", listening.clone(), MediaFault::UnknownFormat),
        ("passwd.m3u8", passwd.clone(), MediaFault::UnknownFormat),
        ("passwd.mp4", passwd.clone(), MediaFault::UnknownFormat),
        ("listening.avi", media::avi_with_subtitles(&listening), MediaFault::NoVideo),
        ("passwd.avi", media::avi_with_subtitles(&passwd), MediaFault::NoVideo),
        ("truncated.mp4", clip[..clip.len() / 2].to_vec(), MediaFault::Damaged),
        ("long.mp4", long, MediaFault::TooLong),
        ("huge.mp4", huge, MediaFault::TooManyPixels),
        ("song.mp4", song, MediaFault::NoVideo),
    ]
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_no_clip_is_told_by_its_fault_and_leads_nowhere(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let site = TestApp::start_with(database, &LIMITS).await;
    let mut author = site.member("はなこ").await;
    let trap = Trap::set();
    let longest = Length(2);
    for (name, bytes, fault) in no_clips(&trap) {
        let sent = send(&mut author, "video", name, &bytes).await.expect(303);
        let post = sent.location().to_owned();
        site.run_jobs().await;
        for lang in Lang::ALL {
            let mut reader = author.clone().in_language(lang.code());
            let status = reader.script().get(&format!("{post}/status")).await.expect(200);
            assert_eq!(status.json()["video"]["state"], "failed", "{name}");
            let words = fault.plain_video_words(lang, longest);
            assert_eq!(status.json()["video"]["message"], words, "{name}");
            assert_eq!(status.json()["video"]["retry"], false, "{name}");
            assert_discreet(&site, name, &status);
            let form = reader.get(&format!("{post}/edit")).await.expect(200);
            let words = fault.video_words(lang, longest).to_string();
            let form = form.shows(&words).hides("value=\"video-retry\"");
            assert_nothing_typed_is_lost(&form);
            assert_discreet(&site, name, &form);
        }
        // Trying again changes nothing and harms nothing.
        let form = author.get(&format!("{post}/edit")).await.text();
        let version = tests::browser::field(&form, "version");
        let mut again = WORDS.to_vec();
        again.extend([("version", version.as_str()), ("action", "video-retry")]);
        author.post(&format!("{post}/edit"), &again).await.expect(303);
        site.run_jobs().await;
        let status = author.script().get(&format!("{post}/status")).await.expect(200).json();
        let words = fault.plain_video_words(Lang::Ja, longest);
        assert_eq!(status["video"]["message"], words, "{name}");
    }
    trap.assert_nobody_came();
    for mail in site.mails().await {
        assert!(!mail.body.contains(&first_account_of_this_machine()), "{mail:?}");
    }
    assert_nothing_was_fetched(&site);
    assert_the_worker_lives(&site, &mut author).await;
}

/// No file that the site has made or kept holds what the hostile ones asked for.
fn assert_nothing_was_fetched(site: &TestApp) {
    let account = first_account_of_this_machine();
    for file in files_under(site.data.path()) {
        let bytes = std::fs::read(&file).unwrap();
        let is_there = bytes.windows(account.len()).any(|part| part == account.as_bytes());
        assert!(!is_there, "{} holds a line of /etc/passwd", file.display());
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_no_photo_is_told_by_its_fault_and_leads_nowhere(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let site = TestApp::start_with(database, &LIMITS).await;
    let mut author = site.member("はなこ").await;
    let trap = Trap::set();
    let photo = media::photo(400, 300);
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg'><image href='{}'/><image href='file:///etc/passwd'/></svg>",
        trap.url("a.png")
    );
    let cases: [(&str, Vec<u8>, MediaFault); 7] = [
        ("text.jpg", "ただのテキストです。".into(), MediaFault::UnknownFormat),
        ("list.png", format!("#EXTM3U\n{}\n", trap.url("a")).into(), MediaFault::UnknownFormat),
        ("picture.svg", svg.into(), MediaFault::UnknownFormat),
        ("clip.jpg", media::portrait_clip(1)[..60_000].to_vec(), MediaFault::UnknownFormat),
        ("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec(), MediaFault::Damaged),
        ("truncated.jpg", photo[..photo.len() / 2].to_vec(), MediaFault::Damaged),
        ("huge.png", media::png_header(30_000, 30_000), MediaFault::TooManyPixels),
    ];
    for (name, bytes, fault) in cases {
        let sent = send(&mut author, "photos", name, &bytes).await.expect(303);
        let post = sent.location().to_owned();
        site.run_jobs().await;
        for lang in Lang::ALL {
            let mut reader = author.clone().in_language(lang.code());
            let form = reader.get(&format!("{post}/edit")).await.expect(200);
            let form = form.shows(&lang.t(fault.photo_key()).to_string());
            assert_nothing_typed_is_lost(&form);
            assert_discreet(&site, name, &form);
        }
    }
    trap.assert_nobody_came();
    assert_nothing_was_fetched(&site);
    assert_the_worker_lives(&site, &mut author).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_empty_or_past_its_size_is_told_at_once_beside_what_was_typed(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let site = TestApp::start_with(database, &LIMITS).await;
    let author = site.member("はなこ").await;
    let large = vec![7; (1 << 20) + 1];
    for lang in Lang::ALL {
        let mut author = author.clone().in_language(lang.code());
        let mut told = async |field: &str, name: &str, bytes: &[u8], words: String| {
            let form = send(&mut author, field, name, bytes).await.expect(422).shows(&words);
            assert_nothing_typed_is_lost(&form);
            assert_discreet(&site, name, &form);
        };
        let too_big = lang.t1("error-file-too-big", "size", Size(1 << 20)).to_string();
        told("video", "large.mp4", &large, too_big.clone()).await;
        told("photos", "large.jpg", &large, too_big).await;
        told("photos", "empty.jpg", b"", lang.t("photo-error-empty").to_string()).await;
    }
    assert_eq!(super::dead_jobs(&site).await, 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_file_name_is_a_name_and_no_path(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let site = TestApp::start_with(database, &LIMITS).await;
    let mut author = site.member("はなこ").await;
    for name in [
        "../../../../etc/passwd",
        "..\\..\\c.mp4",
        "/etc/shadow",
        "$(reboot).mp4",
        "a\u{202e}4pm.exe",
    ] {
        let sent = send(&mut author, "video", name, b"words").await.expect(303);
        let post = sent.location().to_owned();
        site.run_jobs().await;
        author.get(&format!("{post}/edit")).await.expect(200).hides("etc/").hides("..\\");
    }
    for file in files_under(site.data.path()) {
        let name = file.display().to_string();
        assert!(!name.contains("passwd") && !name.contains("reboot"), "{name}");
    }
    // Nor does an address lead out of the media folder.
    for path in ["../../megurumi.db", "..%2f..%2fmegurumi.db", &encoded(b"../../../etc/passwd")] {
        site.visitor().get(&format!("/assets/{path}")).await.expect(404);
    }
}
