//! What became of a task. Names of files are relative to the task's output folder.

use crate::Fingerprint;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "output", rename_all = "snake_case")]
pub enum Output {
    Video(VideoOutput),
    Photo(PhotoOutput),
}

/// What became of a clip. File names are relative to [`VideoTask::output`](crate::VideoTask::output).
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
    /// A clip that is silent although its source has sound.
    #[serde(default)]
    pub sound_left_out: Option<SoundLeftOut>,
    /// How many times as long as it was filmed the clip is in slow motion, from two on; `None` for what was not filmed for that. Says
    /// nothing about how this was made.
    #[serde(default)]
    pub slow_factor: Option<u32>,
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

/// Sound that cannot be read: there is no decoder for it, or not one sample came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoundLeftOut {
    /// libav's name; of what libav does not know, what the file calls it (`apac`), or its type of stream (`0x80`).
    pub codec: String,
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
