//! Photos: upright, metadata-free WebP and JPEG files of several widths, in sRGB.
//!
//! What a file is, is told from its first bytes, never from its name; what it would cost to decode is told from its header, before any pixel
//! is decoded. The way of a photo: [`format`] recognises → [`decode`] measures and makes pixels → [`colours`] makes 8-bit sRGB of them →
//! [`render`] scales, turns and encodes → [`prove`](crate::prove) parses every written file again and finds nothing but a picture in it.
//!
//! Everything is decoded in this process: JPEG, PNG, WebP, GIF and JPEG XL by decoders in Rust; the coded pictures within a HEIF or AVIF, whose
//! boxes are read by our own code ([`heif`], [`sequence`]), by the decoders of libav that videos have ([`coded`]). No other
//! program is started, so that the cage need not let one.
//!
//! Not here: the cage (see `sandbox`), and which widths a site wants.

mod boxes;
mod canvas;
mod coded;
mod colours;
mod compose;
mod decode;
mod format;
pub mod heif;
mod jpeg;
mod jxl;
mod planes;
mod png;
mod render;
pub mod sequence;
mod tags;

use crate::prove;
use crate::refusal::{OrRefuse, Refusal, Result};
use crate::report::Reporter;
use format::Format;
use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tags::{Tags, swaps_sides};
use transcoder_protocol::{Failure, PhotoOutput, PhotoTask};

/// Makes the files of one photo in `task.output`.
///
/// Refuses with `Empty`, `UnknownFormat`, `UnsupportedCodec`, `Damaged`, `TooManyPixels`, `TooHeavy` or `NoRoom`.
pub fn make(task: &PhotoTask, input: File, reporter: &mut Reporter) -> Result<PhotoOutput> {
    // Of decoders in Rust: what a hostile file can still make of them is a panic, and the file is at fault.
    catch_unwind(AssertUnwindSafe(|| make_or_panic(task, input, reporter)))
        .unwrap_or_else(|_| Err(Refusal::new(Failure::Damaged, "a decoder panicked")))
}

fn make_or_panic(task: &PhotoTask, input: File, reporter: &mut Reporter) -> Result<PhotoOutput> {
    reporter.progress(0.0);
    let bytes = read(input, task.limits.max_input_bytes)?;
    let format = Format::of(&bytes)?;
    let tags = Tags::of(&bytes, format);
    let decoded = decode::picture(&bytes, format, &task.limits, reporter)?;
    drop(bytes);
    // HEIF and JPEG XL turn pictures by means of their own, and their EXIF then only repeats it. Some cameras write EXIF alone.
    let orientation = decoded.orientation.unwrap_or(tags.orientation);
    let picture = colours::to_srgb(decoded.picture, &decoded.colours);
    reporter.progress(0.4);
    let mut output = render::all_widths(picture, orientation, task, reporter)?;
    output.had_location = tags.has_location;
    prove::files(&task.output, output.files().iter().map(String::as_str))?;
    Ok(output)
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
