//! Thank-yous (ありがとう): one tap, counted once per person and post, taken back by another tap.
//!
//! Invariants: `posts.thanks_count` is the number of the post's rows here; both change in one transaction, and only when a row really
//! came or went. The author is told once a day for each post, never for each tap.
//!
//! Not here: the button (`web::posts`), letters, and the ring of thanks.

pub mod actions;
pub mod pages;
mod sql;

use crate::db::{Read, Result};
use crate::time_id::{AccountId, PostId};

/// Whether this person's thank-you stands.
pub async fn has_thanked(db: impl Read, post: PostId, account: AccountId) -> Result<bool> {
    Ok(sql::thanked_at(db, post, account).await?.is_some())
}
