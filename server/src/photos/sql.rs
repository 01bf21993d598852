use super::Photo;
use crate::db::tables::Photos;
use crate::db::{Read, Result, Row};
use crate::time_id::PhotoId;
use sea_query::{Expr, ExprTrait, Query, SelectStatement};

fn select() -> SelectStatement {
    Query::select()
        .columns([
            Photos::Id,
            Photos::OwnerId,
            Photos::State,
            Photos::Failure,
            Photos::Generation,
            Photos::Width,
            Photos::Height,
            Photos::Widths,
            Photos::Colour,
        ])
        .from(Photos::Table)
        .take()
}

fn read(row: &Row) -> Result<Photo> {
    Ok(Photo {
        id: row.get("id")?,
        owner_id: row.get("owner_id")?,
        state: row.get("state")?,
        failure: row.get("failure")?,
        generation: row.get("generation")?,
        width: row.get::<Option<u32>>("width")?.unwrap_or(0),
        height: row.get::<Option<u32>>("height")?.unwrap_or(0),
        widths: serde_json::from_str(&row.get::<String>("widths")?).unwrap_or_default(),
        colour: row.get("colour")?,
    })
}

pub async fn find(db: impl Read, id: PhotoId) -> Result<Option<Photo>> {
    let statement = select().and_where(Expr::col(Photos::Id).eq(id)).take();
    db.row(&statement).await?.as_ref().map(read).transpose()
}

/// Those that exist, in any order.
pub async fn find_many(db: impl Read, ids: &[PhotoId]) -> Result<Vec<Photo>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let statement = select().and_where(Expr::col(Photos::Id).is_in(ids.iter().copied())).take();
    db.rows(&statement).await?.iter().map(read).collect()
}
