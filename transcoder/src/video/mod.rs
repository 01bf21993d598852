//! Clips: what a phone filmed becomes what every phone plays.
//!
//! `probe` decides whether we take the file and finds its tracks; `plan` decides sizes and rates; `encode` sets up the one pass,
//! a pipeline of threads: `reading` (demux, decode, `sound` → `soundtrack`) → `lanes` (`picture` and `stills`, then one `encoder` per
//! rung) → one `rendition` per rung, which takes its sound from the soundtrack and writes fragments (`muxer`, `mp4`). `turns` keeps
//! the threads that work at once within the task's limit. `extent` says how much of a damaged clip there is, `found` tells operators
//! what the source is.
//!
//! A picture that is already what its rung would be is copied (`remux` decides, `h264` reads); the other rungs are cut where it is.
//! Should it turn out damaged while it is copied, all is made anew without copying.
//!
//! Invariants: one decode; every rendition has the same keyframes and segments, and all that are encoded the same frames; sound is
//! encoded once; nothing of the source's metadata is copied, because every output is made from frames, samples and slices alone.

mod cuts;
mod encode;
mod encoder;
mod extent;
mod found;
mod h264;
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
mod remux;
mod rendition;
mod sound;
mod soundtrack;
mod stills;
mod turns;

use crate::prove;
use crate::refusal::{OrRefuse, Refusal, Result};
use crate::report::Reporter;
use input::InputFile;
use lanes::Halt;
use orientation::Orientation;
use std::fs::{self, File};
use std::path::Path;
use transcoder_protocol::{Event, Failure, VideoOutput, VideoTask, WhyEncoded};

pub fn make(task: &VideoTask, input: File, reporter: &Reporter) -> Result<VideoOutput> {
    ffmpeg_next::init().or_refuse(Failure::Crashed, "starting libav")?;
    ffmpeg_next::log::set_level(ffmpeg_next::log::Level::Error);
    let input = InputFile::from(input);
    let source = probe::probe(input.clone(), &task.limits)?;
    reporter.send(&Event::Found(found::found(&source)));
    let mut plan = plan::plan(&source.picture);
    let max_seconds = task.limits.max_duration_ms as f64 / 1000.0 + 1.0;
    let volume = sound::measured_volume(&source, max_seconds, reporter)?;
    let remux = remux::consider(&source, &plan, max_seconds, reporter);
    let even_cuts = (plan.cuts.clone(), plan.longest_segment);
    if let Ok(remux) = &remux {
        plan.cuts = remux.cut_frames.clone();
        plan.longest_segment = remux.longest_segment;
    }
    let mut made = encode::encode(task, source, &plan, volume, remux, reporter);
    if let Err(Halt::UnfitToCopy) = made {
        clear(&task.output)?;
        (plan.cuts, plan.longest_segment) = even_cuts;
        plan.edition = "-encoded";
        reporter.begin_anew();
        let source = probe::probe(input, &task.limits)?;
        made = encode::encode(task, source, &plan, volume, Err(WhyEncoded::Packets), reporter);
    }
    let output = made.map_err(|halt| match halt {
        Halt::Refused(refusal) => refusal,
        Halt::Abandoned | Halt::UnfitToCopy => {
            Refusal::new(Failure::Crashed, "halted without a reason")
        }
    })?;
    prove::files(&task.output, output.files())?;
    Ok(output)
}

/// Removes what was begun.
fn clear(folder: &Path) -> Result<()> {
    fs::read_dir(folder)
        .and_then(|mut entries| entries.try_for_each(|entry| fs::remove_file(entry?.path())))
        .or_refuse(Failure::Crashed, "beginning anew")
}
