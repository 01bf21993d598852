//! From a decoder's planes to red, green and blue, row by row (ITU-T H.273, 8.3), without ever holding the whole picture twice.

use super::canvas::Sample;
use super::coded::{Frame, Layout, Meaning};
use super::colours::Cicp;
use crate::refusal::{Refusal, Result};
use transcoder_protocol::Failure;

/// How a picture's samples become colours.
pub struct Conversion {
    matrix: Matrix,
    /// What a sample says: `(sample - least) * scale`, the colour planes' around the middle.
    luma: Range,
    chroma: Range,
}

#[derive(Clone, Copy)]
struct Range {
    least: f32,
    scale: f32,
}

#[derive(Clone, Copy, PartialEq)]
enum Matrix {
    Identity,
    /// Y, Cg, Co.
    Green,
    /// How much red and blue weigh in luma.
    Weights(f32, f32),
}

impl Conversion {
    /// What the container says, `told`, goes before what the coded bytes say.
    pub fn of(layout: &Layout, told: Option<Cicp>) -> Result<Self> {
        let is_full_range = told.map_or(layout.is_full_range, |told| told.is_full_range);
        let (matrix, primaries) = match told {
            Some(told) if told.matrix != Cicp::UNSAID => (told.matrix, told.primaries),
            Some(told) => (layout.matrix, told.primaries),
            None => (layout.matrix, layout.primaries),
        };
        let matrix = match (layout.meaning, matrix) {
            (Meaning::Colours, _) | (_, 0) => Matrix::Identity,
            (Meaning::Grey, _) => Matrix::Weights(0.299, 0.114),
            (_, 1) => Matrix::Weights(0.2126, 0.0722),
            (_, 4) => Matrix::Weights(0.30, 0.11),
            // Unsaid is as JPEG has it (MIAF, 7.3.6.4).
            (_, Cicp::UNSAID | 5 | 6) => Matrix::Weights(0.299, 0.114),
            (_, 7) => Matrix::Weights(0.212, 0.087),
            (_, 8) => Matrix::Green,
            (_, 9) => Matrix::Weights(0.2627, 0.0593),
            // From the primaries.
            (_, 12) => match primaries {
                9 => Matrix::Weights(0.2627, 0.0593),
                11 | 12 => Matrix::Weights(0.2290, 0.0793),
                5 | 6 => Matrix::Weights(0.2220, 0.0713),
                _ => Matrix::Weights(0.2126, 0.0722),
            },
            (_, other) => {
                let detail = format!("colours by matrix {other}");
                return Err(Refusal::new(Failure::UnsupportedCodec, detail));
            }
        };
        let top = ((1_u32 << layout.depth) - 1) as f32;
        let step = (1_u32 << (layout.depth - 8)) as f32;
        let middle = (1_u32 << (layout.depth - 1)) as f32;
        let (luma, chroma) = match is_full_range {
            true => {
                (Range { least: 0.0, scale: 1.0 / top }, Range { least: middle, scale: 1.0 / top })
            }
            false => (
                Range { least: 16.0 * step, scale: 1.0 / (219.0 * step) },
                Range { least: middle, scale: 1.0 / (224.0 * step) },
            ),
        };
        let chroma = if matrix == Matrix::Identity { luma } else { chroma };
        Ok(Self { matrix, luma, chroma })
    }

    fn colour(&self, samples: [u16; 3]) -> [f32; 3] {
        let said = |sample: u16, range: Range| (f32::from(sample) - range.least) * range.scale;
        let luma = said(samples[0], self.luma);
        let [first, second] = [samples[1], samples[2]].map(|sample| said(sample, self.chroma));
        match self.matrix {
            // Green, blue, red.
            Matrix::Identity => [second, luma, first],
            Matrix::Green => {
                let rest = luma - first;
                [rest + second, luma + first, rest - second]
            }
            Matrix::Weights(red, blue) => {
                let (r, b) = (2.0 * (1.0 - red) * second, 2.0 * (1.0 - blue) * first);
                [luma + r, luma - (red * r + blue * b) / (1.0 - red - blue), luma + b]
            }
        }
    }
}

/// Where in a canvas's rows a frame goes, and how much of it is to be seen.
pub struct Place {
    pub left: u32,
    pub width: u32,
    pub height: u32,
}

/// Puts a frame's colours into `strip`, rows of `stride` pixels, three samples each. Refuses a frame that is smaller than its place.
pub fn colours<S: Sample>(
    frame: &Frame,
    layout: &Layout,
    conversion: &Conversion,
    place: &Place,
    rows: std::ops::Range<u32>,
    (strip, stride): (&mut [S], u32),
) -> Result<()> {
    check_place(layout, place)?;
    let (right, down) = match layout.meaning {
        Meaning::Luma => layout.shift,
        Meaning::Grey | Meaning::Colours => (0, 0),
    };
    let width = place.width as usize;
    let narrow = place.width.div_ceil(1 << right) as usize;
    let grey = 1_u16 << (layout.depth - 1);
    let (mut luma, mut first, mut second) =
        (vec![0; width], vec![grey; narrow], vec![grey; narrow]);
    for (index, y) in rows.enumerate() {
        frame.read_row(layout, 0, y, &mut luma);
        if layout.meaning != Meaning::Grey {
            frame.read_row(layout, 1, y >> down, &mut first);
            frame.read_row(layout, 2, y >> down, &mut second);
        }
        let start = 3 * (index * stride as usize + place.left as usize);
        let row = &mut strip[start..start + 3 * width];
        for (x, (pixel, &luma)) in row.as_chunks_mut::<3>().0.iter_mut().zip(&luma).enumerate() {
            let (first, second) = match layout.meaning {
                Meaning::Grey if conversion.matrix == Matrix::Identity => (luma, luma),
                _ => (first[x >> right], second[x >> right]),
            };
            *pixel = conversion.colour([luma, first, second]).map(S::from_unit);
        }
    }
    Ok(())
}

/// Puts a frame's luma into `strip`, rows of `stride` samples: how opaque each pixel is.
pub fn opacity(
    frame: &Frame,
    layout: &Layout,
    conversion: &Conversion,
    place: &Place,
    rows: std::ops::Range<u32>,
    (strip, stride): (&mut [u8], u32),
) -> Result<()> {
    check_place(layout, place)?;
    let mut luma = vec![0; place.width as usize];
    for (index, y) in rows.enumerate() {
        frame.read_row(layout, 0, y, &mut luma);
        let start = index * stride as usize + place.left as usize;
        for (to, &luma) in strip[start..].iter_mut().zip(&luma) {
            let Range { least, scale } = conversion.luma;
            *to = u8::from_unit((f32::from(luma) - least) * scale);
        }
    }
    Ok(())
}

fn check_place(layout: &Layout, place: &Place) -> Result<()> {
    if layout.width < place.width || layout.height < place.height {
        let (width, height) = (layout.width, layout.height);
        let detail = format!("{width}×{height} for {}×{}", place.width, place.height);
        return Err(Refusal::new(Failure::Damaged, detail));
    }
    Ok(())
}
