//! Notices (おしらせ): what happened to a person's posts, told on their page.
//!
//! A notice commits with what it tells of. Not here: mail (`mail`).

mod sql;

use crate::db::{Read, Result};
use crate::time_id::AccountId;

/// How many notices wait to be read, at most 99.
pub async fn count_unread(db: impl Read, account: AccountId) -> Result<u32> {
    sql::count_unread(db, account).await
}
