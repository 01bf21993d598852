//! Letting go of what a withdrawn post showed.

use super::sql;
use crate::app::App;
use crate::jobs::{Job, JobError, Lease};
use crate::time_id::PostId;
use crate::{photos, videos};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a withdrawn post keeps its photos and video: for a question about it, and for second thoughts.
pub(super) const WITHDRAWN_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// Takes the photos and videos off a withdrawn post. Its words stay, for the record of decisions.
#[derive(Debug, Serialize, Deserialize)]
pub struct DropMedia {
    pub post: PostId,
}

impl Job for DropMedia {
    const KIND: &'static str = "drop_media";

    async fn run(&self, app: &App, lease: &Lease) -> Result<(), JobError> {
        let mut tx = app.db.begin().await?;
        lease.hold(&mut tx).await?;
        let (shown_photos, shown_videos) = sql::take_media_off(&mut tx, self.post).await?;
        for photo in shown_photos {
            photos::actions::drop_unless_used(&mut tx, &app.clock, photo).await?;
        }
        for video in shown_videos {
            videos::actions::drop_unless_used(&mut tx, &app.clock, video).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
