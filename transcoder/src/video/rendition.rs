//! One rung: frames in, one fragmented MP4 on disk.
//!
//! A fragment is closed when the next forced keyframe has left the encoder and the sound has come as far; so fragments hold
//! the same frames in every rung, start with a keyframe, and picture and sound of one moment lie together.

use super::mp4::{FragmentedFile, Length, Timing};
use super::plan::{Plan, Rung};
use super::sound::{PACKET_SAMPLES, SAMPLE_RATE, Sound};
use super::{libav, thread_count};
use crate::refusal::{OrRefuse, Refusal, Result};
use ff::codec::packet::Packet;
use ff::format::context::StreamIo;
use ff::frame::Video as Frame;
use ffmpeg_next as ff;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use transcoder_protocol::{Failure, Segment};

const VIDEO: usize = 0;
const AUDIO: usize = 1;

pub struct Rendition {
    name: String,
    rung: Rung,
    encoder: ff::encoder::Video,
    codecs: String,
    muxer: Muxer,
    path: PathBuf,
    max_fragments: usize,
    /// Created with the first fragment.
    file: Option<FragmentedFile>,
    frame_rate: ff::Rational,
    segment_frames: i64,
    frames_in: i64,
    frames_out: i64,
    video: VecDeque<Packet>,
    audio: VecDeque<Rc<Packet>>,
    /// Samples of sound that have arrived; `None` when no more will come.
    audio_until: Option<i64>,
}

pub struct FinishedRendition {
    pub name: String,
    pub rung: Rung,
    pub codecs: String,
    pub init_bytes: u64,
    pub bytes: u64,
    pub segments: Vec<Segment>,
}

impl Rendition {
    pub fn create(
        folder: &Path,
        plan: &Plan,
        rung: Rung,
        sound: Option<&Sound>,
        max_seconds: f64,
    ) -> Result<Self> {
        let name = rung.file();
        let rate = plan.frame_rate;
        let frame_rate = ff::Rational::new(rate.numerator as i32, rate.denominator as i32);
        let encoder = open_encoder(&rung, frame_rate, plan.segment_frames).map_err(encoding)?;
        let codecs = codecs(&encoder, sound.is_some());
        let sound_context = sound.map(Sound::encoder);
        let muxer = Muxer::new(&encoder, sound_context, frame_rate).map_err(muxing)?;
        let max_fragments =
            (max_seconds * rate.value() / f64::from(plan.segment_frames)).ceil() as usize + 2;
        Ok(Self {
            name,
            rung,
            encoder,
            codecs,
            muxer,
            path: folder.join(rung.file()),
            max_fragments,
            file: None,
            frame_rate,
            segment_frames: i64::from(plan.segment_frames),
            frames_in: 0,
            frames_out: 0,
            video: VecDeque::new(),
            audio: VecDeque::new(),
            audio_until: sound.map(|_| 0),
        })
    }

    pub fn bytes(&self) -> u64 {
        self.file.as_ref().map_or(0, FragmentedFile::bytes)
    }

    pub fn add_frame(&mut self, frame: &mut Frame) -> Result<()> {
        // Counted from zero without gaps, so that all rungs have the same frames and keyframes.
        frame.set_pts(Some(self.frames_in));
        frame.set_kind(match self.frames_in % self.segment_frames {
            0 => ff::picture::Type::I,
            _ => ff::picture::Type::None,
        });
        self.frames_in += 1;
        self.encoder.send_frame(frame).map_err(encoding)?;
        self.drain_encoder()
    }

    pub fn add_sound(&mut self, packet: Rc<Packet>) -> Result<()> {
        self.audio_until = packet.pts().map(|pts| pts + PACKET_SAMPLES);
        self.audio.push_back(packet);
        self.write_full_fragments()
    }

