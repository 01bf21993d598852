use super::audit;
use super::{Action, Item, ItemState, Outcome, Reason, SubjectKind};
use crate::access::policy::{Proof, Review};
use crate::db::page::{Cursor, Page, newest_first, oldest_first};
use crate::db::tables::{
    Accounts, Audit, Decisions, Posts, ReviewItems, RevisionPhotos, Revisions,
};
use crate::db::{Db, Read, Result, Row, Tx};
use crate::posts::{CoverChoice, Kind, RevisionState, Visibility};
use crate::time_id::{
    AccountId, Clock, DecisionId, PhotoId, PostId, ReviewItemId, RevisionId, Timestamp, VideoId,
};
use sea_query::{
    Alias, Asterisk, Condition, Expr, ExprTrait, Func, IntoColumnRef, Order, Query, SelectStatement,
};
use std::collections::HashMap;

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

// Items.

fn select_item() -> SelectStatement {
    Query::select()
        .columns([
            ReviewItems::Id,
            ReviewItems::SubjectKind,
            ReviewItems::SubjectId,
            ReviewItems::AuthorId,
            ReviewItems::State,
            ReviewItems::Priority,
            ReviewItems::Version,
            ReviewItems::QueuedAt,
            ReviewItems::ClosedAt,
        ])
        .from(ReviewItems::Table)
        .take()
}

fn read_item(row: &Row) -> Result<Item> {
    Ok(Item {
        id: row.get("id")?,
        subject_kind: row.get("subject_kind")?,
        subject_id: row.get("subject_id")?,
        author_id: row.get("author_id")?,
        state: row.get("state")?,
        priority: row.get("priority")?,
        version: row.get("version")?,
        queued_at: row.get("queued_at")?,
        closed_at: row.get("closed_at")?,
    })
}

pub(super) async fn find(db: impl Read, id: ReviewItemId) -> Result<Option<Item>> {
    let select = select_item().and_where(Expr::col(ReviewItems::Id).eq(id)).take();
    db.row(&select).await?.as_ref().map(read_item).transpose()
}

const OPEN: [ItemState; 3] = [ItemState::Waiting, ItemState::Claimed, ItemState::Escalated];

fn of_revision(revision: RevisionId) -> Condition {
    Condition::all()
        .add(Expr::col((ReviewItems::Table, ReviewItems::SubjectKind)).eq(SubjectKind::Revision))
        .add(Expr::col((ReviewItems::Table, ReviewItems::SubjectId)).eq(revision))
}

pub(super) async fn open_item(db: impl Read, revision: RevisionId) -> Result<Option<Item>> {
    let select = select_item()
        .cond_where(of_revision(revision))
        .and_where(Expr::col(ReviewItems::State).is_in(OPEN))
        .limit(1)
        .take();
    db.row(&select).await?.as_ref().map(read_item).transpose()
}

pub(super) async fn insert_item(
    tx: &mut Tx,
    clock: &Clock,
    author: AccountId,
    revision: RevisionId,
) -> Result<ReviewItemId> {
    let id = ReviewItemId::new(clock);
    let insert = Query::insert()
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
            id.into(),
            SubjectKind::Revision.into(),
            revision.into(),
            author.into(),
            ItemState::Waiting.into(),
            0i64.into(),
            1i64.into(),
            clock.now().into(),
        ])
        .take();
    tx.execute(&insert).await?;
    Ok(id)
}

/// Ends every open item of a revision: its author took it back. Returns how many there were.
pub(super) async fn withdraw_items(
    tx: &mut Tx,
    clock: &Clock,
    revision: RevisionId,
) -> Result<u64> {
    let update = Query::update()
        .table(ReviewItems::Table)
        .value(ReviewItems::State, ItemState::Withdrawn)
        .value(ReviewItems::Version, Expr::col(ReviewItems::Version).add(1i64))
        .value(ReviewItems::ClosedAt, clock.now())
        .cond_where(of_revision(revision))
        .and_where(Expr::col(ReviewItems::State).is_in(OPEN))
        .take();
    tx.execute(&update).await
}

