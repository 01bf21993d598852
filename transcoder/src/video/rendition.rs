//! One file of the ladder: packets of picture in, fragments on disk, each of them told to the parent.
//!
//! A fragment is closed when the packet that begins the next one has come and the sound has come as far; so fragments hold
//! the same time in every rung, start with a keyframe, and picture and sound of one moment lie together.
//!
//! Not here: where packets come from (`lanes`) and how the file is laid out (`mp4`).

use super::cuts::Cuts;
use super::mp4::{FragmentedFile, Length, Timing};
use super::muxer::Muxer;
use super::plan::{Ratio, Size};
use super::sound::{PACKET_SAMPLES, SAMPLE_RATE};
use super::soundtrack::Soundtrack;
use crate::refusal::{OrRefuseWriting, Refusal, Result};
use crate::report::Reporter;
use ff::codec::packet::Packet;
use ffmpeg_next as ff;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use transcoder_protocol::{
    Event, Failure, NewSegment, Rendition as RenditionFacts, RenditionOutline, Segment,
};

/// Bits per second that the sound and the boxes around it add.
pub const SOUND_BITS: u64 = 140_000;

/// What all renditions of a clip have in common.
pub struct Production<'a> {
    pub folder: PathBuf,
    pub reporter: &'a Reporter,
    pub soundtrack: Soundtrack,
    pub bytes_written: AtomicU64,
    pub max_output_bytes: u64,
    /// Longest clip there may be, in seconds.
    pub max_seconds: f64,
    pub progress: LaneProgress,
}

/// How far the renditions are. The one that is furthest behind says how far all is.
pub struct LaneProgress {
    /// Of the whole clip, as far as known.
    total_seconds: f64,
    /// Of each rendition, in seconds of the clip.
    lanes: Mutex<Vec<f64>>,
}

/// The last part of progress is for finishing and for the proof.
const PROGRESS_OF_RENDITIONS: f64 = 0.98;

impl LaneProgress {
    pub fn of(total_seconds: f64) -> Self {
        Self { total_seconds: total_seconds.max(0.001), lanes: Mutex::default() }
    }

    fn join(&self) -> usize {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.push(0.0);
        lanes.len() - 1
    }

    /// Says that a rendition has come to `seconds`. Gives how much of the whole work is done, 0 to 1.
    fn advance(&self, lane: usize, seconds: f64) -> f64 {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes[lane] = lanes[lane].max(seconds);
        let slowest = lanes.iter().copied().fold(f64::INFINITY, f64::min);
        PROGRESS_OF_RENDITIONS * (slowest / self.total_seconds).min(1.0)
    }
}

pub struct Rendition<'a> {
    production: &'a Production<'a>,
    lane: usize,
    outline: RenditionOutline,
    muxer: Muxer,
    max_fragments: usize,
    /// Created with the first fragment.
    file: Option<FragmentedFile>,
    /// One tick of the packets' times, in seconds.
    clock: f64,
    cuts: Cuts,
    /// Where the fragment that is being gathered begins.
    start: i64,
    waiting: VecDeque<Packet>,
    fragments: u32,
    sound_packets: usize,
}

impl<'a> Rendition<'a> {
    /// `clock` is one tick of the packets' times and of `cuts`, in seconds.
    pub fn new(
        production: &'a Production<'a>,
        outline: RenditionOutline,
        muxer: Muxer,
        clock: ff::Rational,
        cuts: Cuts,
    ) -> Self {
        let clock = f64::from(clock);
        let max_fragments = cuts.segments((production.max_seconds / clock) as i64) + 1;
        Self {
            production,
            lane: production.progress.join(),
            outline,
            muxer,
            max_fragments,
            file: None,
            clock,
            cuts,
            start: 0,
            waiting: VecDeque::new(),
            fragments: 0,
            sound_packets: 0,
        }
    }

    pub fn outline(&self) -> &RenditionOutline {
        &self.outline
    }

    /// Takes the next packet in decoding order, with all its times and its duration. The first is shown at zero.
    pub fn add(&mut self, packet: Packet) -> Result<()> {
        let end = packet.pts().unwrap_or(0) + packet.duration();
        let done = self.production.progress.advance(self.lane, end as f64 * self.clock);
        self.production.reporter.progress(done);
        self.waiting.push_back(packet);
        self.write_full_fragments()
    }

    /// Writes the rest; by now the soundtrack is complete.
    pub fn finish(mut self) -> Result<RenditionFacts> {
        self.write_full_fragments()?;
        self.write_fragment(self.waiting.len(), None)?;
        let nothing = || Refusal::new(Failure::Damaged, "no frame came out of the encoder");
        let file = self.file.ok_or_else(nothing)?;
        let finished = file.finish().or_refuse_writing("finishing a rendition")?;
        let segments = finished.segments;
        let seconds: f64 = segments.iter().map(|segment| segment.duration_ms / 1000.0).sum();
        let bytes: u64 = segments.iter().map(|segment| segment.bytes).sum();
        let RenditionOutline { file, width, height, frame_rate, codecs, .. } = self.outline;
        Ok(RenditionFacts {
            file,
            width,
            height,
            frame_rate,
            codecs,
            peak_bandwidth: peak_bandwidth(&segments),
            average_bandwidth: (bytes as f64 * 8.0 / seconds.max(1.0)).ceil() as u64,
            bytes: finished.bytes,
            init_bytes: finished.init_bytes,
            segments,
        })
    }

