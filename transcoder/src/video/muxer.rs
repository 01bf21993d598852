//! libav's MP4 muxer, writing to memory one fragment at a time. Where the bytes go is `mp4`'s matter.

use super::libav;
use super::sound::SAMPLE_RATE;
use crate::refusal::{Refusal, Result};
use ff::codec::packet::Packet;
use ff::format::context::StreamIo;
use ffmpeg_next as ff;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use transcoder_protocol::Failure;

const VIDEO: usize = 0;
const AUDIO: usize = 1;

pub struct Muxer {
    output: ff::format::context::Output,
    written: Written,
    /// Of the packets of picture that are handed over.
    clock: ff::Rational,
    time_bases: Vec<ff::Rational>,
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.0.lock().map_err(|_| io::ErrorKind::Other)?;
        written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Muxer {
    /// `clock` is one tick of the picture's packets, in seconds.
    pub fn new(
        picture: ff::codec::Parameters,
        clock: ff::Rational,
        frame_rate: ff::Rational,
        sound: Option<&ff::codec::Context>,
    ) -> Result<Self> {
        Self::start(picture, clock, frame_rate, sound).map_err(muxing)
    }

    fn start(
        picture: ff::codec::Parameters,
        clock: ff::Rational,
        frame_rate: ff::Rational,
        sound: Option<&ff::codec::Context>,
    ) -> Result<Self, ff::Error> {
        let written = Written::default();
        let io = StreamIo::from_write(written.clone())?;
        let mut output = ff::format::output_to_stream(io, None, Some("mp4"))?;
        libav::be_anonymous(&mut output);
        let mut stream = output.add_stream(ff::encoder::find(ff::codec::Id::None))?;
        stream.set_parameters(picture);
        stream.set_time_base(clock);
        stream.set_avg_frame_rate(frame_rate);
        if let Some(sound) = sound {
            output.add_stream_with(sound)?.set_time_base((1, SAMPLE_RATE));
        }
        let mut options = ff::Dictionary::new();
        options.set("movflags", "frag_custom+empty_moov+default_base_moof+skip_trailer");
        // Ours is better: see `mp4`.
        options.set("use_editlist", "0");
        options.set("avoid_negative_ts", "disabled");
        output.write_header_with(options)?;
        libav::flush_bytes(&mut output);
        let time_bases = output.streams().map(|stream| stream.time_base()).collect();
        Ok(Self { output, written, clock, time_bases })
    }

    pub fn add_picture(&mut self, packet: Packet) -> Result<()> {
        self.add(packet, VIDEO, self.clock)
    }

    pub fn add_sound(&mut self, packet: Packet) -> Result<()> {
        self.add(packet, AUDIO, ff::Rational::new(1, SAMPLE_RATE))
    }

    fn add(&mut self, mut packet: Packet, track: usize, time_base: ff::Rational) -> Result<()> {
        packet.set_stream(track);
        packet.rescale_ts(time_base, self.time_bases[track]);
        packet.write(&mut self.output).map(|_| ()).map_err(muxing)
    }

    /// What was added since the last call, as one fragment.
    pub fn fragment(&mut self) -> Result<Vec<u8>> {
        libav::flush_fragment(&mut self.output).map_err(muxing)?;
        Ok(self.take())
    }

    /// Everything written so far: before the first fragment, `ftyp` and `moov`.
    pub fn take(&mut self) -> Vec<u8> {
        self.written.0.lock().map(|mut written| std::mem::take(&mut *written)).unwrap_or_default()
    }

    pub fn has_sound(&self) -> bool {
        self.time_bases.len() > AUDIO
    }

    pub fn picture_ticks_per_second(&self) -> u32 {
        self.time_bases[VIDEO].denominator().unsigned_abs()
    }

    /// What the file counts as so many ticks of the picture's clock.
    pub fn picture_ticks(&self, ticks: i64) -> u64 {
        let seconds = ticks as f64 * f64::from(self.clock);
        (seconds * f64::from(self.picture_ticks_per_second())).round() as u64
    }
}

fn muxing(error: ff::Error) -> Refusal {
    libav::refusal(error, Failure::Crashed, "muxing")
}
