//! Clears away what uploads leave.

use super::{EXPIRES_AFTER, Upload, UploadState, sql};
use crate::app::App;
use crate::db::Tx;
use crate::jobs::{self, Job, JobError, Lease};
use crate::time_id::UploadId;

/// How many uploads a purge looks at in one go.
const PAGE: u64 = 200;

/// Removes an ended upload's bytes from the media store.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct DropUpload {
    pub upload: UploadId,
}

impl Job for DropUpload {
    const KIND: &'static str = "drop_upload";

    async fn run(&self, app: &App, _: &Lease) -> Result<(), JobError> {
        let Some(upload) = sql::find(&app.db, self.upload).await? else { return Ok(()) };
        if matches!(upload.state, UploadState::Open | UploadState::Complete) {
            return Ok(());
        }
        let handle = upload.handle()?;
        app.media.abort_upload(&handle).await?;
        // There when it was complete and a feature began to take it over.
        Ok(app.media.delete(handle.key()).await?)
    }
}

/// Ends an upload, and has its bytes removed. Says whether it was open.
pub(super) async fn end(
    app: &App,
    tx: &mut Tx,
    upload: UploadId,
    state: UploadState,
) -> crate::db::Result<bool> {
    let was_open = sql::end(tx, upload, state, app.clock.now()).await?;
    if was_open {
        jobs::enqueue(tx, &app.clock, &DropUpload { upload }).await?;
    }
    Ok(was_open)
}

/// Expires uploads that nobody went on with and complete ones that nobody wanted; forgets those
/// that ended long ago. Bounded: what is left waits for the next round.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub struct PurgeUploads {}

impl Job for PurgeUploads {
    const KIND: &'static str = "purge_uploads";

    async fn run(&self, app: &App, _: &Lease) -> Result<(), JobError> {
        let now = app.clock.now();
        for upload in sql::overdue(&app.db, now, PAGE).await? {
            let mut tx = app.db.begin().await?;
            end(app, &mut tx, upload, UploadState::Expired).await?;
            tx.commit().await?;
        }
        for upload in sql::unclaimed(&app.db, now, PAGE).await? {
            let mut tx = app.db.begin().await?;
            if sql::expire_complete(&mut tx, upload, now).await? {
                jobs::enqueue(&mut tx, &app.clock, &DropUpload { upload }).await?;
            }
            tx.commit().await?;
        }
        let mut tx = app.db.begin().await?;
        sql::forget(&mut tx, now.minus(EXPIRES_AFTER * 3), PAGE).await?;
        Ok(tx.commit().await?)
    }
}

/// Open, and past its time though no purge has come by yet.
pub(super) fn is_overdue(app: &App, upload: &Upload) -> bool {
    upload.state == UploadState::Open && upload.expires_at <= app.clock.now()
}
