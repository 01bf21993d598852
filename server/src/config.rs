//! Every setting, read once at the start from the environment and the command line, with clear errors.
//!
//! A variable's name carries its unit. Nothing else in the program reads the environment.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// How a `serve` or `work` process is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Database, media, index and mail live here unless told otherwise.
    pub data: PathBuf,
    pub listen: SocketAddr,
    /// Scheme and host as people type them, without a slash at the end.
    pub base_url: String,
    /// `postgres://…`, or the path of a SQLite file.
    pub database_url: String,
    /// `smtp://user:password@host:port` or `smtps://…`; `None` writes mails to `data/mail/`.
    pub smtp_url: Option<String>,
    pub mail_from: String,
    pub s3: Option<S3Settings>,
    pub demo: bool,
    pub transcoder: PathBuf,
    /// Refuse to start a worker where the transcoder's cage is not whole.
    pub sandbox_required: bool,
    /// Debian's mecab-ipadic CSV files, from which the dictionary is built.
    pub dictionary_source: PathBuf,
    /// Where the built dictionary is kept.
    pub dictionary: PathBuf,
    pub video_max_bytes: u64,
    pub video_max_seconds: u64,
    pub photo_max_bytes: u64,
    /// Videos and photos together, in any 24 hours.
    pub member_max_bytes_per_day: u64,
    /// Videos of one member that wait to be made ready.
    pub member_max_waiting_videos: u64,
    pub quick_workers: usize,
    pub heavy_workers: usize,
    /// The header in which a front proxy names the client's address; `None` trusts the connection.
    pub client_address_header: Option<String>,
}

#[derive(Clone, Debug)]
pub struct S3Settings {
    pub endpoint: Option<String>,
    /// Where browsers reach the bucket, if not at `endpoint`.
    pub public_endpoint: Option<String>,
    pub region: String,
    pub bucket: String,
    pub access_key_id: String,
    pub secret_access_key: String,
}

/// What the command line says; it wins over the environment.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    pub data: Option<PathBuf>,
    pub listen: Option<SocketAddr>,
    pub demo: bool,
}

/// Everything wrong with the settings, at once.
#[derive(Debug, thiserror::Error)]
#[error("the configuration is not usable:\n{}", .0.iter().map(|line| format!("  - {line}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(pub Vec<String>);

/// The variables we know; any other `MEGURUMI_…` is a typing mistake and an error.
const KNOWN: &[&str] = &[
    "MEGURUMI_DATA",
    "MEGURUMI_LISTEN",
    "MEGURUMI_BASE_URL",
    "MEGURUMI_DATABASE_URL",
    "MEGURUMI_SMTP_URL",
    "MEGURUMI_MAIL_FROM",
    "MEGURUMI_S3_ENDPOINT",
    "MEGURUMI_S3_PUBLIC_ENDPOINT",
    "MEGURUMI_S3_REGION",
    "MEGURUMI_S3_BUCKET",
    "MEGURUMI_S3_ACCESS_KEY_ID",
    "MEGURUMI_S3_SECRET_ACCESS_KEY",
    "MEGURUMI_TRANSCODER",
    "MEGURUMI_SANDBOX",
    "MEGURUMI_DICTIONARY",
    "MEGURUMI_DICTIONARY_SOURCE",
    "MEGURUMI_VIDEO_MAX_BYTES",
    "MEGURUMI_VIDEO_MAX_SECONDS",
    "MEGURUMI_PHOTO_MAX_BYTES",
    "MEGURUMI_MEMBER_MAX_BYTES_PER_DAY",
    "MEGURUMI_MEMBER_MAX_WAITING_VIDEOS",
    "MEGURUMI_QUICK_WORKERS",
    "MEGURUMI_HEAVY_WORKERS",
    "MEGURUMI_CLIENT_ADDRESS_HEADER",
    // Read by the log set-up in `main`.
    "MEGURUMI_LOG",
    "MEGURUMI_LOG_FORMAT",
];

/// Settings that had a meaning once; a site that still has one must start. The transcoder has a decoder of HEIC of its own now.
const FORMER: &[&str] = &["MEGURUMI_HEIF_CONVERT"];

impl Config {
    /// From the process's environment.
    pub fn from_env(flags: Flags) -> Result<Self, ConfigError> {
        Self::read(
            flags,
            std::env::vars().filter(|(name, _)| name.starts_with("MEGURUMI_")).collect(),
        )
    }

