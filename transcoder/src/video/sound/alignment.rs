//! Where sound belongs, by its timestamps: pure arithmetic, in samples as we keep them.
//!
//! A clock that counts sound runs a little fast or slow against the picture's (drift), stamps its pieces a little early or late
//! (jitter), or leaves some out (a hole). Each asks for something else: drift is followed by resampling so little that nobody
//! hears it, jitter is left alone, and a hole is filled with silence where it is. A single timestamp can't tell them apart, so a
//! piece is placed only when those that follow are known.
//!
//! libswresample's own `async` looks at each timestamp by itself: it follows jitter, leaves up to 10 ms of drift, plays a hole
//! of 50 ms as two seconds out of tune, and at equal rates counts from zero again at its first correction.

use std::collections::VecDeque;

/// So far may a piece lie from where the ones before it end until that is a hole, or an overlap, and no jitter.
const STEP: i64 = 18 * MILLISECOND;
/// Pieces that have to agree on a step.
const WITNESSES: usize = 5;
/// How far before and behind a piece its clock is looked at: pieces, or samples, whichever is less.
const REACH_PIECES: usize = 32;
const REACH: i64 = 1000 * MILLISECOND;

const MILLISECOND: i64 = super::SAMPLE_RATE as i64 / 1000;

/// Pieces of sound that wait for those that follow them.
pub struct Alignment<T> {
    waiting: VecDeque<Piece<T>>,
    /// Offsets of the last pieces that were placed, since the last step.
    placed: VecDeque<i64>,
    /// Samples of all pieces so far.
    taken: i64,
    has_begun: bool,
}

struct Piece<T> {
    content: T,
    /// Samples before it.
    before: i64,
    samples: i64,
    /// From those to where its timestamp puts it; `None` for a piece without one.
    offset: Option<i64>,
}

/// What to do with a piece, in samples.
pub struct Placed<T> {
    pub content: T,
    /// Silence to put before it; below zero, so many of its and its successors' samples are to be left out.
    pub step: i64,
    /// How far behind its clock the piece is then, or ahead, below zero: never as much as a step.
    pub lag: i64,
}

impl<T> Default for Alignment<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), placed: VecDeque::new(), taken: 0, has_begun: false }
    }
}

impl<T> Alignment<T> {
    /// Takes the next piece, which should lie at sample `time`.
    pub fn push(&mut self, content: T, samples: i64, time: Option<i64>) {
        let before = self.taken;
        // A timestamp beyond all bounds is none.
        let offset =
            time.and_then(|time| time.checked_sub(before)).filter(|it| it.abs() < i64::MAX / 4);
        self.waiting.push_back(Piece { content, before, samples, offset });
        self.taken += samples;
    }

    /// Samples of all pieces so far.
    pub fn taken(&self) -> i64 {
        self.taken
    }

    /// The next piece, which would lie at sample `position` if nothing was done about it; `None` until enough is known.
    pub fn next(&mut self, position: i64, is_ended: bool) -> Option<Placed<T>> {
        let first = self.waiting.front()?;
        let known = self.taken - first.before - first.samples;
        if !is_ended && known < REACH && self.waiting.len() <= REACH_PIECES {
            return None;
        }
        let is_at = position - first.before;
        let step = self.step(is_at);
        if step != 0 {
            self.placed.clear();
        }
        let lag = self.lag(is_at + step);
        let Piece { content, offset, .. } = self.waiting.pop_front()?;
        self.has_begun = true;
        self.placed.extend(offset);
        if self.placed.len() > REACH_PIECES {
            self.placed.pop_front();
        }
        Some(Placed { content, step, lag })
    }

    fn step(&self, is_at: i64) -> i64 {
        let Some(own) = self.waiting.front().and_then(|first| first.offset) else { return 0 };
        let own = own - is_at;
        let offsets = self.waiting.iter().filter_map(|piece| piece.offset).take(WITNESSES);
        let agreed = median(offsets.collect()).unwrap_or(0) - is_at;
        if !self.has_begun {
            return agreed;
        }
        let is_step = own.abs() >= STEP && agreed.abs() >= STEP * 4 / 5;
        if is_step && own.signum() == agreed.signum() { agreed } else { 0 }
    }

    fn lag(&self, is_at: i64) -> i64 {
        let Some(first) = self.waiting.front() else { return 0 };
        let end = first.before + first.samples + REACH;
        let next = self.waiting.iter().take_while(|piece| piece.before < end).take(REACH_PIECES);
        let offsets = self.placed.iter().copied().chain(next.filter_map(|piece| piece.offset));
        // What is a step away is behind a hole, or wrong.
        let near = offsets.filter(|offset| (offset - is_at).abs() < STEP).collect();
        median(near).map_or(0, |offset| offset - is_at)
    }
}

