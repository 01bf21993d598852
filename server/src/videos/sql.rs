use super::Video;
use crate::db::tables::Videos;
use crate::db::{Read, Result, Row};
use crate::time_id::VideoId;
use sea_query::{Expr, ExprTrait, Query, SelectStatement};

fn select() -> SelectStatement {
    Query::select()
        .columns([
            Videos::Id,
            Videos::OwnerId,
            Videos::UploadId,
            Videos::State,
            Videos::Failure,
            Videos::Progress,
            Videos::Generation,
            Videos::DurationMs,
            Videos::Width,
            Videos::Height,
            Videos::Storyboard,
            Videos::Poster,
        ])
        .from(Videos::Table)
        .take()
}

fn read(row: &Row) -> Result<Video> {
    let json = |column: &str| row.get::<Option<String>>(column);
    Ok(Video {
        id: row.get("id")?,
        owner_id: row.get("owner_id")?,
        upload_id: row.get("upload_id")?,
        state: row.get("state")?,
        failure: row.get("failure")?,
        progress: row.get("progress")?,
        generation: row.get("generation")?,
        duration_ms: row.get::<Option<u64>>("duration_ms")?.unwrap_or(0),
        width: row.get::<Option<u32>>("width")?.unwrap_or(0),
        height: row.get::<Option<u32>>("height")?.unwrap_or(0),
        storyboard: json("storyboard")?.and_then(|text| serde_json::from_str(&text).ok()),
        poster: json("poster")?.and_then(|text| serde_json::from_str(&text).ok()),
    })
}

pub async fn find(db: impl Read, id: VideoId) -> Result<Option<Video>> {
    let statement = select().and_where(Expr::col(Videos::Id).eq(id)).take();
    db.row(&statement).await?.as_ref().map(read).transpose()
}

/// Those that exist, in any order.
pub async fn find_many(db: impl Read, ids: &[VideoId]) -> Result<Vec<Video>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let statement = select().and_where(Expr::col(Videos::Id).is_in(ids.iter().copied())).take();
    db.rows(&statement).await?.iter().map(read).collect()
}
