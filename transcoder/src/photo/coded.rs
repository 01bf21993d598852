//! One coded picture (HEVC, AV1, H.264) through libav's decoders, the same that videos have: in this process and its cage, on one
//! thread. All `unsafe` of photos is here.
//!
//! Of damaged bytes nothing is shown: where a decoder would make something up, the picture is refused.

use super::heif::{Codec, Coded};
use crate::refusal::{OrRefuse, Refusal, Result};
use ff::ffi;
use ffmpeg_next as ff;
use std::ffi::{CStr, c_int};
use std::slice;
use transcoder_protocol::Failure;

/// Decodes pictures that are coded alike, one after the other, such as the tiles of a grid.
pub struct Decoder {
    codec: Codec,
    setup: Vec<u8>,
    context: *mut ffi::AVCodecContext,
    packet: *mut ffi::AVPacket,
}

impl Codec {
    /// libav's name of its decoder.
    fn decoder(self) -> &'static CStr {
        match self {
            Self::Hevc => c"hevc",
            Self::Av1 => c"libdav1d",
            Self::H264 => c"h264",
        }
    }
}

impl Decoder {
    /// A decoder for pictures like this one of at most so many pixels.
    pub fn new(coded: &Coded<'_>, max_pixels: u64) -> Result<Self> {
        let missing =
            || Refusal::new(Failure::UnsupportedCodec, format!("no decoder for {:?}", coded.codec));
        // SAFETY: the context is made, filled and opened before anyone else has it, and freed by `drop` whatever happens; `set_up` copies.
        unsafe {
            let codec = ffi::avcodec_find_decoder_by_name(coded.codec.decoder().as_ptr());
            if codec.is_null() {
                return Err(missing());
            }
            let decoder = Self {
                codec: coded.codec,
                setup: coded.setup.to_vec(),
                context: ffi::avcodec_alloc_context3(codec),
                packet: ffi::av_packet_alloc(),
            };
            if decoder.context.is_null() || decoder.packet.is_null() {
                return Err(Refusal::new(Failure::TooHeavy, "memory for a decoder"));
            }
            let context = &mut *decoder.context;
            context.thread_count = 1;
            context.max_pixels = i64::try_from(max_pixels).unwrap_or(i64::MAX);
            context.err_recognition = ffi::AV_EF_EXPLODE as c_int;
            // One picture goes in and comes out; none waits for another.
            context.flags |= ffi::AV_CODEC_FLAG_LOW_DELAY as c_int;
            set_up(context, coded.setup)?;
            check(ffi::avcodec_open2(context, codec, std::ptr::null_mut()), "opening a decoder")?;
            Ok(decoder)
        }
    }

    pub fn is_for(&self, coded: &Coded<'_>) -> bool {
        self.codec == coded.codec && self.setup == coded.setup
    }

    pub fn decode(&mut self, data: &[u8]) -> Result<Frame> {
        let frame = Frame::empty()?;
        let length =
            c_int::try_from(data.len()).or_refuse(Failure::Damaged, "a picture's bytes")?;
        // SAFETY: packet, context and frame are live; the packet owns a padded copy of the bytes.
        unsafe {
            ffi::av_packet_unref(self.packet);
            check(ffi::av_new_packet(self.packet, length), "memory for a picture")?;
            slice::from_raw_parts_mut((*self.packet).data, data.len()).copy_from_slice(data);
            (*self.packet).flags |= ffi::AV_PKT_FLAG_KEY as c_int;
            check(ffi::avcodec_send_packet(self.context, self.packet), "decoding")?;
            // Nothing follows: what is there comes out now.
            check(ffi::avcodec_send_packet(self.context, std::ptr::null()), "decoding to the end")?;
            let received = ffi::avcodec_receive_frame(self.context, frame.0);
            ffi::avcodec_flush_buffers(self.context);
            check(received, "decoding a picture")?;
            let facts = &*frame.0;
            if facts.decode_error_flags != 0
                || facts.flags & ffi::AV_FRAME_FLAG_CORRUPT as c_int != 0
            {
                return Err(Refusal::new(Failure::Damaged, "the decoder made something up"));
            }
        }
        Ok(frame)
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: both are ours alone, or null, which these take.
        unsafe {
            ffi::avcodec_free_context(&mut self.context);
            ffi::av_packet_free(&mut self.packet);
        }
    }
}

/// The set-up bytes, in memory as libav frees it, with the zeros behind them that it reads.
fn set_up(context: &mut ffi::AVCodecContext, setup: &[u8]) -> Result<()> {
    let padding = ffi::AV_INPUT_BUFFER_PADDING_SIZE as usize;
    let size = c_int::try_from(setup.len()).or_refuse(Failure::Damaged, "set-up bytes")?;
    // SAFETY: as many bytes are written as were asked for, and the context has them from then on.
    unsafe {
        let copy = ffi::av_mallocz(setup.len() + padding).cast::<u8>();
        if copy.is_null() {
            return Err(Refusal::new(Failure::TooHeavy, "memory for set-up bytes"));
        }
        slice::from_raw_parts_mut(copy, setup.len()).copy_from_slice(setup);
        (context.extradata, context.extradata_size) = (copy, size);
    }
    Ok(())
}

fn check(code: c_int, step: &str) -> Result<()> {
    if code >= 0 {
        return Ok(());
    }
    let failure = match ff::Error::from(code) {
        ff::Error::Other { errno: libc::ENOMEM } => Failure::TooHeavy,
        // A profile or a feature that it does not know.
        ff::Error::PatchWelcome | ff::Error::Other { errno: libc::ENOSYS } => {
            Failure::UnsupportedCodec
        }
        _ => Failure::Damaged,
    };
    Err(Refusal::new(failure, format!("{step}: {}", ff::Error::from(code))))
}

