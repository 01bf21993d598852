//! Starts an upload; and takes a whole file from a sender that can't resume.

use super::protocol::{self, Refusal};
use super::receive::Receiver;
use super::{MOST_OPEN, Upload, UploadState, jobs, sql};
use crate::access::policy::{Proof, Write};
use crate::access::rate_limit::{self, UPLOADS_BY_ACCOUNT};
use crate::app::App;
use crate::error::Error;
use crate::media::{Key, allowance};
use crate::time_id::{PostId, UploadId};
use axum::body::Body;
use std::time::Duration;

/// What a sender announces. The words may be whatever it sent: [`begin`] cleans them.
#[derive(Clone, Debug)]
pub struct NewUpload {
    /// In bytes: exact, or the most there may be (see [`receive_whole`]).
    pub length: u64,
    pub file_name: String,
    pub content_type: String,
    /// Not checked here.
    pub post_id: Option<PostId>,
}

/// What is known of the length beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    Exact,
    /// The row's length becomes what its owner may still send, if that is less.
    AtMost,
}

/// Makes the row and what the store needs. Ends what was begun for the same post and is not being sent.
///
/// # Errors
/// [`Error::TooMany`] over the hourly limit or with too many unfinished uploads; [`Error::Exceeded`] past what its owner may send.
pub async fn begin(
    app: &App,
    proof: &Proof<Write>,
    new: &NewUpload,
    length: Length,
) -> Result<Upload, Refusal> {
    let owner = proof.actor;
    let mut new = NewUpload {
        file_name: protocol::file_name(&new.file_name),
        content_type: protocol::content_type(&new.content_type),
        ..*new
    };
    rate_limit::take_now(&app.db, &app.clock, UPLOADS_BY_ACCOUNT, &owner.to_string()).await?;
    if sql::count_open(&app.db, owner).await? >= MOST_OPEN {
        return Err(Error::TooMany { retry_after: Duration::from_secs(3600) }.into());
    }
    let id = UploadId::new(&app.clock);
    let handle = app.media.begin_upload(&Key::upload(id)).await?;
    let state = handle.to_json();
    let recorded = async {
        let mut tx = app.db.begin().await?;
        if let Some(post) = new.post_id {
            // A post has one video: another choice takes the place of the one before.
            for replaced in sql::idle_for_post(&mut tx, owner, post, app.clock.now()).await? {
                jobs::end(app, &mut tx, replaced, UploadState::Terminated).await?;
            }
        }
        allowance::take_place(&mut tx, app, owner, new.post_id).await?;
        match length {
            Length::Exact => allowance::take(&mut tx, app, owner, new.length).await?,
            Length::AtMost => {
                new.length = allowance::take_up_to(&mut tx, app, owner, new.length).await?;
            }
        }
        sql::insert(&mut tx, proof, id, &new, &state, app.clock.now()).await?;
        let upload = sql::find(&mut tx, id).await?;
        tx.commit().await?;
        upload.ok_or_else(|| Refusal::from(anyhow::anyhow!("the upload's row is missing")))
    };
    match recorded.await {
        Ok(upload) => Ok(upload),
        Err(refusal) => {
            if let Err(error) = app.media.abort_upload(&handle).await {
                tracing::warn!(%error, %id, "an upload without a row was left in the store");
            }
            Err(refusal)
        }
    }
}

/// Takes a file from a plain form, where nothing can be resumed: `new.length` is the most it may
/// have. The upload is complete then, or gone.
///
/// # Errors
/// [`Error::TooLarge`], [`Error::TooMany`], [`Error::Exceeded`], [`Error::BadRequest`] when the bytes stop coming.
pub async fn receive_whole(
    app: &App,
    proof: &Proof<Write>,
    new: &NewUpload,
    body: Body,
) -> Result<Upload, Error> {
    let received = async {
        let upload = begin(app, proof, new, Length::AtMost).await?;
        let (id, may_have) = (upload.id, upload.length);
        let received = async {
            let turn = app.uploads.take(id).await.ok_or(Refusal::Locked)?;
            let receiver = Receiver::open(app, upload).await?.of_any_length();
            receiver.receive(turn, body, None).await
        };
        let received = received.await;
        if received.is_err() {
            let mut tx = app.db.begin().await?;
            jobs::end(app, &mut tx, id, UploadState::Terminated).await?;
            tx.commit().await?;
        }
        match received {
            // It would have been taken on another day.
            Err(Refusal::TooLarge) if may_have < new.length => {
                let mut tx = app.db.begin().await?;
                let missed = allowance::take(&mut tx, app, proof.actor, new.length).await;
                Err(missed.err().map_or(Refusal::TooLarge, Refusal::Site))
            }
            other => other,
        }
    };
    received.await.map_err(|refusal| match refusal {
        Refusal::Site(error) => error,
        Refusal::TooLarge => Error::TooLarge,
        Refusal::BadField(_) | Refusal::Idle => Error::BadRequest("the file stopped coming"),
        other => Error::Internal(anyhow::anyhow!("taking a file from a form: {other:?}")),
    })
}
