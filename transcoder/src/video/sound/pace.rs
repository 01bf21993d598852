//! Whether the stamps of a track go at the pace of its samples.
//!
//! AVI stamps no sound: it has a count of bytes or chunks, and its header says how many of them are a second. Where that is wrong, as
//! FFmpeg writes it for DTS, E-AC-3 and G.726, stamps are hundreds of times too far apart: the sound would come out in shreds, or on a
//! heap.
//!
//! Not here: drift, which is far less, and holes, which are a few places of many (see `alignment`).

/// Stamps that are further than this from what the samples count, as a share of that, are no drift: no clock is so wrong.
const FAR: f64 = 0.05;

/// What the stamps of a track's packets say, and what its samples do.
#[derive(Default)]
pub struct Pace {
    first: Option<Mark>,
    last: Option<Mark>,
    steps: usize,
    far_steps: usize,
}

#[derive(Clone, Copy)]
struct Mark {
    stamped: f64,
    counted: f64,
}

/// How long a track is, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lengths {
    pub by_stamps: f64,
    pub by_samples: f64,
}

impl Pace {
    /// The next packet is stamped so, and so many seconds of samples came before it.
    pub fn note(&mut self, stamped: f64, counted: f64) {
        let mark = Mark { stamped, counted };
        self.first.get_or_insert(mark);
        if let Some(last) = self.last.replace(mark) {
            self.steps += 1;
            self.far_steps += usize::from(Lengths::between(last, mark).are_far_apart());
        }
    }

    /// The lengths, if they are far apart and get there with most of the packets. Counts of bytes are early and late by turns
    /// where packets differ in size, and agree in the end; a hole is far apart only where it is.
    pub fn disagreement(&self) -> Option<Lengths> {
        let lengths = Lengths::between(self.first?, self.last?);
        (lengths.are_far_apart() && self.far_steps * 2 > self.steps).then_some(lengths)
    }
}

impl Lengths {
    fn between(first: Mark, last: Mark) -> Self {
        Self { by_stamps: last.stamped - first.stamped, by_samples: last.counted - first.counted }
    }

    fn are_far_apart(self) -> bool {
        (self.by_stamps - self.by_samples).abs() > FAR * self.by_samples
    }

    /// Whether the samples are nearer to a picture of so many seconds than the stamps.
    pub fn samples_suit(self, picture_seconds: f64) -> bool {
        (self.by_samples - picture_seconds).abs() < (self.by_stamps - picture_seconds).abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of packets of 20 ms, of which number `n` is stamped `time(n)`.
    fn disagreement(packets: u32, time: impl Fn(f64) -> f64) -> Option<Lengths> {
        let mut pace = Pace::default();
        (0..packets).for_each(|n| pace.note(time(f64::from(n)), f64::from(n) * 0.02));
        pace.disagreement()
    }

    #[test]
    fn stamps_too_far_apart_or_too_close_disagree_with_the_samples() {
        for factor in [471.0, 1.1, 0.9, 0.1, 0.0] {
            let lengths = disagreement(500, |n| n * 0.02 * factor).unwrap();
            assert!((lengths.by_stamps - 9.98 * factor).abs() < 0.01, "{lengths:?}");
            assert!((lengths.by_samples - 9.98).abs() < 0.01, "{lengths:?}");
            assert!(lengths.samples_suit(10.0), "{lengths:?}");
            assert!(!lengths.samples_suit(lengths.by_stamps), "{lengths:?}");
        }
    }

    #[test]
    fn drift_holes_and_uneven_packets_do_not() {
        let second = |n: f64| n * 0.02;
        assert_eq!(disagreement(500, |n| second(n) * 1.001), None);
        assert_eq!(disagreement(500, |n| second(n) * 0.999), None);
        assert_eq!(disagreement(500, |n| second(n) + if n < 250.0 { 0.0 } else { 60.0 }), None);
        assert_eq!(disagreement(500, |n| second(n) + 0.005 * (n % 2.0)), None);
        assert_eq!(disagreement(1, second), None);
        assert_eq!(disagreement(0, second), None);
    }
}
