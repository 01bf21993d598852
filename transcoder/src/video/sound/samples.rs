//! From packets of the source to samples as we keep them: stereo, 48 kHz, each where its timestamp says, holes filled with silence and
//! drift smoothed out.
//!
//! decoder → `conforming` (one form for all, libavfilter) → `alignment` (where does it belong) → stretched a little, or not →
//! `volume` (as loud as all clips, libavfilter).
//!
//! Invariants: what comes out counts from the clip's start without gaps; nothing is resampled whose rate and clock are right.

use super::alignment::{Alignment, Placed};
use super::loudness::Volume;
use super::{PACKET_SAMPLES, SAMPLE_RATE};
use crate::refusal::{Refusal, Result};
use crate::video::libav;
use crate::video::probe::{Track, decoder_names};
use ff::codec::packet::Packet;
use ff::filter::Graph;
use ff::format::sample::Type::Planar;
use ff::frame::Audio as Frame;
use ff::software::resampling;
use ffmpeg_next as ff;
use transcoder_protocol::Failure;

const FORMAT: ff::format::Sample = ff::format::Sample::F32(Planar);
const CHANNELS: ff::ChannelLayout = ff::ChannelLayout::STEREO;

/// Less than this between sound and its clock is not worth resampling. In samples.
const TOLERANCE: i64 = SAMPLE_RATE as i64 / 500;
/// In how many samples a lag is made up for, and the most that may be added or left out in so many: half a percent, which is less
/// than can be heard.
const CATCHING_UP: i64 = 3 * SAMPLE_RATE as i64;
const MAX_STRETCH: i64 = CATCHING_UP / 200;
/// The resampler takes whole samples over a distance: the longer, the finer.
const DISTANCE: i64 = 10 * CATCHING_UP;

/// Silence that is worth remembering, and the most that is made at once.
const LONG_SILENCE: i64 = SAMPLE_RATE as i64;
const SILENCE_AT_ONCE: i64 = SAMPLE_RATE as i64;

pub struct Samples {
    decoder: ff::decoder::Audio,
    time_base: ff::Rational,
    /// With the kind of frames it was built for.
    conforming: Option<(Graph, String)>,
    alignment: Alignment<Frame>,
    stretch: Option<resampling::Context>,
    /// Samples that are to be left out of what comes.
    surplus: i64,
    /// Samples laid so far, and how many there may be.
    laid: i64,
    most: i64,
    silences: Vec<Silence>,
    volume: Graph,
    /// Samples that have left the last filter.
    end: i64,
}

/// Where sound was missing, in samples from the clip's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    pub start: i64,
    pub end: i64,
}

impl Samples {
    /// Of at most `max_seconds`; what comes later is left out.
    pub fn new(track: &Track, volume: Volume, max_seconds: f64) -> Result<Self> {
        let decoder =
            open_decoder(track).and_then(ff::codec::decoder::Opened::audio).map_err(|error| {
                libav::refusal(error, Failure::UnsupportedCodec, "opening the sound")
            })?;
        Ok(Self {
            decoder,
            time_base: track.time_base,
            conforming: None,
            alignment: Alignment::default(),
            stretch: None,
            surplus: 0,
            laid: 0,
            most: (max_seconds * f64::from(SAMPLE_RATE)) as i64,
            silences: Vec::new(),
            volume: volume_filter(volume).map_err(filtering)?,
            end: 0,
        })
    }

    /// How many there were so far.
    pub fn count(&self) -> i64 {
        self.end
    }

    /// How much was decoded so far, wherever it belongs.
    pub fn decoded_seconds(&self) -> f64 {
        self.alignment.taken() as f64 / f64::from(SAMPLE_RATE)
    }

    /// Whether nothing more is taken.
    pub fn are_full(&self) -> bool {
        self.laid >= self.most
    }

    /// The long ones, in order.
    pub fn silences(&self) -> &[Silence] {
        &self.silences
    }

    /// Takes a packet whose times count from the clip's start, and hands on what became ready, in frames of [`PACKET_SAMPLES`].
    pub fn feed(
        &mut self,
        packet: &Packet,
        take: &mut impl FnMut(Frame) -> Result<()>,
    ) -> Result<()> {
        // A damaged packet is a click, not a reason to lose the clip.
        if !self.are_full() && self.decoder.send_packet(packet).is_ok() {
            self.drain_decoder(take)?;
        }
        Ok(())
    }

