//! Making a video playable.

use super::{VideoStatus, sql};
use crate::app::App;
use crate::db::Tx;
use crate::jobs::{Job, JobError, Lane, Lease};
use crate::media::{Key, MediaError, Prefix, WorkFolder, upload};
use crate::posts;
use crate::time_id::VideoId;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::watch;
use transcoder_protocol::run::{TaskFailure, Update, run};
use transcoder_protocol::{Failure, Output, Task, VideoLimits, VideoOutput, VideoTask};

/// Makes the next generation of a video from its source. May die anywhere: a generation counts only when its row does.
#[derive(Debug, Serialize, Deserialize)]
pub struct TranscodeVideo {
    pub video: VideoId,
}

impl Job for TranscodeVideo {
    const KIND: &'static str = "transcode_video";
    const LANE: Lane = Lane::Heavy;
    const MAX_ATTEMPTS: u32 = 3;

    async fn run(&self, app: &App, lease: &Lease) -> Result<(), JobError> {
        let Some(video) = super::find(&app.db, self.video).await? else { return Ok(()) };
        let mut tx = app.db.begin().await?;
        lease.hold(&mut tx).await?;
        // A worker that died left it in `transcoding`.
        let from = [VideoStatus::Queued, VideoStatus::Transcoding];
        if !sql::move_to(&mut tx, &app.clock, video.id, &from, VideoStatus::Transcoding, None)
            .await?
        {
            return Ok(());
        }
        tx.commit().await?;

        let source = Key::video_source(video.id);
        if let Some(upload) = video.upload_id
            && !app.media.exists(&source).await?
            && let Err(error) = upload::assemble(app, upload, &source).await
        {
            return match error.downcast_ref() {
                Some(MediaError::NotFound(_) | MediaError::Torn { .. }) => {
                    tracing::error!(error = format!("{error:#}"), "the upload's bytes are lost");
                    self.settle_failed(app, lease, Failure::Damaged).await
                }
                _ => Err(JobError::Retry(error)),
            };
        }
        let work = WorkFolder::new(app)?;
        let task = Task::Video(VideoTask {
            input: work.input(app, &source).await?,
            output: work.output().to_owned(),
            limits: VideoLimits {
                max_duration_ms: app.config.video_max_seconds * 1000,
                ..VideoLimits::default()
            },
        });
        let output = match self.transcode(app, &task).await {
            Ok(Some(Output::Video(output))) => output,
            Ok(None) => {
                tracing::info!(video = %video.id, "nobody waits for this video any more");
                return Ok(());
            }
            Ok(Some(Output::Photo(_))) => {
                return Err(JobError::GiveUp(anyhow::anyhow!(
                    "the transcoder answered with a photo"
                )));
            }
            Err(failed) if failed.failure.is_worth_retrying() => {
                return Err(JobError::Retry(anyhow::anyhow!("{failed}")));
            }
            Err(failed) => {
                tracing::info!(video = %video.id, %failed, "a video can't be used");
                return self.settle_failed(app, lease, failed.failure).await;
            }
        };
        let generation = video.generation + 1;
        store(app, &work, video.id, generation, &output).await?;

        let revisions = posts::revisions_with_video(&app.db, video.id).await?;
        let mut tx = app.db.begin().await?;
        lease.hold(&mut tx).await?;
        sql::set_ready(&mut tx, &app.clock, video.id, generation, &output).await?;
        for (post, revision) in &revisions {
            posts::actions::media_settled(&mut tx, &app.clock, post, revision).await?;
        }
        tx.commit().await?;
        if video.generation > 0 {
            let old = Prefix::video_generation(video.id, video.generation);
            app.media.delete_prefix(&old).await?;
        }
        Ok(())
    }

    async fn bury(&self, app: &App, tx: &mut Tx) -> anyhow::Result<()> {
        self.fail(app, tx, Failure::Crashed).await
    }
}

impl TranscodeVideo {
    /// Runs the child, and writes its progress to the row about once a second.
    /// `None` when nobody wants the video any more; the child is gone then.
    async fn transcode(&self, app: &App, task: &Task) -> Result<Option<Output>, TaskFailure> {
        let (progress, told) = watch::channel(0u16);
        let child = run(&app.config.transcoder, task, move |update| {
            if let Update::Progress(permille) = update {
                progress.send_replace(permille);
            }
        });
        tokio::select! {
            outcome = child => outcome.map(Some),
            () = self.write_progress(app, told) => Ok(None),
        }
    }

    /// Ends when the video is no longer wanted.
    async fn write_progress(&self, app: &App, mut told: watch::Receiver<u16>) {
        loop {
            if told.changed().await.is_err() {
                return std::future::pending().await;
            }
            let permille = *told.borrow_and_update();
            let written = async {
                let mut tx = app.db.begin().await?;
                let permille = permille.min(1000);
                let is_wanted =
                    sql::set_progress(&mut tx, &app.clock, self.video, permille).await?;
                tx.commit().await.map(|()| is_wanted)
            };
            match written.await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(%error, "cannot write progress"),
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn settle_failed(
        &self,
        app: &App,
        lease: &Lease,
        failure: Failure,
    ) -> Result<(), JobError> {
        let mut tx = app.db.begin().await?;
        lease.hold(&mut tx).await?;
        self.fail(app, &mut tx, failure).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn fail(&self, app: &App, tx: &mut Tx, failure: Failure) -> anyhow::Result<()> {
        let from = [VideoStatus::Queued, VideoStatus::Transcoding];
        let name = Some(failure.name());
        sql::move_to(tx, &app.clock, self.video, &from, VideoStatus::Failed, name).await?;
        for (post, revision) in posts::revisions_with_video(&app.db, self.video).await? {
            posts::actions::media_settled(tx, &app.clock, &post, &revision).await?;
        }
        Ok(())
    }
}

/// Forgets a video that no revision shows, and its files. The row goes first: without it nobody is served them.
#[derive(Debug, Serialize, Deserialize)]
pub struct DropVideo {
    pub video: VideoId,
}

impl Job for DropVideo {
    const KIND: &'static str = "drop_video";

    async fn run(&self, app: &App, lease: &Lease) -> Result<(), JobError> {
        let mut tx = app.db.begin().await?;
        lease.hold(&mut tx).await?;
        sql::delete_unused(&mut tx, self.video).await?;
        tx.commit().await?;
        // Also when an earlier run has deleted the row and died before this.
        if super::find(&app.db, self.video).await?.is_none() {
            app.media.delete_prefix(&Prefix::video(self.video)).await?;
        }
        Ok(())
    }
}

async fn store(
    app: &App,
    work: &WorkFolder,
    id: VideoId,
    generation: i64,
    output: &VideoOutput,
) -> Result<(), JobError> {
    let files = output
        .renditions
        .iter()
        .map(|rendition| &rendition.file)
        .chain([&output.poster.file, &output.storyboard.file]);
    for file in files {
        let key = Key::video_file(id, generation, file)
            .map_err(|error| JobError::GiveUp(error.into()))?;
        app.media.put_file(&key, &work.output().join(file), key.content_type()).await?;
    }
    Ok(())
}
