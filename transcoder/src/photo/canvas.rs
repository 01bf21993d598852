//! What is kept of a picture while its rows come in: all of it, or, of one with more pixels than we keep, the mean of each little square.
//!
//! Means are of the numbers as they stand, not of light: a picture so large is scaled down further anyway.

use image::{DynamicImage, ImageBuffer, Luma, LumaA, Rgb, Rgba};

/// A sample of 8 or of 16 bits.
pub trait Sample: image::Primitive + Into<u32> {
    /// Of 0 to 1; what is beyond is clipped.
    fn from_unit(value: f32) -> Self;
    /// The mean of so many samples, rounded.
    fn mean(sum: u32, count: u32) -> Self;
    fn picture(width: u32, height: u32, channels: usize, pixels: Vec<Self>)
    -> Option<DynamicImage>;
}

impl Sample for u8 {
    fn from_unit(value: f32) -> Self {
        (value * 255.0 + 0.5) as Self
    }

    fn mean(sum: u32, count: u32) -> Self {
        ((sum + count / 2) / count.max(1)) as Self
    }

    fn picture(width: u32, height: u32, channels: usize, pixels: Vec<u8>) -> Option<DynamicImage> {
        Some(match channels {
            1 => DynamicImage::ImageLuma8(ImageBuffer::<Luma<u8>, _>::from_raw(
                width, height, pixels,
            )?),
            2 => DynamicImage::ImageLumaA8(ImageBuffer::<LumaA<u8>, _>::from_raw(
                width, height, pixels,
            )?),
            3 => {
                DynamicImage::ImageRgb8(ImageBuffer::<Rgb<u8>, _>::from_raw(width, height, pixels)?)
            }
            _ => DynamicImage::ImageRgba8(ImageBuffer::<Rgba<u8>, _>::from_raw(
                width, height, pixels,
            )?),
        })
    }
}

impl Sample for u16 {
    fn from_unit(value: f32) -> Self {
        (value * 65535.0 + 0.5) as Self
    }

    fn mean(sum: u32, count: u32) -> Self {
        ((sum + count / 2) / count.max(1)) as Self
    }

    fn picture(width: u32, height: u32, channels: usize, pixels: Vec<u16>) -> Option<DynamicImage> {
        Some(match channels {
            1 => DynamicImage::ImageLuma16(ImageBuffer::<Luma<u16>, _>::from_raw(
                width, height, pixels,
            )?),
            2 => DynamicImage::ImageLumaA16(ImageBuffer::<LumaA<u16>, _>::from_raw(
                width, height, pixels,
            )?),
            3 => DynamicImage::ImageRgb16(ImageBuffer::<Rgb<u16>, _>::from_raw(
                width, height, pixels,
            )?),
            _ => DynamicImage::ImageRgba16(ImageBuffer::<Rgba<u16>, _>::from_raw(
                width, height, pixels,
            )?),
        })
    }
}

/// By how much the sides of a picture must be divided so that no more than `most` pixels are left.
pub fn shrinkage(width: u32, height: u32, most: u64) -> u32 {
    let left = |by: u32| u64::from(width.div_ceil(by)) * u64::from(height.div_ceil(by));
    (1..width.max(height)).find(|&by| left(by) <= most).unwrap_or(width.max(height).max(1))
}

pub struct Canvas<S> {
    width: u32,
    channels: usize,
    shrinkage: u32,
    /// Of the squares that are not complete yet.
    sums: Vec<u32>,
    rows_summed: u32,
    pixels: Vec<S>,
}

impl<S: Sample> Canvas<S> {
    /// For rows of `width` pixels. `shrinkage` is at most 256, so that a sum of 16-bit samples fits.
    pub fn new(width: u32, height: u32, channels: usize, shrinkage: u32) -> Self {
        let shrinkage = shrinkage.clamp(1, 256);
        let row = width.div_ceil(shrinkage) as usize * channels;
        Self {
            width,
            channels,
            shrinkage,
            sums: if shrinkage > 1 { vec![0; row] } else { Vec::new() },
            rows_summed: 0,
            pixels: Vec::with_capacity(row * height.div_ceil(shrinkage) as usize),
        }
    }

    /// Takes the next row.
    pub fn push(&mut self, row: &[S]) {
        if self.shrinkage == 1 {
            self.pixels.extend_from_slice(row);
            return;
        }
        let square = self.shrinkage as usize * self.channels;
        for (sums, samples) in self.sums.chunks_exact_mut(self.channels).zip(row.chunks(square)) {
            for pixel in samples.chunks_exact(self.channels) {
                for (sum, &sample) in sums.iter_mut().zip(pixel) {
                    *sum += sample.into();
                }
            }
        }
        self.rows_summed += 1;
        if self.rows_summed == self.shrinkage {
            self.finish_row();
        }
    }

    fn finish_row(&mut self) {
        for (column, sums) in self.sums.chunks_exact_mut(self.channels).enumerate() {
            let columns = (self.width - column as u32 * self.shrinkage).min(self.shrinkage);
            let count = columns * self.rows_summed;
            for sum in sums {
                self.pixels.push(S::mean(*sum, count));
                *sum = 0;
            }
        }
        self.rows_summed = 0;
    }

    /// The picture of all rows; `None` without any.
    pub fn finish(mut self) -> Option<DynamicImage> {
        if self.rows_summed > 0 {
            self.finish_row();
        }
        let width = self.width.div_ceil(self.shrinkage);
        let height = self.pixels.len() / (width as usize * self.channels).max(1);
        if height == 0 {
            return None;
        }
        S::picture(width, height as u32, self.channels, self.pixels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_over_the_limit_is_kept_as_the_means_of_its_squares() {
        assert_eq!(shrinkage(16_320, 12_240, 80_000_000), 2);
        assert_eq!(shrinkage(10_000, 8_000, 80_000_000), 1);
        assert_eq!(shrinkage(30_000, 20_000, 80_000_000), 3);
        assert_eq!(shrinkage(1, 1, 0), 1);

        let mut canvas = Canvas::<u8>::new(5, 3, 1, 2);
        for row in [[0, 10, 20, 30, 200], [20, 30, 40, 50, 100], [1, 3, 5, 7, 9]] {
            canvas.push(&row);
        }
        let picture = canvas.finish().unwrap().into_luma8();
        assert_eq!(picture.dimensions(), (3, 2));
        // At the edges of fewer pixels.
        assert_eq!(picture.into_raw(), [15, 35, 150, 2, 6, 9]);
        assert!(Canvas::<u8>::new(5, 0, 1, 2).finish().is_none());
    }

    #[test]
    fn sixteen_bits_stay_sixteen_bits() {
        let mut canvas = Canvas::<u16>::new(2, 2, 3, 2);
        canvas.push(&[65_535; 6]);
        canvas.push(&[65_535, 65_535, 0, 65_535, 65_535, 0]);
        let picture = canvas.finish().unwrap().into_rgb16();
        assert_eq!(picture.into_raw(), [65_535, 65_535, 32_768]);
    }
}
