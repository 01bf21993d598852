//! What shape a clip's frames have, which may change on the way: a phone that is turned swaps width and height, a call begins small
//! and grows, a broadcast goes from 4:3 to 16:9.
//!
//! The plan is made of what the container states, which is right for nearly every clip and costs nothing. [`Watch`] sees every decoded
//! frame, and is surprised by one that the plan would make smaller than it must, or would lay between bars; then `survey` looks at the
//! whole. [`fit`] lays a frame of any shape into the one that was planned.

use super::plan::{Ratio, Size, SourcePicture, rung_sizes, upright_size};
use super::probe::{Source, ratio};
use ff::frame::Video as Frame;
use ffmpeg_next as ff;

/// Shapes are alike that differ by less than this share in width over height: encoders round to whole blocks.
const ALIKE: f64 = 0.02;
/// A frame is hardly larger than planned that has no more than this many times the pixels: some are coded with a few rows more.
const HARDLY_LARGER: f64 = 1.1;

/// What the container says of all frames.
#[derive(Clone, Copy)]
pub struct Stated {
    pub picture: SourcePicture,
    /// Its own word on the shape of a pixel, which is not the codec's.
    container_aspect: Option<Ratio>,
}

impl Stated {
    pub fn of(source: &Source) -> Self {
        Self { picture: source.picture, container_aspect: source.container_aspect }
    }

    /// The clip's picture as this frame has it. The container is right about the pixels of the frames that it describes; others
    /// speak for themselves, if they do.
    pub fn as_in(&self, frame: &Frame) -> SourcePicture {
        let (width, height) = (frame.width(), frame.height());
        let is_described = (width, height) == (self.picture.width, self.picture.height);
        let container = self.container_aspect.filter(|_| is_described);
        let pixel_aspect =
            container.or_else(|| ratio(frame.aspect_ratio())).or(self.picture.pixel_aspect);
        SourcePicture { width, height, pixel_aspect, ..self.picture }
    }
}

/// What a plan was made for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// What the container states.
    Stated,
    /// What is best for all that the clip holds: nothing can surprise it.
    Surveyed,
}

/// Sees all frames, for a plan that was made for what the container states.
pub struct Watch {
    stated: Stated,
    /// What was last looked at.
    last: Option<(u32, u32, ff::Rational)>,
}

impl Watch {
    pub fn over(source: &Source) -> Self {
        Self { stated: Stated::of(source), last: None }
    }

    pub fn is_surprised_by(&mut self, frame: &Frame) -> bool {
        let this = (frame.width(), frame.height(), frame.aspect_ratio());
        self.last.replace(this) != Some(this)
            && !suits(&self.stated.picture, &self.stated.as_in(frame))
    }
}

/// Whether a plan that was made for one shape loses nothing of another.
pub fn suits(planned: &SourcePicture, found: &SourcePicture) -> bool {
    let sizes = [planned, found].map(upright_size);
    are_alike(sizes[0], sizes[1])
        && (is_hardly_larger(sizes[1], sizes[0]) || rung_sizes(sizes[0]) == rung_sizes(sizes[1]))
}

fn is_hardly_larger(one: (f64, f64), other: (f64, f64)) -> bool {
    one.0 * one.1 <= HARDLY_LARGER * other.0 * other.1
}

pub fn are_alike(one: (f64, f64), other: (f64, f64)) -> bool {
    ((one.0 * other.1) / (one.1 * other.0) - 1.0).abs() <= ALIKE
}

/// How a picture lies in a frame: scaled to `size`, with so many pixels left of it and above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub size: Size,
    pub left: u32,
    pub top: u32,
}

/// The largest place in the middle of `frame` for a picture as it is shown on the screen. One that nearly fills it does so: a bar of some
/// pixels looks like a mistake.
pub fn fit(shown: (f64, f64), frame: Size) -> Place {
    let (width, height) = (f64::from(frame.width), f64::from(frame.height));
    let factor = (width / shown.0).min(height / shown.1);
    let side = |length: f64, most: u32| {
        let side = ((length * factor / 2.0).round() as u32 * 2).clamp(2, most);
        let is_full = f64::from(most - side) <= (ALIKE * f64::from(most)).max(2.0);
        if is_full { most } else { side }
    };
    let size = Size { width: side(shown.0, frame.width), height: side(shown.1, frame.height) };
    // Even: chroma is stored for every second pixel.
    let before = |room: u32| room / 4 * 2;
    Place { size, left: before(frame.width - size.width), top: before(frame.height - size.height) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_suits_what_it_neither_makes_small_nor_lays_between_bars() {
        let suits = |planned: (u32, u32), found: (u32, u32)| {
            suits(
                &SourcePicture::of_size(planned.0, planned.1),
                &SourcePicture::of_size(found.0, found.1),
            )
        };
        assert!(suits((1280, 720), (1280, 720)));
        assert!(suits((1280, 720), (320, 180)), "smaller");
        assert!(suits((1920, 1080), (1920, 1088)), "rows of padding");
        assert!(suits((1920, 1080), (3840, 2160)), "no rung is above");
        assert!(suits((426, 240), (428, 240)), "rounded");
        assert!(!suits((320, 180), (1280, 720)), "larger");
        assert!(!suits((640, 480), (480, 640)), "turned");
        assert!(!suits((640, 480), (640, 360)), "wider");
    }

    #[test]
    fn a_picture_keeps_its_shape_in_the_middle_of_the_frame() {
        let place = |shown: (f64, f64), width, height| {
            let Place { size, left, top } = fit(shown, Size { width, height });
            (size.width, size.height, left, top)
        };
        assert_eq!(place((480.0, 640.0), 640, 480), (360, 480, 140, 0));
        assert_eq!(place((640.0, 480.0), 480, 640), (480, 360, 0, 140));
        assert_eq!(place((320.0, 180.0), 1280, 720), (1280, 720, 0, 0));
        assert_eq!(place((1920.0, 1088.0), 1920, 1080), (1920, 1080, 0, 0));
        assert_eq!(place((20.0, 15.0), 20, 14), (20, 14, 0, 0));
        assert_eq!(place((5000.0, 2.0), 640, 480), (640, 2, 0, 238));
        assert_eq!(place((2.0, 5000.0), 2, 2), (2, 2, 0, 0));
    }
}
