//! A HEIF's picture out of its coded ones: tiles in rows, its transparency, what is cut off. Turning is left to `render`, which has fewer
//! pixels to turn.
//!
//! Never more than one row of tiles is there at its full size: see [`Canvas`].

use super::canvas::{Canvas, Sample, shrinkage};
use super::coded::{Decoder, Frame, Layout};
use super::colours::{Cicp, Colours};
use super::decode::{Decoded, check_size};
use super::heif::{Coded, Edit, Heif, Picture};
use super::planes::{Conversion, Place, colours, opacity};
use super::tags::swaps_sides;
use crate::refusal::{Refusal, Result};
use crate::report::Reporter;
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage};
use transcoder_protocol::{Failure, PhotoLimits};

/// Rows of a coded picture that are made colours of at a time.
const STRIP_ROWS: u32 = 64;

/// Of the whole task, how much is done when all tiles are.
const DECODED: f64 = 0.35;

pub fn picture(heif: &Heif<'_>, limits: &PhotoLimits, reporter: &Reporter) -> Result<Decoded> {
    let told = heif.picture()?;
    check_size(told.width, told.height, limits)?;
    let mut tiles = Tiles { heif, limits, reporter, decoder: None };
    let by = shrinkage(told.width, told.height, limits.max_decoded_pixels);
    let (mut picture, meaning) = tiles.colours(&told, by)?;
    if let Some(mask) = told.mask {
        let mask = heif.picture_of(mask)?;
        check_size(mask.width, mask.height, limits)?;
        let by = shrinkage(mask.width, mask.height, limits.max_decoded_pixels);
        let opacity = tiles.opacity(&mask, by)?;
        picture = masked(picture, opacity, told.is_premultiplied);
    }
    let colours = match (told.icc, told.cicp) {
        (Some(profile), _) => Colours::Icc(profile.to_vec()),
        (None, Some(cicp)) => Colours::of_cicp(cicp.primaries, cicp.transfer),
        (None, None) => meaning,
    };
    let (picture, orientation) = edited(picture, &told.edits, (told.width, told.height), by)?;
    Ok(Decoded { picture, colours, orientation })
}

/// One coded picture alone, such as the first of a sequence.
pub fn single(coded: &Coded<'_>, limits: &PhotoLimits) -> Result<Decoded> {
    let frame = Decoder::new(coded, limits.max_pixels)?.decode(&coded.data)?;
    let layout = frame.layout()?;
    check_size(layout.width, layout.height, limits)?;
    let by = shrinkage(layout.width, layout.height, limits.max_decoded_pixels);
    let picture = match layout.depth {
        8 => whole::<u8>(&frame, &layout, coded.cicp, by),
        _ => whole::<u16>(&frame, &layout, coded.cicp, by),
    }?;
    let colours = match coded.cicp {
        Some(cicp) => Colours::of_cicp(cicp.primaries, cicp.transfer),
        None => Colours::of_cicp(layout.primaries, layout.transfer),
    };
    Ok(Decoded { picture, colours, orientation: None })
}

fn whole<S: Sample>(
    frame: &Frame,
    layout: &Layout,
    cicp: Option<Cicp>,
    by: u32,
) -> Result<DynamicImage> {
    let mut canvas = Canvas::<S>::new(layout.width, layout.height, 3, by);
    let conversion = Conversion::of(layout, cicp)?;
    let place = Place { left: 0, width: layout.width, height: layout.height };
    let mut strip = vec![S::from_unit(0.0); (3 * layout.width * STRIP_ROWS) as usize];
    for top in (0..layout.height).step_by(STRIP_ROWS as usize) {
        let rows = top..(top + STRIP_ROWS).min(layout.height);
        let count = rows.len();
        colours(frame, layout, &conversion, &place, rows, (&mut strip, layout.width))?;
        push(&mut canvas, &strip, 3 * layout.width as usize, count);
    }
    finished(canvas)
}

fn push<S: Sample>(canvas: &mut Canvas<S>, strip: &[S], row: usize, count: usize) {
    for row in strip.chunks_exact(row).take(count) {
        canvas.push(row);
    }
}

fn finished<S: Sample>(canvas: Canvas<S>) -> Result<DynamicImage> {
    canvas.finish().ok_or_else(|| Refusal::new(Failure::Damaged, "a picture without rows"))
}

struct Tiles<'a, 'b> {
    heif: &'b Heif<'a>,
    limits: &'b PhotoLimits,
    reporter: &'b Reporter,
    /// Of the tile before, and mostly of all.
    decoder: Option<Decoder>,
}

