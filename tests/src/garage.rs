//! A real S3-compatible store for the tests: [garage](https://garagehq.deuxfleurs.fr), one node in
//! a temporary folder on spare ports. `script/garage` builds it.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use server::media::{S3Config, Store};

const VERSION: &str = "2.5.0";
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A running garage; stopped when the last holder lets go.
pub struct Garage {
    config: S3Config,
    settings: PathBuf,
    stop: mpsc::Sender<()>,
    keeper: Option<JoinHandle<()>>,
}

impl Garage {
    /// The one that this test process shares, started if none runs. Tests keep apart by their keys.
    ///
    /// # Panics
    /// When garage isn't built or doesn't start.
    pub async fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Garage>> = Mutex::new(Weak::new());
        let garage = {
            let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
            shared.upgrade().unwrap_or_else(|| {
                let garage = Arc::new(Self::start());
                *shared = Arc::downgrade(&garage);
                garage
            })
        };
        garage.ready().await;
        garage
    }

    pub fn config(&self) -> &S3Config {
        &self.config
    }

    pub fn store(&self) -> Store {
        Store::s3(&self.config)
    }

    /// Asks garage's own command line to do something.
    ///
    /// # Panics
    /// When it refuses.
    pub fn run(&self, arguments: &[&str]) {
        let mut command = Command::new(binary());
        let ran = command.arg("-c").arg(&self.settings).args(arguments).output().expect("garage");
        let log = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{arguments:?}: {log}");
    }

    /// An empty bucket of a test's own.
    pub fn bucket(&self, name: &str) -> S3Config {
        let key = &self.config.access_key_id;
        self.run(&["bucket", "create", name]);
        self.run(&["bucket", "allow", name, "--read", "--write", "--owner", "--key", key]);
        S3Config { bucket: name.to_owned(), ..self.config.clone() }
    }

    fn start() -> Self {
        let binary = binary();
        let dir = tempfile::tempdir().expect("a temporary folder");
        let [s3, rpc] = spare_ports();
        let root = dir.path().display();
        let secret = "5f".repeat(32);
        let toml = format!(
            "metadata_dir = \"{root}/meta\"\n\
             data_dir = \"{root}/data\"\n\
             db_engine = \"sqlite\"\n\
             replication_factor = 1\n\
             metadata_fsync = false\n\
             data_fsync = false\n\
             rpc_bind_addr = \"127.0.0.1:{rpc}\"\n\
             rpc_public_addr = \"127.0.0.1:{rpc}\"\n\
             rpc_secret = \"{secret}\"\n\
             [s3_api]\n\
             s3_region = \"garage\"\n\
             api_bind_addr = \"127.0.0.1:{s3}\"\n"
        );
        let file = dir.path().join("garage.toml");
        std::fs::write(&file, toml).expect("the store's settings");
        let config = S3Config {
            endpoint: Some(format!("http://127.0.0.1:{s3}")),
            public_endpoint: None,
            region: "garage".to_owned(),
            bucket: "media".to_owned(),
            access_key_id: format!("GK{}", "0a".repeat(12)),
            secret_access_key: "7e".repeat(32),
        };
        // setpriv ends garage with the thread that started it, even when the test process is
        // killed; that thread therefore stays until garage is to stop.
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL"])
            .arg(binary)
            .arg("-c")
            .arg(file)
            .args(["server", "--single-node", "--default-access-key", "--default-bucket"])
            .env("GARAGE_DEFAULT_ACCESS_KEY", &config.access_key_id)
            .env("GARAGE_DEFAULT_SECRET_KEY", &config.secret_access_key)
            .env("GARAGE_DEFAULT_BUCKET", &config.bucket)
            .env("RUST_LOG", "garage=warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(dir.path().join("log")).expect("the store's log"));
        let settings = dir.path().join("garage.toml");
        let (stop, stopped) = mpsc::channel();
        let (started, spawned) = mpsc::channel();
        let keeper = std::thread::spawn(move || {
            let child = command.spawn();
            let _ = started.send(child.as_ref().map(drop).map_err(ToString::to_string));
            if let Ok(mut child) = child {
                let _ = stopped.recv();
                let _ = child.kill();
                let _ = child.wait();
            }
            drop(dir);
        });
        spawned.recv().expect("the keeper answers").expect("garage starts");
        Self { config, settings, stop, keeper: Some(keeper) }
    }

    async fn ready(&self) {
        let store = self.store();
        let begun = Instant::now();
        while let Err(error) = store.check().await {
            assert!(begun.elapsed() < START_TIMEOUT, "garage doesn't answer: {error:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Garage {
    fn drop(&mut self) {
        let _ = self.stop.send(());
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}

/// `MEGURUMI_GARAGE`, else what `script/garage` has built.
fn binary() -> PathBuf {
    let path = std::env::var_os("MEGURUMI_GARAGE").map_or_else(
        || {
            let home = std::env::var_os("MEGURUMI_GARAGE_HOME").map(PathBuf::from);
            let cache = || {
                let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
                let user = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
                cache.unwrap_or_else(|| user().join(".cache")).join("megurumi/garage")
            };
            home.unwrap_or_else(cache).join(VERSION).join("bin/garage")
        },
        PathBuf::from,
    );
    assert!(
        path.is_file(),
        "the tests need the S3-compatible store garage, and {} is not there: run script/garage",
        path.display()
    );
    path
}

fn spare_ports() -> [u16; 2] {
    // Held together, so that they differ.
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a spare port"));
    listeners.map(|listener| listener.local_addr().expect("an address").port())
}
