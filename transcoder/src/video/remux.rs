//! Whether the highest rung can be the source's own picture, packet by packet, and if not, why not.
//!
//! A copy costs no time and no quality, and is worth both only if every phone plays it and nothing of it contradicts what we say
//! of our files. So the sequence parameter set is read by ourselves, and a scan over all packets, without decoding, looks at
//! every time and every keyframe. Segments then begin at some of the source's keyframes, in the other rungs too.
//!
//! Copied are slices only. Decoding times are made anew from the times of showing: containers' own differ in what they mean.
//! Not here: the copying itself (`lanes`).

mod scan;

use super::cuts::Cuts;
use super::h264::{Configuration, Sequence, slice_groups};
use super::plan::{Plan, Rung, Size};
use super::probe::Source;
use super::{Orientation, libav};
use crate::report::Reporter;
use ffmpeg_next as ff;
use scan::{Scan, scan};
use std::ops::RangeInclusive;
use transcoder_protocol::WhyEncoded;

/// Constrained baseline, main, high.
const PROFILES: [u8; 3] = [66, 77, 100];
/// 1080p at 60 frames a second, beyond which older phones stutter.
const MAX_LEVEL: u8 = 42;
/// Pictures that do not say which colours they mean are taken for BT.709 from this short side on, here as in `picture`.
const MIN_UNSAID_SHORT_SIDE: u32 = 720;

/// What a copy may cost more than what we would make: half as many bits again for the picture as it was filmed.
const BITS_SLACK: f64 = 1.5;
/// A frame may be shown for so many times its due: a few dropped frames are no harm, a slide show would not cut where we do.
const FRAME_LENGTHS: RangeInclusive<f64> = 0.5..=2.5;
/// The mean rate may exceed the plan's by this share.
const RATE_SLACK: f64 = 0.02;
const SEGMENT_SECONDS: f64 = 4.0;
/// Longer segments make a slow start and coarse seeking.
const MAX_SEGMENT_SECONDS: f64 = 8.0;
/// The last picture may stay so long for the sound's sake.
const MAX_STANDSTILL_SECONDS: f64 = 1.0;

/// How to copy the source's picture.
pub struct Remux {
    pub configuration: Configuration,
    /// For the muxer, made of what was checked.
    pub parameters: ff::codec::Parameters,
    pub codec: String,
    /// One for each packet, in the source's order.
    pub times: Vec<Times>,
    /// One tick of the times, in seconds.
    pub clock: ff::Rational,
    pub cuts: Cuts,
    /// The same cuts, and the longest segment, in frames of the other rungs.
    pub cut_frames: Cuts,
    pub longest_segment: i64,
    /// Bits per second, over one segment and in the mean.
    pub bits: [u64; 2],
}

/// When a packet's frame is shown and decoded, in ticks from the clip's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    pub shown: i64,
    pub decoded: i64,
    pub duration: i64,
    pub is_key: bool,
}

/// Looks whether the plan's highest rung can be copied, of a clip that may last `max_seconds`.
pub fn consider(
    source: &Source,
    plan: &Plan,
    max_seconds: f64,
    reporter: &Reporter,
) -> Result<Remux, WhyEncoded> {
    let rung = &plan.rungs[0];
    let (configuration, sequence) = check_stream(source, rung)?;
    let found = scan(source, &configuration, max_seconds, reporter)?;
    let clock = source.video.time_base;
    let chosen = choose(&found, f64::from(clock), plan, rung)?;
    let avcc = configuration.to_avcc().ok_or(WhyEncoded::Stream)?;
    let parameters = libav::h264_parameters(&avcc, rung.size, sequence.profile, sequence.level)
        .ok_or(WhyEncoded::Stream)?;
    let Sequence { profile, constraints, level, .. } = sequence;
    Ok(Remux {
        configuration,
        parameters,
        codec: format!("avc1.{profile:02x}{constraints:02x}{level:02x}"),
        times: chosen.times,
        clock,
        cuts: Cuts::At(chosen.cuts),
        cut_frames: chosen.cut_frames,
        longest_segment: chosen.longest_segment,
        bits: chosen.bits,
    })
}

impl Remux {
    /// Ticks from decoding the first frame to showing it.
    pub fn delay(&self) -> i64 {
        delay(&self.times)
    }
}

