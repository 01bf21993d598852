//! What a frame looks like at a glance: a grid of mean colours, by which frames are told to be alike or different.

use crate::video::plan::Size;
use ffmpeg_next::frame::Video as Frame;

const SIDE: usize = 16;
const CELLS: usize = SIDE * SIDE;
/// So few cells are enough to be looked at by themselves: a sixteenth of the picture.
const FEW_CELLS: usize = CELLS / 16;
/// Difference (the sum over luma and both chromas, of 255 each) that counts as 1: mean of all cells, and of the few that
/// differ most. A hand that shakes moves edges by less; another room, or a thing held into the picture, by more.
const ALL_DIFFER: f32 = 12.0;
const FEW_DIFFER: f32 = 60.0;

#[derive(Clone)]
pub struct Look {
    /// Luma, and the two chromas.
    planes: [[u8; CELLS]; 3],
}

impl Look {
    /// Of a frame in 4:2:0.
    pub fn of(frame: &Frame) -> Self {
        let size = Size { width: frame.width(), height: frame.height() };
        let half = Size { width: size.width / 2, height: size.height / 2 };
        let means = |plane, size| cell_means(frame.data(plane), frame.stride(plane), size);
        Self { planes: [means(0, size), means(1, half), means(2, half)] }
    }

    /// 0 for the same look, 1 and above for another one.
    pub fn distance(&self, other: &Self) -> f32 {
        let mut differences = [0u16; CELLS];
        for (here, there) in self.planes.iter().zip(&other.planes) {
            for ((difference, a), b) in differences.iter_mut().zip(here).zip(there) {
                *difference += u16::from(a.abs_diff(*b));
            }
        }
        let sum = |cells: &[u16]| cells.iter().map(|&cell| u32::from(cell)).sum::<u32>() as f32;
        let all = sum(&differences) / CELLS as f32;
        let (_, _, most) = differences.select_nth_unstable(CELLS - FEW_CELLS - 1);
        let few = sum(most) / FEW_CELLS as f32;
        (all / ALL_DIFFER).max(few / FEW_DIFFER)
    }
}

/// The mean of each cell; of a side that has fewer pixels than the grid, pixels count for several cells.
fn cell_means(plane: &[u8], stride: usize, size: Size) -> [u8; CELLS] {
    let (width, height) = (size.width.max(1) as usize, size.height.max(1) as usize);
    let edge = |index: usize, length: usize| index * length / SIDE;
    let mut means = [0; CELLS];
    for row in 0..SIDE {
        let (top, below) = (edge(row, height), edge(row + 1, height));
        let rows = top..below.max(top + 1);
        let mut sums = [0u32; SIDE];
        let mut counts = [0u32; SIDE];
        for y in rows {
            let line = &plane[y * stride..][..width];
            for column in 0..SIDE {
                let (left, right) = (edge(column, width), edge(column + 1, width));
                let cell = &line[left..right.max(left + 1)];
                sums[column] += cell.iter().map(|&value| u32::from(value)).sum::<u32>();
                counts[column] += cell.len() as u32;
            }
        }
        for column in 0..SIDE {
            means[row * SIDE + column] = (sums[column] / counts[column]) as u8;
        }
    }
    means
}
