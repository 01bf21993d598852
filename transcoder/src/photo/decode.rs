//! From a file's bytes to pixels as stored, and what is known of them.

use super::colours::Colours;
use super::format::Format;
use super::heif::Heif;
use super::{compose, jpeg, jxl, png, sequence};
use crate::refusal::{Refusal, Result};
use crate::report::Reporter;
use image::codecs::{gif::GifDecoder, jpeg::JpegDecoder, webp::WebPDecoder};
use image::error::{ImageError, LimitErrorKind};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, Limits};
use std::io::Cursor;
use transcoder_protocol::{Failure, PhotoLimits};

/// Longest side of any format's header; wider or taller is nobody's photo, whatever its area.
const MAX_SIDE: u32 = 65_535;

/// What a process of ours has of address space before it decodes, libraries mostly; and what each pixel that is kept costs, as 8-bit
/// numbers and in linear light at once (see `render`).
const BASE_BYTES: u64 = 256 << 20;
const BYTES_PER_PIXEL: u64 = 9;

/// Pixels of 8 or 16 bits a sample, grey or coloured, maybe transparent.
pub struct Decoded {
    pub picture: DynamicImage,
    pub colours: Colours,
    /// How it is still to be turned, where the format says so itself; `None` leaves that to EXIF.
    pub orientation: Option<Orientation>,
}

pub fn picture(
    bytes: &[u8],
    format: Format,
    limits: &PhotoLimits,
    reporter: &Reporter,
) -> Result<Decoded> {
    let input = Cursor::new(bytes);
    match format {
        Format::Jpeg => {
            // The decoder paints what is missing grey, and says nothing.
            if !is_whole_jpeg(bytes) {
                return Err(Refusal::new(Failure::Damaged, "the JPEG has no end"));
            }
            let decoder = JpegDecoder::new(input).map_err(|error| refuse(&error))?;
            let (width, height) = decoder.dimensions();
            check_size(width, height, limits)?;
            if u64::from(width) * u64::from(height) > limits.max_decoded_pixels {
                return jpeg::scaled(bytes, (width, height), limits);
            }
            read(decoder, limits)
        }
        Format::Png => png::picture(bytes, limits),
        Format::Gif => read(GifDecoder::new(input).map_err(|error| refuse(&error))?, limits),
        Format::WebP => {
            // Pixels may be whole while the file is not; and a cut through them can go unnoticed.
            if !is_whole_webp(bytes) {
                return Err(Refusal::new(Failure::Damaged, "the WebP is shorter than it says"));
            }
            read(WebPDecoder::new(input).map_err(|error| refuse(&error))?, limits)
        }
        Format::Heif => match Heif::parse(bytes)? {
            Some(heif) => compose::picture(&heif, limits, reporter),
            None => compose::single(&sequence::first(bytes)?, limits),
        },
        Format::Jxl => jxl::picture(bytes, limits),
    }
}

/// `TooManyPixels` when width × height or one side is over the limit, `TooHeavy` when what is kept of so many cannot fit into
/// memory, `Damaged` when there are none.
pub fn check_size(width: u32, height: u32, limits: &PhotoLimits) -> Result<()> {
    let size = format!("{width}×{height}");
    if width == 0 || height == 0 {
        Err(Refusal::new(Failure::Damaged, size))
    } else if u64::from(width) * u64::from(height) > limits.max_pixels
        || width.max(height) > MAX_SIDE
    {
        Err(Refusal::new(Failure::TooManyPixels, size))
    } else {
        let kept = (u64::from(width) * u64::from(height)).min(limits.max_decoded_pixels);
        match BASE_BYTES + kept * BYTES_PER_PIXEL > limits.max_memory_bytes {
            true => Err(Refusal::new(Failure::TooHeavy, size)),
            false => Ok(()),
        }
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

fn read(mut decoder: impl ImageDecoder, limits: &PhotoLimits) -> Result<Decoded> {
    let (width, height) = decoder.dimensions();
    check_size(width, height, limits)?;
    if u64::from(width) * u64::from(height) > limits.max_decoded_pixels {
        return Err(Refusal::new(Failure::TooManyPixels, format!("{width}×{height}")));
    }
    decoder.set_limits(decoder_limits(limits)).map_err(|error| refuse(&error))?;
    if decoder.total_bytes() > limits.max_memory_bytes / 2 {
        return Err(Refusal::new(
            Failure::TooHeavy,
            format!("{} bytes decoded", decoder.total_bytes()),
        ));
    }
    // A profile that cannot be read costs some colour, not the photo.
    let colours = decoder.icc_profile().ok().flatten().map_or(Colours::Srgb, Colours::Icc);
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| refuse(&error))?;
    Ok(Decoded { picture, colours, orientation: None })
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
