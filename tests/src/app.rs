//! The site as a test sees it: the real router over a real database, a manual clock, and jobs that run when told to.

use crate::browser::Browser;
use server::app::{self, App};
use server::config::{Config, Flags};
use server::db::Db;
use server::time_id::{Clock, Timestamp};
use std::collections::HashMap;
use std::path::PathBuf;

/// Which database a test runs on. Every test runs on both, see [`on_both_databases!`](crate::on_both_databases).
#[derive(Clone, Copy, Debug)]
pub enum Database {
    Sqlite,
    Postgres,
}

pub struct TestApp {
    pub app: App,
    pub clock: Clock,
    /// Everything the site keeps; removed at the end.
    pub data: tempfile::TempDir,
}

/// 2026-11-22 12:00 in Japan.
pub const START: Timestamp = Timestamp::from_millis(1_795_316_400_000);

/// What else works on the same data.
enum Beside {
    Nothing,
    Process,
}

impl TestApp {
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, &[]).await
    }

    /// With settings as in the environment, without their `MEGURUMI_`.
    pub async fn start_with(database: Database, settings: &[(&str, &str)]) -> Self {
        Self::open(database, settings, Flags::default(), Beside::Nothing).await
    }

    /// As `serve --demo`, without the demo community.
    pub async fn start_demo(database: Database) -> Self {
        let flags = Flags { demo: true, ..Flags::default() };
        Self::open(database, &[], flags, Beside::Nothing).await
    }

    /// Over the same data as a [`Process`](crate::process::Process): by the real clock, and without the index, which is that process's.
    pub async fn beside(database: Database) -> Self {
        Self::open(database, &[], Flags::default(), Beside::Process).await
    }

    async fn open(
        database: Database,
        settings: &[(&str, &str)],
        flags: Flags,
        beside: Beside,
    ) -> Self {
        let data = tempfile::tempdir().expect("a folder for the test");
        let mut variables: HashMap<String, String> = settings
            .iter()
            .map(|(name, value)| (format!("MEGURUMI_{name}"), (*value).to_owned()))
            .collect();
        variables.insert("MEGURUMI_DICTIONARY".into(), dictionary().display().to_string());
        variables
            .entry("MEGURUMI_TRANSCODER".into())
            .or_insert_with(|| binary("megurumi-transcoder").display().to_string());
        if let Database::Postgres = database {
            variables.insert("MEGURUMI_DATABASE_URL".into(), fresh_postgres_database().await);
        }
        let flags = Flags { data: Some(data.path().to_owned()), ..flags };
        let config = Config::read(flags, variables).expect("a good configuration");
        let (app, clock) = match beside {
            Beside::Nothing => {
                let clock = Clock::manual(START);
                (App::open(config, clock.clone()).await, clock)
            }
            Beside::Process => {
                (App::open_without_index(config, Clock::System).await, Clock::System)
            }
        };
        Self { app: app.expect("the app opens"), clock, data }
    }

    pub fn db(&self) -> &Db {
        &self.app.db
    }

    /// A browser with no cookies.
    pub fn visitor(&self) -> Browser {
        Browser::new(&self.app)
    }

    /// Runs every job that is ready, and what these enqueue.
    pub async fn run_jobs(&self) {
        server::jobs::run_until_idle(&self.app, &app::jobs()).await.expect("jobs can be taken");
    }

    /// The mails written so far, oldest first, as they would be read: headers and decoded body.
    pub async fn mails(&self) -> Vec<Mail> {
        self.run_jobs().await;
        let mut mails: Vec<(std::time::SystemTime, Mail)> =
            std::fs::read_dir(self.data.path().join("mail"))
                .expect("the mail folder")
                .filter_map(Result::ok)
                .filter(|entry| entry.path().extension().is_some_and(|ext| ext == "eml"))
                .map(|entry| {
                    let written =
                        entry.metadata().and_then(|meta| meta.modified()).expect("a time");
                    (written, Mail::read(&entry.path()))
                })
                .collect();
        mails.sort_by_key(|(written, _)| *written);
        mails.into_iter().map(|(_, mail)| mail).collect()
    }
}

/// A mail as its reader sees it.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub body: String,
}

impl Mail {
    fn read(path: &std::path::Path) -> Self {
        let raw = std::fs::read(path).expect("a mail file");
        let parsed = mail_parser::MessageParser::default().parse(&raw).expect("a mail");
        let to =
            parsed.to().and_then(|to| to.first()).and_then(|to| to.address()).unwrap_or_default();
        Self {
            to: to.to_owned(),
            subject: parsed.subject().unwrap_or_default().to_owned(),
            body: parsed.body_text(0).unwrap_or_default().into_owned(),
        }
    }

    /// The first link in the body, as a path of the site.
    pub fn link(&self) -> String {
        let start = self.body.find("http").expect("a link");
        let link = self.body[start..].split_whitespace().next().unwrap_or_default();
        let path = link.splitn(4, '/').nth(3).unwrap_or_default();
        format!("/{path}")
    }
}

/// Built once for all tests and runs: seconds of work, and never changed by a test.
pub fn dictionary() -> PathBuf {
    target().join("test-dictionary")
}

/// `target/`, or wherever cargo was told to build.
fn target() -> PathBuf {
    let test = std::env::current_exe().expect("a test binary");
    let profile = test.ancestors().nth(2).expect("target/debug").to_owned();
    profile.parent().expect("target").to_owned()
}

/// One of our binaries, built beside the tests.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test binary");
    test.ancestors().nth(2).expect("target/debug").join(name)
}

/// A database of its own on the test cluster.
pub async fn fresh_postgres_database() -> String {
    let cluster = std::env::var("MEGURUMI_TEST_POSTGRES").expect(
        "MEGURUMI_TEST_POSTGRES names the PostgreSQL cluster for tests; script/test starts one",
    );
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    server::db::create_postgres_database(&cluster, &name).await.expect("a fresh database");
    let (server, _) = cluster.rsplit_once('/').expect("postgres://…/postgres");
    format!("{server}/{name}")
}

/// Runs each test on SQLite and on PostgreSQL:
/// `on_both_databases! { async fn a_member_thanks_once(site: TestApp) { … } }`.
#[macro_export]
macro_rules! on_both_databases {
    ($(async fn $name:ident($site:ident: TestApp) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn test($site: $crate::TestApp) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                test($crate::TestApp::start($crate::Database::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                test($crate::TestApp::start($crate::Database::Postgres).await).await;
            }
        }
    )+};
}
