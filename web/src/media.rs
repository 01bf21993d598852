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
    /// Drawn blurred until the picture is there, on the first picture of a post's page.
    pub grid: Option<ColourGrid>,
    pub files: Files,
}

/// The mean colours of a picture's cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColourGrid {
    columns: u32,
    /// `0xrrggbb` in reading order.
    colours: Vec<u32>,
}

pub(crate) struct Cell {
    pub x: u32,
    pub y: u32,
    /// `#rrggbb`
    pub colour: String,
}

impl ColourGrid {
    /// From colours as `#rrggbb` in reading order. `None` unless they fill a few whole rows.
    #[must_use]
    pub fn parse(columns: u32, colours: &[String]) -> Option<Self> {
        let colour = |text: &String| {
            u32::from_str_radix(text.strip_prefix('#')?, 16).ok().filter(|c| *c < 1 << 24)
        };
        let colours: Vec<u32> = colours.iter().map(colour).collect::<Option<_>>()?;
        let count = u32::try_from(colours.len()).ok()?;
        let is_whole = columns > 0 && count.is_multiple_of(columns);
        (is_whole && (1..=64).contains(&count)).then_some(Self { columns, colours })
    }

    pub(crate) fn columns(&self) -> u32 {
        self.columns
    }

    pub(crate) fn rows(&self) -> usize {
        self.colours.len() / self.columns as usize
    }

    pub(crate) fn cells(&self) -> impl Iterator<Item = Cell> + '_ {
        (0..).zip(&self.colours).map(|(place, colour)| Cell {
            x: place % self.columns,
            y: place / self.columns,
            colour: format!("#{colour:06x}"),
        })
    }
}

impl Picture {
    /// The largest JPEG: what a link to the picture opens.
    pub(crate) fn full(&self) -> Cow<'_, str> {
        self.jpeg(|widths| widths.last())
    }

    /// A JPEG that fills a phone's screen and is no larger than it must be.
    pub(crate) fn medium(&self) -> Cow<'_, str> {
        self.jpeg(|widths| widths.iter().rfind(|width| **width <= 1080).or(widths.first()))
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
    /// For moderators.
    pub sheet: Option<ContactSheet>,
    pub captions: Option<Captions>,
}

/// What is said and heard in a video.
#[derive(Clone, Debug)]
pub struct Captions {
    /// Of the WebVTT track.
    pub url: String,
    /// Stands for exactly these captions, in the address of a playlist that has them.
    pub name: String,
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
            name: "v1-0123456789abcdef".to_owned(),
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

    /// The playlist that scripts play, with its captions once it is whole.
    pub(crate) fn player_url(&self) -> Cow<'_, str> {
        match &self.captions {
            Some(captions) if self.ready_seconds.is_none() => {
                format!("{}?captions={}", self.hls_url, captions.name).into()
            }
            _ => Cow::Borrowed(&self.hls_url),
        }
    }

    /// `0:24`: how far it can be watched.
    pub(crate) fn ready(&self) -> Option<String> {
        self.ready_seconds.map(clock_length)
    }

    pub(crate) fn poster_url(&self) -> Cow<'_, str> {
        self.poster.as_ref().map_or(Cow::Borrowed(""), Picture::medium)
    }

    /// What is drawn until the poster has come, if it is of the film itself: beside a photo of another shape it would stay in sight.
    pub(crate) fn ground(&self) -> Option<(&Picture, &ColourGrid)> {
        let poster = self.poster.as_ref()?;
        let is_of_film = matches!(poster.files, Files::One(_));
        poster.grid.as_ref().filter(|_| is_of_film).map(|grid| (poster, grid))
    }

    /// ISO 8601 duration.
    pub(crate) fn iso_length(&self) -> String {
        format!("PT{}S", self.seconds)
    }
}