    /// Hands on the rest, whose last frame may be shorter.
    pub fn finish(&mut self, take: &mut impl FnMut(Frame) -> Result<()>) -> Result<()> {
        if self.decoder.send_eof().is_ok() {
            self.drain_decoder(take)?;
        }
        self.end_conforming()?;
        self.place(true, take)?;
        self.end_stretch(take)?;
        node(&mut self.volume, "in")?.source().flush().map_err(filtering)?;
        self.drain_volume(take)
    }

    fn drain_decoder(&mut self, take: &mut impl FnMut(Frame) -> Result<()>) -> Result<()> {
        let mut frame = Frame::empty();
        while self.decoder.receive_frame(&mut frame).is_ok() {
            let pts = frame.timestamp();
            frame.set_pts(pts);
            libav::strip(&mut frame, &[]);
            libav::ensure_channel_layout(&mut frame);
            let shape = libav::sound_shape(&frame, self.time_base);
            if self.conforming.as_ref().is_none_or(|(_, current)| *current != shape) {
                self.end_conforming()?;
                self.conforming = Some((conforming_filter(&shape).map_err(filtering)?, shape));
            }
            if let Some((graph, _)) = &mut self.conforming {
                node(graph, "in")?.source().add(&frame).map_err(filtering)?;
            }
            self.drain_conforming()?;
            self.place(false, take)?;
        }
        Ok(())
    }

    fn end_conforming(&mut self) -> Result<()> {
        if let Some((graph, _)) = &mut self.conforming {
            node(graph, "in")?.source().flush().map_err(filtering)?;
        }
        self.drain_conforming()?;
        self.conforming = None;
        Ok(())
    }

    fn drain_conforming(&mut self) -> Result<()> {
        let Some((graph, _)) = &mut self.conforming else { return Ok(()) };
        while let Some(frame) = pulled(graph)? {
            let (samples, time) = (frame.samples() as i64, frame.pts());
            self.alignment.push(frame, samples, time);
        }
        Ok(())
    }

    fn place(&mut self, is_ended: bool, take: &mut impl FnMut(Frame) -> Result<()>) -> Result<()> {
        loop {
            let position = self.laid + self.stretch_delay() - self.surplus;
            let Some(placed) = self.alignment.next(position, is_ended) else { return Ok(()) };
            let Placed { content: frame, step, lag } = placed;
            if step != 0 {
                self.end_stretch(take)?;
                self.surplus -= step;
                let silence = (-self.surplus).max(0);
                self.surplus += silence;
                self.lay_silence(silence, take)?;
            }
            if self.stretch.is_none() && lag.abs() < TOLERANCE {
                self.lay(frame, take)?;
            } else {
                self.stretch(&frame, lag, take)?;
            }
        }
    }

    fn stretch_delay(&self) -> i64 {
        self.stretch.as_ref().and_then(resampling::Context::delay).map_or(0, |delay| delay.output)
    }

    /// Lays a frame so much slower or faster that the lag is gone in a while.
    fn stretch(
        &mut self,
        frame: &Frame,
        lag: i64,
        take: &mut impl FnMut(Frame) -> Result<()>,
    ) -> Result<()> {
        let context = match &mut self.stretch {
            Some(context) => context,
            none => none.insert(resampler().map_err(filtering)?),
        };
        let more = lag.clamp(-MAX_STRETCH, MAX_STRETCH) * DISTANCE / CATCHING_UP;
        libav::compensate(context, more as i32, DISTANCE as i32).map_err(filtering)?;
        let mut stretched = room(frame.samples() as i64 * 101 / 100 + 256);
        context.run(frame, &mut stretched).map_err(filtering)?;
        self.lay(stretched, take)
    }

    fn end_stretch(&mut self, take: &mut impl FnMut(Frame) -> Result<()>) -> Result<()> {
        let Some(mut context) = self.stretch.take() else { return Ok(()) };
        loop {
            let mut rest = room(PACKET_SAMPLES);
            context.flush(&mut rest).map_err(filtering)?;
            if rest.samples() == 0 {
                return Ok(());
            }
            self.lay(rest, take)?;
        }
    }

    fn lay_silence(
        &mut self,
        samples: i64,
        take: &mut impl FnMut(Frame) -> Result<()>,
    ) -> Result<()> {
        let start = self.laid;
        let end = start.saturating_add(samples).min(self.most);
        if end - start >= LONG_SILENCE {
            self.silences.push(Silence { start, end });
        }
        while self.laid < end {
            let mut silence = room((end - self.laid).min(SILENCE_AT_ONCE));
            (0..silence.planes()).for_each(|plane| silence.plane_mut::<f32>(plane).fill(0.0));
            self.lay(silence, take)?;
        }
        Ok(())
    }

