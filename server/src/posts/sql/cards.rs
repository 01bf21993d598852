//! Published posts as the lists show them.

use crate::db::page::{Cursor, Page, newest_first};
use crate::db::tables::{Accounts, Photos, PostTags, Posts, RevisionPhotos, Revisions};
use crate::db::{Db, Read, Result, Row};
use crate::photos::{self, Photo};
use crate::posts::{Card, Kind, Visibility};
use crate::time_id::{AccountId, PostId, RevisionId, VideoId};
use crate::videos;
use sea_query::{Expr, ExprTrait, Query, SelectStatement};
use std::collections::HashMap;

/// Which of the published posts a list holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter<'a> {
    pub kind: Option<Kind>,
    pub region: Option<&'a str>,
    pub author: Option<AccountId>,
    /// Folded, as [`crate::posts::fold_tag`] does.
    pub tag: Option<&'a str>,
}

fn select_cards() -> SelectStatement {
    Query::select()
        .columns([
            (Posts::Table, Posts::Id),
            (Posts::Table, Posts::Kind),
            (Posts::Table, Posts::RegionId),
            (Posts::Table, Posts::AuthorId),
            (Posts::Table, Posts::ThanksCount),
            (Posts::Table, Posts::PublishedAt),
        ])
        .expr_as(Expr::col((Revisions::Table, Revisions::Id)), "revision_id")
        .columns([
            Revisions::Title,
            Revisions::Lead,
            Revisions::AgeFromMonths,
            Revisions::AgeToMonths,
            Revisions::VideoId,
        ])
        .column(Accounts::Nickname)
        .from(Posts::Table)
        .inner_join(
            Revisions::Table,
            Expr::col((Revisions::Table, Revisions::Id))
                .equals((Posts::Table, Posts::PublishedRevisionId)),
        )
        .inner_join(
            Accounts::Table,
            Expr::col((Accounts::Table, Accounts::Id)).equals((Posts::Table, Posts::AuthorId)),
        )
        .and_where(Expr::col((Posts::Table, Posts::Visibility)).eq(Visibility::Published))
        .take()
}

/// Turns card rows into cards: one query each for all their photos and videos.
async fn read_cards(db: &Db, rows: Vec<Row>) -> Result<Vec<Card>> {
    let mut revisions: Vec<RevisionId> = Vec::with_capacity(rows.len());
    let mut video_ids: Vec<VideoId> = Vec::new();
    for row in &rows {
        revisions.push(row.get("revision_id")?);
        video_ids.extend(row.get::<Option<VideoId>>("video_id")?);
    }
    let mut photos = first_photos(db, &revisions).await?;
    let mut videos: HashMap<VideoId, videos::Video> = videos::find_many(db, &video_ids)
        .await?
        .into_iter()
        .map(|video| (video.id, video))
        .collect();
    rows.iter()
        .map(|row| {
            let video: Option<VideoId> = row.get("video_id")?;
            Ok(Card {
                id: row.get("id")?,
                kind: row.get("kind")?,
                title: row.get("title")?,
                lead: row.get("lead")?,
                region_id: row.get("region_id")?,
                author_id: row.get("author_id")?,
                author_nickname: row.get("nickname")?,
                age_from_months: row.get("age_from_months")?,
                age_to_months: row.get("age_to_months")?,
                photo: photos.remove(&row.get::<RevisionId>("revision_id")?),
                video: video.and_then(|id| videos.remove(&id)),
                thanks_count: row.get("thanks_count")?,
                published_at: row.get("published_at")?,
            })
        })
        .collect()
}

/// The first photo of each revision that has one.
async fn first_photos(
    db: &Db,
    revisions: &[RevisionId],
) -> Result<HashMap<RevisionId, (Photo, String)>> {
    if revisions.is_empty() {
        return Ok(HashMap::new());
    }
    let mut statement = photos::select();
    statement
        .columns([RevisionPhotos::RevisionId, RevisionPhotos::Alt])
        .inner_join(
            RevisionPhotos::Table,
            Expr::col((RevisionPhotos::Table, RevisionPhotos::PhotoId))
                .equals((Photos::Table, Photos::Id)),
        )
        .and_where(Expr::col(RevisionPhotos::RevisionId).is_in(revisions.iter().copied()))
        .and_where(Expr::col(RevisionPhotos::Position).eq(0i64));
    let rows = db.rows(&statement).await?;
    rows.iter()
        .map(|row| Ok((row.get("revision_id")?, (photos::read(row)?, row.get("alt")?))))
        .collect()
}

/// Published posts, newest first.
pub async fn cards(
    db: &Db,
    filter: Filter<'_>,
    after: Option<&Cursor>,
    size: usize,
) -> Result<Page<Card>> {
    let mut statement = select_cards();
    if let Some(kind) = filter.kind {
        statement.and_where(Expr::col((Posts::Table, Posts::Kind)).eq(kind));
    }
    if let Some(region) = filter.region {
        statement.and_where(Expr::col((Posts::Table, Posts::RegionId)).eq(region));
    }
    if let Some(author) = filter.author {
        statement.and_where(Expr::col((Posts::Table, Posts::AuthorId)).eq(author));
    }
    match filter.tag {
        None => {
            let (at, id) = ((Posts::Table, Posts::PublishedAt), (Posts::Table, Posts::Id));
            newest_first(&mut statement, at, id, after, size);
        }
        Some(tag) => {
            let same_post =
                Expr::col((PostTags::Table, PostTags::PostId)).equals((Posts::Table, Posts::Id));
            statement
                .inner_join(PostTags::Table, same_post)
                .and_where(Expr::col((PostTags::Table, PostTags::Tag)).eq(tag));
            // In the order of the tag's own index.
            let at = (PostTags::Table, PostTags::PublishedAt);
            newest_first(&mut statement, at, (PostTags::Table, PostTags::PostId), after, size);
        }
    }
    let cards = read_cards(db, db.rows(&statement).await?).await?;
    Ok(Page::from_rows(cards, size, |card| Cursor {
        at: card.published_at,
        id: card.id.to_string(),
    }))
}

/// Those of the posts that are published, in the order asked for.
pub async fn cards_by_ids(db: &Db, ids: &[PostId]) -> Result<Vec<Card>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = select_cards();
    statement.and_where(Expr::col((Posts::Table, Posts::Id)).is_in(ids.iter().copied()));
    let mut cards = read_cards(db, db.rows(&statement).await?).await?;
    let place: HashMap<PostId, usize> = ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    cards.sort_by_key(|card| place.get(&card.id).copied());
    Ok(cards)
}
