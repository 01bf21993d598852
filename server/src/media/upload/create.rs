//! Starts an upload; and takes a whole file from a sender that can't resume.

use super::protocol::{self, Refusal};
use super::receive::Receiver;
use super::{MOST_OPEN, Upload, UploadState, jobs, sql};
use crate::access::policy::{Proof, Write};
use crate::access::rate_limit::{self, UPLOADS_BY_ACCOUNT};
use crate::app::App;
use crate::error::Error;
use crate::media::Key;
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

/// Makes the row and what the store needs.
///
/// # Errors
/// [`Error::TooMany`] over the hourly limit or with too many unfinished uploads.
pub async fn begin(app: &App, proof: &Proof<Write>, new: &NewUpload) -> Result<Upload, Refusal> {
    let owner = proof.actor;
    let new = NewUpload {
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
/// [`Error::TooLarge`], [`Error::TooMany`], [`Error::BadRequest`] when the bytes stop coming.
pub async fn receive_whole(
    app: &App,
    proof: &Proof<Write>,
    new: &NewUpload,
    body: Body,
) -> Result<Upload, Error> {
    let received = async {
        let upload = begin(app, proof, new).await?;
        let id = upload.id;
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
        received
    };
    received.await.map_err(|refusal| match refusal {
        Refusal::Site(error) => error,
        Refusal::TooLarge => Error::TooLarge,
        Refusal::BadField(_) | Refusal::Idle => Error::BadRequest("the file stopped coming"),
        other => Error::Internal(anyhow::anyhow!("taking a file from a form: {other:?}")),
    })
}
