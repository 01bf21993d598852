//! When packets are: from a file's timestamps to times that count from the clip's start, alike for whoever reads the file.
//!
//! Most containers have one clock from start to end. MPEG-TS and MPEG-PS need not: files joined end to end, as DVDs and AVCHD
//! camcorders split them, and recorders that start anew in the same file begin again wherever their clock stands; and their clocks
//! wrap after 26½ hours. libav hands all that on as it is. So these are read once without decoding, `parts` finds out where clocks
//! jump, and what lies behind a jump follows what lies before it: picture and sound by the same, so that they stay together.
//!
//! Invariants: every reader goes through [`Clock::read`], and sees the same times; packets are told apart by their number in their
//! track, which is the same for everyone who reads the file from its beginning.
//!
//! Not here: an honest gap in any other container, which stays a gap.

mod parts;

use super::libav;
use crate::refusal::{Refusal, Result};
use ff::codec::packet::Packet;
use ff::format::context::Input;
use ff::media::Type;
use ffmpeg_next as ff;
use parts::{Parts, Stamp, apart};
use std::collections::BTreeMap;
use std::ops::Range;
use transcoder_protocol::Failure;

/// Formats whose clocks may jump, by libav's names.
const JUMPING_FORMATS: [&str; 2] = ["mpegts", "mpeg"];

/// Whoever sends more packets for each second than this sends no film.
const MOST_PACKETS_A_SECOND: f64 = 1000.0;

/// The two tracks' times.
#[derive(Clone, Debug)]
pub struct Timeline {
    tracks: Vec<TrackTimes>,
    /// How much picture there is, in seconds, also what is in tracks that show up late and are not played; if it was looked for.
    pub picture_seconds: Option<f64>,
}

#[derive(Clone, Debug)]
struct TrackTimes {
    index: usize,
    /// From packets of these numbers on, so many ticks are added to their times; `None`, where they are wrong. Ascending, the first
    /// is zero.
    shifts: Vec<(usize, Option<i64>)>,
    wraps: bool,
}

/// A track as it is read.
#[derive(Clone, Copy)]
pub struct Timed {
    pub index: usize,
    pub time_base: ff::Rational,
}

/// Whether a container of this format, by libav's name, says when each packet is by one clock alone.
pub fn may_jump(format: &str) -> bool {
    JUMPING_FORMATS.contains(&format)
}

/// Whether a container of this format, by libav's name, has no stamps of sound, but counts its bytes or chunks.
pub fn only_counts_sound(format: &str) -> bool {
    format == "avi"
}

impl Timeline {
    /// Of a file with one clock, on which the clip starts at `start_us`.
    pub fn steady(tracks: &[Timed], start_us: i64) -> Self {
        let tracks = tracks.iter().map(|track| {
            let start = (start_us as f64 / 1e6 / f64::from(track.time_base)).round() as i64;
            TrackTimes { index: track.index, shifts: vec![(0, Some(-start))], wraps: false }
        });
        Self { tracks: tracks.collect(), picture_seconds: None }
    }

    /// Reads all of a file whose clocks may jump; the first of the tracks is the picture, `known` are all that were there when it
    /// was opened. Ends early, as `TooLong`, when the picture is longer than `max_seconds`.
    pub fn measure(
        mut input: Input,
        tracks: &[Timed],
        known: usize,
        max_seconds: f64,
    ) -> Result<Self> {
        let mut parts = Parts::new(tracks.len());
        let mut strangers = BTreeMap::<usize, Range<i64>>::new();
        let most = (max_seconds * MOST_PACKETS_A_SECOND) as usize;
        let wanted: Vec<usize> = tracks.iter().map(|track| track.index).collect();
        libav::read_only(&mut input, &wanted);
        let mut packet = Packet::empty();
        loop {
            match libav::read(&mut input, &mut packet) {
                Ok(()) => {}
                Err(ff::Error::InvalidData) if !libav::is_at_end(&input) => continue,
                // Whatever else is wrong with the file shows when the clip is made.
                Err(_) => break,
            }
            let stream = packet.stream();
            let Some(track) = tracks.iter().position(|track| track.index == stream) else {
                if stream >= known
                    && input
                        .stream(stream)
                        .is_some_and(|it| it.parameters().medium() == Type::Video)
                    && let Some(time) = packet.dts().or(packet.pts())
                {
                    let seen = strangers.entry(stream).or_insert(time..time);
                    seen.end = seen.end.max(seen.start + apart(time, seen.start));
                }
                continue;
            };
            // Of the sound, what is beyond the longest picture is not played anyway.
            let is_over = parts.packets(track) >= most || parts.seconds(track) > max_seconds;
            if is_over && track == 0 {
                return Err(Refusal::new(Failure::TooLong, format!("over {max_seconds:.1} s")));
            }
            if !is_over {
                parts.add(track, stamp(&packet, tracks[track].time_base));
            }
        }
        let placed = parts.place();
        let tracks = tracks.iter().zip(placed.shifts).map(|(track, shifts)| TrackTimes {
            index: track.index,
            shifts: shifts
                .into_iter()
                .map(|(number, shift)| (number, shift.map(|it| from_parts(it, track.time_base))))
                .collect(),
            wraps: true,
        });
        let played = placed.ends.first().copied().unwrap_or(0);
        let unplayed: i64 = strangers.into_values().map(|seen| seen.end - seen.start).sum();
        Ok(Self {
            tracks: tracks.collect(),
            picture_seconds: Some(parts::seconds(played + unplayed)),
        })
    }

