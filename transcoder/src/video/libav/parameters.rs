//! What a container says of its tracks, and what a muxer is told of one.

use crate::video::plan::{Ratio, Size};
use crate::video::probe::ratio;
use ff::ffi;
use ffmpeg_next as ff;
use std::ffi::{CStr, c_int};

pub struct PictureFacts {
    pub width: u32,
    pub height: u32,
    pub pixel_aspect: Option<Ratio>,
    pub is_interlaced: bool,
}

pub fn picture_facts(parameters: &ff::codec::Parameters) -> PictureFacts {
    use ffi::AVFieldOrder::{AV_FIELD_PROGRESSIVE, AV_FIELD_UNKNOWN};
    // SAFETY: the pointer is valid as long as `parameters` is.
    unsafe {
        let parameters = &*parameters.as_ptr();
        PictureFacts {
            width: u32::try_from(parameters.width).unwrap_or(0),
            height: u32::try_from(parameters.height).unwrap_or(0),
            pixel_aspect: ratio(parameters.sample_aspect_ratio.into()),
            is_interlaced: !matches!(
                parameters.field_order,
                AV_FIELD_PROGRESSIVE | AV_FIELD_UNKNOWN
            ),
        }
    }
}

/// How pixels lie in memory, by libav's name; empty when nobody knows.
pub fn pixel_format_name(parameters: &ff::codec::Parameters) -> String {
    use ffi::AVPixelFormat::{self, AV_PIX_FMT_NB};
    // SAFETY: the pointer is valid as long as `parameters` is; libav numbers its formats from 0 without a gap; a name is static.
    unsafe {
        let format = (*parameters.as_ptr()).format;
        if !(0..AV_PIX_FMT_NB as c_int).contains(&format) {
            return String::new();
        }
        let name = ffi::av_get_pix_fmt_name(std::mem::transmute::<c_int, AVPixelFormat>(format));
        if name.is_null() { String::new() } else { CStr::from_ptr(name).to_string_lossy().into() }
    }
}

/// Channels, and samples a second.
pub fn sound_facts(parameters: &ff::codec::Parameters) -> (u32, u32) {
    // SAFETY: plain fields; the pointer is valid as long as `parameters` is.
    let (channels, rate) = unsafe {
        let parameters = &*parameters.as_ptr();
        (parameters.ch_layout.nb_channels, parameters.sample_rate)
    };
    (u32::try_from(channels).unwrap_or(0), u32::try_from(rate).unwrap_or(0))
}

/// The container's own number for a track's codec: mostly four letters, the first lowest; of MPEG-TS the type of stream.
pub fn codec_tag(parameters: &ff::codec::Parameters) -> u32 {
    // SAFETY: plain field; the pointer is valid as long as `parameters` is.
    unsafe { (*parameters.as_ptr()).codec_tag }
}

/// The set-up bytes that a container has for a track.
pub fn parameters_extradata(parameters: &ff::codec::Parameters) -> Vec<u8> {
    // SAFETY: the pointer is valid as long as `parameters` is; libav keeps pointer and size in step.
    unsafe {
        let parameters = &*parameters.as_ptr();
        match usize::try_from(parameters.extradata_size) {
            Ok(size) if size > 0 && !parameters.extradata.is_null() => {
                std::slice::from_raw_parts(parameters.extradata, size).to_vec()
            }
            _ => Vec::new(),
        }
    }
}

pub struct Colours {
    pub is_full_range: bool,
    /// Primaries, transfer and matrix, as ISO/IEC 23091-2 numbers them.
    pub description: [u32; 3],
}

/// What is known of a track's colours.
pub fn colours(parameters: &ff::codec::Parameters) -> Colours {
    use ffi::AVColorRange::AVCOL_RANGE_JPEG;
    // SAFETY: the pointer is valid as long as `parameters` is.
    unsafe {
        let parameters = &*parameters.as_ptr();
        Colours {
            is_full_range: parameters.color_range == AVCOL_RANGE_JPEG,
            description: [
                parameters.color_primaries as u32,
                parameters.color_trc as u32,
                parameters.color_space as u32,
            ],
        }
    }
}

/// For a muxer: H.264 in BT.709, limited range, square pixels. `None` without memory.
pub fn h264_parameters(
    avcc: &[u8],
    size: Size,
    profile: u8,
    level: u8,
) -> Option<ff::codec::Parameters> {
    let mut made = ff::codec::Parameters::new();
    let room = avcc.len() + ffi::AV_INPUT_BUFFER_PADDING_SIZE as usize;
    // SAFETY: plain fields of live parameters; the extradata is libav's memory, zeroed, with its padding, and becomes theirs.
    unsafe {
        let parameters = made.as_mut_ptr().as_mut()?;
        let extradata = ffi::av_mallocz(room).cast::<u8>();
        if extradata.is_null() {
            return None;
        }
        std::ptr::copy_nonoverlapping(avcc.as_ptr(), extradata, avcc.len());
        parameters.extradata = extradata;
        parameters.extradata_size = c_int::try_from(avcc.len()).ok()?;
        parameters.codec_type = ffi::AVMediaType::AVMEDIA_TYPE_VIDEO;
        parameters.codec_id = ffi::AVCodecID::AV_CODEC_ID_H264;
        parameters.format = ffi::AVPixelFormat::AV_PIX_FMT_YUV420P as c_int;
        parameters.width = c_int::try_from(size.width).ok()?;
        parameters.height = c_int::try_from(size.height).ok()?;
        parameters.profile = c_int::from(profile);
        parameters.level = c_int::from(level);
        parameters.sample_aspect_ratio = ffi::AVRational { num: 1, den: 1 };
        parameters.field_order = ffi::AVFieldOrder::AV_FIELD_PROGRESSIVE;
        parameters.color_range = ffi::AVColorRange::AVCOL_RANGE_MPEG;
        parameters.color_primaries = ffi::AVColorPrimaries::AVCOL_PRI_BT709;
        parameters.color_trc = ffi::AVColorTransferCharacteristic::AVCOL_TRC_BT709;
        parameters.color_space = ffi::AVColorSpace::AVCOL_SPC_BT709;
    }
    Some(made)
}