/// Keeps everybody else from moving this post until the transaction ends (SQLite has one writer anyway). First in every
/// transaction that takes several of a post's rows, so that two of them can't wait for each other.
pub(super) async fn lock_post(tx: &mut Tx, post: PostId) -> Result<()> {
    let select = Query::select()
        .column(Posts::Id)
        .from(Posts::Table)
        .and_where(Expr::col(Posts::Id).eq(post))
        .lock_exclusive()
        .take();
    tx.row(&select).await.map(drop)
}

/// Closes the item if it is still what its moderator saw. Returns whether it was.
pub(super) async fn close_item(
    tx: &mut Tx,
    clock: &Clock,
    _proof: &Proof<Review>,
    item: &Item,
) -> Result<bool> {
    let update = Query::update()
        .table(ReviewItems::Table)
        .value(ReviewItems::State, ItemState::Decided)
        .value(ReviewItems::Version, Expr::col(ReviewItems::Version).add(1i64))
        .value(ReviewItems::ClosedAt, clock.now())
        .and_where(Expr::col(ReviewItems::Id).eq(item.id))
        .and_where(Expr::col(ReviewItems::State).eq(item.state))
        .and_where(Expr::col(ReviewItems::Version).eq(item.version))
        .take();
    Ok(tx.execute(&update).await? == 1)
}

pub(super) async fn insert_decision(
    tx: &mut Tx,
    clock: &Clock,
    proof: &Proof<Review>,
    item: ReviewItemId,
    action: Action,
    reason: Option<Reason>,
    note: &str,
) -> Result<DecisionId> {
    let id = DecisionId::new(clock);
    let insert = Query::insert()
        .into_table(Decisions::Table)
        .columns([
            Decisions::Id,
            Decisions::ItemId,
            Decisions::ModeratorId,
            Decisions::Action,
            Decisions::Reason,
            Decisions::Note,
            Decisions::DecidedAt,
        ])
        .values_panic([
            id.into(),
            item.into(),
            proof.actor.into(),
            action.into(),
            reason.into(),
            note.into(),
            clock.now().into(),
        ])
        .take();
    tx.execute(&insert).await?;
    Ok(id)
}

// The queue.

/// One line of the queue.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub id: ReviewItemId,
    pub queued_at: Timestamp,
    pub revision_id: RevisionId,
    pub title: String,
    pub kind: Kind,
    pub author_id: AccountId,
    pub author: String,
    pub region_id: Option<String>,
    pub video_id: Option<VideoId>,
    pub cover: Option<CoverChoice>,
    /// An approved revision of the same post is visible.
    pub is_edit: bool,
}

