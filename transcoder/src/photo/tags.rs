//! What a photo says about itself that matters: which way is up, and whether it says where it was taken.

use super::format::Format;
use super::heif::Heif;
use super::jxl;
use exif::{Exif, In, Reader, Tag};
use image::metadata::Orientation;
use std::borrow::Cow;
use std::io::Cursor;

pub struct Tags {
    pub orientation: Orientation,
    pub has_location: bool,
}

impl Tags {
    /// What is unreadable or absurd counts as not said.
    pub fn of(bytes: &[u8], format: Format) -> Self {
        let mut reader = Reader::new();
        reader.continue_on_error(true);
        let partial = |error: exif::Error| error.distill_partial_result(|_| {}).ok();
        let raw = |tiff: Cow<'_, [u8]>| {
            reader.read_raw(tiff.into_owned()).or_else(|error| partial(error).ok_or(())).ok()
        };
        let told: Vec<Exif> = match format {
            Format::Jpeg | Format::Png | Format::WebP => {
                let read = reader.read_from_container(&mut Cursor::new(bytes));
                read.or_else(|error| partial(error).ok_or(())).into_iter().collect()
            }
            Format::Heif => match Heif::parse(bytes) {
                Ok(Some(heif)) => heif.exif().filter_map(raw).collect(),
                _ => Vec::new(),
            },
            Format::Jxl => jxl::exif(bytes).and_then(|tiff| raw(tiff.into())).into_iter().collect(),
            Format::Gif => Vec::new(),
        };
        let field = |tag| told.iter().find_map(|exif| exif.get_field(tag, In::PRIMARY));
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
