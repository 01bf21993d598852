//! Every statement of this feature: what is read of posts and revisions here, the lists in [`cards`], what is written in [`write`].

mod cards;
mod write;

pub use cards::{FIRST_PAGE, Filter, Listed, cards, cards_by_ids, listed_by_ids};
pub use write::rename_author;
pub(super) use write::*;

use super::{Author, Content, OwnPost, Post, Revision, RevisionState, Tag, Visibility};
use crate::access::Viewer;
use crate::db::page::{Cursor, Page, newest_first};
use crate::db::tables::{
    Accounts, Photos, PostTags, Posts, RevisionPhotos, RevisionTags, Revisions,
};
use crate::db::{Db, Prepared, Read, Result, Row, Source, Tx, hole};
use crate::photos::{self, Photo};
use crate::time_id::{AccountId, PhotoId, PostId, RevisionId, VideoId};
use crate::videos;
use sea_query::{Condition, Expr, ExprTrait, Func, LockType, Order, Query, SelectStatement};
use std::collections::HashMap;

const POST: [Posts; 9] = [
    Posts::Id,
    Posts::AuthorId,
    Posts::Kind,
    Posts::Visibility,
    Posts::PublishedRevisionId,
    Posts::RegionId,
    Posts::PublishedAt,
    Posts::ThanksCount,
    Posts::UpdatedAt,
];

const REVISION: [Revisions; 15] = [
    Revisions::Id,
    Revisions::PostId,
    Revisions::Number,
    Revisions::State,
    Revisions::Title,
    Revisions::Body,
    Revisions::RegionId,
    Revisions::AgeFromMonths,
    Revisions::AgeToMonths,
    Revisions::VideoId,
    Revisions::Captions,
    Revisions::CoverChoice,
    Revisions::Version,
    Revisions::SubmittedAt,
    Revisions::DecidedAt,
];

fn read_post(row: &Row) -> Result<Post> {
    Ok(Post {
        id: row.get("id")?,
        author_id: row.get("author_id")?,
        kind: row.get("kind")?,
        visibility: row.get("visibility")?,
        published_revision_id: row.get("published_revision_id")?,
        region_id: row.get("region_id")?,
        published_at: row.get("published_at")?,
        thanks_count: row.get("thanks_count")?,
        updated_at: row.get("updated_at")?,
    })
}

fn read_revision(row: &Row) -> Result<Revision> {
    Ok(Revision {
        id: row.get("id")?,
        post_id: row.get("post_id")?,
        number: row.get("number")?,
        state: row.get("state")?,
        title: row.get("title")?,
        body: row.get("body")?,
        region_id: row.get("region_id")?,
        age_from_months: row.get("age_from_months")?,
        age_to_months: row.get("age_to_months")?,
        video_id: row.get("video_id")?,
        captions: row.text("captions")?.and_then(|json| serde_json::from_str(json).ok()),
        cover: row.get("cover_choice")?,
        version: row.get("version")?,
        submitted_at: row.get("submitted_at")?,
        decided_at: row.get("decided_at")?,
        updated_at: row.get("updated_at")?,
    })
}

fn select_post() -> SelectStatement {
    Query::select().columns(POST).from(Posts::Table).take()
}

fn select_revision() -> SelectStatement {
    Query::select().columns(REVISION).column(Revisions::UpdatedAt).from(Revisions::Table).take()
}

/// Revisions with their posts. The names that both tables have are the revision's.
fn select_pair() -> SelectStatement {
    Query::select()
        .columns(REVISION.map(|column| (Revisions::Table, column)))
        .column((Revisions::Table, Revisions::UpdatedAt))
        .columns([
            Posts::AuthorId,
            Posts::Kind,
            Posts::Visibility,
            Posts::PublishedRevisionId,
            Posts::PublishedAt,
            Posts::ThanksCount,
        ])
        .expr_as(Expr::col((Posts::Table, Posts::RegionId)), "post_region_id")
        .expr_as(Expr::col((Posts::Table, Posts::UpdatedAt)), "post_updated_at")
        .from(Revisions::Table)
        .inner_join(
            Posts::Table,
            Expr::col((Posts::Table, Posts::Id)).equals((Revisions::Table, Revisions::PostId)),
        )
        .take()
}