/// What can be told before any packet is read.
fn check_stream(source: &Source, rung: &Rung) -> Result<(Configuration, Sequence), WhyEncoded> {
    if source.video.parameters.id() != ff::codec::Id::H264 {
        return Err(WhyEncoded::Codec);
    }
    if source.picture.orientation != Orientation::UPRIGHT {
        return Err(WhyEncoded::Turned);
    }
    // It was filmed at more frames a second than its copy would have, and its headers may say so.
    if source.is_slowed() {
        return Err(WhyEncoded::FrameRate);
    }
    let extradata = libav::parameters_extradata(&source.video.parameters);
    let configuration = Configuration::from_extradata(&extradata).ok_or(WhyEncoded::Stream)?;
    let [set] = &configuration.sequences[..] else { return Err(WhyEncoded::Stream) };
    let sequence = Sequence::parse(set).ok_or(WhyEncoded::Stream)?;
    let is_in_order = |set: &Vec<u8>| slice_groups(set) == Some(1);
    if configuration.pictures.is_empty() || !configuration.pictures.iter().all(is_in_order) {
        return Err(WhyEncoded::Stream);
    }
    let is_plain = PROFILES.contains(&sequence.profile)
        && sequence.level <= MAX_LEVEL
        && sequence.chroma_format == 1
        && sequence.bit_depths == [8, 8];
    if !is_plain {
        return Err(WhyEncoded::Profile);
    }
    if !sequence.is_progressive || source.field_order_is_interlaced {
        return Err(WhyEncoded::Interlaced);
    }
    let is_square = |(width, height): (u32, u32)| width == height || width * height == 0;
    let container_aspect = source.picture.pixel_aspect.map(|it| (it.numerator, it.denominator));
    if ![sequence.pixel_aspect, container_aspect].into_iter().flatten().all(is_square) {
        return Err(WhyEncoded::PixelShape);
    }
    let size = Size { width: sequence.width, height: sequence.height };
    if size != rung.size
        || (source.picture.width, source.picture.height) != (size.width, size.height)
    {
        return Err(WhyEncoded::Size);
    }
    if !has_our_colours(&sequence, &source.video.parameters) {
        return Err(WhyEncoded::Colours);
    }
    Ok((configuration, sequence))
}

/// BT.709 in limited range, said by the stream, or else by the container, or meant by saying nothing.
fn has_our_colours(sequence: &Sequence, parameters: &ff::codec::Parameters) -> bool {
    const BT709: u32 = 1;
    const UNSAID: u32 = 2;
    let container = libav::colours(parameters);
    if sequence.is_full_range || container.is_full_range {
        return false;
    }
    let short_side = sequence.width.min(sequence.height);
    let stream = sequence.colours.unwrap_or([UNSAID; 3]);
    stream.into_iter().zip(container.description).all(|said| match said {
        (UNSAID, UNSAID) => short_side >= MIN_UNSAID_SHORT_SIDE,
        (BT709, BT709 | UNSAID) | (UNSAID, BT709) => true,
        _ => false,
    })
}

struct Chosen {
    times: Vec<Times>,
    cuts: Vec<i64>,
    cut_frames: Cuts,
    longest_segment: i64,
    bits: [u64; 2],
}

/// Decides by what the scan found. `clock` is one tick in seconds.
fn choose(found: &Scan, clock: f64, plan: &Plan, rung: &Rung) -> Result<Chosen, WhyEncoded> {
    let rate = plan.frame_rate.value();
    let times = times(found)?;
    let end = times.iter().map(|time| time.decoded_end()).max().unwrap_or(0) + delay(&times);
    let seconds = |ticks: i64| ticks as f64 * clock;
    let frame_lengths = times.iter().map(|time| seconds(time.duration) * rate);
    if !frame_lengths.into_iter().all(|length| FRAME_LENGTHS.contains(&length))
        || times.len() as f64 / seconds(end).max(1.0 / rate) > rate * (1.0 + RATE_SLACK)
    {
        return Err(WhyEncoded::FrameRate);
    }
    if found.sound_seconds - seconds(end) > MAX_STANDSTILL_SECONDS {
        return Err(WhyEncoded::Sound);
    }
    let keys: Vec<i64> = times.iter().filter(|time| time.is_key).map(|time| time.shown).collect();
    let cuts = choose_cuts(&keys, clock);
    let cuts_ticks = Cuts::At(cuts.clone());
    let last_end = end.max((found.sound_seconds / clock) as i64);
    if keys.first() != Some(&0) || seconds(cuts_ticks.longest(last_end)) > MAX_SEGMENT_SECONDS {
        return Err(WhyEncoded::Keyframes);
    }
    let bits = bits(found, &times, &cuts, clock, seconds(end));
    let allowed = rung.expected_bits(SEGMENT_SECONDS);
    if bits.iter().zip(allowed).any(|(&bits, allowed)| bits as f64 > allowed as f64 * BITS_SLACK) {
        return Err(WhyEncoded::BitRate);
    }
    let frame = |ticks: i64| (seconds(ticks) * rate).round() as i64;
    let cut_frames = Cuts::At(cuts.iter().map(|&cut| frame(cut)).collect());
    // The other rungs may end a frame later.
    let longest_segment = cut_frames.longest(frame(last_end) + 1);
    Ok(Chosen { times, cuts, cut_frames, longest_segment, bits })
}

