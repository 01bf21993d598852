//! From SVG to pixels on washi: the drawing, and over it the paper's grain.

use anyhow::{Context, Result};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use resvg::tiny_skia::{ColorU8, Pixmap, PixmapPaint, PremultipliedColorU8, Transform};
use resvg::usvg::{Options, Tree};

/// Warm, so that white paper does not look dirty.
const SHADE: [u8; 3] = [70, 40, 16];
const LIGHT: [u8; 3] = [255, 252, 244];

/// Gradients, patterns, faces and leaves that the scenes share; they stand in for `<defs/>`.
const SHARED: &str = include_str!("../../assets/demo/defs.svg");

pub const PHOTO_QUALITY: u8 = 90;
pub const FRAME_QUALITY: u8 = 86;

/// A sheet of paper of one size, whose grain lies over everything drawn on it.
pub struct Paper {
    grain: Pixmap,
}

impl Paper {
    /// `width` × `height` pixels for drawings `units` wide, so that large and small sheets look alike.
    pub fn new(width: u32, height: u32, units: f32) -> Result<Self> {
        let mut grain = Pixmap::new(width, height).context("paper without size")?;
        let unit = units / width as f32;
        for (index, pixel) in (0_u32..).zip(grain.pixels_mut()) {
            *pixel = grain_at(index % width, index / width, unit);
        }
        Ok(Self { grain })
    }

    /// `drawing` is a whole SVG document of the paper's proportions, which covers its ground.
    pub fn draw(&self, drawing: &str) -> Result<Pixmap> {
        let drawing = drawing.replacen("<defs/>", SHARED, 1);
        let tree = Tree::from_str(&drawing, &Options::default()).context("reading a scene")?;
        let (width, height) = (self.grain.width(), self.grain.height());
        let scale = width as f32 / tree.size().width();
        let mut pixels = Pixmap::new(width, height).context("paper without size")?;
        resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
        let over = PixmapPaint::default();
        pixels.draw_pixmap(0, 0, self.grain.as_ref(), &over, Transform::identity(), None);
        Ok(pixels)
    }
}

pub fn jpeg(picture: &Pixmap, quality: u8) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    let (width, height) = (u16::try_from(picture.width())?, u16::try_from(picture.height())?);
    encoder.encode(picture.data(), width, height, ColorType::Rgba)?;
    Ok(bytes)
}

/// What the paper adds to a pixel: watercolour blotches and fibres, sized by the drawing, and grain, sized by the pixel; as
/// a veil of shade or of light.
fn grain_at(x: u32, y: u32, unit: f32) -> PremultipliedColorU8 {
    let (u, v) = (x as f32 * unit, y as f32 * unit);
    let blotches = smooth(u / 130.0, v / 90.0) + 0.6 * smooth(u / 41.0 + 50.0, v / 33.0);
    let fibres = 0.35 * smooth(u / 9.0, v / 60.0);
    let grain = noise(x, y) + smooth(x as f32 / 2.1, y as f32 / 2.1);
    let light = (blotches + fibres - 1.0) * 0.045 + (grain - 1.0) * 0.04;
    let veil = if light < 0.0 { SHADE } else { LIGHT };
    let strength = light.abs();
    ColorU8::from_rgba(veil[0], veil[1], veil[2], (strength * 255.0) as u8).premultiply()
}

/// 0 to 1, the same for the same place.
fn noise(x: u32, y: u32) -> f32 {
    let mut hash = x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77);
    hash ^= hash >> 15;
    hash = hash.wrapping_mul(0x2c1b_3c6d);
    hash ^= hash >> 12;
    hash = hash.wrapping_mul(0x297a_2d39);
    hash ^= hash >> 15;
    (hash & 0xffff) as f32 / 65_535.0
}

/// [`noise`] at whole places, and smoothly in between.
fn smooth(x: f32, y: f32) -> f32 {
    let (column, row) = (x as u32, y as u32);
    let ease = |part: f32| part * part * (3.0 - 2.0 * part);
    let (right, down) = (ease(x.fract()), ease(y.fract()));
    let mix = |a: f32, b: f32, part: f32| a + (b - a) * part;
    let above = mix(noise(column, row), noise(column + 1, row), right);
    let below = mix(noise(column, row + 1), noise(column + 1, row + 1), right);
    mix(above, below, down)
}
