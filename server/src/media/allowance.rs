//! What one member may send: so many bytes in any 24 hours, and so many videos that wait to be made ready at a time. For everyone
//! alike, moderators too.
//!
//! Counted from the rows of what was sent, so it holds across nodes and restarts, and nothing has to be given back:
//! - an upload counts with the length it announced, from the moment it began; one that was ended or expired counts with what had
//!   arrived by then, so that starting again and again is no way around;
//! - a photo counts with its bytes. One that was not kept does not, and [`rate_limit`](crate::access::rate_limit) bounds those;
//! - videos wait while they are `queued` or `transcoding`, and so does an upload for another post that moved within the last hour: it
//!   will be one. One that was left lying does not keep its owner from sending another.
//!
//! Over a limit the answer is 429 with `Retry-After` and the limit's own words; 413 stays tus's word for a file larger than any may be.
//!
//! Invariant: whoever asks holds the member's lock until their row commits, so two requests never share what is left.

use crate::app::App;
use crate::db::tables::{Accounts, Photos, Uploads, Videos};
use crate::db::{Read, Result, Tx};
use crate::error::Error;
use crate::media::upload::UploadState;
use crate::time_id::{AccountId, PostId, Timestamp};
use crate::videos::VideoStatus;
use sea_query::{CaseStatement, Expr, ExprTrait, Func, LockType, Order, Query, SelectStatement};
use std::time::Duration;
use web::When;
use web::pages::ErrorCause;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// An open upload that stood still for so long is not on its way.
const UNDER_WAY: Duration = Duration::from_secs(3600);
/// More is not sent in a day: the hourly limits come first.
const MOST_ROWS: u64 = 10_000;
/// A video is made in minutes.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exceeded {
    /// `most` bytes a day. There is room again after `wait`, at `again`.
    Day { most: u64, again: Timestamp, wait: Duration },
    /// `waiting` videos wait.
    Waiting { waiting: u64 },
}

impl Exceeded {
    /// As pages tell it.
    pub fn cause(self) -> ErrorCause {
        match self {
            Self::Day { most, again, .. } => {
                ErrorCause::DayFull { bytes: most, again: When(again.as_millis()) }
            }
            Self::Waiting { waiting } => {
                ErrorCause::VideosWaiting { n: u32::try_from(waiting).unwrap_or(u32::MAX) }
            }
        }
    }

    /// As scripts know it.
    pub fn page(self) -> &'static str {
        match self {
            Self::Day { .. } => "day-full",
            Self::Waiting { .. } => "videos-waiting",
        }
    }

    pub fn retry_after(self) -> Duration {
        match self {
            Self::Day { wait, .. } => wait,
            Self::Waiting { .. } => LOOK_AGAIN,
        }
    }
}

/// Lets nobody else ask for this member until the transaction ends.
async fn lock(tx: &mut Tx, member: AccountId) -> Result<()> {
    // SQLite has one writer anyway. On PostgreSQL rows that name the account may still be written meanwhile.
    let statement = Query::select()
        .column(Accounts::Id)
        .from(Accounts::Table)
        .and_where(Expr::col(Accounts::Id).eq(member))
        .lock(LockType::NoKeyUpdate)
        .take();
    tx.row(&statement).await.map(drop)
}

/// Asks for `bytes` more, which the caller's row then stands for.
///
/// # Errors
/// [`Error::Exceeded`] when that is more than is left.
pub async fn take(tx: &mut Tx, app: &App, member: AccountId, bytes: u64) -> Result<(), Error> {
    lock(tx, member).await?;
    let sent = sent(tx, member, app.clock.now()).await?;
    sent.take(app.config.member_max_bytes_per_day, bytes).map_err(Error::Exceeded)
}

/// Asks for up to `most` bytes more, at least one. Gives how many it may be.
///
/// # Errors
/// [`Error::Exceeded`] when nothing is left.
pub async fn take_up_to(
    tx: &mut Tx,
    app: &App,
    member: AccountId,
    most: u64,
) -> Result<u64, Error> {
    lock(tx, member).await?;
    let sent = sent(tx, member, app.clock.now()).await?;
    let limit = app.config.member_max_bytes_per_day;
    sent.take(limit, 1).map_err(Error::Exceeded)?;
    Ok(Ord::min(most, limit.saturating_sub(sent.bytes())))
}

