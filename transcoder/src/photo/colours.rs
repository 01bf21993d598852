//! Colours to sRGB. What is published carries no profile, so what a file says of its colours has to be done before.
//!
//! Files say it in three ways: by an ICC profile, by code points (CICP, ITU-T H.273: `nclx` in HEIF, `cICP` in PNG), or by numbers
//! (`gAMA` and `cHRM` in PNG). The first is moxcms's work. The others are brought to linear light relative to white, to the
//! primaries of sRGB, and back to numbers. Light brighter than white (PQ, HLG) is bent under it by a shoulder, as a photographer would
//! print it; with white where ITU-R BT.2408 has it for graphics and paper, at 203 cd/m².
//!
//! A file that cannot be understood here costs some colour, never the photo.

use super::boxes::Numbers;
use image::{DynamicImage, RgbImage, RgbaImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransferCharacteristics, TransformOptions};

/// Code points of ITU-T H.273.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cicp {
    pub primaries: u16,
    pub transfer: u16,
    pub matrix: u16,
    pub is_full_range: bool,
}

impl Cicp {
    pub const UNSAID: u16 = 2;
    const PQ: u16 = 16;
    const HLG: u16 = 18;

    /// Of a `colr` box that tells them.
    pub fn of(colr: &[u8]) -> Option<Self> {
        let mut numbers = Numbers(colr.strip_prefix(b"nclx")?);
        Some(Self {
            primaries: numbers.u16()?,
            transfer: numbers.u16()?,
            matrix: numbers.u16()?,
            is_full_range: numbers.u8()? & 0x80 != 0,
        })
    }
}

/// What a picture's numbers mean.
#[derive(Clone, Debug, PartialEq)]
pub enum Colours {
    /// As sRGB has it, or nobody says.
    Srgb,
    Icc(Vec<u8>),
    Told(Told),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    pub primaries: Primaries,
    pub transfer: Transfer,
}

/// x and y of white, red, green and blue (CIE 1931).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Primaries(pub [(f32, f32); 4]);

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Transfer {
    Srgb,
    /// Light is the number to this power.
    Power(f32),
    Pq,
    Hlg,
}

const D65: (f32, f32) = (0.3127, 0.3290);

