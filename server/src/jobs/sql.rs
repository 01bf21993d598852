use super::{Job, LEASE, Lease};
use crate::db::tables::Jobs;
use crate::db::{Db, Read, Result, Tx};
use crate::time_id::{Clock, JobId, Timestamp};
use sea_query::{
    Condition, Expr, ExprTrait, LockBehavior, LockType, OnConflict, Order, Query, SelectStatement,
};

pub(super) async fn insert<J: Job>(
    tx: &mut Tx,
    clock: &Clock,
    payload: &str,
    run_at: Timestamp,
    unique_key: Option<&str>,
) -> Result<()> {
    let now = clock.now();
    let insert = Query::insert()
        .into_table(Jobs::Table)
        .columns([
            Jobs::Id,
            Jobs::Kind,
            Jobs::Payload,
            Jobs::State,
            Jobs::Priority,
            Jobs::RunAt,
            Jobs::Attempt,
            Jobs::MaxAttempts,
            Jobs::UniqueKey,
            Jobs::CreatedAt,
            Jobs::UpdatedAt,
        ])
        .values_panic([
            JobId::new(clock).into(),
            J::KIND.into(),
            payload.into(),
            "queued".into(),
            J::PRIORITY.into(),
            run_at.into(),
            0i64.into(),
            i64::from(J::MAX_ATTEMPTS).into(),
            unique_key.map(str::to_owned).into(),
            now.into(),
            now.into(),
        ])
        .on_conflict(OnConflict::column(Jobs::UniqueKey).do_nothing().to_owned())
        .take();
    tx.execute(&insert).await?;
    Ok(())
}

/// A job that a worker just took.
pub(super) struct Taken {
    pub kind: String,
    pub payload: String,
    pub lease: Lease,
    /// It has had all its attempts: a worker died each time. Bury it.
    pub spent: bool,
}

