//! The one pass over a clip: packets are read once, decoded once, and go to every rendition and to the stills.

use super::picture::PictureFilter;
use super::plan::{Plan, Ratio};
use super::probe::{Source, decoder_names};
use super::rendition::{FinishedRendition, Rendition};
use super::sound::Sound;
use super::stills::Stills;
use super::{libav, thread_count};
use crate::refusal::{Refusal, Result};
use crate::report::Reporter;
use ff::codec::packet::Packet;
use ff::frame::Video as Frame;
use ffmpeg_next as ff;
use std::rc::Rc;
use transcoder_protocol::{Failure, Rendition as RenditionFacts, Segment, VideoOutput, VideoTask};

/// The last seconds of progress are for finishing.
const PROGRESS_OF_READING: f64 = 0.98;

/// A clip that ends this much before its container says is cut short: seconds, and share of its length.
const MISSING_SECONDS: f64 = 0.5;
const MISSING_SHARE: f64 = 0.1;

pub struct Encode<'a> {
    task: &'a VideoTask,
    source: Source,
    plan: &'a Plan,
    reporter: &'a mut Reporter,
    decoder: ff::decoder::Video,
    /// Built when the first frame says what it is.
    filter: Option<PictureFilter>,
    sound: Option<Sound>,
    renditions: Vec<Rendition>,
    stills: Stills,
    frames: u64,
    /// Where the video track's packets end so far, in seconds from the clip's start.
    read_seconds: f64,
}

impl<'a> Encode<'a> {
    pub fn new(
        task: &'a VideoTask,
        mut source: Source,
        plan: &'a Plan,
        reporter: &'a mut Reporter,
    ) -> Result<Self> {
        let wanted: Vec<usize> = [Some(&source.video), source.audio.as_ref()]
            .into_iter()
            .flatten()
            .map(|track| track.index)
            .collect();
        libav::read_only(&mut source.input, &wanted);
        let decoder = open_decoder(&source, task.limits.max_frame_pixels).map_err(|error| {
            libav::refusal(error, Failure::UnsupportedCodec, "opening the picture")
        })?;
        let sound = source.audio.as_ref().map(|track| Sound::new(track, &source)).transpose()?;
        let max_seconds = task.limits.max_duration_ms as f64 / 1000.0;
        let renditions = plan
            .rungs
            .iter()
            .map(|&rung| {
                Rendition::create(&task.output, plan, rung, sound.as_ref(), max_seconds + 1.0)
            })
            .collect::<Result<Vec<_>>>()?;
        let stills = Stills::new(plan, source.picture.seconds.unwrap_or(max_seconds))?;
        Ok(Self {
            task,
            source,
            plan,
            reporter,
            decoder,
            filter: None,
            sound,
            renditions,
            stills,
            frames: 0,
            read_seconds: 0.0,
        })
    }

    pub fn run(mut self) -> Result<VideoOutput> {
        let mut packet = Packet::empty();
        loop {
            match packet.read(&mut self.source.input) {
                Ok(()) => self.take(&packet)?,
                Err(ff::Error::Eof) => break,
                // The demuxer has stepped over something damaged and goes on behind it; what is missing counts at the end.
                Err(ff::Error::InvalidData) if !self.is_at_end() => {}
                Err(ff::Error::InvalidData) => break,
                Err(error) => return Err(libav::refusal(error, Failure::Damaged, "reading")),
            }
        }
        self.check_whole()?;
        self.finish()
    }

    fn is_at_end(&self) -> bool {
        libav::is_at_end(&self.source.input)
    }

    fn take(&mut self, packet: &Packet) -> Result<()> {
        if packet.stream() == self.source.video.index {
            self.note_time(packet);
            // A damaged packet costs its frames, not the clip.
            if self.decoder.send_packet(packet).is_ok() {
                self.drain_decoder()?;
            }
        } else if let Some(sound) = &mut self.sound {
            let mut ready = Vec::new();
            sound.feed(packet, &mut ready)?;
            self.share_sound(ready)?;
        }
        self.check_length()
    }

    fn note_time(&mut self, packet: &Packet) {
        if libav::is_cut_away(packet) {
            return;
        }
        let Some(time) = packet.pts().or(packet.dts()) else { return };
        let end = (time + packet.duration().max(0)) as f64 * f64::from(self.source.video.time_base)
            - self.source.start_us as f64 / 1e6;
        self.read_seconds = self.read_seconds.max(end);
        let total =
            self.source.picture.seconds.unwrap_or(self.task.limits.max_duration_ms as f64 / 1000.0);
        self.reporter.progress(PROGRESS_OF_READING * self.read_seconds / total.max(0.001));
    }

    /// Length of what has been read of picture and sound.
    fn seconds(&self) -> f64 {
        self.read_seconds.max(self.sound.as_ref().map_or(0.0, Sound::seconds))
    }

    /// Containers lie about their length, or do not say it.
    fn check_length(&self) -> Result<()> {
        let seconds = self.seconds();
        if seconds * 1000.0 > self.task.limits.max_duration_ms as f64 + 1000.0 {
            return Err(Refusal::new(Failure::TooLong, format!("{seconds:.1} s read")));
        }
        let bytes: u64 = self.renditions.iter().map(Rendition::bytes).sum();
        if bytes > self.task.limits.max_output_bytes {
            return Err(Refusal::new(Failure::TooHeavy, format!("{bytes} bytes written")));
        }
        Ok(())
    }

