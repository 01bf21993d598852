//! What the server asks of a child, and within which limits.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

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
    /// Make it slow motion, [`VideoOutput::slow_factor`](crate::VideoOutput::slow_factor) times as long as it was filmed and silent; the
    /// limits are those of what is made. What has no such factor is made as it was filmed.
    #[serde(default)]
    pub is_slow: bool,
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
    /// What is kept of it: a photo of more is scaled while it is decoded, where its format allows, and refused otherwise.
    pub max_decoded_pixels: u64,
    pub max_wall_ms: u64,
    /// A child that says nothing for so long hangs.
    pub max_silence_ms: u64,
    pub max_memory_bytes: u64,
    pub max_output_bytes: u64,
}

impl Default for PhotoLimits {
    fn default() -> Self {
        Self {
            max_input_bytes: 200 << 20,
            // Phones make 200 million.
            max_pixels: 300_000_000,
            max_decoded_pixels: 80_000_000,
            max_wall_ms: 120_000,
            max_silence_ms: 60_000,
            max_memory_bytes: 2 << 30,
            max_output_bytes: 256 << 20,
        }
    }
}
