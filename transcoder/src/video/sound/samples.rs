//! From packets of the source to samples as we keep them: stereo, 48 kHz, gaps filled with silence and drift smoothed out.

use super::loudness::Volume;
use super::{PACKET_SAMPLES, SAMPLE_RATE};
use crate::refusal::{Refusal, Result};
use crate::video::libav;
use crate::video::probe::{Source, Track, decoder_names};
use ff::codec::packet::Packet;
use ff::filter::Graph;
use ff::frame::Audio as Frame;
use ffmpeg_next as ff;
use transcoder_protocol::Failure;

pub struct Samples {
    decoder: ff::decoder::Audio,
    time_base: ff::Rational,
    start: i64,
    volume: Volume,
    /// With the kind of frames it was built for.
    filter: Option<(Graph, String)>,
    /// Samples that have left the filter.
    end: i64,
}

impl Samples {
    pub fn new(track: &Track, source: &Source, volume: Volume) -> Result<Self> {
        let time_base = track.time_base;
        let start = (source.start_us as f64 / 1e6 / f64::from(time_base)).round() as i64;
        let decoder =
            open_decoder(track).and_then(ff::codec::decoder::Opened::audio).map_err(|error| {
                libav::refusal(error, Failure::UnsupportedCodec, "opening the sound")
            })?;
        Ok(Self { decoder, time_base, start, volume, filter: None, end: 0 })
    }

    /// How many there were so far.
    pub fn count(&self) -> i64 {
        self.end
    }

    /// Takes a packet of the source, and hands on what became ready, in frames of [`PACKET_SAMPLES`].
    pub fn feed(
        &mut self,
        packet: &Packet,
        take: &mut impl FnMut(Frame) -> Result<()>,
    ) -> Result<()> {
        // A damaged packet is a click, not a reason to lose the clip.
        if self.decoder.send_packet(packet).is_ok() {
            self.drain_decoder(take)?;
        }
        Ok(())
    }

    /// Hands on the rest, whose last frame may be shorter.
    pub fn finish(&mut self, take: &mut impl FnMut(Frame) -> Result<()>) -> Result<()> {
        if self.decoder.send_eof().is_ok() {
            self.drain_decoder(take)?;
        }
        self.close_filter(take)
    }

    fn drain_decoder(&mut self, take: &mut impl FnMut(Frame) -> Result<()>) -> Result<()> {
        let mut frame = Frame::empty();
        while self.decoder.receive_frame(&mut frame).is_ok() {
            let pts = frame.timestamp().map(|pts| pts - self.start);
            frame.set_pts(pts);
            libav::ensure_channel_layout(&mut frame);
            let shape = libav::sound_shape(&frame, self.time_base);
            if self.filter.as_ref().is_none_or(|(_, current)| *current != shape) {
                self.close_filter(take)?;
                let graph = build(&shape, self.end, self.volume).map_err(filtering)?;
                self.filter = Some((graph, shape));
            }
            if let Some((graph, _)) = &mut self.filter {
                node(graph, "in")?.source().add(&frame).map_err(filtering)?;
            }
            self.drain_filter(take)?;
        }
        Ok(())
    }

    fn close_filter(&mut self, take: &mut impl FnMut(Frame) -> Result<()>) -> Result<()> {
        if let Some((graph, _)) = &mut self.filter {
            node(graph, "in")?.source().flush().map_err(filtering)?;
        }
        self.drain_filter(take)?;
        self.filter = None;
        Ok(())
    }

    fn drain_filter(&mut self, take: &mut impl FnMut(Frame) -> Result<()>) -> Result<()> {
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
            take(frame)?;
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

/// `start` is the sample that the first frame must not come after: what lies between is silence.
fn build(shape: &str, start: i64, volume: Volume) -> Result<Graph, ff::Error> {
    let find = |name| ff::filter::find(name).ok_or(ff::Error::FilterNotFound);
    let mut graph = Graph::new();
    graph.add(&find("abuffer")?, "in", shape)?;
    graph.add(&find("abuffersink")?, "out", "")?;
    let spec = format!(
        "[in]aresample={SAMPLE_RATE}:async=1000:min_comp=0.01:first_pts={start},\
         aformat=sample_fmts=fltp:sample_rates={SAMPLE_RATE}:channel_layouts=stereo,{}\
         aformat=sample_fmts=fltp:sample_rates={SAMPLE_RATE},asetnsamples=n={PACKET_SAMPLES}:p=0[out]",
        volume.filters()
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
