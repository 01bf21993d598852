//! One reading of all packets, without decoding.

use crate::report::Reporter;
use crate::video::h264::{Configuration, packet_facts};
use crate::video::libav;
use crate::video::probe::Source;
use ff::codec::packet::Packet;
use ffmpeg_next as ff;
use transcoder_protocol::WhyEncoded;

pub struct Scan {
    /// Of the picture, in decoding order.
    pub packets: Vec<Scanned>,
    /// Where the sound ends, in seconds from the clip's start.
    pub sound_seconds: f64,
}

pub struct Scanned {
    /// Ticks from the clip's start.
    pub shown: i64,
    /// As the container says.
    pub duration: i64,
    pub bytes: u64,
    pub is_idr: bool,
}

pub fn scan(
    source: &Source,
    configuration: &Configuration,
    max_seconds: f64,
    reporter: &Reporter,
) -> Result<Scan, WhyEncoded> {
    let mut found = Scan { packets: Vec::new(), sound_seconds: 0.0 };
    // Read by itself: what is read of the source's own input would be missing there.
    let mut input = source.reopen().map_err(|_| WhyEncoded::Packets)?;
    libav::read_only(&mut input, &source.tracks());
    let mut clock = source.timeline.clock();
    let mut packet = Packet::empty();
    loop {
        match clock.read(&mut input, &mut packet) {
            Ok(()) => {}
            Err(ff::Error::Eof) => break,
            Err(_) => return Err(WhyEncoded::Packets),
        }
        if packet.stream() == source.video.index {
            let scanned = look(&packet, configuration)?;
            let end = (scanned.shown + scanned.duration) as f64 * f64::from(source.video.time_base);
            found.packets.push(scanned);
            reporter.progress(0.0);
            if end > max_seconds {
                return Err(WhyEncoded::Packets);
            }
        } else if let Some(audio) = &source.audio
            && packet.stream() == audio.index
        {
            let time_base = f64::from(audio.time_base);
            let end = (packet.pts().unwrap_or(0) + packet.duration()) as f64 * time_base;
            // What comes later is left out.
            found.sound_seconds = found.sound_seconds.max(end.min(max_seconds));
        }
    }
    Ok(found)
}

fn look(packet: &Packet, configuration: &Configuration) -> Result<Scanned, WhyEncoded> {
    if libav::is_cut_away(packet) {
        return Err(WhyEncoded::Times);
    }
    if packet.is_corrupt() {
        return Err(WhyEncoded::Packets);
    }
    let bytes = packet.data().ok_or(WhyEncoded::Packets)?;
    let facts = packet_facts(bytes, configuration).ok_or(WhyEncoded::Packets)?;
    if facts.changes_parameters {
        return Err(WhyEncoded::Stream);
    }
    Ok(Scanned {
        shown: packet.pts().ok_or(WhyEncoded::Times)?,
        duration: packet.duration(),
        bytes: bytes.len() as u64,
        is_idr: facts.is_idr,
    })
}