    pub fn finish(mut self) -> Result<FinishedRendition> {
        self.audio_until = None;
        self.encoder.send_eof().map_err(encoding)?;
        self.drain_encoder()?;
        let rest = self.video.len();
        self.write_fragment(rest, None)?;
        let nothing = || Refusal::new(Failure::Damaged, "no frame came out of the encoder");
        let file = self.file.ok_or_else(nothing)?;
        let finished = file.finish().or_refuse(Failure::TooHeavy, "finishing a rendition")?;
        Ok(FinishedRendition {
            name: self.name,
            rung: self.rung,
            codecs: self.codecs,
            init_bytes: finished.init_bytes,
            bytes: finished.bytes,
            segments: finished.segments,
        })
    }

    fn drain_encoder(&mut self) -> Result<()> {
        loop {
            let mut packet = Packet::empty();
            match self.encoder.receive_packet(&mut packet) {
                Ok(()) => self.video.push_back(packet),
                Err(ff::Error::Eof | ff::Error::Other { errno: libc::EAGAIN }) => {
                    return self.write_full_fragments();
                }
                Err(error) => return Err(encoding(error)),
            }
        }
    }

    fn write_full_fragments(&mut self) -> Result<()> {
        while let Some(frames) = self.frames_before_next_keyframe() {
            let boundary = (self.frames_out + frames as i64) as f64 / f64::from(self.frame_rate);
            let samples = (boundary * f64::from(SAMPLE_RATE)) as i64;
            if self.audio_until.is_some_and(|until| until < samples) {
                return Ok(());
            }
            self.write_fragment(frames, Some(samples))?;
        }
        Ok(())
    }

    /// How many waiting frames belong to the fragment that a forced keyframe behind them ends.
    fn frames_before_next_keyframe(&self) -> Option<usize> {
        let next = self.frames_out + self.segment_frames;
        self.video.iter().position(|packet| packet.is_key() && packet.pts() == Some(next))
    }

    /// Writes the first `frames` frames and the sound before sample number `until`.
    fn write_fragment(&mut self, frames: usize, until: Option<i64>) -> Result<()> {
        if frames == 0 {
            return Ok(());
        }
        let frame_base = self.frame_rate.invert();
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                // The first frame is shown at zero but decoded earlier, to leave room for B-frames.
                let delay = self.video[0].pts().unwrap_or(0) - self.video[0].dts().unwrap_or(0);
                let timing = Timing {
                    video_ticks_per_second: self.muxer.ticks_per_second(),
                    audio_ticks_per_second: self.muxer.has_audio().then_some(SAMPLE_RATE as u32),
                    video_delay: delay.unsigned_abs() * self.muxer.ticks_per_frame(frame_base),
                };
                let init = self.muxer.take();
                let file = FragmentedFile::create(&self.path, &init, timing, self.max_fragments)
                    .or_refuse(Failure::TooHeavy, "starting a rendition")?;
                self.file.insert(file)
            }
        };
        for mut packet in self.video.drain(..frames) {
            packet.set_duration(1);
            self.muxer.write(&mut packet, VIDEO, frame_base)?;
        }
        let is_in = |packet: &Rc<Packet>| until.is_none_or(|until| packet.pts() < Some(until));
        let mut length =
            Length { video: frames as u64 * self.muxer.ticks_per_frame(frame_base), audio: 0 };
        while let Some(packet) = self.audio.pop_front_if(|packet| is_in(packet)) {
            length.audio += PACKET_SAMPLES as u64;
            let mut packet = Packet::clone(&packet);
            packet.set_duration(PACKET_SAMPLES);
            self.muxer.write(&mut packet, AUDIO, ff::Rational::new(1, SAMPLE_RATE))?;
        }
        libav::flush_fragment(&mut self.muxer.output).map_err(muxing)?;
        file.append(&self.muxer.take(), length)
            .or_refuse(Failure::TooHeavy, "writing a rendition")?;
        self.frames_out += frames as i64;
        Ok(())
    }
}

