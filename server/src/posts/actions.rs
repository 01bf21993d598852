//! What can be done with a post. Each verb asks the policy, then writes in one transaction.

use super::card;
use super::jobs::{DropMedia, WITHDRAWN_KEPT};
use super::{CoverChoice, Draft, Kind, PHOTOS, Post, Revision, RevisionState, Visibility, sql};
use crate::access::{Viewer, policy};
use crate::app::App;
use crate::changes::{self, Subject};
use crate::db::{Db, Tx};
use crate::error::{Error, Result};
use crate::notifications::{self, Notice};
use crate::photos::PhotoState;
use crate::time_id::{AccountId, Clock, PhotoId, PostId, Timestamp, VideoId};
use crate::videos::VideoStatus;
use crate::{jobs, moderation, photos, videos};

/// A post and the revision its author may write in.
#[derive(Clone, Debug)]
pub struct Editing {
    pub post: Post,
    pub revision: Revision,
}

/// Starts an empty draft.
pub async fn create(app: &App, viewer: &Viewer, kind: Kind) -> Result<Editing> {
    let proof = policy::can_write(viewer)?;
    let mut tx = app.db.begin().await?;
    let post = sql::insert_post(&mut tx, &app.clock, &proof, kind).await?;
    sql::insert_revision(&mut tx, &app.clock, post, 1).await?;
    let editing = load(&mut tx, post).await?;
    tx.commit().await?;
    Ok(editing)
}

/// The post as its author may edit it. On a published post without an open revision this is the published one: the next one
/// starts with the first [`save`], [`attach_photo`] or [`set_video`].
pub async fn open(db: &Db, viewer: &Viewer, id: PostId) -> Result<Editing> {
    let post = sql::find(db, id).await?.ok_or(Error::NotFound)?;
    policy::can_edit_post(viewer, post.author_id)?;
    if post.visibility == Visibility::Withdrawn {
        return Err(Error::NotFound);
    }
    let revision = sql::latest_revision(db, id).await?.ok_or(Error::NotFound)?;
    Ok(Editing { post, revision })
}

/// Why a save was not taken.
#[derive(Debug)]
pub enum SaveError {
    /// Another window, or a moderator, was faster: the version is now this one.
    Stale {
        version: i64,
    },
    Other(Error),
}

