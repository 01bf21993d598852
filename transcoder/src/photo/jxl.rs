//! JPEG XL, through the decoder that browsers have (`jxl`, pure Rust). Of a moving picture the first frame is taken.

use super::boxes::{boxes, find};
use super::canvas::{Canvas, Sample, shrinkage};
use super::colours::{Colours, Primaries, Told, Transfer};
use super::decode::{Decoded, check_size};
use super::heif::tiff;
use crate::refusal::{Refusal, Result};
use image::DynamicImage;
use image::metadata::Orientation;
use jxl::api::{
    AlphaMode, Endianness, Event, ExtraChannel, JxlBitDepth, JxlColorEncoding, JxlColorProfile,
    JxlColorType, JxlDataFormat, JxlDecoder, JxlDecoderOptions, JxlOutputBuffer, JxlPixelFormat,
    JxlTransferFunction, ProfileLevel,
};
use std::io::Read;
use transcoder_protocol::{Failure, PhotoLimits};

/// A naked stream, and one in boxes (ISO/IEC 18181-2).
const STREAM: &[u8] = &[0xff, 0x0a];
const BOXES: &[u8] = b"\0\0\0\x0cJXL \r\n\x87\n";

/// More of compressed metadata is not unpacked: what says where a photo was taken stands at its beginning.
const MAX_EXIF_BYTES: u64 = 4 << 20;

pub fn is_jxl(bytes: &[u8]) -> bool {
    bytes.starts_with(STREAM) || bytes.starts_with(BOXES)
}

pub fn picture(bytes: &[u8], limits: &PhotoLimits) -> Result<Decoded> {
    let mut options = JxlDecoderOptions::default();
    options.alpha_mode = AlphaMode::Unpremultiplied;
    options.max_profile_level = ProfileLevel::Main10;
    // With room for transparency and one more.
    options.sample_limit = Some(limits.max_pixels.saturating_mul(5) as usize);
    let mut decoder = JxlDecoder::new(options);
    let mut input = bytes;
    advance(&mut decoder, &mut input, None, |event| event == Event::BasicInfo)?;
    let info = decoder.basic_info().cloned();
    let info = info.ok_or_else(|| Refusal::new(Failure::Damaged, "no header"))?;
    let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    let (width, height) = (side(info.size.0), side(info.size.1));
    check_size(width, height, limits)?;
    let has_alpha =
        info.extra_channels.iter().any(|channel| channel.ec_type == ExtraChannel::Alpha);
    let is_bright = matches!(
        decoder.embedded_color_profile().and_then(JxlColorProfile::transfer_function),
        Some(JxlTransferFunction::PQ | JxlTransferFunction::HLG | JxlTransferFunction::Linear)
    );
    let is_deep =
        is_bright || !matches!(info.bit_depth, JxlBitDepth::Int { bits_per_sample: ..=8 });
    let format = JxlPixelFormat {
        color_type: if has_alpha { JxlColorType::Rgba } else { JxlColorType::Rgb },
        color_data_format: Some(match is_deep {
            true => JxlDataFormat::U16 { endianness: Endianness::native(), bit_depth: 16 },
            false => JxlDataFormat::U8 { bit_depth: 8 },
        }),
        extra_channel_format: vec![None; info.extra_channels.len()],
    };
    decoder.set_pixel_format(format).map_err(|error| refuse(&error))?;
    let colours = decoder.output_color_profile().map_or(Colours::Srgb, colours);
    advance(&mut decoder, &mut input, None, |event| event == Event::FrameHeader)?;
    let shape = Shape { width, height, channels: if has_alpha { 4 } else { 3 } };
    let picture = match is_deep {
        true => pixels::<u16>(decoder, input, shape, limits, bytemuck::cast_slice_mut),
        false => pixels::<u8>(decoder, input, shape, limits, |samples| samples),
    }?;
    // It has turned itself; EXIF says so again (ISO/IEC 18181-2, 9.5).
    Ok(Decoded { picture, colours, orientation: Some(Orientation::NoTransforms) })
}

#[derive(Clone, Copy)]
struct Shape {
    width: u32,
    height: u32,
    channels: usize,
}

