//! What the server and the caged transcoder process say to each other. Plain data, no C library, no site knowledge.
//!
//! The server starts `megurumi-transcoder` with one [`Task`] as JSON for its argument and the opened input for its standard
//! input, and reads [`Event`]s, one JSON line each, from its standard output until the process ends. The last event is [`Event::Done`] or
//! [`Event::Failed`]; a child that ends without either was killed or crashed, and is reported as [`Failure::Crashed`], or as
//! [`Failure::TooHeavy`] if its exit status is [`NO_MEMORY_STATUS`].

mod fingerprint;
pub mod hls;
#[cfg(feature = "run")]
pub mod run;
pub mod storyboard;

pub use fingerprint::Fingerprint;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Exit status of a child that was refused memory: there may be none left for a last word.
pub const NO_MEMORY_STATUS: i32 = 12;

/// One piece of work for one child process.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    Video(VideoTask),
    Photo(PhotoTask),
}

/// Make the renditions and stills of one clip.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VideoTask {
    /// The uploaded file. The parent opens it; the child gets the descriptor and never hears the path.
    #[serde(skip)]
    pub input: PathBuf,
    /// An existing, empty folder. The child may read and write here and nowhere else.
    pub output: PathBuf,
    pub limits: VideoLimits,
}

/// What a task leaves out has its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VideoLimits {
    pub max_duration_ms: u64,
    /// Width × height of one decoded frame.
    pub max_frame_pixels: u64,
    pub max_tracks: u32,
    /// Wall clock for the whole task.
    pub max_wall_ms: u64,
    /// A child that says nothing for so long hangs.
    pub max_silence_ms: u64,
    pub max_memory_bytes: u64,
    pub max_output_bytes: u64,
    /// Threads that may work at once, at least one.
    pub threads: u32,
    /// How far the child stands back for others, 0 to 19; never less than its parent does.
    pub niceness: u32,
}

impl Default for VideoLimits {
    fn default() -> Self {
        Self {
            max_duration_ms: 180_000,
            max_frame_pixels: 4096 * 2304,
            max_tracks: 16,
            max_wall_ms: 30 * 60_000,
            max_silence_ms: 60_000,
            max_memory_bytes: 3 << 30,
            max_output_bytes: 2 << 30,
            threads: std::thread::available_parallelism().map_or(1, |count| count.get() as u32),
            niceness: 10,
        }
    }
}

/// Turn one photo into upright, metadata-free WebP and JPEG files of several widths.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PhotoTask {
    /// As in [`VideoTask::input`].
    #[serde(skip)]
    pub input: PathBuf,
    /// As in [`VideoTask::output`].
    pub output: PathBuf,
    /// Widths to make, ascending, in pixels. Never upscaled: a width above the source's is left out, but the source's own
    /// width is always there when it is below the largest.
    pub widths: Vec<u32>,
    pub limits: PhotoLimits,
}

/// What a task leaves out has its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PhotoLimits {
    /// Size of the uploaded file.
    pub max_input_bytes: u64,
    /// Width × height as stored.
    pub max_pixels: u64,
    pub max_wall_ms: u64,
    /// A child that says nothing for so long hangs.
    pub max_silence_ms: u64,
    pub max_memory_bytes: u64,
    pub max_output_bytes: u64,
}

impl Default for PhotoLimits {
    fn default() -> Self {
        Self {
            max_input_bytes: 64 << 20,
            max_pixels: 80_000_000,
            max_wall_ms: 120_000,
            max_silence_ms: 60_000,
            max_memory_bytes: 2 << 30,
            max_output_bytes: 256 << 20,
        }
    }
}

/// One line from the child.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// First line.
    Caged(Caged),
    /// How much is done, 0 to 1000. Sent at least once a second while work goes on: the parent's watchdog counts on it.
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

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "output", rename_all = "snake_case")]
pub enum Output {
    Video(VideoOutput),
    Photo(PhotoOutput),
}

/// What became of a clip. File names are relative to [`VideoTask::output`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VideoOutput {
    pub duration_ms: u64,
    /// Upright size of the tallest rendition, square pixels.
    pub width: u32,
    pub height: u32,
    pub has_audio: bool,
    /// Ascending by short side; at least one.
    pub renditions: Vec<Rendition>,
    /// Moments to choose from, the best first: one to three, apart from one another in time and look.
    pub posters: Vec<Poster>,
    /// Moments by the clock.
    pub storyboard: Storyboard,
    pub contact_sheet: ContactSheet,
    /// Of the best poster, to be shown while it loads: the mean colour as `#rrggbb`, and those of a grid.
    pub colour: String,
    pub grid: ColourGrid,
    /// A damaged clip that was made as far as it could be read.
    pub cut_short: Option<CutShort>,
    /// Whether the source said where it was filmed. What was made does not.
    pub had_location: bool,
}