impl<E: Into<Error>> From<E> for SaveError {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

/// Keeps what was typed. What came back from review, and what is published, becomes a draft again; what waits in review can't
/// be changed.
///
/// `version` is the one the form showed. Photos that aren't the author's own are left out, and so is a choice of what isn't on the post.
pub async fn save(
    app: &App,
    viewer: &Viewer,
    id: PostId,
    version: i64,
    mut draft: Draft,
) -> Result<Revision, SaveError> {
    let mut tx = app.db.begin().await?;
    let Editing { post, revision } = load(&mut tx, id).await?;
    let proof = policy::can_edit_post(viewer, post.author_id).map_err(Error::from)?;
    if revision.version != version {
        return Err(SaveError::Stale { version: revision.version });
    }
    let revision = writable(&mut tx, &app.clock, revision).await?;
    draft.photos = own_photos(&mut tx, &post, draft.photos).await?;
    draft.cover = draft.cover.or(revision.cover).filter(|choice| match *choice {
        CoverChoice::Moment { video, .. } => revision.video_id == Some(video),
        CoverChoice::Photo(photo) => draft.photos.iter().any(|(kept, _)| *kept == photo),
    });
    for (photo, _) in sql::photo_ids(&mut tx, revision.id).await? {
        if draft.photos.iter().all(|(kept, _)| *kept != photo) {
            photos::actions::drop_unless_used(&mut tx, &app.clock, photo).await?;
        }
    }
    let taken =
        sql::update_draft(&mut tx, &app.clock, &proof, revision.id, revision.version, &draft)
            .await?;
    if !taken {
        return Err(SaveError::Stale { version: revision.version });
    }
    sql::touch_post(&mut tx, &app.clock, id).await?;
    let saved = load(&mut tx, id).await?.revision;
    tx.commit().await?;
    Ok(saved)
}

/// The revision to write in: this one, or the next after a published one.
pub(super) async fn writable(tx: &mut Tx, clock: &Clock, revision: Revision) -> Result<Revision> {
    if revision.state.is_editable() {
        return Ok(revision);
    }
    if revision.state == RevisionState::Published {
        let next = sql::copy_revision(tx, clock, &revision).await?;
        return sql::revision(&mut *tx, next).await?.ok_or(Error::NotFound);
    }
    Err(Error::Conflict("this revision waits in review"))
}

async fn own_photos(
    tx: &mut Tx,
    post: &Post,
    listed: Vec<(PhotoId, String)>,
) -> Result<Vec<(PhotoId, String)>> {
    let ids: Vec<PhotoId> = listed.iter().map(|(id, _)| *id).collect();
    let found = photos::find_many(&mut *tx, &ids).await?;
    let mut kept: Vec<(PhotoId, String)> = Vec::new();
    for (id, alt) in listed {
        let is_own = found.iter().any(|photo| photo.id == id && photo.owner_id == post.author_id);
        if is_own && kept.iter().all(|(known, _)| *known != id) && kept.len() < PHOTOS {
            kept.push((id, alt));
        }
    }
    Ok(kept)
}

/// Adds a photo at the end, in the caller's transaction. [`Error::Conflict`] when there are [`PHOTOS`] already.
pub async fn attach_photo(
    tx: &mut Tx,
    clock: &Clock,
    viewer: &Viewer,
    id: PostId,
    photo: PhotoId,
) -> Result<()> {
    let Editing { post, revision } = load(tx, id).await?;
    policy::can_edit_post(viewer, post.author_id)?;
    let revision = writable(tx, clock, revision).await?;
    if sql::photo_ids(&mut *tx, revision.id).await?.len() >= PHOTOS {
        return Err(Error::Conflict("ten photos are there already"));
    }
    sql::append_photo(tx, revision.id, photo).await?;
    sql::touch_post(tx, clock, id).await?;
    Ok(())
}

/// Puts a video that its sender uploaded for this post on it, in the caller's transaction.
///
/// Errors: [`Error::NotFound`] when the post is not the sender's, [`Error::Conflict`] when it waits in review.
pub async fn receive_video(
    tx: &mut Tx,
    clock: &Clock,
    sender: AccountId,
    id: PostId,
    video: VideoId,
) -> Result<()> {
    let editing = load(tx, id).await?;
    if editing.post.author_id != sender {
        return Err(Error::NotFound);
    }
    put_video(tx, clock, editing, Some(video)).await
}

/// Takes the video off the post.
pub async fn remove_video(app: &App, viewer: &Viewer, id: PostId) -> Result<()> {
    let mut tx = app.db.begin().await?;
    let editing = load(&mut tx, id).await?;
    policy::can_edit_post(viewer, editing.post.author_id)?;
    put_video(&mut tx, &app.clock, editing, None).await?;
    tx.commit().await?;
    Ok(())
}

/// Shows the post's video in slow motion, or as it was filmed.
pub async fn set_motion(app: &App, viewer: &Viewer, id: PostId, is_slow: bool) -> Result<()> {
    let mut tx = app.db.begin().await?;
    let editing = load(&mut tx, id).await?;
    policy::can_edit_post(viewer, editing.post.author_id)?;
    let shown = editing.revision.video_id.ok_or(Error::Conflict("this post has no video"))?;
    let video = videos::actions::in_motion(&mut tx, app, shown, is_slow).await?;
    if video != shown {
        put_video(&mut tx, &app.clock, editing, Some(video)).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn put_video(
    tx: &mut Tx,
    clock: &Clock,
    Editing { post, revision }: Editing,
    video: Option<VideoId>,
) -> Result<()> {
    let revision = writable(tx, clock, revision).await?;
    if !sql::set_video(tx, clock, revision.id, video).await? {
        return Err(Error::Conflict("this revision waits in review"));
    }
    if let Some(old) = revision.video_id.filter(|old| Some(*old) != video) {
        videos::actions::drop_unless_used(tx, clock, old).await?;
    }
    sql::touch_post(tx, clock, post.id).await?;
    Ok(())
}

/// Hands the draft to the moderators: to the queue at once when its media are ready, else after they are.
///
/// The form was checked before; this only refuses what is not a draft. Returns the state it is in now.
pub async fn submit(
    app: &App,
    viewer: &Viewer,
    id: PostId,
    version: i64,
) -> Result<RevisionState, SaveError> {
    let mut tx = app.db.begin().await?;
    let Editing { post, revision } = load(&mut tx, id).await?;
    policy::can_edit_post(viewer, post.author_id).map_err(Error::from)?;
    // See `media_settled`.
    let revision = sql::lock_revision(&mut tx, revision.id).await?.ok_or(Error::NotFound)?;
    if revision.version != version {
        return Err(SaveError::Stale { version: revision.version });
    }
    let state = match media_of(&mut tx, &revision).await? {
        Media::Ready => RevisionState::Queued,
        Media::Unsettled => RevisionState::Processing,
        // Its author sees at once which file has to go.
        Media::Failed => RevisionState::ProcessingFailed,
    };
    let from = [RevisionState::Draft, RevisionState::ProcessingFailed];
    if !sql::move_revision(&mut tx, &app.clock, revision.id, &from, state).await? {
        return Err(Error::Conflict("this is not a draft").into());
    }
    if state == RevisionState::Queued {
        moderation::enqueue_review(&mut tx, &app.clock, &post, &revision).await?;
    }
    sql::touch_post(&mut tx, &app.clock, id).await?;
    tx.commit().await?;
    Ok(state)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Media {
    Ready,
    /// Something is still being made.
    Unsettled,
    /// All is settled, and something failed.
    Failed,
}

async fn media_of(tx: &mut Tx, revision: &Revision) -> Result<Media> {
    let ids: Vec<PhotoId> =
        sql::photo_ids(&mut *tx, revision.id).await?.into_iter().map(|(id, _)| id).collect();
    let photos = photos::find_many(&mut *tx, &ids).await?;
    let video = match revision.video_id {
        Some(id) => videos::find(&mut *tx, id).await?,
        None => None,
    };
    let video = video.map(|video| video.state);
    let is_unsettled = photos.iter().any(|photo| photo.state == PhotoState::Processing)
        || matches!(video, Some(VideoStatus::Queued | VideoStatus::Transcoding));
    let has_failed = photos.iter().any(|photo| photo.state == PhotoState::Failed)
        || video == Some(VideoStatus::Failed);
    Ok(match (is_unsettled, has_failed) {
        (true, _) => Media::Unsettled,
        (false, true) => Media::Failed,
        (false, false) => Media::Ready,
    })
}

/// A photo or the video of this revision just became ready or failed, in the caller's transaction: a submitted revision goes on to
/// review once all its media are settled, or back to its author when one failed. What is published shows the new files.
pub async fn media_settled(
    tx: &mut Tx,
    clock: &Clock,
    post: &Post,
    revision: &Revision,
) -> Result<()> {
    // Locked before the media are looked at: of two jobs that end together, and of a job and a submission, the later one
    // sees what the earlier one wrote. Else both could find the other's unsettled, and nobody would move the revision.
    let Some(revision) = sql::lock_revision(tx, revision.id).await? else { return Ok(()) };
    if revision.state == RevisionState::Published {
        card::refresh(tx, post.id, revision.id).await?;
        return Ok(changes::record(tx, clock, Subject::Post, post.id).await?);
    }
    if revision.state != RevisionState::Processing {
        return Ok(());
    }
    let processing = [RevisionState::Processing];
    match media_of(tx, &revision).await? {
        Media::Unsettled => {}
        Media::Ready => {
            if sql::move_revision(tx, clock, revision.id, &processing, RevisionState::Queued)
                .await?
            {
                moderation::enqueue_review(tx, clock, post, &revision).await?;
            }
        }
        Media::Failed => {
            let failed = RevisionState::ProcessingFailed;
            if sql::move_revision(tx, clock, revision.id, &processing, failed).await? {
                notifications::notify(
                    tx,
                    clock,
                    post.author_id,
                    &Notice::MediaFailed { post: post.id },
                )
                .await?;
            }
        }
    }
    Ok(())
}

/// Makes an approved revision what the public sees, in the transaction of the decision. Returns whether it still waited.
pub async fn publish(tx: &mut Tx, clock: &Clock, post: &Post, revision: &Revision) -> Result<bool> {
    let waiting = [RevisionState::Queued, RevisionState::Claimed, RevisionState::Escalated];
    if !sql::move_revision(tx, clock, revision.id, &waiting, RevisionState::Published).await? {
        return Ok(false);
    }
    if let Some(old) = post.published_revision_id {
        let published = [RevisionState::Published];
        sql::move_revision(tx, clock, old, &published, RevisionState::Superseded).await?;
    }
    if !sql::publish(tx, clock, post, revision).await? {
        return Ok(false);
    }
    card::refresh(tx, post.id, revision.id).await?;
    changes::record(tx, clock, Subject::Post, post.id).await?;
    Ok(true)
}

/// Sends a revision back (`ChangesRequested`) or refuses it (`Rejected`), in the transaction of the decision. What is published
/// stays. Returns whether it still waited.
pub async fn return_to_author(
    tx: &mut Tx,
    clock: &Clock,
    revision: &Revision,
    to: RevisionState,
) -> Result<bool> {
    let waiting = [RevisionState::Queued, RevisionState::Claimed, RevisionState::Escalated];
    let moved = sql::move_revision(tx, clock, revision.id, &waiting, to).await?;
    sql::touch_post(tx, clock, revision.post_id).await?;
    Ok(moved)
}

/// Takes the post back for good, with whatever of it waits.
pub async fn withdraw(app: &App, viewer: &Viewer, id: PostId) -> Result<()> {
    let mut tx = app.db.begin().await?;
    let Editing { post, revision } = load(&mut tx, id).await?;
    let proof = policy::can_edit_post(viewer, post.author_id)?;
    if !sql::withdraw_post(&mut tx, &app.clock, &proof, id).await? {
        return Err(Error::NotFound);
    }
    if let Some(video) = revision.video_id {
        videos::actions::cancel_unless_used(&mut tx, &app.clock, video).await?;
    }
    let at = app.clock.now().plus(WITHDRAWN_KEPT);
    jobs::enqueue_at(&mut tx, &app.clock, &DropMedia { post: id }, at, None).await?;
    moderation::withdraw_review(&mut tx, &app.clock, revision.id).await?;
    changes::record(&mut tx, &app.clock, Subject::Post, id).await?;
    tx.commit().await?;
    Ok(())
}

/// Lets a post of the demo community have been published earlier: its people didn't all come today.
pub async fn date_back(app: &App, id: PostId, at: Timestamp) -> Result<()> {
    let mut tx = app.db.begin().await?;
    sql::set_published_at(&mut tx, id, at).await?;
    changes::record(&mut tx, &app.clock, Subject::Post, id).await?;
    tx.commit().await?;
    Ok(())
}

pub(super) async fn load(tx: &mut Tx, id: PostId) -> Result<Editing> {
    let post = sql::find(&mut *tx, id).await?.ok_or(Error::NotFound)?;
    if post.visibility == Visibility::Withdrawn {
        return Err(Error::NotFound);
    }
    let revision = sql::latest_revision(&mut *tx, id).await?.ok_or(Error::NotFound)?;
    Ok(Editing { post, revision })
}
