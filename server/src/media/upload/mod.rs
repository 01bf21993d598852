//! Resumable uploads: the [tus 1.0](https://tus.io/protocols/resumable-upload) server, with creation,
//! creation-with-upload, termination, expiration and checksum.
//!
//! States: `open → complete`, or `open → terminated` (by its owner) or `→ expired` (nobody went on
//! for [`EXPIRES_AFTER`]). The row's offset is what has been acknowledged; the media store may hold
//! more and forgets it. While bytes come in, the offset is committed every few MiB together with the
//! store's handle, so a cut connection or a killed process costs at most the last step.
//!
//! Only one request appends to an upload at a time. On this node a newer request asks the older one
//! to stop (a phone that lost its network comes back while we still wait for its old connection);
//! between nodes `locked_until` is a lease, and its value is the token that every commit must show.
//!
//! With a checksum nothing is committed before it is verified.
//!
//! Not here: what an upload is for. The transaction that completes one makes it a video, whose job
//! calls [`assemble`]. A complete upload that no video names (any more) is purged like one that was
//! never finished.

mod create;
mod handlers;
mod jobs;
mod protocol;
mod receive;
mod sql;
mod turns;

pub use create::{NewUpload, receive_whole};
pub use handlers::{create, discover, head, overridden, patch, terminate};
pub use jobs::{DropUpload, PurgeUploads};
pub use turns::Turns;

use super::{Key, MediaError, UploadHandle};
use crate::app::App;
use crate::db::{self, Read};
use crate::text_enum;
use crate::time_id::{AccountId, PostId, Timestamp, UploadId};
use std::time::Duration;

/// An open upload is kept this long after its last byte: over a weekend.
pub const EXPIRES_AFTER: Duration = Duration::from_secs(3 * 24 * 3600);
/// The most uploads that one account may have open.
const MOST_OPEN: u64 = 20;
/// How long a killed node's lock keeps others out.
const LOCK: Duration = Duration::from_secs(10);

text_enum! {
    pub enum UploadState {
        Open = "open",
        Complete = "complete",
        Expired = "expired",
        Terminated = "terminated",
    }
}

/// A row of `uploads`.
#[derive(Clone, Debug)]
pub struct Upload {
    pub id: UploadId,
    pub owner_id: AccountId,
    /// The post that its sender says it is for: the feature that takes it over checks.
    pub post_id: Option<PostId>,
    pub state: UploadState,
    /// In bytes.
    pub length: u64,
    pub offset: u64,
    /// As its sender calls it, at most 200 characters, perhaps none. Never a path.
    pub file_name: String,
    /// As its sender says, which proves nothing.
    pub content_type: String,
    pub expires_at: Timestamp,
    store_state: String,
}

impl Upload {
    fn handle(&self) -> anyhow::Result<UploadHandle> {
        Ok(UploadHandle::from_json(&self.store_state)?)
    }
}

/// The upload when all its bytes are there, whoever owns it.
pub async fn find_complete(db: impl Read, id: UploadId) -> db::Result<Option<Upload>> {
    Ok(sql::find(db, id).await?.filter(|upload| upload.state == UploadState::Complete))
}

/// The upload that is on its way for a post: the one its owner sent something to last.
pub async fn open_for_post(
    db: impl Read,
    owner: AccountId,
    post: PostId,
) -> db::Result<Option<Upload>> {
    sql::open_for_post(db, owner, post).await
}

/// As its sender called the file; perhaps nothing.
pub async fn file_name(db: impl Read, id: UploadId) -> db::Result<String> {
    Ok(sql::find(db, id).await?.map(|upload| upload.file_name).unwrap_or_default())
}

/// Makes a complete upload the object `to`. For a job: may be run again, and does what is left to do.
///
/// # Errors
/// [`MediaError::NotFound`] when there is no such upload; [`MediaError::Torn`] when its bytes are
/// lost. Neither gets better by trying again.
pub async fn assemble(app: &App, id: UploadId, to: &Key) -> anyhow::Result<()> {
    let Some(upload) = find_complete(&app.db, id).await? else {
        return Err(MediaError::NotFound(id.to_string()).into());
    };
    if app.media.length(to).await? == Some(upload.length) {
        return Ok(());
    }
    let handle = upload.handle()?;
    app.media.finish_upload(&handle, upload.length).await?;
    Ok(app.media.rename(handle.key(), to, "application/octet-stream").await?)
}
