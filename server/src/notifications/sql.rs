use super::{Kind, Payload, Stored};
use crate::db::page::{Cursor, Page, newest_first};
use crate::db::tables::{Accounts, Notices, Posts, Revisions};
use crate::db::{Db, DbError, Prepared, Read, Result, Row, Tx, hole};
use crate::time_id::{AccountId, Clock, NoticeId, PostId, Timestamp, VideoId};
use sea_query::{Alias, Asterisk, Expr, ExprTrait, Func, Order, Query, SelectStatement};

static UNREAD: Prepared = Prepared::new(|| {
    let some = Query::select()
        .expr_as(Expr::val(1i64), "one")
        .from(Notices::Table)
        .and_where(Expr::col(Notices::AccountId).eq(hole()))
        .and_where(Expr::col(Notices::ReadAt).is_null())
        .limit(99)
        .take();
    Query::select()
        .expr_as(Func::count(Expr::col(Asterisk)), "n")
        .from_subquery(some, Alias::new("some"))
        .take()
});

pub(super) async fn count_unread(db: impl Read, account: AccountId) -> Result<u32> {
    Ok(u32::try_from(db.count(&UNREAD.with([account.into()])).await?).unwrap_or(99))
}

fn select_notice() -> SelectStatement {
    Query::select()
        .columns([
            Notices::Id,
            Notices::AccountId,
            Notices::Kind,
            Notices::Payload,
            Notices::CreatedAt,
            Notices::ReadAt,
        ])
        .from(Notices::Table)
        .take()
}

fn read_notice(row: &Row) -> Result<Stored> {
    let payload: String = row.get("payload")?;
    Ok(Stored {
        id: row.get("id")?,
        account_id: row.get("account_id")?,
        kind: row.get("kind")?,
        payload: serde_json::from_str(&payload).map_err(|error| json_error(&error))?,
        created_at: row.get("created_at")?,
        is_read: row.get::<Option<Timestamp>>("read_at")?.is_some(),
    })
}

fn json_error(error: &serde_json::Error) -> DbError {
    DbError::Decode { column: "payload".into(), problem: error.to_string() }
}

fn json(payload: &Payload) -> Result<String> {
    serde_json::to_string(payload).map_err(|error| json_error(&error))
}

pub(super) async fn find(db: impl Read, id: NoticeId) -> Result<Option<Stored>> {
    let select = select_notice().and_where(Expr::col(Notices::Id).eq(id)).take();
    db.row(&select).await?.as_ref().map(read_notice).transpose()
}

/// Newest first.
pub(super) async fn page(
    db: &Db,
    account: AccountId,
    after: Option<&Cursor>,
    size: usize,
) -> Result<Page<Stored>> {
    let mut select = select_notice();
    select.and_where(Expr::col(Notices::AccountId).eq(account));
    newest_first(&mut select, Notices::CreatedAt, Notices::Id, after, size);
    let rows = db.rows(&select).await?;
    let notices = rows.iter().map(read_notice).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_rows(notices, size, |notice| Cursor {
        at: notice.created_at,
        id: notice.id.to_string(),
    }))
}

pub(super) async fn insert(
    tx: &mut Tx,
    clock: &Clock,
    id: NoticeId,
    account: AccountId,
    kind: Kind,
    payload: &Payload,
) -> Result<()> {
    let insert = Query::insert()
        .into_table(Notices::Table)
        .columns([
            Notices::Id,
            Notices::AccountId,
            Notices::Kind,
            Notices::Payload,
            Notices::CreatedAt,
        ])
        .values_panic([
            id.into(),
            account.into(),
            kind.into(),
            json(payload)?.into(),
            clock.now().into(),
        ])
        .take();
    tx.execute(&insert).await.map(drop)
}

/// Returns whether the notice was there.
pub(super) async fn update_payload(tx: &mut Tx, id: NoticeId, payload: &Payload) -> Result<bool> {
    let update = Query::update()
        .table(Notices::Table)
        .value(Notices::Payload, json(payload)?)
        .and_where(Expr::col(Notices::Id).eq(id))
        .take();
    Ok(tx.execute(&update).await? == 1)
}

pub(super) async fn delete(tx: &mut Tx, id: NoticeId) -> Result<()> {
    let delete =
        Query::delete().from_table(Notices::Table).and_where(Expr::col(Notices::Id).eq(id)).take();
    tx.execute(&delete).await.map(drop)
}

pub(super) async fn mark_read(
    tx: &mut Tx,
    clock: &Clock,
    account: AccountId,
    until: Timestamp,
) -> Result<u64> {
    let update = Query::update()
        .table(Notices::Table)
        .value(Notices::ReadAt, clock.now())
        .and_where(Expr::col(Notices::AccountId).eq(account))
        .and_where(Expr::col(Notices::ReadAt).is_null())
        .and_where(Expr::col(Notices::CreatedAt).lte(until))
        .take();
    tx.execute(&update).await
}

fn newest_revision(column: Revisions, post: PostId) -> SelectStatement {
    Query::select()
        .column(column)
        .from(Revisions::Table)
        .and_where(Expr::col(Revisions::PostId).eq(post))
        .order_by(Revisions::Number, Order::Desc)
        .limit(1)
        .take()
}

/// The title as its author last wrote it; empty without a post.
pub(super) async fn newest_title(db: impl Read, post: PostId) -> Result<String> {
    let row = db.row(&newest_revision(Revisions::Title, post)).await?;
    Ok(row.map(|row| row.get("title")).transpose()?.unwrap_or_default())
}

pub(super) async fn newest_video(db: impl Read, post: PostId) -> Result<Option<VideoId>> {
    let row = db.row(&newest_revision(Revisions::VideoId, post)).await?;
    Ok(row.map(|row| row.get("video_id")).transpose()?.flatten())
}

/// The title that everyone sees; empty without one.
pub(super) async fn published_title(db: impl Read, post: PostId) -> Result<String> {
    let select = Query::select()
        .column(Posts::Title)
        .from(Posts::Table)
        .and_where(Expr::col(Posts::Id).eq(post))
        .take();
    Ok(db.row(&select).await?.map(|row| row.get("title")).transpose()?.unwrap_or_default())
}

/// Whom a mail goes to.
pub(super) struct Recipient {
    pub nickname: String,
    pub email: String,
    /// A `web::Lang` name.
    pub language: String,
}

/// The mailbox of an account that is not closed and has proven it.
pub(super) async fn recipient(db: impl Read, account: AccountId) -> Result<Option<Recipient>> {
    let select = Query::select()
        .columns([Accounts::Nickname, Accounts::Email, Accounts::Language])
        .from(Accounts::Table)
        .and_where(Expr::col(Accounts::Id).eq(account))
        .and_where(Expr::col(Accounts::State).ne("closed"))
        .and_where(Expr::col(Accounts::ConfirmedAt).is_not_null())
        .take();
    let row = db.row(&select).await?;
    row.map(|row| {
        Ok(Recipient {
            nickname: row.get("nickname")?,
            email: row.get("email")?,
            language: row.get("language")?,
        })
    })
    .transpose()
}