impl Times {
    fn decoded_end(&self) -> i64 {
        self.decoded + self.duration
    }
}

fn delay(times: &[Times]) -> i64 {
    times.first().map_or(0, |first| first.shown - first.decoded)
}

/// Times of showing from zero on; decoding as late as it can be at an even pace; durations up to the next frame decoded.
fn times(found: &Scan) -> Result<Vec<Times>, WhyEncoded> {
    let packets = &found.packets;
    let mut shown: Vec<i64> = packets.iter().map(|packet| packet.shown).collect();
    let mut in_order = shown.clone();
    in_order.sort_unstable();
    let (Some(&first), Some(&last)) = (in_order.first(), in_order.last()) else {
        return Err(WhyEncoded::Packets);
    };
    if first < 0 || shown[0] != first || in_order.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(WhyEncoded::Times);
    }
    // When the sound starts first, the first picture is there from its start on.
    shown[0] = 0;
    in_order[0] = 0;
    let last_duration = packets
        .iter()
        .find(|packet| packet.shown == last)
        .map(|packet| packet.duration)
        .filter(|&duration| duration > 0)
        .unwrap_or_else(|| in_order.windows(2).last().map_or(1, |pair| pair[1] - pair[0]));
    let delay = in_order.iter().zip(&shown).map(|(order, shown)| order - shown).max().unwrap_or(0);
    let mut highest = -1;
    let mut times = Vec::with_capacity(packets.len());
    for (index, packet) in packets.iter().enumerate() {
        let next = in_order.get(index + 1).copied().unwrap_or(in_order[index] + last_duration);
        // Whoever starts here sees all that follows, and misses nothing that is shown later.
        let is_key = packet.is_idr && highest < shown[index] && in_order[index] == shown[index];
        highest = highest.max(shown[index]);
        times.push(Times {
            shown: shown[index],
            decoded: in_order[index] - delay,
            duration: next - in_order[index],
            is_key,
        });
    }
    Ok(times)
}

/// Of the keyframes after the first, those that make segments nearest to the usual length.
fn choose_cuts(keys: &[i64], clock: f64) -> Vec<i64> {
    let usual = (SEGMENT_SECONDS / clock) as i64;
    let mut cuts = Vec::new();
    let mut start = 0;
    loop {
        let later = keys.iter().copied().filter(|&key| key > start);
        let Some(cut) = later.min_by_key(|&key| (key - start - usual).abs()) else { return cuts };
        cuts.push(cut);
        start = cut;
    }
}

fn bits(found: &Scan, times: &[Times], cuts: &[i64], clock: f64, seconds: f64) -> [u64; 2] {
    let mut bytes = vec![0u64; cuts.len() + 1];
    let mut ends = vec![0i64; cuts.len() + 1];
    let mut segment = 0;
    for (packet, time) in found.packets.iter().zip(times) {
        if time.is_key && cuts.get(segment) == Some(&time.shown) {
            segment += 1;
        }
        bytes[segment] += packet.bytes;
        ends[segment] += time.duration;
    }
    let peak = bytes
        .iter()
        .zip(&ends)
        .map(|(&bytes, &ticks)| bytes as f64 * 8.0 / (ticks as f64 * clock).max(1.0));
    let mean = bytes.iter().sum::<u64>() as f64 * 8.0 / seconds.max(1.0);
    [peak.fold(0.0, f64::max).ceil() as u64, mean.ceil() as u64]
}
