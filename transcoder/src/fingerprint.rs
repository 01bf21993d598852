//! The perceptual fingerprint of a picture: 64 bits that stay when it is scaled, compressed again or made a little brighter,
//! and that have nothing in common with another picture's.
//!
//! The picture is squeezed to 32 × 32 mean lumas, and taken apart into waves (DCT-II). Each bit says whether one of the 64
//! longest waves, leaving out the mean, is stronger than their median.

use std::f32::consts::PI;
use transcoder_protocol::Fingerprint;

const SIDE: usize = 32;
const BITS: usize = 64;
/// Sides of the corner of the spectrum that holds the longest waves: they lie along its diagonals.
const WAVES: usize = 11;
/// Weaker waves are what compression leaves behind; an orthonormal coefficient of this size is a quarter of a grey level.
const NOISE: f32 = 4.0;

/// `None` for a picture that is all but one colour: it has nothing that could be told apart.
pub fn of_luma(luma: &[u8], stride: usize, width: usize, height: usize) -> Option<Fingerprint> {
    if width == 0 || height == 0 {
        return None;
    }
    let waves = spectrum(&squeezed(luma, stride, width, height));
    let mut longest = Vec::with_capacity(BITS);
    for sum in 1.. {
        for row in 0..=sum {
            if longest.len() < BITS {
                let wave = waves[row][sum - row];
                longest.push(if wave.abs() < NOISE { 0.0 } else { wave });
            }
        }
        if longest.len() == BITS {
            break;
        }
    }
    if longest.iter().all(|&wave| wave == 0.0) {
        return None;
    }
    let mut sorted = longest.clone();
    sorted.sort_by(f32::total_cmp);
    let median = (sorted[BITS / 2 - 1] + sorted[BITS / 2]) / 2.0;
    let bits = longest.iter().fold(0, |bits, &wave| bits << 1 | u64::from(wave > median));
    Some(Fingerprint(bits))
}

/// Mean lumas; a pixel on the border of two cells counts for both by its parts.
fn squeezed(luma: &[u8], stride: usize, width: usize, height: usize) -> [[f32; SIDE]; SIDE] {
    let mut cells = [[0.0; SIDE]; SIDE];
    let columns: Vec<_> = (0..SIDE).map(|index| parts(index, width)).collect();
    for (index, row) in cells.iter_mut().enumerate() {
        for (y, share) in parts(index, height) {
            let line = &luma[y * stride..][..width];
            for (cell, parts) in row.iter_mut().zip(&columns) {
                let mean: f32 = parts.iter().map(|&(x, share)| share * f32::from(line[x])).sum();
                *cell += share * mean;
            }
        }
    }
    cells
}

/// Which pixels lie in a cell of a row of `length`, and with what share of the cell.
fn parts(index: usize, length: usize) -> Vec<(usize, f32)> {
    let step = length as f32 / SIDE as f32;
    let (from, to) = (index as f32 * step, (index + 1) as f32 * step);
    let last = (to.ceil() as usize).min(length);
    (from as usize..last)
        .map(|pixel| {
            let covered = to.min(pixel as f32 + 1.0) - from.max(pixel as f32);
            (pixel, covered.max(0.0) / step)
        })
        .collect()
}

/// The corner of the longest waves, orthonormal.
fn spectrum(cells: &[[f32; SIDE]; SIDE]) -> [[f32; WAVES]; WAVES] {
    let wave = |frequency: usize, at: usize| {
        let scale = if frequency == 0 { 1.0 } else { 2f32.sqrt() } / (SIDE as f32).sqrt();
        scale * (PI * frequency as f32 * (at as f32 + 0.5) / SIDE as f32).cos()
    };
    let mut waves = [[0.0; WAVES]; WAVES];
    let mut by_row = [[0.0; WAVES]; SIDE];
    for (row, sums) in cells.iter().zip(&mut by_row) {
        for (frequency, sum) in sums.iter_mut().enumerate() {
            *sum = row.iter().enumerate().map(|(at, cell)| cell * wave(frequency, at)).sum();
        }
    }
    for (frequency, row) in waves.iter_mut().enumerate() {
        for (at, sums) in by_row.iter().enumerate() {
            for (total, sum) in row.iter_mut().zip(sums) {
                *total += sum * wave(frequency, at);
            }
        }
    }
    waves
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some soft blobs, as different seeds place them.
    fn scene(seed: u32, width: usize, height: usize, brightness: f32) -> Vec<u8> {
        let place = |index: u32| {
            let mut mixed = (seed * 101 + index).wrapping_mul(0x9e37_79b9);
            mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x85eb_ca6b);
            ((mixed ^ (mixed >> 13)) >> 16) as f32 / 65_536.0
        };
        let mut luma = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
                let sum: f32 = (0..20)
                    .map(|blob| {
                        let (dx, dy) = (x - place(3 * blob), y - place(3 * blob + 1));
                        (place(3 * blob + 2) - 0.5) * (-(dx * dx + dy * dy) * 60.0).exp()
                    })
                    .sum();
                luma.push((brightness * (110.0 + 160.0 * sum)).clamp(0.0, 255.0) as u8);
            }
        }
        luma
    }

    fn of(seed: u32, width: usize, height: usize, brightness: f32) -> Fingerprint {
        of_luma(&scene(seed, width, height, brightness), width, width, height).unwrap()
    }

    #[test]
    fn another_size_or_brightness_changes_few_bits() {
        for seed in 1..7 {
            let original = of(seed, 320, 180, 1.0);
            for (width, height, brightness) in
                [(160, 90, 1.0), (97, 55, 1.0), (320, 180, 1.1), (320, 180, 0.9), (320, 200, 1.0)]
            {
                let changed = of(seed, width, height, brightness);
                let bits = original.distance(changed);
                assert!(bits <= 6, "{bits} bits: {seed} at {width}×{height}, {brightness}");
            }
        }
    }

    #[test]
    fn other_pictures_are_far_away() {
        let pictures: Vec<_> = (1..20).map(|seed| of(seed, 96, 54, 1.0)).collect();
        for (index, one) in pictures.iter().enumerate() {
            for other in &pictures[index + 1..] {
                let bits = one.distance(*other);
                assert!(bits > 14, "{bits} bits between {one} and {other}");
            }
        }
    }

    #[test]
    fn a_picture_of_one_colour_has_none() {
        assert_eq!(of_luma(&[128; 64 * 64], 64, 64, 64), None);
        assert_eq!(of_luma(&[], 0, 0, 0), None);
    }

    #[test]
    fn a_picture_smaller_than_the_grid_has_one() {
        assert!(of_luma(&[0, 255, 0, 255, 0, 255], 3, 3, 2).is_some());
    }
}
