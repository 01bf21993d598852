//! Where the clocks of MPEG-TS and MPEG-PS jump, and where the parts between the jumps go: pure arithmetic, in their ticks.
//!
//! A part is what was stamped by one clock. Time that goes back begins one, in whichever track it shows first; the other track
//! follows when its own time jumps, to where the part is. Within a part, a second in which no track has anything is a jump ahead: it
//! takes no time. What only one of the tracks misses is a hole of its own, and stays.

use std::ops::Range;

pub const TICKS_PER_SECOND: i32 = 90_000;
const SECOND: i64 = TICKS_PER_SECOND as i64;
/// After which clocks begin at zero.
const WRAP: i64 = 1 << 33;

/// Time may go back by so much; more is another clock. Durations are guesses now and then.
const SLACK: i64 = SECOND / 4;
/// Whoever is no further off than this from where a track's packets end surely follows them.
const TIGHT: i64 = SECOND / 10;
/// Nobody sends picture and sound of one time further apart than this.
const INTERLEAVED: i64 = 2 * SECOND;
/// Longer than this nothing comes: a jump.
const LONGEST_PAUSE: i64 = SECOND;

/// A packet's times, in ticks. In MPEG-PS many a picture has but one, which libav counts.
#[derive(Clone, Copy)]
pub struct Stamp {
    pub decoded: Option<i64>,
    pub shown: Option<i64>,
    pub duration: i64,
}

pub struct Parts {
    tracks: Vec<Track>,
    count: usize,
}

#[derive(Default)]
struct Track {
    packets: Vec<Located>,
    part: usize,
    /// Where its packets end by their decoding times; `None` before the first that has one.
    end: Option<i64>,
    /// From decoding to showing, at the least.
    wait: Option<i64>,
    /// All that was added, jumps left out.
    length: i64,
    /// One that jumps, which the next has to confirm.
    doubted: Option<Stamp>,
}

/// A packet in its part. Its times are unwrapped: within a part they are on one line.
#[derive(Clone, Copy)]
enum Located {
    At {
        part: usize,
        shown: i64,
        duration: i64,
        /// From the time that was stamped to the unwrapped one: whole wraps.
        unwrapping: i64,
    },
    /// Nothing is said.
    Unsaid,
    /// What is said is wrong.
    Wrong,
}

/// What to add to the times of each track's packets from the given numbers on, `None` where they are wrong, and where each track then
/// ends.
#[derive(Debug, PartialEq)]
pub struct Placed {
    pub shifts: Vec<Vec<(usize, Option<i64>)>>,
    pub ends: Vec<i64>,
}

pub fn seconds(ticks: i64) -> f64 {
    ticks as f64 / f64::from(TICKS_PER_SECOND)
}

/// How far a time lies behind another, before it if below zero, the short way round.
pub fn apart(time: i64, other: i64) -> i64 {
    (time.wrapping_sub(other) + WRAP / 2).rem_euclid(WRAP) - WRAP / 2
}

impl Parts {
    pub fn new(tracks: usize) -> Self {
        Self { tracks: (0..tracks).map(|_| Track::default()).collect(), count: 1 }
    }

    pub fn packets(&self, track: usize) -> usize {
        self.tracks[track].packets.len()
    }

    /// How much of a track there is.
    pub fn seconds(&self, track: usize) -> f64 {
        seconds(self.tracks[track].length)
    }

    /// Takes the next packet of the file.
    pub fn add(&mut self, track: usize, stamp: Stamp) {
        if let Some(doubted) = self.tracks[track].doubted.take() {
            let at = &mut self.tracks[track];
            let would_end = at.end.map(|end| end + doubted.duration);
            if stamp.decoded.zip(would_end).is_some_and(|(time, end)| follows(apart(time, end))) {
                at.pass_over(Located::Wrong, doubted.duration);
            } else {
                self.locate(track, doubted);
            }
        }
        let at = &mut self.tracks[track];
        if stamp.decoded.zip(at.end).is_some_and(|(time, end)| !follows(apart(time, end))) {
            at.doubted = Some(stamp);
        } else {
            self.locate(track, stamp);
        }
    }

    fn locate(&mut self, track: usize, stamp: Stamp) {
        let Stamp { decoded: Some(decoded), shown, duration } = stamp else {
            return self.tracks[track].pass_over(Located::Unsaid, stamp.duration);
        };
        let part = self.part_of(track, decoded);
        let at = &self.tracks[track];
        let end = at.end.filter(|_| part == at.part);
        // In a part where the track has nothing yet, the other track tells on which side of a wrap it is.
        let near = end.or_else(|| self.end_of(part, track)).unwrap_or(decoded);
        let time = near + apart(decoded, near);
        let unwrapping = time - decoded;
        let pause = end.map_or(0, |end| time - end);
        let at = &mut self.tracks[track];
        if let Some(shown) = shown {
            at.wait = Some(at.wait.unwrap_or(i64::MAX).min(shown - decoded).max(0));
        }
        let shown = shown.unwrap_or(decoded + at.wait.unwrap_or(0));
        at.part = part;
        at.end = Some(time + duration);
        at.length += duration + if follows(pause) { pause } else { 0 };
        at.packets.push(Located::At { part, shown: shown + unwrapping, duration, unwrapping });
    }

