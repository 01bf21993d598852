//! The first stage: packets are read once; those of the picture are decoded and handed on, those of the sound become the
//! soundtrack. Here is also where a clip shows that it is longer or shorter than it claims, or that its sound only begins where
//! nobody looked for it.

use super::extent::Extent;
use super::lanes::{Feed, Halt, hand};
use super::libav;
use super::probe::{Source, decoder_names};
use super::rendition::Production;
use super::shape::Watch;
use super::sound::{SAMPLE_RATE, Sound};
use super::survey::survey;
use super::timeline::Clock;
use super::tracks;
use super::turns::Turns;
use crate::refusal::{Refusal, Result};
use ff::codec::packet::Packet;
use ff::frame::Video as Frame;
use ffmpeg_next as ff;
use std::sync::mpsc::SyncSender;
use transcoder_protocol::{CutShort, Failure, SoundLeftOut, VideoLimits};

pub struct Reader<'a> {
    limits: VideoLimits,
    source: Source,
    clock: Clock,
    production: &'a Production<'a>,
    turns: &'a Turns,
    decoder: ff::decoder::Video,
    decoder_threads: usize,
    /// Until it is surprised.
    watch: Option<Watch>,
    sound: Option<Sound>,
    takers: Takers,
    extent: Extent,
    sound_left_out: Option<SoundLeftOut>,
}

/// What of the source is not in what was made of it.
pub struct Missing {
    pub cut_short: Option<CutShort>,
    pub sound_left_out: Option<SoundLeftOut>,
}

/// Who takes the picture.
pub struct Takers {
    pub frames: SyncSender<Feed<Frame>>,
    /// Packets as they are, when they are copied.
    pub packets: Option<SyncSender<Feed<Packet>>>,
}

impl<'a> Reader<'a> {
    /// `decoder_threads` for the picture.
    pub fn new(
        limits: VideoLimits,
        mut source: Source,
        sound: Option<Sound>,
        production: &'a Production<'a>,
        turns: &'a Turns,
        decoder_threads: usize,
        takers: Takers,
    ) -> Result<Self> {
        let tracks = source.tracks();
        libav::read_only(&mut source.input, &tracks);
        let decoder =
            open_decoder(&source, limits.max_frame_pixels, decoder_threads).map_err(|error| {
                libav::refusal(error, Failure::UnsupportedCodec, "opening the picture")
            })?;
        let sound_left_out = source.sound_left_out();
        Ok(Self {
            limits,
            clock: source.timeline.clock(),
            source,
            production,
            turns,
            decoder,
            decoder_threads,
            watch: None,
            sound,
            takers,
            extent: Extent::default(),
            sound_left_out,
        })
    }

    /// From now on looks out for frames that a plan for what the container states does not suit.
    pub fn watch_shapes(&mut self) {
        self.watch = Some(Watch::over(&self.source));
    }

    pub fn run(mut self) -> Result<Missing, Halt> {
        let mut packet = Packet::empty();
        loop {
            match self.clock.read(&mut self.source.input, &mut packet) {
                Ok(()) => self.take(&packet)?,
                Err(ff::Error::Eof) => break,
                // The demuxer has stepped over something damaged and goes on behind it; what is missing counts at the end.
                Err(ff::Error::InvalidData) if !libav::is_at_end(&self.source.input) => {}
                Err(ff::Error::InvalidData) => break,
                Err(error) => return Err(libav::refusal(error, Failure::Damaged, "reading").into()),
            }
        }
        self.finish()
    }

    fn take(&mut self, packet: &Packet) -> Result<(), Halt> {
        if packet.stream() == self.source.video.index {
            self.note_time(packet);
            if let Some(packets) = &self.takers.packets {
                hand(packets, Feed::Next(packet.clone()))?;
            }
            let decoded = {
                let _turn = self.turns.take();
                match self.decoder.send_packet(packet) {
                    Ok(()) => self.decoded()?,
                    Err(_) => {
                        self.note_damage()?;
                        Vec::new()
                    }
                }
            };
            self.hand_on(decoded)?;
        } else if self.source.audio.as_ref().is_none_or(|audio| audio.index != packet.stream()) {
            self.note_late_track(packet.stream());
        } else if let Some(sound) = &mut self.sound {
            let _turn = self.turns.take();
            let mut ready = Vec::new();
            sound.feed(packet, &mut ready)?;
            self.production.soundtrack.add(ready);
            if let Some(track) = &self.source.audio {
                let seconds = |ticks: i64| ticks as f64 * f64::from(track.time_base);
                self.extent.note_sound(packet.pts().map(seconds), seconds(packet.duration()));
            }
        }
        Ok(self.check_length()?)
    }

    fn note_time(&mut self, packet: &Packet) {
        if libav::is_cut_away(packet) {
            return;
        }
        let Some(time) = packet.pts().or(packet.dts()) else { return };
        let end = (time + packet.duration().max(0)) as f64 * f64::from(self.source.video.time_base);
        self.extent.note_packet(end);
        // It runs ahead of the encoders: how far all is, they say.
        self.production.reporter.progress(0.0);
    }

    /// Some containers say only there that they have a track where it begins.
    fn note_late_track(&mut self, index: usize) {
        let is_silent_by_itself = self.source.audio.is_none() && !self.source.is_slowed();
        if is_silent_by_itself && self.sound_left_out.is_none() {
            self.sound_left_out =
                tracks::sound_named(&self.source.input, index).map(|codec| SoundLeftOut { codec });
        }
    }

