//! Published posts as the lists show them.

use crate::db::page::{Cursor, Page, newest_first};
use crate::db::tables::{PostTags, Posts};
use crate::db::{Db, Prepared, Read, Result, Row, Statement};
use crate::posts::{Card, Cover, Kind, Visibility};
use crate::time_id::{AccountId, PostId};
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

const CARD: [Posts; 11] = [
    Posts::Id,
    Posts::Kind,
    Posts::RegionId,
    Posts::AuthorNickname,
    Posts::ThanksCount,
    Posts::PublishedAt,
    Posts::Title,
    Posts::Lead,
    Posts::AgeFromMonths,
    Posts::AgeToMonths,
    Posts::Cover,
];

impl Filter<'_> {
    fn is_everything(&self) -> bool {
        matches!(self, Self { kind: None, region: None, author: None, tag: None })
    }
}

fn select_cards() -> SelectStatement {
    Query::select()
        .columns(CARD.map(|column| (Posts::Table, column)))
        .from(Posts::Table)
        .and_where(Expr::col((Posts::Table, Posts::Visibility)).eq(Visibility::Published))
        .take()
}

fn read_card(row: &Row) -> Result<Card> {
    let cover: Cover =
        row.text("cover")?.and_then(|cover| serde_json::from_str(cover).ok()).unwrap_or_default();
    Ok(Card {
        id: row.get("id")?,
        kind: row.get("kind")?,
        title: row.get("title")?,
        // A picture stands in its place.
        lead: if cover.has_picture() { String::new() } else { row.get("lead")? },
        region_id: row.get("region_id")?,
        author_nickname: row.get("author_nickname")?,
        age_from_months: row.get("age_from_months")?,
        age_to_months: row.get("age_to_months")?,
        cover,
        thanks_count: row.get("thanks_count")?,
        published_at: row.get("published_at")?,
    })
}

async fn read_cards(db: &Db, statement: &impl Statement) -> Result<Vec<Card>> {
    db.rows(statement).await?.iter().map(read_card).collect()
}

static NEWEST: Prepared = Prepared::new(|| {
    let mut statement = select_cards();
    newest(&mut statement, None, FIRST_PAGE);
    statement
});

/// The length of the lists that everyone opens first.
pub const FIRST_PAGE: usize = 24;

fn newest(statement: &mut SelectStatement, after: Option<&Cursor>, size: usize) {
    let (at, id) = ((Posts::Table, Posts::PublishedAt), (Posts::Table, Posts::Id));
    newest_first(statement, at, id, after, size);
}

/// Published posts, newest first.
pub async fn cards(
    db: &Db,
    filter: Filter<'_>,
    after: Option<&Cursor>,
    size: usize,
) -> Result<Page<Card>> {
    if filter.is_everything() && after.is_none() && size == FIRST_PAGE {
        return Ok(page(read_cards(db, &NEWEST.with([])).await?, size));
    }
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
        None => newest(&mut statement, after, size),
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
    Ok(page(read_cards(db, &statement).await?, size))
}

fn page(cards: Vec<Card>, size: usize) -> Page<Card> {
    let place = |card: &Card| Cursor { at: card.published_at, id: card.id.to_string() };
    Page::from_rows(cards, size, place)
}

/// Those of the posts that are published, in the order asked for.
pub async fn cards_by_ids(db: &Db, ids: &[PostId]) -> Result<Vec<Card>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = select_cards();
    statement.and_where(Expr::col((Posts::Table, Posts::Id)).is_in(ids.iter().copied()));
    let mut cards = read_cards(db, &statement).await?;
    let place: HashMap<PostId, usize> = ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    cards.sort_by_key(|card| place.get(&card.id).copied());
    Ok(cards)
}
