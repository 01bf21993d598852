//! What a clip was found to be. For operators; nothing is decided by it.

use serde::{Deserialize, Serialize};

/// Names of formats and codecs are libav's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    pub format: String,
    /// As the file claims.
    pub duration_ms: Option<u64>,
    /// Of any kind, also those that are left alone.
    pub tracks: u32,
    pub picture: FoundPicture,
    pub sound: Option<FoundSound>,
    /// Whether the file says where it was filmed.
    pub has_location: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoundPicture {
    pub codec: String,
    pub pixel_format: String,
    /// As stored, neither turned nor with its pixels squared.
    pub width: u32,
    pub height: u32,
    /// Width over height of a pixel, when it is said.
    pub pixel_aspect: Option<f64>,
    pub turn: Turn,
    /// Frames a second: the rate that all times fit into, absurdly high where it varies; and the mean.
    pub base_frame_rate: Option<f64>,
    pub mean_frame_rate: Option<f64>,
    pub is_interlaced: bool,
    pub dynamic_range: DynamicRange,
}

/// What sets a picture upright: first mirrored, left for right, if it must be; then turned clockwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub is_mirrored: bool,
    /// 0, 90, 180 or 270.
    pub degrees: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DynamicRange {
    Sdr,
    Hlg,
    Pq,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundSound {
    pub codec: String,
    pub channels: u32,
    /// Samples a second.
    pub sample_rate: u32,
}
