//! How the work on one attempt moves, and how long it will still take. Pure.
//!
//! Progress is uneven: a clip's sound is heard first, scenes differ, other work comes between. So the speed is half that of the
//! whole attempt and half that of its last moments, and what is said changes slowly: it follows good news sooner than bad, and grows
//! by no more than a second in a second. Nothing is said before the bar has moved for a while, nor once nothing was heard for a while.

use crate::time_id::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The bar must have moved for so long, and so far, before its speed means something.
const TRUSTED_AFTER: Duration = Duration::from_secs(5);
const TRUSTED_PERMILLE: u16 = 20;
/// Reports that come faster are taken together.
const LEAST_STEP: Duration = Duration::from_millis(800);
/// How far back the last moments reach.
const RECENT_SECONDS: f64 = 15.0;
/// How quickly what is said follows what is found: bad news slowly, they may pass; good news soon.
const FOLLOW_UP_SECONDS: f64 = 8.0;
const FOLLOW_DOWN_SECONDS: f64 = 3.0;
/// A child reports several times a second. Of one that is silent for so long nobody knows when it will be done.
const STALE_AFTER: Duration = Duration::from_secs(15);
const DONE: u16 = 1000;

/// What is known of an attempt's speed. Kept on the video's row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// The last moment at which nothing was done.
    began: Timestamp,
    /// The last report that counted.
    at: Timestamp,
    permille: u16,
    /// Of the last moments, in thousandths a second; `None` until the bar moves.
    recent: Option<f64>,
    /// When it will be done, as it was last said.
    ends: Option<Timestamp>,
}

impl Pace {
    pub fn begin(now: Timestamp) -> Self {
        Self { began: now, at: now, permille: 0, recent: None, ends: None }
    }

    /// Hears that so much is done, 0 to 1000. A number that falls begins anew.
    pub fn note(&mut self, now: Timestamp, permille: u16) {
        if permille == 0 || permille < self.permille {
            *self = Self::begin(now);
            return;
        }
        let step = now.since(self.at);
        if step < LEAST_STEP {
            return;
        }
        let step = step.as_secs_f64();
        let speed = f64::from(permille - self.permille) / step;
        let old = self.recent.unwrap_or(speed);
        self.recent = Some(old + (speed - old) * share(step, RECENT_SECONDS));
        let said = self.ends.map(|ends| ends.since(self.at).as_secs_f64());
        (self.at, self.permille) = (now, permille);
        let found = self.found();
        self.ends = match (said, found) {
            (_, None) => None,
            (None, Some(found)) => Some(found),
            (Some(said), Some(found)) => {
                let still = (said - step).max(0.0);
                let follow = if found < still { FOLLOW_DOWN_SECONDS } else { FOLLOW_UP_SECONDS };
                Some((still + (found - still) * share(step, follow)).min(said + step))
            }
        }
        .map(|left| now.plus(Duration::from_secs_f64(left)));
    }

    /// Seconds left by the speed alone, once it means something.
    fn found(&self) -> Option<f64> {
        let elapsed = self.at.since(self.began);
        if elapsed < TRUSTED_AFTER || self.permille < TRUSTED_PERMILLE {
            return None;
        }
        let whole = f64::from(self.permille) / elapsed.as_secs_f64();
        let speed = (whole + self.recent?) / 2.0;
        Some(f64::from(DONE.saturating_sub(self.permille)) / speed)
    }

    /// How long it will still take, as far as that can be told.
    pub fn left(&self, now: Timestamp) -> Option<Duration> {
        let ends = self.ends.filter(|_| now.since(self.at) < STALE_AFTER)?;
        Some(ends.since(now))
    }
}

