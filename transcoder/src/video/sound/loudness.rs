//! How far to turn a clip's sound up or down, so that nobody reaches for the volume between two clips: −16 LUFS (EBU R 128,
//! ITU-R BS.1770), as loud as phones and video sites have it.
//!
//! The sound is heard once before the clip is made, and then gets one gain from its first to its last sample: quiet passages
//! stay quieter than loud ones. Where peaks would be cut off, a limiter holds them below the ceiling for some
//! milliseconds each; what that costs in loudness is measured and made up for.
//!
//! Left as it is: near silence, which has nothing to be heard but noise, and what is too short to have a loudness (0.4 s).

use super::Audition;
use super::pace::Pace;
use super::samples::Samples;
use crate::refusal::{Refusal, Result};
use crate::report::Reporter;
use crate::video::libav;
use crate::video::probe::{Source, Track};
use crate::video::timeline::only_counts_sound;
use ff::codec::packet::Packet;
use ff::filter::Graph;
use ff::frame::Audio as Frame;
use ffmpeg_next as ff;
use transcoder_protocol::Failure;

/// Loudness to reach, and how far from it is near enough not to listen again, in LUFS and LU.
const TARGET: f64 = -16.0;
const TOLERANCE: f64 = 0.4;
/// Quieter than this is silence with some noise. In LUFS.
const SILENCE: f64 = -50.0;
/// More would bring up the noise of any phone. In dB.
const MAX_GAIN: f64 = 20.0;
/// Where the limiter holds peaks, in dB below full scale: AAC adds a little to them.
const CEILING: f64 = -1.5;
/// How far the wave may rise between two samples, in dB.
const BETWEEN_SAMPLES: f64 = 1.0;
/// How often a loudness that the limiter lowered is corrected.
const MAX_CORRECTIONS: usize = 3;

/// What to do to every sample alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Volume {
    gain_db: f64,
    is_limited: bool,
}

impl Volume {
    pub const AS_IT_IS: Self = Self { gain_db: 0.0, is_limited: false };

    /// As a part of a filter chain, with a comma at its end.
    pub fn filters(self) -> String {
        if self == Self::AS_IT_IS {
            return String::new();
        }
        let mut filters = format!("volume={:.3}dB:precision=float,", self.gain_db);
        if self.is_limited {
            // Four times the samples show the peaks between them.
            let ceiling = 10f64.powf(CEILING / 20.0);
            filters += &format!(
                "aresample=192000,alimiter=limit={ceiling:.4}:attack=5:release=80:level=0:latency=1,aresample={},",
                super::SAMPLE_RATE
            );
        }
        filters
    }
}

/// Listens to the track and says what to do about its volume.
pub fn measured_volume(
    source: &Source,
    track: &Track,
    max_seconds: f64,
    reporter: &Reporter,
) -> Result<Audition> {
    let hear = |volume| hear(source, track, volume, max_seconds, reporter);
    let heard = hear(Volume::AS_IT_IS)?;
    if heard.samples == 0 {
        return Ok(if heard.packets == 0 { Audition::NoPackets } else { Audition::NoSamples });
    }
    if heard.loudness < SILENCE {
        return Ok(Audition::Heard(Volume::AS_IT_IS, heard.pace));
    }
    let gain_db = (TARGET - heard.loudness).min(MAX_GAIN);
    let wanted = heard.loudness + gain_db;
    let highest_peak = 20.0 * heard.peak.log10() + gain_db;
    let mut volume = Volume { gain_db, is_limited: highest_peak > CEILING - BETWEEN_SAMPLES };
    if volume.is_limited {
        for _ in 0..MAX_CORRECTIONS {
            let missing = wanted - hear(volume)?.loudness;
            if missing < TOLERANCE {
                break;
            }
            volume.gain_db = (volume.gain_db + missing).min(MAX_GAIN);
        }
    }
    Ok(Audition::Heard(volume, heard.pace))
}

struct Heard {
    packets: u64,
    samples: i64,
    /// Integrated, in LUFS; −70 when nothing rises above the gate.
    loudness: f64,
    /// The largest sample; 1 is full scale.
    peak: f64,
    /// Of a container that only counts sound.
    pace: Pace,
}

