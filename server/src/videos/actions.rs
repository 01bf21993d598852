//! What can be done with a video.

use super::jobs::{DropVideo, TranscodeVideo};
use super::{VideoStatus, motion, sql};
use crate::access::{Viewer, policy};
use crate::app::App;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::time_id::{AccountId, Clock, PostId, UploadId, VideoId};
use crate::{jobs, media, posts};
use web::compose::Motion;

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
    let new = sql::New { owner, upload, source_bytes: bytes, is_slow: false, slow_factor: None };
    if !sql::insert(tx, clock, id, new).await? {
        let known = sql::find_by_upload(&mut *tx, upload, false).await?;
        return known.map(|video| video.id).ok_or(Error::NotFound);
    }
    if let Some(post) = post {
        match posts::actions::receive_video(tx, clock, owner, post, id).await {
            Ok(()) | Err(Error::NotFound | Error::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
    enqueue(tx, clock, owner, id).await?;
    Ok(id)
}

async fn enqueue(tx: &mut Tx, clock: &Clock, owner: AccountId, id: VideoId) -> Result<()> {
    let job = TranscodeVideo { video: id };
    Ok(jobs::enqueue_in_turn(tx, clock, &job, &owner.to_string()).await?)
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
    enqueue(&mut tx, &app.clock, video.owner_id, id).await?;
    tx.commit().await?;
    Ok(())
}

/// The video of the same upload in slow motion, or as it was filmed: as it was made before, or begun. The caller puts it on the
/// post in place of the other.
///
/// # Errors
/// [`Error::Conflict`] when it was not filmed for that, or would be too long; [`Error::Exceeded`] when its owner has as many videos waiting
/// as anybody may.
pub async fn in_motion(tx: &mut Tx, app: &App, id: VideoId, is_slow: bool) -> Result<VideoId> {
    let video = super::find(&mut *tx, id).await?.ok_or(Error::NotFound)?;
    if video.is_slow == is_slow {
        return Ok(id);
    }
    let upload = match (motion(app, &video), video.upload_id) {
        (Some(Motion::MayBeSlow { .. } | Motion::Slow), Some(upload)) => upload,
        _ => return Err(Error::Conflict("this video has one motion")),
    };
    let owner = video.owner_id;
    let known = sql::find_by_upload(&mut *tx, upload, is_slow).await?;
    if let Some(known) = &known
        && known.state != VideoStatus::Failed
    {
        return Ok(known.id);
    }
    media::allowance::take_place(tx, app, owner, None).await?;
    let made = match known {
        Some(known) => {
            let failed = [VideoStatus::Failed];
            sql::move_to(tx, &app.clock, known.id, &failed, VideoStatus::Queued, None).await?;
            known.id
        }
        None => {
            let new = sql::New {
                owner,
                upload,
                source_bytes: video.source_bytes,
                is_slow,
                slow_factor: video.slow_factor,
            };
            let made = VideoId::new(&app.clock);
            if !sql::insert(tx, &app.clock, made, new).await? {
                return Err(Error::Conflict("another request was faster"));
            }
            made
        }
    };
    enqueue(tx, &app.clock, owner, made).await?;
    Ok(made)
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
