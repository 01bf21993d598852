//! The sound's way from a packet of the source to AAC packets that every rendition shares: stereo, 48 kHz, gaps filled with
//! silence and drift smoothed out, so that it stays with the picture.
//!
//! Times of the packets made count in samples from the clip's start. The encoder's priming (its first packet, before time
//! zero) is left out: players disagree about edit lists, and without it none is needed.

use super::libav;
use super::probe::{Source, Track, decoder_names};
use crate::refusal::{Refusal, Result};
use ff::codec::packet::Packet;
use ff::filter::Graph;
use ff::frame::Audio as Frame;
use ffmpeg_next as ff;
use transcoder_protocol::Failure;

pub const SAMPLE_RATE: i32 = 48_000;
const BIT_RATE: usize = 128_000;
/// Samples in one AAC packet.
pub const PACKET_SAMPLES: i64 = 1024;

pub struct Sound {
    decoder: ff::decoder::Audio,
    time_base: ff::Rational,
    start: i64,
    filter: Option<(Graph, String)>,
    encoder: ff::encoder::Audio,
    /// Samples that have left the filter.
    end: i64,
}

impl Sound {
    pub fn new(track: &Track, source: &Source) -> Result<Self> {
        let time_base = track.time_base;
        let start = (source.start_us as f64 / 1e6 / f64::from(time_base)).round() as i64;
        let opened = open_decoder(track)
            .and_then(|decoder| Ok((decoder.audio()?, open_encoder()?)))
            .map_err(|error| libav::refusal(error, Failure::UnsupportedCodec, "opening the sound"));
        let (decoder, encoder) = opened?;
        Ok(Self { decoder, time_base, start, filter: None, encoder, end: 0 })
    }

    pub fn encoder(&self) -> &ff::codec::Context {
        &self.encoder
    }

    /// Seconds of sound so far.
    pub fn seconds(&self) -> f64 {
        self.end as f64 / f64::from(SAMPLE_RATE)
    }

    /// Takes a packet of the source, adds what became ready.
    pub fn feed(&mut self, packet: &Packet, ready: &mut Vec<Packet>) -> Result<()> {
        // A damaged packet is a click, not a reason to lose the clip.
        if self.decoder.send_packet(packet).is_ok() {
            self.drain_decoder(ready)?;
        }
        Ok(())
    }

    pub fn finish(&mut self, ready: &mut Vec<Packet>) -> Result<()> {
        if self.decoder.send_eof().is_ok() {
            self.drain_decoder(ready)?;
        }
        self.close_filter(ready)?;
        self.encoder.send_eof().map_err(encoding)?;
        self.drain_encoder(ready)
    }

    fn drain_decoder(&mut self, ready: &mut Vec<Packet>) -> Result<()> {
        let mut frame = Frame::empty();
        while self.decoder.receive_frame(&mut frame).is_ok() {
            let pts = frame.timestamp().map(|pts| pts - self.start);
            frame.set_pts(pts);
            libav::ensure_channel_layout(&mut frame);
            let shape = libav::sound_shape(&frame, self.time_base);
            if self.filter.as_ref().is_none_or(|(_, current)| *current != shape) {
                self.close_filter(ready)?;
                let graph = build_filter(&shape, self.end).map_err(filtering)?;
                self.filter = Some((graph, shape));
            }
            if let Some((graph, _)) = &mut self.filter {
                node(graph, "in")?.source().add(&frame).map_err(filtering)?;
            }
            self.drain_filter(ready)?;
        }
        Ok(())
    }

    fn close_filter(&mut self, ready: &mut Vec<Packet>) -> Result<()> {
        if let Some((graph, _)) = &mut self.filter {
            node(graph, "in")?.source().flush().map_err(filtering)?;
        }
        self.drain_filter(ready)?;
        self.filter = None;
        Ok(())
    }

    fn drain_filter(&mut self, ready: &mut Vec<Packet>) -> Result<()> {
        loop {
            let Some((graph, _)) = &mut self.filter else { return Ok(()) };
            let mut frame = Frame::empty();
            match node(graph, "out")?.sink().frame(&mut frame) {
                Ok(()) => {}
                Err(ff::Error::Eof | ff::Error::Other { errno: libc::EAGAIN }) => return Ok(()),
                Err(error) => return Err(filtering(error)),
            }
            // Counted, not believed: the filter has filled the gaps already.
            frame.set_pts(Some(self.end));
            self.end += frame.samples() as i64;
            self.encoder.send_frame(&frame).map_err(encoding)?;
            self.drain_encoder(ready)?;
        }
    }

    fn drain_encoder(&mut self, ready: &mut Vec<Packet>) -> Result<()> {
        loop {
            let mut packet = Packet::empty();
            match self.encoder.receive_packet(&mut packet) {
                Ok(()) if packet.pts().is_some_and(|pts| pts >= 0) => ready.push(packet),
                Ok(()) => {}
                Err(ff::Error::Eof | ff::Error::Other { errno: libc::EAGAIN }) => return Ok(()),
                Err(error) => return Err(encoding(error)),
            }
        }
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

fn build_filter(shape: &str, start: i64) -> Result<Graph, ff::Error> {
    let find = |name| ff::filter::find(name).ok_or(ff::Error::FilterNotFound);
    let mut graph = Graph::new();
    graph.add(&find("abuffer")?, "in", shape)?;
    graph.add(&find("abuffersink")?, "out", "")?;
    let spec = format!(
        "[in]aresample={SAMPLE_RATE}:async=1000:min_comp=0.01:first_pts={start},\
         aformat=sample_fmts=fltp:sample_rates={SAMPLE_RATE}:channel_layouts=stereo,\
         asetnsamples=n={PACKET_SAMPLES}:p=0[out]"
    );
    graph.output("in", 0)?.input("out", 0)?.parse(&spec)?;
    graph.validate()?;
    Ok(graph)
}

fn node(graph: &mut Graph, name: &str) -> Result<ff::filter::Context> {
    graph
        .get(name)
        .ok_or_else(|| Refusal::new(Failure::Crashed, format!("no sound filter named {name}")))
}

fn filtering(error: ff::Error) -> Refusal {
    libav::refusal(error, Failure::Damaged, "filtering the sound")
}

fn encoding(error: ff::Error) -> Refusal {
    libav::refusal(error, Failure::Crashed, "encoding the sound")
}