    /// Adds a frame to what is laid, but for its surplus and what is over the limit.
    fn lay(&mut self, frame: Frame, take: &mut impl FnMut(Frame) -> Result<()>) -> Result<()> {
        let samples = frame.samples() as i64;
        let first = self.surplus.min(samples);
        self.surplus -= first;
        let count = (samples - first).min(self.most - self.laid);
        if count <= 0 {
            return Ok(());
        }
        let mut frame = if count == samples { frame } else { part(&frame, first, count) };
        // Counted, not believed: silence is in the gaps already.
        frame.set_pts(Some(self.laid));
        self.laid += count;
        node(&mut self.volume, "in")?.source().add(&frame).map_err(filtering)?;
        self.drain_volume(take)
    }

    fn drain_volume(&mut self, take: &mut impl FnMut(Frame) -> Result<()>) -> Result<()> {
        while let Some(mut frame) = pulled(&mut self.volume)? {
            frame.set_pts(Some(self.end));
            self.end += frame.samples() as i64;
            take(frame)?;
        }
        Ok(())
    }
}

fn open_decoder(track: &Track) -> Result<ff::codec::decoder::Opened, ff::Error> {
    let mut context = ff::codec::Context::from_parameters(track.parameters.clone())?;
    context.set_time_base(track.time_base);
    let mut decoder = context.decoder();
    decoder.set_packet_time_base(track.time_base);
    let mut options = ff::Dictionary::new();
    options.set("codec_whitelist", &decoder_names());
    options.set("threads", "1");
    decoder.open_as_with(track.decoder, options)
}

/// From frames of the given shape to ours, with their timestamps in samples.
fn conforming_filter(shape: &str) -> Result<Graph, ff::Error> {
    // Without `async`: see `alignment`.
    graph(
        shape,
        &format!(
            "aresample={SAMPLE_RATE},\
             aformat=sample_fmts=fltp:sample_rates={SAMPLE_RATE}:channel_layouts=stereo"
        ),
    )
}

fn volume_filter(volume: Volume) -> Result<Graph, ff::Error> {
    let shape = format!(
        "sample_rate={SAMPLE_RATE}:sample_fmt=fltp:channel_layout=stereo:time_base=1/{SAMPLE_RATE}"
    );
    let filters = volume.filters();
    graph(
        &shape,
        &format!(
            "{filters}aformat=sample_fmts=fltp:sample_rates={SAMPLE_RATE}:channel_layouts=stereo,\
             asetnsamples=n={PACKET_SAMPLES}:p=0"
        ),
    )
}

fn graph(shape: &str, filters: &str) -> Result<Graph, ff::Error> {
    let find = |name| ff::filter::find(name).ok_or(ff::Error::FilterNotFound);
    let mut graph = Graph::new();
    graph.add(&find("abuffer")?, "in", shape)?;
    graph.add(&find("abuffersink")?, "out", "")?;
    graph.output("in", 0)?.input("out", 0)?.parse(&format!("[in]{filters}[out]"))?;
    graph.validate()?;
    Ok(graph)
}

fn node(graph: &mut Graph, name: &str) -> Result<ff::filter::Context> {
    graph
        .get(name)
        .ok_or_else(|| Refusal::new(Failure::Crashed, format!("no sound filter named {name}")))
}

fn pulled(graph: &mut Graph) -> Result<Option<Frame>> {
    let mut frame = Frame::empty();
    match node(graph, "out")?.sink().frame(&mut frame) {
        Ok(()) => Ok(Some(frame)),
        Err(ff::Error::Eof | ff::Error::Other { errno: libc::EAGAIN }) => Ok(None),
        Err(error) => Err(filtering(error)),
    }
}

/// Between equal rates, and yet resampling.
fn resampler() -> Result<resampling::Context, ff::Error> {
    let mut options = ff::Dictionary::new();
    options.set("flags", "res");
    let rate = SAMPLE_RATE as u32;
    resampling::Context::get_with(FORMAT, CHANNELS, rate, FORMAT, CHANNELS, rate, options)
}

fn room(samples: i64) -> Frame {
    let mut frame = Frame::new(FORMAT, samples as usize, CHANNELS);
    frame.set_rate(SAMPLE_RATE as u32);
    frame
}

fn part(of: &Frame, first: i64, samples: i64) -> Frame {
    let mut part = room(samples);
    for plane in 0..part.planes() {
        let whole = &of.plane::<f32>(plane)[first as usize..][..samples as usize];
        part.plane_mut::<f32>(plane).copy_from_slice(whole);
    }
    part
}

fn filtering(error: ff::Error) -> Refusal {
    libav::refusal(error, Failure::Damaged, "filtering the sound")
}
