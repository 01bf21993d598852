//! Making a video playable.

use super::preview::{self, Watch};
use super::{Pace, Preview, Video, VideoStatus, motion, sql};
use crate::app::App;
use crate::config::Config;
use crate::db::Tx;
use crate::jobs::{self, Job, JobError, Lane, Lease};
use crate::likeness::{self, Medium};
use crate::media::{Key, MediaError, Prefix, WorkFolder, upload};
use crate::posts;
use crate::room;
use crate::time_id::VideoId;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::mpsc;
use transcoder_protocol::run::{TaskFailure, run};
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
        let made = self.attempt(app, lease).await;
        if let Err(JobError::Retry(error) | JobError::GiveUp(error)) = &made {
            self.wait_for_next(app, lease, room::failure_of(error)).await?;
        }
        made
    }

    async fn bury(&self, app: &App, tx: &mut Tx) -> anyhow::Result<()> {
        // A worker that died left no word.
        let video = super::find(&mut *tx, self.video).await?;
        let told = video.filter(|video| video.state == VideoStatus::Queued);
        let told = told.and_then(|video| Failure::from_name(video.failure.as_deref()?));
        self.fail(app, tx, told.unwrap_or(Failure::Crashed)).await
    }
}

impl TranscodeVideo {
    async fn attempt(&self, app: &App, lease: &Lease) -> Result<(), JobError> {
        let Some(video) = self.begin(app, lease).await? else { return Ok(()) };
        let known = motion::find_source(app, &video).await?;
        let is_known = known.is_some();
        let source = known.unwrap_or_else(|| Key::video_source(video.id));
        if let Some(upload) = video.upload_id
            && !is_known
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
        let input = work.input(app, &source).await?;
        let task = task(&app.config, input, work.output().to_owned());
        let task = Task::Video(VideoTask { is_slow: video.is_slow, ..task });
        let watch = Watch {
            app,
            video: self.video,
            output: work.output(),
            token: format!("{}{}", lease.id.to_string().replace('-', ""), lease.attempt),
            pace: Mutex::new(Pace::begin(app.clock.now())),
        };
        let generation = video.generation + 1;
        let output = match transcode(app, &watch, &task).await {
            Ok(Some(Output::Video(output))) => output,
            Ok(None) => return self.leave(app, lease, &watch.token, generation).await,
            Ok(Some(Output::Photo(_))) => {
                return Err(JobError::GiveUp(anyhow::anyhow!(
                    "the transcoder answered with a photo"
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
                tracing::info!(video = %video.id, %failed, "a video can't be used");
                return self.settle_failed(app, lease, failed.failure).await;
            }
        };
        let stored = store(app, &watch, generation, &output).await;
        if stored.is_err() {
            // Where there is no room, what is there of it would take up what is left.
            app.media.delete_prefix(&Prefix::video_generation(self.video, generation)).await?;
        }
        if !stored? || !self.settle_ready(app, lease, generation, &output).await? {
            return self.leave(app, lease, &watch.token, generation).await;
        }
        if video.generation > 0 {
            let old = Prefix::video_generation(video.id, video.generation);
            app.media.delete_prefix(&old).await?;
        }
        Ok(())
    }

    /// `None` when nobody waits for it any more, or it is made already.
    async fn begin(&self, app: &App, lease: &Lease) -> Result<Option<Video>, JobError> {
        let Some(video) = super::find(&app.db, self.video).await? else { return Ok(None) };
        let mut tx = app.db.begin().await?;
        lease.hold(&mut tx).await?;
        let begun = sql::begin_attempt(&mut tx, &app.clock, video.id, lease.attempt).await?;
        // What an attempt has left that died, or that was ended.
        if let Some(left) = &video.preview
            && (begun || video.state == VideoStatus::Failed)
        {
            end_preview(app, &mut tx, video.id, left, None).await?;
        }
        tx.commit().await?;
        Ok(begun.then_some(video))
    }

    /// Nobody waits for it any more: nothing stays of what this attempt has made.
    async fn leave(
        &self,
        app: &App,
        lease: &Lease,
        token: &str,
        generation: i64,
    ) -> Result<(), JobError> {
        tracing::info!(video = %self.video, "nobody waits for this video any more");
        let mut tx = app.db.begin().await?;
        lease.hold(&mut tx).await?;
        sql::end_preview(&mut tx, &app.clock, self.video, None).await?;
        let drop = DropPreview { video: self.video, token: token.to_owned() };
        jobs::enqueue(&mut tx, &app.clock, &drop).await?;
        tx.commit().await?;
        app.media.delete_prefix(&Prefix::video_generation(self.video, generation)).await?;
        Ok(())
    }

    /// The attempt came to nothing. Until the next one its author sees that there will be one.
    async fn wait_for_next(
        &self,
        app: &App,
        lease: &Lease,
        failure: Failure,
    ) -> Result<(), JobError> {
        let mut tx = app.db.begin().await?;
        lease.hold(&mut tx).await?;
        if let Some(Video { preview: Some(left), .. }) = super::find(&mut tx, self.video).await? {
            end_preview(app, &mut tx, self.video, &left, None).await?;
        }
        let from = [VideoStatus::Transcoding];
        let name = Some(failure.name());
        sql::move_to(&mut tx, &app.clock, self.video, &from, VideoStatus::Queued, name).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Returns whether anybody still waits for it.
    async fn settle_ready(
        &self,
        app: &App,
        lease: &Lease,
        generation: i64,
        output: &VideoOutput,
    ) -> Result<bool, JobError> {
        let revisions = posts::revisions_with_video(&app.db, self.video).await?;
        let mut tx = app.db.begin().await?;
        lease.hold(&mut tx).await?;
        if !sql::set_ready(&mut tx, &app.clock, self.video, generation, output).await? {
            return Ok(false);
        }
        let looks = likeness::of_film(output);
        likeness::record(&mut tx, Medium::Video(self.video), &looks).await?;
        if let Some(Video { preview: Some(mut preview), .. }) =
            super::find(&mut tx, self.video).await?
        {
            preview.is_complete = true;
            end_preview(app, &mut tx, self.video, &preview, Some(preview::KEPT)).await?;
        }
        for (post, revision) in &revisions {
            posts::actions::media_settled(&mut tx, &app.clock, post, revision).await?;
        }
        tx.commit().await?;
        Ok(true)
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
        if let Some(Video { preview: Some(left), .. }) = super::find(&mut *tx, self.video).await? {
            end_preview(app, tx, self.video, &left, None).await?;
        }
        sql::move_to(tx, &app.clock, self.video, &from, VideoStatus::Failed, name).await?;
        for (post, revision) in posts::revisions_with_video(&app.db, self.video).await? {
            posts::actions::media_settled(tx, &app.clock, &post, &revision).await?;
        }
        Ok(())
    }
}

/// What the transcoder is asked to make of a source, in a folder that is empty.
pub(super) fn task(config: &Config, input: PathBuf, output: PathBuf) -> VideoTask {
    let limits =
        VideoLimits { max_duration_ms: config.video_max_seconds * 1000, ..VideoLimits::default() };
    VideoTask { input, output, limits, is_slow: false }
}

/// Ends a preview: at once, or after it was `kept` for those who are watching.
async fn end_preview(
    app: &App,
    tx: &mut Tx,
    video: VideoId,
    preview: &Preview,
    kept: Option<Duration>,
) -> crate::db::Result<()> {
    let shown = kept.is_some().then_some(preview);
    sql::end_preview(tx, &app.clock, video, shown).await?;
    let drop = DropPreview { video, token: preview.token.clone() };
    let at = app.clock.now().plus(kept.unwrap_or_default());
    jobs::enqueue_at(tx, &app.clock, &drop, at, None).await
}

/// Removes the pieces of a preview that nobody is shown any more.
#[derive(Debug, Serialize, Deserialize)]
pub struct DropPreview {
    pub video: VideoId,
    pub token: String,
}

impl Job for DropPreview {
    const KIND: &'static str = "drop_preview";

    async fn run(&self, app: &App, lease: &Lease) -> Result<(), JobError> {
        let mut tx = app.db.begin().await?;
        lease.hold(&mut tx).await?;
        let shown = super::find(&mut tx, self.video).await?.and_then(|video| video.preview);
        if shown.is_some_and(|preview| preview.token == self.token) {
            sql::end_preview(&mut tx, &app.clock, self.video, None).await?;
        }
        tx.commit().await?;
        app.media.delete_prefix(&Prefix::video_preview(self.video, &self.token)).await?;
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
        // Before the row goes, which alone knows whose it is. A video that is still shown finds it there too.
        if let Some(video) = super::find(&app.db, self.video).await? {
            motion::hand_on_source(app, &video).await?;
        }
        let mut tx = app.db.begin().await?;
        lease.hold(&mut tx).await?;
        if sql::delete_unused(&mut tx, self.video).await? {
            likeness::forget(&mut tx, Medium::Video(self.video)).await?;
        }
        tx.commit().await?;
        // Also when an earlier run has deleted the row and died before this.
        if super::find(&app.db, self.video).await?.is_none() {
            app.media.delete_prefix(&Prefix::video(self.video)).await?;
        }
        Ok(())
    }
}

/// Runs the child; its progress and what can be watched of the film go to the row. `None` when nobody wants the video any more; the
/// child is gone then.
async fn transcode(
    app: &App,
    watch: &Watch<'_>,
    task: &Task,
) -> Result<Option<Output>, TaskFailure> {
    let (tell, told) = mpsc::unbounded_channel();
    let child = run(&app.config.transcoder, task, move |update| {
        // Nobody hears it any more: the child is about to be ended.
        let _ = tell.send(update);
    });
    tokio::select! {
        outcome = child => outcome.map(Some),
        () = watch.follow(told) => Ok(None),
    }
}

/// Brings what was made to the media store. Returns whether anybody still waits for it; what is there by then is left.
async fn store(
    app: &App,
    watch: &Watch<'_>,
    generation: i64,
    output: &VideoOutput,
) -> Result<bool, JobError> {
    let mut files = Vec::new();
    for file in output.files() {
        let path = watch.output.join(file);
        let bytes = tokio::fs::metadata(&path).await?.len();
        let key = Key::video_file(watch.video, generation, file)
            .map_err(|error| JobError::GiveUp(error.into()))?;
        files.push((key, path, bytes));
    }
    let all = files.iter().map(|(_, _, bytes)| bytes).sum();
    let mut stored = 0;
    for (key, path, bytes) in files {
        if !watch.stored(stored, all).await? {
            return Ok(false);
        }
        app.media.put_file(&key, &path, key.content_type()).await?;
        stored += bytes;
    }
    Ok(true)
}
