//! What the index of this node's folder and the database say differently. Only reads; the site may run meanwhile.

use super::{BATCH, PublishedIds, document, posts_of};
use crate::app::App;
use crate::changes;
use crate::posts;
use search::Contents;
use std::collections::BTreeSet;
use std::fmt;

/// Ids that are named of each kind of difference.
const NAMED: usize = 20;

#[derive(Debug, Default)]
pub struct Differences {
    pub posts: usize,
    /// Published, and not in the index.
    pub missing: Vec<String>,
    /// In the index otherwise than they are.
    pub stale: Vec<String>,
    /// In the index, and not published.
    pub unpublished: Vec<String>,
    /// Changed since the place the index stands at; it will come to them.
    pub behind: usize,
}

impl Differences {
    pub fn is_none(&self) -> bool {
        self.missing.is_empty() && self.stale.is_empty() && self.unpublished.is_empty()
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} posts compared, {} changed a moment ago.", self.posts, self.behind)?;
        for (what, ids) in [
            ("published, but not in the index", &self.missing),
            ("in the index as they were", &self.stale),
            ("in the index, but not published", &self.unpublished),
        ] {
            if !ids.is_empty() {
                write!(f, "\n{} {what}: {}", ids.len(), ids[..ids.len().min(NAMED)].join(" "))?;
            }
        }
        if !self.is_none() {
            write!(f, "\n`megurumi reindex` makes it anew while the site runs.")?;
        }
        Ok(())
    }
}

/// Compares every published post with what the index holds of it. `None`: there is no index of this version yet.
pub async fn compare(app: &App) -> anyhow::Result<Option<Differences>> {
    let folder = app.config.index_folder();
    let contents = tokio::task::spawn_blocking(move || Contents::read(&folder)).await??;
    let Some(Contents { mut digests, position }) = contents else { return Ok(None) };
    let mut found = Differences::default();
    let mut published = PublishedIds::default();
    loop {
        let ids = published.next(&app.db).await?;
        if ids.is_empty() {
            break;
        }
        for id in ids {
            let Some(content) = posts::published_content(&app.db, id).await? else { continue };
            found.posts += 1;
            match digests.remove(&id.to_string()) {
                None => found.missing.push(id.to_string()),
                Some(digest) if digest != document(app, &content).digest() => {
                    found.stale.push(id.to_string());
                }
                Some(_) => {}
            }
        }
    }
    found.unpublished.extend(digests.into_keys());
    let changed = changed_since(app, i64::try_from(position)?).await?;
    for ids in [&mut found.missing, &mut found.stale, &mut found.unpublished] {
        let before = ids.len();
        ids.retain(|id| !changed.contains(id));
        found.behind += before - ids.len();
    }
    Ok(Some(found))
}

async fn changed_since(app: &App, mut place: i64) -> anyhow::Result<BTreeSet<String>> {
    let mut changed = BTreeSet::new();
    loop {
        let batch = changes::after(&app.db, place, BATCH).await?;
        let Some(last) = batch.last() else { return Ok(changed) };
        place = last.seq;
        changed.extend(posts_of(&app.db, &batch).await?.iter().map(ToString::to_string));
    }
}