impl Primaries {
    pub const SRGB: Self = Self([D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06)]);

    fn of_code(code: u16) -> Option<Self> {
        let rgb = |white, red, green, blue| Some(Self([white, red, green, blue]));
        match code {
            1 => Some(Self::SRGB),
            4 => rgb((0.310, 0.316), (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
            5 => rgb(D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
            6 | 7 => rgb(D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
            8 => rgb((0.310, 0.316), (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)),
            9 => rgb(D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
            11 => rgb((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
            12 => rgb(D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
            22 => rgb(D65, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
            _ => None,
        }
    }

    fn is_srgb(self) -> bool {
        let near = |(a, b): (&(f32, f32), &(f32, f32))| {
            (a.0 - b.0).abs() < 0.002 && (a.1 - b.1).abs() < 0.002
        };
        self.0.iter().zip(&Self::SRGB.0).all(near)
    }

    /// From linear light of these primaries to XYZ, white at Y = 1; `None` for primaries that span nothing.
    fn to_xyz(self) -> Option<Matrix> {
        let [white, red, green, blue] = self.0.map(|(x, y)| {
            let (x, y) = (f64::from(x), f64::from(y));
            [x / y, 1.0, (1.0 - x - y) / y]
        });
        let columns = Matrix([0, 1, 2].map(|row| [red[row], green[row], blue[row]]));
        let weights = columns.inverse()?.times(white);
        Some(Matrix(columns.0.map(|row| [0, 1, 2].map(|part| row[part] * weights[part]))))
    }

    /// From linear light of these primaries to that of sRGB's, with white staying white (Bradford).
    fn to_srgb(self) -> Option<Matrix> {
        const CONES: Matrix = Matrix([
            [0.8951, 0.2664, -0.1614],
            [-0.7502, 1.7135, 0.0367],
            [0.0389, -0.0685, 1.0296],
        ]);
        let (from, to) = (self.to_xyz()?, Self::SRGB.to_xyz()?);
        let whites = [from, to].map(|matrix| CONES.times(matrix.times([1.0; 3])));
        let [red, green, blue] = [0, 1, 2].map(|part| whites[1][part] / whites[0][part]);
        let scale = Matrix([[red, 0.0, 0.0], [0.0, green, 0.0], [0.0, 0.0, blue]]);
        let adapt = CONES.inverse()?.after(scale).after(CONES);
        let matrix = to.inverse()?.after(adapt).after(from);
        matrix.0.as_flattened().iter().all(|part| part.is_finite()).then_some(matrix)
    }
}

#[derive(Clone, Copy)]
struct Matrix([[f64; 3]; 3]);

impl Matrix {
    fn times(self, vector: [f64; 3]) -> [f64; 3] {
        self.0.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
    }

    /// What `first` and then this come to.
    fn after(self, first: Self) -> Self {
        let columns = [0, 1, 2].map(|column| self.times(first.0.map(|row| row[column])));
        Self([0, 1, 2].map(|row| columns.map(|column| column[row])))
    }

    fn inverse(self) -> Option<Self> {
        let m = self.0;
        let minor = |row: usize, column: usize| {
            let [a, b] = [(row + 1) % 3, (row + 2) % 3];
            let [c, d] = [(column + 1) % 3, (column + 2) % 3];
            m[a][c] * m[b][d] - m[a][d] * m[b][c]
        };
        let determinant: f64 = (0..3).map(|column| m[0][column] * minor(0, column)).sum();
        (determinant.abs() > 1e-9).then(|| {
            Self([0, 1, 2].map(|row| [0, 1, 2].map(|column| minor(column, row) / determinant)))
        })
    }
}

impl Transfer {
    fn of_code(code: u16) -> Self {
        match code {
            4 => Self::Power(2.2),
            5 => Self::Power(2.8),
            8 => Self::Power(1.0),
            Cicp::PQ => Self::Pq,
            17 => Self::Power(2.6),
            Cicp::HLG => Self::Hlg,
            // What cameras write for video (1, 6, 14, 15) is graded on screens, which show it much as sRGB.
            _ => Self::Srgb,
        }
    }

    fn is_bright(self) -> bool {
        matches!(self, Self::Pq | Self::Hlg)
    }

    /// Light for a number of 0 to 1. Of PQ relative to white; of HLG that of the scene, 0 to 1.
    fn light(self, number: f64) -> f64 {
        match self {
            Self::Srgb if number <= 0.04045 => number / 12.92,
            Self::Srgb => ((number + 0.055) / 1.055).powf(2.4),
            Self::Power(power) => number.powf(f64::from(power)),
            // SMPTE ST 2084.
            Self::Pq => {
                let root = number.powf(32.0 / 2523.0);
                let light =
                    (root - 3424.0 / 4096.0).max(0.0) / (2413.0 / 128.0 - 2392.0 / 128.0 * root);
                light.powf(16384.0 / 2610.0) * 10_000.0 / WHITE
            }
            // ARIB STD-B67.
            Self::Hlg if number <= 0.5 => number * number / 3.0,
            Self::Hlg => {
                let (a, b, c) = (0.178_832_77, 0.284_668_92, 0.559_910_73);
                (((number - c) / a).exp() + b) / 12.0
            }
        }
    }
}

/// Of graphics and paper in bright pictures, and of the screen that HLG is graded on; in cd/m².
const WHITE: f64 = 203.0;
const HLG_SCREEN: f64 = 1000.0;

/// Where the shoulder begins, as a part of white: faces, rooms and most of a landscape lie below.
const KNEE: f32 = 0.5;

/// So many pixels are looked at to find the brightest.
const LOOKS: usize = 1 << 20;

impl Colours {
    /// By code points, as far as they say something.
    pub fn of_cicp(primaries: u16, transfer: u16) -> Self {
        let told = Told {
            primaries: Primaries::of_code(primaries).unwrap_or(Primaries::SRGB),
            transfer: Transfer::of_code(transfer),
        };
        Self::of(told)
    }

    /// By PNG's numbers: the inverse of the power, and primaries.
    pub fn of_numbers(gamma: Option<f32>, primaries: Option<Primaries>) -> Self {
        let transfer = match gamma {
            // What programs write for sRGB (PNG, 13.13).
            Some(gamma) if (gamma - 0.45455).abs() < 0.01 => Transfer::Srgb,
            Some(gamma) if (0.1..=10.0).contains(&gamma) => Transfer::Power(1.0 / gamma),
            _ => Transfer::Srgb,
        };
        Self::of(Told { primaries: primaries.unwrap_or(Primaries::SRGB), transfer })
    }

    pub fn of(told: Told) -> Self {
        match told.primaries.is_srgb() && told.transfer == Transfer::Srgb {
            true => Self::Srgb,
            false => Self::Told(told),
        }
    }
}

/// The picture in sRGB, 8 bits a sample; as RGB or, when some of it is transparent, RGBA.
pub fn to_srgb(picture: DynamicImage, colours: &Colours) -> DynamicImage {
    let told = match colours {
        Colours::Srgb => None,
        Colours::Told(told) => Some(*told),
        Colours::Icc(profile) => match ColorProfile::new_from_slice(profile) {
            Ok(profile) => match bright(&profile) {
                Some(told) => Some(told),
                None => return by_profile(picture, &profile),
            },
            Err(_) => None,
        },
    };
    match told.and_then(|told| Some((told, told.primaries.to_srgb()?))) {
        Some((told, matrix)) => by_numbers(picture, told.transfer, matrix),
        None => in_eight_bits(picture),
    }
}

/// What a profile's own code points say, where it says that the picture is brighter than white; its tables only approximate that.
fn bright(profile: &ColorProfile) -> Option<Told> {
    let cicp = profile.cicp?;
    let transfer = match cicp.transfer_characteristics {
        TransferCharacteristics::Smpte2084 => Transfer::Pq,
        TransferCharacteristics::Hlg => Transfer::Hlg,
        _ => return None,
    };
    Some(Told { primaries: Primaries::of_code(cicp.color_primaries as u16)?, transfer })
}

fn in_eight_bits(picture: DynamicImage) -> DynamicImage {
    if !picture.color().has_alpha() {
        return DynamicImage::ImageRgb8(picture.into_rgb8());
    }
    let rgba = picture.into_rgba8();
    if rgba.pixels().all(|pixel| pixel.0[3] == u8::MAX) {
        DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(rgba).into_rgb8())
    } else {
        DynamicImage::ImageRgba8(rgba)
    }
}

fn by_profile(picture: DynamicImage, profile: &ColorProfile) -> DynamicImage {
    let has_colour = picture.color().has_color();
    let mut picture = in_eight_bits(picture);
    if !has_colour || profile.color_space != DataColorSpace::Rgb {
        return picture;
    }
    let row_samples = picture.width() as usize * usize::from(picture.color().channel_count());
    let (layout, samples): (Layout, &mut [u8]) = match &mut picture {
        DynamicImage::ImageRgb8(rgb) => (Layout::Rgb, rgb),
        DynamicImage::ImageRgba8(rgba) => (Layout::Rgba, rgba),
        _ => return picture,
    };
    let srgb = ColorProfile::new_srgb();
    let Ok(transform) =
        profile.create_transform_8bit(layout, &srgb, layout, TransformOptions::default())
    else {
        return picture;
    };
    let mut converted = vec![0; row_samples];
    for row in samples.chunks_exact_mut(row_samples) {
        if transform.transform(row, &mut converted).is_err() {
            break;
        }
        row.copy_from_slice(&converted);
    }
    picture
}

fn by_numbers(picture: DynamicImage, transfer: Transfer, matrix: Matrix) -> DynamicImage {
    let has_alpha = picture.color().has_alpha();
    let (width, height) = (picture.width(), picture.height());
    let is_deep = !matches!(
        picture,
        DynamicImage::ImageLuma8(_)
            | DynamicImage::ImageLumaA8(_)
            | DynamicImage::ImageRgb8(_)
            | DynamicImage::ImageRgba8(_)
    );
    let steps = if is_deep { 65_536 } else { 256 };
    let change = Change::new(transfer, matrix, steps);
    let converted = match (has_alpha, is_deep) {
        (false, false) => {
            let mut rgb = picture.into_rgb8();
            let curve = change.curve(rgb.as_flat_samples().as_slice(), 3);
            for pixel in rgb.pixels_mut() {
                pixel.0 = change.pixel(pixel.0.map(usize::from), &curve);
            }
            Some(DynamicImage::ImageRgb8(rgb))
        }
        (true, false) => {
            let mut rgba = picture.into_rgba8();
            let curve = change.curve(rgba.as_flat_samples().as_slice(), 4);
            for pixel in rgba.pixels_mut() {
                let [red, green, blue, alpha] = pixel.0;
                let [red, green, blue] = change.pixel([red, green, blue].map(usize::from), &curve);
                pixel.0 = [red, green, blue, alpha];
            }
            Some(DynamicImage::ImageRgba8(rgba))
        }
        (false, true) => {
            let deep = picture.into_rgb16().into_raw();
            let curve = change.curve(&deep, 3);
            let pixels = deep.as_chunks::<3>().0.iter();
            let pixels = pixels.flat_map(|pixel| change.pixel(pixel.map(usize::from), &curve));
            RgbImage::from_raw(width, height, pixels.collect()).map(DynamicImage::ImageRgb8)
        }
        (true, true) => {
            let deep = picture.into_rgba16().into_raw();
            let curve = change.curve(&deep, 4);
            let pixels = deep.as_chunks::<4>().0.iter().flat_map(|&[red, green, blue, alpha]| {
                let [red, green, blue] = change.pixel([red, green, blue].map(usize::from), &curve);
                [red, green, blue, (alpha >> 8) as u8]
            });
            RgbaImage::from_raw(width, height, pixels.collect()).map(DynamicImage::ImageRgba8)
        }
    };
    in_eight_bits(converted.unwrap_or_default())
}

/// From numbers of a picture to numbers of sRGB.
struct Change {
    transfer: Transfer,
    matrix: [[f32; 3]; 3],
    light: Vec<f32>,
    /// sRGB's number for light of 0 to 1, in even steps.
    numbers: Vec<u8>,
}

impl Change {
    fn new(transfer: Transfer, matrix: Matrix, steps: usize) -> Self {
        let light = |step| transfer.light(step as f64 / (steps - 1) as f64) as f32;
        let number = |step: usize| {
            let light = step as f64 / LIGHT_STEPS as f64;
            let number = match light <= 0.003_130_8 {
                true => 12.92 * light,
                false => 1.055 * light.powf(1.0 / 2.4) - 0.055,
            };
            (number * 255.0 + 0.5) as u8
        };
        Self {
            transfer,
            matrix: matrix.0.map(|row| row.map(|part| part as f32)),
            light: (0..steps).map(light).collect(),
            numbers: (0..=LIGHT_STEPS).map(number).collect(),
        }
    }

    /// Linear light of sRGB's primaries, white at 1.
    fn light(&self, pixel: [usize; 3]) -> [f32; 3] {
        let mut light = pixel.map(|number| self.light[number]);
        if self.transfer == Transfer::Hlg {
            // From the scene to the screen (ITU-R BT.2100), by the luma that BT.2020 has.
            let luma = 0.2627 * light[0] + 0.6780 * light[1] + 0.0593 * light[2];
            let gain = luma.powf(0.2) * (HLG_SCREEN / WHITE) as f32;
            light = light.map(|part| part * gain);
        }
        self.matrix.map(|row| (row[0] * light[0] + row[1] * light[1] + row[2] * light[2]).max(0.0))
    }

    /// How this picture's bright parts are bent: not at all in one that has none.
    fn curve<T: Copy + Into<u32>>(&self, samples: &[T], channels: usize) -> Shoulder {
        if !self.transfer.is_bright() {
            return Shoulder { brightest: 1.0 };
        }
        let step = (samples.len() / channels / LOOKS).max(1) * channels;
        let brightest = samples.chunks_exact(channels).step_by(step / channels).fold(
            1.0_f32,
            |brightest, pixel| {
                let numbers = [0, 1, 2].map(|part| pixel[part].into() as usize);
                self.light(numbers).into_iter().fold(brightest, f32::max)
            },
        );
        Shoulder { brightest }
    }

    fn pixel(&self, pixel: [usize; 3], curve: &Shoulder) -> [u8; 3] {
        let light = self.light(pixel);
        let most = light.into_iter().fold(0.0, f32::max);
        // All parts alike, so that a bright colour stays that colour.
        let gain = if most > KNEE { curve.bent(most) / most } else { 1.0 };
        light.map(|part| {
            let step = (part * gain * LIGHT_STEPS as f32 + 0.5) as usize;
            self.numbers[step.min(LIGHT_STEPS)]
        })
    }
}

/// Fine enough that neighbouring steps differ by less than one of sRGB's 256 numbers.
const LIGHT_STEPS: usize = 1 << 14;

/// Straight up to the knee, then ever flatter, so that the brightest becomes white (Reinhard's curve beyond the knee).
struct Shoulder {
    brightest: f32,
}

impl Shoulder {
    fn bent(&self, light: f32) -> f32 {
        if self.brightest <= 1.0 {
            return light;
        }
        let room = 1.0 - KNEE;
        let [over, most] = [light, self.brightest].map(|light| (light - KNEE) / room);
        KNEE + room * over * (1.0 + over / (most * most)) / (1.0 + over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    fn one(colours: &Colours, pixel: [u8; 3]) -> [u8; 3] {
        let picture = DynamicImage::ImageRgb8(RgbImage::from_pixel(1, 1, Rgb(pixel)));
        to_srgb(picture, colours).into_rgb8().get_pixel(0, 0).0
    }

    fn assert_near(found: [u8; 3], expected: [u8; 3], tolerance: u8) {
        let near = found.iter().zip(expected).all(|(&a, b)| a.abs_diff(b) <= tolerance);
        assert!(near, "{found:?}, not {expected:?}");
    }

    #[test]
    fn code_points_and_a_profile_that_say_the_same_come_to_the_same() {
        let profile = ColorProfile::new_display_p3().encode().unwrap();
        let (told, profile) = (Colours::of_cicp(12, 13), Colours::Icc(profile));
        for pixel in [[200, 60, 50], [30, 160, 60], [128, 128, 128], [255, 255, 255], [1, 2, 250]] {
            assert_near(one(&told, pixel), one(&profile, pixel), 1);
        }
        assert_ne!(one(&told, [200, 60, 50]), [200, 60, 50]);
    }

    #[test]
    fn what_says_nothing_or_srgb_changes_nothing() {
        for colours in [
            Colours::of_cicp(2, 2),
            Colours::of_cicp(1, 13),
            Colours::of_cicp(1, 1),
            Colours::of_cicp(1, 6),
            Colours::of_numbers(Some(0.45455), None),
            Colours::of_numbers(None, None),
            Colours::of_numbers(Some(f32::NAN), None),
        ] {
            assert_eq!(colours, Colours::Srgb);
        }
        let nonsense = Primaries([(0.3, 0.3); 4]);
        for colours in [
            Colours::Icc(vec![1; 200]),
            Colours::of_numbers(None, Some(nonsense)),
            Colours::of_numbers(None, Some(Primaries([(0.0, 0.0); 4]))),
        ] {
            assert_eq!(one(&colours, [12, 200, 90]), [12, 200, 90], "{colours:?}");
        }
    }

    #[test]
    fn linear_numbers_become_srgb() {
        assert_near(one(&Colours::of_numbers(Some(1.0), None), [55, 128, 0]), [128, 188, 0], 1);
    }

    /// Numbers of 10 bits and more, of so many cd/m².
    fn pq(nits: f64) -> u16 {
        let light = (nits / 10_000.0).powf(2610.0 / 16384.0);
        let number = (3424.0 / 4096.0 + 2413.0 / 128.0 * light) / (1.0 + 2392.0 / 128.0 * light);
        (number.powf(2523.0 / 32.0) * 65_535.0).round() as u16
    }

    fn greys(numbers: &[u16], colours: &Colours) -> Vec<u8> {
        let pixels = numbers.iter().flat_map(|&number| [number; 3]).collect();
        let picture = image::ImageBuffer::from_raw(numbers.len() as u32, 1, pixels)
            .map(DynamicImage::ImageRgb16);
        to_srgb(picture.unwrap(), colours).into_rgb8().pixels().map(|pixel| pixel.0[0]).collect()
    }

    #[test]
    fn a_bright_picture_keeps_its_middle_and_bends_its_lights_under_white() {
        let pq_2020 = Colours::of_cicp(9, 16);
        // Of nothing brighter than paper, paper is white and all else as it was.
        assert_eq!(greys(&[pq(0.0), pq(203.0 * 0.18), pq(203.0)], &pq_2020), [0, 118, 255]);
        let lit = greys(&[pq(203.0 * 0.18), pq(203.0), pq(500.0), pq(1000.0)], &pq_2020);
        assert_eq!((lit[0], lit[3]), (118, 255));
        assert!((215..=235).contains(&lit[1]) && lit[1] < lit[2] && lit[2] < 255, "{lit:?}");
        // HLG's three quarters are paper as well.
        let hlg = greys(&[49_151, 65_535], &Colours::of_cicp(9, 18));
        assert!(hlg[0].abs_diff(lit[1]) <= 2 && hlg[1] == 255, "{hlg:?}");
    }
}
