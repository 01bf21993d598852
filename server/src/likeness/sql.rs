use super::{Medium, MediumKind};
use crate::db::tables::Fingerprints;
use crate::db::{Db, Prepared, Read, Result, Row, Tx, hole};
use sea_query::{Expr, ExprTrait, Order, Query};
use transcoder_protocol::Fingerprint;

/// Rows read at once.
pub(super) const BATCH: usize = 10_000;

/// A row of the table.
pub(super) struct Entry {
    pub seq: i64,
    pub medium: Medium,
    pub at_ms: u64,
    /// `None`: what came before of this medium is gone.
    pub hash: Option<u64>,
}

/// Lets what is appended become visible in the order of its numbers.
pub(super) async fn lock(tx: &mut Tx) -> Result<()> {
    if tx.is_postgres() {
        tx.execute_sql("SELECT pg_advisory_xact_lock(7250004)".into()).await?;
    }
    Ok(())
}

/// Returns how many there were.
pub(super) async fn delete(tx: &mut Tx, medium: Medium) -> Result<u64> {
    let statement = Query::delete()
        .from_table(Fingerprints::Table)
        .and_where(Expr::col(Fingerprints::MediumKind).eq(medium.kind()))
        .and_where(Expr::col(Fingerprints::MediumId).eq(medium.id()))
        .take();
    tx.execute(&statement).await
}

pub(super) async fn append(
    tx: &mut Tx,
    medium: Medium,
    fingerprints: &[(u64, Fingerprint)],
) -> Result<()> {
    // The bits as they are: SQL has no unsigned numbers.
    let rows = fingerprints.iter().map(|(at_ms, print)| (*at_ms, Some(print.0.cast_signed())));
    insert(tx, medium, &rows.collect::<Vec<_>>()).await
}

pub(super) async fn append_gone(tx: &mut Tx, medium: Medium) -> Result<()> {
    insert(tx, medium, &[(0, None)]).await
}

async fn insert(tx: &mut Tx, medium: Medium, rows: &[(u64, Option<i64>)]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut statement = Query::insert()
        .into_table(Fingerprints::Table)
        .columns([
            Fingerprints::MediumKind,
            Fingerprints::MediumId,
            Fingerprints::AtMs,
            Fingerprints::Hash,
        ])
        .take();
    for (at_ms, hash) in rows {
        let at_ms = i64::try_from(*at_ms).unwrap_or(i64::MAX);
        statement.values_panic([
            medium.kind().into(),
            medium.id().into(),
            at_ms.into(),
            (*hash).into(),
        ]);
    }
    tx.execute(&statement).await.map(drop)
}

/// What was appended after a place, in order, at most [`BATCH`].
pub(super) async fn after(db: &Db, place: i64) -> Result<Vec<Entry>> {
    static AFTER: Prepared = Prepared::new(|| {
        Query::select()
            .columns([
                Fingerprints::Seq,
                Fingerprints::MediumKind,
                Fingerprints::MediumId,
                Fingerprints::AtMs,
                Fingerprints::Hash,
            ])
            .from(Fingerprints::Table)
            .and_where(Expr::col(Fingerprints::Seq).gt(hole()))
            .order_by(Fingerprints::Seq, Order::Asc)
            .limit(BATCH as u64)
            .take()
    });
    db.rows(&AFTER.with([place.into()])).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Entry> {
    Ok(Entry {
        seq: row.get("seq")?,
        medium: match row.get("medium_kind")? {
            MediumKind::Photo => Medium::Photo(row.get("medium_id")?),
            MediumKind::Video => Medium::Video(row.get("medium_id")?),
        },
        at_ms: row.get("at_ms")?,
        hash: row.get::<Option<i64>>("hash")?.map(i64::cast_unsigned),
    })
}
