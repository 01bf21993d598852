//! Which posts say much of what another does: asked of the index once in a while, not for every page.
//!
//! What is kept are ids. Which of them may be shown, and how they look now, the database says each time.

use crate::app::App;
use crate::posts::{self, Listed};
use crate::time_id::{PostId, Timestamp};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use web::posts::RELATED;

/// New posts are related to older ones after so long.
const KEPT_MS: i64 = 10 * 60 * 1000;
/// Posts whose relations are kept; then it starts over.
const MOST: usize = 10_000;
/// Asked for more than are shown: some may be gone since.
const ASKED: usize = RELATED + 2;

#[derive(Debug, Default)]
pub struct Related(Mutex<HashMap<PostId, (Timestamp, Vec<PostId>)>>);

impl Related {
    fn kept(&self) -> MutexGuard<'_, HashMap<PostId, (Timestamp, Vec<PostId>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, id: PostId, now: Timestamp) -> Option<Vec<PostId>> {
        let kept = self.kept();
        let (at, ids) = kept.get(&id)?;
        (now.as_millis() - at.as_millis() < KEPT_MS).then(|| ids.clone())
    }

    fn keep(&self, id: PostId, now: Timestamp, ids: Vec<PostId>) {
        let mut kept = self.kept();
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(id, (now, ids));
    }
}

/// The posts to go on with from this one, nearest first. None while the index does not answer: nobody came for them.
pub async fn related(app: &App, id: PostId) -> crate::db::Result<Vec<Listed>> {
    let now = app.clock.now();
    let ids = match app.related.of(id, now) {
        Some(ids) => ids,
        None => match ask(app, id).await {
            Ok(ids) => {
                app.related.keep(id, now, ids.clone());
                ids
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "no related posts");
                return Ok(Vec::new());
            }
        },
    };
    let mut listed = posts::listed_by_ids(&app.db, &ids).await?;
    listed.truncate(RELATED);
    Ok(listed)
}

async fn ask(app: &App, id: PostId) -> anyhow::Result<Vec<PostId>> {
    let app = app.clone();
    tokio::task::spawn_blocking(move || {
        let ids = app.index()?.related(&id.to_string(), ASKED)?;
        Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
    })
    .await?
}
