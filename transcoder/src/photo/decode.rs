//! From a file's bytes to 8-bit sRGB pixels, as stored (not yet turned).

use super::format::Format;
use crate::refusal::{Refusal, Result};
use image::codecs::{gif::GifDecoder, jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder};
use image::error::{ImageError, LimitErrorKind};
use image::{DynamicImage, ImageDecoder, Limits};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};
use std::io::Cursor;
use transcoder_protocol::{Failure, PhotoLimits};

/// Longest side of any format's header; wider or taller is nobody's photo, whatever its area.
const MAX_SIDE: u32 = 65_535;

/// Pixels as RGB or, when some are transparent, RGBA.
pub fn pixels(bytes: &[u8], format: Format, limits: &PhotoLimits) -> Result<DynamicImage> {
    let input = Cursor::new(bytes);
    match format {
        Format::Jpeg => {
            // The decoder paints what is missing grey, and says nothing.
            if !is_whole_jpeg(bytes) {
                return Err(Refusal::new(Failure::Damaged, "the JPEG has no end"));
            }
            read(JpegDecoder::new(input).map_err(|error| refuse(&error))?, limits)
        }
        Format::Png => {
            // The allocations of the header's own chunks are limited from the start.
            read(
                PngDecoder::with_limits(input, decoder_limits(limits))
                    .map_err(|error| refuse(&error))?,
                limits,
            )
        }
        Format::Gif => read(GifDecoder::new(input).map_err(|error| refuse(&error))?, limits),
        Format::WebP => {
            // Pixels may be whole while the file is not; and a cut through them can go unnoticed.
            if !is_whole_webp(bytes) {
                return Err(Refusal::new(Failure::Damaged, "the WebP is shorter than it says"));
            }
            read(WebPDecoder::new(input).map_err(|error| refuse(&error))?, limits)
        }
        Format::Heif => Err(Refusal::new(Failure::UnsupportedCodec, "HEIF inside HEIF")),
    }
}

/// `TooManyPixels` when width × height or one side is over the limit, `Damaged` when there are none.
pub fn check_size(width: u32, height: u32, limits: &PhotoLimits) -> Result<()> {
    let size = format!("{width}×{height}");
    if width == 0 || height == 0 {
        Err(Refusal::new(Failure::Damaged, size))
    } else if u64::from(width) * u64::from(height) > limits.max_pixels
        || width.max(height) > MAX_SIDE
    {
        Err(Refusal::new(Failure::TooManyPixels, size))
    } else {
        Ok(())
    }
}

fn decoder_limits(limits: &PhotoLimits) -> Limits {
    let mut decoder = Limits::default();
    decoder.max_image_width = Some(MAX_SIDE);
    decoder.max_image_height = Some(MAX_SIDE);
    // The other half is for scaling what comes out.
    decoder.max_alloc = Some(limits.max_memory_bytes / 2);
    decoder
}

fn read(mut decoder: impl ImageDecoder, limits: &PhotoLimits) -> Result<DynamicImage> {
    let (width, height) = decoder.dimensions();
    check_size(width, height, limits)?;
    decoder.set_limits(decoder_limits(limits)).map_err(|error| refuse(&error))?;
    if decoder.total_bytes() > limits.max_memory_bytes / 2 {
        return Err(Refusal::new(
            Failure::TooHeavy,
            format!("{} bytes decoded", decoder.total_bytes()),
        ));
    }
    // A profile that cannot be read costs some colour, not the photo.
    let profile = decoder.icc_profile().ok().flatten();
    let decoded = DynamicImage::from_decoder(decoder).map_err(|error| refuse(&error))?;
    let has_colour = decoded.color().has_color();
    let mut picture = if decoded.color().has_alpha() {
        let rgba = decoded.into_rgba8();
        if rgba.pixels().all(|pixel| pixel.0[3] == u8::MAX) {
            DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(rgba).into_rgb8())
        } else {
            DynamicImage::ImageRgba8(rgba)
        }
    } else {
        DynamicImage::ImageRgb8(decoded.into_rgb8())
    };
    if let Some(profile) = profile.filter(|_| has_colour) {
        convert_to_srgb(&mut picture, &profile);
    }
    Ok(picture)
}

/// Profiles are dropped, so what they say has to be done first: without this an iPhone's Display P3 looks washed out.
fn convert_to_srgb(picture: &mut DynamicImage, profile: &[u8]) {
    let Ok(profile) = ColorProfile::new_from_slice(profile) else { return };
    if profile.color_space != DataColorSpace::Rgb {
        return;
    }
    let row_samples = picture.width() as usize * usize::from(picture.color().channel_count());
    let (layout, samples): (Layout, &mut [u8]) = match picture {
        DynamicImage::ImageRgb8(rgb) => (Layout::Rgb, rgb),
        DynamicImage::ImageRgba8(rgba) => (Layout::Rgba, rgba),
        _ => return,
    };
    let srgb = ColorProfile::new_srgb();
    let Ok(transform) =
        profile.create_transform_8bit(layout, &srgb, layout, TransformOptions::default())
    else {
        return;
    };
    let mut converted = vec![0; row_samples];
    for row in samples.chunks_exact_mut(row_samples) {
        if transform.transform(row, &mut converted).is_err() {
            return;
        }
        row.copy_from_slice(&converted);
    }
}

/// Whether the segments lead to an end-of-image marker (ITU-T T.81, B.1). What follows it (a phone's second picture or
/// short film) is of no interest.
fn is_whole_jpeg(bytes: &[u8]) -> bool {
    let mut at = 2;
    loop {
        // In a scan any byte may stand before the next marker, and 0xff 0x00 and restarts are part of it.
        let Some(offset) =
            bytes.get(at..).and_then(|rest| rest.iter().position(|&byte| byte == 0xff))
        else {
            return false;
        };
        at += offset + 1;
        match bytes.get(at) {
            None => return false,
            Some(0xd9) => return true,
            Some(0x00 | 0x01 | 0xd0..=0xd8) => at += 1,
            Some(0xff) => {}
            Some(_) => {
                let Some(&[high, low]) = bytes.get(at + 1..at + 3) else { return false };
                at += 1 + usize::from(u16::from_be_bytes([high, low]));
            }
        }
    }
}

/// Whether there are as many bytes as the RIFF header says.
fn is_whole_webp(bytes: &[u8]) -> bool {
    let said =
        bytes.get(4..).and_then(|rest| rest.first_chunk()).map(|said| u32::from_le_bytes(*said));
    said.is_some_and(|said| u64::from(said) + 8 <= bytes.len() as u64)
}

fn refuse(error: &ImageError) -> Refusal {
    let failure = match error {
        ImageError::Limits(limit) => match limit.kind() {
            LimitErrorKind::DimensionError => Failure::TooManyPixels,
            _ => Failure::TooHeavy,
        },
        ImageError::Unsupported(_) => Failure::UnsupportedCodec,
        _ => Failure::Damaged,
    };
    Refusal::new(failure, error.to_string())
}
