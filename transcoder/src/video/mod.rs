//! Clips: what a phone filmed becomes what every phone plays.
//!
//! `probe` decides whether we take the file and finds its tracks; `plan` decides sizes and rates; `encode` reads the clip once and
//! sends decoded frames through `picture` to one `rendition` per rung and to `stills`, and packets of sound through `sound` to all
//! renditions. `mp4` lays out the files.
//!
//! Invariants: one decode; every rendition has the same frames, keyframes and segments; sound is encoded once; nothing of the
//! source's metadata is copied, because every output is made from frames and samples alone.

mod encode;
mod libav;
mod mp4;
mod orientation;
mod picture;
mod plan;
mod probe;
mod rendition;
mod sound;
mod stills;

use crate::refusal::{OrRefuse, Result};
use crate::report::Reporter;
use encode::Encode;
use orientation::Orientation;
use std::sync::OnceLock;
use std::thread::available_parallelism;
use transcoder_protocol::{Failure, VideoOutput, VideoTask};

/// Threads a decoder or encoder may start. Ask once before the cage closes: inside, what the system allows cannot be read.
pub fn thread_count() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| available_parallelism().map_or(1, usize::from).min(16))
}

pub fn make(task: &VideoTask, reporter: &mut Reporter) -> Result<VideoOutput> {
    ffmpeg_next::init().or_refuse(Failure::Crashed, "starting libav")?;
    ffmpeg_next::log::set_level(ffmpeg_next::log::Level::Error);
    let source = probe::probe(&task.input, &task.limits)?;
    let plan = plan::plan(&source.picture);
    Encode::new(task, source, &plan, reporter)?.run()
}
