//! Clips: what a phone filmed becomes what every phone plays.
//!
//! `probe` decides whether we take the file and finds its tracks; `plan` decides sizes and rates; `encode` sets up the one pass,
//! a pipeline of threads: `reading` (demux, decode, `sound` → `soundtrack`) → `lanes` (`picture` and `stills`, then one `encoder` per
//! rung) → one `rendition` per rung, which takes its sound from the soundtrack and writes fragments (`muxer`, `mp4`). `turns` keeps
//! the threads that work at once within the task's limit. `extent` says how much of a damaged clip there is.
//!
//! Invariants: one decode; every rendition has the same frames, keyframes and segments; sound is encoded once; nothing of the
//! source's metadata is copied, because every output is made from frames and samples alone.

mod cuts;
mod encode;
mod encoder;
mod extent;
mod input;
mod lanes;
mod libav;
mod mp4;
mod muxer;
mod orientation;
mod picture;
mod plan;
mod probe;
mod reading;
mod rendition;
mod sound;
mod soundtrack;
mod stills;
mod turns;

use crate::prove;
use crate::refusal::{OrRefuse, Result};
use crate::report::Reporter;
use orientation::Orientation;
use std::fs::File;
use transcoder_protocol::{Failure, VideoOutput, VideoTask};

pub fn make(task: &VideoTask, input: File, reporter: &Reporter) -> Result<VideoOutput> {
    ffmpeg_next::init().or_refuse(Failure::Crashed, "starting libav")?;
    ffmpeg_next::log::set_level(ffmpeg_next::log::Level::Error);
    let source = probe::probe(input.into(), &task.limits)?;
    let plan = plan::plan(&source.picture);
    let max_seconds = task.limits.max_duration_ms as f64 / 1000.0 + 1.0;
    let volume = sound::measured_volume(&source, max_seconds, reporter)?;
    let output = encode::encode(task, source, &plan, volume, reporter)?;
    prove::files(&task.output, output.files())?;
    Ok(output)
}
