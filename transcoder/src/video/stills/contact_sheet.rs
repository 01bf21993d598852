//! What a moderator looks at to have seen a whole clip: every frame is compared with those chosen so far, and chosen when it
//! looks like none of them. So what is seen for a single frame is on the sheet, and what is seen for a minute is there once.
//!
//! Bounded: of more than [`MAX_TILES`] looks the two most alike become one, and from then on what differs less is not chosen.

use super::look::Look;

const MAX_TILES: usize = 60;

/// `T` is what is kept of a chosen frame.
pub struct Chosen<T> {
    frames: Vec<Frame<T>>,
    /// A frame that differs less from a chosen one shows nothing new.
    threshold: f32,
    /// Which of the chosen ones the last frame looked like.
    alike: usize,
}

struct Frame<T> {
    number: u64,
    look: Look,
    /// To the frames chosen before it.
    distances: Vec<f32>,
    kept: T,
}

impl<T> Chosen<T> {
    pub fn new() -> Self {
        Self { frames: Vec::new(), threshold: 1.0, alike: 0 }
    }

    /// Considers the next frame; makes what is kept of it only when it is chosen.
    pub fn consider<E>(
        &mut self,
        number: u64,
        look: &Look,
        keep: impl FnOnce() -> Result<T, E>,
    ) -> Result<(), E> {
        let distance = |frame: &Frame<T>| frame.look.distance(look);
        // Mostly it looks like the frame before it.
        if self.frames.get(self.alike).is_some_and(|frame| distance(frame) < self.threshold) {
            return Ok(());
        }
        let mut distances = Vec::with_capacity(self.frames.len());
        for (index, frame) in self.frames.iter().enumerate() {
            let distance = distance(frame);
            if distance < self.threshold {
                self.alike = index;
                return Ok(());
            }
            distances.push(distance);
        }
        self.alike = self.frames.len();
        self.frames.push(Frame { number, look: look.clone(), distances, kept: keep()? });
        if self.frames.len() > MAX_TILES {
            self.thin_out();
        }
        Ok(())
    }

    /// Of the two most alike the later goes.
    fn thin_out(&mut self) {
        let mut closest = (f32::INFINITY, 0);
        for (later, frame) in self.frames.iter().enumerate() {
            for &distance in &frame.distances {
                if distance < closest.0 {
                    closest = (distance, later);
                }
            }
        }
        let (distance, gone) = closest;
        self.frames.remove(gone);
        for frame in &mut self.frames[gone..] {
            frame.distances.remove(gone);
        }
        self.threshold = self.threshold.max(distance);
    }

    /// Numbers of the chosen frames, ascending, and what was kept of them.
    pub fn into_frames(self) -> impl Iterator<Item = (u64, T)> {
        self.frames.into_iter().map(|frame| (frame.number, frame.kept))
    }
}
