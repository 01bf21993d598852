//! Putting captions on a post's video, and taking them off.

use super::super::actions::{Editing, load, writable};
use super::super::sql;
use super::{Captions, Language, fingerprint};
use crate::access::{Viewer, policy};
use crate::app::App;
use crate::error::Error;
use crate::time_id::PostId;
use transcoder_protocol::captions::{self, Cue};

/// Why captions were not taken.
#[derive(Debug)]
pub enum SetError {
    /// Another window was faster.
    Stale,
    /// The revision is with the moderators.
    Waiting,
    /// There is nothing to write them for.
    NoVideo,
    Other(Error),
}

impl<E: Into<Error>> From<E> for SetError {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

/// Makes these cues the captions of the post's video; without any it has none. On a published post the next revision starts with this, as
/// with any other change. `seen` is the fingerprint of the captions that the form showed.
///
/// Returns whether anything changed.
pub async fn set(
    app: &App,
    viewer: &Viewer,
    id: PostId,
    seen: &str,
    language: Language,
    cues: &[Cue],
) -> Result<bool, SetError> {
    let mut tx = app.db.begin().await?;
    let Editing { post, revision } = load(&mut tx, id).await?;
    let proof = policy::can_edit_post(viewer, post.author_id).map_err(Error::from)?;
    // Of two windows that save at once the later one sees what the earlier one wrote: in this row, or that there is a newer one.
    sql::lock_revision(&mut tx, revision.id).await?;
    let Editing { revision, .. } = load(&mut tx, id).await?;
    if revision.state.is_waiting() {
        return Err(SetError::Waiting);
    }
    let kept = revision.captions.as_ref();
    if fingerprint(kept) != seen {
        return Err(SetError::Stale);
    }
    let new = match (revision.video_id, cues.is_empty()) {
        (_, true) => None,
        (None, false) => return Err(SetError::NoVideo),
        (Some(video), false) => Some(Captions { language, video, track: captions::write(cues) }),
    };
    if new.as_ref() == kept {
        return Ok(false);
    }
    let revision = writable(&mut tx, &app.clock, revision).await?;
    if !sql::set_captions(&mut tx, &app.clock, &proof, revision.id, new.as_ref()).await? {
        return Err(SetError::Waiting);
    }
    sql::touch_post(&mut tx, &app.clock, id).await?;
    tx.commit().await?;
    Ok(true)
}
