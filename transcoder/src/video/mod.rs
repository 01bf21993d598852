//! Clips: what a phone filmed becomes what every phone plays.
//!
//! `probe` decides whether we take the file, `tracks` which of its tracks; `plan` decides sizes and rates; `encode` sets up the one pass,
//! a pipeline of threads: `reading` (demux, decode, `sound` → `soundtrack`) → `lanes` (`picture` and `stills`, then one `encoder` per
//! rung) → one `rendition` per rung, which takes its sound from the soundtrack and writes fragments (`muxer`, `mp4`). `turns` keeps
//! the threads that work at once within the task's limit. `timeline` says when each packet is, `extent` how much of a damaged clip there is, `found` tells operators
//! what the source is.
//!
//! A picture that is already what its rung would be is copied (`remux` decides, `h264` reads); the other rungs are cut where it is.
//! Should it turn out damaged while it is copied, all is made anew without copying; and so it is in another shape, when frames come
//! that the plan does not suit (`shape`, `survey`).
//!
//! Invariants: one decode; every rendition has the same keyframes and segments, and all that are encoded the same frames; sound is
//! encoded once; nothing of the source's metadata is copied, because every output is made from frames, samples and slices alone.

pub mod cuts;
mod encode;
mod encoder;
mod extent;
mod found;
pub mod h264;
mod input;
mod lanes;
mod libav;
mod mp4;
mod muxer;
pub mod orientation;
mod picture;
pub mod plan;
pub mod probe;
mod reading;
pub mod remux;
mod rendition;
mod shape;
mod sound;
mod soundtrack;
mod stills;
mod survey;
pub mod timeline;
mod tracks;
mod turns;

use crate::prove;
use crate::refusal::{OrRefuse, Refusal, Result};
use crate::report::Reporter;
pub use input::InputFile;
use lanes::Halt;
use orientation::Orientation;
use plan::Plan;
use probe::Source;
use remux::Remux;
use shape::Shape;
use std::fs::{self, File};
use std::path::Path;
use transcoder_protocol::{Event, Failure, VideoLimits, VideoOutput, VideoTask, WhyEncoded};

/// What is to be made of a clip, before any of its picture is decoded.
pub struct Decision {
    pub source: Source,
    /// With the cuts of `remux`, if there is one.
    pub plan: Plan,
    /// Without.
    even_plan: Plan,
    pub remux: Result<Remux, WhyEncoded>,
}

/// Decides about a file that is taken.
pub fn decide(source: Source, limits: &VideoLimits, reporter: &Reporter) -> Decision {
    let even_plan = plan::plan(&source.picture);
    let mut plan = even_plan.clone();
    let remux = remux::consider(&source, &plan, max_seconds(limits), reporter);
    if let Ok(remux) = &remux {
        plan.cuts = remux.cut_frames.clone();
        plan.longest_segment = remux.longest_segment;
    }
    Decision { source, plan, even_plan, remux }
}

/// A clip may be a little longer than its limit: frames end late.
fn max_seconds(limits: &VideoLimits) -> f64 {
    limits.max_duration_ms as f64 / 1000.0 + 1.0
}

pub fn make(task: &VideoTask, input: File, reporter: &Reporter) -> Result<VideoOutput> {
    ffmpeg_next::init().or_refuse(Failure::Crashed, "starting libav")?;
    ffmpeg_next::log::set_level(ffmpeg_next::log::Level::Error);
    let input = InputFile::from(input);
    let mut source = probe::probe(input.clone(), &task.limits)?;
    reporter.send(&Event::Found(found::found(&source)));
    if task.is_slow {
        source.slow_down()?;
    }
    let preferred = source.tracks();
    let volume = sound::audition(&mut source, max_seconds(&task.limits), reporter)?;
    if source.tracks() != preferred {
        reporter.send(&Event::Found(found::found(&source)));
    }
    let sound = source.audio.as_ref().map(|track| track.index);
    let timeline = source.timeline.clone();
    let left_out = source.sound_left_out();
    let Decision { mut source, mut plan, even_plan, mut remux } =
        decide(source, &task.limits, reporter);
    let mut shape = Shape::Stated;
    let made = loop {
        let why_encoded = remux.as_ref().err().copied();
        match encode::encode(task, source, &plan, shape, volume, remux, reporter) {
            Err(Halt::UnfitToCopy) => {
                plan = Plan { edition: "-encoded", ..even_plan.clone() };
                remux = Err(WhyEncoded::Packets);
            }
            Err(Halt::Reshaped(picture)) => {
                plan = Plan { edition: "-reshaped", ..plan::plan(&picture) };
                remux = Err(why_encoded.unwrap_or(WhyEncoded::Stream));
                shape = Shape::Surveyed;
            }
            made => break made,
        }
        clear(&task.output)?;
        reporter.begin_anew();
        source = probe::probe(input.clone(), &task.limits)?;
        if task.is_slow {
            source.slow_down()?;
        }
        source.repeat_choice(sound, timeline.clone(), left_out.clone())?;
    };
    let output = made.map_err(|halt| match halt {
        Halt::Refused(refusal) => refusal,
        Halt::Abandoned | Halt::UnfitToCopy | Halt::Reshaped(_) => {
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
