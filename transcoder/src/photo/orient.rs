//! Which way is up.

use exif::{In, Reader, Tag};
use image::metadata::Orientation;
use std::io::Cursor;

/// EXIF tag 0x0112 of JPEG, PNG, WebP or HEIF bytes; unreadable or absurd values mean "as stored".
pub fn from_exif(bytes: &[u8]) -> Orientation {
    Reader::new()
        .continue_on_error(true)
        .read_from_container(&mut Cursor::new(bytes))
        .or_else(|error| error.distill_partial_result(|_| {}))
        .ok()
        .and_then(|exif| exif.get_field(Tag::Orientation, In::PRIMARY)?.value.get_uint(0))
        .and_then(|value| Orientation::from_exif(u8::try_from(value).ok()?))
        .unwrap_or(Orientation::NoTransforms)
}

pub fn swaps_sides(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}
