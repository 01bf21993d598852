use super::turns::InLine;
use super::{Job, LEASE, Lease};
use crate::db::tables::Jobs;
use crate::db::{Db, Read, Result, Tx};
use crate::time_id::{Clock, JobId, Timestamp};
use sea_query::{
    Condition, Expr, ExprTrait, Func, LockBehavior, LockType, OnConflict, Order, Query,
    SelectStatement,
};
use std::time::Duration;

/// From one place in line to the next.
const STEP: Duration = Duration::from_millis(1);
/// So many of one person's jobs step back; whoever has more than that in line stands behind everyone anyway.
const MOST_OF_ONE: u64 = 200;

pub(super) async fn insert<J: Job>(
    tx: &mut Tx,
    clock: &Clock,
    payload: &str,
    turn_of: Option<&str>,
    run_at: Timestamp,
    unique_key: Option<&str>,
) -> Result<()> {
    let now = clock.now();
    let in_line_since = match turn_of {
        Some(_) => end_of_line(tx, J::KIND, run_at).await?,
        None => run_at,
    };
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
            Jobs::TurnOf,
            Jobs::InLineSince,
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
            turn_of.map(str::to_owned).into(),
            in_line_since.into(),
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
        .column(Jobs::TurnOf)
        .from(Jobs::Table)
        .and_where(Expr::col(Jobs::Kind).is_in(kinds.iter().copied()))
        .cond_where(
            Condition::any()
                .add(Expr::col(Jobs::State).eq("queued").and(Expr::col(Jobs::RunAt).lte(now)))
                .add(Expr::col(Jobs::State).eq("running").and(Expr::col(Jobs::LeaseUntil).lt(now))),
        )
        .order_by(Jobs::Priority, Order::Asc)
        .order_by(Jobs::InLineSince, Order::Asc)
        .order_by(Jobs::Id, Order::Asc)
        .limit(1)
        .take()
}

/// A kind's jobs that run or wait, as they stand in line.
pub(super) async fn in_line(db: &Db, kind: &'static str, limit: u64) -> Result<Vec<InLine>> {
    let select = Query::select()
        .columns([Jobs::Payload, Jobs::TurnOf, Jobs::State])
        .from(Jobs::Table)
        .and_where(Expr::col(Jobs::Kind).eq(kind))
        .and_where(Expr::col(Jobs::State).is_in(["running", "queued"]))
        // Those that run come first.
        .order_by(Jobs::State, Order::Desc)
        .order_by(Jobs::Priority, Order::Asc)
        .order_by(Jobs::InLineSince, Order::Asc)
        .order_by(Jobs::Id, Order::Asc)
        .limit(limit)
        .take();
    let rows = db.rows(&select).await?;
    rows.iter()
        .map(|row| {
            Ok(InLine {
                payload: row.get("payload")?,
                turn_of: row.get("turn_of")?,
                is_running: row.get::<String>("state")? == "running",
            })
        })
        .collect()
}

/// Behind everyone who waits in line now, whatever the clock says.
async fn end_of_line(tx: &mut Tx, kind: &str, now: Timestamp) -> Result<Timestamp> {
    let last = Query::select()
        .expr_as(Func::max(Expr::col(Jobs::InLineSince)), "last")
        .from(Jobs::Table)
        .and_where(Expr::col(Jobs::State).eq("queued"))
        .and_where(Expr::col(Jobs::Kind).eq(kind))
        // One that pauses stands in line from when it is ready.
        .and_where(Expr::col(Jobs::RunAt).lte(now))
        .take();
    let last: Option<Timestamp> = match tx.row(&last).await? {
        Some(row) => row.get("last")?,
        None => None,
    };
    Ok(last.map_or(now, |last| Ord::max(now, last.plus(STEP))))
}

/// Sends the others of that person to the end of their line, in the order in which they are. Those that another worker is taking just
/// now are left.
async fn step_back(tx: &mut Tx, kind: &str, turn_of: &str, now: Timestamp) -> Result<()> {
    let mut theirs = Query::select()
        .column(Jobs::Id)
        .from(Jobs::Table)
        .and_where(Expr::col(Jobs::TurnOf).eq(turn_of))
        .and_where(Expr::col(Jobs::State).eq("queued"))
        .and_where(Expr::col(Jobs::Kind).eq(kind))
        .and_where(Expr::col(Jobs::RunAt).lte(now))
        .order_by(Jobs::InLineSince, Order::Asc)
        .order_by(Jobs::Id, Order::Asc)
        .limit(MOST_OF_ONE)
        .take();
    theirs.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    let rows = tx.rows(&theirs).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let mut end = end_of_line(tx, kind, now).await?;
    for row in rows {
        let id: JobId = row.get("id")?;
        let update = Query::update()
            .table(Jobs::Table)
            .value(Jobs::InLineSince, end)
            .and_where(Expr::col(Jobs::Id).eq(id))
            .take();
        tx.execute(&update).await?;
        end = end.plus(STEP);
    }
    Ok(())
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
    let kind: String = row.get("kind")?;
    if let Some(turn_of) = row.get::<Option<String>>("turn_of")? {
        step_back(&mut tx, &kind, &turn_of, now).await?;
    }
    tx.commit().await?;
    Ok(Some(Taken {
        kind,
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

/// Why a job goes back to the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PutBack {
    /// The attempt failed, and counts.
    Failed,
    /// There was no room for it, so many times in a row; that says nothing of the job.
    Postponed(u32),
    /// The worker stops.
    Stopped,
}

pub(super) async fn put_back(
    tx: &mut Tx,
    clock: &Clock,
    lease: &Lease,
    run_at: Timestamp,
    error: &str,
    why: PutBack,
) -> Result<bool> {
    let attempt = match why {
        PutBack::Failed => lease.attempt,
        PutBack::Postponed(_) | PutBack::Stopped => lease.attempt.saturating_sub(1),
    };
    let mut update = Query::update()
        .table(Jobs::Table)
        .values([
            (Jobs::State, "queued".into()),
            (Jobs::RunAt, run_at.into()),
            (Jobs::InLineSince, run_at.into()),
            (Jobs::Attempt, i64::from(attempt).into()),
            (Jobs::LeaseToken, None::<String>.into()),
            (Jobs::LeaseUntil, None::<i64>.into()),
            (Jobs::LastError, error.into()),
            (Jobs::UpdatedAt, clock.now().into()),
        ])
        .cond_where(held(lease.id, &lease.token))
        .take();
    match why {
        PutBack::Failed => drop(update.value(Jobs::Postponed, 0i64)),
        PutBack::Postponed(times) => drop(update.value(Jobs::Postponed, i64::from(times))),
        PutBack::Stopped => {}
    }
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

/// How often a job was and may be tried.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tries {
    pub max_attempts: u32,
    /// Times in a row that there was no room for it.
    pub postponed: u32,
}

pub(super) async fn tries(db: impl Read, id: JobId) -> Result<Tries> {
    let select = Query::select()
        .columns([Jobs::MaxAttempts, Jobs::Postponed])
        .from(Jobs::Table)
        .and_where(Expr::col(Jobs::Id).eq(id))
        .take();
    db.row(&select).await?.map_or(Ok(Tries::default()), |row| {
        Ok(Tries { max_attempts: row.get("max_attempts")?, postponed: row.get("postponed")? })
    })
}