fn median(mut of: Vec<i64>) -> Option<i64> {
    of.sort_unstable();
    Some((of.get(of.len().checked_sub(1)? / 2)? + of.get(of.len() / 2)?) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of AAC.
    const FRAME: i64 = 1024;
    /// Of whatever is behind, so much is made up for with each piece.
    const SHARE: f64 = 1.0 / 140.0;

    /// Lays frames of which number `n` is stamped `time(n)`, none where that is `None`, and gives for each the position it came to. A lag is
    /// followed as the resampler would, all steps are taken.
    fn laid(frames: i64, time: impl Fn(i64) -> Option<i64>) -> (Vec<(i64, f64)>, Vec<i64>) {
        let mut alignment = Alignment::default();
        let (mut position, mut places, mut steps) = (0.0, Vec::new(), Vec::new());
        for number in 0..=frames {
            if number < frames {
                alignment.push(number, FRAME, time(number));
            }
            while let Some(placed) = alignment.next(position as i64, number == frames) {
                position += placed.step as f64;
                if placed.step != 0 {
                    steps.push(placed.step);
                }
                places.push((placed.content, position));
                position += FRAME as f64 + placed.lag as f64 * SHARE;
            }
        }
        assert_eq!(places.len() as i64, frames);
        (places, steps)
    }

    /// The furthest that any frame lies from `time`, in milliseconds.
    fn worst(places: &[(i64, f64)], time: impl Fn(i64) -> i64) -> f64 {
        let off = places.iter().map(|&(number, place)| (place - time(number) as f64).abs());
        off.fold(0.0, f64::max) / MILLISECOND as f64
    }

    /// Repeatable, from −1 to 1.
    fn noise(number: i64) -> f64 {
        let mixed = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 33) as f64 / f64::from(1 << 30) - 1.0
    }

    #[test]
    fn a_steady_clock_is_left_alone() {
        let (places, steps) = laid(500, |number| Some(number * FRAME));
        assert_eq!((worst(&places, |number| number * FRAME), steps), (0.0, vec![]));
    }

    #[test]
    fn drift_is_followed_without_a_step() {
        for millionths in [-1000, -500, -20, 20, 100, 1000] {
            let time = |number: i64| number * FRAME + number * FRAME * millionths / 1_000_000;
            let (places, steps) = laid(4000, |number| Some(time(number)));
            assert!(worst(&places, time) < 5.0, "{millionths}: {}", worst(&places, time));
            assert!(steps.iter().all(|step| step.abs() < 5), "{millionths}: {steps:?}");
        }
    }

    #[test]
    fn jitter_is_no_step_and_moves_little() {
        let shake = |number: i64| (noise(number) * 12.0 * MILLISECOND as f64) as i64;
        let time = |number: i64| number * FRAME + number * FRAME / 10_000;
        let (places, steps) = laid(4000, |number| Some(time(number) + shake(number)));
        assert!(worst(&places, time) < 7.0, "{}", worst(&places, time));
        assert!(steps.len() <= 1, "only the first frame's: {steps:?}");
    }

    #[test]
    fn a_hole_is_filled_where_it_is_and_an_overlap_is_left_out() {
        for missing in [30, 100, 3000, -40, -2000] {
            let missing = missing * MILLISECOND;
            let time = |number: i64| number * FRAME + if number >= 200 { missing } else { 0 };
            let (places, steps) = laid(400, |number| Some(time(number)));
            assert_eq!(steps, [missing]);
            assert_eq!(worst(&places, time), 0.0);
        }
    }

    #[test]
    fn sound_that_begins_late_or_early_does_so() {
        for begin in [500 * MILLISECOND, 5, -5, -100 * MILLISECOND] {
            let (_, steps) = laid(100, |number| Some(number * FRAME + begin));
            assert_eq!(steps, [begin]);
        }
    }

    #[test]
    fn a_single_wrong_timestamp_and_missing_ones_change_nothing() {
        let time = |number: i64| match number {
            150 => Some(number * FRAME + 5_000 * MILLISECOND),
            200 => Some(i64::MIN),
            _ if number % 3 == 0 => None,
            _ => Some(number * FRAME),
        };
        let (places, steps) = laid(400, time);
        assert_eq!((worst(&places, |number| number * FRAME), steps), (0.0, vec![]));
    }
}
