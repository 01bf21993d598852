//! Photos and videos as pages show them. Addresses are ready; nothing here knows how they are made.

use std::borrow::{Borrow, Cow};
use std::fmt;

use askama::filters::HtmlSafe;
use askama::{FastWritable, Values};

use crate::vocabulary::{CaptionLanguage, clock_length};

/// The files of a picture.
#[derive(Clone, Debug)]
pub enum Files {
    /// `{folder}{width}.webp` and `{folder}{width}.jpg` for each width in CSS pixels, ascending, at least one.
    Widths { folder: String, widths: Vec<u32> },
    /// One JPEG for every screen.
    One(String),
}

impl Default for Files {
    fn default() -> Self {
        Self::One(String::new())
    }
}

/// A photo, or a video's poster.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// What it shows, in its author's words; empty when it adds nothing to the text.
    pub alt: String,
    /// Of the largest file, in pixels.
    pub width: u32,
    pub height: u32,
    /// `#rrggbb`, drawn until the picture is there.
    pub colour: Option<String>,
    pub files: Files,
}

impl Picture {
    /// The largest JPEG: what a link to the picture opens.
    pub(crate) fn full(&self) -> Cow<'_, str> {
        self.jpeg(|widths| widths.last())
    }

    /// The smallest JPEG, for lists and browsers without `srcset`.
    #[must_use]
    pub fn small(&self) -> Cow<'_, str> {
        self.jpeg(|widths| widths.first())
    }

    fn jpeg(&self, pick: impl Fn(&[u32]) -> Option<&u32>) -> Cow<'_, str> {
        match &self.files {
            Files::Widths { folder, widths } => {
                let width = pick(widths).copied().unwrap_or_default();
                Cow::Owned(format!("{folder}{width}.jpg"))
            }
            Files::One(url) => Cow::Borrowed(url),
        }
    }

    /// The value of `srcset` for files that end in `extension`; `None` where there is no choice. Wider ones than `most` are
    /// left out: no screen shows a card that large.
    pub(crate) fn srcset(
        &self,
        extension: &'static str,
        most: impl Borrow<u32>,
    ) -> Option<SrcSet<'_>> {
        let Files::Widths { folder, widths } = &self.files else { return None };
        let most = *most.borrow().max(widths.first()?);
        Some(SrcSet { folder, widths, extension, most })
    }

    pub(crate) fn ground(&self) -> &str {
        self.colour.as_deref().unwrap_or("#e9e0d3")
    }

    pub(crate) fn is_tall(&self) -> bool {
        self.height > self.width
    }
}

pub(crate) struct SrcSet<'a> {
    folder: &'a str,
    widths: &'a [u32],
    extension: &'static str,
    most: u32,
}

impl FastWritable for SrcSet<'_> {
    fn write_into(&self, page: &mut dyn fmt::Write, values: &dyn Values) -> askama::Result<()> {
        let widths = self.widths.iter().filter(|width| **width <= self.most);
        for (i, width) in widths.enumerate() {
            page.write_str(if i == 0 { "" } else { ", " })?;
            page.write_str(self.folder)?;
            width.write_into(page, values)?;
            page.write_str(".")?;
            page.write_str(self.extension)?;
            page.write_str(" ")?;
            width.write_into(page, values)?;
            page.write_str("w")?;
        }
        Ok(())
    }
}

impl fmt::Display for SrcSet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_into(f, askama::NO_VALUES).map_err(|_| fmt::Error)
    }
}

// An address of ours: ids, numbers and slashes.
impl HtmlSafe for SrcSet<'_> {}

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
    pub captions: Option<Captions>,
}

/// What is said and heard in a video.
#[derive(Clone, Debug)]
pub struct Captions {
    /// Of the WebVTT track.
    pub url: String,
    pub language: CaptionLanguage,
    /// The same as text to read, in order.
    pub lines: Vec<CaptionLine>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptionLine {
    pub start_ms: u64,
    /// Plain text of one or several lines.
    pub text: String,
    /// Not in what is published: moderators look there first.
    pub is_new: bool,
}

impl CaptionLine {
    pub(crate) fn at(&self) -> String {
        clock_length(u32::try_from(self.start_ms / 1000).unwrap_or(u32::MAX))
    }
}

impl Captions {
    /// The words alone.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    #[must_use]
    pub fn sample() -> Self {
        let line =
            |start_ms, text: &str| CaptionLine { start_ms, text: text.to_owned(), is_new: false };
        Self {
            url: "/media/captions/v1/0123456789abcdef.vtt".to_owned(),
            language: CaptionLanguage::Japanese,
            lines: vec![
                line(0, "♪ やさしい音楽"),
                line(3_200, "かぼちゃは、レンジで2分。\n熱いうちにつぶします"),
                line(9_000, "お豆腐は、さっと湯通し"),
                line(61_500, "人肌にさまして、めしあがれ"),
            ],
        }
    }
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

    pub(crate) fn poster_url(&self) -> Cow<'_, str> {
        self.poster.as_ref().map_or(Cow::Borrowed(""), Picture::full)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_no_files_wider_than_it_can_show() {
        let files = Files::Widths { folder: "/p/".to_owned(), widths: vec![360, 720, 1600] };
        let picture = Picture { files, ..Picture::default() };
        let set = picture.srcset("webp", &1080).map(|set| set.to_string());
        assert_eq!(set.as_deref(), Some("/p/360.webp 360w, /p/720.webp 720w"));
        assert_eq!(picture.full(), "/p/1600.jpg");
        let tiny = picture.srcset("jpg", &100).map(|set| set.to_string());
        assert_eq!(tiny.as_deref(), Some("/p/360.jpg 360w"));
    }
}
