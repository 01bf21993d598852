//! What the server and the caged transcoder process say to each other. Plain data, no C library, no site knowledge.
//!
//! The server starts `megurumi-transcoder` with one [`Task`] as JSON for its argument and the opened input for its standard
//! input, and reads [`Event`]s, one JSON line each, from its standard output until the process ends. The last event is [`Event::Done`] or
//! [`Event::Failed`]; a child that ends without either was killed or crashed, and is reported as [`Failure::Crashed`], or as
//! [`Failure::TooHeavy`] if its exit status is [`NO_MEMORY_STATUS`].

pub mod captions;
mod failure;
mod fingerprint;
mod found;
pub mod hls;
mod output;
#[cfg(feature = "run")]
pub mod run;
pub mod storyboard;
mod task;

pub use failure::Failure;
pub use fingerprint::Fingerprint;
pub use found::*;
pub use output::*;
use serde::{Deserialize, Serialize};
pub use task::*;

/// Exit status of a child that was refused memory: there may be none left for a last word.
pub const NO_MEMORY_STATUS: i32 = 12;

/// One line from the child.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// First line.
    Caged(Caged),
    /// What a clip is, once it is taken.
    Found(Found),
    /// How much is done, 0 to 1000, by the rendition that is furthest behind. Sent at least once a second while work goes on: the
    /// parent's watchdog counts on it. It falls only before a second outline.
    Progress {
        permille: u16,
    },
    /// Of a clip, before its first segment. A second one takes back what was told since the first: what was copied is damaged, and
    /// all is made anew, in files of other names.
    Outline(Outline),
    /// One more segment of a rendition can be read from disk.
    Segment(NewSegment),
    Done(Output),
    Failed {
        failure: Failure,
        /// For the operator's log, never shown to a person.
        detail: String,
    },
}

/// What a clip will become: all that a master playlist needs while the segments are still being made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outline {
    pub width: u32,
    pub height: u32,
    pub has_audio: bool,
    /// Length of the clip, as far as the source tells.
    pub expected_ms: Option<u64>,
    /// No segment will be longer.
    pub longest_segment_ms: f64,
    /// Ascending by short side; the same that [`VideoOutput::renditions`] will have.
    pub renditions: Vec<RenditionOutline>,
    /// Why the source's picture does not serve as the highest rendition; `None` when it does, packet by packet.
    pub why_encoded: Option<WhyEncoded>,
}

/// What about the source's picture forbids copying it. For operators, not for authors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyEncoded {
    /// Not H.264.
    Codec,
    /// A profile or level that not every phone plays.
    Profile,
    /// The stream is built in a way we do not take apart, or changes its parameters in its middle.
    Stream,
    Interlaced,
    /// Not filmed upright: the display matrix turns or mirrors it.
    Turned,
    PixelShape,
    /// Not the size of a rung.
    Size,
    /// Not BT.709 in limited range.
    Colours,
    /// Too many frames a second, or too unsteady.
    FrameRate,
    BitRate,
    /// Too far from one another to make segments.
    Keyframes,
    /// Missing, repeated, or cut by an edit list where no keyframe is.
    Times,
    /// Damaged or missing packets.
    Packets,
    /// The sound goes on long after the picture.
    Sound,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RenditionOutline {
    pub file: String,
    pub width: u32,
    pub height: u32,
    pub frame_rate: f64,
    pub codecs: String,
    /// Bits per second: what the encoder may reach over one segment, and in the mean.
    pub peak_bandwidth: u64,
    pub average_bandwidth: u64,
}

/// A segment whose bytes are on disk and final, as those of all segments before it. So is the init section, but for the
/// length that `mehd` states at the end; and what lies between the two is filled at the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewSegment {
    /// As in [`RenditionOutline::file`].
    pub file: String,
    /// Counted from zero.
    pub index: u32,
    pub init_bytes: u64,
    pub segment: Segment,
}

/// Which layers of the cage the kernel granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caged {
    pub landlock: bool,
    pub seccomp: bool,
    pub rlimits: bool,
}

impl Caged {
    pub fn is_whole(self) -> bool {
        self.landlock && self.seccomp && self.rlimits
    }
}
