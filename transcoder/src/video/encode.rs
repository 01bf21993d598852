//! The one pass over a clip, as a pipeline of threads: one reads and decodes, one filters, one for each rung encodes, or
//! copies, and writes.
//!
//! The queues between them are short, and a stage works only while it has one of the task's turns (see `turns`).

use super::encoder::{self, encoding};
use super::lanes::{CopyingLane, EncodingLane, Halt, PictureLane, Pictures};
use super::muxer::Muxer;
use super::picture::Footage;
use super::plan::{Plan, Ratio, Rung};
use super::probe::Source;
use super::reading::{Missing, Reader, Takers};
use super::remux::Remux;
use super::rendition::{LaneProgress, Production, Rendition, outline};
use super::shape::Shape;
use super::sound::{Sound, Volume};
use super::soundtrack::Soundtrack;
use super::stills::Stills;
use super::turns::{Pace, Turns, share};
use crate::refusal::{OrRefuse, Refusal, Result};
use crate::report::Reporter;
use ffmpeg_next as ff;
use std::iter::{once, repeat};
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::sync_channel;
use std::thread::{Builder, Scope, ScopedJoinHandle, scope};
use transcoder_protocol::{
    Event, Failure, Outline, Rendition as RenditionFacts, VideoOutput, VideoTask, WhyEncoded,
};

/// Frames that wait between two stages: enough to even out their work, and no more: those of a rung of 1080p are 6 MB with their smaller ones.
const DECODED_FRAMES: usize = 1;
const RUNG_FRAMES: usize = 2;
const COPIED_PACKETS: usize = 64;

/// Halts with `UnfitToCopy` when `remux` turns out to have promised too much, with `Reshaped` when the plan was made for the wrong
/// `shape`; the files made until then are the caller's to remove.
pub fn encode(
    task: &VideoTask,
    source: Source,
    plan: &Plan,
    shape: Shape,
    volume: Volume,
    remux: Result<Remux, WhyEncoded>,
    reporter: &Reporter,
) -> Result<VideoOutput, Halt> {
    let max_seconds = task.limits.max_duration_ms as f64 / 1000.0;
    // A container speaks of its longest track, which may be sound that is cut off.
    let expected_seconds = source.picture.seconds.map(|seconds| seconds.min(max_seconds));
    let production = Production {
        folder: task.output.clone(),
        reporter,
        soundtrack: Soundtrack::default(),
        bytes_written: AtomicU64::new(0),
        max_output_bytes: task.limits.max_output_bytes,
        max_seconds: max_seconds + 1.0,
        progress: LaneProgress::of(expected_seconds.unwrap_or(max_seconds)),
    };
    let threads = task.limits.threads.max(1) as usize;
    let turns = Turns::new(threads);
    let sound = source
        .audio
        .as_ref()
        .map(|track| Sound::new(track, volume, production.max_seconds))
        .transpose()?;
    let has_audio = sound.is_some();
    let why_encoded = remux.as_ref().err().copied();
    let copying = remux
        .ok()
        .map(|remux| copying_lane(&production, plan, remux, sound.as_ref()))
        .transpose()?;
    let encoded = &plan.rungs[usize::from(copying.is_some())..];
    let pixels: f64 = encoded.iter().map(|rung| rung.size.pixels()).sum();
    let lanes = encoded
        .iter()
        .map(|rung| {
            let threads = share(threads, rung.size.pixels() / pixels);
            encoding_lane(&production, plan, rung, sound.as_ref(), threads, &turns)
        })
        .collect::<Result<Vec<_>>>()?;
    let stills = Stills::new(plan, expected_seconds.unwrap_or(max_seconds))?;
    let footage = Footage::of(&source);
    let (had_location, slow_factor) = (source.had_location, source.slow_factor);

    let highest = plan.rungs[0].size;
    reporter.send(&Event::Outline(Outline {
        width: highest.width,
        height: highest.height,
        has_audio,
        expected_ms: expected_seconds.map(|seconds| (seconds * 1000.0).round() as u64),
        longest_segment_ms: plan.longest_segment_seconds() * 1000.0,
        renditions: (copying.iter().map(|lane| &lane.rendition))
            .chain(lanes.iter().map(|lane| &lane.rendition))
            .rev()
            .map(|rendition| rendition.outline().clone())
            .collect(),
        why_encoded,
    }));

    let (decoded_to, decoded) = sync_channel(DECODED_FRAMES);
    let (packets_to, packets) = copying.as_ref().map(|_| sync_channel(COPIED_PACKETS)).unzip();
    let mut reader = Reader::new(
        task.limits,
        source,
        sound,
        &production,
        &turns,
        threads.div_ceil(2),
        Takers { frames: decoded_to, packets: packets_to },
    )?;
    if shape == Shape::Stated {
        reader.watch_shapes();
    }
    let (missing, pictures, mut renditions) = scope(|scope| {
        let mut rungs = Vec::with_capacity(plan.rungs.len());
        let mut renditions = Vec::with_capacity(plan.rungs.len());
        if let Some((lane, packets)) = copying.zip(packets) {
            rungs.push(None);
            renditions.push(start(scope, "copy", move || lane.run(packets))?);
        }
        // The largest encodes half of all pixels, on one thread.
        let paces = once(Pace::Sets).chain(repeat(Pace::Follows));
        for (lane, pace) in lanes.into_iter().zip(paces) {
            let (to, frames) = sync_channel(RUNG_FRAMES);
            rungs.push(Some(to));
            let work = move || {
                pace.keep();
                lane.run(frames)
            };
            renditions.push(start(scope, "rung", work)?);
        }
        let lane = PictureLane { footage, plan, turns: &turns, reporter, stills, rungs };
        let pictures = start(scope, "picture", move || lane.run(decoded))?;
        let read = reader.run();
        outcome(read, pictures, renditions)
    })?;
    renditions.reverse();
    let stills = pictures.stills.finish(&task.output)?;
    Ok(VideoOutput {
        duration_ms: (pictures.frames as f64 * 1000.0 / plan.frame_rate.value()).round() as u64,
        width: highest.width,
        height: highest.height,
        has_audio,
        renditions,
        posters: stills.posters,
        storyboard: stills.storyboard,
        contact_sheet: stills.contact_sheet,
        colour: stills.colour,
        grid: stills.grid,
        cut_short: missing.cut_short,
        sound_left_out: missing.sound_left_out,
        slow_factor,
        had_location,
    })
}