/// What waits, oldest first.
pub(super) async fn waiting(db: &Db, after: Option<&Cursor>, size: usize) -> Result<Page<Waiting>> {
    let mut select = Query::select()
        .columns([
            (ReviewItems::Table, ReviewItems::Id),
            (ReviewItems::Table, ReviewItems::QueuedAt),
            (ReviewItems::Table, ReviewItems::AuthorId),
        ])
        .expr_as(Expr::col((Revisions::Table, Revisions::Id)), "revision_id")
        .columns([
            (Revisions::Table, Revisions::Title),
            (Revisions::Table, Revisions::RegionId),
            (Revisions::Table, Revisions::VideoId),
            (Revisions::Table, Revisions::CoverChoice),
        ])
        .columns([(Posts::Table, Posts::Kind), (Posts::Table, Posts::Visibility)])
        .expr_as(Expr::col((Accounts::Table, Accounts::Nickname)), "author")
        .from(ReviewItems::Table)
        .take();
    join_subject(&mut select);
    select
        .inner_join(
            Accounts::Table,
            Expr::col((Accounts::Table, Accounts::Id))
                .equals((ReviewItems::Table, ReviewItems::AuthorId)),
        )
        .and_where(Expr::col((ReviewItems::Table, ReviewItems::State)).eq(ItemState::Waiting));
    oldest_first(
        &mut select,
        (ReviewItems::Table, ReviewItems::QueuedAt),
        (ReviewItems::Table, ReviewItems::Id),
        after,
        size,
    );
    let items = db
        .rows(&select)
        .await?
        .iter()
        .map(|row| {
            Ok(Waiting {
                id: row.get("id")?,
                queued_at: row.get("queued_at")?,
                revision_id: row.get("revision_id")?,
                title: row.get("title")?,
                kind: row.get("kind")?,
                author_id: row.get("author_id")?,
                author: row.get("author")?,
                region_id: row.get("region_id")?,
                video_id: row.get("video_id")?,
                cover: row.get("cover_choice")?,
                is_edit: row.get::<Visibility>("visibility")? == Visibility::Published,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Page::from_rows(items, size, |item| Cursor { at: item.queued_at, id: item.id.to_string() }))
}

fn join_subject(select: &mut SelectStatement) {
    select
        .inner_join(
            Revisions::Table,
            Condition::all()
                .add(
                    Expr::col((Revisions::Table, Revisions::Id))
                        .equals((ReviewItems::Table, ReviewItems::SubjectId)),
                )
                .add(
                    Expr::col((ReviewItems::Table, ReviewItems::SubjectKind))
                        .eq(SubjectKind::Revision),
                ),
        )
        .inner_join(
            Posts::Table,
            Expr::col((Posts::Table, Posts::Id)).equals((Revisions::Table, Revisions::PostId)),
        );
}

/// When the item that waits longest was queued.
pub(super) async fn oldest(db: impl Read) -> Result<Option<Timestamp>> {
    let select = Query::select()
        .column(ReviewItems::QueuedAt)
        .from(ReviewItems::Table)
        .and_where(Expr::col(ReviewItems::State).eq(ItemState::Waiting))
        .order_by(ReviewItems::QueuedAt, Order::Asc)
        .limit(1)
        .take();
    db.row(&select).await?.map(|row| row.get("queued_at")).transpose()
}

/// The item after `item` in the queue that `moderator` may decide; past the end, the first one.
pub(super) async fn next(
    db: &Db,
    item: &Item,
    moderator: AccountId,
) -> Result<Option<ReviewItemId>> {
    let here = Cursor { at: item.queued_at, id: item.id.to_string() };
    for after in [Some(&here), None] {
        let mut select = select_item()
            .and_where(Expr::col(ReviewItems::State).eq(ItemState::Waiting))
            .and_where(Expr::col(ReviewItems::AuthorId).ne(moderator))
            .and_where(Expr::col(ReviewItems::Id).ne(item.id))
            .take();
        oldest_first(&mut select, ReviewItems::QueuedAt, ReviewItems::Id, after, 0);
        if let Some(row) = db.row(&select).await? {
            return row.get("id").map(Some);
        }
    }
    Ok(None)
}

/// The photos of each revision, in order.
pub(super) async fn photos_of(
    db: impl Read,
    revisions: &[RevisionId],
) -> Result<HashMap<RevisionId, Vec<(PhotoId, String)>>> {
    let mut photos: HashMap<RevisionId, Vec<(PhotoId, String)>> = HashMap::new();
    if revisions.is_empty() {
        return Ok(photos);
    }
    let select = Query::select()
        .columns([RevisionPhotos::RevisionId, RevisionPhotos::PhotoId, RevisionPhotos::Alt])
        .from(RevisionPhotos::Table)
        .and_where(Expr::col(RevisionPhotos::RevisionId).is_in(revisions.iter().copied()))
        .order_by(RevisionPhotos::Position, Order::Asc)
        .take();
    for row in db.rows(&select).await? {
        photos
            .entry(row.get("revision_id")?)
            .or_default()
            .push((row.get("photo_id")?, row.get("alt")?));
    }
    Ok(photos)
}

/// Those of the authors of whom something was ever approved.
pub(super) async fn known_authors(db: impl Read, authors: &[AccountId]) -> Result<Vec<AccountId>> {
    if authors.is_empty() {
        return Ok(Vec::new());
    }
    let select = Query::select()
        .distinct()
        .column(Posts::AuthorId)
        .from(Posts::Table)
        .and_where(Expr::col(Posts::AuthorId).is_in(authors.iter().copied()))
        .and_where(Expr::col(Posts::PublishedRevisionId).is_not_null())
        .take();
    db.rows(&select).await?.iter().map(|row| row.get("author_id")).collect()
}

// Decisions.

/// A decision with what a reader of the record needs beside it.
#[derive(Clone, Debug)]
pub(super) struct Decided {
    pub id: DecisionId,
    pub item_id: ReviewItemId,
    pub moderator: String,
    pub action: Action,
    pub reason: Option<Reason>,
    pub note: String,
    pub at: Timestamp,
    pub title: String,
    pub revision_state: RevisionState,
}

fn select_decided() -> SelectStatement {
    let moderators = Alias::new("moderators");
    let mut select = Query::select()
        .columns([
            (Decisions::Table, Decisions::Id),
            (Decisions::Table, Decisions::ItemId),
            (Decisions::Table, Decisions::Action),
            (Decisions::Table, Decisions::Reason),
            (Decisions::Table, Decisions::Note),
            (Decisions::Table, Decisions::DecidedAt),
        ])
        .expr_as(Expr::col((moderators.clone(), Accounts::Nickname)), "moderator")
        .column((Revisions::Table, Revisions::Title))
        .expr_as(Expr::col((Revisions::Table, Revisions::State)), "revision_state")
        .from(Decisions::Table)
        .inner_join(
            ReviewItems::Table,
            Expr::col((ReviewItems::Table, ReviewItems::Id))
                .equals((Decisions::Table, Decisions::ItemId)),
        )
        .join_as(
            sea_query::JoinType::InnerJoin,
            Accounts::Table,
            moderators.clone(),
            Expr::col((moderators, Accounts::Id))
                .equals((Decisions::Table, Decisions::ModeratorId)),
        )
        .take();
    join_subject(&mut select);
    select
}

async fn decided(db: impl Read, select: &SelectStatement) -> Result<Vec<Decided>> {
    db.rows(select)
        .await?
        .iter()
        .map(|row| {
            Ok(Decided {
                id: row.get("id")?,
                item_id: row.get("item_id")?,
                moderator: row.get("moderator")?,
                action: row.get("action")?,
                reason: row.get("reason")?,
                note: row.get("note")?,
                at: row.get("decided_at")?,
                title: row.get("title")?,
                revision_state: row.get("revision_state")?,
            })
        })
        .collect()
}

fn newest<C: IntoColumnRef + Clone>(select: &mut SelectStatement, at: C, id: C, most: usize) {
    newest_first(select, at, id, None, most.saturating_sub(1));
}

const AT: (Decisions, Decisions) = (Decisions::Table, Decisions::DecidedAt);
const ID: (Decisions, Decisions) = (Decisions::Table, Decisions::Id);

/// The decision that closed an item.
pub(super) async fn decision_on(db: &Db, item: ReviewItemId) -> Result<Option<Decided>> {
    let mut select = select_decided();
    select.and_where(Expr::col((Decisions::Table, Decisions::ItemId)).eq(item));
    newest(&mut select, AT, ID, 1);
    Ok(decided(db, &select).await?.into_iter().next())
}

/// Newest decisions on a post, at most `most`.
pub(super) async fn decisions_on_post(db: &Db, post: PostId, most: usize) -> Result<Vec<Decided>> {
    let mut select = select_decided();
    select.and_where(Expr::col((Revisions::Table, Revisions::PostId)).eq(post));
    newest(&mut select, AT, ID, most);
    decided(db, &select).await
}

/// Newest decisions on an author's other posts, at most `most`.
pub(super) async fn decisions_on_others(
    db: &Db,
    author: AccountId,
    but: PostId,
    most: usize,
) -> Result<Vec<Decided>> {
    let mut select = select_decided();
    select
        .and_where(Expr::col((ReviewItems::Table, ReviewItems::AuthorId)).eq(author))
        .and_where(Expr::col((Revisions::Table, Revisions::PostId)).ne(but));
    newest(&mut select, AT, ID, most);
    decided(db, &select).await
}

/// The whole record of decisions, newest first.
pub(super) async fn log(db: &Db, after: Option<&Cursor>, size: usize) -> Result<Page<Decided>> {
    let mut select = select_decided();
    newest_first(&mut select, AT, ID, after, size);
    let rows = decided(db, &select).await?;
    Ok(Page::from_rows(rows, size, |row| Cursor { at: row.at, id: row.id.to_string() }))
}

pub(super) async fn last_outcome(db: impl Read, revision: RevisionId) -> Result<Option<Outcome>> {
    let mut select = select_decided();
    select.cond_where(of_revision(revision));
    newest(&mut select, AT, ID, 1);
    Ok(decided(db, &select).await?.into_iter().next().map(|row| Outcome {
        action: row.action,
        reason: row.reason,
        note: row.note,
        at: row.at,
    }))
}

/// How often each action was taken on an author's work.
pub(super) async fn tally(db: impl Read, author: AccountId) -> Result<HashMap<Action, u32>> {
    let select = Query::select()
        .column(Decisions::Action)
        .expr_as(Func::count(Expr::col((Decisions::Table, Decisions::Id))), "n")
        .from(ReviewItems::Table)
        .inner_join(
            Decisions::Table,
            Expr::col((Decisions::Table, Decisions::ItemId))
                .equals((ReviewItems::Table, ReviewItems::Id)),
        )
        .and_where(Expr::col(ReviewItems::AuthorId).eq(author))
        .group_by_col(Decisions::Action)
        .take();
    db.rows(&select).await?.iter().map(|row| Ok((row.get("action")?, row.get("n")?))).collect()
}

/// Decisions since a moment.
pub(super) async fn count_since(db: impl Read, moment: Timestamp) -> Result<u32> {
    let select = Query::select()
        .expr_as(Func::count(Expr::col(Decisions::Id)), "n")
        .from(Decisions::Table)
        .and_where(Expr::col(Decisions::DecidedAt).gte(moment))
        .take();
    Ok(u32::try_from(db.count(&select).await?).unwrap_or(u32::MAX))
}

/// The author's nickname and when the account was made.
pub(super) async fn author(db: impl Read, id: AccountId) -> Result<Option<(String, Timestamp)>> {
    let select = Query::select()
        .columns([Accounts::Nickname, Accounts::CreatedAt])
        .from(Accounts::Table)
        .and_where(Expr::col(Accounts::Id).eq(id))
        .take();
    let row = db.row(&select).await?;
    row.map(|row| Ok((row.get("nickname")?, row.get("created_at")?))).transpose()
}

// The record.

const AUDIT: [Audit; 13] = [
    Audit::Seq,
    Audit::At,
    Audit::ActorId,
    Audit::Action,
    Audit::SubjectKind,
    Audit::SubjectId,
    Audit::Before,
    Audit::After,
    Audit::Reason,
    Audit::Note,
    Audit::PolicyVersion,
    Audit::PreviousHash,
    Audit::Hash,
];

/// The newest row's number and hash.
pub(super) async fn audit_head(db: impl Read) -> Result<Option<(i64, String)>> {
    let select = Query::select()
        .columns([Audit::Seq, Audit::Hash])
        .from(Audit::Table)
        .order_by(Audit::Seq, Order::Desc)
        .limit(1)
        .take();
    let row = db.row(&select).await?;
    row.map(|row| Ok((row.get("seq")?, row.get("hash")?))).transpose()
}

pub(super) async fn insert_audit(tx: &mut Tx, row: &audit::Row) -> Result<()> {
    let insert = Query::insert()
        .into_table(Audit::Table)
        .columns(AUDIT)
        .values_panic([
            row.seq.into(),
            row.at.into(),
            row.actor.clone().into(),
            row.action.clone().into(),
            row.subject_kind.clone().into(),
            row.subject_id.clone().into(),
            row.before.clone().into(),
            row.after.clone().into(),
            row.reason.clone().into(),
            row.note.clone().into(),
            row.policy_version.clone().into(),
            row.previous_hash.clone().into(),
            row.hash.clone().into(),
        ])
        .take();
    tx.execute(&insert).await.map(drop)
}

pub(super) async fn audit_after(db: &Db, seq: i64, size: u64) -> Result<Vec<audit::Row>> {
    let select = Query::select()
        .columns(AUDIT)
        .from(Audit::Table)
        .and_where(Expr::col(Audit::Seq).gt(seq))
        .order_by(Audit::Seq, Order::Asc)
        .limit(size)
        .take();
    db.rows(&select)
        .await?
        .iter()
        .map(|row| {
            Ok(audit::Row {
                seq: row.get("seq")?,
                at: row.get("at")?,
                actor: row.get("actor_id")?,
                action: row.get("action")?,
                subject_kind: row.get("subject_kind")?,
                subject_id: row.get("subject_id")?,
                before: row.get("before")?,
                after: row.get("after")?,
                reason: row.get("reason")?,
                note: row.get("note")?,
                policy_version: row.get("policy_version")?,
                previous_hash: row.get("previous_hash")?,
                hash: row.get("hash")?,
            })
        })
        .collect()
}