fn read_pair(row: &Row) -> Result<(Post, Revision)> {
    let revision = read_revision(row)?;
    let post = Post {
        id: revision.post_id,
        author_id: row.get("author_id")?,
        kind: row.get("kind")?,
        visibility: row.get("visibility")?,
        published_revision_id: row.get("published_revision_id")?,
        region_id: row.get("post_region_id")?,
        published_at: row.get("published_at")?,
        thanks_count: row.get("thanks_count")?,
        updated_at: row.get("post_updated_at")?,
    };
    Ok((post, revision))
}

/// Which posts this viewer may open: what is published, and one's own. Moderators reach what waits through its review.
pub fn visible_to(viewer: &Viewer) -> Condition {
    let published = Expr::col((Posts::Table, Posts::Visibility)).eq(Visibility::Published);
    let any = Condition::any().add(published);
    match viewer.id() {
        Some(id) => any.add(Expr::col((Posts::Table, Posts::AuthorId)).eq(id)),
        None => any,
    }
}

pub async fn find(db: impl Read, id: PostId) -> Result<Option<Post>> {
    static ONE: Prepared =
        Prepared::new(|| select_post().and_where(Expr::col(Posts::Id).eq(hole())).take());
    db.row(&ONE.with([id.into()])).await?.as_ref().map(read_post).transpose()
}

pub async fn revision(db: impl Read, id: RevisionId) -> Result<Option<Revision>> {
    let statement = select_revision().and_where(Expr::col(Revisions::Id).eq(id)).take();
    db.row(&statement).await?.as_ref().map(read_revision).transpose()
}

/// As [`revision`], and nobody else changes or locks it until the transaction ends.
pub async fn lock_revision(tx: &mut Tx, id: RevisionId) -> Result<Option<Revision>> {
    let statement =
        select_revision().and_where(Expr::col(Revisions::Id).eq(id)).lock(LockType::Update).take();
    tx.row(&statement).await?.as_ref().map(read_revision).transpose()
}

/// The revision its author is working on or waiting for, if there is one.
pub async fn open_revision(db: impl Read, post: PostId) -> Result<Option<Revision>> {
    let statement = select_revision()
        .and_where(Expr::col(Revisions::PostId).eq(post))
        .and_where(Expr::col(Revisions::State).is_in(RevisionState::open()))
        .order_by(Revisions::Number, Order::Desc)
        .limit(1)
        .take();
    db.row(&statement).await?.as_ref().map(read_revision).transpose()
}

/// The newest revision, whatever became of it.
pub async fn latest_revision(db: impl Read, post: PostId) -> Result<Option<Revision>> {
    let statement = select_revision()
        .and_where(Expr::col(Revisions::PostId).eq(post))
        .order_by(Revisions::Number, Order::Desc)
        .limit(1)
        .take();
    db.row(&statement).await?.as_ref().map(read_revision).transpose()
}

pub(in crate::posts) async fn tags(db: impl Read, revision: RevisionId) -> Result<Vec<Tag>> {
    static OF_REVISION: Prepared = Prepared::new(|| {
        Query::select()
            .columns([RevisionTags::Tag, RevisionTags::Label])
            .from(RevisionTags::Table)
            .and_where(Expr::col(RevisionTags::RevisionId).eq(hole()))
            .order_by(RevisionTags::Position, Order::Asc)
            .take()
    });
    let rows = db.rows(&OF_REVISION.with([revision.into()])).await?;
    rows.iter().map(|row| Ok(Tag { tag: row.get("tag")?, label: row.get("label")? })).collect()
}

