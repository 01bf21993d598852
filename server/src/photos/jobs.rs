//! Making the files of a photo.

use super::{PhotoState, WIDTHS, sql};
use crate::app::App;
use crate::db::Tx;
use crate::jobs::{Job, JobError, Lease};
use crate::likeness::{self, Medium};
use crate::media::keys::PhotoFormat;
use crate::media::{Key, Prefix, WorkFolder};
use crate::posts;
use crate::room;
use crate::time_id::PhotoId;
use serde::{Deserialize, Serialize};
use transcoder_protocol::run::run;
use transcoder_protocol::{Failure, Output, PhotoLimits, PhotoOutput, PhotoTask, Task};

/// Turns the photo as sent into its renditions. Done already is done: only a processing photo is touched.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProcessPhoto {
    pub photo: PhotoId,
}

impl Job for ProcessPhoto {
    const KIND: &'static str = "process_photo";
    // A second of work: after the mails, before everything else that is quick.
    const PRIORITY: i64 = 50;
    const MAX_ATTEMPTS: u32 = 3;

    async fn run(&self, app: &App, lease: &Lease) -> Result<(), JobError> {
        let made = self.attempt(app, lease).await;
        if let Err(JobError::Retry(error) | JobError::GiveUp(error)) = &made {
            let failure = room::failure_of(error);
            let mut tx = app.db.begin().await?;
            lease.hold(&mut tx).await?;
            sql::set_failure(
                &mut tx,
                &app.clock,
                self.photo,
                failure.name(),
                PhotoState::Processing,
            )
            .await?;
            tx.commit().await?;
        }
        made
    }

    async fn bury(&self, app: &App, tx: &mut Tx) -> anyhow::Result<()> {
        let told = super::find(&mut *tx, self.photo).await?.and_then(|photo| photo.failure);
        let told = told.as_deref().and_then(Failure::from_name).unwrap_or(Failure::Crashed);
        settle_failed(app, tx, self.photo, told.name()).await
    }
}

impl ProcessPhoto {
    async fn attempt(&self, app: &App, lease: &Lease) -> Result<(), JobError> {
        let Some(photo) = super::find(&app.db, self.photo).await? else { return Ok(()) };
        if photo.state != PhotoState::Processing {
            return Ok(());
        }
        let work = WorkFolder::new(app)?;
        let input = work.input(app, &Key::photo_source(photo.id)).await?;
        let task = Task::Photo(PhotoTask {
            input,
            output: work.output().to_owned(),
            widths: WIDTHS.to_vec(),
            limits: PhotoLimits::default(),
        });
        let output = match run(&app.config.transcoder, &task, |_| {}).await {
            Ok(Output::Photo(output)) => output,
            Ok(Output::Video(_)) => {
                return Err(JobError::GiveUp(anyhow::anyhow!(
                    "the transcoder answered with a video"
                )));
            }
            Err(failed) if failed.failure.is_worth_retrying() => {
                return Err(JobError::Retry(failed.into()));
            }
            // Not the file's fault, and no other attempt helps: somebody has to look.
            Err(failed) if failed.failure == Failure::Tainted => {
                return Err(JobError::GiveUp(failed.into()));
            }
            Err(failed) => {
                tracing::info!(photo = %photo.id, %failed, "a photo can't be used");
                let mut tx = app.db.begin().await?;
                lease.hold(&mut tx).await?;
                settle_failed(app, &mut tx, photo.id, failed.failure.name()).await?;
                tx.commit().await?;
                return Ok(());
            }
        };
        let generation = photo.generation + 1;
        store(app, &work, photo.id, generation, &output).await?;
        let revisions = posts::revisions_with_photo(&app.db, photo.id).await?;
        let mut tx = app.db.begin().await?;
        lease.hold(&mut tx).await?;
        sql::set_ready(&mut tx, &app.clock, photo.id, generation, &output).await?;
        let look: Vec<_> = output.fingerprint.map(|print| (0, print)).into_iter().collect();
        likeness::record(&mut tx, Medium::Photo(photo.id), &look).await?;
        for (post, revision) in &revisions {
            posts::actions::media_settled(&mut tx, &app.clock, post, revision).await?;
        }
        tx.commit().await?;
        // The original has what the renditions must not have: where it was taken, with what. It isn't kept.
        app.media.delete(&Key::photo_source(photo.id)).await?;
        Ok(())
    }
}

/// Forgets a photo that no revision shows, and its files. The row goes first: without it nobody is served them.
#[derive(Debug, Serialize, Deserialize)]
pub struct DropPhoto {
    pub photo: PhotoId,
}

impl Job for DropPhoto {
    const KIND: &'static str = "drop_photo";

    async fn run(&self, app: &App, lease: &Lease) -> Result<(), JobError> {
        let mut tx = app.db.begin().await?;
        lease.hold(&mut tx).await?;
        if sql::delete_unused(&mut tx, self.photo).await? {
            likeness::forget(&mut tx, Medium::Photo(self.photo)).await?;
        }
        tx.commit().await?;
        // Also when an earlier run has deleted the row and died before this.
        if super::find(&app.db, self.photo).await?.is_none() {
            app.media.delete_prefix(&Prefix::photo(self.photo)).await?;
        }
        Ok(())
    }
}

async fn store(
    app: &App,
    work: &WorkFolder,
    id: PhotoId,
    generation: i64,
    output: &PhotoOutput,
) -> Result<(), JobError> {
    for width in &output.widths {
        for format in [PhotoFormat::WebP, PhotoFormat::Jpeg] {
            let key = Key::photo_file(id, generation, *width, format);
            let file = work.output().join(format!("{width}.{}", format.extension()));
            app.media.put_file(&key, &file, key.content_type()).await?;
        }
    }
    Ok(())
}

async fn settle_failed(app: &App, tx: &mut Tx, id: PhotoId, failure: &str) -> anyhow::Result<()> {
    sql::set_failure(tx, &app.clock, id, failure, PhotoState::Failed).await?;
    for (post, revision) in posts::revisions_with_photo(&app.db, id).await? {
        posts::actions::media_settled(tx, &app.clock, &post, &revision).await?;
    }
    Ok(())
}
