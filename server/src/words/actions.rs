//! Adding, changing and removing entries.

use super::{Changed, Entry, MOST, Stored, key, sql};
use crate::access::Viewer;
use crate::access::policy::{self, EditWords, Proof};
use crate::app::App;
use crate::changes::{self, Subject};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::moderation::SubjectKind;
use crate::moderation::audit;
use crate::time_id::{Clock, WordEntryId};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What became of it. Only with [`Outcome::Done`] was anything written, or there was nothing left to write.
#[derive(Clone, Debug)]
pub enum Outcome {
    Done,
    /// `word` is in another entry.
    Taken {
        word: String,
        of: Box<Stored>,
    },
    /// There are [`MOST`] of that kind.
    Full,
    /// Somebody changed it meanwhile.
    NotAsSeen(Box<Stored>),
    /// Somebody removed it meanwhile.
    Removed(Changed),
}

/// Adds an entry. What is there already is not added again.
///
/// Errors: [`Error::NotFound`] for whoever may not.
pub async fn add(app: &App, viewer: &Viewer, entry: &Entry) -> Result<Outcome> {
    let proof = policy::can_edit_words(viewer)?;
    let mut tx = app.db.begin().await?;
    sql::lock(&mut tx).await?;
    if let Some((word, of)) = taken(&mut tx, entry, None).await? {
        let is_same = of.entry == *entry;
        return Ok(if is_same { Outcome::Done } else { Outcome::Taken { word, of: Box::new(of) } });
    }
    if sql::count(&mut tx, entry.kind()).await? >= MOST as u64 {
        return Ok(Outcome::Full);
    }
    let id = WordEntryId::new(&app.clock);
    sql::insert(&mut tx, &app.clock, &proof, id, entry).await?;
    let said = Said { action: "add_words", before: None, after: Some(entry) };
    finish(tx, &app.clock, &proof, id, said).await
}

/// Puts `entry` in the place of what `id` is, if that is still of `version`.
///
/// Errors: [`Error::NotFound`] if it never was, and for whoever may not.
pub async fn change(
    app: &App,
    viewer: &Viewer,
    id: WordEntryId,
    version: i64,
    entry: &Entry,
) -> Result<Outcome> {
    let proof = policy::can_edit_words(viewer)?;
    let mut tx = app.db.begin().await?;
    sql::lock(&mut tx).await?;
    let stored = match seen(&mut tx, id, version).await? {
        Ok(stored) => stored,
        Err(outcome) => return Ok(outcome),
    };
    if stored.entry == *entry {
        return Ok(Outcome::Done);
    }
    if let Some((word, of)) = taken(&mut tx, entry, Some(id)).await? {
        return Ok(Outcome::Taken { word, of: Box::new(of) });
    }
    if !sql::update(&mut tx, &app.clock, &proof, &stored, entry).await? {
        return Ok(Outcome::NotAsSeen(Box::new(stored)));
    }
    let said = Said { action: "change_words", before: Some(&stored.entry), after: Some(entry) };
    finish(tx, &app.clock, &proof, id, said).await
}

/// Removes it, if it is still of `version`.
///
/// Errors: as [`change`].
pub async fn remove(app: &App, viewer: &Viewer, id: WordEntryId, version: i64) -> Result<Outcome> {
    let proof = policy::can_edit_words(viewer)?;
    let mut tx = app.db.begin().await?;
    sql::lock(&mut tx).await?;
    let stored = match seen(&mut tx, id, version).await? {
        Ok(stored) => stored,
        // It is gone, as was wanted.
        Err(Outcome::Removed(_)) => return Ok(Outcome::Done),
        Err(outcome) => return Ok(outcome),
    };
    if !sql::delete(&mut tx, &proof, &stored).await? {
        return Ok(Outcome::NotAsSeen(Box::new(stored)));
    }
    let said = Said { action: "remove_words", before: Some(&stored.entry), after: None };
    finish(tx, &app.clock, &proof, id, said).await
}

/// The entry as its person saw it, or what happened to it since.
async fn seen(
    tx: &mut Tx,
    id: WordEntryId,
    version: i64,
) -> Result<std::result::Result<Stored, Outcome>> {
    Ok(match sql::find(&mut *tx, id).await? {
        Some(stored) if stored.version == version => Ok(stored),
        Some(stored) => Err(Outcome::NotAsSeen(Box::new(stored))),
        None => {
            Err(Outcome::Removed(sql::last_recorded(&mut *tx, id).await?.ok_or(Error::NotFound)?))
        }
    })
}

/// The first of the entry's words that another one has.
async fn taken(
    tx: &mut Tx,
    entry: &Entry,
    except: Option<WordEntryId>,
) -> Result<Option<(String, Stored)>> {
    for word in entry.words() {
        let holder = sql::holder(&mut *tx, entry.kind(), &key(entry.kind(), word)).await?;
        if let Some(stored) = holder.filter(|stored| Some(stored.id) != except) {
            return Ok(Some((word.clone(), stored)));
        }
    }
    Ok(None)
}

struct Said<'a> {
    action: &'static str,
    before: Option<&'a Entry>,
    after: Option<&'a Entry>,
}

async fn finish(
    mut tx: Tx,
    clock: &Clock,
    proof: &Proof<EditWords>,
    id: WordEntryId,
    said: Said<'_>,
) -> Result<Outcome> {
    let entry = audit::Entry {
        actor: Some(proof.actor),
        action: said.action,
        subject_kind: SubjectKind::Words,
        subject_id: id.to_string(),
        before: said.before.map_or(Value::Null, state),
        after: said.after.map_or(Value::Null, state),
        reason: None,
        note: "",
    };
    audit::record(&mut tx, clock, entry).await?;
    changes::record(&mut tx, clock, Subject::Words, id).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// For the record: what it was can be proved by it, and is not told.
fn state(entry: &Entry) -> Value {
    let content = json!([entry.words(), entry.reading()]).to_string();
    json!({
        "kind": entry.kind(),
        "words": entry.words().len(),
        "content": hex::encode(Sha256::digest(content.as_bytes())),
    })
}
