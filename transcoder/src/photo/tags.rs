//! What a photo says about itself that matters: which way is up, and whether it says where it was taken.

use exif::{In, Reader, Tag};
use image::metadata::Orientation;
use std::io::Cursor;

pub struct Tags {
    pub orientation: Orientation,
    pub has_location: bool,
}

impl Tags {
    /// Of JPEG, PNG, WebP or HEIF bytes; what is unreadable or absurd counts as not said.
    pub fn of(bytes: &[u8]) -> Self {
        let exif = Reader::new()
            .continue_on_error(true)
            .read_from_container(&mut Cursor::new(bytes))
            .or_else(|error| error.distill_partial_result(|_| {}))
            .ok();
        let field = |tag| exif.as_ref().and_then(|exif| exif.get_field(tag, In::PRIMARY));
        let orientation = field(Tag::Orientation)
            .and_then(|field| field.value.get_uint(0))
            .and_then(|value| Orientation::from_exif(u8::try_from(value).ok()?))
            .unwrap_or(Orientation::NoTransforms);
        let has_location = field(Tag::GPSLatitude).is_some() || field(Tag::GPSLongitude).is_some();
        Self { orientation, has_location }
    }
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
