//! The search index as a follower of the change feed.
//!
//! Its place is stored in its own commits, so a kill anywhere costs a second look at a few posts. An index that was wiped starts from
//! the posts themselves and then follows.

use crate::app::App;
use crate::changes::{self, Change, Subject};
use crate::posts::captions::Captions;
use crate::posts::{self, Content};
use crate::text;
use crate::time_id::{AccountId, PostId};
use anyhow::Context;
use search::{Document, Op};
use std::collections::BTreeSet;
use std::time::Duration;

const BATCH: u64 = 500;

/// Follows until dropped. Applies a change within a moment of its commit on this node, within a second of another node's.
pub async fn follow(app: App) {
    let mut listener = app.db.changes().listen();
    loop {
        match catch_up(&app).await {
            Ok(_) => listener.wait(Duration::from_secs(1)).await,
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "the search index is behind");
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
    }
}

/// Applies everything committed so far. Returns the place reached.
pub async fn catch_up(app: &App) -> anyhow::Result<i64> {
    let mut place = i64::try_from(app.index()?.position())?;
    let latest = changes::latest(&app.db).await?;
    // An index without a place is new; one that is ahead belongs to a database that was replaced by an older one.
    if (place == 0 && latest > 0) || place > latest {
        place = rebuild(app).await?;
    }
    loop {
        let batch = changes::after(&app.db, place, BATCH).await?;
        let Some(last) = batch.last() else { return Ok(place) };
        let next = last.seq;
        let mut ids: BTreeSet<PostId> = BTreeSet::new();
        let mut renamed: BTreeSet<AccountId> = BTreeSet::new();
        for Change { subject, id, .. } in &batch {
            match subject {
                Subject::Post => ids.extend(id.parse::<PostId>()),
                Subject::Account => renamed.extend(id.parse::<AccountId>()),
            }
        }
        for author in renamed {
            upsert_all(app, Some(author)).await?;
        }
        let mut ops = Vec::with_capacity(ids.len());
        for id in ids {
            ops.push(op(app, id).await?);
        }
        apply(app, ops, next).await?;
        place = next;
    }
}

/// Makes the index anew from the published posts. Returns the place it stands at.
pub async fn rebuild(app: &App) -> anyhow::Result<i64> {
    // Whatever changes from here on is looked at again by the follower.
    let place = changes::latest(&app.db).await?;
    let cleared = app.clone();
    tokio::task::spawn_blocking(move || cleared.index()?.clear().map_err(anyhow::Error::from))
        .await??;
    upsert_all(app, None).await?;
    apply(app, Vec::new(), place).await?;
    tracing::info!(posts = app.index()?.len(), place, "search index rebuilt");
    Ok(place)
}

/// Puts every published post into the index, or every one of this author's, as it is now. The index's place stays.
async fn upsert_all(app: &App, author: Option<AccountId>) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let ids = posts::published_ids(&app.db, author, after, BATCH).await?;
        let Some(last) = ids.last() else { return Ok(()) };
        after = Some(*last);
        let mut ops = Vec::with_capacity(ids.len());
        for id in &ids {
            ops.push(op(app, *id).await?);
        }
        let place = i64::try_from(app.index()?.position())?;
        apply(app, ops, place).await?;
    }
}

async fn op(app: &App, id: PostId) -> anyhow::Result<Op> {
    Ok(match posts::published_content(&app.db, id).await? {
        Some(content) => Op::Upsert(Box::new(document(app, &content))),
        None => Op::Delete(id.to_string()),
    })
}

fn document(app: &App, content: &Content) -> Document {
    let Content { post, revision, author_nickname, tags, .. } = content;
    Document {
        id: post.id.to_string(),
        kind: post.kind.to_string(),
        title: revision.title.clone(),
        body: text::plain(&revision.body),
        captions: revision.shown_captions().map(Captions::plain).unwrap_or_default(),
        tags: tags.iter().map(|tag| tag.label.clone()).collect(),
        region: post.region_id.clone().unwrap_or_default(),
        author: author_nickname.clone(),
        age_from_months: revision.age_from_months,
        age_to_months: revision.age_to_months,
        has_video: content.video.is_some(),
        published_at_ms: post.published_at.unwrap_or(app.clock.now()).as_millis(),
        thanks: post.thanks_count,
        ..Document::default()
    }
}

async fn apply(app: &App, ops: Vec<Op>, place: i64) -> anyhow::Result<()> {
    let app = app.clone();
    let position = u64::try_from(place)?;
    tokio::task::spawn_blocking(move || {
        app.index()?.apply(ops, position).map_err(anyhow::Error::from)
    })
    .await?
    .context("the index takes no changes")
}