impl Tiles<'_, '_> {
    fn decode(
        &mut self,
        item: u32,
        picture: &Picture<'_>,
    ) -> Result<(Frame, Layout, Option<Cicp>)> {
        let coded = self.heif.coded(item)?;
        if !self.decoder.as_ref().is_some_and(|decoder| decoder.is_for(&coded)) {
            self.decoder = Some(Decoder::new(&coded, self.limits.max_pixels)?);
        }
        let Some(decoder) = &mut self.decoder else {
            return Err(Refusal::new(Failure::Crashed, "no decoder"));
        };
        let frame = decoder.decode(&coded.data)?;
        let layout = frame.layout()?;
        Ok((frame, layout, coded.cicp.or(picture.cicp)))
    }

    /// The colours of a picture, and what its coded bytes say of them.
    fn colours(&mut self, picture: &Picture<'_>, by: u32) -> Result<(DynamicImage, Colours)> {
        let first = self.decode(picture.tiles[0], picture)?;
        let said = Colours::of_cicp(first.1.primaries, first.1.transfer);
        let picture = match first.1.depth {
            8 => self.coloured::<u8>(picture, by, first),
            _ => self.coloured::<u16>(picture, by, first),
        }?;
        Ok((picture, said))
    }

    fn coloured<S: Sample>(
        &mut self,
        picture: &Picture<'_>,
        by: u32,
        first: (Frame, Layout, Option<Cicp>),
    ) -> Result<DynamicImage> {
        let canvas = Canvas::<S>::new(picture.width, picture.height, 3, by);
        self.fill(picture, canvas, 3, first, |tile, place, rows, strip| {
            let (frame, layout, cicp) = tile;
            colours(frame, layout, &Conversion::of(layout, *cicp)?, place, rows, strip)
        })
    }

    fn opacity(&mut self, picture: &Picture<'_>, by: u32) -> Result<GrayImage> {
        let first = self.decode(picture.tiles[0], picture)?;
        let canvas = Canvas::<u8>::new(picture.width, picture.height, 1, by);
        let mask = self.fill(picture, canvas, 1, first, |tile, place, rows, strip| {
            let (frame, layout, cicp) = tile;
            opacity(frame, layout, &Conversion::of(layout, *cicp)?, place, rows, strip)
        })?;
        Ok(mask.into_luma8())
    }

    fn fill<S: Sample>(
        &mut self,
        picture: &Picture<'_>,
        mut canvas: Canvas<S>,
        channels: usize,
        first: (Frame, Layout, Option<Cicp>),
        paint: impl Fn(
            &(Frame, Layout, Option<Cicp>),
            &Place,
            std::ops::Range<u32>,
            (&mut [S], u32),
        ) -> Result<()>,
    ) -> Result<DynamicImage> {
        let Picture { width, height, tile_width, tile_height, .. } = *picture;
        let row = width as usize * channels;
        let mut first = Some(first);
        let count = picture.tiles.len() as f64;
        for (index, tiles) in picture.tiles.chunks(picture.columns as usize).enumerate() {
            let shown_rows = tile_height.min(height - index as u32 * tile_height);
            // A picture alone can be tall, and needs no strip of its height.
            let step = if tiles.len() == 1 { STRIP_ROWS.min(shown_rows) } else { shown_rows };
            let mut strip = vec![S::from_unit(0.0); row * step as usize];
            for (column, &tile) in tiles.iter().enumerate() {
                let tile = match first.take() {
                    Some(first) => first,
                    None => self.decode(tile, picture)?,
                };
                let left = column as u32 * tile_width;
                let place = Place { left, width: tile_width.min(width - left), height: shown_rows };
                for top in (0..shown_rows).step_by(step as usize) {
                    let rows = top..(top + step).min(shown_rows);
                    let count = rows.len();
                    paint(&tile, &place, rows, (&mut strip, width))?;
                    if tiles.len() == 1 {
                        push(&mut canvas, &strip, row, count);
                    }
                }
                let done = (index * picture.columns as usize + column + 1) as f64;
                self.reporter.progress(DECODED * done / count);
            }
            if tiles.len() > 1 {
                push(&mut canvas, &strip, row, shown_rows as usize);
            }
        }
        finished(canvas)
    }
}

