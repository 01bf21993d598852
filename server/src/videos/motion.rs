//! Whether a film may be shown in slow motion, and where its source is then.

use super::present::longest;
use super::{Video, VideoStatus, seconds, sql};
use crate::app::App;
use crate::db::{Read, Result};
use crate::media::{Key, MediaError};
use web::compose::Motion;

/// What the author of a film that was filmed for slow motion may choose; `None` where there is nothing to choose.
pub fn motion(app: &App, video: &Video) -> Option<Motion> {
    video.upload_id?;
    if video.is_slow {
        return Some(Motion::Slow);
    }
    let factor = video.slow_factor.filter(|_| video.state == VideoStatus::Ready)?;
    let slowed_ms = video.duration_ms.saturating_mul(u64::from(factor));
    let seconds = seconds(slowed_ms);
    Some(match slowed_ms <= app.config.video_max_seconds.saturating_mul(1000) {
        true => Motion::MayBeSlow { seconds },
        false => Motion::TooLong { seconds, longest: longest(app) },
    })
}

/// The video of the same upload in the other motion.
async fn other(db: impl Read, video: &Video) -> Result<Option<Video>> {
    match video.upload_id {
        Some(upload) => sql::find_by_upload(db, upload, !video.is_slow).await,
        None => Ok(None),
    }
}

/// Where the source is, if it is in the store.
pub(super) async fn find_source(app: &App, video: &Video) -> anyhow::Result<Option<Key>> {
    let own = Key::video_source(video.id);
    if app.media.exists(&own).await? {
        return Ok(Some(own));
    }
    let Some(other) = other(&app.db, video).await? else { return Ok(None) };
    let its = Key::video_source(other.id);
    Ok(app.media.exists(&its).await?.then_some(its))
}

/// Sees to it that the source does not go with a video whose other one still needs it. Twice is once.
pub(super) async fn hand_on_source(app: &App, video: &Video) -> anyhow::Result<()> {
    let Some(heir) = other(&app.db, video).await? else { return Ok(()) };
    let (own, its) = (Key::video_source(video.id), Key::video_source(heir.id));
    if app.media.exists(&its).await? {
        return Ok(());
    }
    match app.media.rename(&own, &its, its.content_type()).await {
        Err(MediaError::NotFound(_)) => return Ok(()),
        renamed => renamed?,
    }
    // It was dropped meanwhile, and what is under its key with it.
    if super::find(&app.db, heir.id).await?.is_none() {
        app.media.delete(&its).await?;
    }
    Ok(())
}
