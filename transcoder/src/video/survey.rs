//! One decoding of the whole clip, which learns for how long each shape is shown. Only for clips whose shape changes (see `shape`): for
//! them what was begun may have to be made anew, in the shape that this finds best.

use super::libav;
use super::plan::{SourcePicture, upright_size};
use super::probe::Source;
use super::reading::open_decoder;
use super::shape::{Stated, are_alike, suits};
use crate::refusal::Result;
use crate::report::Reporter;
use ff::codec::packet::Packet;
use ff::frame::Video as Frame;
use ffmpeg_next as ff;
use transcoder_protocol::{Failure, VideoLimits};

/// No honest clip has more; they would count for the last.
const MAX_SHAPES: usize = 64;

/// The shape that the clip is best made in, if the plan for the one that its container states does not suit it.
pub fn survey(
    source: &Source,
    limits: &VideoLimits,
    decoder_threads: usize,
    reporter: &Reporter,
) -> Result<Option<SourcePicture>> {
    let mut input = source.reopen()?;
    libav::read_only(&mut input, &[source.video.index]);
    let mut decoder = open_decoder(source, limits.max_frame_pixels, decoder_threads)
        .map_err(|error| libav::refusal(error, Failure::UnsupportedCodec, "opening the picture"))?;
    let stated = Stated::of(source);
    let mut tally = Tally::default();
    let most_ticks =
        (limits.max_duration_ms as f64 / 1000.0 / f64::from(source.video.time_base)) as i64;
    let mut clock = source.timeline.clock();
    let mut packet = Packet::empty();
    // What is damaged has no shape, and what is too long is found so by who reads it for good.
    while tally.ticks() <= most_ticks {
        match clock.read(&mut input, &mut packet) {
            Ok(()) if packet.stream() == source.video.index => {}
            Ok(()) => continue,
            Err(ff::Error::InvalidData) if !libav::is_at_end(&input) => continue,
            Err(_) => break,
        }
        if decoder.send_packet(&packet).is_ok() {
            tally.count(&stated, &mut decoder);
        }
        reporter.progress(0.0);
    }
    if decoder.send_eof().is_ok() {
        tally.count(&stated, &mut decoder);
    }
    Ok(tally.best().filter(|best| !suits(&stated.picture, best)))
}

/// How long each shape is shown, in ticks of the picture.
#[derive(Default)]
struct Tally {
    shapes: Vec<(SourcePicture, i64)>,
    /// Which is shown, since when and until when at least.
    shown: Option<(usize, i64, i64)>,
}

impl Tally {
    fn count(&mut self, stated: &Stated, decoder: &mut ff::decoder::Video) {
        let mut frame = Frame::empty();
        while decoder.receive_frame(&mut frame).is_ok() {
            let duration = frame.packet().duration.max(0);
            self.note(stated.as_in(&frame), frame.timestamp(), duration);
        }
    }

    fn note(&mut self, picture: SourcePicture, shown_at: Option<i64>, duration: i64) {
        let last_end = self.shown.map_or(0, |(_, _, until)| until);
        let at = shown_at.unwrap_or(last_end);
        if let Some((shape, since, until)) = self.shown {
            // Where time jumps back, what was shown counts as it was meant to be.
            let end = if at > since { at } else { until };
            self.shapes[shape].1 += end.saturating_sub(since);
        }
        let is_same = |known: &SourcePicture| {
            (known.width, known.height, known.pixel_aspect)
                == (picture.width, picture.height, picture.pixel_aspect)
        };
        let known = self.shapes.iter().position(|(known, _)| is_same(known));
        let shape = known.unwrap_or_else(|| {
            if self.shapes.len() < MAX_SHAPES {
                self.shapes.push((picture, 0));
            }
            self.shapes.len() - 1
        });
        self.shown = Some((shape, at, at.saturating_add(duration)));
    }

    /// All that was counted.
    fn ticks(&self) -> i64 {
        self.shapes.iter().map(|(_, ticks)| ticks).sum()
    }

    /// Of those that are like the one shown longest, the largest.
    fn best(mut self) -> Option<SourcePicture> {
        if let Some((shape, since, until)) = self.shown.take() {
            self.shapes[shape].1 += until - since;
        }
        let alike = |one: &SourcePicture, other: &SourcePicture| {
            are_alike(upright_size(one), upright_size(other))
        };
        let time_of_its_like = |(shape, _): &&(SourcePicture, i64)| -> i64 {
            let its_like = self.shapes.iter().filter(|(other, _)| alike(shape, other));
            its_like.map(|(_, ticks)| ticks).sum()
        };
        let (longest, _) = self.shapes.iter().rev().max_by_key(time_of_its_like)?;
        let pixels = |picture: &SourcePicture| {
            let (width, height) = upright_size(picture);
            width * height
        };
        let its_like =
            self.shapes.iter().map(|(shape, _)| shape).filter(|shape| alike(shape, longest));
        its_like.max_by(|one, other| pixels(one).total_cmp(&pixels(other))).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(shown: &[(u32, u32, i64)]) -> Option<(u32, u32)> {
        let mut tally = Tally::default();
        let mut at = 0;
        for &(width, height, ticks) in shown {
            let picture = SourcePicture::of_size(width, height);
            tally.note(picture, Some(at), ticks);
            at += ticks;
        }
        tally.best().map(|picture| (picture.width, picture.height))
    }

    #[test]
    fn the_largest_of_the_shape_that_is_shown_longest_is_best() {
        assert_eq!(best(&[]), None);
        assert_eq!(best(&[(640, 480, 5), (480, 640, 9)]), Some((480, 640)));
        assert_eq!(best(&[(640, 480, 9), (480, 640, 5)]), Some((640, 480)));
        assert_eq!(best(&[(640, 480, 5), (480, 640, 5)]), Some((640, 480)), "the first of equals");
        let grows = [(320, 180, 3), (640, 360, 4), (1280, 720, 2), (720, 1280, 6)];
        assert_eq!(best(&grows), Some((1280, 720)));
    }

    #[test]
    fn more_shapes_than_anybody_films_are_not_kept() {
        let shown: Vec<_> = (1..1000).map(|side| (side, 1000, 1)).collect();
        assert!(best(&shown).is_some());
    }
}
