//! How items come, are decided, and go.

use super::audit::{self, Entry};
use super::{Action, Item, Reason, SubjectKind, authorise, sql};
use crate::access::Viewer;
use crate::access::policy::Refusal;
use crate::app::App;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::notifications::{self, Notice};
use crate::posts::{self, Post, Revision, RevisionState};
use crate::time_id::{Clock, PhotoId, ReviewItemId, RevisionId};
use serde_json::json;
use sha2::{Digest, Sha256};

/// Puts a submitted revision before the moderators, in the transaction that submits it. Does nothing if it is there already.
pub async fn enqueue_review(
    tx: &mut Tx,
    clock: &Clock,
    post: &Post,
    revision: &Revision,
) -> crate::db::Result<()> {
    if sql::open_item(&mut *tx, revision.id).await?.is_none() {
        sql::insert_item(tx, clock, post.author_id, revision.id).await?;
    }
    Ok(())
}

/// Takes a revision away from the moderators, in the transaction in which its author takes it back.
pub async fn withdraw_review(
    tx: &mut Tx,
    clock: &Clock,
    revision: RevisionId,
) -> crate::db::Result<()> {
    sql::withdraw_items(tx, clock, revision).await.map(drop)
}

/// What a moderator wants to be done, checked for itself: `request_changes` and `reject` have a reason.
#[derive(Clone, Debug)]
pub struct Decision {
    pub action: Action,
    pub reason: Option<Reason>,
    /// At most [`super::NOTE_CHARS`].
    pub note: String,
    /// Of the item, as the moderator saw it.
    pub version: i64,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// On the record.
    Yes,
    /// The item is not as the moderator saw it, or not theirs to decide. Nothing was written.
    NotAsSeen,
}

/// Decides an item: the decision, its audit row, the author's notice and mail, and what becomes of the revision, all or nothing.
///
/// Errors: [`Error::NotFound`] for no such item, and for whoever is no moderator.
pub async fn decide(
    app: &App,
    viewer: &Viewer,
    id: ReviewItemId,
    decision: &Decision,
) -> Result<Decided> {
    let clock = &app.clock;
    let mut tx = app.db.begin().await?;
    let item = sql::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let proof = match authorise(viewer, &item, decision.action) {
        Ok(proof) => proof,
        Err(Refusal::WrongState) => return Ok(Decided::NotAsSeen),
        Err(refusal) => return Err(refusal.into()),
    };
    if item.version != decision.version {
        return Ok(Decided::NotAsSeen);
    }
    let Some((post, revision)) = subject(&mut tx, &item).await? else {
        return Ok(Decided::NotAsSeen);
    };
    if !sql::close_item(&mut tx, clock, &proof, &item).await? {
        return Ok(Decided::NotAsSeen);
    }
    // An approval has nothing to complain of, whatever the form still held.
    let reason = decision.reason.filter(|_| decision.action.needs_reason());
    let note = decision.note.as_str();
    sql::insert_decision(&mut tx, clock, &proof, item.id, decision.action, reason, note).await?;
    let to = outcome(decision.action);
    let entry = Entry {
        actor: Some(proof.actor),
        action: decision.action.name(),
        subject_kind: SubjectKind::Revision,
        subject_id: revision.id.to_string(),
        before: json!({
            "state": revision.state,
            "number": revision.number,
            "content": digest(&mut tx, &revision).await?,
        }),
        after: json!({ "state": to }),
        reason,
        note,
    };
    audit::record(&mut tx, clock, entry).await?;
    let notice = match (decision.action, reason) {
        (Action::Approve, _) => Notice::Approved { post: post.id },
        (Action::RequestChanges, Some(reason)) => {
            Notice::ChangesRequested { post: post.id, reason, note: note.to_owned() }
        }
        (Action::Reject, Some(reason)) => {
            Notice::Rejected { post: post.id, reason, note: note.to_owned() }
        }
        (_, None) => return Err(Error::BadRequest("a reason is needed")),
    };
    notifications::notify(&mut tx, clock, post.author_id, &notice).await?;
    // Last: it takes the change feed's lock.
    let moved = match decision.action {
        Action::Approve => posts::actions::publish(&mut tx, clock, &post, &revision).await?,
        Action::RequestChanges | Action::Reject => {
            posts::actions::return_to_author(&mut tx, clock, &revision, to).await?
        }
    };
    if !moved {
        return Ok(Decided::NotAsSeen);
    }
    tx.commit().await?;
    Ok(Decided::Yes)
}

fn outcome(action: Action) -> RevisionState {
    match action {
        Action::Approve => RevisionState::Published,
        Action::RequestChanges => RevisionState::ChangesRequested,
        Action::Reject => RevisionState::Rejected,
    }
}

/// The item's revision and its post, locked against everyone else who moves them.
async fn subject(tx: &mut Tx, item: &Item) -> Result<Option<(Post, Revision)>> {
    let Some(id) = item.revision_id() else { return Ok(None) };
    let Some(revision) = posts::revision(&mut *tx, id).await? else { return Ok(None) };
    sql::lock_post(tx, revision.post_id).await?;
    let post = posts::find(&mut *tx, revision.post_id).await?;
    // Again, now that nobody else can change it.
    let revision = posts::revision(&mut *tx, id).await?;
    Ok(post.zip(revision).filter(|(_, revision)| revision.state.is_waiting()))
}

/// SHA-256 of what was judged, so that the record can prove it without holding what a person wrote.
async fn digest(tx: &mut Tx, revision: &Revision) -> Result<String> {
    let photos: Vec<(PhotoId, String)> =
        sql::photos_of(&mut *tx, &[revision.id]).await?.remove(&revision.id).unwrap_or_default();
    let mut canonical =
        vec![json!(revision.title), json!(revision.body), json!(revision.video_id), json!(photos)];
    canonical.extend(revision.shown_captions().map(|captions| json!(captions)));
    let canonical = json!(canonical);
    Ok(hex::encode(Sha256::digest(canonical.to_string().as_bytes())))
}
