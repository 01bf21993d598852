//! `kill -9` of the whole process at its worst moments. After a restart nothing that was acknowledged is lost, the film becomes ready, and
//! the index matches the database.

use axum::body::Body;
use server::access::policy;
use server::media::upload::{self, NewUpload};
use server::posts::{self, RevisionState};
use server::videos::{self, VideoStatus};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tests::process::Process;
use tests::{Database, TestApp, media};

/// What the process must know to work on the test's own database.
fn settings(site: &TestApp) -> Vec<(&'static str, String)> {
    vec![
        ("DATABASE_URL", site.app.config.database_url.clone()),
        ("TRANSCODER", site.app.config.transcoder.display().to_string()),
    ]
}

async fn a_film_survives_its_worker(database: Database) {
    let site = TestApp::beside(database).await;
    let author = site.member("はなこ").await;
    let viewer = site.viewer(&author).await;
    let id = site.post(&author).titled("ころされた動画").draft().await;
    let film = media::portrait_clip(40);
    let proof = policy::can_write(&viewer).unwrap();
    let new = NewUpload {
        length: film.len() as u64,
        file_name: "film.mov".into(),
        content_type: "video/quicktime".into(),
        post_id: Some(id),
    };
    upload::receive_whole(&site.app, &proof, &new, Body::from(film)).await.unwrap();
    assert_eq!(site.submit(&author, id).await, RevisionState::Processing);
    let revision = posts::open_revision(site.db(), id).await.unwrap().unwrap();
    let video = revision.video_id.unwrap();

    let worker = Process::start(site.data.path(), &settings(&site)).await;
    let state = async || videos::find(site.db(), video).await.unwrap().unwrap().state;
    worker.until("it transcodes", async || state().await != VideoStatus::Queued).await;
    assert_eq!(state().await, VideoStatus::Transcoding, "killed in the middle, not after");
    worker.kill().await;
    let died = Instant::now();
    assert_eq!(state().await, VideoStatus::Transcoding, "nothing tidied up");

    let worker = Process::start(site.data.path(), &settings(&site)).await;
    let attempt = async || videos::find(site.db(), video).await.unwrap().unwrap().attempt;
    worker.until("another takes it up", async || attempt().await == 2).await;
    assert!(died.elapsed() < Duration::from_secs(60), "{:?}", died.elapsed());
    worker.until("the film is ready", async || state().await == VideoStatus::Ready).await;
    let folders = std::fs::read_dir(site.app.work.path().parent().unwrap()).unwrap();
    let of_processes = folders.flatten().filter(|entry| entry.path().is_dir()).count();
    assert_eq!(of_processes, 2, "this test's and the living worker's: the dead one's is gone");
    let revision = posts::open_revision(site.db(), id).await.unwrap().unwrap();
    assert_eq!(revision.state, RevisionState::Queued);
    site.approve(id).await;
    let found = videos::find(site.db(), video).await.unwrap().unwrap();
    let film = format!("/media/videos/{video}/{}/plain.mp4", found.generation);
    worker
        .until("it is served", async || worker.get(&film).await.starts_with("HTTP/1.1 200"))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_survives_its_worker_on_sqlite() {
    a_film_survives_its_worker(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_survives_its_worker_on_postgres() {
    a_film_survives_its_worker(Database::Postgres).await;
}

async fn the_index_catches_up_after_a_kill(database: Database) {
    let site = TestApp::beside(database).await;
    let author = site.member("はなこ").await;
    let mut process = Process::start(site.data.path(), &settings(&site)).await;
    for number in 1..=4 {
        let title = format!("どんぐりの首かざり{number}");
        let id = site.post(&author).titled(&title).submitted().await;
        site.approve(id).await;
        // Between the approval's commit and the index's: at some point of it, another one each time.
        process.kill().await;
        process = Process::start(site.data.path(), &settings(&site)).await;
    }
    let gone = site.post(&author).titled("どんぐりの取り下げ").published().await;
    let viewer = site.viewer(&author).await;
    posts::actions::withdraw(&site.app, &viewer, gone).await.unwrap();
    process.kill().await;
    let process = Process::start(site.data.path(), &settings(&site)).await;
    let query: String = form_urlencoded::byte_serialize("どんぐり".as_bytes()).collect();
    let search = format!("/search?q={query}");
    process
        .until("all four are found", async || {
            let page = process.get(&search).await;
            (1..=4).all(|number| page.contains(&format!("首かざり{number}")))
        })
        .await;
    assert!(!process.get(&search).await.contains("取り下げ</"), "what was withdrawn is not found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_index_catches_up_after_a_kill_on_sqlite() {
    the_index_catches_up_after_a_kill(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_index_catches_up_after_a_kill_on_postgres() {
    the_index_catches_up_after_a_kill(Database::Postgres).await;
}

async fn a_damaged_index_is_made_again(database: Database) {
    let site = TestApp::beside(database).await;
    let author = site.member("はなこ").await;
    let viewer = site.viewer(&author).await;
    site.post(&author).titled("どんぐりの首かざり").published().await;
    let query: String = form_urlencoded::byte_serialize("どんぐり".as_bytes()).collect();
    let search = format!("/search?q={query}");
    let index = site.app.config.index_folder();
    let damages: [fn(&Path); 3] = [
        |index| std::fs::remove_dir_all(index).unwrap(),
        |index| {
            for file in files(index) {
                std::fs::write(file, "何か").unwrap();
            }
        },
        |index| {
            for file in files(index) {
                let bytes = std::fs::read(&file).unwrap();
                std::fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
            }
        },
    ];
    for damage in damages {
        let gone = site.post(&author).titled("どんぐりのまぼろし").published().await;
        let process = Process::start(site.data.path(), &settings(&site)).await;
        process
            .until("both are found", async || {
                let page = process.get(&search).await;
                page.contains("首かざり") && page.contains("まぼろし")
            })
            .await;
        process.kill().await;
        posts::actions::withdraw(&site.app, &viewer, gone).await.unwrap();
        damage(&index);
        let process = Process::start(site.data.path(), &settings(&site)).await;
        process
            .until("what is published is found again", async || {
                let page = process.get(&search).await;
                assert!(page.starts_with("HTTP/1.1 200") && !page.contains("まぼろし"), "{page}");
                page.contains("首かざり")
            })
            .await;
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let (folders, mut files): (Vec<_>, Vec<_>) = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .partition(|path| path.is_dir());
    files.extend(folders.iter().flat_map(|folder| self::files(folder)));
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_index_is_made_again_on_sqlite() {
    a_damaged_index_is_made_again(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_index_is_made_again_on_postgres() {
    a_damaged_index_is_made_again(Database::Postgres).await;
}
