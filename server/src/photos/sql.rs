use super::{Photo, PhotoState};
use crate::access::policy::{Proof, Write};
use crate::db::tables::{Photos, RevisionPhotos};
use crate::db::{Read, Result, Row, Tx};
use crate::time_id::{Clock, PhotoId};
use sea_query::{Expr, ExprTrait, Query, SelectStatement};
use transcoder_protocol::PhotoOutput;

/// Photos, to be read by [`read`]; others join to it.
pub fn select() -> SelectStatement {
    let columns = [
        Photos::Id,
        Photos::OwnerId,
        Photos::State,
        Photos::Failure,
        Photos::Generation,
        Photos::Width,
        Photos::Height,
        Photos::Widths,
        Photos::Colour,
        Photos::HadLocation,
        Photos::Grid,
    ];
    Query::select()
        .columns(columns.map(|column| (Photos::Table, column)))
        .from(Photos::Table)
        .take()
}

pub fn read(row: &Row) -> Result<Photo> {
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
        had_location: row.get::<i64>("had_location")? != 0,
        grid: row.text("grid")?.and_then(|grid| serde_json::from_str(grid).ok()),
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

pub(super) async fn insert(
    tx: &mut Tx,
    clock: &Clock,
    proof: &Proof<Write>,
    id: PhotoId,
    bytes: u64,
) -> Result<()> {
    let now = clock.now();
    let statement = Query::insert()
        .into_table(Photos::Table)
        .columns([
            Photos::Id,
            Photos::OwnerId,
            Photos::State,
            Photos::Generation,
            Photos::Bytes,
            Photos::CreatedAt,
            Photos::UpdatedAt,
        ])
        .values_panic([
            id.into(),
            proof.actor.into(),
            PhotoState::Processing.into(),
            0i64.into(),
            bytes.into(),
            now.into(),
            now.into(),
        ])
        .take();
    tx.execute(&statement).await.map(drop)
}

pub(super) async fn set_ready(
    tx: &mut Tx,
    clock: &Clock,
    id: PhotoId,
    generation: i64,
    output: &PhotoOutput,
) -> Result<()> {
    let widths = serde_json::to_string(&output.widths).unwrap_or_default();
    let statement = Query::update()
        .table(Photos::Table)
        .values([
            (Photos::State, PhotoState::Ready.into()),
            (Photos::Failure, None::<String>.into()),
            (Photos::Generation, generation.into()),
            (Photos::Width, i64::from(output.width).into()),
            (Photos::Height, i64::from(output.height).into()),
            (Photos::Widths, widths.into()),
            (Photos::Colour, output.colour.clone().into()),
            (Photos::HadLocation, i64::from(output.had_location).into()),
            (Photos::Grid, serde_json::to_string(&output.grid).unwrap_or_default().into()),
            (Photos::UpdatedAt, clock.now().into()),
        ])
        .and_where(Expr::col(Photos::Id).eq(id))
        .take();
    tx.execute(&statement).await.map(drop)
}

/// Remembers why an attempt came to nothing. The photo is `state` then: `processing` where there will be another one.
pub(super) async fn set_failure(
    tx: &mut Tx,
    clock: &Clock,
    id: PhotoId,
    failure: &str,
    state: PhotoState,
) -> Result<()> {
    let statement = Query::update()
        .table(Photos::Table)
        .values([
            (Photos::State, state.into()),
            (Photos::Failure, failure.into()),
            (Photos::UpdatedAt, clock.now().into()),
        ])
        .and_where(Expr::col(Photos::Id).eq(id))
        .and_where(Expr::col(Photos::State).eq(PhotoState::Processing))
        .take();
    tx.execute(&statement).await.map(drop)
}

/// Deletes the row of a photo that no revision shows. Returns whether it did.
pub(super) async fn delete_unused(tx: &mut Tx, id: PhotoId) -> Result<bool> {
    let shown = Query::select()
        .column(RevisionPhotos::PhotoId)
        .from(RevisionPhotos::Table)
        .and_where(Expr::col(RevisionPhotos::PhotoId).eq(id))
        .take();
    let statement = Query::delete()
        .from_table(Photos::Table)
        .and_where(Expr::col(Photos::Id).eq(id))
        .and_where(Expr::exists(shown).not())
        .take();
    Ok(tx.execute(&statement).await? == 1)
}
