//! Saying thank you, and taking it back.

use super::sql;
use crate::access::{Viewer, policy};
use crate::app::App;
use crate::changes::{self, Subject};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::notifications;
use crate::posts::{self, Visibility};
use crate::time_id::PostId;

/// How it stands after a tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thanked {
    /// By this viewer.
    pub thanked: bool,
    /// By everyone.
    pub count: u64,
}

/// Makes the viewer's thank-you stand, or not. Twice is once.
///
/// Errors: [`Error::NotFound`] unless the post is published; [`Error::Conflict`] for one's own; [`Error::Refused`] for an account
/// that may not write.
pub async fn set(app: &App, viewer: &Viewer, id: PostId, stands: bool) -> Result<Thanked> {
    let clock = &app.clock;
    let mut tx = app.db.begin().await?;
    let post = posts::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let is_published = post.visibility == Visibility::Published;
    let proof = policy::can_thank(viewer, post.author_id, is_published)?;
    // Its day's bundle is the one to correct.
    let before = sql::thanked_at(&mut tx, id, proof.actor).await?;
    let changed = if stands {
        sql::insert(&mut tx, clock, &proof, id).await?
    } else {
        sql::delete(&mut tx, &proof, id).await?
    };
    if changed {
        let step = if stands { 1 } else { -1 };
        if !sql::add_to_count(&mut tx, id, step).await? {
            return Err(Error::NotFound);
        }
        let at = if stands { clock.now() } else { before.unwrap_or_else(|| clock.now()) };
        let today = sql::count_between(&mut tx, id, notifications::day_of(at)).await?;
        notifications::bundle_thanks(&mut tx, clock, post.author_id, id, at, today).await?;
        changes::record(&mut tx, clock, Subject::Post, id).await?;
    }
    finish(tx, id, stands).await
}

async fn finish(mut tx: Tx, id: PostId, thanked: bool) -> Result<Thanked> {
    let count = posts::thanks_count(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Thanked { thanked, count })
}
