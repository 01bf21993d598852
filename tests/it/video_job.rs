//! What an author sees around the job that makes their video: how far it is, what failed and what to do, what became of the file;
//! and what becomes of the job when its worker dies or its author changes their mind.

use rstest::rstest;
use sea_query::{Expr, ExprTrait, Func, Query};
use server::db::Read;
use server::db::tables::Jobs;
use server::media::UNUSED_FOR;
use server::posts::{self, RevisionState};
use server::time_id::{PostId, VideoId};
use server::videos::{self, Video, VideoStatus};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::{Browser, Database, TestApp, media, on_both_databases};
use web::{Lang, Length, MediaFault, MediaNote};

/// A program in place of the transcoder that does what `script` says; `$real` is the transcoder.
pub struct Impostor(TempDir);

impl Impostor {
    pub fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let real = tests::app::binary("megurumi-transcoder");
        let here = folder.path().display();
        let text = format!("#!/bin/sh\nreal={}\nhere={here}\n{script}\n", real.display());
        let impostor = Self(folder);
        std::fs::write(impostor.path("impostor"), text).unwrap();
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(impostor.path("impostor"), mode).unwrap();
        impostor
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub async fn site(&self, database: Database) -> TestApp {
        let program = self.path("impostor").display().to_string();
        TestApp::start_with(database, &[("TRANSCODER", &program)]).await
    }
}

pub async fn find(site: &TestApp, video: VideoId) -> Video {
    videos::find(site.db(), video).await.unwrap().unwrap()
}

pub async fn status(author: &Browser, post: PostId, lang: Lang) -> serde_json::Value {
    let mut script = author.script().in_language(lang.code());
    script.get(&format!("/posts/{post}/status")).await.expect(200).json()
}

pub async fn count_jobs(site: &TestApp, state: &str) -> u64 {
    let select = Query::select()
        .expr_as(Func::count(Expr::col(Jobs::Id)), "n")
        .from(Jobs::Table)
        .and_where(Expr::col(Jobs::Kind).eq("transcode_video"))
        .and_where(Expr::col(Jobs::State).eq(state))
        .take();
    site.db().count(&select).await.unwrap()
}

/// Looks until it is so.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited too long until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The author reads the fault's own words in every language, wherever they look; and may try again only where that can help.
async fn assert_told(author: &Browser, post: PostId, fault: MediaFault, longest: Length) {
    for lang in Lang::ALL {
        let told = status(author, post, lang).await;
        let words = fault.plain_video_words(lang, longest);
        assert_eq!(told["video"]["state"], "failed", "{fault:?}");
        assert_eq!(told["video"]["message"], words, "{fault:?}");
        assert_eq!(told["video"]["retry"], fault.is_passing(), "{fault:?}");
        let mut reader = author.clone().in_language(lang.code());
        let words = fault.video_words(lang, longest).to_string();
        let form = reader.get(&format!("/posts/{post}/edit")).await.expect(200).shows(&words);
        let offers = form.text().contains("value=\"video-retry\"");
        assert_eq!(offers, fault.is_passing(), "{fault:?}");
        reader.get(&format!("/posts/{post}")).await.expect(200).shows(&words);
    }
}

/// Files that can't be used, each with its fault.
fn faulty_files() -> Vec<(MediaFault, Vec<u8>)> {
    let clip = media::portrait_clip(2);
    let picture = "-f lavfi -i testsrc=s=160x120:r=10";
    let film = |name: &str, arguments: &str| media::film(name, arguments);
    let many = format!(
        "{picture} -f lavfi -i sine -t 1 -map 0 {} -c:v libx264 -c:a aac",
        "-map 1 ".repeat(17)
    );
    vec![
        (MediaFault::Empty, Vec::new()),
        (MediaFault::UnknownFormat, "これは動画ではありません。".into()),
        (MediaFault::UnsupportedCodec, film("old.avi", &format!("{picture} -t 1 -c:v msvideo1"))),
        (MediaFault::Damaged, clip[..clip.len() / 2].to_vec()),
        (MediaFault::NoVideo, film("song.m4a", "-f lavfi -i sine=d=1 -c:a aac")),
        (MediaFault::TooLong, film("long.mp4", &format!("{picture} -t 5 -c:v libx264"))),
        (
            MediaFault::TooManyPixels,
            film(
                "huge.mp4",
                "-f lavfi -i color=c=green:s=4400x2304:r=10:d=0.2 -c:v libx264 -preset ultrafast",
            ),
        ),
        (MediaFault::TooManyTracks, film("many.mp4", &many)),
    ]
}

