//! JPEGs of more pixels than we keep, such as the 108 and 200 megapixels of phones: scaled by their DCT, so that the full picture is never
//! there. Only 2, 4 or 8 coefficients of a block's 8 become pixels (`jpeg-decoder`; the decoder of all others, faster, cannot do that).

use super::colours::Colours;
use super::decode::Decoded;
use crate::refusal::{OrRefuse, Refusal, Result};
use image::DynamicImage;
use jpeg_decoder::{Decoder, Error, PixelFormat};
use transcoder_protocol::{Failure, PhotoLimits};

/// A JPEG of that size at a half, a quarter or an eighth, so that it keeps to [`PhotoLimits::max_decoded_pixels`].
pub fn scaled(bytes: &[u8], (width, height): (u32, u32), limits: &PhotoLimits) -> Result<Decoded> {
    let left = |by: u32| u64::from(width.div_ceil(by)) * u64::from(height.div_ceil(by));
    let by = [2, 4, 8].into_iter().find(|&by| left(by) <= limits.max_decoded_pixels);
    let by = by.ok_or_else(|| Refusal::new(Failure::TooManyPixels, format!("{width}×{height}")))?;
    let mut decoder = Decoder::new(bytes);
    let side = |side: u32| {
        u16::try_from(side.div_ceil(by)).or_refuse(Failure::TooManyPixels, "a side of a JPEG")
    };
    decoder.scale(side(width)?, side(height)?).map_err(|error| refuse(&error))?;
    let pixels = decoder.decode().map_err(|error| refuse(&error))?;
    let info = decoder.info().ok_or_else(|| Refusal::new(Failure::Damaged, "no frame"))?;
    let (width, height) = (info.width.into(), info.height.into());
    let picture = match info.pixel_format {
        PixelFormat::L8 => {
            image::GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8)
        }
        PixelFormat::RGB24 => {
            image::RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
        }
        // Print and X-ray: no phone makes those.
        PixelFormat::CMYK32 | PixelFormat::L16 => {
            let detail = format!("{width}×{height} of {:?}", info.pixel_format);
            return Err(Refusal::new(Failure::TooManyPixels, detail));
        }
    };
    let picture =
        picture.ok_or_else(|| Refusal::new(Failure::Damaged, "pixels do not fill the picture"))?;
    let colours = decoder.icc_profile().map_or(Colours::Srgb, Colours::Icc);
    Ok(Decoded { picture, colours, orientation: None })
}

fn refuse(error: &Error) -> Refusal {
    let failure = match error {
        Error::Unsupported(_) => Failure::UnsupportedCodec,
        _ => Failure::Damaged,
    };
    Refusal::new(failure, error.to_string())
}