/// How much of the way to a new value `seconds` lead, when it is followed within about `span` seconds.
fn share(seconds: f64, span: f64) -> f64 {
    1.0 - (-seconds / span).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_795_316_400_000;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(START + ms)
    }

    /// `(seconds, said)` after each of these reports of `(milliseconds, permille)`.
    fn follow(reports: impl IntoIterator<Item = (i64, u16)>) -> Vec<(f64, Option<f64>)> {
        let mut pace = Pace::begin(at(0));
        let said = |(ms, permille)| {
            pace.note(at(ms), permille);
            (ms as f64 / 1000.0, pace.left(at(ms)).map(|left| left.as_secs_f64()))
        };
        reports.into_iter().map(said).collect()
    }

    /// As the transcoder told it on a busy machine, of a clip that is easy, then noise, then easy again: milliseconds, and thousandths of
    /// which the last forty are for storing. All was done after [`RECORDED_SECONDS`].
    #[rustfmt::skip]
    const RECORDED: [(i64, u16); 45] = [
        (175, 0), (1196, 0), (2254, 24), (3259, 153), (4266, 262), (5304, 307), (6404, 312), (7404, 316), (8523, 318),
        (9578, 324), (10608, 329), (11728, 336), (12932, 343), (14204, 351), (15400, 360), (16474, 366), (17548, 374),
        (18708, 380), (19739, 384), (20804, 389), (21997, 398), (23044, 412), (24118, 425), (25152, 432), (26390, 443),
        (27638, 447), (28784, 454), (29936, 455), (30982, 461), (32004, 466), (33196, 470), (34408, 474), (35476, 479),
        (36716, 485), (37946, 491), (38970, 503), (39996, 515), (41052, 528), (42132, 545), (43164, 565), (44172, 634),
        (45183, 711), (46192, 794), (47197, 854), (47951, 931),
    ];
    const RECORDED_SECONDS: f64 = 48.2;

    #[test]
    fn a_steady_bar_is_foretold_within_a_few_seconds() {
        let steady = (1..100).map(|second| (second * 1000, (second * 10) as u16));
        for (seconds, said) in follow(steady) {
            match said {
                None => assert!(seconds < 6.0, "nothing after {seconds} s"),
                Some(left) => {
                    assert!((left - (100.0 - seconds)).abs() < 3.0, "{left} at {seconds}");
                }
            }
        }
    }

    #[test]
    fn an_uneven_bar_is_followed_without_a_jump() {
        let mut last: Option<(f64, f64)> = None;
        let mut errors = Vec::new();
        for (seconds, left) in follow(RECORDED) {
            let Some(left) = left else {
                assert!(last.is_none(), "what was said is taken back at {seconds}");
                continue;
            };
            if let Some((before, was)) = last {
                let grown = left - was;
                assert!(grown <= seconds - before + 0.01, "from {was} to {left} at {seconds}");
            }
            errors.push((left - (RECORDED_SECONDS - seconds)).abs());
            last = Some((seconds, left));
        }
        assert!(errors.len() > 35, "it is said from the first seconds to the end");
        assert!(errors.iter().all(|error| *error < 30.0), "{errors:?}");
        let mean = errors.iter().sum::<f64>() / errors.len() as f64;
        assert!(mean < 20.0, "{mean}");
    }

    #[test]
    fn nothing_is_said_before_the_bar_has_moved_for_a_while() {
        // Twenty seconds of nothing do not make it slow, either.
        let waiting = (1..20).map(|second| (second * 1000, 0));
        let moving = (20..30).map(|second| (second * 1000, (second - 19) as u16 * 50));
        let said = follow(waiting.chain(moving));
        assert!(said[..22].iter().all(|(_, left)| left.is_none()), "{said:?}");
        let (_, left) = said[28];
        assert!((left.unwrap() - 10.0).abs() < 3.0, "{left:?}");
    }

    #[test]
    fn a_bar_that_stands_still_says_nothing_in_the_end() {
        let mut pace = Pace::begin(at(0));
        for second in 0..10 {
            pace.note(at(second * 1000), second as u16 * 40);
        }
        let before = pace.left(at(9000)).unwrap();
        // It counts down by itself between two reports …
        let later = pace.left(at(12_000)).unwrap();
        assert_eq!(before - later, Duration::from_secs(3));
        // … and says more while the bar stands, never less than nothing.
        pace.note(at(19_000), 360);
        assert!(pace.left(at(19_000)).unwrap() > later);
        assert!(pace.left(at(35_000)).is_none(), "nobody knows any more");
    }

    #[test]
    fn what_is_made_anew_is_told_anew() {
        let mut pace = Pace::begin(at(0));
        for second in 0..10 {
            pace.note(at(second * 1000), second as u16 * 40);
        }
        assert!(pace.left(at(9000)).is_some());
        pace.note(at(10_000), 5);
        assert!(pace.left(at(10_000)).is_none());
    }
}
