//! Notices (おしらせ): what happened to a person's posts, told on their page.
//!
//! A notice commits with what it tells of. Not here: mail (`mail`).

mod sql;

use crate::db::{Read, Result, Tx};
use crate::time_id::{AccountId, Clock, PostId};

/// How many notices wait to be read, at most 99.
pub async fn count_unread(db: impl Read, account: AccountId) -> Result<u32> {
    sql::count_unread(db, account).await
}

/// What a person is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    Approved {
        post: PostId,
    },
    ChangesRequested {
        post: PostId,
    },
    Rejected {
        post: PostId,
    },
    /// A photo or the video of a submitted post could not be used.
    MediaFailed {
        post: PostId,
    },
    /// One or more people said thank you on one day.
    Thanked {
        post: PostId,
    },
}

impl Notice {
    fn kind(self) -> &'static str {
        match self {
            Self::Approved { .. } => "approved",
            Self::ChangesRequested { .. } => "changes_requested",
            Self::Rejected { .. } => "rejected",
            Self::MediaFailed { .. } => "media_failed",
            Self::Thanked { .. } => "thanked",
        }
    }

    fn post(self) -> PostId {
        match self {
            Self::Approved { post }
            | Self::ChangesRequested { post }
            | Self::Rejected { post }
            | Self::MediaFailed { post }
            | Self::Thanked { post } => post,
        }
    }
}

/// Tells `account`, once `tx` commits.
pub async fn notify(tx: &mut Tx, clock: &Clock, account: AccountId, notice: &Notice) -> Result<()> {
    sql::insert(tx, clock, account, notice.kind(), &notice.post().to_string()).await
}
