//! The search index of this node, as a follower of the change feed.
//!
//! Its place is stored in its own commits, so a kill anywhere costs a second look at a few posts. An index without a place (new, damaged,
//! of an older version), one that an operator asks for, or one that was made without a word of the site's own (`words`) is made anew
//! beside the one that serves ([`anew`]).
//!
//! Invariants
//! - What is not published is taken out before anything else of the feed is looked at again: an index that is being made anew goes on
//!   being fed beside the work.
//! - The site's groups of words are those of the database from the moment the feed is past their change.
//! - An index that takes no changes (its folder is gone, or damaged) is made anew by the follower itself.
//!
//! Not here: whether a hit may be shown (`search_page` asks the database each time), what differs from the database ([`check`]).

mod anew;
pub mod check;

pub use anew::{make_anew, request};

use crate::app::App;
use crate::changes::{self, Change, Subject};
use crate::config::Config;
use crate::db::Db;
use crate::posts::captions::Captions;
use crate::posts::{self, Content};
use crate::text;
use crate::time_id::{AccountId, PostId};
use crate::words;
use anyhow::Context;
use search::{Dictionary, Document, Index, Op};
use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const BATCH: u64 = 500;
/// Changes that the index did not take, one after another, before it is made anew.
const FAILURES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(2);
/// Between two looks for what another process committed: of the second in which a change is to be found, the index needs its part.
const LOOK: Duration = Duration::from_millis(500);

/// The index with what it is made by.
#[derive(Debug)]
pub struct NodeIndex {
    index: Index,
    /// Without the site's own words.
    dictionary: Dictionary,
    /// From the opening until the follower has come to the end of the feed.
    is_preparing: AtomicBool,
}

impl NodeIndex {
    /// Opens it with the site's words; building the dictionary takes a few seconds, once.
    pub async fn open(config: &Config, db: &Db) -> anyhow::Result<Self> {
        let (groups, own) = (words::groups(db).await?, words::own_words(db).await?);
        let has_changes = changes::latest(db).await? > 0;
        let (source, cache) = (config.dictionary_source.clone(), config.dictionary.clone());
        let folder = config.index_folder();
        tokio::task::spawn_blocking(move || {
            let dictionary = Dictionary::open_or_build(&source, &cache)
                .context("cannot open or build the dictionary (Debian package mecab-ipadic)")?;
            let index = Index::open(&folder, dictionary.with_words(&own)?)
                .context("cannot open the search index")?;
            index.set_synonyms(&groups)?;
            let is_preparing = AtomicBool::new(has_changes && index.position() == 0);
            Ok(Self { index, dictionary, is_preparing })
        })
        .await?
    }

    /// Nothing can be found yet: the first index is being made, or can't be.
    pub fn is_preparing(&self) -> bool {
        self.is_preparing.load(Ordering::Relaxed)
    }
}

impl Deref for NodeIndex {
    type Target = Index;
    fn deref(&self) -> &Index {
        &self.index
    }
}

/// Follows until dropped. Applies a change within a moment of its commit on this node, within a second of another node's.
pub async fn follow(app: App) {
    let mut listener = app.db.changes().listen();
    let mut refused = 0;
    loop {
        match catch_up(&app).await {
            Ok(_) => {
                refused = 0;
                listener.wait(LOOK).await;
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "the search index is behind");
                refused = if is_refusal(&error) { refused + 1 } else { 0 };
                if refused == FAILURES {
                    refused = 0;
                    if let Err(error) = make_anew(&app).await {
                        tracing::error!(error = format!("{error:#}"), "no new index either");
                    }
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// The index itself does not take them, or broke over them.
fn is_refusal(error: &anyhow::Error) -> bool {
    error.is::<search::Error>() || error.is::<tokio::task::JoinError>()
}

/// Applies everything committed so far. Returns the place reached.
pub async fn catch_up(app: &App) -> anyhow::Result<i64> {
    let place = follow_to_the_end(app).await?;
    app.index()?.is_preparing.store(false, Ordering::Relaxed);
    Ok(place)
}

async fn follow_to_the_end(app: &App) -> anyhow::Result<i64> {
    let mut place = i64::try_from(app.index()?.position())?;
    let latest = changes::latest(&app.db).await?;
    // An index without a place is new; one that is ahead belongs to a database that was replaced by an older one.
    if (place == 0 && latest > 0) || place > latest {
        place = make_anew(app).await?;
    }
    loop {
        let batch = changes::after(&app.db, place, BATCH).await?;
        let Some(last) = batch.last() else { return Ok(place) };
        let is_about = |subject| batch.iter().any(|change| change.subject == subject);
        let knows_all = !is_about(Subject::Words) || {
            let dictionary = learn_words(app).await?;
            app.index()?.knows(&dictionary)
        };
        if is_about(Subject::Index) || !knows_all {
            place = make_anew(app).await?;
            continue;
        }
        let ops = ops_of(app, &batch).await?;
        apply(app, ops, last.seq).await?;
        place = last.seq;
    }
}

/// Takes the site's groups of words as they are now. Returns the dictionary with the site's own.
async fn learn_words(app: &App) -> anyhow::Result<Dictionary> {
    let (groups, own) = (words::groups(&app.db).await?, words::own_words(&app.db).await?);
    blocking(app, move |index| {
        index.set_synonyms(&groups)?;
        index.dictionary.with_words(&own)
    })
    .await
}

/// Ids of the published posts, of one author or of all, a batch at a time.
#[derive(Default)]
struct PublishedIds {
    author: Option<AccountId>,
    after: Option<PostId>,
}

impl PublishedIds {
    /// Empty at the end.
    async fn next(&mut self, db: &Db) -> crate::db::Result<Vec<PostId>> {
        let ids = posts::published_ids(db, self.author, self.after, BATCH).await?;
        self.after = ids.last().copied().or(self.after);
        Ok(ids)
    }
}

/// The posts that these changes are about.
async fn posts_of(db: &Db, batch: &[Change]) -> anyhow::Result<BTreeSet<PostId>> {
    let mut ids: BTreeSet<PostId> = BTreeSet::new();
    let mut renamed: BTreeSet<AccountId> = BTreeSet::new();
    for Change { subject, id, .. } in batch {
        match subject {
            Subject::Post => ids.extend(id.parse::<PostId>()),
            Subject::Account => renamed.extend(id.parse::<AccountId>()),
            Subject::Index | Subject::Words => {}
        }
    }
    for author in renamed {
        let mut of_author = PublishedIds { author: Some(author), after: None };
        loop {
            let some = of_author.next(db).await?;
            if some.is_empty() {
                break;
            }
            ids.extend(some);
        }
    }
    Ok(ids)
}

/// The same, as they are now.
async fn ops_of(app: &App, batch: &[Change]) -> anyhow::Result<Vec<Op>> {
    ops(app, posts_of(&app.db, batch).await?).await
}

async fn ops(app: &App, ids: impl IntoIterator<Item = PostId>) -> anyhow::Result<Vec<Op>> {
    let mut ops = Vec::new();
    for id in ids {
        ops.push(match posts::published_content(&app.db, id).await? {
            Some(content) => Op::Upsert(Box::new(document(app, &content))),
            None => Op::Delete(id.to_string()),
        });
    }
    Ok(ops)
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
    let position = u64::try_from(place)?;
    blocking(app, move |index| index.apply(ops, position))
        .await
        .context("the index takes no changes")
}

async fn blocking<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&NodeIndex) -> Result<T, search::Error> + Send + 'static,
) -> anyhow::Result<T> {
    let app = app.clone();
    tokio::task::spawn_blocking(move || Ok(work(app.index()?)?)).await?
}