    fn write_full_fragments(&mut self) -> Result<()> {
        while let Some(cut) = self.cuts.next_after(self.start)
            && let Some(packets) = self.packets_before(cut)
        {
            let samples = (cut as f64 * self.clock * f64::from(SAMPLE_RATE)) as i64;
            if self.muxer.has_sound() && !self.production.soundtrack.reaches(samples) {
                return Ok(());
            }
            self.write_fragment(packets, Some(samples))?;
            self.start = cut;
        }
        Ok(())
    }

    /// How many of the waiting packets lie before the keyframe at `cut`, if it has come.
    fn packets_before(&self, cut: i64) -> Option<usize> {
        self.waiting.iter().position(|packet| packet.is_key() && packet.pts() == Some(cut))
    }

    /// Writes the first `packets` packets and the sound before sample number `until`.
    fn write_fragment(&mut self, packets: usize, until: Option<i64>) -> Result<()> {
        if packets == 0 {
            return Ok(());
        }
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.create_file()?,
        };
        let mut ticks = 0;
        for packet in self.waiting.drain(..packets) {
            ticks += packet.duration();
            self.muxer.add_picture(packet)?;
        }
        let mut length = Length { video: self.muxer.picture_ticks(ticks), audio: 0 };
        if self.muxer.has_sound() {
            let sound = self.production.soundtrack.packets(self.sound_packets, until);
            self.sound_packets += sound.len();
            length.audio = sound.len() as u64 * PACKET_SAMPLES as u64;
            for mut packet in sound {
                packet.set_duration(PACKET_SAMPLES);
                self.muxer.add_sound(packet)?;
            }
        }
        let fragment = self.muxer.fragment()?;
        self.count(fragment.len() as u64)?;
        let segment = file.append(&fragment, length).or_refuse_writing("writing a rendition")?;
        self.tell(&file, segment);
        self.file = Some(file);
        Ok(())
    }

    fn create_file(&mut self) -> Result<FragmentedFile> {
        // The first frame is shown at zero but decoded earlier, to leave room for B-frames.
        let delay = self
            .waiting
            .front()
            .map_or(0, |packet| packet.pts().unwrap_or(0) - packet.dts().unwrap_or(0));
        let timing = Timing {
            video_ticks_per_second: self.muxer.picture_ticks_per_second(),
            audio_ticks_per_second: self.muxer.has_sound().then_some(SAMPLE_RATE as u32),
            video_delay: self.muxer.picture_ticks(delay),
        };
        let path = self.production.folder.join(&self.outline.file);
        FragmentedFile::create(&path, &self.muxer.take(), timing, self.max_fragments)
            .or_refuse_writing("starting a rendition")
    }

    /// The limit is for all files together; the cage's is for each.
    fn count(&self, bytes: u64) -> Result<()> {
        let before = self.production.bytes_written.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes > self.production.max_output_bytes {
            let detail = format!("{} bytes written", before + bytes);
            return Err(Refusal::new(Failure::TooHeavy, detail));
        }
        Ok(())
    }

    fn tell(&mut self, file: &FragmentedFile, segment: Segment) {
        self.production.reporter.send(&Event::Segment(NewSegment {
            file: self.outline.file.clone(),
            index: self.fragments,
            init_bytes: file.init_bytes(),
            segment,
        }));
        self.fragments += 1;
    }
}

/// What is known of a rendition before it is made.
pub fn outline(
    file: String,
    size: Size,
    frame_rate: Ratio,
    picture_codec: &str,
    has_sound: bool,
    [peak, average]: [u64; 2],
) -> RenditionOutline {
    let (sound_codec, sound_bits) = if has_sound { (",mp4a.40.2", SOUND_BITS) } else { ("", 0) };
    RenditionOutline {
        file,
        width: size.width,
        height: size.height,
        frame_rate: frame_rate.value(),
        codecs: format!("{picture_codec}{sound_codec}"),
        peak_bandwidth: peak + sound_bits,
        average_bandwidth: average + sound_bits,
    }
}

/// The most bits per second over one segment. A stub at the end counts as a second: a player fetches it as quickly as that.
fn peak_bandwidth(segments: &[Segment]) -> u64 {
    segments
        .iter()
        .map(|segment| segment.bytes as f64 * 8000.0 / segment.duration_ms.max(1000.0))
        .fold(0.0, f64::max)
        .ceil() as u64
}
