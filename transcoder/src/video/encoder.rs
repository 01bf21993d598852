//! x264 for one rung.

use super::libav;
use super::plan::Rung;
use crate::refusal::Refusal;
use ffmpeg_next as ff;
use transcoder_protocol::Failure;

pub fn open(
    rung: &Rung,
    frame_rate: ff::Rational,
    longest_segment: i64,
    threads: usize,
) -> Result<ff::encoder::Video, ff::Error> {
    let codec = ff::encoder::find_by_name("libx264").ok_or(ff::Error::EncoderNotFound)?;
    let mut encoder = ff::codec::Context::new_with_codec(codec).encoder().video()?;
    encoder.set_width(rung.size.width);
    encoder.set_height(rung.size.height);
    encoder.set_format(ff::format::Pixel::YUV420P);
    encoder.set_time_base(frame_rate.invert());
    encoder.set_frame_rate(Some(frame_rate));
    encoder.set_aspect_ratio((1, 1));
    encoder.set_colorspace(ff::color::Space::BT709);
    encoder.set_color_range(ff::color::Range::MPEG);
    encoder.set_color_primaries(ff::color::Primaries::BT709);
    encoder.set_color_transfer_characteristic(ff::color::TransferCharacteristic::BT709);
    encoder.set_gop(u32::try_from(longest_segment).unwrap_or(u32::MAX));
    encoder.set_flags(ff::codec::Flags::GLOBAL_HEADER | ff::codec::Flags::CLOSED_GOP);
    let mut options = ff::Dictionary::new();
    options.set("preset", "veryfast");
    options.set("profile", "high");
    options.set("crf", &rung.crf.to_string());
    options.set("maxrate", &rung.max_bits.to_string());
    options.set("bufsize", &rung.buffer_bits.to_string());
    // A forced keyframe is one that a player can start at.
    options.set("forced-idr", "1");
    options.set("threads", &threads.to_string());
    encoder.open_as_with(codec, options)
}

/// RFC 6381: profile, constraints and level from the sequence parameter set.
pub fn codec_string(encoder: &ff::codec::Context) -> String {
    const SEQUENCE_PARAMETER_SET: u8 = 7;
    let extradata = libav::extradata(encoder);
    let [profile, constraints, level] = extradata
        .windows(7)
        .find(|bytes| bytes[..3] == [0, 0, 1] && bytes[3] & 0x1f == SEQUENCE_PARAMETER_SET)
        .map_or([0x64, 0x00, 0x28], |bytes| [bytes[4], bytes[5], bytes[6]]);
    format!("avc1.{profile:02x}{constraints:02x}{level:02x}")
}

pub fn encoding(error: ff::Error) -> Refusal {
    let failure = match error {
        // libx264 has no other error for frames that we made ourselves than the want of memory.
        ff::Error::External => Failure::TooHeavy,
        _ => Failure::Crashed,
    };
    libav::refusal(error, failure, "encoding the picture")
}
