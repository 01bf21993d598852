//! `kill -9` while an upload comes in: what was acknowledged is there afterwards.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::TryStreamExt;
use rstest::rstest;
use sea_query::{Expr, ExprTrait, Query};
use server::app::App;
use server::config::{Config, Flags};
use server::db::tables::Uploads;
use server::db::{Db, Read};
use server::media::{Key, upload};
use server::time_id::{Clock, UploadId, VideoId};
use tests::Database;
use tests::app::{binary, dictionary, fresh_postgres_database};
use tests::garage::Garage;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::uploads::{Kind, log_in, patch_by_hand, random, s3_settings};

const MIB: usize = 1024 * 1024;

/// A site in a process of its own, killed at the end.
struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    async fn start(config: &Config, variables: &[(String, String)]) -> Self {
        let spare = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = spare.local_addr().unwrap();
        drop(spare);
        let binary = binary("megurumi");
        assert!(binary.is_file(), "{} is not built", binary.display());
        let child = Command::new(binary)
            .arg("serve")
            .arg("--data")
            .arg(&config.data)
            .args(["--listen", &address.to_string()])
            .envs(variables.iter().cloned())
            .env("MEGURUMI_LOG", "warn")
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the site doesn't start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self { child, address }
    }

    async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// One request on a connection of its own; gives the whole answer.
    async fn exchange(&self, head: &str, token: &str, body: &[u8]) -> String {
        let mut connection = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "{head}\r\nhost: localhost\r\ncookie: session={token}\r\nconnection: close\r\n\
             tus-resumable: 1.0.0\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        connection.write_all(body).await.unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

fn field<'a>(answer: &'a str, name: &str) -> &'a str {
    answer
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .unwrap_or_else(|| panic!("no {name} in {answer}"))
}

async fn committed(db: &Db, id: UploadId) -> usize {
    let select = Query::select()
        .column(Uploads::Offset)
        .from(Uploads::Table)
        .and_where(Expr::col(Uploads::Id).eq(id))
        .take();
    let row = db.row(&select).await.unwrap().unwrap();
    row.get::<usize>("offset").unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_site_goes_on_where_it_had_acknowledged(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[values(Kind::Folder, Kind::S3)] kind: Kind,
) {
    let data = tempfile::tempdir().unwrap();
    let garage = match kind {
        Kind::Folder => None,
        Kind::S3 => Some(Garage::shared().await),
    };
    let mut variables: Vec<(String, String)> = garage
        .as_deref()
        .map(s3_settings)
        .unwrap_or_default()
        .into_iter()
        .map(|(name, value)| (format!("MEGURUMI_{name}"), value))
        .collect();
    variables.push(("MEGURUMI_DICTIONARY".into(), dictionary().display().to_string()));
    if matches!(database, Database::Postgres) {
        variables.push(("MEGURUMI_DATABASE_URL".into(), fresh_postgres_database().await));
    }
    let flags = Flags { data: Some(data.path().to_owned()), ..Flags::default() };
    let config = Config::read(flags, variables.iter().cloned().collect()).unwrap();

    let site = Process::start(&config, &variables).await;
    let db = Db::open(&config.database_url).await.unwrap();
    let (_, token) = log_in(&db, &Clock::System, true).await;
    let whole = random(40 * MIB);
    let create = format!("POST /uploads HTTP/1.1\r\nupload-length: {}", whole.len());
    let answer = site.exchange(&create, &token, b"").await;
    let path = field(&answer, "location").to_owned();
    let id: UploadId = path.rsplit('/').next().unwrap().parse().unwrap();

    // Killed with a request half done, twice.
    let mut site = site;
    let mut offset = 0;
    for _ in 0..2 {
        let mut connection =
            patch_by_hand(site.address, &token, &path, offset, whole.len() - offset).await;
        let sending = whole.slice(offset..(offset + 17 * MIB).min(whole.len() - MIB));
        let sender = tokio::spawn(async move {
            // Cut by the kill.
            let _ = connection.write_all(&sending).await;
            let _ = connection.read_to_end(&mut Vec::new()).await;
        });
        let begun = Instant::now();
        while committed(&db, id).await == offset {
            assert!(begun.elapsed() < Duration::from_secs(60), "nothing is acknowledged");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        site.kill().await;
        sender.await.unwrap();
        let acknowledged = committed(&db, id).await;
        site = Process::start(&config, &variables).await;
        let answer = site.exchange(&format!("HEAD {path} HTTP/1.1"), &token, b"").await;
        assert_eq!(field(&answer, "upload-offset"), acknowledged.to_string());
        offset = acknowledged;
    }
    let patch = format!(
        "PATCH {path} HTTP/1.1\r\ncontent-type: application/offset+octet-stream\r\n\
         upload-offset: {offset}"
    );
    let answer = site.exchange(&patch, &token, &whole[offset..]).await;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    site.kill().await;

    let app = App::open(config, Clock::System).await.unwrap();
    let key = Key::video_source(VideoId::new(&Clock::System));
    upload::assemble(&app, id, &key).await.unwrap();
    let body = app.media.read(&key, None).await.unwrap();
    let chunks: Vec<Bytes> = body.stream.try_collect().await.unwrap();
    assert!(chunks.concat() == whole, "the bytes are others");
}
