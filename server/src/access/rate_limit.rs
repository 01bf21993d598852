//! How often something may be tried, counted in the database: it holds across nodes and restarts.

use crate::db::tables::RateLimits;
use crate::db::{Read, Result, Tx};
use crate::error::Error;
use crate::time_id::{Clock, Timestamp};
use sea_query::{Expr, ExprTrait, OnConflict, Query};
use std::time::Duration;

/// At most `most` in each `window`, for each subject (an address, an account).
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    pub bucket: &'static str,
    pub most: u32,
    pub window: Duration,
}

const HOUR: Duration = Duration::from_secs(3600);

/// Log-in attempts for one account name, from anywhere.
pub const LOG_IN_BY_EMAIL: Limit =
    Limit { bucket: "log_in_email", most: 10, window: Duration::from_secs(900) };
/// Log-in attempts from one address. A nursery's Wi-Fi is one address.
pub const LOG_IN_BY_ADDRESS: Limit =
    Limit { bucket: "log_in_address", most: 60, window: Duration::from_secs(900) };
pub const SIGN_UP_BY_ADDRESS: Limit = Limit { bucket: "sign_up_address", most: 20, window: HOUR };
/// Mails that someone can make us send to one mailbox.
pub const MAIL_BY_EMAIL: Limit = Limit { bucket: "mail_email", most: 5, window: HOUR };
pub const MAIL_BY_ADDRESS: Limit = Limit { bucket: "mail_address", most: 30, window: HOUR };
pub const UPLOADS_BY_ACCOUNT: Limit = Limit { bucket: "upload", most: 60, window: HOUR };
pub const PHOTOS_BY_ACCOUNT: Limit = Limit { bucket: "photo", most: 200, window: HOUR };

/// Takes one of what the limit allows.
///
/// Errors: [`Error::TooMany`] with the time to wait. The count is part of `tx`: commit it also when what follows fails.
pub async fn take(tx: &mut Tx, clock: &Clock, limit: Limit, subject: &str) -> Result<(), Error> {
    let now = clock.now();
    let subject = super::secret_hash(subject);
    let old = now.minus(limit.window);
    let is_over = || Expr::col((RateLimits::Table, RateLimits::WindowStart)).lte(old);
    let upsert = Query::insert()
        .into_table(RateLimits::Table)
        .columns([
            RateLimits::Bucket,
            RateLimits::Subject,
            RateLimits::WindowStart,
            RateLimits::Taken,
        ])
        .values_panic([limit.bucket.into(), subject.clone().into(), now.into(), 1i64.into()])
        .on_conflict(
            OnConflict::columns([RateLimits::Bucket, RateLimits::Subject])
                .value(
                    RateLimits::Taken,
                    sea_query::CaseStatement::new()
                        .case(is_over(), 1i64)
                        .finally(Expr::col((RateLimits::Table, RateLimits::Taken)).add(1i64)),
                )
                .value(
                    RateLimits::WindowStart,
                    sea_query::CaseStatement::new()
                        .case(is_over(), now)
                        .finally(Expr::col((RateLimits::Table, RateLimits::WindowStart))),
                )
                .to_owned(),
        )
        .take();
    tx.execute(&upsert).await?;
    let select = Query::select()
        .columns([RateLimits::Taken, RateLimits::WindowStart])
        .from(RateLimits::Table)
        .and_where(Expr::col(RateLimits::Bucket).eq(limit.bucket))
        .and_where(Expr::col(RateLimits::Subject).eq(subject))
        .take();
    let Some(row) = tx.row(&select).await? else { return Ok(()) };
    if row.get::<i64>("taken")? <= i64::from(limit.most) {
        return Ok(());
    }
    let opened: Timestamp = row.get("window_start")?;
    Err(Error::TooMany { retry_after: opened.plus(limit.window).since(now) })
}

/// [`take`] in a transaction of its own, for limits that count every try.
pub async fn take_now(
    db: &crate::db::Db,
    clock: &Clock,
    limit: Limit,
    subject: &str,
) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    let taken = take(&mut tx, clock, limit, subject).await;
    tx.commit().await?;
    taken
}

/// Gives back what `subject` has used up: it was the right person all along.
pub async fn forgive(tx: &mut Tx, limit: Limit, subject: &str) -> Result<()> {
    let delete = Query::delete()
        .from_table(RateLimits::Table)
        .and_where(Expr::col(RateLimits::Bucket).eq(limit.bucket))
        .and_where(Expr::col(RateLimits::Subject).eq(super::secret_hash(subject)))
        .take();
    tx.execute(&delete).await.map(drop)
}

/// Forgets counts nobody needs any more: every window is a day or shorter. A bounded slice a call; returns how many.
pub async fn purge(tx: &mut Tx, clock: &Clock) -> Result<u64> {
    let old = Query::select()
        .columns([RateLimits::Bucket, RateLimits::Subject])
        .from(RateLimits::Table)
        .and_where(Expr::col(RateLimits::WindowStart).lt(clock.now().minus(24 * HOUR)))
        .limit(500)
        .take();
    let delete = Query::delete()
        .from_table(RateLimits::Table)
        .and_where(
            Expr::tuple([Expr::col(RateLimits::Bucket), Expr::col(RateLimits::Subject)])
                .in_subquery(old),
        )
        .take();
    tx.execute(&delete).await
}
