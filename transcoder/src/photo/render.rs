//! From pixels to files: scaled in linear light, turned upright, encoded.

use super::swaps_sides;
use crate::fingerprint;
use crate::refusal::{OrRefuse, OrRefuseWriting, Refusal, Result};
use crate::report::Reporter;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{
    FilterType, PixelComponentMapper, PixelType, ResizeAlg, ResizeOptions, Resizer,
    create_srgb_mapper,
};
use image::metadata::Orientation;
use image::{DynamicImage, RgbImage, RgbaImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use std::fs;
use transcoder_protocol::{ColourGrid, Failure, Fingerprint, PhotoOutput, PhotoTask};

const WEBP_QUALITY: f32 = 80.0;
const JPEG_QUALITY: u8 = 82;

/// Longest side that WebP can say (14 bits).
const MAX_SIDE: u32 = 16_383;

/// Writes `<width>.webp` and `<width>.jpg` for every width that the picture has pixels for.
pub fn all_widths(
    picture: DynamicImage,
    orientation: Orientation,
    task: &PhotoTask,
    reporter: &mut Reporter,
) -> Result<PhotoOutput> {
    let (width, height) = match swaps_sides(orientation) {
        true => (picture.height(), picture.width()),
        false => (picture.width(), picture.height()),
    };
    let widths = widths(width, height, &task.widths);
    let (columns, rows) = ColourGrid::shape(width, height);
    let mut output = PhotoOutput {
        width: 0,
        height: 0,
        widths: widths.clone(),
        colour: String::new(),
        grid: ColourGrid { columns, rows, colours: Vec::new() },
        fingerprint: None,
        had_location: false,
    };
    let mut budget = task.limits.max_output_bytes;
    let mut linear = Linear::from_srgb(&picture)?;
    drop(picture);
    for (done, &wide) in widths.iter().rev().enumerate() {
        let high = scaled(height, wide, width);
        let stored = if swaps_sides(orientation) { (high, wide) } else { (wide, high) };
        // The first is the widest; the others are made from it, which the eye cannot tell and the clock can.
        linear = linear.resized(stored)?;
        let mut upright = linear.to_srgb()?;
        upright.apply_orientation(orientation);
        if done == 0 {
            (output.width, output.height) = (wide, high);
        }
        let flat = flattened_on_white(&upright);
        if done + 1 == widths.len() {
            // The smallest tells as much as the largest.
            let cell = |column, row| mean_colour(&flat, (column, columns), (row, rows));
            output.colour = mean_colour(&flat, (0, 1), (0, 1));
            output.grid.colours = (0..rows)
                .flat_map(|row| (0..columns).map(move |column| (column, row)))
                .map(|(column, row)| cell(column, row))
                .collect();
            output.fingerprint = fingerprint_of(&flat);
        }
        for (extension, bytes) in [("webp", webp(&upright)?), ("jpg", jpeg(&flat)?)] {
            budget = budget
                .checked_sub(bytes.len() as u64)
                .ok_or_else(|| Refusal::new(Failure::TooHeavy, "the output's limit is used up"))?;
            fs::write(task.output.join(format!("{wide}.{extension}")), bytes)
                .or_refuse_writing("writing a photo")?;
        }
        reporter.progress(0.4 + 0.6 * (done + 1) as f64 / widths.len() as f64);
    }
    Ok(output)
}

/// Which widths to make of an upright picture: those asked for that it has pixels for, and its own when it is below the
/// largest. One that would be too tall for WebP is left out; when that leaves none, the widest that fits is made.
fn widths(width: u32, height: u32, asked: &[u32]) -> Vec<u32> {
    let largest = asked.iter().copied().max().unwrap_or(width);
    let fits = |wide: u32| wide > 0 && wide <= MAX_SIDE && scaled(height, wide, width) <= MAX_SIDE;
    let mut widths: Vec<u32> = asked
        .iter()
        .copied()
        .chain((width < largest).then_some(width))
        .filter(|&wide| wide <= width && fits(wide))
        .collect();
    if widths.is_empty() {
        let tallest = u64::from(width) * u64::from(MAX_SIDE) / u64::from(height.max(1));
        widths.push((tallest as u32).clamp(1, width.min(MAX_SIDE)));
    }
    widths.sort_unstable();
    widths.dedup();
    widths
}

/// `height` at a width of `wide` instead of `width`; at least 1, and at most what WebP can say.
fn scaled(height: u32, wide: u32, width: u32) -> u32 {
    let rounded =
        (u64::from(height) * u64::from(wide) * 2 + u64::from(width)) / (u64::from(width) * 2);
    rounded.clamp(1, u64::from(u32::MAX)) as u32
}

/// 16-bit pixels in linear light: averaging sRGB numbers would darken fine bright detail.
struct Linear {
    pixels: Image<'static>,
    srgb: PixelComponentMapper,
}

impl Linear {
    fn from_srgb(picture: &DynamicImage) -> Result<Self> {
        let (width, height) = (picture.width(), picture.height());
        let (from, to) = match picture.color().has_alpha() {
            true => (PixelType::U8x4, PixelType::U16x4),
            false => (PixelType::U8x3, PixelType::U16x3),
        };
        let source = ImageRef::new(width, height, picture.as_bytes(), from)
            .or_refuse(Failure::Crashed, "borrowing the pixels")?;
        let mut pixels = Image::new(width, height, to);
        let srgb = create_srgb_mapper();
        srgb.forward_map(&source, &mut pixels)
            .or_refuse(Failure::Crashed, "going to linear light")?;
        Ok(Self { pixels, srgb })
    }

    fn resized(self, (width, height): (u32, u32)) -> Result<Self> {
        if (width, height) == (self.pixels.width(), self.pixels.height()) {
            return Ok(self);
        }
        let mut pixels = Image::new(width, height, self.pixels.pixel_type());
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
            .use_alpha(true);
        Resizer::new()
            .resize(&self.pixels, &mut pixels, &options)
            .or_refuse(Failure::Crashed, "scaling")?;
        Ok(Self { pixels, srgb: self.srgb })
    }

    fn to_srgb(&self) -> Result<DynamicImage> {
        let (width, height) = (self.pixels.width(), self.pixels.height());
        let has_alpha = self.pixels.pixel_type() == PixelType::U16x4;
        let kind = if has_alpha { PixelType::U8x4 } else { PixelType::U8x3 };
        let mut mapped = Image::new(width, height, kind);
        self.srgb
            .backward_map(&self.pixels, &mut mapped)
            .or_refuse(Failure::Crashed, "leaving linear light")?;
        let bytes = mapped.into_vec();
        let image = match has_alpha {
            true => RgbaImage::from_raw(width, height, bytes).map(DynamicImage::ImageRgba8),
            false => RgbImage::from_raw(width, height, bytes).map(DynamicImage::ImageRgb8),
        };
        image.ok_or_else(|| Refusal::new(Failure::Crashed, "pixels do not fill the picture"))
    }
}

fn flattened_on_white(picture: &DynamicImage) -> RgbImage {
    let DynamicImage::ImageRgba8(rgba) = picture else { return picture.to_rgb8() };
    let mut flat = RgbImage::new(rgba.width(), rgba.height());
    for (flat, pixel) in flat.pixels_mut().zip(rgba.pixels()) {
        let [red, green, blue, alpha] = pixel.0.map(u32::from);
        flat.0 =
            [red, green, blue].map(|part| ((part * alpha + 255 * (255 - alpha) + 127) / 255) as u8);
    }
    flat
}

/// `#rrggbb` of one of so many columns and rows. Meant over sRGB numbers: it stands in for the photo as the eye remembers it,
/// not as a light meter does.
fn mean_colour(
    picture: &RgbImage,
    (column, columns): (u32, u32),
    (row, rows): (u32, u32),
) -> String {
    let span = |index: u32, count: u32, length: u32| {
        let from = u64::from(index) * u64::from(length) / u64::from(count);
        let to = (u64::from(index) + 1) * u64::from(length) / u64::from(count);
        from as u32..(to as u32).max(from as u32 + 1)
    };
    let (xs, ys) = (span(column, columns, picture.width()), span(row, rows, picture.height()));
    let count = (xs.len() * ys.len()) as u64;
    let mut sums = [0_u64; 3];
    for y in ys {
        for x in xs.clone() {
            for (sum, part) in sums.iter_mut().zip(picture.get_pixel(x, y).0) {
                *sum += u64::from(part);
            }
        }
    }
    let [red, green, blue] = sums.map(|sum| (sum + count / 2) / count.max(1));
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Of the luma that video has, too (BT.601), so that a photo is found in a clip.
fn fingerprint_of(picture: &RgbImage) -> Option<Fingerprint> {
    let luma: Vec<u8> = picture
        .pixels()
        .map(|pixel| {
            let [red, green, blue] = pixel.0.map(u32::from);
            ((299 * red + 587 * green + 114 * blue + 500) / 1000) as u8
        })
        .collect();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    fingerprint::of_luma(&luma, width, width, height)
}

fn webp(picture: &DynamicImage) -> Result<Vec<u8>> {
    let (width, height) = (picture.width(), picture.height());
    let encoder = match picture {
        DynamicImage::ImageRgba8(rgba) => webp::Encoder::from_rgba(rgba, width, height),
        _ => webp::Encoder::from_rgb(picture.as_bytes(), width, height),
    };
    encoder
        .encode_simple(false, WEBP_QUALITY)
        .map(|bytes| bytes.to_vec())
        .map_err(|error| Refusal::new(Failure::Crashed, format!("encoding WebP: {error:?}")))
}

fn jpeg(picture: &RgbImage) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, JPEG_QUALITY);
    // Progressive and optimised: smaller, and a slow phone shows something at once.
    encoder.set_progressive(true);
    encoder.set_optimized_huffman_tables(true);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    let side = |side: u32| u16::try_from(side).or_refuse(Failure::Crashed, "a side of a JPEG");
    let (width, height) = (side(picture.width())?, side(picture.height())?);
    encoder
        .encode(picture, width, height, ColorType::Rgb)
        .or_refuse(Failure::Crashed, "encoding JPEG")?;
    Ok(bytes)
}
