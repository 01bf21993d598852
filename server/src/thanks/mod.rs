//! Thank-you: one tap, once per person and post, taken back by another.

mod sql;

use crate::db::{Read, Result};
use crate::time_id::{AccountId, PostId};

/// Whether this person's thank-you stands.
pub async fn has_thanked(db: impl Read, post: PostId, account: AccountId) -> Result<bool> {
    sql::has_thanked(db, post, account).await
}
