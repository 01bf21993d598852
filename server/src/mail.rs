//! Outgoing mail: by SMTP when configured, else as files in `data/mail/`, so that nothing is lost on a machine without a mail
//! server. Always sent by a job, so that it goes out exactly when its cause commits, and again when the server was away.
//!
//! Not here: what mails say (`web::mail`).

use crate::app::App;
use crate::config::Config;
use crate::db::{Result, Tx};
use crate::jobs::{Job, JobError, Lease, enqueue};
use crate::time_id::Clock;
use anyhow::Context;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use serde::{Deserialize, Serialize};
use std::io::Write;
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
                    .build(),
            ),
            None => Transport::Folder(config.mail_folder()),
        };
        Ok(Self { from, transport })
    }

    async fn send(&self, mail: &SendMail) -> Result<(), JobError> {
        let to: Mailbox = mail.to.parse().map_err(|error: lettre::address::AddressError| {
            JobError::GiveUp(anyhow::Error::from(error).context("the recipient is no mail address"))
        })?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(&mail.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.body.clone())
            .map_err(|error| JobError::GiveUp(error.into()))?;
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

    async fn run(&self, app: &App, _lease: &Lease) -> Result<(), JobError> {
        app.mail.send(self).await
    }
}

/// Sends a mail once `tx` commits.
pub async fn send(tx: &mut Tx, clock: &Clock, to: &str, mail: web::mail::Mail) -> Result<()> {
    let web::mail::Mail { subject, body } = mail;
    enqueue(tx, clock, &SendMail { to: to.to_owned(), subject, body }).await
}