pub(in crate::posts) async fn photo_ids(
    db: impl Read,
    revision: RevisionId,
) -> Result<Vec<(PhotoId, String)>> {
    let statement = Query::select()
        .columns([RevisionPhotos::PhotoId, RevisionPhotos::Alt])
        .from(RevisionPhotos::Table)
        .and_where(Expr::col(RevisionPhotos::RevisionId).eq(revision))
        .order_by(RevisionPhotos::Position, Order::Asc)
        .take();
    let rows = db.rows(&statement).await?;
    rows.iter().map(|row| Ok((row.get("photo_id")?, row.get("alt")?))).collect()
}

fn select_content() -> SelectStatement {
    select_pair()
        .column(Accounts::Nickname)
        .inner_join(
            Accounts::Table,
            Expr::col((Accounts::Table, Accounts::Id)).equals((Posts::Table, Posts::AuthorId)),
        )
        .take()
}

/// A revision with all that belongs to it, whoever may see it: ask first.
pub async fn content(db: impl Into<Source<'_>>, id: RevisionId) -> Result<Option<Content>> {
    let mut db = db.into();
    static ONE: Prepared = Prepared::new(|| {
        select_content().and_where(Expr::col((Revisions::Table, Revisions::Id)).eq(hole())).take()
    });
    match (&mut db).row(&ONE.with([id.into()])).await? {
        Some(row) => with_all(&mut db, &row).await.map(Some),
        None => Ok(None),
    }
}

/// What the public sees of a post, or nothing.
pub async fn published_content(db: &Db, id: PostId) -> Result<Option<Content>> {
    static ONE: Prepared = Prepared::new(|| {
        select_content()
            .and_where(Expr::col((Posts::Table, Posts::Id)).eq(hole()))
            .and_where(Expr::col((Posts::Table, Posts::Visibility)).eq(Visibility::Published))
            .and_where(
                Expr::col((Revisions::Table, Revisions::Id))
                    .equals((Posts::Table, Posts::PublishedRevisionId)),
            )
            .take()
    });
    match db.row(&ONE.with([id.into()])).await? {
        Some(row) => with_all(&mut db.into(), &row).await.map(Some),
        None => Ok(None),
    }
}

async fn with_all(db: &mut Source<'_>, row: &Row) -> Result<Content> {
    let (post, revision) = read_pair(row)?;
    let video = match revision.video_id {
        Some(video) => videos::find(&mut *db, video).await?,
        None => None,
    };
    Ok(Content {
        author_nickname: row.get("nickname")?,
        tags: tags(&mut *db, revision.id).await?,
        photos: photos_of(db, revision.id).await?,
        post,
        revision,
        video,
    })
}

/// A revision's photos in order, with what their author says is to be seen.
async fn photos_of(db: impl Read, revision: RevisionId) -> Result<Vec<(Photo, String)>> {
    static OF_REVISION: Prepared = Prepared::new(|| {
        photos::select()
            .column(RevisionPhotos::Alt)
            .inner_join(
                RevisionPhotos::Table,
                Expr::col((RevisionPhotos::Table, RevisionPhotos::PhotoId))
                    .equals((Photos::Table, Photos::Id)),
            )
            .and_where(Expr::col(RevisionPhotos::RevisionId).eq(hole()))
            .order_by(RevisionPhotos::Position, Order::Asc)
            .take()
    });
    let rows = db.rows(&OF_REVISION.with([revision.into()])).await?;
    rows.iter().map(|row| Ok((photos::read(row)?, row.get("alt")?))).collect()
}

/// A person's posts as they see them, last touched first; what they withdrew is left out.
pub async fn own_posts(
    db: &Db,
    author: AccountId,
    after: Option<&Cursor>,
    size: usize,
) -> Result<Page<OwnPost>> {
    let mut statement = select_post();
    statement
        .and_where(Expr::col(Posts::AuthorId).eq(author))
        .and_where(Expr::col(Posts::Visibility).ne(Visibility::Withdrawn));
    newest_first(&mut statement, Posts::UpdatedAt, Posts::Id, after, size);
    let rows = db.rows(&statement).await?;
    let posts: Vec<Post> = rows.iter().map(read_post).collect::<Result<_>>()?;
    let mut newest = newest_revisions(db, &posts).await?;
    let own = posts
        .into_iter()
        .filter_map(|post| newest.remove(&post.id).map(|revision| OwnPost { post, revision }))
        .collect();
    Ok(Page::from_rows(own, size, |own: &OwnPost| Cursor {
        at: own.post.updated_at,
        id: own.post.id.to_string(),
    }))
}

