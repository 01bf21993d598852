//! Every statement on `uploads`.

use super::create::NewUpload;
use super::{Upload, UploadState};
use crate::access::policy::{Proof, Write};
use crate::db::tables::{Uploads, Videos};
use crate::db::{Read, Result, Row, Tx};
use crate::time_id::{AccountId, PostId, Timestamp, UploadId};
use sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement, UpdateStatement};

/// A number of bytes as the database holds it.
fn bytes(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub async fn insert(
    tx: &mut Tx,
    proof: &Proof<Write>,
    id: UploadId,
    new: &NewUpload,
    store_state: &str,
    now: Timestamp,
) -> Result<()> {
    let insert = Query::insert()
        .into_table(Uploads::Table)
        .columns([
            Uploads::Id,
            Uploads::OwnerId,
            Uploads::PostId,
            Uploads::State,
            Uploads::Length,
            Uploads::Offset,
            Uploads::FileName,
            Uploads::ContentType,
            Uploads::StoreState,
            Uploads::CreatedAt,
            Uploads::ExpiresAt,
            Uploads::UpdatedAt,
        ])
        .values_panic([
            id.into(),
            proof.actor.into(),
            new.post_id.into(),
            UploadState::Open.into(),
            bytes(new.length).into(),
            0i64.into(),
            new.file_name.as_str().into(),
            new.content_type.as_str().into(),
            store_state.into(),
            now.into(),
            now.plus(super::EXPIRES_AFTER).into(),
            now.into(),
        ])
        .take();
    tx.execute(&insert).await.map(drop)
}

fn select() -> SelectStatement {
    Query::select()
        .columns([
            Uploads::Id,
            Uploads::OwnerId,
            Uploads::PostId,
            Uploads::State,
            Uploads::Length,
            Uploads::Offset,
            Uploads::FileName,
            Uploads::ContentType,
            Uploads::StoreState,
            Uploads::ExpiresAt,
        ])
        .from(Uploads::Table)
        .take()
}

fn read(row: &Row) -> Result<Upload> {
    Ok(Upload {
        id: row.get("id")?,
        owner_id: row.get("owner_id")?,
        post_id: row.get("post_id")?,
        state: row.get("state")?,
        length: row.get("length")?,
        offset: row.get("offset")?,
        file_name: row.get("file_name")?,
        content_type: row.get("content_type")?,
        store_state: row.get("store_state")?,
        expires_at: row.get("expires_at")?,
    })
}

pub async fn find(db: impl Read, id: UploadId) -> Result<Option<Upload>> {
    let select = select().and_where(Expr::col(Uploads::Id).eq(id)).take();
    db.row(&select).await?.as_ref().map(read).transpose()
}

/// An open upload for this post, the one that moved last.
pub async fn open_for_post(
    db: impl Read,
    owner: AccountId,
    post: PostId,
) -> Result<Option<Upload>> {
    let select = select()
        .and_where(Expr::col(Uploads::OwnerId).eq(owner))
        .and_where(Expr::col(Uploads::State).eq(UploadState::Open))
        .and_where(Expr::col(Uploads::PostId).eq(post))
        .order_by(Uploads::UpdatedAt, Order::Desc)
        .limit(1)
        .take();
    db.row(&select).await?.as_ref().map(read).transpose()
}

/// Open uploads for this post that nobody appends to just now.
pub async fn idle_for_post(
    tx: &mut Tx,
    owner: AccountId,
    post: PostId,
    now: Timestamp,
) -> Result<Vec<UploadId>> {
    let idle =
        Expr::col(Uploads::LockedUntil).is_null().or(Expr::col(Uploads::LockedUntil).lte(now));
    let select = Query::select()
        .column(Uploads::Id)
        .from(Uploads::Table)
        .and_where(Expr::col(Uploads::OwnerId).eq(owner))
        .and_where(Expr::col(Uploads::State).eq(UploadState::Open))
        .and_where(Expr::col(Uploads::PostId).eq(post))
        .and_where(idle)
        .take();
    tx.rows(&select).await?.iter().map(|row| row.get("id")).collect()
}

pub async fn count_open(db: impl Read, owner: AccountId) -> Result<u64> {
    let count = Query::select()
        .expr_as(Func::count(Expr::col(Uploads::Id)), "n")
        .from(Uploads::Table)
        .and_where(Expr::col(Uploads::OwnerId).eq(owner))
        .and_where(Expr::col(Uploads::State).eq(UploadState::Open))
        .take();
    db.count(&count).await
}

fn update_open(id: UploadId, now: Timestamp) -> UpdateStatement {
    Query::update()
        .table(Uploads::Table)
        .value(Uploads::UpdatedAt, now)
        .and_where(Expr::col(Uploads::Id).eq(id))
        .and_where(Expr::col(Uploads::State).eq(UploadState::Open))
        .take()
}

/// Locks an open upload that stands at `offset` and that nobody else holds. Says whether it did.
pub async fn lock(
    tx: &mut Tx,
    id: UploadId,
    offset: u64,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool> {
    let free =
        Expr::col(Uploads::LockedUntil).is_null().or(Expr::col(Uploads::LockedUntil).lte(now));
    let update = update_open(id, now)
        .value(Uploads::LockedUntil, until)
        .and_where(Expr::col(Uploads::Offset).eq(bytes(offset)))
        .and_where(free)
        .take();
    Ok(tx.execute(&update).await? == 1)
}

/// Moves the lock `held` on to `until`, or lets go of it. Says whether it was still held.
pub async fn renew(
    tx: &mut Tx,
    id: UploadId,
    held: Timestamp,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool> {
    let update = update_open(id, now)
        .value(Uploads::LockedUntil, until)
        .and_where(Expr::col(Uploads::LockedUntil).eq(held))
        .take();
    Ok(tx.execute(&update).await? == 1)
}

/// Where an upload has come to.
pub struct Progress<'a> {
    pub offset: u64,
    pub store_state: &'a str,
    pub state: UploadState,
    /// `None` lets go of the lock.
    pub locked_until: Option<Timestamp>,
    /// The length, when it is known only now.
    pub length: Option<u64>,
}

/// Acknowledges bytes. Says whether the lock `held` was still held; otherwise nothing happens.
pub async fn advance(
    tx: &mut Tx,
    id: UploadId,
    held: Timestamp,
    progress: &Progress<'_>,
    now: Timestamp,
) -> Result<bool> {
    let mut update = update_open(id, now)
        .value(Uploads::Offset, bytes(progress.offset))
        .value(Uploads::StoreState, progress.store_state)
        .value(Uploads::State, progress.state)
        .value(Uploads::LockedUntil, progress.locked_until)
        .value(Uploads::ExpiresAt, now.plus(super::EXPIRES_AFTER))
        .and_where(Expr::col(Uploads::LockedUntil).eq(held))
        .take();
    if let Some(length) = progress.length {
        update.value(Uploads::Length, bytes(length));
    }
    Ok(tx.execute(&update).await? == 1)
}

/// Ends an open upload without its bytes. Whoever appends to it notices at the next commit.
pub async fn end(tx: &mut Tx, id: UploadId, state: UploadState, now: Timestamp) -> Result<bool> {
    let update = update_open(id, now)
        .value(Uploads::State, state)
        .value(Uploads::LockedUntil, Option::<Timestamp>::None)
        .take();
    Ok(tx.execute(&update).await? == 1)
}

/// Up to `limit` open uploads whose time has come.
pub async fn overdue(db: impl Read, now: Timestamp, limit: u64) -> Result<Vec<UploadId>> {
    let select = due(UploadState::Open, now, limit);
    db.rows(&select).await?.iter().map(|row| row.get("id")).collect()
}

/// Up to `limit` complete uploads that no feature took over in time.
pub async fn unclaimed(db: impl Read, now: Timestamp, limit: u64) -> Result<Vec<UploadId>> {
    let claimed = Query::select()
        .expr(Expr::val(1i64))
        .from(Videos::Table)
        .and_where(
            Expr::col((Videos::Table, Videos::UploadId)).equals((Uploads::Table, Uploads::Id)),
        )
        .take();
    let select =
        due(UploadState::Complete, now, limit).and_where(Expr::exists(claimed).not()).take();
    db.rows(&select).await?.iter().map(|row| row.get("id")).collect()
}

fn due(state: UploadState, now: Timestamp, limit: u64) -> SelectStatement {
    Query::select()
        .column((Uploads::Table, Uploads::Id))
        .from(Uploads::Table)
        .and_where(Expr::col(Uploads::State).eq(state))
        .and_where(Expr::col(Uploads::ExpiresAt).lte(now))
        .order_by(Uploads::ExpiresAt, Order::Asc)
        .limit(limit)
        .take()
}

/// Expires a complete upload that no feature took over.
pub async fn expire_complete(tx: &mut Tx, id: UploadId, now: Timestamp) -> Result<bool> {
    let update = Query::update()
        .table(Uploads::Table)
        .value(Uploads::UpdatedAt, now)
        .value(Uploads::State, UploadState::Expired)
        .and_where(Expr::col(Uploads::Id).eq(id))
        .and_where(Expr::col(Uploads::State).eq(UploadState::Complete))
        .take();
    Ok(tx.execute(&update).await? == 1)
}

/// Forgets up to `limit` ended uploads that stood still since `before`.
pub async fn forget(tx: &mut Tx, before: Timestamp, limit: u64) -> Result<u64> {
    let ended = Query::select()
        .column(Uploads::Id)
        .from(Uploads::Table)
        .and_where(Expr::col(Uploads::State).is_in([UploadState::Expired, UploadState::Terminated]))
        .and_where(Expr::col(Uploads::ExpiresAt).lte(before))
        .limit(limit)
        .take();
    let delete = Query::delete()
        .from_table(Uploads::Table)
        .and_where(Expr::col(Uploads::Id).in_subquery(ended))
        .take();
    tx.execute(&delete).await
}