/// A decoded picture in libav's memory.
pub struct Frame(*mut ffi::AVFrame);

/// How the samples of a picture lie, and what they say.
#[derive(Clone, Copy)]
pub struct Layout {
    pub width: u32,
    pub height: u32,
    /// Bits of a sample, 8 to 16; those above 8 lie in two bytes.
    pub depth: u32,
    /// By how many bits the sides of the colour planes are shifted.
    pub shift: (u32, u32),
    pub meaning: Meaning,
    /// As the coded bytes say; what a container says goes before.
    pub matrix: u16,
    pub primaries: u16,
    pub transfer: u16,
    pub is_full_range: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    Grey,
    /// Y, Cb, Cr.
    Luma,
    /// Green, blue, red.
    Colours,
}

impl Frame {
    fn empty() -> Result<Self> {
        // SAFETY: makes a frame that nobody else has.
        let frame = unsafe { ffi::av_frame_alloc() };
        if frame.is_null() {
            return Err(Refusal::new(Failure::TooHeavy, "memory for a frame"));
        }
        Ok(Self(frame))
    }

    /// Refuses with `UnsupportedCodec` what is not in planes of 8 to 16 bits.
    pub fn layout(&self) -> Result<Layout> {
        // SAFETY: the frame is live and was filled by a decoder, whose formats libav describes.
        let (frame, format) = unsafe {
            let format = ffi::AVPixelFormat::try_from_number((*self.0).format);
            (&*self.0, format.map(|format| ffi::av_pix_fmt_desc_get(format)))
        };
        let unsupported = || {
            Refusal::new(Failure::UnsupportedCodec, format!("pixels of format {}", frame.format))
        };
        let format = format.filter(|format| !format.is_null()).ok_or_else(unsupported)?;
        // SAFETY: descriptions are static.
        let format = unsafe { &*format };
        let has = |flag: c_int| format.flags & flag as u64 != 0;
        let parts = &format.comp[..usize::from(format.nb_components.min(4))];
        let depth = format.comp[0].depth as u32;
        let bytes = if depth > 8 { 2 } else { 1 };
        let planes = parts.iter().map(|part| part.plane);
        let meaning = match parts.len() {
            1 => Meaning::Grey,
            3 if has(ffi::AV_PIX_FMT_FLAG_RGB) && planes.clone().eq([2, 0, 1]) => Meaning::Colours,
            3 if !has(ffi::AV_PIX_FMT_FLAG_RGB) && planes.clone().eq([0, 1, 2]) => Meaning::Luma,
            _ => return Err(unsupported()),
        };
        let is_plain = parts.iter().all(|part| {
            part.shift == 0 && part.offset == 0 && part.step == bytes && part.depth as u32 == depth
        });
        let strange = ffi::AV_PIX_FMT_FLAG_BE
            | ffi::AV_PIX_FMT_FLAG_PAL
            | ffi::AV_PIX_FMT_FLAG_BITSTREAM
            | ffi::AV_PIX_FMT_FLAG_HWACCEL
            | ffi::AV_PIX_FMT_FLAG_FLOAT;
        let (Ok(width), Ok(height)) = (u32::try_from(frame.width), u32::try_from(frame.height))
        else {
            return Err(unsupported());
        };
        if !is_plain || has(strange) || !(8..=16).contains(&depth) || width == 0 || height == 0 {
            return Err(unsupported());
        }
        Ok(Layout {
            width,
            height,
            depth,
            shift: (u32::from(format.log2_chroma_w), u32::from(format.log2_chroma_h)),
            meaning,
            matrix: frame.colorspace as u16,
            primaries: frame.color_primaries as u16,
            transfer: frame.color_trc as u16,
            is_full_range: frame.color_range == ffi::AVColorRange::AVCOL_RANGE_JPEG,
        })
    }

    /// Reads one row of a plane (0 is luma or green) into `row`, which tells how many samples.
    pub fn read_row(&self, layout: &Layout, plane: usize, y: u32, row: &mut [u16]) {
        let has_shift = plane > 0 && layout.meaning == Meaning::Luma;
        let (right, down) = if has_shift { layout.shift } else { (0, 0) };
        let planes = if layout.meaning == Meaning::Grey { 1 } else { 3 };
        let width = layout.width.div_ceil(1 << right) as usize;
        let height = layout.height.div_ceil(1 << down);
        assert!(plane < planes && y < height && row.len() <= width, "within the frame");
        // SAFETY: libav's planes hold as many rows as the height, shifted for colours, each `linesize` from the one before and at
        // least as long as the width, shifted likewise; the three numbers are within these.
        unsafe {
            let frame = &*self.0;
            let start = frame.data[plane].offset(frame.linesize[plane] as isize * y as isize);
            if layout.depth > 8 {
                let samples = slice::from_raw_parts(start, 2 * row.len());
                for (to, from) in row.iter_mut().zip(samples.as_chunks::<2>().0) {
                    *to = u16::from_ne_bytes(*from);
                }
            } else {
                let samples = slice::from_raw_parts(start, row.len());
                for (to, from) in row.iter_mut().zip(samples) {
                    *to = u16::from(*from);
                }
            }
        }
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        // SAFETY: the frame is ours alone.
        unsafe { ffi::av_frame_free(&mut self.0) };
    }
}

trait FromNumber: Sized {
    fn try_from_number(number: c_int) -> Option<Self>;
}

impl FromNumber for ffi::AVPixelFormat {
    fn try_from_number(number: c_int) -> Option<Self> {
        let is_known = (0..Self::AV_PIX_FMT_NB as c_int).contains(&number);
        // SAFETY: libav numbers its formats from 0 without a gap.
        is_known.then(|| unsafe { std::mem::transmute::<c_int, Self>(number) })
    }
}