async fn newest_revisions(db: &Db, posts: &[Post]) -> Result<HashMap<PostId, Revision>> {
    if posts.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = select_revision()
        .and_where(Expr::col(Revisions::PostId).is_in(posts.iter().map(|post| post.id)))
        .order_by(Revisions::Number, Order::Asc)
        .take();
    let rows = db.rows(&statement).await?;
    let mut newest = HashMap::new();
    for row in &rows {
        let revision = read_revision(row)?;
        newest.insert(revision.post_id, revision);
    }
    Ok(newest)
}

/// The ten drafts a person touched last.
pub async fn drafts_of(db: &Db, author: AccountId) -> Result<Vec<OwnPost>> {
    let statement = select_pair()
        .and_where(Expr::col((Posts::Table, Posts::AuthorId)).eq(author))
        .and_where(Expr::col((Posts::Table, Posts::Visibility)).ne(Visibility::Withdrawn))
        .and_where(Expr::col((Revisions::Table, Revisions::State)).eq(RevisionState::Draft))
        .order_by((Posts::Table, Posts::UpdatedAt), Order::Desc)
        .limit(10)
        .take();
    let rows = db.rows(&statement).await?;
    rows.iter()
        .map(|row| read_pair(row).map(|(post, revision)| OwnPost { post, revision }))
        .collect()
}

/// Submissions whose media are not ready yet, with their authors' names; oldest first, at most `size`.
pub async fn processing(db: &Db, size: usize) -> Result<Vec<(Post, Revision, String)>> {
    let statement = select_pair()
        .column(Accounts::Nickname)
        .inner_join(
            Accounts::Table,
            Expr::col((Accounts::Table, Accounts::Id)).equals((Posts::Table, Posts::AuthorId)),
        )
        .and_where(Expr::col((Revisions::Table, Revisions::State)).eq(RevisionState::Processing))
        .order_by((Revisions::Table, Revisions::SubmittedAt), Order::Asc)
        .order_by((Revisions::Table, Revisions::Id), Order::Asc)
        .limit(size as u64)
        .take();
    let rows = db.rows(&statement).await?;
    rows.iter()
        .map(|row| {
            read_pair(row).and_then(|(post, revision)| Ok((post, revision, row.get("nickname")?)))
        })
        .collect()
}

pub async fn thanks_count(db: impl Read, id: PostId) -> Result<u64> {
    Ok(find(db, id).await?.map_or(0, |post| post.thanks_count))
}

async fn pairs(db: &Db, statement: &SelectStatement) -> Result<Vec<(Post, Revision)>> {
    db.rows(statement).await?.iter().map(read_pair).collect()
}

/// Every revision that shows this photo, with its post: a handful.
pub async fn revisions_with_photo(db: &Db, photo: PhotoId) -> Result<Vec<(Post, Revision)>> {
    let holding = Query::select()
        .column(RevisionPhotos::RevisionId)
        .from(RevisionPhotos::Table)
        .and_where(Expr::col(RevisionPhotos::PhotoId).eq(photo))
        .take();
    let statement = select_pair()
        .and_where(Expr::col((Revisions::Table, Revisions::Id)).in_subquery(holding))
        .limit(50)
        .take();
    pairs(db, &statement).await
}

/// Every revision that shows this video, with its post: a handful.
pub async fn revisions_with_video(db: &Db, video: VideoId) -> Result<Vec<(Post, Revision)>> {
    let statement =
        select_pair().and_where(Expr::col(Revisions::VideoId).eq(video)).limit(50).take();
    pairs(db, &statement).await
}

