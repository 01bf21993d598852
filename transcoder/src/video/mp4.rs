//! One fragmented MP4 on disk: `ftyp moov free sidx…`, then one fragment (`moof mdat`) per HLS segment.
//!
//! libav's muxer makes the boxes; this puts them into the file, so that offsets are known the moment a fragment is written,
//! and what is written stays as it is, so that others may read it at once; only the index and the length in `mehd` follow. Room for
//! the index (one `sidx` per track) is kept at the front and filled at the end: a player that gets the plain file knows its length
//! and can seek. The sound has an index of its own because libav's demuxer, which is Chromium's too, reads an index as if it were
//! in the time units of whichever track it seeks. `udta`, where muxers put their names, is dropped.
//!
//! The video track gets an edit list that takes its first frame to time zero: with B-frames decoding starts earlier than
//! showing, and a track's own clock starts with decoding. Sound starts at zero by itself. (Negative composition offsets
//! would need no edit list, but libav's demuxer, which Chromium and many tools use, then shows the picture too late.)

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use transcoder_protocol::Segment;

const BOX_HEADER: usize = 8;
const SIDX_FIXED_BYTES: usize = 32;
const SIDX_ENTRY_BYTES: usize = 12;
/// Samples in an AAC packet: sound can only be cut as finely.
const AUDIO_PACKET_TICKS: u64 = 1024;
/// Each subsegment starts with a keyframe that is first in display order: stream access point of type 1.
const STARTS_WITH_KEYFRAME: u32 = 0x9000_0000;

/// The tracks' clocks.
#[derive(Clone, Copy)]
pub struct Timing {
    pub video_ticks_per_second: u32,
    /// `None` without sound.
    pub audio_ticks_per_second: Option<u32>,
    /// Ticks from decoding the first frame to showing it.
    pub video_delay: u64,
}

impl Timing {
    fn indexes(self) -> usize {
        1 + usize::from(self.audio_ticks_per_second.is_some())
    }
}

pub struct FragmentedFile {
    file: File,
    init: Init,
    index_bytes: usize,
    timing: Timing,
    fragments: Vec<Fragment>,
    end: u64,
}

struct Fragment {
    offset: u64,
    bytes: u64,
    length: Length,
}

impl Fragment {
    fn segment(&self, timing: Timing) -> Segment {
        let per_second = f64::from(timing.video_ticks_per_second);
        Segment {
            offset: self.offset,
            bytes: self.bytes,
            duration_ms: self.length.video as f64 * 1000.0 / per_second,
        }
    }
}

/// How much of each track a fragment holds, in the track's ticks.
#[derive(Clone, Copy)]
pub struct Length {
    pub video: u64,
    pub audio: u64,
}

pub struct Finished {
    pub init_bytes: u64,
    pub bytes: u64,
    pub segments: Vec<Segment>,
}

impl FragmentedFile {
    /// `muxed` is the `ftyp` and `moov` of the muxer. Room is kept for `max_fragments`.
    pub fn create(
        path: &Path,
        muxed: &[u8],
        timing: Timing,
        max_fragments: usize,
    ) -> io::Result<Self> {
        let init = Init::from_muxer(muxed, timing.video_delay)?;
        let index_bytes = timing.indexes() * sidx_bytes(max_fragments) + BOX_HEADER;
        let mut file = File::create_new(path)?;
        file.write_all(&init.bytes)?;
        file.write_all(&free_box(index_bytes))?;
        let end = (init.bytes.len() + index_bytes) as u64;
        Ok(Self { file, init, index_bytes, timing, fragments: Vec::new(), end })
    }

    /// Adds one fragment, whose bytes others can read when this returns.
    pub fn append(&mut self, bytes: &[u8], length: Length) -> io::Result<Segment> {
        self.file.write_all(bytes)?;
        let fragment = Fragment { offset: self.end, bytes: bytes.len() as u64, length };
        self.end += fragment.bytes;
        let segment = fragment.segment(self.timing);
        self.fragments.push(fragment);
        Ok(segment)
    }

