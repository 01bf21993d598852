use super::{FEWEST, Week};
use crate::db::tables::Unfound;
use crate::db::{Read, Result, Tx};
use sea_query::{Condition, Expr, ExprTrait, OnConflict, Order, Query};

/// `people` more looked for it in vain.
pub(super) async fn add(tx: &mut Tx, week: Week, text: &str, people: u64) -> Result<()> {
    let people = i64::try_from(people).unwrap_or(i64::MAX);
    let upsert = Query::insert()
        .into_table(Unfound::Table)
        .columns([Unfound::Week, Unfound::Words, Unfound::People])
        .values_panic([week.into(), text.into(), people.into()])
        .on_conflict(
            OnConflict::columns([Unfound::Week, Unfound::Words])
                .value(Unfound::People, Expr::col((Unfound::Table, Unfound::People)).add(people))
                .to_owned(),
        )
        .take();
    tx.execute(&upsert).await.map(drop)
}

#[derive(Clone, Debug)]
pub(super) struct Missed {
    pub week: Week,
    pub text: String,
    pub people: u64,
}

/// What at least [`FEWEST`] people looked for, the newest week first, and in it what most did; at most `limit`.
pub(super) async fn missed(db: impl Read, limit: u64) -> Result<Vec<Missed>> {
    let select = Query::select()
        .columns([Unfound::Week, Unfound::Words, Unfound::People])
        .from(Unfound::Table)
        .and_where(Expr::col(Unfound::People).gte(FEWEST as i64))
        .order_by(Unfound::Week, Order::Desc)
        .order_by(Unfound::People, Order::Desc)
        .order_by(Unfound::Words, Order::Asc)
        .limit(limit)
        .take();
    let rows = db.rows(&select).await?;
    rows.iter()
        .map(|row| {
            Ok(Missed {
                week: row.get("week")?,
                text: row.get("words")?,
                people: row.get("people")?,
            })
        })
        .collect()
}

/// Forgets what fewer than [`FEWEST`] people looked for before `current`, and all that is from before `oldest`. A bounded slice a call;
/// returns how many.
pub(super) async fn purge(tx: &mut Tx, current: Week, oldest: Week) -> Result<u64> {
    let gone = Query::select()
        .columns([Unfound::Week, Unfound::Words])
        .from(Unfound::Table)
        .cond_where(Condition::any().add(Expr::col(Unfound::Week).lt(oldest)).add(
            Expr::col(Unfound::Week).lt(current).and(Expr::col(Unfound::People).lt(FEWEST as i64)),
        ))
        .limit(500)
        .take();
    let delete = Query::delete()
        .from_table(Unfound::Table)
        .and_where(
            Expr::tuple([Expr::col(Unfound::Week), Expr::col(Unfound::Words)]).in_subquery(gone),
        )
        .take();
    tx.execute(&delete).await
}
