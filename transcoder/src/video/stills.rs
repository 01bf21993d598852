//! Still pictures from the same decode: the poster (the best-looking moment) and the storyboard (one sprite of small frames).

use super::libav;
use super::plan::{Plan, Size};
use crate::refusal::{OrRefuse, Refusal, Result};
use ff::codec::packet::Packet;
use ff::filter::Graph;
use ff::format::Pixel;
use ff::frame::Video as Frame;
use ffmpeg_next as ff;
use std::fs;
use std::path::Path;
use transcoder_protocol::{Failure, ImageFile, Storyboard};

const MAX_TILES: usize = 100;
const COLUMNS: usize = 10;
/// Short side of a tile and of the poster, in pixels.
const TILE_SHORT_SIDE: u32 = 160;
const POSTER_SHORT_SIDE: u32 = 720;
/// Encoder quality, 1 (best) to 31.
const TILE_QUALITY: i32 = 6;
const POSTER_QUALITY: i32 = 4;

const POSTER_FILE: &str = "poster.jpg";
const STORYBOARD_FILE: &str = "storyboard.jpg";

pub struct Stills {
    frame_rate: f64,
    tile_size: Size,
    to_tile: StillFilter,
    /// Frames between two tiles.
    interval: u64,
    tiles: Vec<(u64, Frame)>,
    /// Score and full picture of the best moment so far.
    best: Option<(f64, Frame)>,
}

impl Stills {
    /// `seconds` is the expected length.
    pub fn new(plan: &Plan, seconds: f64) -> Result<Self> {
        let lowest = plan.rungs[plan.rungs.len() - 1].size;
        let tile_size = fit(lowest, TILE_SHORT_SIDE);
        let frame_rate = plan.frame_rate.value();
        let spacing = (seconds / MAX_TILES as f64).max((seconds / 10.0).min(1.0));
        Ok(Self {
            frame_rate,
            tile_size,
            to_tile: StillFilter::new(lowest, tile_size)?,
            interval: ((spacing * frame_rate).ceil() as u64).max(1),
            tiles: Vec::new(),
            best: None,
        })
    }

    /// Whether [`Self::add`] would use the frame with this number.
    pub fn wants(&self, number: u64) -> bool {
        number.is_multiple_of(self.interval) && self.tiles.len() < MAX_TILES
    }

    /// `frames` are one moment in every rung, the highest first.
    pub fn add(&mut self, number: u64, mut frames: Vec<Frame>) -> Result<()> {
        let Some(lowest) = frames.last() else { return Ok(()) };
        let tile = self.to_tile.apply(lowest)?;
        let score = score(&tile);
        if self.best.as_ref().is_none_or(|(best, _)| score > *best) {
            self.best = Some((score, frames.swap_remove(0)));
        }
        self.tiles.push(((number as f64 * 1000.0 / self.frame_rate).round() as u64, tile));
        Ok(())
    }

    pub fn finish(self, folder: &Path) -> Result<(ImageFile, Storyboard)> {
        let nothing = || Refusal::new(Failure::Damaged, "no frame could be decoded");
        let (_, best) = self.best.ok_or_else(nothing)?;
        let size = Size { width: best.width(), height: best.height() };
        let poster_size = fit(size, POSTER_SHORT_SIDE);
        let mut poster = StillFilter::new(size, poster_size)?.apply(&best)?;
        write_jpeg(&mut poster, POSTER_QUALITY, &folder.join(POSTER_FILE))?;

        let columns = self.tiles.len().min(COLUMNS);
        let rows = self.tiles.len().div_ceil(COLUMNS);
        let Size { width, height } = self.tile_size;
        let mut sprite = Frame::new(Pixel::YUVJ420P, width * columns as u32, height * rows as u32);
        fill_black(&mut sprite);
        for (index, (_, tile)) in self.tiles.iter().enumerate() {
            paste(&mut sprite, tile, index % COLUMNS, index / COLUMNS);
        }
        write_jpeg(&mut sprite, TILE_QUALITY, &folder.join(STORYBOARD_FILE))?;
        let poster = ImageFile {
            file: POSTER_FILE.into(),
            width: poster_size.width,
            height: poster_size.height,
        };
        let storyboard = Storyboard {
            file: STORYBOARD_FILE.into(),
            columns: columns as u32,
            rows: rows as u32,
            tile_width: width,
            tile_height: height,
            at_ms: self.tiles.iter().map(|(at, _)| *at).collect(),
        };
        Ok((poster, storyboard))
    }
}

/// The size with the given short side, or the same where that is smaller; even.
fn fit(size: Size, short_side: u32) -> Size {
    let factor = (f64::from(short_side) / f64::from(size.short_side())).min(1.0);
    let even = |length: u32| ((f64::from(length) * factor / 2.0).round() as u32).max(1) * 2;
    Size { width: even(size.width), height: even(size.height) }
}

/// BT.709 limited range to what JPEG means by YCbCr: BT.601, full range.
struct StillFilter {
    graph: Graph,
}

