//! The sound's way from a packet of the source to AAC packets that every rendition shares: `samples` decodes, `alignment` says where
//! the sound belongs, `pace` whether its stamps can be believed, `loudness` how far to turn it up or down, this encodes. A track that gives not one sample is no sound: another one
//! is taken, or the clip is silent.
//!
//! Times of the packets made count in samples from the clip's start. The encoder's priming (its first packet, before time
//! zero) is left out: players disagree about edit lists, and without it none is needed.

mod alignment;
mod loudness;
mod pace;
mod samples;

use super::libav;
use super::probe::{Source, Track};
use crate::refusal::{Refusal, Result};
use crate::report::Reporter;
use ff::codec::packet::Packet;
use ffmpeg_next as ff;
pub use loudness::Volume;
use pace::Pace;
use samples::{Samples, Silence};
use transcoder_protocol::Failure;

pub const SAMPLE_RATE: i32 = 48_000;
const BIT_RATE: usize = 128_000;
/// Samples in one AAC packet.
pub const PACKET_SAMPLES: i64 = 1024;

/// So many tracks are listened to, each from start to end, before a clip is taken for silent.
const MAX_AUDITIONS: usize = 4;

/// Listens to the clip's sound and says what to do about its volume. Sound that cannot be heard is given up for the next best; stamps
/// that run away from the samples are not believed from then on.
pub fn audition(source: &mut Source, max_seconds: f64, reporter: &Reporter) -> Result<Volume> {
    for _ in 0..MAX_AUDITIONS {
        let Some(track) = &source.audio else { break };
        match loudness::measured_volume(source, track, max_seconds, reporter) {
            Ok(Audition::Heard(volume, pace)) => {
                if let Some(lengths) = pace.disagreement()
                    && lengths.samples_suit(source.read_picture_seconds(max_seconds)?)
                {
                    source.disbelieve_sound_stamps();
                }
                return Ok(volume);
            }
            Ok(Audition::NoPackets) => source.give_up_sound(false)?,
            Ok(Audition::NoSamples) => source.give_up_sound(true)?,
            Err(refusal) if is_of_the_sound(refusal.failure) => source.give_up_sound(true)?,
            Err(refusal) => return Err(refusal),
        }
    }
    if source.audio.is_some() {
        source.give_up_all_sound()?;
    }
    Ok(Volume::AS_IT_IS)
}

/// What came of listening to a track.
enum Audition {
    Heard(Volume, Pace),
    /// Nothing is lost with it.
    NoPackets,
    NoSamples,
}

/// Its decoder does not open, or makes something that cannot be stereo.
fn is_of_the_sound(failure: Failure) -> bool {
    matches!(failure, Failure::UnsupportedCodec | Failure::Damaged)
}

pub struct Sound {
    samples: Samples,
    encoder: ff::encoder::Audio,
}

impl Sound {
    /// Of at most `max_seconds`; what comes later is left out.
    pub fn new(track: &Track, volume: Volume, max_seconds: f64) -> Result<Self> {
        let samples = Samples::new(track, volume, max_seconds)?;
        Ok(Self { samples, encoder: open_encoder().map_err(encoding)? })
    }

    pub fn encoder(&self) -> &ff::codec::Context {
        &self.encoder
    }

    /// The sample at which the sound is over, of a clip whose picture ends at these seconds. Silence behind the picture that is longer
    /// than the sound behind it is not worth to be waited for: one packet with a wrong timestamp would make minutes of a still.
    pub fn end_beside(&self, picture_seconds: f64) -> i64 {
        let picture_end = (picture_seconds * f64::from(SAMPLE_RATE)) as i64;
        end_beside(picture_end, self.samples.count(), self.samples.silences())
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

fn end_beside(picture_end: i64, end: i64, silences: &[Silence]) -> i64 {
    let behind = silences.iter().rev().take_while(|silence| silence.end > picture_end);
    behind.fold(end, |end, silence| {
        let start = silence.start.max(picture_end);
        if end - silence.end < silence.end - start { start } else { end }
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clip_does_not_wait_for_a_little_sound_behind_much_silence() {
        let silence = |start, end| Silence { start, end };
        assert_eq!(end_beside(100, 200, &[]), 200);
        assert_eq!(end_beside(100, 1000, &[silence(120, 990)]), 120);
        assert_eq!(end_beside(100, 1000, &[silence(120, 300)]), 1000, "more sound than silence");
        assert_eq!(end_beside(900, 1000, &[silence(120, 890)]), 1000, "beside the picture");
        assert_eq!(end_beside(500, 1000, &[silence(120, 990)]), 500, "no longer than the picture");
        assert_eq!(end_beside(100, 1000, &[silence(110, 500), silence(505, 995)]), 110);
    }
}
