//! Frames as JPEG means them, as files, side by side in a sprite, and as a handful of colours.

use crate::refusal::{OrRefuseWriting, Result};
use crate::video::libav;
use crate::video::plan::Size;
use ff::codec::packet::Packet;
use ff::filter::Graph;
use ff::format::Pixel;
use ff::frame::Video as Frame;
use ffmpeg_next as ff;
use std::fs;
use std::path::Path;
use transcoder_protocol::{ColourGrid, Failure};

/// BT.709 limited range to what JPEG means by YCbCr: BT.601, full range.
pub struct StillFilter {
    graph: Graph,
}

impl StillFilter {
    pub fn new(from: Size, to: Size) -> Result<Self> {
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

    pub fn apply(&mut self, frame: &Frame) -> Result<Frame> {
        let mut still = Frame::empty();
        let mut node = |name: &str| self.graph.get(name).ok_or(ff::Error::FilterNotFound);
        node("in")
            .and_then(|mut input| input.source().add(&libav::share(frame)))
            .and_then(|()| node("out")?.sink().frame(&mut still))
            .map_err(|error| libav::refusal(error, Failure::Crashed, "making a still"))?;
        Ok(still)
    }
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

/// Writes tiles of one size in reading order into one picture; places without a tile are black.
pub fn write_sprite<'a>(
    tiles: impl Iterator<Item = &'a Frame>,
    tile: Size,
    (columns, rows): (usize, usize),
    quality: i32,
    path: &Path,
) -> Result<()> {
    let (width, height) = (tile.width * columns as u32, tile.height * rows as u32);
    let mut sprite = Frame::new(Pixel::YUVJ420P, width, height);
    fill_black(&mut sprite);
    for (index, tile) in tiles.enumerate() {
        paste(&mut sprite, tile, index % columns, index / columns);
    }
    write(&mut sprite, quality, path)
}

pub fn write(frame: &mut Frame, quality: i32, path: &Path) -> Result<()> {
    let bytes = encode(frame, quality)
        .map_err(|error| libav::refusal(error, Failure::Crashed, "encoding a still"))?;
    fs::write(path, bytes).or_refuse_writing("writing a still")
}

fn encode(frame: &mut Frame, quality: i32) -> Result<Vec<u8>, ff::Error> {
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

/// The mean colour, and those of the cells of a grid.
pub fn colours(frame: &Frame) -> (String, ColourGrid) {
    let (columns, rows) = ColourGrid::shape(frame.width(), frame.height());
    let cell = |column: u32, row: u32, columns: u32, rows: u32| {
        let [luma, blue, red] = [0, 1, 2].map(|plane| {
            let (width, height) = (frame.plane_width(plane), frame.plane_height(plane));
            let span = |index: u32, count: u32, length: u32| {
                let from = index * length / count;
                from as usize..((index + 1) * length / count).max(from + 1) as usize
            };
            let (xs, ys) = (span(column, columns, width), span(row, rows, height));
            let count = (xs.len() * ys.len()) as f64;
            let stride = frame.stride(plane);
            let line = |y: usize| &frame.data(plane)[y * stride..][xs.clone()];
            ys.flat_map(line).map(|&value| f64::from(value)).sum::<f64>() / count
        });
        // BT.601, full range.
        let (blue, red) = (blue - 128.0, red - 128.0);
        let parts =
            [luma + 1.402 * red, luma - 0.344_136 * blue - 0.714_136 * red, luma + 1.772 * blue];
        let [red, green, blue] = parts.map(|part| part.round().clamp(0.0, 255.0) as u8);
        format!("#{red:02x}{green:02x}{blue:02x}")
    };
    let colours = (0..rows)
        .flat_map(|row| (0..columns).map(move |column| (column, row)))
        .map(|(column, row)| cell(column, row, columns, rows))
        .collect();
    (cell(0, 0, 1, 1), ColourGrid { columns, rows, colours })
}
