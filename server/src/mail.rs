//! Outgoing mail: by SMTP when configured, else as files in `data/mail/`, so that nothing is lost on a machine without a mail
//! server. Always sent by a job, so that it goes out exactly when its cause commits, and again when the server was away. What goes out
//! twice has one Message-ID, so that mail programs show it once.
//!
//! Not here: what mails say (`web::mail`).

use crate::app::App;
use crate::config::Config;
use crate::db::{Result, Tx};
use crate::jobs::{Job, JobError, Lease, enqueue};
use crate::time_id::{Clock, JobId};
use anyhow::Context;
use axum::http::Uri;
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

pub struct Mailer {
    from: Mailbox,
    transport: Transport,
}

enum Transport {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Folder(PathBuf),
}

impl Mailer {
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let from = config.mail_from.parse().with_context(|| {
            format!("MEGURUMI_MAIL_FROM: {:?} is no mail address", config.mail_from)
        })?;
        let transport = match &config.smtp_url {
            Some(url) => Transport::Smtp(
                AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
                    .context("MEGURUMI_SMTP_URL is not usable")?
                    .hello_name(own_name(&config.base_url))
                    .build(),
            ),
            None => Transport::Folder(config.mail_folder()),
        };
        Ok(Self { from, transport })
    }

    /// `job` sends it, however often it tries.
    async fn send(&self, mail: &SendMail, job: JobId) -> Result<(), JobError> {
        let message = self.message(mail, job).map_err(JobError::GiveUp)?;
        match &self.transport {
            Transport::Smtp(smtp) => {
                smtp.send(message).await.map_err(|error| {
                    let permanent = error.is_permanent();
                    let error = anyhow::Error::from(error).context("the mail server refused");
                    if permanent { JobError::GiveUp(error) } else { JobError::Retry(error) }
                })?;
            }
            Transport::Folder(folder) => {
                let (folder, bytes) = (folder.clone(), message.formatted());
                tokio::task::spawn_blocking(move || keep(&folder, &bytes)).await??;
            }
        }
        Ok(())
    }

    fn message(&self, mail: &SendMail, job: JobId) -> anyhow::Result<Message> {
        let to = recipient(&mail.to).context("the recipient is no mail address")?;
        let header =
            |name, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
        let message = Message::builder()
            .message_id(Some(format!("<{job}@{}>", self.from.email.domain())))
            .from(self.from.clone())
            .raw_header(header("To", to.to_string()))
            // A `Mailbox` does not take every address that SMTP takes.
            .envelope(Envelope::new(Some(self.from.email.clone()), vec![to])?)
            .subject(&mail.subject)
            .header(MIME_VERSION_1_0)
            // RFC 3834: no absence note answers it.
            .raw_header(header("Auto-Submitted", "auto-generated".into()))
            .header(ContentType::TEXT_PLAIN)
            .body(mail.body.clone())?;
        Ok(message)
    }
}

/// An address as SMTP takes it: a name part that is no dot-atom (RFC 5321), as carriers gave out, is quoted.
fn recipient(email: &str) -> anyhow::Result<Address> {
    let (name, domain) = email.rsplit_once('@').context("no @")?;
    let is_dot_atom = name.split('.').all(|atom| !atom.is_empty());
    let address = if is_dot_atom {
        Address::new(name, domain)
    } else {
        Address::new(format!("\"{name}\""), domain)
    };
    Ok(address?)
}

/// What this server calls itself to others: the site's host.
fn own_name(base_url: &str) -> ClientId {
    let uri: Option<Uri> = base_url.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or("localhost");
    match host.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
        Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
        Err(_) => ClientId::Domain(host.to_owned()),
    }
}

/// Puts a mail into the folder, whole or not at all: where there is no room, half of one would be taken for a mail.
fn keep(folder: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(folder.join(format!("{}.eml", uuid::Uuid::new_v4())))?;
    Ok(())
}

/// One plain-text mail to one person. May go out twice if the worker dies right after sending.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendMail {
    pub to: String,
    pub subject: String,
    pub body: String,
}

impl Job for SendMail {
    const KIND: &'static str = "send_mail";
    const PRIORITY: i64 = 10;
    const MAX_ATTEMPTS: u32 = 12;

    async fn run(&self, app: &App, lease: &Lease) -> Result<(), JobError> {
        app.mail.send(self, lease.id).await
    }
}

/// Sends a mail once `tx` commits.
pub async fn send(tx: &mut Tx, clock: &Clock, to: &str, mail: web::mail::Mail) -> Result<()> {
    let web::mail::Mail { subject, body } = mail;
    enqueue(tx, clock, &SendMail { to: to.to_owned(), subject, body }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_part_that_is_no_dot_atom_is_quoted() {
        for (email, expected) in [
            ("hanako@example.jp", "hanako@example.jp"),
            ("foo..bar@docomo.ne.jp", "\"foo..bar\"@docomo.ne.jp"),
            ("foo.@docomo.ne.jp", "\"foo.\"@docomo.ne.jp"),
            (".foo@ezweb.ne.jp", "\".foo\"@ezweb.ne.jp"),
        ] {
            assert_eq!(recipient(email).unwrap().to_string(), expected);
        }
        assert!(recipient("hanako").is_err());
    }

    #[test]
    fn a_server_calls_itself_by_the_sites_host() {
        let name = |url| own_name(url).to_string();
        assert_eq!(name("https://megurumi.example.jp"), "megurumi.example.jp");
        assert_eq!(name("http://localhost:3000"), "localhost");
        assert_eq!(name("http://192.0.2.7:80"), "[192.0.2.7]");
        assert_eq!(name("http://[2001:db8::1]/"), "[IPv6:2001:db8::1]");
    }
}
