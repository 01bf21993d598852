//! Mail that must not be waited for, and forgetting what ran out.

use super::{actions, sql};
use crate::access::{rate_limit, session};
use crate::app::App;
use crate::error::Error;
use crate::jobs::{Job, JobError, Lease};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Mails a reset link if someone has that address.
#[derive(Debug, Serialize, Deserialize)]
pub struct MailReset {
    pub email_key: String,
}

impl Job for MailReset {
    const KIND: &'static str = "mail_reset";
    const PRIORITY: i64 = 10;

    async fn run(&self, app: &App, lease: &Lease) -> Result<(), JobError> {
        let mut tx = app.db.begin().await?;
        lease.hold(&mut tx).await?;
        actions::mail_reset(app, &mut tx, &self.email_key).await.map_err(|error| match error {
            Error::Internal(cause) | Error::NoRoom(cause) => JobError::Retry(cause),
            other => JobError::Retry(other.into()),
        })?;
        tx.commit().await?;
        Ok(())
    }
}

/// Who never confirms their address in this time has no account any more, and may sign up again.
const UNCONFIRMED_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// Forgets sessions, mailed links and counts that ran out, and accounts that were never confirmed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Purge {}

/// Slices of one run; what is left waits for the next.
const SLICES: usize = 100;

impl Job for Purge {
    const KIND: &'static str = "purge_accounts";

    async fn run(&self, app: &App, _lease: &Lease) -> Result<(), JobError> {
        for _ in 0..SLICES {
            // One small transaction a slice, so that nobody's write waits for long.
            let mut tx = app.db.begin().await?;
            let mut gone = session::purge_expired(&mut tx, &app.clock).await?;
            gone += sql::purge_tokens(&mut tx, app.clock.now()).await?;
            gone += rate_limit::purge(&mut tx, &app.clock).await?;
            gone +=
                sql::purge_unconfirmed(&mut tx, app.clock.now().minus(UNCONFIRMED_KEPT)).await?;
            tx.commit().await?;
            if gone == 0 {
                break;
            }
        }
        Ok(())
    }
}
