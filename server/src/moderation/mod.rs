//! Review: everything the public may see was approved here first.

mod sql;

use crate::db::{Read, Result};

/// How many items wait for a moderator, at most 99.
pub async fn count_waiting(db: impl Read) -> Result<u32> {
    sql::count_waiting(db).await
}