    pub fn init_bytes(&self) -> u64 {
        self.init.bytes.len() as u64
    }

    /// Fills in the length and the index.
    pub fn finish(mut self) -> io::Result<Finished> {
        let ticks: u64 = self.fragments.iter().map(|fragment| fragment.length.video).sum();
        let per_second = self.timing.video_ticks_per_second;
        self.init.set_duration(ticks, per_second);
        let mut front = self.init.bytes;
        let init_bytes = front.len() as u64;
        front.extend(index(&self.fragments, self.timing, self.index_bytes));
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&front)?;
        self.file.flush()?;
        let segments =
            self.fragments.iter().map(|fragment| fragment.segment(self.timing)).collect();
        Ok(Finished { init_bytes, bytes: self.end, segments })
    }
}

/// `free` and the indexes, together `room` bytes; the indexes last, so that the first fragment follows them.
fn index(fragments: &[Fragment], timing: Timing, room: usize) -> Vec<u8> {
    let size = sidx_bytes(fragments.len());
    // More fragments than foreseen: a file without an index plays, it only seeks slowly.
    let Some(free) = room.checked_sub(timing.indexes() * size).filter(|free| *free >= BOX_HEADER)
    else {
        return free_box(room);
    };
    let mut index = free_box(free);
    let per_second = timing.video_ticks_per_second;
    let video: Vec<u64> = fragments.iter().map(|fragment| fragment.length.video).collect();
    let Some(audio_per_second) = timing.audio_ticks_per_second else {
        index.extend(sidx(1, per_second, fragments, &video, 0));
        return index;
    };
    let mut audio: Vec<u64> = fragments.iter().map(|fragment| fragment.length.audio).collect();
    // A player that has found a keyframe looks for the sound from where that frame is decoded, a little before it is shown,
    // and would go back a whole fragment for it. So the index lets the sound of each fragment start that much earlier.
    let delay = timing.video_delay * u64::from(audio_per_second) / u64::from(per_second.max(1));
    let lead = (delay + AUDIO_PACKET_TICKS).min(audio.first().copied().unwrap_or(0));
    if let [first, .., last] = &mut audio[..] {
        *first -= lead;
        *last += lead;
    }
    index.extend(sidx(1, per_second, fragments, &video, size));
    index.extend(sidx(2, audio_per_second, fragments, &audio, 0));
    index
}

fn sidx_bytes(fragments: usize) -> usize {
    SIDX_FIXED_BYTES + SIDX_ENTRY_BYTES * fragments
}

/// The index of one track, whose fragments have these lengths; the first fragment starts `distance` bytes behind it.
fn sidx(
    track: u32,
    per_second: u32,
    fragments: &[Fragment],
    lengths: &[u64],
    distance: usize,
) -> Vec<u8> {
    let mut sidx = (sidx_bytes(fragments.len()) as u32).to_be_bytes().to_vec();
    sidx.extend(b"sidx");
    sidx.extend(0u32.to_be_bytes()); // version, flags
    sidx.extend(track.to_be_bytes());
    sidx.extend(per_second.to_be_bytes());
    sidx.extend(0u32.to_be_bytes()); // earliest presentation time
    sidx.extend((distance as u32).to_be_bytes());
    sidx.extend((fragments.len() as u32).to_be_bytes()); // 16 bits reserved, 16 bits count
    for (fragment, ticks) in fragments.iter().zip(lengths) {
        sidx.extend((fragment.bytes as u32).to_be_bytes());
        sidx.extend((*ticks as u32).to_be_bytes());
        sidx.extend(STARTS_WITH_KEYFRAME.to_be_bytes());
    }
    sidx
}

fn free_box(size: usize) -> Vec<u8> {
    let mut free = Vec::with_capacity(size);
    free.extend((size as u32).to_be_bytes());
    free.extend(b"free");
    free.resize(size, 0);
    free
}

