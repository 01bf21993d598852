//! Which moments make a good poster: sharp, with contrast, well lit, and different from one another.

use super::look::Look;
use ffmpeg_next::frame::Video as Frame;

pub const MAX_POSTERS: usize = 3;
/// Candidates kept while the clip is read: enough that some of the best are far from one another.
const MAX_CANDIDATES: usize = 8;
/// Share of the best one's score that the others need: a black frame is no choice.
const LEAST_SHARE: f64 = 0.3;
/// Distance of looks beyond which two posters need not be more different: two scenes, not one in which much moves.
const VERY_DIFFERENT: f32 = 8.0;
/// Two posters are this share of the clip apart.
const APART: f64 = 0.05;

struct Candidate {
    score: f64,
    number: u64,
    look: Look,
    picture: Frame,
}

#[derive(Default)]
pub struct Posters {
    candidates: Vec<Candidate>,
}

impl Posters {
    /// Considers a moment; makes its picture only when it is kept.
    pub fn consider<E>(
        &mut self,
        number: u64,
        score: f64,
        look: Look,
        picture: impl FnOnce() -> Result<Frame, E>,
    ) -> Result<(), E> {
        let is_like = |other: &Candidate| other.look.distance(&look) < 1.0;
        if self.candidates.iter().any(|other| is_like(other) && other.score >= score) {
            return Ok(());
        }
        self.candidates.retain(|other| !is_like(other));
        self.candidates.push(Candidate { score, number, look, picture: picture()? });
        if self.candidates.len() > MAX_CANDIDATES {
            self.drop_one();
        }
        Ok(())
    }

    /// Of the two most alike the lesser goes.
    fn drop_one(&mut self) {
        let mut closest = (f32::INFINITY, 0);
        for (later, one) in self.candidates.iter().enumerate() {
            for (earlier, other) in self.candidates[..later].iter().enumerate() {
                let distance = one.look.distance(&other.look);
                if distance < closest.0 {
                    closest = (distance, if one.score < other.score { later } else { earlier });
                }
            }
        }
        self.candidates.remove(closest.1);
    }

    /// Numbers and pictures of the best, the best first; of a clip of `frames` frames.
    pub fn best(mut self, frames: u64) -> Vec<(u64, Frame)> {
        let best = self.candidates.iter().map(|candidate| candidate.score).fold(0.0, f64::max);
        self.candidates.retain(|candidate| candidate.score >= LEAST_SHARE * best);
        let apart = (APART * frames as f64) as u64;
        let mut chosen: Vec<Candidate> = Vec::new();
        while chosen.len() < MAX_POSTERS {
            let worth = |candidate: &Candidate| {
                chosen
                    .iter()
                    .map(|other| candidate.look.distance(&other.look).min(VERY_DIFFERENT))
                    .fold(VERY_DIFFERENT, f32::min) as f64
                    * candidate.score
            };
            let Some(next) = (0..self.candidates.len())
                .max_by(|&a, &b| worth(&self.candidates[a]).total_cmp(&worth(&self.candidates[b])))
            else {
                break;
            };
            let next = self.candidates.swap_remove(next);
            if chosen.iter().all(|other| other.number.abs_diff(next.number) > apart) {
                chosen.push(next);
            }
        }
        chosen.into_iter().map(|candidate| (candidate.number, candidate.picture)).collect()
    }
}

/// How good a poster a small frame would make: sharp, with contrast, neither dark nor burnt out.
pub fn score(tile: &Frame) -> f64 {
    let (width, height, stride) = (tile.width() as usize, tile.height() as usize, tile.stride(0));
    let luma = tile.data(0);
    let row = |y: usize| &luma[y * stride..y * stride + width];
    let count = (width * height) as f64;
    let sum: f64 = (0..height).flat_map(row).map(|&value| f64::from(value)).sum();
    let mean = sum / count;
    let variance =
        (0..height).flat_map(row).map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>()
            / count;
    let mut edges = 0u64;
    for y in 1..height {
        let (above, here) = (row(y - 1), row(y));
        for x in 1..width {
            edges += u64::from(here[x].abs_diff(here[x - 1]));
            edges += u64::from(here[x].abs_diff(above[x]));
        }
    }
    let sharpness = edges as f64 / count;
    // Middle grey scores full; black and white score nothing.
    let exposure = 1.0 - ((mean - 118.0) / 138.0).abs().min(1.0);
    // Beyond some contrast more is not better.
    let contrast = (variance.sqrt() / 50.0).min(1.0);
    (0.05 + exposure) * (0.05 + contrast) * (1.0 + sharpness).ln()
}
