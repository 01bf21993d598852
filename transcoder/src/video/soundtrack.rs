//! The sound of a clip, encoded once, laid out for all renditions: the reader adds packets, each rendition takes copies at its
//! own pace. A minute of it is a megabyte, so it stays until the end.

use super::sound::PACKET_SAMPLES;
use ffmpeg_next::codec::packet::Packet;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Default)]
pub struct Soundtrack {
    laid: Mutex<Laid>,
}

#[derive(Default)]
struct Laid {
    packets: Vec<Packet>,
    is_complete: bool,
}

impl Soundtrack {
    pub fn add(&self, packets: Vec<Packet>) {
        self.laid().packets.extend(packets);
    }

    /// Says that no more will come, and that the clip ends before what begins at sample `end` or later.
    pub fn complete(&self, end: i64) {
        let mut laid = self.laid();
        laid.packets.retain(|packet| packet.pts() < Some(end));
        laid.is_complete = true;
    }

    /// Whether all sound before this sample is there.
    pub fn reaches(&self, sample: i64) -> bool {
        let laid = self.laid();
        let end = laid.packets.last().and_then(Packet::pts).map_or(0, |pts| pts + PACKET_SAMPLES);
        laid.is_complete || end >= sample
    }

    /// The packets from number `first` on that begin before sample `until`, or all.
    pub fn packets(&self, first: usize, until: Option<i64>) -> Vec<Packet> {
        let laid = self.laid();
        let rest = laid.packets.get(first..).unwrap_or_default();
        let is_in = |packet: &&Packet| until.is_none_or(|until| packet.pts() < Some(until));
        rest.iter().take_while(is_in).cloned().collect()
    }

    fn laid(&self) -> MutexGuard<'_, Laid> {
        // Packets are added whole, so what a thread that panicked left is in order.
        self.laid.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