fn pixels<S: Sample>(
    mut decoder: JxlDecoder,
    mut input: &[u8],
    Shape { width, height, channels }: Shape,
    limits: &PhotoLimits,
    as_bytes: impl Fn(&mut [S]) -> &mut [u8],
) -> Result<DynamicImage> {
    let row = width as usize * channels;
    let mut samples = vec![S::from_unit(0.0); row * height as usize];
    let buffer =
        JxlOutputBuffer::new(as_bytes(&mut samples), height as usize, row * size_of::<S>());
    advance(&mut decoder, &mut input, Some(&mut [buffer]), |event| {
        matches!(event, Event::FrameComplete { .. } | Event::Complete)
    })?;
    drop(decoder);
    let by = shrinkage(width, height, limits.max_decoded_pixels);
    if by == 1 {
        return S::picture(width, height, channels, samples)
            .ok_or_else(|| Refusal::new(Failure::Crashed, "pixels do not fill the picture"));
    }
    let mut canvas = Canvas::new(width, height, channels, by);
    samples.chunks_exact(row).for_each(|row| canvas.push(row));
    canvas.finish().ok_or_else(|| Refusal::new(Failure::Damaged, "a picture without rows"))
}

/// Goes on until `is_reached`. The whole file is there: who wants more of it has a part only.
fn advance(
    decoder: &mut JxlDecoder,
    input: &mut &[u8],
    mut buffers: Option<&mut [JxlOutputBuffer<'_>]>,
    is_reached: impl Fn(Event) -> bool,
) -> Result<()> {
    loop {
        let event =
            decoder.process(input, buffers.as_deref_mut(), None).map_err(|error| refuse(&error))?;
        if is_reached(event) {
            return Ok(());
        }
        if matches!(event, Event::NeedMoreInput { .. } | Event::Complete) {
            return Err(Refusal::new(Failure::Damaged, format!("{event:?}")));
        }
    }
}

fn colours(profile: &JxlColorProfile) -> Colours {
    let encoding = match profile {
        JxlColorProfile::Icc(profile) => return Colours::Icc(profile.clone()),
        JxlColorProfile::Simple(encoding) => encoding,
    };
    let (primaries, transfer) = match encoding {
        JxlColorEncoding::RgbColorSpace { white_point, primaries, transfer_function, .. } => {
            let [red, green, blue] = primaries.to_xy_coords();
            (Primaries([white_point.to_xy_coords(), red, green, blue]), transfer_function)
        }
        JxlColorEncoding::GrayscaleColorSpace { transfer_function, .. } => {
            (Primaries::SRGB, transfer_function)
        }
        JxlColorEncoding::XYB { .. } => return Colours::Srgb,
    };
    let transfer = match transfer {
        JxlTransferFunction::SRGB | JxlTransferFunction::BT709 => Transfer::Srgb,
        JxlTransferFunction::Linear => Transfer::Power(1.0),
        JxlTransferFunction::PQ => Transfer::Pq,
        JxlTransferFunction::HLG => Transfer::Hlg,
        JxlTransferFunction::DCI => Transfer::Power(2.6),
        JxlTransferFunction::Gamma(gamma) => Transfer::Power(1.0 / gamma.clamp(0.1, 10.0)),
    };
    Colours::of(Told { primaries, transfer })
}

/// The EXIF in a file's boxes, as TIFF; plain or compressed.
pub fn exif(bytes: &[u8]) -> Option<Vec<u8>> {
    if !bytes.starts_with(BOXES) {
        return None;
    }
    if let Some(exif) = find(bytes, b"Exif") {
        return tiff(exif.into()).map(std::borrow::Cow::into_owned);
    }
    let compressed = boxes(bytes)
        .filter(|(kind, _)| kind == b"brob")
        .find_map(|(_, body)| body.strip_prefix(b"Exif"))?;
    let mut exif = Vec::new();
    // Of one that breaks off, what there is.
    let _ = brotli_decompressor::Decompressor::new(compressed, 4096)
        .take(MAX_EXIF_BYTES)
        .read_to_end(&mut exif);
    tiff(exif.into()).map(std::borrow::Cow::into_owned)
}

fn refuse(error: &jxl::error::Error) -> Refusal {
    use jxl::error::Error;
    let failure = match error {
        Error::OutOfMemory(_) | Error::ImageOutOfMemory(..) => Failure::TooHeavy,
        Error::LevelLimitExceeded { .. } => Failure::UnsupportedCodec,
        _ => Failure::Damaged,
    };
    Refusal::new(failure, error.to_string())
}