/// Asks for a place for one more video, which will take the place of whatever else is on its way for the same post.
///
/// # Errors
/// [`Error::Exceeded`] when all are taken.
pub async fn take_place(
    tx: &mut Tx,
    app: &App,
    member: AccountId,
    post: Option<PostId>,
) -> Result<(), Error> {
    lock(tx, member).await?;
    let waiting = [VideoStatus::Queued, VideoStatus::Transcoding];
    let videos = Query::select()
        .expr_as(Func::count(Expr::col(Videos::Id)), "n")
        .from(Videos::Table)
        .and_where(Expr::col(Videos::OwnerId).eq(member))
        .and_where(Expr::col(Videos::State).is_in(waiting))
        .take();
    let since = app.clock.now().minus(UNDER_WAY);
    let mut uploads = Query::select()
        .expr_as(Func::count(Expr::col(Uploads::Id)), "n")
        .from(Uploads::Table)
        .and_where(Expr::col(Uploads::OwnerId).eq(member))
        .and_where(Expr::col(Uploads::State).eq(UploadState::Open))
        .and_where(Expr::col(Uploads::UpdatedAt).gt(since))
        .take();
    if let Some(post) = post {
        let is_for_another =
            Expr::col(Uploads::PostId).is_null().or(Expr::col(Uploads::PostId).ne(post));
        uploads.and_where(is_for_another);
    }
    let waiting = (&mut *tx).count(&videos).await? + (&mut *tx).count(&uploads).await?;
    if waiting >= app.config.member_max_waiting_videos {
        return Err(Error::Exceeded(Exceeded::Waiting { waiting }));
    }
    Ok(())
}

async fn sent(tx: &mut Tx, member: AccountId, now: Timestamp) -> Result<Sent> {
    let since = now.minus(DAY);
    // Of one that goes on, all that may still come counts.
    let counts_whole = Expr::col(Uploads::State).is_in([UploadState::Open, UploadState::Complete]);
    let counted = CaseStatement::new()
        .case(counts_whole, Expr::col(Uploads::Length))
        .finally(Expr::col(Uploads::Offset));
    let uploads = Query::select()
        .column(Uploads::CreatedAt)
        .expr_as(counted, "bytes")
        .from(Uploads::Table)
        .and_where(Expr::col(Uploads::OwnerId).eq(member))
        .and_where(Expr::col(Uploads::CreatedAt).gt(since))
        .order_by(Uploads::CreatedAt, Order::Asc)
        .limit(MOST_ROWS)
        .take();
    let photos = Query::select()
        .columns([Photos::CreatedAt, Photos::Bytes])
        .from(Photos::Table)
        .and_where(Expr::col(Photos::OwnerId).eq(member))
        .and_where(Expr::col(Photos::CreatedAt).gt(since))
        .order_by(Photos::CreatedAt, Order::Asc)
        .limit(MOST_ROWS)
        .take();
    let mut files = rows(tx, &uploads).await?;
    files.extend(rows(tx, &photos).await?);
    Ok(Sent::new(now, files))
}

async fn rows(tx: &mut Tx, statement: &SelectStatement) -> Result<Vec<(Timestamp, u64)>> {
    let rows = tx.rows(statement).await?;
    rows.iter().map(|row| Ok((row.get("created_at")?, row.get("bytes")?))).collect()
}

/// What a member has sent in the last 24 hours. Pure.
#[derive(Debug)]
struct Sent {
    now: Timestamp,
    /// When each file began, and its bytes; the oldest first.
    files: Vec<(Timestamp, u64)>,
}

impl Sent {
    fn new(now: Timestamp, mut files: Vec<(Timestamp, u64)>) -> Self {
        files.sort_unstable();
        Self { now, files }
    }

    fn bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, (_, bytes)| sum.saturating_add(*bytes))
    }

    /// Whether `bytes` more stay within `most`; else when they will, because older ones no longer count.
    fn take(&self, most: u64, bytes: u64) -> Result<(), Exceeded> {
        let mut over = self.bytes().saturating_add(bytes).saturating_sub(most);
        if over == 0 {
            return Ok(());
        }
        let mut again = self.now.plus(DAY);
        for (began, bytes) in &self.files {
            over = over.saturating_sub(*bytes);
            if over == 0 {
                again = began.plus(DAY);
                break;
            }
        }
        Err(Exceeded::Day { most, again, wait: again.since(self.now) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_millis(1_795_316_400_000 + hours * 3_600_000)
    }

    #[test]
    fn there_is_room_again_once_enough_of_the_old_no_longer_counts() {
        let sent = Sent::new(at(20), vec![(at(9), 30), (at(3), 40), (at(12), 20)]);
        assert_eq!(sent.take(100, 10), Ok(()));
        let again = |bytes| match sent.take(100, bytes) {
            Err(Exceeded::Day { again, wait, most: 100 }) => (again, wait.as_secs() / 3600),
            other => panic!("{other:?}"),
        };
        assert_eq!(again(11), (at(27), 7), "the first alone makes room");
        assert_eq!(again(50), (at(27), 7));
        assert_eq!(again(51), (at(33), 13), "the first two");
        assert_eq!(again(100), (at(36), 16));
        assert_eq!(again(101).0, at(44), "it never fits; no promise earlier than a day");
    }

    #[test]
    fn nothing_overflows() {
        let sent = Sent::new(at(0), vec![(at(0), u64::MAX), (at(0), u64::MAX)]);
        assert!(sent.take(u64::MAX - 1, u64::MAX).is_err());
    }
}
