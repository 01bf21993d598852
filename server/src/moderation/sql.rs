use super::Outcome;
use crate::db::tables::{Decisions, ReviewItems};
use crate::db::{Read, Result, Tx};
use crate::time_id::{AccountId, Clock, ReviewItemId, RevisionId};
use sea_query::{Alias, Asterisk, Expr, ExprTrait, Func, Query};

pub(super) async fn count_waiting(db: impl Read) -> Result<u32> {
    let some = Query::select()
        .expr_as(Expr::val(1i64), "one")
        .from(ReviewItems::Table)
        .and_where(Expr::col(ReviewItems::State).eq("waiting"))
        .limit(99)
        .take();
    let select = Query::select()
        .expr_as(Func::count(Expr::col(Asterisk)), "n")
        .from_subquery(some, Alias::new("some"))
        .take();
    Ok(u32::try_from(db.count(&select).await?).unwrap_or(99))
}

pub(super) async fn insert_item(
    tx: &mut Tx,
    clock: &Clock,
    subject_kind: &str,
    subject_id: &str,
    author: AccountId,
) -> Result<()> {
    let statement = Query::insert()
        .into_table(ReviewItems::Table)
        .columns([
            ReviewItems::Id,
            ReviewItems::SubjectKind,
            ReviewItems::SubjectId,
            ReviewItems::AuthorId,
            ReviewItems::State,
            ReviewItems::Priority,
            ReviewItems::Version,
            ReviewItems::QueuedAt,
        ])
        .values_panic([
            ReviewItemId::new(clock).into(),
            subject_kind.into(),
            subject_id.into(),
            author.into(),
            "waiting".into(),
            0i64.into(),
            1i64.into(),
            clock.now().into(),
        ])
        .take();
    tx.execute(&statement).await.map(drop)
}

pub(super) async fn withdraw_items(
    tx: &mut Tx,
    clock: &Clock,
    subject_kind: &str,
    subject_id: &str,
) -> Result<()> {
    let statement = Query::update()
        .table(ReviewItems::Table)
        .value(ReviewItems::State, "withdrawn")
        .value(ReviewItems::ClosedAt, clock.now())
        .value(ReviewItems::Version, Expr::col(ReviewItems::Version).add(1i64))
        .and_where(Expr::col(ReviewItems::SubjectKind).eq(subject_kind))
        .and_where(Expr::col(ReviewItems::SubjectId).eq(subject_id))
        .and_where(Expr::col(ReviewItems::State).is_in(["waiting", "claimed", "escalated"]))
        .take();
    tx.execute(&statement).await.map(drop)
}

pub(super) async fn last_outcome(db: impl Read, revision: RevisionId) -> Result<Option<Outcome>> {
    let statement = Query::select()
        .columns([Decisions::Reason, Decisions::Note])
        .from(Decisions::Table)
        .inner_join(
            ReviewItems::Table,
            Expr::col((ReviewItems::Table, ReviewItems::Id))
                .equals((Decisions::Table, Decisions::ItemId)),
        )
        .and_where(Expr::col(ReviewItems::SubjectKind).eq("revision"))
        .and_where(Expr::col(ReviewItems::SubjectId).eq(revision))
        .order_by(Decisions::DecidedAt, sea_query::Order::Desc)
        .limit(1)
        .take();
    let Some(row) = db.row(&statement).await? else { return Ok(None) };
    let reason = row.get::<Option<String>>("reason")?;
    Ok(Some(Outcome {
        reason: reason.as_deref().and_then(web::Reason::from_slug),
        note: row.get("note")?,
    }))
}