impl VideoOutput {
    /// Every file that was made.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let renditions = self.renditions.iter().map(|rendition| &rendition.file);
        let posters = self.posters.iter().map(|poster| &poster.image.file);
        let sprites = [&self.storyboard.file, &self.contact_sheet.sprite.file];
        renditions.chain(posters).chain(sprites).map(String::as_str)
    }
}

/// One fragmented MP4: the whole file is playable as it is, and its segments are byte ranges for HLS.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rendition {
    /// For example `480p.mp4`.
    pub file: String,
    pub width: u32,
    pub height: u32,
    pub frame_rate: f64,
    /// RFC 6381, for example `avc1.64001f,mp4a.40.2`.
    pub codecs: String,
    /// Bits per second, measured: the largest over one segment, and the mean.
    pub peak_bandwidth: u64,
    pub average_bandwidth: u64,
    pub bytes: u64,
    /// Bytes from the start of the file that hold `ftyp` and `moov`.
    pub init_bytes: u64,
    pub segments: Vec<Segment>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    pub offset: u64,
    pub bytes: u64,
    pub duration_ms: f64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFile {
    pub file: String,
    pub width: u32,
    pub height: u32,
}

/// How long the whole clip would have been, as its file says; [`VideoOutput::duration_ms`] is how much of it there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutShort {
    pub claimed_ms: u64,
}

/// A moment that makes a good poster: `poster-1.jpg` and so on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poster {
    #[serde(flatten)]
    pub image: ImageFile,
    pub at_ms: u64,
}

/// Everything that is to be seen in a clip, each look once, however short: for moderators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactSheet {
    pub sprite: Storyboard,
    /// One for each of the sprite's tiles; `null` for a tile of one colour.
    pub fingerprints: Vec<Option<Fingerprint>>,
}

/// Mean colours of a picture's cells as `#rrggbb`, in reading order: to be drawn blurred while the picture loads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColourGrid {
    pub columns: u32,
    pub rows: u32,
    pub colours: Vec<String>,
}

impl ColourGrid {
    /// Columns and rows for a picture of that size.
    pub fn shape(width: u32, height: u32) -> (u32, u32) {
        if width >= height { (4, 3) } else { (3, 4) }
    }
}

/// A sprite of small frames in reading order; its WebVTT is rendered from this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storyboard {
    pub file: String,
    pub columns: u32,
    pub rows: u32,
    pub tile_width: u32,
    pub tile_height: u32,
    /// When each tile's frame is shown, ascending; at most `columns * rows`.
    pub at_ms: Vec<u64>,
}

/// What became of a photo: for each width one `<width>.webp` and one `<width>.jpg`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoOutput {
    /// Upright size of the widest file.
    pub width: u32,
    pub height: u32,
    /// Ascending.
    pub widths: Vec<u32>,
    /// Shown while the photo loads: the mean colour as `#rrggbb`, and those of a grid.
    pub colour: String,
    pub grid: ColourGrid,
    /// `null` for a picture of one colour.
    pub fingerprint: Option<Fingerprint>,
    /// Whether the source said where it was taken. What was made does not.
    pub had_location: bool,
}

impl PhotoOutput {
    /// Every file that was made.
    pub fn files(&self) -> Vec<String> {
        let both = |width: &u32| [format!("{width}.webp"), format!("{width}.jpg")];
        self.widths.iter().flat_map(both).collect()
    }
}

/// Why a file could not be used, in terms its author can act on. The words shown live in the site's message files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    Empty,
    /// Not a container or image format on the allow-list, whatever its name says.
    UnknownFormat,
    /// A format we know, with a codec or feature we do not take.
    UnsupportedCodec,
    /// Recognised, but cut short or damaged.
    Damaged,
    NoVideo,
    TooLong,
    TooManyPixels,
    TooManyTracks,
    /// Wall clock, CPU or the progress watchdog.
    TookTooLong,
    /// Out of memory or output space.
    TooHeavy,
    /// The child died: a bug or an attack. Worth another attempt.
    Crashed,
    /// What was made holds something that must not be published, such as a place or a date: a bug of ours, and nothing is
    /// published. The same bytes would fare no better.
    Tainted,
}

impl Failure {
    /// Stable name, as stored in the database and used in message keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::UnknownFormat => "unknown_format",
            Self::UnsupportedCodec => "unsupported_codec",
            Self::Damaged => "damaged",
            Self::NoVideo => "no_video",
            Self::TooLong => "too_long",
            Self::TooManyPixels => "too_many_pixels",
            Self::TooManyTracks => "too_many_tracks",
            Self::TookTooLong => "took_too_long",
            Self::TooHeavy => "too_heavy",
            Self::Crashed => "crashed",
            Self::Tainted => "tainted",
        }
    }

    /// Whether the same bytes could fare better another time.
    pub fn is_worth_retrying(self) -> bool {
        matches!(self, Self::Crashed | Self::TookTooLong | Self::TooHeavy)
    }
}