/// With a mask of another size scaled to the picture's.
fn masked(picture: DynamicImage, mask: GrayImage, is_premultiplied: bool) -> DynamicImage {
    let (width, height) = (picture.width(), picture.height());
    let mask = match mask.dimensions() == (width, height) {
        true => mask,
        false => {
            image::imageops::resize(&mask, width, height, image::imageops::FilterType::Triangle)
        }
    };
    if mask.pixels().all(|pixel| pixel.0[0] == u8::MAX) {
        return picture;
    }
    let is_deep = matches!(picture, DynamicImage::ImageRgb16(_));
    if is_deep {
        let mut deep = picture.into_rgba16();
        for (pixel, mask) in deep.pixels_mut().zip(mask.pixels()) {
            pixel.0[3] = u16::from(mask.0[0]) * 257;
            if is_premultiplied {
                divide(&mut pixel.0, 65_535);
            }
        }
        return DynamicImage::ImageRgba16(deep);
    }
    let mut rgba = picture.into_rgba8();
    for (pixel, mask) in rgba.pixels_mut().zip(mask.pixels()) {
        pixel.0[3] = mask.0[0];
        if is_premultiplied {
            divide(&mut pixel.0, 255);
        }
    }
    DynamicImage::ImageRgba8(rgba)
}

/// Takes back that colours were multiplied by how opaque they are.
fn divide<S: Sample>(pixel: &mut [S; 4], most: u32) {
    let opacity: u32 = pixel[3].into();
    for part in &mut pixel[..3] {
        let value: u32 = (*part).into();
        let whole =
            (u64::from(value) * u64::from(most) / u64::from(opacity.max(1))).min(most.into());
        *part = S::mean(whole as u32, 1);
    }
}

/// Cut as it is told, and how it is still to be turned; `None` when nothing says. `size` is the picture's before it was divided by `by`.
fn edited(
    mut picture: DynamicImage,
    edits: &[Edit],
    mut size: (u32, u32),
    by: u32,
) -> Result<(DynamicImage, Option<Orientation>)> {
    let is_turned = edits.iter().any(|edit| matches!(edit, Edit::Turn(_)));
    // Cameras cut first. A cut after a turn is of the turned picture.
    let cuts = edits.iter().rposition(|edit| matches!(edit, Edit::Crop(_)));
    let (cut, turned) = edits.split_at(cuts.map_or(0, |last| last + 1));
    for edit in cut {
        match edit {
            Edit::Turn(turn) => {
                picture.apply_orientation(*turn);
                if swaps_sides(*turn) {
                    size = (size.1, size.0);
                }
            }
            Edit::Crop(aperture) => {
                let [x, y, width, height] = aperture
                    .within(size.0, size.1)
                    .ok_or_else(|| Refusal::new(Failure::Damaged, "a cut outside the picture"))?;
                size = (width, height);
                let [width, height] = [width, height].map(|side| side.div_ceil(by));
                picture = picture.crop_imm(x / by, y / by, width, height);
            }
        }
    }
    let turns = turned.iter().filter_map(|edit| match edit {
        Edit::Turn(turn) => Some(*turn),
        Edit::Crop(_) => None,
    });
    let orientation = turns.fold(Orientation::NoTransforms, after);
    Ok((picture, is_turned.then_some(orientation)))
}

/// What one orientation and then another come to.
fn after(first: Orientation, second: Orientation) -> Orientation {
    // Clockwise quarters, after a flip from left to right.
    let parts = |orientation| match orientation {
        Orientation::NoTransforms => (false, 0),
        Orientation::Rotate90 => (false, 1),
        Orientation::Rotate180 => (false, 2),
        Orientation::Rotate270 => (false, 3),
        Orientation::FlipHorizontal => (true, 0),
        Orientation::Rotate90FlipH => (true, 3),
        Orientation::FlipVertical => (true, 2),
        Orientation::Rotate270FlipH => (true, 1),
    };
    let ((flipped, quarters), (flips, turns)) = (parts(first), parts(second));
    // A flip turns what came before it the other way round.
    let quarters = if flips { 4 - quarters } else { quarters };
    match (flipped ^ flips, (quarters + turns) % 4) {
        (false, 0) => Orientation::NoTransforms,
        (false, 1) => Orientation::Rotate90,
        (false, 2) => Orientation::Rotate180,
        (false, _) => Orientation::Rotate270,
        (true, 0) => Orientation::FlipHorizontal,
        (true, 1) => Orientation::Rotate270FlipH,
        (true, 2) => Orientation::FlipVertical,
        (true, _) => Orientation::Rotate90FlipH,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};

    #[test]
    fn two_orientations_come_to_one() {
        let picture =
            DynamicImage::ImageRgb8(RgbImage::from_fn(3, 2, |x, y| Rgb([x as u8, y as u8, 0])));
        let all = (1..=8).map(|exif| Orientation::from_exif(exif).unwrap());
        for first in all.clone() {
            for second in all.clone() {
                let (mut one, mut other) = (picture.clone(), picture.clone());
                one.apply_orientation(first);
                one.apply_orientation(second);
                other.apply_orientation(after(first, second));
                assert_eq!(one, other, "{first:?} then {second:?}");
            }
        }
    }
}
