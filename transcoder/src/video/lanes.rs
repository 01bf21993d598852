//! The stages between the decoder and the files, each on a thread of its own: one lane filters pictures and hands them to one
//! encoding lane per rung. Between two stages lies a short queue, so that memory is bounded and the slowest stage sets the pace.
//!
//! States of a lane: fed → told the end → finished with its result. A lane whose feeder goes away without telling the end
//! stops; one whose taker goes away stops too. Whichever stage failed has the reason; the others are [`Halt::Abandoned`].

use super::cuts::Cuts;
use super::encoder::encoding;
use super::h264::picture_only;
use super::picture::{Footage, PictureFilter};
use super::plan::{Plan, SourcePicture};
use super::remux::Remux;
use super::rendition::Rendition;
use super::stills::Stills;
use super::turns::Turns;
use crate::refusal::{Refusal, Result};
use crate::report::Reporter;
use ff::codec::packet::Packet;
use ff::frame::Video as Frame;
use ffmpeg_next as ff;
use std::sync::mpsc::{Receiver, SyncSender};
use transcoder_protocol::{Failure, Rendition as RenditionFacts};

/// Why a stage ended before its end.
pub enum Halt {
    Refused(Refusal),
    /// The stage before or behind went away, and knows why.
    Abandoned,
    /// The picture that is being copied cannot be decoded everywhere; encoded it can be made.
    UnfitToCopy,
    /// The clip changes its shape, and is better made in this one than in what was planned.
    Reshaped(SourcePicture),
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What one stage hands to the next.
pub enum Feed<T> {
    Next(T),
    /// Nothing follows; the clip ends at this time, in the taker's ticks.
    End(i64),
}

/// Hands over, waiting for room.
pub fn hand<T>(to: &SyncSender<Feed<T>>, feed: Feed<T>) -> Result<(), Halt> {
    to.send(feed).map_err(|_| Halt::Abandoned)
}

/// Decoded frames to every rung and to the stills.
pub struct PictureLane<'a> {
    pub footage: Footage,
    pub plan: &'a Plan,
    pub turns: &'a Turns,
    pub reporter: &'a Reporter,
    pub stills: Stills,
    /// In the plan's order; `None` for one that is copied.
    pub rungs: Vec<Option<SyncSender<Feed<Frame>>>>,
}

/// What the picture lane has in the end.
pub struct Pictures {
    pub frames: u64,
    pub stills: Stills,
}

impl PictureLane<'_> {
    pub fn run(mut self, decoded: Receiver<Feed<Frame>>) -> Result<Pictures, Halt> {
        let mut filter = PictureFilter::new(self.footage, self.plan);
        let mut frames = 0;
        for feed in decoded {
            let end = match feed {
                Feed::Next(frame) => {
                    let _turn = self.turns.take();
                    filter.push(frame)?;
                    None
                }
                Feed::End(end) => {
                    filter.finish(end)?;
                    Some(())
                }
            };
            self.drain(&mut filter, &mut frames)?;
            if end.is_some() {
                return self.finish(frames);
            }
        }
        Err(Halt::Abandoned)
    }

    fn drain(&mut self, filter: &mut PictureFilter<'_>, count: &mut u64) -> Result<(), Halt> {
        loop {
            let turn = self.turns.take();
            let Some(frames) = filter.pull()? else { return Ok(()) };
            self.stills.add(&frames)?;
            drop(turn);
            for (rung, frame) in self.rungs.iter().zip(frames) {
                if let Some(rung) = rung {
                    hand(rung, Feed::Next(frame))?;
                }
            }
            *count += 1;
            self.reporter.progress(0.0);
        }
    }

    fn finish(self, frames: u64) -> Result<Pictures, Halt> {
        if frames == 0 {
            return Err(Refusal::new(Failure::Damaged, "no frame could be decoded").into());
        }
        for rung in self.rungs.iter().flatten() {
            hand(rung, Feed::End(frames as i64))?;
        }
        Ok(Pictures { frames, stills: self.stills })
    }
}

