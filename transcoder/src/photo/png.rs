//! PNG, row by row, so that one of more pixels than we keep is scaled while it is read; and the three ways in which it tells its colours.

use super::canvas::{Canvas, Sample, shrinkage};
use super::colours::{Colours, Primaries};
use super::decode::{Decoded, check_size};
use crate::refusal::{Refusal, Result};
use image::DynamicImage;
use png::{BitDepth, DecodingError, Info, Limits, Reader, Transformations};
use std::io::Cursor;
use transcoder_protocol::{Failure, PhotoLimits};

pub fn picture(bytes: &[u8], limits: &PhotoLimits) -> Result<Decoded> {
    // Also of the chunks before the first pixel.
    let most = Limits { bytes: (limits.max_memory_bytes / 2) as usize };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), most);
    // Palettes to colours, bits to bytes, a colour that is clear to transparency.
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(|error| refuse(&error))?;
    let info = reader.info();
    let (width, height) = (info.width, info.height);
    check_size(width, height, limits)?;
    let colours = colours(info);
    let by = shrinkage(width, height, limits.max_decoded_pixels);
    if by > 1 && info.interlaced {
        // Its first row is complete only when nearly all of it is decoded.
        return Err(Refusal::new(Failure::TooManyPixels, format!("{width}×{height}, interlaced")));
    }
    let picture = match reader.output_color_type().1 {
        BitDepth::Sixteen => pixels(&mut reader, (width, height), by, |row, samples| {
            samples.extend(row.as_chunks::<2>().0.iter().map(|&sample| u16::from_be_bytes(sample)));
        }),
        _ => pixels(&mut reader, (width, height), by, |row, samples: &mut Vec<u8>| {
            samples.extend_from_slice(row);
        }),
    }?;
    Ok(Decoded { picture, colours, orientation: None })
}

fn pixels<S: Sample>(
    reader: &mut Reader<Cursor<&[u8]>>,
    (width, height): (u32, u32),
    by: u32,
    read: impl Fn(&[u8], &mut Vec<S>),
) -> Result<DynamicImage> {
    let channels = reader.output_color_type().0.samples();
    let mut canvas = Canvas::new(width, height, channels, by);
    let mut samples = Vec::new();
    if reader.info().interlaced {
        let size = reader.output_buffer_size();
        let size = size.ok_or_else(|| Refusal::new(Failure::TooHeavy, "an interlaced PNG"))?;
        let mut whole = vec![0; size];
        let line = reader.next_frame(&mut whole).map_err(|error| refuse(&error))?.line_size;
        for row in whole.chunks_exact(line) {
            samples.clear();
            read(row, &mut samples);
            canvas.push(&samples);
        }
    } else {
        for _ in 0..height {
            let row = reader.next_row().map_err(|error| refuse(&error))?;
            let row = row.ok_or_else(|| Refusal::new(Failure::Damaged, "a row is missing"))?;
            samples.clear();
            read(row.data(), &mut samples);
            canvas.push(&samples);
        }
    }
    canvas.finish().ok_or_else(|| Refusal::new(Failure::Damaged, "a PNG without rows"))
}

/// The first of these counts (PNG, 4.3): code points, a profile, "sRGB", numbers.
fn colours(info: &Info<'_>) -> Colours {
    if let Some(cicp) = info.coding_independent_code_points {
        Colours::of_cicp(cicp.color_primaries.into(), cicp.transfer_function.into())
    } else if let Some(profile) = &info.icc_profile {
        Colours::Icc(profile.to_vec())
    } else if info.srgb.is_some() {
        Colours::Srgb
    } else {
        let primaries = info.chrm_chunk.map(|primaries| {
            let point =
                |(x, y): (png::ScaledFloat, png::ScaledFloat)| (x.into_value(), y.into_value());
            Primaries([primaries.white, primaries.red, primaries.green, primaries.blue].map(point))
        });
        Colours::of_numbers(info.gama_chunk.map(png::ScaledFloat::into_value), primaries)
    }
}

fn refuse(error: &DecodingError) -> Refusal {
    let failure = match error {
        DecodingError::LimitsExceeded => Failure::TooHeavy,
        _ => Failure::Damaged,
    };
    Refusal::new(failure, error.to_string())
}
