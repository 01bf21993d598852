//! What a source is, told to operators.

use super::probe::Source;
use super::{libav, plan::Ratio};
use transcoder_protocol::{DynamicRange, Found, FoundPicture, FoundSound};

/// Transfer functions as ISO/IEC 23091-2 numbers them.
const PQ: u32 = 16;
const HLG: u32 = 18;

pub fn found(source: &Source) -> Found {
    let picture = &source.picture;
    let [_, transfer, _] = libav::colours(&source.video.parameters).description;
    Found {
        format: source.format.to_owned(),
        duration_ms: picture.seconds.map(|seconds| (seconds * 1000.0).round() as u64),
        tracks: source.input.nb_streams(),
        picture: FoundPicture {
            codec: source.video.codec_name(),
            pixel_format: libav::pixel_format_name(&source.video.parameters),
            width: picture.width,
            height: picture.height,
            pixel_aspect: picture.pixel_aspect.map(Ratio::value),
            turn: picture.orientation.turn(),
            base_frame_rate: picture.base_rate.map(Ratio::value),
            mean_frame_rate: picture.average_rate.map(Ratio::value),
            is_interlaced: source.field_order_is_interlaced,
            dynamic_range: match transfer {
                PQ => DynamicRange::Pq,
                HLG => DynamicRange::Hlg,
                _ => DynamicRange::Sdr,
            },
        },
        sound: source.audio.as_ref().map(|track| {
            let (channels, sample_rate) = libav::sound_facts(&track.parameters);
            FoundSound { codec: track.codec_name(), channels, sample_rate }
        }),
        has_location: source.had_location,
    }
}
