use super::{Changed, Entry, EntryKind, GROUP_WORDS, Keys, MOST, Stored, key};
use crate::access::policy::{EditWords, Proof};
use crate::db::page::{Cursor, Page, newest_first};
use crate::db::tables::{Accounts, Audit, WordEntries, WordKeys};
use crate::db::{DbError, Read, Result, Row, Tx};
use crate::moderation::SubjectKind;
use crate::time_id::{Clock, WordEntryId};
use sea_query::{Expr, ExprTrait, Func, InsertStatement, Order, Query, SelectStatement};

/// One at a time changes entries, until the transaction ends: what was looked up before a write still holds at it.
pub(super) async fn lock(tx: &mut Tx) -> Result<()> {
    if tx.is_postgres() {
        tx.execute_sql("SELECT pg_advisory_xact_lock(7250005)".into()).await?;
    }
    Ok(())
}

fn select() -> SelectStatement {
    Query::select()
        .columns(
            [
                WordEntries::Id,
                WordEntries::Kind,
                WordEntries::Words,
                WordEntries::Reading,
                WordEntries::Version,
                WordEntries::ChangedAt,
            ]
            .map(|column| (WordEntries::Table, column)),
        )
        .column((Accounts::Table, Accounts::Nickname))
        .from(WordEntries::Table)
        .left_join(
            Accounts::Table,
            Expr::col((Accounts::Table, Accounts::Id))
                .equals((WordEntries::Table, WordEntries::ChangedBy)),
        )
        .take()
}

fn stored(row: &Row) -> Result<Stored> {
    Ok(Stored {
        id: row.get("id")?,
        entry: entry(row)?,
        version: row.get("version")?,
        changed: Changed {
            by: row.get::<Option<String>>("nickname")?.unwrap_or_default(),
            at: row.get("changed_at")?,
        },
    })
}

fn entry(row: &Row) -> Result<Entry> {
    let bad = |problem: &dyn ToString| DbError::Decode {
        column: "words".into(),
        problem: problem.to_string(),
    };
    let json = row.get::<String>("words")?;
    let mut words: Vec<String> = serde_json::from_str(&json).map_err(|error| bad(&error))?;
    Ok(match row.get("kind")? {
        EntryKind::Group => Entry::Group(words),
        EntryKind::Own => Entry::Own {
            word: words.pop().ok_or_else(|| bad(&"no word"))?,
            reading: row.get("reading")?,
        },
    })
}

/// The one that changed last first.
pub(super) async fn page(
    db: impl Read,
    kind: EntryKind,
    after: Option<&Cursor>,
    size: usize,
) -> Result<Page<Stored>> {
    let mut select = select();
    select.and_where(Expr::col((WordEntries::Table, WordEntries::Kind)).eq(kind));
    newest_first(
        &mut select,
        (WordEntries::Table, WordEntries::ChangedAt),
        (WordEntries::Table, WordEntries::Id),
        after,
        size,
    );
    let items = db.rows(&select).await?.iter().map(stored).collect::<Result<_>>()?;
    Ok(Page::from_rows(items, size, Stored::place))
}

/// In an order that stays.
pub(super) async fn all(db: impl Read, kind: EntryKind) -> Result<Vec<Entry>> {
    let select = Query::select()
        .columns([WordEntries::Kind, WordEntries::Words, WordEntries::Reading])
        .from(WordEntries::Table)
        .and_where(Expr::col(WordEntries::Kind).eq(kind))
        .order_by(WordEntries::Id, Order::Asc)
        .limit(MOST as u64)
        .take();
    db.rows(&select).await?.iter().map(entry).collect()
}

pub(super) async fn count(db: impl Read, kind: EntryKind) -> Result<u64> {
    let select = Query::select()
        .expr_as(Func::count(Expr::col(WordEntries::Id)), "n")
        .from(WordEntries::Table)
        .and_where(Expr::col(WordEntries::Kind).eq(kind))
        .take();
    db.count(&select).await
}

pub(super) async fn find(db: impl Read, id: WordEntryId) -> Result<Option<Stored>> {
    let mut select = select();
    select.and_where(Expr::col((WordEntries::Table, WordEntries::Id)).eq(id));
    db.row(&select).await?.as_ref().map(stored).transpose()
}

/// The entry that has this key.
pub(super) async fn holder(db: impl Read, kind: EntryKind, key: &str) -> Result<Option<Stored>> {
    let mut select = select();
    select
        .inner_join(
            WordKeys::Table,
            Expr::col((WordKeys::Table, WordKeys::EntryId))
                .equals((WordEntries::Table, WordEntries::Id)),
        )
        .and_where(Expr::col((WordKeys::Table, WordKeys::Kind)).eq(kind))
        .and_where(Expr::col((WordKeys::Table, WordKeys::Key)).eq(key));
    db.row(&select).await?.as_ref().map(stored).transpose()
}

/// The entries that have any of these keys.
pub(super) async fn holders(db: impl Read, kind: EntryKind, keys: &[String]) -> Result<Keys> {
    let select = Query::select()
        .columns([WordKeys::Kind, WordKeys::Key, WordKeys::EntryId])
        .from(WordKeys::Table)
        .and_where(Expr::col(WordKeys::Kind).eq(kind))
        .and_where(Expr::col(WordKeys::Key).is_in(keys))
        .take();
    db.rows(&select).await?.iter().map(held).collect()
}

