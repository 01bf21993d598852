//! Clips: what a phone filmed becomes what every phone plays.
//!
//! `probe` decides whether we take the file and finds its tracks; `plan` decides sizes and rates; `encode` sets up the one pass,
//! a pipeline of threads: `reading` (demux, decode, `sound` → `soundtrack`) → `lanes` (`picture` and `stills`, then one `encoder` per
//! rung) → one `rendition` per rung, which takes its sound from the soundtrack and writes fragments (`muxer`, `mp4`). `turns` keeps
//! the threads that work at once within the task's limit.
//!
//! A picture that is already what its rung would be is copied (`remux` decides, `h264` reads); the other rungs are cut where it is.
//!
//! Invariants: one decode; every rendition has the same keyframes and segments, and all that are encoded the same frames; sound is
//! encoded once; nothing of the source's metadata is copied, because every output is made from frames, samples and slices alone.

mod cuts;
mod encode;
mod encoder;
mod h264;
mod lanes;
mod libav;
mod mp4;
mod muxer;
mod orientation;
mod picture;
mod plan;
mod probe;
mod reading;
mod remux;
mod rendition;
mod sound;
mod soundtrack;
mod stills;
mod turns;

use crate::refusal::{OrRefuse, Result};
use crate::report::Reporter;
use orientation::Orientation;
use transcoder_protocol::{Failure, VideoOutput, VideoTask};

pub fn make(task: &VideoTask, reporter: &Reporter) -> Result<VideoOutput> {
    ffmpeg_next::init().or_refuse(Failure::Crashed, "starting libav")?;
    ffmpeg_next::log::set_level(ffmpeg_next::log::Level::Error);
    let source = probe::probe(&task.input, &task.limits)?;
    let mut plan = plan::plan(&source.picture, task.limits.max_frame_rate);
    let remux = remux::consider(task, &source, &plan, reporter);
    if let Ok(remux) = &remux {
        plan.cuts = remux.cut_frames.clone();
        plan.longest_segment = remux.longest_segment;
    }
    encode::encode(task, source, &plan, remux, reporter)
}