    /// Believes of this track when it begins, and no later time: what follows has none.
    pub fn disbelieve(&mut self, index: usize) {
        for track in self.tracks.iter_mut().filter(|track| track.index == index) {
            track.shifts.truncate(1);
            track.shifts.push((1, None));
        }
    }

    /// For one reading of the file from its beginning.
    pub fn clock(&self) -> Clock {
        let tracks = self.tracks.iter().cloned().map(|times| (times, 0, 0));
        Clock { tracks: tracks.collect() }
    }
}

/// Where one reader is.
pub struct Clock {
    /// With the number of packets so far, and which shift is in force.
    tracks: Vec<(TrackTimes, usize, usize)>,
}

impl Clock {
    /// The next packet of any track in place of the one before, its times counting from the clip's start.
    pub fn read(&mut self, input: &mut Input, packet: &mut Packet) -> Result<(), ff::Error> {
        libav::read(input, packet)?;
        self.place(packet);
        Ok(())
    }

    fn place(&mut self, packet: &mut Packet) {
        let stream = packet.stream();
        let Some((times, number, at)) =
            self.tracks.iter_mut().find(|(times, ..)| times.index == stream)
        else {
            return;
        };
        while times.shifts.get(*at + 1).is_some_and(|(first, _)| first <= number) {
            *at += 1;
        }
        *number += 1;
        let shift = times.shifts.get(*at).map_or(Some(0), |(_, shift)| *shift);
        let (shown, decoded) = (packet.pts(), packet.dts());
        let placed = |time: i64| time.checked_add(shift?);
        // Of a wrap between the two libav may know or not.
        let shown = match (shown, decoded) {
            (Some(shown), Some(decoded)) if times.wraps => Some(decoded + apart(shown, decoded)),
            _ => shown,
        };
        packet.set_pts(shown.and_then(placed));
        packet.set_dts(decoded.and_then(placed));
    }
}

fn stamp(packet: &Packet, time_base: ff::Rational) -> Stamp {
    let ticks = |time: i64| to_parts(time, time_base);
    let (shown, decoded) = (packet.pts().map(ticks), packet.dts().map(ticks));
    Stamp {
        decoded: decoded.or(shown),
        shown: match (shown, decoded) {
            (Some(shown), Some(decoded)) => Some(decoded + apart(shown, decoded)),
            _ => shown,
        },
        duration: ticks(packet.duration().max(0)),
    }
}

/// Ticks of a track in those of [`parts`]; in both formats they are the same.
fn to_parts(ticks: i64, time_base: ff::Rational) -> i64 {
    rescaled(ticks, f64::from(time_base) * f64::from(parts::TICKS_PER_SECOND))
}

fn from_parts(ticks: i64, time_base: ff::Rational) -> i64 {
    rescaled(ticks, 1.0 / (f64::from(time_base) * f64::from(parts::TICKS_PER_SECOND)))
}

fn rescaled(ticks: i64, by: f64) -> i64 {
    if (by - 1.0).abs() < 1e-9 { ticks } else { (ticks as f64 * by).round() as i64 }
}