/// Who last did something to an entry, also to one that is gone.
pub(super) async fn last_recorded(db: impl Read, id: WordEntryId) -> Result<Option<Changed>> {
    let select = Query::select()
        .column((Audit::Table, Audit::At))
        .column((Accounts::Table, Accounts::Nickname))
        .from(Audit::Table)
        .left_join(
            Accounts::Table,
            Expr::col((Accounts::Table, Accounts::Id)).equals((Audit::Table, Audit::ActorId)),
        )
        .and_where(Expr::col((Audit::Table, Audit::SubjectKind)).eq(SubjectKind::Words))
        .and_where(Expr::col((Audit::Table, Audit::SubjectId)).eq(id))
        .order_by((Audit::Table, Audit::Seq), Order::Desc)
        .limit(1)
        .take();
    let row = db.row(&select).await?;
    row.map(|row| {
        let by = row.get::<Option<String>>("nickname")?.unwrap_or_default();
        Ok(Changed { by, at: row.get("at")? })
    })
    .transpose()
}

pub(super) async fn insert(
    tx: &mut Tx,
    clock: &Clock,
    proof: &Proof<EditWords>,
    id: WordEntryId,
    entry: &Entry,
) -> Result<()> {
    let insert = Query::insert()
        .into_table(WordEntries::Table)
        .columns([
            WordEntries::Id,
            WordEntries::Kind,
            WordEntries::Words,
            WordEntries::Reading,
            WordEntries::Version,
            WordEntries::ChangedBy,
            WordEntries::ChangedAt,
        ])
        .values_panic([
            id.into(),
            entry.kind().into(),
            serde_json::json!(entry.words()).to_string().into(),
            entry.reading().map(str::to_owned).into(),
            1i64.into(),
            proof.actor.into(),
            clock.now().into(),
        ])
        .take();
    tx.execute(&insert).await?;
    insert_keys(tx, id, entry).await
}

/// Returns whether it was still as `seen`.
pub(super) async fn update(
    tx: &mut Tx,
    clock: &Clock,
    proof: &Proof<EditWords>,
    seen: &Stored,
    entry: &Entry,
) -> Result<bool> {
    let update = Query::update()
        .table(WordEntries::Table)
        .value(WordEntries::Words, serde_json::json!(entry.words()).to_string())
        .value(WordEntries::Reading, entry.reading().map(str::to_owned))
        .value(WordEntries::Version, Expr::col(WordEntries::Version).add(1i64))
        .value(WordEntries::ChangedBy, proof.actor)
        .value(WordEntries::ChangedAt, clock.now())
        .and_where(Expr::col(WordEntries::Id).eq(seen.id))
        .and_where(Expr::col(WordEntries::Version).eq(seen.version))
        .take();
    if tx.execute(&update).await? == 0 {
        return Ok(false);
    }
    delete_keys(tx, seen.id).await?;
    insert_keys(tx, seen.id, entry).await?;
    Ok(true)
}

/// Returns whether it was still as `seen`.
pub(super) async fn delete(tx: &mut Tx, _: &Proof<EditWords>, seen: &Stored) -> Result<bool> {
    delete_keys(tx, seen.id).await?;
    let delete = Query::delete()
        .from_table(WordEntries::Table)
        .and_where(Expr::col(WordEntries::Id).eq(seen.id))
        .and_where(Expr::col(WordEntries::Version).eq(seen.version))
        .take();
    Ok(tx.execute(&delete).await? == 1)
}

fn into_keys() -> InsertStatement {
    let columns = [WordKeys::Kind, WordKeys::Key, WordKeys::EntryId];
    Query::insert().into_table(WordKeys::Table).columns(columns).take()
}

async fn insert_keys(tx: &mut Tx, id: WordEntryId, entry: &Entry) -> Result<()> {
    let mut insert = into_keys();
    for word in entry.words() {
        insert.values_panic([entry.kind().into(), key(entry.kind(), word).into(), id.into()]);
    }
    tx.execute(&insert).await.map(drop)
}

/// As they are.
pub(super) async fn keys(db: impl Read) -> Result<Keys> {
    let select = Query::select()
        .columns([WordKeys::Kind, WordKeys::Key, WordKeys::EntryId])
        .from(WordKeys::Table)
        .limit(2 * (MOST * GROUP_WORDS) as u64)
        .take();
    db.rows(&select).await?.iter().map(held).collect()
}

fn held(row: &Row) -> Result<((EntryKind, String), WordEntryId)> {
    Ok(((row.get("kind")?, row.get("key")?), row.get("entry_id")?))
}

/// As the entries make them; a word that two entries have is the older one's.
pub(super) async fn keys_wanted(db: impl Read) -> Result<Keys> {
    let mut select = select();
    select.order_by((WordEntries::Table, WordEntries::Id), Order::Asc).limit(2 * MOST as u64);
    let mut keys = Keys::new();
    for row in &db.rows(&select).await? {
        let Stored { id, entry, .. } = stored(row)?;
        for word in entry.words() {
            keys.entry((entry.kind(), key(entry.kind(), word))).or_insert(id);
        }
    }
    Ok(keys)
}

/// Puts these in the place of all there are.
pub(super) async fn replace_keys(tx: &mut Tx, keys: &Keys) -> Result<()> {
    tx.execute(&Query::delete().from_table(WordKeys::Table).take()).await?;
    let keys: Vec<_> = keys.iter().collect();
    for some in keys.chunks(500) {
        let mut insert = into_keys();
        for ((kind, key), id) in some {
            insert.values_panic([(*kind).into(), key.clone().into(), (**id).into()]);
        }
        tx.execute(&insert).await?;
    }
    Ok(())
}

async fn delete_keys(tx: &mut Tx, id: WordEntryId) -> Result<()> {
    let delete = Query::delete()
        .from_table(WordKeys::Table)
        .and_where(Expr::col(WordKeys::EntryId).eq(id))
        .take();
    tx.execute(&delete).await.map(drop)
}
