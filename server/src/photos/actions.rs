//! Taking photos in.

use super::jobs::{DropPhoto, ProcessPhoto};
use super::sql;
use crate::access::{Viewer, policy, rate_limit};
use crate::app::App;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::media::{Key, allowance};
use crate::posts;
use crate::time_id::{Clock, PhotoId, PostId};
use crate::{jobs, media};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use std::path::Path;
use tokio::io::AsyncWriteExt;

/// Takes one photo for a post, as a stream; what it is, the transcoder finds out. `None` for an empty file, which is what a browser
/// sends for a field nobody filled.
///
/// Errors: [`Error::TooLarge`] past the configured size; [`Error::Exceeded`] past what the member may send; [`Error::Conflict`] when the post is full or waits in review.
pub async fn take_in<E>(
    app: &App,
    viewer: &Viewer,
    post: PostId,
    bytes: impl Stream<Item = Result<Bytes, E>>,
) -> Result<Option<PhotoId>> {
    let proof = policy::can_write(viewer)?;
    rate_limit::take_now(
        &app.db,
        &app.clock,
        rate_limit::PHOTOS_BY_ACCOUNT,
        &proof.actor.to_string(),
    )
    .await?;
    let id = PhotoId::new(&app.clock);
    let spool = tempfile::NamedTempFile::new_in(app.work.path())?;
    let length = write(spool.path(), app.config.photo_max_bytes, bytes).await?;
    if length == 0 {
        return Ok(None);
    }
    let key = Key::photo_source(id);
    app.media.put_file(&key, spool.path(), "application/octet-stream").await?;
    let taken = async {
        let mut tx = app.db.begin().await?;
        allowance::take(&mut tx, app, proof.actor, length).await?;
        sql::insert(&mut tx, &app.clock, &proof, id, length).await?;
        posts::actions::attach_photo(&mut tx, &app.clock, viewer, post, id).await?;
        jobs::enqueue(&mut tx, &app.clock, &ProcessPhoto { photo: id }).await?;
        tx.commit().await?;
        Ok::<_, Error>(())
    };
    if let Err(error) = taken.await {
        // Nobody will ever ask for it; a failure here only leaves a file behind.
        let _ = app.media.delete(&key).await;
        return Err(error);
    }
    Ok(Some(id))
}

/// Has a photo that was taken off a revision forgotten, unless it is shown somewhere a day later.
pub async fn drop_unless_used(tx: &mut Tx, clock: &Clock, photo: PhotoId) -> Result<()> {
    let at = clock.now().plus(media::UNUSED_FOR);
    jobs::enqueue_at(tx, clock, &DropPhoto { photo }, at, None).await?;
    Ok(())
}

async fn write<E>(
    path: &Path,
    most: u64,
    bytes: impl Stream<Item = Result<Bytes, E>>,
) -> Result<u64> {
    let mut file = tokio::fs::File::create(path).await?;
    let mut bytes = std::pin::pin!(bytes);
    let mut length = 0u64;
    while let Some(chunk) = bytes.next().await {
        let chunk = chunk.map_err(|_| Error::BadRequest("the photo broke off"))?;
        length += chunk.len() as u64;
        if length > most {
            return Err(Error::TooLarge);
        }
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    Ok(length)
}