    /// Containers lie about their length, or do not say it. Of the sound, what is too long is left out.
    fn check_length(&self) -> Result<()> {
        let seconds = self.extent.read();
        if seconds * 1000.0 > self.limits.max_duration_ms as f64 + 1000.0 {
            return Err(Refusal::new(Failure::TooLong, format!("{seconds:.1} s read")));
        }
        Ok(())
    }

    /// Once everything is decoded. `sound_end` is where the sound ends that was made, in seconds.
    fn check_whole(&self, sound_end: f64) -> Result<Option<CutShort>> {
        let end = self.extent.end();
        if sound_end >= self.production.max_seconds
            && let Some(cut) = self.extent.check_sound(sound_end)
        {
            return Ok(Some(cut));
        }
        // The track's own word, or the file's about its longest track. An estimate of libav's does not count.
        match self.source.video.seconds {
            Some(claimed) => self.extent.check(Some(claimed), end),
            None => {
                let claimed = self.source.stated_seconds();
                self.extent.check(claimed, end.max(sound_end))
            }
        }
    }

    /// A damaged packet costs its frames, not the clip; but whoever plays a copy of it may get stuck.
    fn note_damage(&self) -> Result<(), Halt> {
        if self.takers.packets.is_some() { Err(Halt::UnfitToCopy) } else { Ok(()) }
    }

    /// What the decoder has ready, with times that count from the clip's start.
    fn decoded(&mut self) -> Result<Vec<Frame>, Halt> {
        let mut decoded = Vec::new();
        let mut frame = Frame::empty();
        loop {
            match self.decoder.receive_frame(&mut frame) {
                Ok(()) if libav::is_patched(&frame) => self.note_damage()?,
                Ok(()) => {}
                Err(ff::Error::Eof | ff::Error::Other { errno: libc::EAGAIN }) => break,
                Err(_) => {
                    self.note_damage()?;
                    break;
                }
            }
            let pixels = u64::from(frame.width()) * u64::from(frame.height());
            if pixels > self.limits.max_frame_pixels {
                let size = format!("a frame of {}×{}", frame.width(), frame.height());
                return Err(Refusal::new(Failure::TooManyPixels, size).into());
            }
            self.watch_shape(&frame)?;
            let pts = frame.timestamp();
            if let Some(pts) = pts {
                let end = (pts + frame.packet().duration.max(0)) as f64;
                self.extent.note_frame(end * f64::from(self.source.video.time_base));
            }
            frame.set_pts(pts);
            decoded.push(std::mem::replace(&mut frame, Frame::empty()));
        }
        Ok(decoded)
    }

    fn watch_shape(&mut self, frame: &Frame) -> Result<(), Halt> {
        if self.watch.as_mut().is_none_or(|watch| !watch.is_surprised_by(frame)) {
            return Ok(());
        }
        self.watch = None;
        let reporter = self.production.reporter;
        let found = survey(&self.source, &self.limits, self.decoder_threads, reporter)?;
        found.map_or(Ok(()), |picture| Err(Halt::Reshaped(picture)))
    }

    fn hand_on(&self, decoded: Vec<Frame>) -> Result<(), Halt> {
        decoded.into_iter().try_for_each(|frame| hand(&self.takers.frames, Feed::Next(frame)))
    }

    /// Seconds in the video track's time base.
    fn ticks(&self, seconds: f64) -> i64 {
        (seconds / f64::from(self.source.video.time_base)).round() as i64
    }

    fn finish(mut self) -> Result<Missing, Halt> {
        let mut ready = Vec::new();
        if let Some(sound) = &mut self.sound {
            sound.finish(&mut ready)?;
        }
        self.production.soundtrack.add(ready);
        if self.decoder.send_eof().is_ok() {
            let decoded = self.decoded()?;
            self.hand_on(decoded)?;
        }
        let picture_end = self.extent.end();
        let sound_end = self.sound.as_ref().map_or(0, |sound| sound.end_beside(picture_end));
        self.production.soundtrack.complete(sound_end);
        let sound_end = sound_end as f64 / f64::from(SAMPLE_RATE);
        let cut_short = self.check_whole(sound_end)?;
        // The last picture stays while there is sound.
        let end = self.ticks(picture_end.max(sound_end));
        if let Some(packets) = &self.takers.packets {
            hand(packets, Feed::End(end))?;
        }
        hand(&self.takers.frames, Feed::End(end))?;
        Ok(Missing { cut_short, sound_left_out: self.sound_left_out })
    }
}

pub fn open_decoder(
    source: &Source,
    max_pixels: u64,
    threads: usize,
) -> Result<ff::decoder::Video, ff::Error> {
    let track = &source.video;
    let mut context = ff::codec::Context::from_parameters(track.parameters.clone())?;
    context.set_time_base(track.time_base);
    let mut decoder = context.decoder();
    decoder.set_packet_time_base(track.time_base);
    let mut options = ff::Dictionary::new();
    options.set("codec_whitelist", &decoder_names());
    options.set("max_pixels", &max_pixels.to_string());
    options.set("threads", &threads.to_string());
    decoder.open_as_with(track.decoder, options)?.video()
}