impl StillFilter {
    fn new(from: Size, to: Size) -> Result<Self> {
        let build = || {
            let find = |name| ff::filter::find(name).ok_or(ff::Error::FilterNotFound);
            let mut graph = Graph::new();
            let arguments = format!(
                "video_size={}x{}:pix_fmt={}:time_base=1/1:pixel_aspect=1/1",
                from.width,
                from.height,
                ff::ffi::AVPixelFormat::AV_PIX_FMT_YUV420P as i32
            );
            graph.add(&find("buffer")?, "in", &arguments)?;
            graph.add(&find("buffersink")?, "out", "")?;
            let spec = format!(
                "[in]scale={}:{}:flags=area:in_color_matrix=bt709:in_range=limited:out_color_matrix=bt601:out_range=full,format=yuvj420p[out]",
                to.width, to.height
            );
            graph.output("in", 0)?.input("out", 0)?.parse(&spec)?;
            graph.validate()?;
            Ok(Self { graph })
        };
        build().map_err(|error| libav::refusal(error, Failure::Crashed, "preparing stills"))
    }

    fn apply(&mut self, frame: &Frame) -> Result<Frame> {
        let mut still = Frame::empty();
        let mut node = |name: &str| self.graph.get(name).ok_or(ff::Error::FilterNotFound);
        node("in")
            .and_then(|mut input| input.source().add(&libav::share(frame)))
            .and_then(|()| node("out")?.sink().frame(&mut still))
            .map_err(|error| libav::refusal(error, Failure::Crashed, "making a still"))?;
        Ok(still)
    }
}

/// How good a poster a small frame would make: sharp, with contrast, neither dark nor burnt out.
fn score(tile: &Frame) -> f64 {
    let (width, height, stride) = (tile.width() as usize, tile.height() as usize, tile.stride(0));
    let luma = tile.data(0);
    let row = |y: usize| &luma[y * stride..y * stride + width];
    let count = (width * height) as f64;
    let sum: f64 = (0..height).flat_map(row).map(|&value| f64::from(value)).sum();
    let mean = sum / count;
    let variance =
        (0..height).flat_map(row).map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>()
            / count;
    let mut edges = 0u64;
    for y in 1..height {
        let (above, here) = (row(y - 1), row(y));
        for x in 1..width {
            edges += u64::from(here[x].abs_diff(here[x - 1]));
            edges += u64::from(here[x].abs_diff(above[x]));
        }
    }
    let sharpness = edges as f64 / count;
    // Middle grey scores full; black and white score nothing.
    let exposure = 1.0 - ((mean - 118.0) / 138.0).abs().min(1.0);
    // Beyond some contrast more is not better.
    let contrast = (variance.sqrt() / 50.0).min(1.0);
    (0.05 + exposure) * (0.05 + contrast) * (1.0 + sharpness).ln()
}

fn fill_black(frame: &mut Frame) {
    frame.data_mut(0).fill(0);
    frame.data_mut(1).fill(128);
    frame.data_mut(2).fill(128);
}

fn paste(sprite: &mut Frame, tile: &Frame, column: usize, row: usize) {
    for plane in 0..3 {
        let (width, height) = (tile.plane_width(plane) as usize, tile.plane_height(plane) as usize);
        let (from_stride, to_stride) = (tile.stride(plane), sprite.stride(plane));
        let from = tile.data(plane);
        let to = sprite.data_mut(plane);
        for y in 0..height {
            let start = (row * height + y) * to_stride + column * width;
            to[start..start + width].copy_from_slice(&from[y * from_stride..][..width]);
        }
    }
}

fn write_jpeg(frame: &mut Frame, quality: i32, path: &Path) -> Result<()> {
    let bytes = encode_jpeg(frame, quality)
        .map_err(|error| libav::refusal(error, Failure::Crashed, "encoding a still"))?;
    fs::write(path, bytes).or_refuse(Failure::TooHeavy, "writing a still")
}

fn encode_jpeg(frame: &mut Frame, quality: i32) -> Result<Vec<u8>, ff::Error> {
    let codec = ff::encoder::find(ff::codec::Id::MJPEG).ok_or(ff::Error::EncoderNotFound)?;
    let mut encoder = ff::codec::Context::new_with_codec(codec).encoder().video()?;
    encoder.set_width(frame.width());
    encoder.set_height(frame.height());
    encoder.set_format(Pixel::YUVJ420P);
    encoder.set_time_base((1, 25));
    encoder.set_color_range(ff::color::Range::JPEG);
    encoder.set_flags(ff::codec::Flags::QSCALE | ff::codec::Flags::BITEXACT);
    let mut options = ff::Dictionary::new();
    options.set("threads", "1");
    let mut encoder = encoder.open_as_with(codec, options)?;
    libav::set_quality(frame, quality);
    frame.set_pts(Some(0));
    frame.set_kind(ff::picture::Type::None);
    encoder.send_frame(frame)?;
    encoder.send_eof()?;
    let mut packet = Packet::empty();
    encoder.receive_packet(&mut packet)?;
    Ok(packet.data().unwrap_or_default().to_vec())
}
