//! The sound's way from a packet of the source to AAC packets that every rendition shares: `samples` decodes, `loudness` says
//! how far to turn it up or down, this encodes.
//!
//! Times of the packets made count in samples from the clip's start. The encoder's priming (its first packet, before time
//! zero) is left out: players disagree about edit lists, and without it none is needed.

mod loudness;
mod samples;

use super::libav;
use super::probe::{Source, Track};
use crate::refusal::{Refusal, Result};
use ff::codec::packet::Packet;
use ffmpeg_next as ff;
pub use loudness::{Volume, measured_volume};
use samples::Samples;
use transcoder_protocol::Failure;

pub const SAMPLE_RATE: i32 = 48_000;
const BIT_RATE: usize = 128_000;
/// Samples in one AAC packet.
pub const PACKET_SAMPLES: i64 = 1024;

pub struct Sound {
    samples: Samples,
    encoder: ff::encoder::Audio,
}

impl Sound {
    pub fn new(track: &Track, source: &Source, volume: Volume) -> Result<Self> {
        let samples = Samples::new(track, source, volume)?;
        Ok(Self { samples, encoder: open_encoder().map_err(encoding)? })
    }

    pub fn encoder(&self) -> &ff::codec::Context {
        &self.encoder
    }

    /// Seconds of sound so far.
    pub fn seconds(&self) -> f64 {
        self.samples.count() as f64 / f64::from(SAMPLE_RATE)
    }

    /// Takes a packet of the source, adds what became ready.
    pub fn feed(&mut self, packet: &Packet, ready: &mut Vec<Packet>) -> Result<()> {
        let Self { samples, encoder } = self;
        samples.feed(packet, &mut |frame| {
            encoder.send_frame(&frame).map_err(encoding)?;
            drain(encoder, ready)
        })
    }

    pub fn finish(&mut self, ready: &mut Vec<Packet>) -> Result<()> {
        let Self { samples, encoder } = self;
        samples.finish(&mut |frame| {
            encoder.send_frame(&frame).map_err(encoding)?;
            drain(encoder, ready)
        })?;
        encoder.send_eof().map_err(encoding)?;
        drain(encoder, ready)
    }
}

fn drain(encoder: &mut ff::encoder::Audio, ready: &mut Vec<Packet>) -> Result<()> {
    loop {
        let mut packet = Packet::empty();
        match encoder.receive_packet(&mut packet) {
            Ok(()) if packet.pts().is_some_and(|pts| pts >= 0) => ready.push(packet),
            Ok(()) => {}
            Err(ff::Error::Eof | ff::Error::Other { errno: libc::EAGAIN }) => return Ok(()),
            Err(error) => return Err(encoding(error)),
        }
    }
}

fn open_encoder() -> Result<ff::encoder::Audio, ff::Error> {
    let codec = ff::encoder::find(ff::codec::Id::AAC).ok_or(ff::Error::EncoderNotFound)?;
    let mut encoder = ff::codec::Context::new_with_codec(codec).encoder().audio()?;
    encoder.set_rate(SAMPLE_RATE);
    encoder.set_format(ff::format::Sample::F32(ff::format::sample::Type::Planar));
    encoder.set_channel_layout(ff::ChannelLayout::STEREO);
    encoder.set_bit_rate(BIT_RATE);
    encoder.set_time_base(ff::Rational::new(1, SAMPLE_RATE));
    encoder.set_flags(ff::codec::Flags::GLOBAL_HEADER | ff::codec::Flags::BITEXACT);
    encoder.open_as(codec)
}

fn encoding(error: ff::Error) -> Refusal {
    libav::refusal(error, Failure::Crashed, "encoding the sound")
}