    /// From `variables`. Names that start with `MEGURUMI_TEST_`, `MEGURUMI_BENCH_` or `MEGURUMI_GARAGE` belong to the test tools.
    pub fn read(flags: Flags, variables: HashMap<String, String>) -> Result<Self, ConfigError> {
        let mut reader = Reader { variables, errors: Vec::new() };
        for name in reader.variables.keys() {
            let is_tools = ["MEGURUMI_TEST_", "MEGURUMI_BENCH_", "MEGURUMI_GARAGE"]
                .iter()
                .any(|prefix| name.starts_with(prefix));
            if !KNOWN.contains(&name.as_str()) && !FORMER.contains(&name.as_str()) && !is_tools {
                reader.errors.push(format!("{name} is not a setting; see README.md for the list"));
            }
        }
        let data =
            flags.data.or_else(|| reader.text("DATA").map(PathBuf::from)).unwrap_or("data".into());
        let listen = flags
            .listen
            .or_else(|| reader.parsed("LISTEN", "an address and port such as 127.0.0.1:3000"))
            .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 3000)));
        let base_url = reader
            .text("BASE_URL")
            .unwrap_or_else(|| format!("http://localhost:{}", listen.port()))
            .trim_end_matches('/')
            .to_owned();
        if !(base_url.starts_with("http://") || base_url.starts_with("https://")) {
            reader.errors.push(format!(
                "MEGURUMI_BASE_URL: {base_url:?} must begin with http:// or https://"
            ));
        }
        let database_url = reader
            .text("DATABASE_URL")
            .unwrap_or_else(|| data.join("megurumi.db").to_string_lossy().into_owned());
        let beside = |name: &str| -> PathBuf {
            let here = std::env::current_exe().ok();
            here.as_deref().and_then(Path::parent).map_or_else(|| name.into(), |dir| dir.join(name))
        };
        let video_max_bytes = reader.number("VIDEO_MAX_BYTES", 500 << 20, 1 << 20, 8 << 30);
        let photo_max_bytes = reader.number("PHOTO_MAX_BYTES", 100 << 20, 1 << 16, 200 << 20);
        // Whatever may be sent at all must fit into one day.
        let largest = video_max_bytes.max(photo_max_bytes);
        let day = (2 << 30).max(largest);
        let config = Self {
            smtp_url: reader.text("SMTP_URL"),
            mail_from: reader.text("MAIL_FROM").unwrap_or("めぐるみ <megurumi@localhost>".into()),
            s3: reader.s3(),
            demo: flags.demo,
            transcoder: reader
                .text("TRANSCODER")
                .map_or_else(|| beside("megurumi-transcoder"), program),
            sandbox_required: reader.sandbox_required(),
            dictionary_source: reader
                .text("DICTIONARY_SOURCE")
                .unwrap_or("/usr/share/mecab/dic/ipadic".into())
                .into(),
            dictionary: reader
                .text("DICTIONARY")
                .map_or_else(|| data.join("dictionary"), PathBuf::from),
            video_max_bytes,
            video_max_seconds: reader.number("VIDEO_MAX_SECONDS", 180, 1, 3600),
            photo_max_bytes,
            member_max_bytes_per_day: reader.number(
                "MEMBER_MAX_BYTES_PER_DAY",
                day,
                largest,
                1 << 50,
            ),
            member_max_waiting_videos: reader.number("MEMBER_MAX_WAITING_VIDEOS", 5, 1, 1000),
            quick_workers: reader.number("QUICK_WORKERS", 2, 1, 64) as usize,
            heavy_workers: reader.number("HEAVY_WORKERS", 1, 1, 64) as usize,
            client_address_header: reader
                .text("CLIENT_ADDRESS_HEADER")
                .map(|name| name.to_lowercase()),
            data,
            listen,
            base_url,
            database_url,
        };
        if reader.errors.is_empty() { Ok(config) } else { Err(ConfigError(reader.errors)) }
    }

    pub fn is_https(&self) -> bool {
        self.base_url.starts_with("https://")
    }

    pub fn media_folder(&self) -> PathBuf {
        self.data.join("media")
    }

    pub fn index_folder(&self) -> PathBuf {
        self.data.join("index")
    }

    pub fn mail_folder(&self) -> PathBuf {
        self.data.join("mail")
    }

    /// Where the processes on this data folder have their working files: see [`crate::media::WorkRoot`].
    pub fn work_folder(&self) -> PathBuf {
        self.data.join("work")
    }
}