/// `ftyp` and `moov`, with an `mehd` whose duration is filled in at the end.
struct Init {
    bytes: Vec<u8>,
    /// Ticks per second of the duration, and where it is.
    movie_timescale: u32,
    duration_at: usize,
}

impl Init {
    fn from_muxer(muxed: &[u8], video_delay: u64) -> io::Result<Self> {
        let mut bytes = Vec::with_capacity(muxed.len() + 128);
        let mut movie_timescale = 0;
        let mut duration_at = 0;
        for (kind, content) in boxes(muxed) {
            match &kind {
                b"ftyp" => append_box(&mut bytes, kind, content),
                b"moov" => {
                    let mut moov = Vec::new();
                    for (kind, content) in boxes(content) {
                        match &kind {
                            b"mvhd" => {
                                movie_timescale = timescale_of_mvhd(content).unwrap_or(0);
                                append_box(&mut moov, kind, content);
                            }
                            b"trak" => {
                                // The muxer's first track is the video.
                                let delay = if moov_has_track(&moov) { 0 } else { video_delay };
                                append_box(&mut moov, kind, &with_edit_list(content, delay));
                            }
                            b"mvex" => {
                                // `mehd` comes first: 4 bytes of version, then the duration.
                                duration_at = bytes.len() + moov.len() + 3 * BOX_HEADER + 4;
                                let mut mvex = Vec::new();
                                append_box(
                                    &mut mvex,
                                    *b"mehd",
                                    &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                                );
                                mvex.extend_from_slice(content);
                                append_box(&mut moov, kind, &mvex);
                            }
                            _ => {}
                        }
                    }
                    append_box(&mut bytes, kind, &moov);
                }
                _ => {}
            }
        }
        if movie_timescale == 0 || duration_at == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no moov with mvhd and mvex"));
        }
        Ok(Self { bytes, movie_timescale, duration_at })
    }

    fn set_duration(&mut self, ticks: u64, per_second: u32) {
        let duration = ticks * u64::from(self.movie_timescale) / u64::from(per_second.max(1));
        let at = self.duration_at;
        self.bytes[at..at + 8].copy_from_slice(&duration.to_be_bytes());
    }
}

fn moov_has_track(moov: &[u8]) -> bool {
    boxes(moov).any(|(kind, _)| &kind == b"trak")
}

/// A `trak` whose presentation starts `delay` ticks into its own clock.
fn with_edit_list(trak: &[u8], delay: u64) -> Vec<u8> {
    if delay == 0 {
        return trak.to_vec();
    }
    let mut elst = vec![1, 0, 0, 0]; // version 1: 64-bit times
    elst.extend(1u32.to_be_bytes()); // one entry
    elst.extend(0u64.to_be_bytes()); // to the end, however many fragments follow
    elst.extend(delay.to_be_bytes());
    elst.extend(0x0001_0000u32.to_be_bytes()); // at normal speed
    let mut edts = Vec::new();
    append_box(&mut edts, *b"elst", &elst);
    let mut with = Vec::with_capacity(trak.len() + edts.len() + BOX_HEADER);
    for (kind, content) in boxes(trak) {
        append_box(&mut with, kind, content);
        if &kind == b"tkhd" {
            append_box(&mut with, *b"edts", &edts);
        }
    }
    with
}

fn timescale_of_mvhd(content: &[u8]) -> Option<u32> {
    let at = if *content.first()? == 1 { 20 } else { 12 };
    Some(u32::from_be_bytes(content.get(at..at + 4)?.try_into().ok()?))
}

fn append_box(to: &mut Vec<u8>, kind: [u8; 4], content: &[u8]) {
    to.extend(((content.len() + BOX_HEADER) as u32).to_be_bytes());
    to.extend(kind);
    to.extend_from_slice(content);
}

/// The boxes of a well-made sequence; stops at the first that is not.
fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let size = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
        let kind = bytes.get(4..8)?.try_into().ok()?;
        let content = bytes.get(BOX_HEADER..size)?;
        bytes = &bytes[size..];
        Some((kind, content))
    })
}
