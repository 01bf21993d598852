//! The site in a process of its own, to be killed.

use crate::TestApp;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// What a process must know to work on a test's own database.
pub fn settings(site: &TestApp) -> Vec<(&'static str, String)> {
    vec![
        ("DATABASE_URL", site.app.config.database_url.clone()),
        ("TRANSCODER", site.app.config.transcoder.display().to_string()),
    ]
}

pub struct Process {
    child: Child,
    pub address: SocketAddr,
}

impl Process {
    /// `megurumi serve` over `data`, with settings as in the environment, without their `MEGURUMI_`. Killed when dropped.
    pub async fn start(data: &Path, settings: &[(&str, String)]) -> Self {
        let spare = std::net::TcpListener::bind("127.0.0.1:0").expect("a spare port");
        let address = spare.local_addr().expect("an address");
        drop(spare);
        let binary = crate::app::binary("megurumi");
        assert!(binary.is_file(), "{} is not built; script/test builds it", binary.display());
        let child = Command::new(binary)
            .args(["serve", "--listen", &address.to_string(), "--data"])
            .arg(data)
            .env("MEGURUMI_DICTIONARY", crate::app::dictionary())
            .envs(settings.iter().map(|(name, value)| (format!("MEGURUMI_{name}"), value.clone())))
            .env("MEGURUMI_LOG", "warn")
            .kill_on_drop(true)
            .spawn()
            .expect("the site starts");
        let process = Self { child, address };
        process.until("it listens", async || TcpStream::connect(address).await.is_ok()).await;
        process
    }

    /// SIGKILL: nothing is said, nothing is finished.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// SIGTERM, and waits until it has ended by itself.
    pub async fn stop(mut self) {
        let id = self.child.id().expect("it runs").to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill runs");
        assert!(told.success(), "it can be told");
        let ended = self.child.wait().await.expect("it ends");
        assert!(ended.success(), "{ended}");
    }

    /// Waits for something outside to become true.
    pub async fn until(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        let begun = Instant::now();
        while !is_so().await {
            assert!(begun.elapsed() < Duration::from_secs(120), "waited too long until {what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A page as a visitor gets it, headers and all.
    pub async fn get(&self, path: &str) -> String {
        let mut connection = TcpStream::connect(self.address).await.expect("a connection");
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\naccept-language: ja\r\nconnection: close\r\n\r\n"
        );
        connection.write_all(request.as_bytes()).await.expect("a request");
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await.expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    }
}