/// Programs are started from another folder than the one that a relative path means; a bare name is looked for on `PATH`.
fn program(named: String) -> PathBuf {
    let absolute = named.contains('/').then(|| std::path::absolute(&named).ok()).flatten();
    absolute.unwrap_or_else(|| named.into())
}

struct Reader {
    variables: HashMap<String, String>,
    errors: Vec<String>,
}

impl Reader {
    fn text(&self, name: &str) -> Option<String> {
        let value = self.variables.get(&format!("MEGURUMI_{name}"))?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn parsed<T: std::str::FromStr>(&mut self, name: &str, what: &str) -> Option<T> {
        let text = self.text(name)?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.errors.push(format!("MEGURUMI_{name}: {text:?} is not {what}"));
        }
        parsed
    }

    fn number(&mut self, name: &str, default: u64, least: u64, most: u64) -> u64 {
        let number = self.parsed(name, "a whole number").unwrap_or(default);
        if !(least..=most).contains(&number) {
            self.errors
                .push(format!("MEGURUMI_{name}: {number} is not between {least} and {most}"));
        }
        number
    }

    fn sandbox_required(&mut self) -> bool {
        match self.text("SANDBOX").as_deref() {
            None | Some("best-effort") => false,
            Some("require") => true,
            Some(other) => {
                let error =
                    format!("MEGURUMI_SANDBOX: {other:?} is neither require nor best-effort");
                self.errors.push(error);
                false
            }
        }
    }

    /// All of S3's settings, or none: a bucket without its keys is a mistake.
    fn s3(&mut self) -> Option<S3Settings> {
        let bucket = self.text("S3_BUCKET");
        let (id, secret) = (self.text("S3_ACCESS_KEY_ID"), self.text("S3_SECRET_ACCESS_KEY"));
        let endpoint = self.text("S3_ENDPOINT");
        match (bucket, id, secret) {
            (Some(bucket), Some(access_key_id), Some(secret_access_key)) => Some(S3Settings {
                region: self.text("S3_REGION").unwrap_or("us-east-1".into()),
                public_endpoint: self.text("S3_PUBLIC_ENDPOINT"),
                endpoint,
                bucket,
                access_key_id,
                secret_access_key,
            }),
            (None, None, None) if endpoint.is_none() => None,
            _ => {
                self.errors.push(
                    "S3 needs MEGURUMI_S3_BUCKET, MEGURUMI_S3_ACCESS_KEY_ID and MEGURUMI_S3_SECRET_ACCESS_KEY together"
                        .into(),
                );
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Config::read(Flags::default(), variables)
    }

    #[test]
    fn without_any_setting_everything_lives_under_data() {
        let config = read(&[]).unwrap();
        assert_eq!(config.database_url, "data/megurumi.db");
        assert_eq!(config.base_url, "http://localhost:3000");
        assert!(config.s3.is_none());
    }

    #[test]
    fn a_whole_cage_is_required_only_where_that_is_said() {
        assert!(!read(&[]).unwrap().sandbox_required);
        assert!(!read(&[("MEGURUMI_SANDBOX", "best-effort")]).unwrap().sandbox_required);
        assert!(read(&[("MEGURUMI_SANDBOX", "require")]).unwrap().sandbox_required);
    }

    #[test]
    fn what_may_be_sent_at_all_may_be_sent_in_a_day() {
        assert_eq!(read(&[]).unwrap().member_max_bytes_per_day, 2 << 30);
        let large = ("MEGURUMI_VIDEO_MAX_BYTES", "4294967296");
        assert_eq!(read(&[large]).unwrap().member_max_bytes_per_day, 4 << 30);
        let error =
            read(&[large, ("MEGURUMI_MEMBER_MAX_BYTES_PER_DAY", "2147483648")]).unwrap_err();
        assert!(error.to_string().contains("MEMBER_MAX_BYTES_PER_DAY"), "{error}");
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let error = read(&[
            ("MEGURUMI_LISTEN", "3000"),
            ("MEGURUMI_VIDEO_MAX_BYTES", "many"),
            ("MEGURUMI_S3_BUCKET", "media"),
            ("MEGURUMI_SANDBOX", "yes"),
            ("MEGURUMI_BASE_ULR", "https://example.jp"),
        ])
        .unwrap_err();
        let text = error.to_string();
        for part in
            ["LISTEN", "VIDEO_MAX_BYTES", "S3_SECRET_ACCESS_KEY", "SANDBOX", "MEGURUMI_BASE_ULR"]
        {
            assert!(text.contains(part), "{part} missing in {text}");
        }
    }
}