fn open_encoder(
    rung: &Rung,
    frame_rate: ff::Rational,
    segment_frames: u32,
) -> Result<ff::encoder::Video, ff::Error> {
    let codec = ff::encoder::find_by_name("libx264").ok_or(ff::Error::EncoderNotFound)?;
    let mut encoder = ff::codec::Context::new_with_codec(codec).encoder().video()?;
    encoder.set_width(rung.size.width);
    encoder.set_height(rung.size.height);
    encoder.set_format(ff::format::Pixel::YUV420P);
    encoder.set_time_base(frame_rate.invert());
    encoder.set_frame_rate(Some(frame_rate));
    encoder.set_aspect_ratio((1, 1));
    encoder.set_colorspace(ff::color::Space::BT709);
    encoder.set_color_range(ff::color::Range::MPEG);
    encoder.set_color_primaries(ff::color::Primaries::BT709);
    encoder.set_color_transfer_characteristic(ff::color::TransferCharacteristic::BT709);
    encoder.set_gop(segment_frames);
    encoder.set_flags(ff::codec::Flags::GLOBAL_HEADER | ff::codec::Flags::CLOSED_GOP);
    let mut options = ff::Dictionary::new();
    options.set("preset", "veryfast");
    options.set("profile", "high");
    options.set("crf", &rung.crf.to_string());
    options.set("maxrate", &rung.max_bits.to_string());
    options.set("bufsize", &rung.buffer_bits.to_string());
    // A forced keyframe is one that a player can start at.
    options.set("forced-idr", "1");
    options.set("threads", &thread_count().to_string());
    encoder.open_as_with(codec, options)
}

/// RFC 6381: profile, constraints and level from the sequence parameter set; AAC-LC.
fn codecs(encoder: &ff::codec::Context, has_sound: bool) -> String {
    const SEQUENCE_PARAMETER_SET: u8 = 7;
    let extradata = libav::extradata(encoder);
    let profile = extradata
        .windows(7)
        .find(|bytes| bytes[..3] == [0, 0, 1] && bytes[3] & 0x1f == SEQUENCE_PARAMETER_SET)
        .map_or([0x64, 0x00, 0x28], |bytes| [bytes[4], bytes[5], bytes[6]]);
    let [profile, constraints, level] = profile;
    let sound = if has_sound { ",mp4a.40.2" } else { "" };
    format!("avc1.{profile:02x}{constraints:02x}{level:02x}{sound}")
}

/// libav's MP4 muxer, writing to memory one fragment at a time.
struct Muxer {
    output: ff::format::context::Output,
    written: Written,
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
    fn new(
        video: &ff::codec::Context,
        sound: Option<&ff::codec::Context>,
        frame_rate: ff::Rational,
    ) -> Result<Self, ff::Error> {
        let written = Written::default();
        let io = StreamIo::from_write(written.clone())?;
        let mut output = ff::format::output_to_stream(io, None, Some("mp4"))?;
        libav::be_anonymous(&mut output);
        let mut stream = output.add_stream_with(video)?;
        stream.set_time_base(frame_rate.invert());
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
        Ok(Self { output, written, time_bases })
    }

    fn write(&mut self, packet: &mut Packet, track: usize, time_base: ff::Rational) -> Result<()> {
        packet.set_stream(track);
        packet.rescale_ts(time_base, self.time_bases[track]);
        packet.write(&mut self.output).map(|_| ()).map_err(muxing)
    }

    fn has_audio(&self) -> bool {
        self.time_bases.len() > AUDIO
    }

    fn ticks_per_second(&self) -> u32 {
        self.time_bases[VIDEO].denominator().unsigned_abs()
    }

    fn ticks_per_frame(&self, frame_base: ff::Rational) -> u64 {
        (f64::from(frame_base) * f64::from(self.ticks_per_second())).round() as u64
    }

    fn take(&mut self) -> Vec<u8> {
        self.written.0.lock().map(|mut written| std::mem::take(&mut *written)).unwrap_or_default()
    }
}

fn encoding(error: ff::Error) -> Refusal {
    let failure = match error {
        // libx264 has no other error for frames that we made ourselves than the want of memory.
        ff::Error::External => Failure::TooHeavy,
        _ => Failure::Crashed,
    };
    libav::refusal(error, failure, "encoding the picture")
}

fn muxing(error: ff::Error) -> Refusal {
    libav::refusal(error, Failure::Crashed, "muxing")
}
