//! The mail beside a notice: written by a job, because it needs the site's address and its reader's language.

use super::{Kind, Stored, failed_video, sql};
use crate::app::App;
use crate::db::Tx;
use crate::jobs::{Job, JobError, Lease};
use crate::time_id::NoticeId;
use crate::{mail, videos};
use serde::{Deserialize, Serialize};
use web::Lang;
use web::mail::Mail;

/// Mails one notice to its reader. Nothing goes to an account without a proven mailbox, nor for a notice that is gone.
#[derive(Debug, Serialize, Deserialize)]
pub struct MailNotice {
    pub notice: NoticeId,
}

impl Job for MailNotice {
    const KIND: &'static str = "mail_notice";
    const PRIORITY: i64 = 20;

    async fn run(&self, app: &App, lease: &Lease) -> Result<(), JobError> {
        let mut tx = app.db.begin().await?;
        lease.hold(&mut tx).await?;
        let Some(notice) = sql::find(&mut tx, self.notice).await? else { return Ok(()) };
        let Some(to) = sql::recipient(&mut tx, notice.account_id).await? else { return Ok(()) };
        let lang = Lang::from_code(&to.language).unwrap_or_default();
        if let Some(written) = write(app, &mut tx, &notice, lang, &to.nickname).await? {
            mail::send(&mut tx, &app.clock, &to.email, written).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// `None` for what is told on the page alone, and for a failure that is being mended already.
async fn write(
    app: &App,
    tx: &mut Tx,
    notice: &Stored,
    lang: Lang,
    nickname: &str,
) -> Result<Option<Mail>, JobError> {
    let payload = &notice.payload;
    let title = payload.title.as_str();
    let url = format!("{}{}", app.config.base_url, super::path(notice.kind, payload.post));
    let reason = payload.reason.map(web::Reason::from);
    Ok(match (notice.kind, reason) {
        (Kind::Approved, _) => Some(web::mail::approved(lang, nickname, title, &url)),
        (Kind::ChangesRequested, Some(reason)) => {
            Some(web::mail::changes_requested(lang, nickname, title, reason, &payload.note, &url))
        }
        (Kind::Rejected, Some(reason)) => {
            Some(web::mail::rejected(lang, nickname, title, reason, &payload.note, &url))
        }
        (Kind::VideoFailed, _) => failed_video(tx, payload.post).await?.map(|video| {
            let longest = videos::present::longest(app);
            let why = videos::fault(&video).plain_video_words(lang, longest);
            web::mail::video_failed(lang, nickname, title, &why, &url)
        }),
        (Kind::PhotoFailed, _) => Some(web::mail::photo_failed(lang, nickname, title, &url)),
        (Kind::Thanked | Kind::ChangesRequested | Kind::Rejected, _) => None,
    })
}