fn encoding_lane<'a>(
    production: &'a Production<'a>,
    plan: &'a Plan,
    rung: &Rung,
    sound: Option<&Sound>,
    threads: usize,
    turns: &'a Turns,
) -> Result<EncodingLane<'a>> {
    let rate = rational(plan.frame_rate);
    let clock = rate.invert();
    let encoder = encoder::open(rung, rate, plan.longest_segment, threads).map_err(encoding)?;
    let muxer =
        Muxer::new(ff::codec::Parameters::from(&encoder), clock, rate, sound.map(Sound::encoder))?;
    let outline = outline(
        plan.file(rung),
        rung.size,
        plan.frame_rate,
        &encoder::codec_string(&encoder),
        sound.is_some(),
        rung.expected_bits(plan.longest_segment_seconds()),
    );
    let rendition = Rendition::new(production, outline, muxer, clock, plan.cuts.clone());
    Ok(EncodingLane { encoder, cuts: &plan.cuts, rendition, turns })
}

fn copying_lane<'a>(
    production: &'a Production<'a>,
    plan: &Plan,
    remux: Remux,
    sound: Option<&Sound>,
) -> Result<CopyingLane<'a>> {
    let rung = &plan.rungs[0];
    let rate = rational(plan.frame_rate);
    let muxer = Muxer::new(remux.parameters.clone(), remux.clock, rate, sound.map(Sound::encoder))?;
    let outline = outline(
        plan.file(rung),
        rung.size,
        plan.frame_rate,
        &remux.codec,
        sound.is_some(),
        remux.bits,
    );
    let rendition = Rendition::new(production, outline, muxer, remux.clock, remux.cuts.clone());
    Ok(CopyingLane { remux, rendition })
}

fn rational(ratio: Ratio) -> ff::Rational {
    ff::Rational::new(ratio.numerator as i32, ratio.denominator as i32)
}

fn start<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>> {
    Builder::new()
        .name(name.into())
        .spawn_scoped(scope, work)
        .or_refuse(Failure::TooHeavy, "starting a thread")
}

/// Waits for all stages. If any failed, the one that knows why speaks.
fn outcome(
    read: Result<Missing, Halt>,
    pictures: ScopedJoinHandle<'_, Result<Pictures, Halt>>,
    renditions: Vec<ScopedJoinHandle<'_, Result<RenditionFacts, Halt>>>,
) -> Result<(Missing, Pictures, Vec<RenditionFacts>), Halt> {
    let pictures = wait(pictures);
    let renditions: Vec<_> = renditions.into_iter().map(wait).collect();
    let mut made = Vec::with_capacity(renditions.len());
    let mut halts = Vec::new();
    let read = read.map_err(|halt| halts.push(halt)).ok();
    let pictures = pictures.map_err(|halt| halts.push(halt)).ok();
    for rendition in renditions {
        match rendition {
            Ok(rendition) => made.push(rendition),
            Err(halt) => halts.push(halt),
        }
    }
    let reason = halts.into_iter().find(|halt| !matches!(halt, Halt::Abandoned));
    match (reason, read, pictures) {
        (None, Some(missing), Some(pictures)) => Ok((missing, pictures, made)),
        (Some(reason), ..) => Err(reason),
        _ => Err(Refusal::new(Failure::Crashed, "the stages abandoned one another").into()),
    }
}

fn wait<T>(stage: ScopedJoinHandle<'_, Result<T, Halt>>) -> Result<T, Halt> {
    let panicked = |_| Err(Refusal::new(Failure::Crashed, "a stage panicked").into());
    stage.join().unwrap_or_else(panicked)
}
