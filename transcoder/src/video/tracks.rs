//! Which of a file's tracks make the clip. Of the picture and of the sound it is the one that a player would take among those that
//! we have a decoder for: an allow-list says which decoders these are.
//!
//! Nothing is decoded here. So of the sound it is an order of preference, and the best track that gives any sound when it
//! is listened to is taken (`sound::audition`).

use super::libav;
use super::timeline::Timed;
use crate::refusal::{Refusal, Result};
use ff::codec::Id;
use ff::format::context::Input;
use ff::format::stream::Disposition;
use ff::media::Type;
use ffmpeg_next as ff;
use std::cmp::Reverse;
use transcoder_protocol::Failure;

/// Decoders we take, by libav's names.
const DECODERS: &[&str] = &[
    // Phones, cameras and browsers of today.
    "h264",
    "hevc",
    "vp8",
    "vp9",
    "libdav1d",
    "prores",
    "mjpeg",
    "theora",
    // Of the years before: digital cameras, DVD and MiniDV camcorders, early phones, Windows' own.
    "mpeg4",
    "mpeg2video",
    "mpeg1video",
    "h263",
    "dvvideo",
    "msmpeg4v2",
    "msmpeg4",
    "wmv1",
    "wmv2",
    "wmv3",
    "vc1",
    "aac",
    "aac_latm",
    "mp3",
    "mp3float",
    "mp2",
    "mp2float",
    "opus",
    "libopus",
    "vorbis",
    "ac3",
    "eac3",
    "dca",
    "flac",
    "alac",
    // Early phones.
    "amrnb",
    "amrwb",
    "qcelp",
    "evrc",
    "g726",
    "wmav1",
    "wmav2",
    "wmapro",
    "wmalossless",
    "wmavoice",
    "pcm_alaw",
    "pcm_bluray",
    "pcm_dvd",
    "pcm_f32be",
    "pcm_f32le",
    "pcm_f64be",
    "pcm_f64le",
    "pcm_mulaw",
    "pcm_s16be",
    "pcm_s16be_planar",
    "pcm_s16le",
    "pcm_s16le_planar",
    "pcm_s24be",
    "pcm_s24le",
    "pcm_s24le_planar",
    "pcm_s32be",
    "pcm_s32le",
    "pcm_s32le_planar",
    "pcm_s64be",
    "pcm_s64le",
    "pcm_s8",
    "pcm_s8_planar",
    "pcm_u16be",
    "pcm_u16le",
    "pcm_u24be",
    "pcm_u24le",
    "pcm_u32be",
    "pcm_u32le",
    "pcm_u8",
    "adpcm_ima_qt",
    "adpcm_ima_wav",
    "adpcm_ms",
];

/// Tracks that are there beside the one that everybody hears.
const ASIDE: Disposition = Disposition::COMMENT
    .union(Disposition::DUB)
    .union(Disposition::KARAOKE)
    .union(Disposition::LYRICS)
    .union(Disposition::HEARING_IMPAIRED)
    .union(Disposition::VISUAL_IMPAIRED)
    .union(Disposition::CLEAN_EFFECTS)
    .union(Disposition::DESCRIPTIONS);

pub struct Track {
    pub index: usize,
    pub time_base: ff::Rational,
    pub parameters: ff::codec::Parameters,
    pub decoder: ff::Codec,
    /// As the container claims, in seconds.
    pub seconds: Option<f64>,
}

impl Track {
    pub fn timed(&self) -> Timed {
        Timed { index: self.index, time_base: self.time_base }
    }

    /// libav's name.
    pub fn codec_name(&self) -> String {
        self.parameters.id().name().to_owned()
    }

    /// `None` when there is no decoder for it on our list.
    fn of(input: &Input, stream: &ff::Stream<'_>) -> Option<Self> {
        let parameters = stream.parameters();
        let decoder = ff::decoder::find(parameters.id())
            .filter(|decoder| DECODERS.contains(&decoder.name()))?;
        let time_base = stream.time_base();
        // There libav says the file's length of every track.
        let has_own_length = input.format().name() != "asf" && stream.duration() > 0;
        let seconds = has_own_length.then(|| stream.duration() as f64 * f64::from(time_base));
        Some(Self { index: stream.index(), time_base, parameters, decoder, seconds })
    }
}

