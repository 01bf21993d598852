//! The index made anew from the published posts, beside the one that serves.
//!
//! begun empty → fed with every published post → fed with what changed meanwhile → serves, unless the site's own words changed on the
//! way: then it is begun again. The one that serves goes on being fed
//! between two batches; its place stays where it was, so that a kill on the way begins the same work again.

use super::{BATCH, PublishedIds, apply, blocking, learn_words, ops, ops_of};
use crate::app::App;
use crate::changes::{self, Subject};
use crate::db::Db;
use crate::time_id::Clock;
use search::{Anew, Dictionary, Op};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Asks every node to make its index anew: at once where the site runs, else at its next start.
pub async fn request(db: &Db, clock: &Clock) -> anyhow::Result<()> {
    let mut tx = db.begin().await?;
    changes::record(&mut tx, clock, Subject::Index, "anew").await?;
    Ok(tx.commit().await?)
}

/// Makes it and lets it serve. Returns the place it stands at.
pub async fn make_anew(app: &App) -> anyhow::Result<i64> {
    let index = app.index()?;
    index.is_preparing.store(index.position() == 0, Ordering::Relaxed);
    let place = make(app).await?;
    index.is_preparing.store(false, Ordering::Relaxed);
    Ok(place)
}

async fn make(app: &App) -> anyhow::Result<i64> {
    let mut dictionary = learn_words(app).await?;
    loop {
        let (anew, place) = prepare(app, dictionary).await?;
        // Read after the feed: it is not past a change of the words that is not known here.
        dictionary = learn_words(app).await?;
        if anew.knows(&dictionary) {
            blocking(app, move |index| index.replace(&anew)).await?;
            tracing::info!(posts = app.index()?.len(), place, "a new search index serves");
            return Ok(place);
        }
    }
}

/// One that holds every published post, and the place in the feed it stands at.
async fn prepare(app: &App, dictionary: Dictionary) -> anyhow::Result<(Arc<Anew>, i64)> {
    let mut served = Served::of(app).await?;
    // Whatever changes from here on is looked at again.
    let mut place = changes::latest(&app.db).await?;
    tracing::info!(place, "a search index is being made");
    let anew = Arc::new(blocking(app, move |index| index.begin_anew(dictionary)).await?);
    let mut published = PublishedIds::default();
    loop {
        let ids = published.next(&app.db).await?;
        if ids.is_empty() {
            break;
        }
        feed(&anew, ops(app, ids).await?, 0).await?;
        served.catch_up(app).await?;
    }
    loop {
        let batch = changes::after(&app.db, place, BATCH).await?;
        let Some(last) = batch.last() else { break };
        feed(&anew, ops_of(app, &batch).await?, last.seq).await?;
        place = last.seq;
    }
    feed(&anew, Vec::new(), place).await?;
    Ok((anew, place))
}

async fn feed(anew: &Arc<Anew>, ops: Vec<Op>, place: i64) -> anyhow::Result<()> {
    let (anew, position) = (anew.clone(), u64::try_from(place)?);
    Ok(tokio::task::spawn_blocking(move || anew.apply(ops, position)).await??)
}

/// The index that serves meanwhile.
struct Served {
    /// The place it keeps; 0 where there is nothing to serve.
    kept: i64,
    reached: i64,
}

impl Served {
    async fn of(app: &App) -> anyhow::Result<Self> {
        let place = i64::try_from(app.index()?.position())?;
        // Of another database's feed it has nothing to follow.
        let kept = if place > changes::latest(&app.db).await? { 0 } else { place };
        Ok(Self { kept, reached: kept })
    }

    async fn catch_up(&mut self, app: &App) -> anyhow::Result<()> {
        if self.kept == 0 {
            return Ok(());
        }
        loop {
            let batch = changes::after(&app.db, self.reached, BATCH).await?;
            let Some(last) = batch.last() else { return Ok(()) };
            let ops = ops_of(app, &batch).await?;
            // It may be the very index that takes nothing any more.
            if let Err(error) = apply(app, ops, self.kept).await {
                tracing::warn!(error = format!("{error:#}"), "the old index stays as it is");
                self.kept = 0;
                return Ok(());
            }
            self.reached = last.seq;
        }
    }
}