/// The newest label people gave a tag, among published posts.
pub async fn tag_label(db: impl Read, tag: &str) -> Result<Option<String>> {
    let statement = Query::select()
        .column(PostTags::Label)
        .from(PostTags::Table)
        .and_where(Expr::col(PostTags::Tag).eq(tag))
        .order_by(PostTags::PublishedAt, Order::Desc)
        .limit(1)
        .take();
    db.row(&statement).await?.map(|row| row.get("label")).transpose()
}

/// How many of a person's revisions were approved.
pub async fn count_published(db: impl Read, author: AccountId) -> Result<u64> {
    let statement = Query::select()
        .expr_as(Func::count(Expr::col((Posts::Table, Posts::Id))), "n")
        .from(Posts::Table)
        .and_where(Expr::col(Posts::AuthorId).eq(author))
        .and_where(Expr::col(Posts::PublishedRevisionId).is_not_null())
        .take();
    db.count(&statement).await
}

/// Some published posts that have no card yet, with their published revisions.
pub(in crate::posts) async fn posts_without_card(
    db: impl Read,
    most: u64,
) -> Result<Vec<(PostId, RevisionId)>> {
    let statement = Query::select()
        .columns([Posts::Id, Posts::PublishedRevisionId])
        .from(Posts::Table)
        .and_where(Expr::col(Posts::Cover).is_null())
        .and_where(Expr::col(Posts::PublishedRevisionId).is_not_null())
        .limit(most)
        .take();
    let rows = db.rows(&statement).await?;
    rows.iter().map(|row| Ok((row.get("id")?, row.get("published_revision_id")?))).collect()
}

/// Published posts after a place, by id, of one author or of all: for rebuilding what is derived from them.
pub async fn published_ids(
    db: impl Read,
    author: Option<AccountId>,
    after: Option<PostId>,
    size: u64,
) -> Result<Vec<PostId>> {
    let mut statement = Query::select()
        .column(Posts::Id)
        .from(Posts::Table)
        .and_where(Expr::col(Posts::Visibility).eq(Visibility::Published))
        .order_by(Posts::Id, Order::Asc)
        .limit(size)
        .take();
    if let Some(author) = author {
        statement.and_where(Expr::col(Posts::AuthorId).eq(author));
    }
    if let Some(after) = after {
        statement.and_where(Expr::col(Posts::Id).gt(after));
    }
    let rows = db.rows(&statement).await?;
    rows.iter().map(|row| row.get("id")).collect()
}

/// All thank-yous ever said for a person's posts.
pub(in crate::posts) async fn thanks_received(db: impl Read, author: AccountId) -> Result<u32> {
    let statement = Query::select()
        .expr_as(Func::cast_as(Func::sum(Expr::col(Posts::ThanksCount)), "bigint"), "n")
        .from(Posts::Table)
        .and_where(Expr::col(Posts::AuthorId).eq(author))
        .take();
    let row = db.row(&statement).await?;
    Ok(row.map(|row| row.get::<Option<u32>>("n")).transpose()?.flatten().unwrap_or(0))
}

/// A person as the public knows them; nobody for an account that was closed.
pub async fn published_author(db: &Db, id: AccountId) -> Result<Option<Author>> {
    let account = Query::select()
        .columns([Accounts::Nickname, Accounts::RegionId, Accounts::CreatedAt])
        .from(Accounts::Table)
        .and_where(Expr::col(Accounts::Id).eq(id))
        .and_where(Expr::col(Accounts::State).ne("closed"))
        .take();
    let Some(row) = db.row(&account).await? else { return Ok(None) };
    let published = Query::select()
        .expr_as(Expr::val(1i64), "n")
        .from(Posts::Table)
        .and_where(Expr::col(Posts::AuthorId).eq(id))
        .and_where(Expr::col(Posts::Visibility).eq(Visibility::Published))
        .limit(1)
        .take();
    Ok(Some(Author {
        nickname: row.get("nickname")?,
        region_id: row.get("region_id")?,
        since: row.get("created_at")?,
        has_published: db.row(&published).await?.is_some(),
    }))
}
