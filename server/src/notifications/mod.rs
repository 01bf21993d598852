//! Notices (おしらせ): what happened to a person's posts, told on their page and, where it matters, by mail.
//!
//! A [`Notice`] commits with what it tells of, and so does the job that mails it. It keeps the post's title as it was then.
//! States: unread → read. Thank-yous are bundled: one notice for each post and day, which counts; it never rings twice.
//!
//! Not here: the words (`web::notices`, `web::mail`) and how mail leaves the house (`mail`).

pub mod jobs;
pub mod pages;
mod sql;

use crate::db::page::{Cursor, Page};
use crate::db::{Db, Read, Result, Tx};
use crate::jobs::enqueue;
use crate::moderation::Reason;
use crate::text_enum;
use crate::time_id::{AccountId, Clock, NoticeId, PostId, Timestamp};
use crate::videos::{self, Video, VideoStatus};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Something to tell a post's author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    Approved {
        post: PostId,
    },
    ChangesRequested {
        post: PostId,
        reason: Reason,
        note: String,
    },
    Rejected {
        post: PostId,
        reason: Reason,
        note: String,
    },
    /// The video or a photo of its open revision could not be prepared.
    MediaFailed {
        post: PostId,
    },
}

text_enum! {
    /// As stored.
    pub enum Kind {
        Approved = "approved",
        ChangesRequested = "changes_requested",
        Rejected = "rejected",
        VideoFailed = "video_failed",
        PhotoFailed = "photo_failed",
        Thanked = "thanked",
    }
}

/// What a notice's row holds beside its kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Payload {
    post: PostId,
    /// As it was then.
    title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
    /// Thank-yous in this bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
}

/// A notice as its reader has it.
#[derive(Clone, Debug)]
struct Stored {
    id: NoticeId,
    account_id: AccountId,
    kind: Kind,
    payload: Payload,
    created_at: Timestamp,
    is_read: bool,
}

/// How many notices wait to be read, at most 99.
pub async fn count_unread(db: impl Read, account: AccountId) -> Result<u32> {
    sql::count_unread(db, account).await
}

/// Tells `account` in the running transaction; the mail goes out once it commits.
pub async fn notify(tx: &mut Tx, clock: &Clock, account: AccountId, notice: &Notice) -> Result<()> {
    let (kind, post, reason, note) = match notice {
        Notice::Approved { post } => (Kind::Approved, *post, None, ""),
        Notice::ChangesRequested { post, reason, note } => {
            (Kind::ChangesRequested, *post, Some(*reason), note.as_str())
        }
        Notice::Rejected { post, reason, note } => {
            (Kind::Rejected, *post, Some(*reason), note.as_str())
        }
        Notice::MediaFailed { post } => match failed_video(&mut *tx, *post).await? {
            Some(_) => (Kind::VideoFailed, *post, None, ""),
            None => (Kind::PhotoFailed, *post, None, ""),
        },
    };
    let title = sql::newest_title(&mut *tx, post).await?;
    let payload = Payload { post, title, reason, note: note.to_owned(), count: None };
    let id = NoticeId::new(clock);
    sql::insert(tx, clock, id, account, kind, &payload).await?;
    enqueue(tx, clock, &jobs::MailNotice { notice: id }).await
}

/// The newest revision's video, if it failed.
async fn failed_video(tx: &mut Tx, post: PostId) -> Result<Option<Video>> {
    let Some(video) = sql::newest_video(&mut *tx, post).await? else { return Ok(None) };
    let video = videos::find(&mut *tx, video).await?;
    Ok(video.filter(|video| video.state == VideoStatus::Failed))
}

const JAPAN: Duration = Duration::from_secs(9 * 3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The day that holds `at`, by the calendar of Japan: its first moment, and the next day's.
pub fn day_of(at: Timestamp) -> (Timestamp, Timestamp) {
    let day = DAY.as_millis() as i64;
    let midnight = at.plus(JAPAN).as_millis().div_euclid(day) * day;
    let midnight = Timestamp::from_millis(midnight).minus(JAPAN);
    (midnight, midnight.plus(DAY))
}

/// Says how many thanked for `post` on the day of `at`: makes, corrects or (at 0) takes back that day's one notice. A notice that was
/// read stays read. Call it with the post's row locked.
pub async fn bundle_thanks(
    tx: &mut Tx,
    clock: &Clock,
    account: AccountId,
    post: PostId,
    at: Timestamp,
    count: u32,
) -> Result<()> {
    let (day, _) = day_of(at);
    let id = bundle_id(post, day);
    if count == 0 {
        return sql::delete(tx, id).await;
    }
    let title = sql::published_title(&mut *tx, post).await?;
    let payload = Payload { post, title, reason: None, note: String::new(), count: Some(count) };
    if !sql::update_payload(tx, id, &payload).await? {
        sql::insert(tx, clock, id, account, Kind::Thanked, &payload).await?;
    }
    Ok(())
}

/// The same for the same post and day, so that a day's bundle is found without looking for it.
fn bundle_id(post: PostId, day: Timestamp) -> NoticeId {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(format!("thanked/{post}/{}", day.as_millis()).as_bytes());
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&hash[..16]);
    NoticeId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// Where a notice leads: to what everyone sees, or to the form where something is to be done.
fn path(kind: Kind, post: PostId) -> String {
    match kind {
        Kind::Approved | Kind::Thanked => format!("/posts/{post}"),
        Kind::ChangesRequested | Kind::Rejected | Kind::VideoFailed | Kind::PhotoFailed => {
            format!("/posts/{post}/edit")
        }
    }
}

async fn page(
    db: &Db,
    account: AccountId,
    after: Option<&Cursor>,
    size: usize,
) -> Result<Page<Stored>> {
    sql::page(db, account, after, size).await
}

/// Marks as read what `account` had been told up to a moment. Returns how many notices that were.
pub async fn mark_read(
    db: &Db,
    clock: &Clock,
    account: AccountId,
    until: Timestamp,
) -> Result<u64> {
    let mut tx = db.begin().await?;
    let read = sql::mark_read(&mut tx, clock, account, until).await?;
    tx.commit().await?;
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_japan() {
        // 2026-11-22 12:00 in Japan.
        let noon = Timestamp::from_millis(1_795_316_400_000);
        let (start, end) = day_of(noon);
        assert_eq!(noon.since(start), Duration::from_secs(12 * 3600));
        assert_eq!(day_of(start).0, start);
        assert_eq!(day_of(end).0, end);
        assert_eq!(day_of(end.minus(Duration::from_millis(1))).0, start);
    }

    #[test]
    fn a_bundle_has_one_id_for_each_post_and_day() {
        let post = PostId::new(&Clock::System);
        let (today, tomorrow) = day_of(Clock::System.now());
        assert_eq!(bundle_id(post, today), bundle_id(post, today));
        assert_ne!(bundle_id(post, today), bundle_id(post, tomorrow));
        assert_ne!(bundle_id(post, today), bundle_id(PostId::new(&Clock::System), today));
    }
}