/// A sprite of small frames, left to right, top to bottom: what is to be seen in a film.
#[derive(Clone, Debug, Default)]
pub struct ContactSheet {
    pub sprite_url: String,
    pub columns: u32,
    pub tile_width: u32,
    pub tile_height: u32,
    /// When each frame is shown, ascending; at least one.
    pub at_ms: Vec<u64>,
}

/// The value of `loading`: what is on the first screen comes at once.
pub(crate) fn loading(eager: &bool) -> &'static str {
    if *eager { "eager" } else { "lazy" }
}

/// One frame of a contact sheet: where it lies in the sprite and when it is.
pub(crate) struct Frame {
    pub x: u32,
    pub y: u32,
    /// Where a player finds it, in seconds: `12.346`.
    pub seek: String,
    pub at: String,
}

impl ContactSheet {
    pub(crate) fn frames(&self) -> impl Iterator<Item = Frame> + '_ {
        let columns = self.columns.max(1);
        // Of a film of three minutes there are at most 100.
        (0..).zip(self.at_ms.iter().take(200)).map(move |(place, at_ms)| {
            // A millisecond into the frame: its time is rounded, and just before it the frame before it is shown.
            let seek = at_ms + 1;
            Frame {
                x: place % columns * self.tile_width,
                y: place / columns * self.tile_height,
                seek: format!("{}.{:03}", seek / 1000, seek % 1000),
                at: clock_length(u32::try_from(at_ms / 1000).unwrap_or(u32::MAX)),
            }
        })
    }

    pub(crate) fn sprite_width(&self) -> u32 {
        self.columns.max(1) * self.tile_width
    }

    pub(crate) fn sprite_height(&self) -> usize {
        self.at_ms.len().div_ceil(self.columns.max(1) as usize) * self.tile_height as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_no_files_wider_than_it_can_show() {
        let files = Files::Widths { folder: "/p/".to_owned(), widths: vec![360, 720, 1600] };
        let picture = Picture { files, ..Picture::default() };
        let set = picture.srcset("webp", 1080).map(|set| set.to_string());
        assert_eq!(set.as_deref(), Some("/p/360.webp 360w, /p/720.webp 720w"));
        assert_eq!(picture.full(), "/p/1600.jpg");
        let tiny = picture.srcset("jpg", 100).map(|set| set.to_string());
        assert_eq!(tiny.as_deref(), Some("/p/360.jpg 360w"));
    }

    #[test]
    fn a_frame_that_is_there_for_an_instant_is_found_by_its_own_time() {
        let sheet = ContactSheet {
            columns: 2,
            tile_width: 90,
            tile_height: 160,
            at_ms: vec![0, 33, 61_967],
            ..ContactSheet::default()
        };
        let frames: Vec<_> = sheet.frames().map(|f| (f.x, f.y, f.seek, f.at)).collect();
        assert_eq!(frames[1], (90, 0, "0.034".to_owned(), "0:00".to_owned()));
        assert_eq!(frames[2], (0, 160, "61.968".to_owned(), "1:01".to_owned()));
        assert_eq!((sheet.sprite_width(), sheet.sprite_height()), (180, 320));
    }

    #[test]
    fn a_grid_of_colours_is_taken_whole_or_not_at_all() {
        let colours =
            |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let grid = ColourGrid::parse(2, &colours(&["#000000", "#ff8000", "#0000ff", "#ffffff"]));
        let cells: Vec<_> =
            grid.iter().flat_map(ColourGrid::cells).map(|c| (c.x, c.y, c.colour)).collect();
        assert_eq!(cells[1], (1, 0, "#ff8000".to_owned()));
        assert_eq!(cells[2], (0, 1, "#0000ff".to_owned()));
        for (columns, texts) in
            [(0, &["#000000"][..]), (2, &["#000000"]), (1, &["red"]), (1, &["#1000000"]), (1, &[])]
        {
            assert_eq!(ColourGrid::parse(columns, &colours(texts)), None, "{columns} {texts:?}");
        }
    }
}