/// The sound of a file.
pub struct Sounds {
    /// Tracks we have a decoder for, the best first.
    pub tracks: Vec<Track>,
    /// The codec of a track that we have none for, if there is one: libav's name, or what the container calls it.
    pub unread: Option<String>,
}

pub fn decoder_names() -> String {
    DECODERS.join(",")
}

/// The best picture. A cover is none, and a still beside a film that we cannot decode does not stand for it.
pub fn picture(input: &Input) -> Result<Track> {
    let mut streams: Vec<_> = input
        .streams()
        .filter(|stream| stream.parameters().medium() == Type::Video)
        .filter(|stream| !stream.disposition().contains(Disposition::ATTACHED_PIC))
        .collect();
    // libav has seen which tracks go on, and a player goes by its word.
    let preferred = input.streams().best(Type::Video).map(|stream| stream.index());
    // Those whose frames are not counted move as well.
    let moves = |stream: &ff::Stream<'_>| stream.frames() != 1;
    streams.sort_by_key(|stream| {
        let facts = libav::picture_facts(&stream.parameters());
        let pixels = u64::from(facts.width) * u64::from(facts.height);
        let is_default = stream.disposition().contains(Disposition::DEFAULT);
        let bits = stream.parameters().bit_rate();
        let is_preferred = preferred == Some(stream.index());
        Reverse((moves(stream), is_preferred, is_default, pixels, bits, Reverse(stream.index())))
    });
    let Some(best) = streams.first() else {
        return Err(Refusal::new(Failure::NoVideo, "no video track"));
    };
    streams
        .iter()
        .filter(|stream| moves(stream) == moves(best))
        .find_map(|stream| Track::of(input, stream))
        .ok_or_else(|| Refusal::new(Failure::UnsupportedCodec, format!("picture: {}", name(best))))
}

pub fn sounds(input: &Input) -> Sounds {
    let is_ts = input.format().name() == "mpegts";
    let mut streams: Vec<_> =
        input.streams().filter(|stream| stream.parameters().medium() == Type::Audio).collect();
    streams.sort_by_key(|stream| {
        let parameters = stream.parameters();
        let (channels, sample_rate) = libav::sound_facts(&parameters);
        // Of others nothing was heard yet, and maybe never will be.
        let is_known = channels > 0 && sample_rate > 0;
        let disposition = stream.disposition();
        let is_aside = disposition.intersects(ASIDE);
        let is_default = disposition.contains(Disposition::DEFAULT);
        let bits = parameters.bit_rate();
        Reverse((is_known, !is_aside, is_default, channels, bits, Reverse(stream.index())))
    });
    let unread = streams.iter().find(|stream| Track::of(input, stream).is_none()).map(name);
    let unknown =
        || input.streams().find(|stream| is_ts && may_be_sound(stream)).as_ref().map(name);
    Sounds {
        tracks: streams.iter().filter_map(|stream| Track::of(input, stream)).collect(),
        unread: unread.or_else(unknown),
    }
}

/// The codec of the track of that number, if it is sound.
pub fn sound_named(input: &Input, index: usize) -> Option<String> {
    let stream = input.stream(index)?;
    (stream.parameters().medium() == Type::Audio).then(|| name(&stream))
}

/// What libav calls a stream of MPEG-TS whose type it does not know: LPCM and DTS without their descriptor, say, or what is newer than
/// libav. What is known not to be sound: sections, metadata, cues and subtitles.
fn may_be_sound(stream: &ff::Stream<'_>) -> bool {
    let parameters = stream.parameters();
    let is_unknown = matches!(parameters.id(), Id::None | Id::BIN_DATA)
        && matches!(parameters.medium(), Type::Unknown | Type::Data);
    let stream_type = libav::codec_tag(&parameters);
    is_unknown && !matches!(stream_type, 0x05 | 0x08..=0x0e | 0x12..=0x1a | 0x86 | 0x90..=0x92)
}

/// libav's name of a track's codec, or else the container's.
fn name(stream: &ff::Stream<'_>) -> String {
    let parameters = stream.parameters();
    if !matches!(parameters.id(), Id::None | Id::BIN_DATA) {
        return parameters.id().name().to_owned();
    }
    let tag = libav::codec_tag(&parameters);
    let letters = tag.to_le_bytes();
    if letters.iter().all(|&letter| letter == b' ' || letter.is_ascii_alphanumeric()) {
        String::from_utf8_lossy(&letters).trim_end().to_owned()
    } else {
        format!("{tag:#04x}")
    }
}