/// Children that end without a result, each with its fault.
const FAULTY_CHILDREN: [(MediaFault, &str); 4] = [
    (MediaFault::TookTooLong, "kill -XCPU $$"),
    (MediaFault::TooHeavy, "exit 12"),
    (MediaFault::Crashed, "kill -SEGV $$"),
    (
        MediaFault::Tainted,
        "echo '{\"event\":\"failed\",\"failure\":\"tainted\",\"detail\":\"a place in udta\"}'",
    ),
];

#[test]
fn every_fault_is_brought_about_here() {
    let files = faulty_files().into_iter().map(|(fault, _)| fault);
    let children = FAULTY_CHILDREN.map(|(fault, _)| fault);
    // Want of room is waited out: `room`.
    let all: Vec<_> = files.chain(children).chain([MediaFault::NoRoom]).collect();
    for fault in MediaFault::ALL {
        assert!(all.contains(fault), "{fault:?}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_of_the_file_is_told_after_one_attempt(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let site = TestApp::start_with(database, &[("VIDEO_MAX_SECONDS", "3")]).await;
    let author = site.member("はなこ").await;
    for (fault, bytes) in faulty_files() {
        let post = site.post(&author).draft().await;
        site.send_film(&author, post, bytes).await;
        assert_eq!(site.submit(&author, post).await, RevisionState::Processing);
        site.run_jobs().await;
        assert_told(&author, post, fault, Length(3)).await;
        assert_eq!(count_jobs(&site, "queued").await, 0, "{fault:?}: nothing is tried again");
    }
    assert_eq!(count_jobs(&site, "dead").await, 0, "bad files bury no job");
    let mails = site.mails().await;
    for (fault, _) in faulty_files() {
        let words = fault.plain_video_words(Lang::Ja, Length(3));
        assert!(mails.iter().any(|mail| mail.body.contains(&words)), "{fault:?}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_of_ours_is_tried_again_with_pauses_and_told_after_the_last_attempt(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[values(0, 1, 2)] case: usize,
) {
    let (fault, script) = FAULTY_CHILDREN[case];
    assert!(fault.is_passing());
    let impostor = Impostor::new(script);
    let site = impostor.site(database).await;
    let mut author = site.member("はなこ").await;
    let post = site.post(&author).draft().await;
    let video = site.send_film(&author, post, media::portrait_clip(1)).await;
    site.submit(&author, post).await;
    for pause in [2, 8] {
        site.run_jobs().await;
        for lang in Lang::ALL {
            let told = status(&author, post, lang).await;
            assert_eq!(told["video"]["state"], "processing");
            assert_eq!(told["video"]["message"], &*lang.ta("video-again-waiting"));
        }
        author.get("/me").await.expect(200).shows("もう一度ためします");
        author.get(&format!("/posts/{post}")).await.expect(200).shows("もう一度ためします");
        site.clock.advance(Duration::from_millis(pause * 1000 - 1));
        let attempt = find(&site, video).await.attempt;
        site.run_jobs().await;
        assert_eq!(find(&site, video).await.attempt, attempt, "it pauses");
        site.clock.advance(Duration::from_millis(1));
    }
    site.run_jobs().await;
    assert_eq!(find(&site, video).await.attempt, 3);
    assert_told(&author, post, fault, Length(180)).await;
    assert_eq!(count_jobs(&site, "dead").await, 1, "an operator sees it");
    let words = fault.plain_video_words(Lang::Ja, Length(180));
    let mails = site.mails().await;
    assert!(mails.iter().any(|mail| mail.body.contains(&words)), "{mails:?}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_went_wrong_once_by_our_fault_goes_well_the_second_time(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let impostor =
        Impostor::new("[ -e $here/failed ] && exec $real \"$@\"; : > $here/failed; exit 12");
    let site = impostor.site(database).await;
    let author = site.member("はなこ").await;
    let post = site.post(&author).draft().await;
    let video = site.send_film(&author, post, media::portrait_clip(1)).await;
    site.run_jobs().await;
    let waiting = find(&site, video).await;
    assert_eq!(waiting.state, VideoStatus::Queued);
    assert_eq!(waiting.failure.as_deref(), Some("too_heavy"));
    site.clock.advance(Duration::from_secs(2));
    site.run_jobs().await;
    let ready = find(&site, video).await;
    assert_eq!((ready.state, ready.failure), (VideoStatus::Ready, None));
    let told = status(&author, post, Lang::Ja).await;
    assert_eq!(told["video"]["message"], &*Lang::Ja.ta("video-ready"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_output_that_must_not_be_published_is_our_bug_and_an_operator_sees_it(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let (fault, script) = FAULTY_CHILDREN[3];
    let impostor = Impostor::new(script);
    let site = impostor.site(database).await;
    let author = site.member("はなこ").await;
    let post = site.post(&author).draft().await;
    site.send_film(&author, post, media::portrait_clip(1)).await;
    site.run_jobs().await;
    assert_told(&author, post, fault, Length(180)).await;
    let dead = Query::select()
        .column(Jobs::LastError)
        .from(Jobs::Table)
        .and_where(Expr::col(Jobs::State).eq("dead"))
        .take();
    let dead = site.db().rows(&dead).await.unwrap();
    assert_eq!(dead.len(), 1, "once, and no second attempt");
    let error: String = dead[0].get("last_error").unwrap();
    assert!(error.contains("a place in udta"), "{error}");
}

on_both_databases! {
    async fn who_waits_is_told_how_many_come_before(site: TestApp) {
        let (mut first, mut second) = (site.member("はなこ").await, site.member("まゆ").await);
        let mut posts = Vec::new();
        for author in [&first, &first, &first, &second] {
            let post = site.post(author).draft().await;
            site.add_film(author, post, 1).await;
            site.submit(author, post).await;
            posts.push(post);
            site.clock.advance(Duration::from_secs(1));
        }
        let told = status(&first, posts[0], Lang::Ja).await;
        assert_eq!(told["video"]["message"], &*Lang::Ja.ta("video-next"), "nobody comes before");
        // Everyone has one turn in a round: what the first has sent beside it comes after the second's.
        for lang in Lang::ALL {
            for (author, post, ahead) in [(&second, 3, 1u32), (&first, 1, 2), (&first, 2, 3)] {
                let told = status(author, posts[post], lang).await;
                assert_eq!(told["video"]["message"], lang.ta1("video-waiting", "n", ahead));
            }
        }
        second.get("/me").await.expect(200).shows("前に1本");
        second.get(&format!("/posts/{}", posts[3])).await.expect(200).shows("前に1本あります");
        first.get("/me").await.expect(200).shows("前に3本").shows("前に2本").shows("まもなく");
        site.moderator("けん").await.get("/review").await.expect(200).shows("前に3本");
        site.run_jobs().await;
        assert_eq!(status(&second, posts[3], Lang::Ja).await["video"]["state"], "ready");
    }

    async fn while_a_published_posts_next_film_is_made_its_page_tells_its_author(site: TestApp) {
        let (mut author, mut neighbour) = (site.member("はなこ").await, site.member("まゆ").await);
        let post = site.post(&author).titled("いちごがり").published().await;
        site.add_film(&author, post, 1).await;
        let page = format!("/posts/{post}");
        let next = Lang::Ja.ta("video-next");
        author.get(&page).await.expect(200).shows("いちごがり").shows(&next);
        neighbour.get(&page).await.expect(200).shows("いちごがり").hides(&next);
        site.run_jobs().await;
        author.get(&page).await.expect(200).hides(&next);
    }

    async fn where_it_was_filmed_is_removed_and_its_author_alone_is_told(site: TestApp) {
        let (mut author, mut neighbour) = (site.member("はなこ").await, site.member("まゆ").await);
        let words = "位置情報は削除されました";
        let clip = "-f lavfi -i testsrc=s=160x120:r=10:d=1 -c:v libx264 -pix_fmt yuv420p";
        let place = "+34.8841+135.7996/";
        let keys = format!("{clip} -movflags use_metadata_tags -metadata com.apple.quicktime.location.ISO6709={place}");
        let films = [
            (media::film("xyz.mp4", &format!("{clip} -metadata location={place}")), true),
            (media::film("keys.mov", &keys), true),
            (media::film("plain.mp4", clip), false),
        ];
        for (film, had_location) in films {
            let post = site.post(&author).draft().await;
            site.send_film(&author, post, film).await;
            site.run_jobs().await;
            let notes = status(&author, post, Lang::Ja).await["video"]["notes"].clone();
            let told = notes.as_array().unwrap().iter().any(|note| note["text"].as_str().unwrap().contains(words));
            assert_eq!(told, had_location, "{notes}");
            for page in [format!("/posts/{post}/edit"), format!("/posts/{post}")] {
                let page = author.get(&page).await.expect(200);
                assert_eq!(page.text().contains(words), had_location);
            }
            site.submit(&author, post).await;
            site.approve(post).await;
            assert_eq!(author.get(&format!("/posts/{post}")).await.expect(200).text().contains(words), had_location);
            site.visitor().get(&format!("/posts/{post}")).await.expect(200).hides(words);
            neighbour.get(&format!("/posts/{post}")).await.expect(200).hides(words);
        }
    }

    async fn where_a_photo_was_taken_is_removed_and_its_author_alone_is_told(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let words = "位置情報は削除されました";
        let post = site.post(&author).draft().await;
        site.send_photo(&author, post, media::photo(400, 300)).await;
        site.send_photo(&author, post, media::placeless_photo(400, 300)).await;
        site.run_jobs().await;
        let photos = status(&author, post, Lang::Ja).await["photos"].clone();
        assert!(photos[0]["note"].as_str().unwrap().contains(words), "{photos}");
        assert!(photos[1]["note"].is_null(), "{photos}");
        let form = author.get(&format!("/posts/{post}/edit")).await.expect(200);
        assert_eq!(form.text().matches(words).count(), 1);
        site.submit(&author, post).await;
        site.approve(post).await;
        author.get(&format!("/posts/{post}")).await.expect(200).shows(words);
        site.visitor().get(&format!("/posts/{post}")).await.expect(200).hides(words);
    }

    async fn a_film_whose_sound_cannot_be_read_is_silent_and_its_author_alone_is_told(site: TestApp) {
        let (mut author, mut neighbour) = (site.member("はなこ").await, site.member("まゆ").await);
        let heard = media::film(
            "heard.mp4",
            "-f lavfi -i testsrc=s=160x120:r=10:d=1 -f lavfi -i sine=d=1 -c:v libx264 -pix_fmt yuv420p -c:a aac",
        );
        let films = [(media::with_spatial_sound(&heard), Some("apac")), (heard, None)];
        for (film, left_out) in films {
            let post = site.post(&author).draft().await;
            let video = site.send_film(&author, post, film).await;
            site.run_jobs().await;
            let made = find(&site, video).await;
            assert_eq!((made.state, made.sound_left_out.as_deref()), (VideoStatus::Ready, left_out));
            let is_told = left_out.is_some();
            for lang in Lang::ALL {
                let notes = status(&author, post, lang).await["video"]["notes"].clone();
                let words = lang.ta("media-sound-left-out").into_owned();
                let told = serde_json::json!([{ "text": words, "warns": true }]);
                assert_eq!(notes == told, is_told, "{notes}");
            }
            let words = "音声を読み取れなかったため、音なしで載せます。";
            let [form, page] = [format!("/posts/{post}/edit"), format!("/posts/{post}")];
            assert_eq!(author.get(&form).await.expect(200).text().contains(words), is_told);
            site.submit(&author, post).await;
            site.approve(post).await;
            assert_eq!(author.get(&page).await.expect(200).text().contains(words), is_told);
            neighbour.get(&page).await.expect(200).hides(words);
            site.visitor().get(&page).await.expect(200).hides(words);
        }
    }

    async fn a_film_that_broke_off_is_made_up_to_there_and_its_author_is_told(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let whole = media::film(
            "whole.mp4",
            "-f lavfi -i testsrc2=s=320x240:r=25:d=10 -f lavfi -i sine=d=10 -c:v libx264 -preset ultrafast -g 25 -c:a aac -movflags +faststart",
        );
        let post = site.post(&author).draft().await;
        let video = site.send_film(&author, post, whole[..whole.len() * 6 / 10].to_vec()).await;
        site.run_jobs().await;
        let made = find(&site, video).await;
        assert_eq!(made.state, VideoStatus::Ready);
        assert!(made.claimed_ms.unwrap().abs_diff(10_000) < 200, "{:?}", made.claimed_ms);
        let time = format!("0:0{}", made.duration_ms / 1000);
        assert!((3_000..9_000).contains(&made.duration_ms), "{time}");
        for lang in Lang::ALL {
            let notes = status(&author, post, lang).await["video"]["notes"].clone();
            let words = lang.ta1("media-cut-short", "time", &time);
            assert_eq!((&notes[0]["text"], &notes[0]["warns"]), (&words.into(), &true.into()));
        }
        let words = format!("動画が途中で切れていたため、{time}までを載せます。");
        // There is the choice: to send it as it is, or again.
        let form = author.get(&format!("/posts/{post}/edit")).await.expect(200).shows(&words);
        form.shows("別の動画にする").shows("value=\"submit\"");
        site.submit(&author, post).await;
        author.get(&format!("/posts/{post}")).await.expect(200).shows(&words);
        site.approve(post).await;
        author.get(&format!("/posts/{post}")).await.expect(200).shows(&words);
        site.visitor().get(&format!("/posts/{post}")).await.expect(200).hides("途中で切れて");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sound_that_goes_on_for_too_long_is_cut_and_its_author_is_told_why(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let site = TestApp::start_with(database, &[("VIDEO_MAX_SECONDS", "4")]).await;
    let author = site.member("はなこ").await;
    let post = site.post(&author).draft().await;
    let film = media::film(
        "long.mp4",
        "-f lavfi -i testsrc2=s=160x120:r=25:d=3 -f lavfi -i sine=d=12 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac",
    );
    let video = site.send_film(&author, post, film).await;
    site.run_jobs().await;
    let made = find(&site, video).await;
    assert_eq!(made.state, VideoStatus::Ready);
    assert!(made.duration_ms.abs_diff(5_000) < 100, "{} ms", made.duration_ms);
    for lang in Lang::ALL {
        let note = MediaNote::SoundTooLong { seconds: 5, longest: Length(4) };
        let told = status(&author, post, lang).await["video"]["notes"].clone();
        assert_eq!(told, serde_json::json!([{ "text": note.plain_words(lang), "warns": true }]));
    }
}

/// A child that says what the test writes into its pipe.
struct Puppet {
    impostor: Impostor,
}

impl Puppet {
    fn new() -> Self {
        let impostor = Impostor::new("echo $$ > $here/pid; exec cat $here/pipe");
        let pipe = impostor.path("pipe");
        assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
        Self { impostor }
    }

    /// Once the child listens.
    async fn pipe(&self) -> tokio::fs::File {
        let pipe = self.impostor.path("pipe");
        tokio::fs::OpenOptions::new().write(true).open(pipe).await.unwrap()
    }

    fn pid(&self) -> String {
        std::fs::read_to_string(self.impostor.path("pid")).unwrap().trim().to_owned()
    }
}

fn is_running(pid: &str) -> bool {
    // State Z: dead, but not yet waited for.
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

fn start_jobs(site: &TestApp) -> tokio::task::JoinHandle<()> {
    let app = site.app.clone();
    tokio::spawn(async move {
        server::jobs::run_until_idle(&app, &server::app::jobs()).await.unwrap();
    })
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_long_it_will_take_is_said_once_it_can_be_told_and_a_withdrawal_ends_it(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    use tokio::io::AsyncWriteExt;
    let puppet = Puppet::new();
    let site = puppet.impostor.site(database).await;
    let mut author = site.member("はなこ").await;
    let mut moderator = site.moderator("けん").await;
    let post = site.post(&author).draft().await;
    let video = site.send_film(&author, post, media::portrait_clip(1)).await;
    site.submit(&author, post).await;
    let work = start_jobs(&site);
    let mut pipe = puppet.pipe().await;
    let mut say = async |permille: u16| {
        let line = format!("{{\"event\":\"progress\",\"permille\":{permille}}}\n");
        pipe.write_all(line.as_bytes()).await.unwrap();
        pipe.flush().await.unwrap();
        let written = u64::from(permille) * 960 / 1000;
        let is_written = async || u64::from(find(&site, video).await.progress) == written;
        until("the progress is written", is_written).await;
    };
    let script = author.clone();
    let words = async || {
        let told = status(&script, post, Lang::Ja).await["video"].clone();
        assert_eq!(told["state"], "processing");
        told["message"].as_str().unwrap().to_owned()
    };
    for second in 1..=7 {
        site.clock.advance(Duration::from_secs(1));
        say(second * 10).await;
        assert_eq!(words().await.contains("あと"), second >= 5, "after {second} s");
    }
    // Ten thousandths a second, of which some 930 are left.
    assert!(words().await.contains("あと約2分"), "{}", words().await);
    author.get(&format!("/posts/{post}")).await.expect(200).shows("あと約2分");
    author.get("/me").await.expect(200).shows("あと約2分");
    moderator.get("/review").await.expect(200).shows("あと約2分");
    let revision = posts::open_revision(site.db(), post).await.unwrap().unwrap();
    let preparing = format!("/review/preparing/{}", revision.id);
    moderator.get(&preparing).await.expect(200).shows("あと約2分");
    site.clock.advance(Duration::from_secs(16));
    assert!(!words().await.contains("あと"), "nothing was heard for a while");

    // The author changes their mind.
    let child = puppet.pid();
    assert!(is_running(&child));
    let viewer = site.viewer(&author).await;
    posts::actions::withdraw(&site.app, &viewer, post).await.unwrap();
    let line = b"{\"event\":\"progress\",\"permille\":50}\n";
    pipe.write_all(line).await.unwrap();
    pipe.flush().await.unwrap();
    until("the child is gone", async || !is_running(&child)).await;
    work.await.unwrap();
    assert_eq!(count_jobs(&site, "queued").await + count_jobs(&site, "running").await, 0);
    let left = find(&site, video).await;
    assert_eq!((left.state, left.failure.as_deref()), (VideoStatus::Failed, Some("cancelled")));
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { files_under(&path) } else { vec![path] }).collect()
}

on_both_databases! {
    async fn a_film_that_is_taken_off_while_it_is_made_leaves_nothing(site: TestApp) {
        let author = site.member("はなこ").await;
        let viewer = site.viewer(&author).await;
        let post = site.post(&author).draft().await;
        let video = site.add_film(&author, post, 40).await;
        let work = start_jobs(&site);
        until("there is something to watch", async || {
            find(&site, video).await.preview.is_some_and(|preview| !preview.segments.is_empty())
        }).await;
        posts::actions::remove_video(&site.app, &viewer, post).await.unwrap();
        let begun = Instant::now();
        work.await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        assert_eq!(count_jobs(&site, "queued").await + count_jobs(&site, "running").await, 0);
        let left = files_under(&site.data.path().join(format!("media/objects/videos/{video}")));
        let names: Vec<_> = left.iter().filter_map(|file| file.file_name()?.to_str()).collect();
        assert_eq!(names, ["source"], "neither pieces of a preview nor renditions");
        assert_eq!(find(&site, video).await.generation, 0);
        let working = files_under(site.app.work.path());
        assert!(working.iter().all(|file| file.ends_with("lock")), "{working:?}");
        site.clock.advance(UNUSED_FOR + Duration::from_secs(1));
        site.run_jobs().await;
        assert!(videos::find(site.db(), video).await.unwrap().is_none());
        let left = files_under(&site.data.path().join(format!("media/objects/videos/{video}")));
        assert!(left.is_empty(), "{left:?}");
    }
}

/// A worker dies: nothing is said and nothing tidied up. Its child ends with it.
async fn die(work: tokio::task::JoinHandle<()>) {
    work.abort();
    assert!(work.await.unwrap_err().is_cancelled());
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_workers_film_is_taken_up_within_a_minute_and_given_up_when_all_have_died(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let puppet = Puppet::new();
    let site = puppet.impostor.site(database).await;
    let mut author = site.member("はなこ").await;
    let post = site.post(&author).draft().await;
    let video = site.send_film(&author, post, media::portrait_clip(1)).await;
    site.submit(&author, post).await;
    for attempt in 1..=3 {
        let work = start_jobs(&site);
        until("a worker has it", async || find(&site, video).await.attempt == attempt).await;
        die(work).await;
        // Its lease keeps others out for a while, so that no two work on it.
        site.clock.advance(Duration::from_secs(19));
        site.run_jobs().await;
        assert_eq!(find(&site, video).await.attempt, attempt);
        let told = status(&author, post, Lang::Ja).await;
        assert_eq!(told["video"]["state"], "processing", "its author is not troubled");
        // The lease is over, and every worker looks every two seconds.
        site.clock.advance(Duration::from_secs(2));
    }
    site.run_jobs().await;
    assert_eq!(count_jobs(&site, "dead").await, 1);
    assert_told(&author, post, MediaFault::Crashed, Length(180)).await;
    author.get("/notices").await.expect(200).shows("動画を準備できませんでした");
    let words = MediaFault::Crashed.plain_video_words(Lang::Ja, Length(180));
    assert!(site.mails().await.iter().any(|mail| mail.body.contains(&words)));
}
