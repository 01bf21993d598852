//! Photos: upright, metadata-free WebP and JPEG files of several widths, in sRGB.
//!
//! What a file is, is told from its first bytes, never from its name; what it would cost to decode is told from its header, before any pixel
//! is decoded. The way of a photo: [`format`] recognises and measures → [`decode`] makes 8-bit sRGB pixels →
//! [`render`] scales, turns and encodes → [`prove`](crate::prove) parses every written file again and finds nothing but a picture in it.
//!
//! Not here: the cage (see `sandbox`), and which widths a site wants.

mod decode;
mod format;
mod heif;
mod render;
mod tags;

use crate::prove;
use crate::refusal::{OrRefuse, Refusal, Result};
use crate::report::Reporter;
use crate::sandbox;
use format::Format;
use image::DynamicImage;
use image::metadata::Orientation;
use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tags::{Tags, swaps_sides};
use transcoder_protocol::{Failure, PhotoOutput, PhotoTask};

/// The one program that photos need; see [`heif`].
pub const HEIF_CONVERTER: &str = heif::CONVERTER;

/// Makes the files of one photo in `task.output`.
///
/// Refuses with `Empty`, `UnknownFormat`, `UnsupportedCodec`, `Damaged`, `TooManyPixels` or `TooHeavy`.
pub fn make(task: &PhotoTask, input: File, reporter: &mut Reporter) -> Result<PhotoOutput> {
    // The decoders are Rust: what a hostile file can still make of them is a panic, and the file is at fault.
    catch_unwind(AssertUnwindSafe(|| make_or_panic(task, input, reporter)))
        .unwrap_or_else(|_| Err(Refusal::new(Failure::Damaged, "a decoder panicked")))
}

fn make_or_panic(task: &PhotoTask, input: File, reporter: &mut Reporter) -> Result<PhotoOutput> {
    reporter.progress(0.0);
    let bytes = read(input, task.limits.max_input_bytes)?;
    let format = Format::of(&bytes)?;
    let tags = Tags::of(&bytes);
    let (picture, orientation) = open(&bytes, format, tags.orientation, task, reporter)?;
    drop(bytes);
    reporter.progress(0.4);
    let mut output = render::all_widths(picture, orientation, task, reporter)?;
    output.had_location = tags.has_location;
    prove::files(&task.output, output.files().iter().map(String::as_str))?;
    Ok(output)
}

/// The pixels as they are stored, and how to turn them.
fn open(
    bytes: &[u8],
    format: Format,
    told: Orientation,
    task: &PhotoTask,
    reporter: &mut Reporter,
) -> Result<(DynamicImage, Orientation)> {
    if format != Format::Heif {
        sandbox::forbid_programs();
        return Ok((decode::pixels(bytes, format, &task.limits)?, told));
    }
    let header =
        heif::Header::parse(bytes).or_refuse(Failure::Damaged, "reading the HEIF boxes")?;
    decode::check_size(header.width, header.height, &task.limits)?;
    heif::check_memory(&header, task.limits.max_memory_bytes)?;
    let converted = heif::convert(bytes, &task.output, &header, reporter)?;
    sandbox::forbid_programs();
    // HEIF turns pictures by properties of its own, which the converter obeys; its EXIF then only repeats them. Some cameras
    // write EXIF alone.
    let orientation = match header.is_turned_by_property {
        true => Orientation::NoTransforms,
        false => told,
    };
    let bytes = converted.read(task.limits.max_output_bytes)?;
    drop(converted);
    let format = Format::of(&bytes)?;
    Ok((decode::pixels(&bytes, format, &task.limits)?, orientation))
}

fn read(mut file: File, max_bytes: u64) -> Result<Vec<u8>> {
    let length = file.metadata().or_refuse(Failure::Crashed, "measuring the photo")?.len();
    if length > max_bytes {
        return Err(Refusal::new(
            Failure::TooHeavy,
            format!("{length} bytes, at most {max_bytes}"),
        ));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).or_refuse(Failure::Crashed, "reading the photo")?;
    Ok(bytes)
}