fn hear(
    source: &Source,
    track: &Track,
    volume: Volume,
    max_seconds: f64,
    reporter: &Reporter,
) -> Result<Heard> {
    let mut input = source.reopen()?;
    libav::read_only(&mut input, &[track.index]);
    let mut clock = source.timeline.clock();
    let is_counted = only_counts_sound(source.format);
    let mut samples = Samples::new(track, volume, max_seconds)?;
    let mut meter = Meter::new().map_err(metering)?;
    let mut packet = Packet::empty();
    // Whatever is wrong with the file shows when the clip is made; here it only ends the listening.
    while !samples.are_full() {
        match clock.read(&mut input, &mut packet) {
            Ok(()) if packet.stream() == track.index => {
                meter.heard.packets += 1;
                if is_counted {
                    note_pace(&mut meter.heard.pace, &packet, track, &samples);
                    // Laid where wrong stamps say, a little sound would fill the longest clip. How loud it is does not hang on them.
                    packet.set_pts(None);
                    packet.set_dts(None);
                }
                samples.feed(&packet, &mut |frame| meter.add(&frame))?;
                reporter.progress(0.0);
            }
            Ok(()) => {}
            Err(ff::Error::InvalidData) if !libav::is_at_end(&input) => {}
            Err(_) => break,
        }
    }
    samples.finish(&mut |frame| meter.add(&frame))?;
    Ok(Heard { samples: samples.count(), ..meter.heard })
}

fn note_pace(pace: &mut Pace, packet: &Packet, track: &Track, samples: &Samples) {
    if let Some(time) = packet.pts().or(packet.dts()) {
        pace.note(time as f64 * f64::from(track.time_base), samples.decoded_seconds());
    }
}

/// Measures stereo frames, of which all have the same rate and form.
struct Meter {
    graph: Graph,
    heard: Heard,
}

impl Meter {
    fn new() -> Result<Self, ff::Error> {
        let find = |name| ff::filter::find(name).ok_or(ff::Error::FilterNotFound);
        let mut graph = Graph::new();
        let rate = super::SAMPLE_RATE;
        let shape =
            format!("sample_rate={rate}:sample_fmt=fltp:channel_layout=stereo:time_base=1/{rate}");
        graph.add(&find("abuffer")?, "in", &shape)?;
        graph.add(&find("abuffersink")?, "out", "")?;
        let spec = "[in]ebur128=metadata=1:framelog=verbose[out]";
        graph.output("in", 0)?.input("out", 0)?.parse(spec)?;
        graph.validate()?;
        let heard =
            Heard { packets: 0, samples: 0, loudness: -70.0, peak: 0.0, pace: Pace::default() };
        Ok(Self { graph, heard })
    }

    fn add(&mut self, frame: &Frame) -> Result<()> {
        let largest = |plane: &[f32]| {
            plane.iter().fold(0.0, |largest: f32, sample| largest.max(sample.abs()))
        };
        let peak = largest(frame.plane(0)).max(largest(frame.plane(1)));
        self.heard.peak = self.heard.peak.max(f64::from(peak));
        let node = |graph: &mut Graph, name| graph.get(name).ok_or(ff::Error::FilterNotFound);
        node(&mut self.graph, "in")
            .and_then(|mut input| input.source().add(frame))
            .map_err(metering)?;
        loop {
            let mut measured = Frame::empty();
            match node(&mut self.graph, "out").and_then(|mut out| out.sink().frame(&mut measured)) {
                Ok(()) => {}
                Err(ff::Error::Eof | ff::Error::Other { errno: libc::EAGAIN }) => return Ok(()),
                Err(error) => return Err(metering(error)),
            }
            if let Some(loudness) = measured.metadata().get("lavfi.r128.I")
                && let Ok(loudness) = loudness.parse::<f64>()
                && loudness.is_finite()
            {
                self.heard.loudness = loudness;
            }
        }
    }
}

fn metering(error: ff::Error) -> Refusal {
    libav::refusal(error, Failure::Crashed, "measuring the sound")
}
