//! A disk, a database and a bucket without room: it is told as ours, nothing that was acknowledged is lost, and all goes on by itself
//! once there is room. The small disk is a real one (`tests::disk`).

use crate::video_job::{Impostor, count_jobs, find, status};
use axum::body::Body;
use axum::http::Method;
use rstest::rstest;
use sea_query::{Expr, ExprTrait, Query};
use server::db::Read;
use server::db::tables::{Jobs, Photos};
use server::jobs::{self, Job, JobError, Lease, Registry, Worker};
use server::media::{Key, Store};
use server::posts::RevisionState;
use server::videos::VideoStatus;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tests::disk::SmallDisk;
use tests::garage::Garage;
use tests::{Browser, Database, TestApp, media};
use web::{Lang, MediaFault};

const MINUTE: Duration = Duration::from_secs(60);

/// Media, work and mail on the small disk; SQLite beside it, where there is room.
async fn site_without_room_for_media(database: Database, disk: &SmallDisk) -> TestApp {
    match database {
        Database::Sqlite => {
            let url = disk.beside.path().join("site.db").display().to_string();
            TestApp::start_with(database, &[("DATABASE_URL", &url)]).await
        }
        Database::Postgres => TestApp::start(database).await,
    }
}

/// How often the one film's job was tried so far, as far as it counts.
async fn counted(site: &TestApp) -> i64 {
    let select = Query::select()
        .column(Jobs::Attempt)
        .from(Jobs::Table)
        .and_where(Expr::col(Jobs::Kind).eq("transcode_video"))
        .take();
    site.db().row(&select).await.unwrap().unwrap().get("attempt").unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_waits_for_room_and_is_made_by_itself_when_there_is_some(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let Some(disk) = SmallDisk::of(64) else { return };
    let site = site_without_room_for_media(database, &disk).await;
    let mut author = site.member("はなこ").await;
    let post = site.post(&author).draft().await;
    let film = site.send_film(&author, post, media::portrait_clip(2)).await;
    assert_eq!(site.submit(&author, post).await, RevisionState::Processing);

    // More tries than a fault of ours has, each with a little more room, so that each step is the one that fails.
    let mut pauses = [1, 2, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5].into_iter();
    let mut waited = 0;
    for room in [0, 8, 40, 120, 200] {
        disk.leave(room << 10);
        site.run_jobs().await;
        let waiting = find(&site, film).await;
        assert_eq!(waiting.state, VideoStatus::Queued, "{room} KiB: {:?}", waiting.failure);
        assert_eq!(waiting.failure.as_deref(), Some("no_room"), "{room} KiB");
        assert_eq!((count_jobs(&site, "queued").await, count_jobs(&site, "dead").await), (1, 0));
        assert_eq!(counted(&site).await, 0, "{room} KiB: it doesn't count");
        let made = Key::video_file(film, 1, "240p.mp4").unwrap();
        assert!(!site.app.media.exists(&made).await.unwrap(), "half of it takes no room");
        waited += 1;

        let pause = MINUTE * pauses.next().unwrap();
        site.clock.advance(pause - Duration::from_millis(1));
        disk.make_room();
        site.run_jobs().await;
        assert_eq!(find(&site, film).await.state, VideoStatus::Queued, "{room} KiB: it pauses");
        site.clock.advance(Duration::from_millis(1));
    }
    assert!(waited > 3);
    for lang in Lang::ALL {
        let told = status(&author, post, lang).await;
        assert_eq!(told["video"]["state"], "processing");
        assert_eq!(told["video"]["message"], &*lang.ta("video-no-room"));
    }
    author.get("/me").await.expect(200).shows("空き待ち");
    author.get(&format!("/posts/{post}")).await.expect(200).shows("サイトの空きがありません");

    site.run_jobs().await;
    let ready = find(&site, film).await;
    assert_eq!((ready.state, ready.failure), (VideoStatus::Ready, None));
    site.approve(post).await;
    site.visitor().get(&format!("/posts/{post}")).await.expect(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_photo_waits_for_room_and_is_made_by_itself_when_there_is_some(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let Some(disk) = SmallDisk::of(64) else { return };
    let site = site_without_room_for_media(database, &disk).await;
    let mut author = site.member("はなこ").await;
    let post = site.post(&author).draft().await;
    let photo = site.send_photo(&author, post, media::photo(800, 600)).await;
    let state = async || {
        let select = Query::select()
            .columns([Photos::State, Photos::Failure])
            .from(Photos::Table)
            .and_where(Expr::col(Photos::Id).eq(photo))
            .take();
        let row = site.db().row(&select).await.unwrap().unwrap();
        let failure: Option<String> = row.get("failure").unwrap();
        (row.get::<String>("state").unwrap(), failure.unwrap_or_default())
    };
    for (room, pause) in [(0, 1), (4, 2), (8, 4), (12, 5), (16, 5)] {
        disk.leave(room << 10);
        site.run_jobs().await;
        assert_eq!(state().await, ("processing".into(), "no_room".into()), "{room} KiB");
        site.clock.advance(MINUTE * pause);
    }
    let words = MediaFault::NoRoom.photo_key();
    author.get(&format!("/posts/{post}/edit")).await.expect(200).shows(&Lang::Ja.ta(words));
    disk.make_room();
    site.run_jobs().await;
    assert_eq!(state().await.0, "ready");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_meets_a_full_disk_is_no_fault_of_the_file() {
    let said = "{\"event\":\"failed\",\"failure\":\"no_room\",\"detail\":\"writing a still\"}";
    let impostor = Impostor::new(&format!("[ -e $here/room ] && exec $real \"$@\"; echo '{said}'"));
    let site = impostor.site(Database::Sqlite).await;
    let author = site.member("はなこ").await;
    let post = site.post(&author).draft().await;
    let film = site.send_film(&author, post, media::portrait_clip(1)).await;
    for pause in [1, 2, 4, 5, 5, 5] {
        site.run_jobs().await;
        assert_eq!(find(&site, film).await.failure.as_deref(), Some("no_room"));
        site.clock.advance(MINUTE * pause);
    }
    std::fs::write(impostor.path("room"), "").unwrap();
    site.run_jobs().await;
    assert_eq!(find(&site, film).await.state, VideoStatus::Ready);
}

/// A form that makes a draft.
const NEW: [(&str, &str); 3] = [("kind", "recipe"), ("title", "りんご"), ("action", "save")];

const PATCH_TYPE: (&str, &str) = ("content-type", "application/offset+octet-stream");
const TUS: (&str, &str) = ("tus-resumable", "1.0.0");

async fn patch(author: &mut Browser, path: &str, offset: usize, bytes: &[u8]) -> tests::Answer {
    let offset = offset.to_string();
    let headers = [TUS, PATCH_TYPE, ("upload-offset", offset.as_str())];
    author.request(Method::PATCH, path, &headers, Body::from(bytes.to_vec())).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_finds_no_room_is_told_so_and_goes_on_where_it_was(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let Some(disk) = SmallDisk::of(64) else { return };
    let site = site_without_room_for_media(database, &disk).await;
    let author = site.member("はなこ").await;
    let post = site.post(&author).draft().await;
    let mut author = author.script();
    let bytes: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
    let length = bytes.len().to_string();
    let headers = [TUS, ("upload-length", length.as_str())];
    let made = author.request(Method::POST, "/uploads", &headers, Body::empty()).await.expect(201);
    let path = made.location().to_owned();
    patch(&mut author, &path, 0, &bytes[..1_000_000]).await.expect(204);
    disk.leave(64 << 10);
    for lang in Lang::ALL {
        let mut author = author.clone().in_language(lang.code());
        let refused = patch(&mut author, &path, 1_000_000, &bytes[1_000_000..]).await.expect(507);
        assert_eq!(refused.json()["message"], lang.ta("error-upload-waits-words").as_ref());
        assert_eq!(refused.header("retry-after"), "60");
        let head = author.request(Method::HEAD, &path, &[TUS], Body::empty()).await.expect(200);
        assert_eq!(head.header("upload-offset"), "1000000");
    }
    // A photo is told beside its field, and the words of the form are kept.
    let form = [("title", "りんご"), ("action", "save")];
    let photo = ("photos", "a.jpg", "image/jpeg", &[9u8; 200_000][..]);
    let mut reader = author.clone();
    let answer = reader.post_files(&format!("/posts/{post}/photos"), &form, &[photo]).await;
    assert_eq!(answer.status.as_u16(), 507, "{}", answer.text());
    assert_eq!(answer.json()["message"], &*Lang::Ja.ta("error-no-room-field"));
    disk.make_room();
    patch(&mut author, &path, 1_000_000, &bytes[1_000_000..]).await.expect(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_for_mails_none_is_lost_and_none_is_written_by_half() {
    let Some(disk) = SmallDisk::of(64) else { return };
    let site = site_without_room_for_media(Database::Sqlite, &disk).await;
    site.member("はなこ").await;
    let before = site.mails().await.len();
    disk.fill();
    let mail = server::mail::SendMail {
        to: "someone@example.jp".into(),
        subject: "おしらせ".into(),
        body: "こんにちは。".repeat(2000),
    };
    let mut tx = site.db().begin().await.unwrap();
    jobs::enqueue(&mut tx, &site.clock, &mail).await.unwrap();
    tx.commit().await.unwrap();
    for pause in [1, 2, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5] {
        assert!(site.mails().await.len() == before, "nothing is taken for a mail");
        site.clock.advance(MINUTE * pause);
    }
    disk.make_room();
    let mails = site.mails().await;
    assert!(
        mails.iter().any(
            |mail| mail.body.ends_with("こんにちは。\n") || mail.body.ends_with("こんにちは。")
        ),
        "{mails:?}"
    );
}

/// The database itself on the small disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_sqlite_is_read_on_and_a_write_is_told_so() {
    let Some(disk) = SmallDisk::of(64) else { return };
    let site = TestApp::start(Database::Sqlite).await;
    let mut author = site.member("はなこ").await;
    let post = site.post(&author).titled("いちごがり").published().await;
    let draft = site.post(&author).draft().await;
    let form = author.get(&format!("/posts/{draft}/edit")).await.expect(200).text();
    let version = tests::browser::field(&form, "version");
    let edit = [("version", version.as_str()), ("title", "もものゼリー"), ("action", "save")];
    disk.fill();
    // Long enough for the session to be written anew.
    site.clock.advance(MINUTE * 20);
    for path in ["/", "/search?q=いちご", "/me", "/notices", &format!("/posts/{post}")] {
        let path = path.replace("いちご", "%E3%81%84%E3%81%A1%E3%81%94");
        site.visitor().get("/").await.expect(200);
        author.get(&path).await.expect(200);
    }
    for lang in Lang::ALL {
        let mut author = author.clone().in_language(lang.code());
        // With all that was typed, to be sent again.
        let refused = author.post_files("/posts/new", &NEW, &[]).await;
        refused.expect(507).shows(&lang.t("error-no-room-form").to_string()).shows("りんご");
        let refused = author.post(&format!("/posts/{draft}/edit"), &edit).await.expect(507);
        refused.shows(&lang.t("error-no-room-form").to_string()).shows("もものゼリー");
        let mut visitor = site.visitor().in_language(lang.code());
        let sign_up = [
            ("nickname", "みなみ"),
            ("email", "minami@example.jp"),
            ("password", "correct horse battery"),
        ];
        let refused = visitor.post("/signup", &sign_up).await.expect(507);
        let refused = refused.shows(&lang.t("error-no-room-words").to_string());
        assert_eq!(refused.header("retry-after"), "60");
        let refused =
            author.script().post("/login", &[("email", "a@example.jp"), ("password", "x")]).await;
        assert_eq!(refused.status.as_u16(), 507, "{}", refused.text());
    }
    disk.make_room();
    author.post(&format!("/posts/{draft}/edit"), &edit).await.expect(303);
    let saved = author.post_files("/posts/new", &NEW, &[]).await;
    assert!(saved.status.is_redirection(), "{}", saved.text());
}

static TRIED: AtomicUsize = AtomicUsize::new(0);

/// Fills the disk below the database, as others may while a job runs.
#[derive(serde::Serialize, serde::Deserialize)]
struct Overtaken;

impl Job for Overtaken {
    const KIND: &'static str = "test_overtaken";
    const MAX_ATTEMPTS: u32 = 1;

    async fn run(&self, app: &server::app::App, lease: &Lease) -> Result<(), JobError> {
        if TRIED.load(Ordering::SeqCst) > 0 {
            TRIED.fetch_add(1, Ordering::SeqCst);
            return Ok(());
        }
        SmallDisk::of(0).expect("the small disk").fill();
        let written = async {
            let mut tx = app.db.begin().await?;
            lease.hold(&mut tx).await?;
            // More than the log of the database has written before, and could write over.
            let much = Query::update()
                .table(Jobs::Table)
                .value(Jobs::LastError, "x".repeat(8 << 20))
                .and_where(Expr::col(Jobs::Id).eq(lease.id))
                .take();
            tx.execute(&much).await?;
            Ok(tx.commit().await?)
        };
        let written = written.await;
        TRIED.fetch_add(1, Ordering::SeqCst);
        written
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_whose_end_cant_be_written_is_settled_when_there_is_room_and_has_lost_no_attempt() {
    let Some(disk) = SmallDisk::of(64) else { return };
    let site = TestApp::start(Database::Sqlite).await;
    let mut tx = site.db().begin().await.unwrap();
    jobs::enqueue(&mut tx, &site.clock, &Overtaken).await.unwrap();
    tx.commit().await.unwrap();
    let worker = Worker::start(&site.app, Registry::default().with::<Overtaken>(), 1, 0);
    let until = async |what: &str, is_so: &dyn Fn() -> bool| {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < Duration::from_secs(60), "waited too long until {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    until("it was tried", &|| TRIED.load(Ordering::SeqCst) == 1).await;
    disk.make_room();
    let job = Query::select()
        .columns([Jobs::State, Jobs::Attempt])
        .from(Jobs::Table)
        .and_where(Expr::col(Jobs::Kind).eq("test_overtaken"))
        .take();
    let begun = Instant::now();
    loop {
        let row = site.db().row(&job).await.unwrap().expect("it is neither done nor lost");
        if row.get::<String>("state").unwrap() == "queued" {
            assert_eq!(row.get::<i64>("attempt").unwrap(), 0);
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "waited too long until it is put back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    site.clock.advance(MINUTE);
    until("it was tried again", &|| TRIED.load(Ordering::SeqCst) == 2).await;
    worker.stop(Duration::from_secs(5)).await;
    assert!(site.db().row(&job).await.unwrap().is_none(), "done");
}

/// The database's own error, raised where it would be.
fn psql(site: &TestApp, sql: &str) {
    let url = &site.app.config.database_url;
    let ran = Command::new("psql").args([url, "-v", "ON_ERROR_STOP=1", "-qc", sql]).output();
    let ran = ran.expect("psql runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_postgresql_is_told_so_and_jobs_wait_for_it() {
    let site = TestApp::start(Database::Postgres).await;
    let mut author = site.member("はなこ").await;
    let post = site.post(&author).draft().await;
    let film = site.send_film(&author, post, media::portrait_clip(1)).await;
    psql(
        &site,
        "CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         RAISE EXCEPTION USING ERRCODE = 'disk_full', MESSAGE = 'could not extend file: No space left on device'; \
         END $$; \
         CREATE TRIGGER full_renditions BEFORE INSERT ON renditions EXECUTE FUNCTION disk_is_full(); \
         CREATE TRIGGER full_posts BEFORE INSERT ON posts EXECUTE FUNCTION disk_is_full();",
    );
    let refused = author.post_files("/posts/new", &NEW, &[]).await;
    refused.expect(507).shows(&Lang::Ja.t("error-no-room-form").to_string()).shows("りんご");
    for pause in [1, 2, 4, 5] {
        site.run_jobs().await;
        let waiting = find(&site, film).await;
        assert_eq!(
            (waiting.state, waiting.failure.as_deref()),
            (VideoStatus::Queued, Some("no_room"))
        );
        assert_eq!(counted(&site).await, 0);
        site.clock.advance(MINUTE * pause);
    }
    psql(&site, "DROP TRIGGER full_renditions ON renditions; DROP TRIGGER full_posts ON posts;");
    site.run_jobs().await;
    assert_eq!(find(&site, film).await.state, VideoStatus::Ready);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_over_its_quota_is_without_room_too() {
    let garage = Garage::shared().await;
    let config = garage.bucket("quota");
    garage.run(&["bucket", "set-quotas", "quota", "--max-size", "1MiB"]);
    let store = Store::s3(&config);
    let key = |name: &str| Key::parse(&format!("videos/{}/{name}", uuid::Uuid::new_v4())).unwrap();
    let (small, large) = (vec![1; 1000], vec![2; 2 << 20]);
    store.put_bytes(&key("small"), small.into(), "video/mp4").await.unwrap();
    let refused = store.put_bytes(&key("large"), large.clone().into(), "video/mp4").await;
    let refused = anyhow::Error::from(refused.unwrap_err());
    assert!(server::room::is_missing(&refused), "{refused:#}");
    garage.run(&["bucket", "set-quotas", "quota", "--max-size", "none"]);
    store.put_bytes(&key("large"), large.into(), "video/mp4").await.unwrap();
}
