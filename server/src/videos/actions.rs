//! What can be done with a video.

use super::jobs::{DropVideo, TranscodeVideo};
use super::{VideoStatus, sql};
use crate::access::{Viewer, policy};
use crate::app::App;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::time_id::{AccountId, Clock, PostId, UploadId, VideoId};
use crate::{jobs, media, posts};

/// A finished upload, as far as its video needs to know it.
#[derive(Clone, Copy, Debug)]
pub struct Finished {
    pub upload: UploadId,
    pub owner: AccountId,
    pub bytes: u64,
    /// The draft it was sent for.
    pub post: Option<PostId>,
}

/// Makes a finished upload the video of its post and has it transcoded, in the transaction that finishes the upload. Twice is once.
///
/// A draft that is gone, waits in review or isn't the sender's own gets nothing; the video exists all the same and is purged as unused.
pub async fn create(tx: &mut Tx, clock: &Clock, finished: Finished) -> Result<VideoId> {
    let id = VideoId::new(clock);
    let Finished { upload, owner, bytes, post } = finished;
    if !sql::insert(tx, clock, id, owner, upload, bytes).await? {
        let known = sql::find_by_upload(&mut *tx, upload).await?;
        return known.map(|video| video.id).ok_or(Error::NotFound);
    }
    if let Some(post) = post {
        match posts::actions::receive_video(tx, clock, owner, post, id).await {
            Ok(()) | Err(Error::NotFound | Error::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let turn_of = owner.to_string();
    jobs::enqueue_in_turn(tx, clock, &TranscodeVideo { video: id }, &turn_of).await?;
    Ok(id)
}

/// Tries a failed video again.
pub async fn retry(app: &App, viewer: &Viewer, id: VideoId) -> Result<()> {
    let video = super::find(&app.db, id).await?.ok_or(Error::NotFound)?;
    policy::can_edit_post(viewer, video.owner_id)?;
    let mut tx = app.db.begin().await?;
    let failed = [VideoStatus::Failed];
    if !sql::move_to(&mut tx, &app.clock, id, &failed, VideoStatus::Queued, None).await? {
        return Err(Error::Conflict("only a failed video is tried again"));
    }
    let turn_of = video.owner_id.to_string();
    jobs::enqueue_in_turn(&mut tx, &app.clock, &TranscodeVideo { video: id }, &turn_of).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends the work on a video that was taken off a revision, unless another one shows it, and has it forgotten a day later.
pub async fn drop_unless_used(tx: &mut Tx, clock: &Clock, video: VideoId) -> Result<()> {
    cancel_unless_used(tx, clock, video).await?;
    let at = clock.now().plus(media::UNUSED_FOR);
    jobs::enqueue_at(tx, clock, &DropVideo { video }, at, None).await?;
    Ok(())
}

/// Ends the work on a video that nobody waits for any more.
pub async fn cancel_unless_used(tx: &mut Tx, clock: &Clock, video: VideoId) -> Result<()> {
    Ok(sql::cancel_unused(tx, clock, video).await?)
}