    /// To which part a packet of a track belongs that is decoded at `time`; perhaps a new one.
    fn part_of(&mut self, track: usize, time: i64) -> usize {
        let current = self.tracks[track].part;
        let Some(end) = self.tracks[track].end else {
            // Its first: with whatever the others are at.
            return (0..self.tracks.len()).map(|other| self.tracks[other].part).max().unwrap_or(0);
        };
        let ahead = apart(time, end);
        if ahead.abs() <= TIGHT {
            return current;
        }
        let others = (0..self.tracks.len()).filter(|&other| other != track);
        let joined = others
            .map(|other| &self.tracks[other])
            .filter(|other| other.part != current)
            .filter(|other| other.end.is_some_and(|end| apart(time, end).abs() <= INTERLEAVED))
            .map(|other| other.part)
            .max();
        match joined {
            Some(part) if part > current || ahead < -SLACK => part,
            _ if ahead >= -SLACK => current,
            _ => {
                self.count += 1;
                self.count - 1
            }
        }
    }

    fn end_of(&self, part: usize, except: usize) -> Option<i64> {
        let tracks = self.tracks.iter().enumerate();
        let others = tracks.filter(|(number, track)| *number != except && track.part == part);
        others.filter_map(|(_, track)| track.end).next()
    }

    /// Where everything goes.
    pub fn place(mut self) -> Placed {
        let tracks = self.tracks.len();
        for track in 0..tracks {
            if let Some(doubted) = self.tracks[track].doubted.take() {
                self.locate(track, doubted);
            }
        }
        let mut placed = Placed { shifts: vec![Vec::new(); tracks], ends: vec![0; tracks] };
        let mut is_begun = vec![false; tracks];
        let mut lines = Vec::with_capacity(self.count);
        for part in 0..self.count {
            let line = Line::of(&self.tracks, part);
            let begins = line.spans.iter().zip(&placed.ends).zip(&is_begun);
            let after = begins
                .filter_map(|((span, end), is_begun)| {
                    span.as_ref().filter(|_| *is_begun).map(|span| end - span.start)
                })
                .max();
            let first = line.spans.iter().flatten().map(|span| span.start).min().unwrap_or(0);
            let shift = after.unwrap_or(placed.ends.iter().max().copied().unwrap_or(0) - first);
            for (track, span) in line.spans.iter().enumerate() {
                if let Some(span) = span {
                    placed.ends[track] = placed.ends[track].max(span.end + shift);
                    is_begun[track] = true;
                }
            }
            lines.push((line, shift));
        }
        for (track, shifts) in self.tracks.iter().zip(&mut placed.shifts) {
            // Of what is said now and then only, the shift is the one before.
            let mut shift = Some(0);
            for (number, packet) in track.packets.iter().enumerate() {
                let new = match *packet {
                    Located::At { part, shown, unwrapping, .. } => {
                        let (line, shift) = &lines[part];
                        Some(unwrapping + shift - line.skipped_before(shown))
                    }
                    Located::Unsaid => shift,
                    Located::Wrong => None,
                };
                if shifts.last().is_none_or(|(_, last)| *last != new) {
                    shifts.push((number, new));
                }
                shift = new.or(shift);
            }
        }
        placed
    }
}

impl Track {
    fn pass_over(&mut self, located: Located, duration: i64) {
        self.end = self.end.map(|end| end + duration);
        self.length += duration;
        self.packets.push(located);
    }

    /// When what it has of a part is shown.
    fn spans(&self, of_part: usize) -> Vec<Range<i64>> {
        let spans = self.packets.iter().filter_map(|packet| match *packet {
            Located::At { part, shown, duration, .. } => {
                (part == of_part).then(|| shown..shown + duration)
            }
            Located::Unsaid | Located::Wrong => None,
        });
        spans.collect()
    }
}

/// Whether a packet so far behind the end of the one before surely follows it.
fn follows(ahead: i64) -> bool {
    (-SLACK..=LONGEST_PAUSE).contains(&ahead)
}

/// A part without the pauses in which no track has anything.
struct Line {
    /// Pauses, ascending.
    pauses: Vec<Range<i64>>,
    /// From the first picture or sample of each track to the end of its last, on the shortened line.
    spans: Vec<Option<Range<i64>>>,
}

impl Line {
    fn of(tracks: &[Track], part: usize) -> Self {
        let tracks: Vec<Vec<Range<i64>>> = tracks.iter().map(|track| track.spans(part)).collect();
        let mut all: Vec<Range<i64>> = tracks.iter().flatten().cloned().collect();
        all.sort_unstable_by_key(|span| span.start);
        let mut pauses = Vec::new();
        let mut end = all.first().map_or(0, |first| first.end);
        for span in all {
            if span.start - end > LONGEST_PAUSE {
                pauses.push(end..span.start);
            }
            end = end.max(span.end);
        }
        let mut line = Self { pauses, spans: Vec::new() };
        let whole = |spans: &Vec<Range<i64>>| {
            let start = spans.iter().map(|span| span.start).min()?;
            let end = spans.iter().map(|span| span.end - line.skipped_before(span.start)).max()?;
            Some(start - line.skipped_before(start)..end)
        };
        line.spans = tracks.iter().map(whole).collect();
        line
    }

    fn skipped_before(&self, time: i64) -> i64 {
        let before = self.pauses.iter().take_while(|pause| pause.end <= time);
        before.map(|pause| pause.end - pause.start).sum()
    }
}

#[cfg(test)]
mod tests;
