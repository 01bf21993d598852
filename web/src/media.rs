//! Photos and videos as pages show them. Addresses are ready; nothing here knows how they are made.

use std::fmt::Write as _;

use crate::vocabulary::clock_length;

/// One width of a picture.
#[derive(Clone, Debug, Default)]
pub struct Rendition {
    pub url: String,
    /// In CSS pixels.
    pub width: u32,
}

/// A photo, or a video's poster.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// What it shows, in its author's words; empty when it adds nothing to the text.
    pub alt: String,
    /// Of the largest rendition, in pixels.
    pub width: u32,
    pub height: u32,
    /// `#rrggbb`, drawn until the picture is there.
    pub colour: Option<String>,
    /// Ascending by width; at least one.
    pub jpeg: Vec<Rendition>,
    /// Ascending by width; may be empty.
    pub webp: Vec<Rendition>,
}

impl Picture {
    /// The largest JPEG: what a link to the picture opens.
    pub(crate) fn full(&self) -> &str {
        self.jpeg.last().map_or("", |r| &r.url)
    }

    /// The smallest JPEG, for lists and browsers without `srcset`.
    pub(crate) fn small(&self) -> &str {
        self.jpeg.first().map_or("", |r| &r.url)
    }

    pub(crate) fn ground(&self) -> &str {
        self.colour.as_deref().unwrap_or("#e9e0d3")
    }

    pub(crate) fn is_tall(&self) -> bool {
        self.height > self.width
    }
}

/// The value of `srcset`.
pub(crate) fn srcset(renditions: &[Rendition]) -> String {
    let mut out = String::new();
    for (i, r) in renditions.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        let _ = write!(out, "{comma}{} {}w", r.url, r.width);
    }
    out
}

/// A video that can be played.
#[derive(Clone, Debug, Default)]
pub struct Video {
    /// The HLS master playlist.
    pub hls_url: String,
    /// One plain MP4, for browsers without HLS or JavaScript. `None` while the video is still being made.
    pub mp4_url: Option<String>,
    /// How much can be watched already, while the video is still being made; `None` once it is whole.
    pub ready_seconds: Option<u32>,
    pub poster: Option<Picture>,
    /// As shown, rotation applied, in pixels.
    pub width: u32,
    pub height: u32,
    pub seconds: u32,
    pub storyboard: Option<Storyboard>,
}

impl Video {
    pub(crate) fn length(&self) -> String {
        clock_length(self.seconds)
    }

    pub(crate) fn is_tall(&self) -> bool {
        self.height > self.width
    }

    /// `0:24`: how far it can be watched.
    pub(crate) fn ready(&self) -> Option<String> {
        self.ready_seconds.map(clock_length)
    }

    pub(crate) fn poster_url(&self) -> &str {
        self.poster.as_ref().map_or("", Picture::full)
    }

    /// ISO 8601 duration.
    pub(crate) fn iso_length(&self) -> String {
        format!("PT{}S", self.seconds)
    }
}

/// A sprite of small frames, left to right, top to bottom.
#[derive(Clone, Debug, Default)]
pub struct Storyboard {
    pub sprite_url: String,
    pub vtt_url: String,
    pub columns: u32,
    /// Number of frames, ≥ 1.
    pub count: u32,
    pub tile_width: u32,
    pub tile_height: u32,
    /// Between two frames.
    pub interval_ms: u32,
}

/// The value of `loading`: what is on the first screen comes at once.
pub(crate) fn loading(eager: &bool) -> &'static str {
    if *eager { "eager" } else { "lazy" }
}

/// One frame of a storyboard: where it lies in the sprite and when it is.
pub(crate) struct Frame {
    pub x: u32,
    pub y: u32,
    pub seconds: u32,
    pub at: String,
}

impl Storyboard {
    pub(crate) fn frames(&self) -> impl Iterator<Item = Frame> + '_ {
        let columns = self.columns.max(1);
        // A storyboard of a 3-minute clip has at most 100 frames.
        (0..self.count.min(200)).map(move |i| {
            let seconds = u32::try_from(u64::from(i) * u64::from(self.interval_ms) / 1000)
                .unwrap_or(u32::MAX);
            Frame {
                x: i % columns * self.tile_width,
                y: i / columns * self.tile_height,
                seconds,
                at: clock_length(seconds),
            }
        })
    }

    pub(crate) fn sprite_width(&self) -> u32 {
        self.columns.max(1) * self.tile_width
    }

    pub(crate) fn sprite_height(&self) -> u32 {
        self.count.div_ceil(self.columns.max(1)) * self.tile_height
    }
}
