//! Published posts as the lists show them.

use crate::db::page::{Cursor, Page, newest_first};
use crate::db::tables::{PostTags, Posts};
use crate::db::{Db, Prepared, Read, Result, Row};
use crate::posts::{Card, Kind, Visibility};
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
    Posts::Title,
    Posts::Lead,
    Posts::RegionId,
    Posts::AuthorNickname,
    Posts::AgeFromMonths,
    Posts::AgeToMonths,
    Posts::Cover,
    Posts::ThanksCount,
    Posts::PublishedAt,
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
    Ok(Card {
        id: row.get("id")?,
        kind: row.get("kind")?,
        title: row.get("title")?,
        lead: row.get("lead")?,
        region_id: row.get("region_id")?,
        author_nickname: row.get("author_nickname")?,
        age_from_months: row.get("age_from_months")?,
        age_to_months: row.get("age_to_months")?,
        cover: row.text("cover")?.unwrap_or_default().to_owned(),
        thanks_count: row.get("thanks_count")?,
        published_at: row.get("published_at")?,
    })
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
) -> Result<Page<Listed>> {
    if filter.is_everything() && after.is_none() && size == FIRST_PAGE {
        return page(db.rows(&NEWEST.with([])).await?, size);
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
    page(db.rows(&statement).await?, size)
}

/// A card's row, not yet taken apart: most have been drawn before.
pub struct Listed(Row);

impl Listed {
    /// Appends what is the same for equal cards and for no others.
    pub fn write_key(&self, key: &mut Vec<u8>) {
        self.0.write_key(key);
    }

    pub fn card(&self) -> Result<Card> {
        read_card(&self.0)
    }
}

fn page(rows: Vec<Row>, size: usize) -> Result<Page<Listed>> {
    let place = |row: &Row| {
        Ok(Cursor { at: row.get("published_at")?, id: row.get::<PostId>("id")?.to_string() })
    };
    Ok(Page::try_from_rows(rows, size, place)?.map(Listed))
}

/// Those of the posts that are published, in the order asked for.
pub async fn listed_by_ids(db: &Db, ids: &[PostId]) -> Result<Vec<Listed>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = select_cards();
    statement.and_where(Expr::col((Posts::Table, Posts::Id)).is_in(ids.iter().copied()));
    let place: HashMap<PostId, usize> = ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    let mut placed = Vec::with_capacity(ids.len());
    for row in db.rows(&statement).await? {
        placed.push((place.get(&row.get::<PostId>("id")?).copied(), Listed(row)));
    }
    placed.sort_by_key(|(at, _)| *at);
    Ok(placed.into_iter().map(|(_, listed)| listed).collect())
}

/// The same, taken apart.
pub async fn cards_by_ids(db: &Db, ids: &[PostId]) -> Result<Vec<Card>> {
    listed_by_ids(db, ids).await?.iter().map(Listed::card).collect()
}