/// Frames of one rung to its file. Time is counted in frames.
pub struct EncodingLane<'a> {
    pub encoder: ff::encoder::Video,
    pub cuts: &'a Cuts,
    pub rendition: Rendition<'a>,
    pub turns: &'a Turns,
}

impl EncodingLane<'_> {
    pub fn run(mut self, frames: Receiver<Feed<Frame>>) -> Result<RenditionFacts, Halt> {
        let mut count = 0;
        for feed in frames {
            let _turn = self.turns.take();
            match feed {
                Feed::Next(mut frame) => {
                    self.encode(&mut frame, count)?;
                    count += 1;
                }
                Feed::End(_) => {
                    self.encoder.send_eof().map_err(encoding)?;
                    self.drain()?;
                    return Ok(self.rendition.finish()?);
                }
            }
        }
        Err(Halt::Abandoned)
    }

    fn encode(&mut self, frame: &mut Frame, number: i64) -> Result<()> {
        // Counted from zero without gaps, so that all rungs have the same frames and keyframes.
        frame.set_pts(Some(number));
        frame.set_kind(match self.cuts.begins_segment(number) {
            true => ff::picture::Type::I,
            false => ff::picture::Type::None,
        });
        self.encoder.send_frame(frame).map_err(encoding)?;
        self.drain()
    }

    fn drain(&mut self) -> Result<()> {
        loop {
            let mut packet = Packet::empty();
            match self.encoder.receive_packet(&mut packet) {
                Ok(()) => {
                    packet.set_duration(1);
                    self.rendition.add(packet)?;
                }
                Err(ff::Error::Eof | ff::Error::Other { errno: libc::EAGAIN }) => return Ok(()),
                Err(error) => return Err(encoding(error)),
            }
        }
    }
}

/// Packets of the source to the file of the highest rung. Time is counted in the source's ticks.
pub struct CopyingLane<'a> {
    pub remux: Remux,
    pub rendition: Rendition<'a>,
}

impl CopyingLane<'_> {
    pub fn run(mut self, packets: Receiver<Feed<Packet>>) -> Result<RenditionFacts, Halt> {
        let mut index = 0;
        // Kept back, because the end may lengthen it.
        let mut last: Option<Packet> = None;
        for feed in packets {
            match feed {
                Feed::Next(packet) => {
                    if let Some(last) = last.replace(self.copy(&packet, index)?) {
                        self.rendition.add(last)?;
                    }
                    index += 1;
                }
                Feed::End(end) => {
                    if index != self.remux.times.len() {
                        return Err(changed("fewer packets").into());
                    }
                    if let Some(mut last) = last {
                        let begins = last.dts().unwrap_or(0) + self.remux.delay();
                        last.set_duration((end - begins).max(last.duration()));
                        self.rendition.add(last)?;
                    }
                    return Ok(self.rendition.finish()?);
                }
            }
        }
        Err(Halt::Abandoned)
    }

    fn copy(&self, packet: &Packet, index: usize) -> Result<Packet> {
        let times = self.remux.times.get(index).ok_or_else(|| changed("more packets"))?;
        let picture = packet
            .data()
            .and_then(|bytes| picture_only(bytes, self.remux.configuration.framing))
            .ok_or_else(|| changed("a packet without a picture"))?;
        let mut copy = Packet::copy(&picture);
        copy.set_pts(Some(times.shown));
        copy.set_dts(Some(times.decoded));
        copy.set_duration(times.duration);
        if times.is_key {
            copy.set_flags(ff::codec::packet::Flags::KEY);
        }
        Ok(copy)
    }
}

/// A second reading of the same file found something else than the first.
fn changed(what: &str) -> Refusal {
    Refusal::new(Failure::Crashed, format!("copying: {what} than the scan found"))
}