fn ready(kinds: &[&'static str], now: Timestamp) -> SelectStatement {
    Query::select()
        .columns([Jobs::Id, Jobs::Kind, Jobs::Payload, Jobs::Attempt, Jobs::MaxAttempts])
        .from(Jobs::Table)
        .and_where(Expr::col(Jobs::Kind).is_in(kinds.iter().copied()))
        .cond_where(
            Condition::any()
                .add(Expr::col(Jobs::State).eq("queued").and(Expr::col(Jobs::RunAt).lte(now)))
                .add(Expr::col(Jobs::State).eq("running").and(Expr::col(Jobs::LeaseUntil).lt(now))),
        )
        .order_by(Jobs::Priority, Order::Asc)
        .order_by(Jobs::RunAt, Order::Asc)
        .order_by(Jobs::Id, Order::Asc)
        .limit(1)
        .take()
}

/// The payloads of a kind's jobs that run or wait, first come first.
pub(super) async fn in_line(db: &Db, kind: &'static str, limit: u64) -> Result<Vec<String>> {
    let select = Query::select()
        .column(Jobs::Payload)
        .from(Jobs::Table)
        .and_where(Expr::col(Jobs::Kind).eq(kind))
        .and_where(Expr::col(Jobs::State).is_in(["running", "queued"]))
        // Those that run come first.
        .order_by(Jobs::State, Order::Desc)
        .order_by(Jobs::Priority, Order::Asc)
        .order_by(Jobs::RunAt, Order::Asc)
        .order_by(Jobs::Id, Order::Asc)
        .limit(limit)
        .take();
    db.rows(&select).await?.iter().map(|row| row.get("payload")).collect()
}

/// Takes the next ready job of one of these kinds. Looks without a lock first: an idle worker never holds up a writer.
pub(super) async fn take(db: &Db, clock: &Clock, kinds: &[&'static str]) -> Result<Option<Taken>> {
    let now = clock.now();
    let mut select = ready(kinds, now);
    if db.row(&select).await?.is_none() {
        return Ok(None);
    }
    let mut tx = db.begin().await?;
    select.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    let Some(row) = (&mut tx).row(&select).await? else { return Ok(None) };
    let id: JobId = row.get("id")?;
    let (attempt, max_attempts): (u32, u32) = (row.get("attempt")?, row.get("max_attempts")?);
    let token = crate::access::secret();
    let update = Query::update()
        .table(Jobs::Table)
        .values([
            (Jobs::State, "running".into()),
            (Jobs::LeaseToken, token.clone().into()),
            (Jobs::LeaseUntil, now.plus(LEASE).into()),
            (Jobs::Attempt, i64::from(attempt + 1).into()),
            (Jobs::UpdatedAt, now.into()),
        ])
        .and_where(Expr::col(Jobs::Id).eq(id))
        .take();
    tx.execute(&update).await?;
    tx.commit().await?;
    Ok(Some(Taken {
        kind: row.get("kind")?,
        payload: row.get("payload")?,
        lease: Lease { id, attempt: attempt + 1, token },
        spent: attempt >= max_attempts,
    }))
}

fn held(id: JobId, token: &str) -> Condition {
    Condition::all().add(Expr::col(Jobs::Id).eq(id)).add(Expr::col(Jobs::LeaseToken).eq(token))
}

/// Locks the row if the token still holds it.
pub(super) async fn touch_lease(tx: &mut Tx, id: JobId, token: &str) -> Result<bool> {
    let update = Query::update()
        .table(Jobs::Table)
        .value(Jobs::LeaseToken, token)
        .cond_where(held(id, token))
        .take();
    Ok(tx.execute(&update).await? == 1)
}

pub(super) async fn renew(db: &Db, clock: &Clock, lease: &Lease) -> Result<bool> {
    let mut tx = db.begin().await?;
    let update = Query::update()
        .table(Jobs::Table)
        .value(Jobs::LeaseUntil, clock.now().plus(LEASE))
        .cond_where(held(lease.id, &lease.token))
        .take();
    let renewed = tx.execute(&update).await? == 1;
    tx.commit().await?;
    Ok(renewed)
}

pub(super) async fn finish(tx: &mut Tx, lease: &Lease) -> Result<bool> {
    let delete =
        Query::delete().from_table(Jobs::Table).cond_where(held(lease.id, &lease.token)).take();
    Ok(tx.execute(&delete).await? == 1)
}

/// Back to the queue. `count` says whether the attempt counts.
pub(super) async fn put_back(
    tx: &mut Tx,
    clock: &Clock,
    lease: &Lease,
    run_at: Timestamp,
    error: &str,
    count: bool,
) -> Result<bool> {
    let attempt = if count { lease.attempt } else { lease.attempt.saturating_sub(1) };
    let update = Query::update()
        .table(Jobs::Table)
        .values([
            (Jobs::State, "queued".into()),
            (Jobs::RunAt, run_at.into()),
            (Jobs::Attempt, i64::from(attempt).into()),
            (Jobs::LeaseToken, None::<String>.into()),
            (Jobs::LeaseUntil, None::<i64>.into()),
            (Jobs::LastError, error.into()),
            (Jobs::UpdatedAt, clock.now().into()),
        ])
        .cond_where(held(lease.id, &lease.token))
        .take();
    Ok(tx.execute(&update).await? == 1)
}

pub(super) async fn bury(tx: &mut Tx, clock: &Clock, lease: &Lease, error: &str) -> Result<bool> {
    let update = Query::update()
        .table(Jobs::Table)
        .values([
            (Jobs::State, "dead".into()),
            (Jobs::LeaseToken, None::<String>.into()),
            (Jobs::LeaseUntil, None::<i64>.into()),
            (Jobs::UniqueKey, None::<String>.into()),
            (Jobs::LastError, error.into()),
            (Jobs::UpdatedAt, clock.now().into()),
        ])
        .cond_where(held(lease.id, &lease.token))
        .take();
    Ok(tx.execute(&update).await? == 1)
}

/// When the next job of these kinds will want a worker, if any waits.
pub(super) async fn next_run(db: &Db, kinds: &[&'static str]) -> Result<Option<Timestamp>> {
    let select = Query::select()
        .column(Jobs::RunAt)
        .from(Jobs::Table)
        .and_where(Expr::col(Jobs::State).eq("queued"))
        .and_where(Expr::col(Jobs::Kind).is_in(kinds.iter().copied()))
        .order_by(Jobs::RunAt, Order::Asc)
        .limit(1)
        .take();
    db.row(&select).await?.map(|row| row.get("run_at")).transpose()
}

pub(super) async fn max_attempts(db: &Db, id: JobId) -> Result<u32> {
    let select = Query::select()
        .column(Jobs::MaxAttempts)
        .from(Jobs::Table)
        .and_where(Expr::col(Jobs::Id).eq(id))
        .take();
    db.row(&select).await?.map_or(Ok(0), |row| row.get("max_attempts"))
}