    fn check_whole(&self) -> Result<()> {
        // The track's own word, or the file's about its longest track. An estimate of libav's does not count.
        let (claimed, read) =
            match (self.source.video.seconds, libav::stated_seconds(&self.source.input)) {
                (Some(claimed), _) => (claimed, self.read_seconds),
                (None, Some(claimed)) => (claimed, self.seconds()),
                (None, None) => return Ok(()),
            };
        let missing = claimed - read;
        if missing > MISSING_SECONDS.max(MISSING_SHARE * claimed) {
            let detail = format!("{read:.2} s of the {claimed:.2} s it claims");
            return Err(Refusal::new(Failure::Damaged, detail));
        }
        Ok(())
    }

    fn share_sound(&mut self, ready: Vec<Packet>) -> Result<()> {
        for packet in ready.into_iter().map(Rc::new) {
            for rendition in &mut self.renditions {
                rendition.add_sound(Rc::clone(&packet))?;
            }
        }
        Ok(())
    }

    fn drain_decoder(&mut self) -> Result<()> {
        let mut frame = Frame::empty();
        while self.decoder.receive_frame(&mut frame).is_ok() {
            let decoded = std::mem::replace(&mut frame, Frame::empty());
            self.push(decoded)?;
        }
        Ok(())
    }

    fn push(&mut self, mut frame: Frame) -> Result<()> {
        let pixels = u64::from(frame.width()) * u64::from(frame.height());
        if pixels > self.task.limits.max_frame_pixels {
            let size = format!("a frame of {}×{}", frame.width(), frame.height());
            return Err(Refusal::new(Failure::TooManyPixels, size));
        }
        let start = self.ticks(self.source.start_us as f64 / 1e6);
        let pts = frame.timestamp().map(|pts| pts - start);
        frame.set_pts(pts);
        if self.filter.is_none() {
            self.filter = Some(PictureFilter::new(&self.source, self.plan, &frame)?);
        }
        if let Some(filter) = &mut self.filter {
            filter.push(frame)?;
        }
        self.drain_filter()
    }

    /// Seconds in the video track's time base.
    fn ticks(&self, seconds: f64) -> i64 {
        (seconds / f64::from(self.source.video.time_base)).round() as i64
    }

    fn drain_filter(&mut self) -> Result<()> {
        while let Some(filter) = &mut self.filter
            && let Some(mut frames) = filter.pull()?
        {
            for (rendition, frame) in self.renditions.iter_mut().zip(&mut frames) {
                rendition.add_frame(frame)?;
            }
            if self.stills.wants(self.frames) {
                self.stills.add(self.frames, frames)?;
            }
            self.frames += 1;
            self.reporter.progress(0.0);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<VideoOutput> {
        let mut ready = Vec::new();
        if let Some(sound) = &mut self.sound {
            sound.finish(&mut ready)?;
        }
        self.share_sound(ready)?;
        if self.decoder.send_eof().is_ok() {
            self.drain_decoder()?;
        }
        // The last picture stays while there is sound.
        let end = self.ticks(self.seconds());
        if let Some(filter) = &mut self.filter {
            filter.finish(end)?;
        }
        self.drain_filter()?;
        if self.frames == 0 {
            return Err(Refusal::new(Failure::Damaged, "no frame could be decoded"));
        }
        let (poster, storyboard) = self.stills.finish(&self.task.output)?;
        let has_audio = self.sound.is_some();
        let rate = self.plan.frame_rate;
        let mut renditions = Vec::with_capacity(self.renditions.len());
        for rendition in self.renditions {
            self.reporter.progress(PROGRESS_OF_READING);
            renditions.push(facts(rendition.finish()?, rate));
        }
        let highest = self.plan.rungs[0].size;
        renditions.reverse();
        Ok(VideoOutput {
            duration_ms: (self.frames as f64 * 1000.0 / rate.value()).round() as u64,
            width: highest.width,
            height: highest.height,
            has_audio,
            renditions,
            poster,
            storyboard,
        })
    }
}

fn open_decoder(source: &Source, max_pixels: u64) -> Result<ff::decoder::Video, ff::Error> {
    let track = &source.video;
    let mut context = ff::codec::Context::from_parameters(track.parameters.clone())?;
    context.set_time_base(track.time_base);
    let mut decoder = context.decoder();
    decoder.set_packet_time_base(track.time_base);
    let mut options = ff::Dictionary::new();
    options.set("codec_whitelist", &decoder_names());
    options.set("max_pixels", &max_pixels.to_string());
    options.set("threads", &thread_count().to_string());
    decoder.open_as_with(track.decoder, options)?.video()
}

fn facts(made: FinishedRendition, frame_rate: Ratio) -> RenditionFacts {
    let seconds: f64 = made.segments.iter().map(|segment| segment.duration_ms / 1000.0).sum();
    let bytes: u64 = made.segments.iter().map(|segment| segment.bytes).sum();
    RenditionFacts {
        file: made.name,
        width: made.rung.size.width,
        height: made.rung.size.height,
        frame_rate: frame_rate.value(),
        codecs: made.codecs,
        peak_bandwidth: peak_bandwidth(&made.segments),
        average_bandwidth: (bytes as f64 * 8.0 / seconds.max(1.0)).ceil() as u64,
        bytes: made.bytes,
        init_bytes: made.init_bytes,
        segments: made.segments,
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
