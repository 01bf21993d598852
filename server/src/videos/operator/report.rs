//! What became of one try, as JSON.

use crate::config::Config;
use crate::videos::present::fault_named;
use anyhow::{Context, bail};
use serde::Serialize;
use std::fs::File;
use std::path::Path;
use std::time::Duration;
use transcoder_protocol::run::{TaskFailure, Update};
use transcoder_protocol::{Caged, Failure, Found, Outline, VideoLimits, VideoOutput, hls};
use web::{Lang, Length};

#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub source: Source,
    pub limits: VideoLimits,
    /// The layers of the child's cage that hold. This and what follows is `null` when the child didn't get that far.
    pub cage: Option<Caged>,
    pub found: Option<Found>,
    pub decided: Option<Outline>,
    /// Either this or `refused`.
    pub made: Option<VideoOutput>,
    pub refused: Option<Refused>,
    pub wall_ms: u64,
    /// From the start until the rendition that players begin with had its first segment on disk.
    pub first_playable_ms: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Source {
    /// As it was named.
    pub file: String,
    pub bytes: u64,
    /// The site's door takes no file that is larger.
    pub max_upload_bytes: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Refused {
    pub failure: Failure,
    /// As the site says it to the clip's author.
    pub message: String,
    pub detail: String,
    pub is_worth_retrying: bool,
}

impl Source {
    /// Errors: there is no such file, it is none, or it can't be read.
    pub fn of(file: &Path, config: &Config) -> anyhow::Result<Self> {
        let cannot = || format!("cannot read {}", file.display());
        // Asked first: opening a pipe would wait for a writer.
        let metadata = file.metadata().with_context(cannot)?;
        if !metadata.is_file() {
            bail!("{} is not a file", file.display());
        }
        File::open(file).with_context(cannot)?;
        Ok(Self {
            file: file.to_string_lossy().into_owned(),
            bytes: metadata.len(),
            max_upload_bytes: config.video_max_bytes,
        })
    }
}

impl Refused {
    pub fn new(failed: TaskFailure, limits: &VideoLimits) -> Self {
        let TaskFailure { failure, detail } = failed;
        let longest = Length(u32::try_from(limits.max_duration_ms / 1000).unwrap_or(u32::MAX));
        Self {
            failure,
            message: fault_named(Some(failure.name())).plain_video_words(Lang::En, longest),
            detail,
            is_worth_retrying: failure.is_worth_retrying(),
        }
    }
}

impl Report {
    pub fn new(source: Source, limits: VideoLimits) -> Self {
        Self {
            source,
            limits,
            cage: None,
            found: None,
            decided: None,
            made: None,
            refused: None,
            wall_ms: 0,
            first_playable_ms: None,
        }
    }

    /// What the child said so long after its start.
    pub fn hear(&mut self, update: Update, after: Duration) {
        match update {
            Update::Caged(caged) => self.cage = Some(caged),
            Update::Found(found) => self.found = Some(found),
            Update::Outline(outline) => {
                self.decided = Some(outline);
                self.first_playable_ms = None;
            }
            Update::Segment(segment) => {
                let start = self.decided.as_ref().and_then(hls::start_rendition);
                let is_start = start.is_some_and(|start| start.file == segment.file);
                if is_start && segment.index == 0 {
                    self.first_playable_ms = Some(milliseconds(after));
                }
            }
            Update::Progress(_) => {}
        }
    }

    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}

pub fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
