//! How much of a clip there is: what its container claims, what was read, and what could be shown. Containers lie, downloads
//! break off, and what broke off may be filled with zeros; what can be shown is made, and its author is told of the rest.

use crate::refusal::{Refusal, Result};
use transcoder_protocol::{CutShort, Failure};

/// A picture that ends this much too early has lost something: seconds, and share of the length.
const MISSING_SECONDS: f64 = 0.5;
const MISSING_SHARE: f64 = 0.1;
/// Less than this of a damaged clip is no clip.
const LEAST_SECONDS: f64 = 1.0;

/// All times in seconds from the clip's start.
#[derive(Default)]
pub struct Extent {
    read: f64,
    shown: f64,
    heard: f64,
}

impl Extent {
    /// A packet of the picture lasts until then.
    pub fn note_packet(&mut self, end: f64) {
        self.read = self.read.max(end);
    }

    /// A frame came out of the decoder that is shown until then.
    pub fn note_frame(&mut self, end: f64) {
        self.shown = self.shown.max(end);
    }

    /// A packet of the sound begins then, or follows what came before it, and lasts so long.
    pub fn note_sound(&mut self, time: Option<f64>, duration: f64) {
        self.heard = self.heard.max(time.unwrap_or(self.heard) + duration.max(0.0));
    }

    /// Where the packets end.
    pub fn read(&self) -> f64 {
        self.read
    }

    /// Where the picture ends, once the decoder has given all it has.
    pub fn end(&self) -> f64 {
        if falls_short(self.shown, self.read) { self.shown } else { self.read }
    }

    /// What of the claimed length there is not, of a clip whose picture and sound end at `end`. Refuses with `Damaged` when too
    /// little is left.
    pub fn check(&self, claimed: Option<f64>, end: f64) -> Result<Option<CutShort>> {
        let claimed = claimed.unwrap_or(0.0).max(self.read);
        if !falls_short(end, claimed) && !falls_short(self.shown, self.read) {
            return Ok(None);
        }
        if self.end() < LEAST_SECONDS {
            let detail = format!("{:.2} s of the {claimed:.2} s it claims", self.end());
            return Err(Refusal::new(Failure::Damaged, detail));
        }
        Ok(Some(cut_short(claimed)))
    }

    /// What of the sound's length there is not, of one that was cut off at `end`.
    pub fn check_sound(&self, end: f64) -> Option<CutShort> {
        falls_short(end, self.heard).then(|| cut_short(self.heard))
    }
}

fn cut_short(claimed: f64) -> CutShort {
    CutShort { claimed_ms: (claimed * 1000.0).round() as u64 }
}

fn falls_short(there: f64, expected: f64) -> bool {
    expected - there > MISSING_SECONDS.max(MISSING_SHARE * expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(read: f64, shown: f64) -> Extent {
        let mut extent = Extent::default();
        extent.note_packet(read);
        extent.note_frame(shown);
        extent
    }

    #[test]
    fn a_whole_clip_is_whole_though_its_last_frame_is_a_little_early() {
        let clip = extent(9.9, 9.8);
        assert_eq!(clip.end(), 9.9);
        assert_eq!(clip.check(Some(10.0), 9.9).ok(), Some(None));
        assert_eq!(clip.check(None, 9.9).ok(), Some(None));
        assert_eq!(extent(0.2, 0.2).check(Some(0.2), 0.2).ok(), Some(None));
    }

    #[test]
    fn what_was_read_but_could_not_be_shown_is_missing() {
        let clip = extent(10.0, 4.0);
        assert_eq!(clip.end(), 4.0);
        assert_eq!(clip.check(None, 4.0).ok(), Some(Some(CutShort { claimed_ms: 10_000 })));
    }

    #[test]
    fn too_little_is_refused() {
        for clip in [extent(0.7, 0.7), extent(10.0, 0.7)] {
            let refusal = clip.check(Some(10.0), clip.end()).unwrap_err();
            assert_eq!(refusal.failure, Failure::Damaged);
        }
    }
}
