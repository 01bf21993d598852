//! JPEG XL, PNG's ways to tell colours, and photos of more pixels than are kept.

use crate::media::{self, corners, jxl, jxl_with, png_with};
use crate::{assert_colour, assert_nothing_but_pixels, assert_upright, failure, make, make_within};
use crafted::heif::boxed;
use image::{DynamicImage, Rgb, RgbImage, Rgba, RgbaImage};
use transcoder_protocol::{Failure, PhotoLimits};

#[test]
fn jpeg_xl_is_taken_with_and_without_loss_and_deep() {
    for options in [&["-distance", "0.2"][..], &["-distance", "0"], &["-pix_fmt", "rgb48le"]] {
        let made = make(&jxl(&corners(96, 64), options)).unwrap();
        assert_upright(&made);
        assert_nothing_but_pixels(&made);
    }
    let clear =
        RgbaImage::from_fn(64, 64, |x, _| Rgba([200, 40, 40, if x < 32 { 0 } else { 255 }]));
    let made = make(&jxl(&DynamicImage::ImageRgba8(clear), &["-distance", "0"])).unwrap();
    assert_eq!(made.widest("webp").to_rgba8().get_pixel(8, 32).0[3], 0);
    assert_colour(&made.widest("jpg"), (8, 32), [255; 3], 4);
    let grey = make(&jxl(&corners(96, 64), &["-pix_fmt", "gray"])).unwrap().widest("jpg");
    let Rgb([red, green, blue]) = *grey.to_rgb8().get_pixel(12, 12);
    assert!(red == green && green == blue);
}

#[test]
fn whether_a_jpeg_xl_said_where_is_told_also_when_that_is_compressed() {
    let stream = jxl(&corners(96, 64), &[]);
    // It is stored upright, whatever its EXIF says.
    let exif = [&[0; 4], media::exif(6).as_slice()].concat();
    let brotli = brotli_stored(&exif);
    for boxes in [boxed(b"Exif", &exif), boxed(b"brob", &[b"Exif".as_slice(), &brotli].concat())] {
        let made = make(&jxl_with(&stream, &boxes)).unwrap();
        assert_upright(&made);
        assert!(made.photo.had_location);
        assert_nothing_but_pixels(&made);
    }
    let made = make(&jxl_with(&stream, &[])).unwrap();
    assert!(!made.photo.had_location);
}

/// Brotli of one stored piece of up to 64 KiB, and the end (RFC 7932, 9).
fn brotli_stored(bytes: &[u8]) -> Vec<u8> {
    // A window of 2^16 (one bit 0); not the last (0); a length of four nibbles (00); the length less one; stored (1).
    let bits = (bytes.len() as u32 - 1) << 4 | 1 << 20;
    let mut stream = bits.to_le_bytes()[..3].to_vec();
    stream.extend(bytes);
    // The last, and empty.
    stream.push(3);
    stream
}

#[test]
fn a_jpeg_xl_cut_short_is_damaged() {
    let stream = jxl(&corners(96, 64), &["-distance", "0"]);
    for eighths in [1, 3, 5, 7] {
        assert_eq!(failure(&stream[..stream.len() * eighths / 8]), Failure::Damaged, "{eighths}/8");
    }
}

#[test]
fn colours_that_a_png_tells_in_numbers_are_brought_to_srgb() {
    let corners = corners(96, 64).to_rgb8();
    let light = |number: u8| {
        let number = f64::from(number) / 255.0;
        if number <= 0.04045 { number / 12.92 } else { ((number + 0.055) / 1.055).powf(2.4) }
    };
    // Linear light.
    let linear = image::ImageBuffer::from_fn(96, 64, |x, y| {
        Rgb(corners.get_pixel(x, y).0.map(|number| (light(number) * 65_535.0).round() as u16))
    });
    let gama = 100_000_u32.to_be_bytes();
    let linear = png_with(&DynamicImage::ImageRgb16(linear), &[(b"gAMA", &gama)]);
    assert_upright(&make(&linear).unwrap());

    // Display P3, by code points and by its primaries.
    use moxcms::{ColorProfile, Layout, TransformOptions};
    let p3 = ColorProfile::new_display_p3();
    let to_p3 = ColorProfile::new_srgb()
        .create_transform_8bit(Layout::Rgb, &p3, Layout::Rgb, TransformOptions::default())
        .unwrap();
    let mut wide = RgbImage::new(96, 64);
    to_p3.transform(&corners, &mut wide).unwrap();
    let wide = DynamicImage::ImageRgb8(wide);
    let chrm = [31_270_u32, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000];
    let chrm = chrm.map(u32::to_be_bytes).concat();
    for chunks in [
        &[(b"cICP", &[12_u8, 13, 0, 1][..])][..],
        &[(b"gAMA", &45_455_u32.to_be_bytes()[..]), (b"cHRM", &chrm)],
        // The code points count, whatever else is said.
        &[(b"cICP", &[12, 13, 0, 1][..]), (b"gAMA", &gama), (b"sRGB", &[0])],
    ] {
        let made = make(&png_with(&wide, chunks)).unwrap();
        assert_upright(&made);
        assert_nothing_but_pixels(&made);
    }
    // And sRGB said is sRGB.
    let plain = DynamicImage::ImageRgb8(corners);
    let srgb: [(&[u8; 4], &[u8]); 2] = [(b"gAMA", &45_455_u32.to_be_bytes()), (b"sRGB", &[0])];
    assert_upright(&make(&png_with(&plain, &srgb)).unwrap());
}

#[test]
fn a_photo_of_more_pixels_than_are_kept_is_scaled_while_it_is_decoded() {
    // A quarter of its pixels, and a little less.
    let whole = corners(384, 256);
    let limits = PhotoLimits { max_decoded_pixels: 384 * 256 / 4, ..PhotoLimits::default() };
    let tight = PhotoLimits { max_decoded_pixels: 384 * 256 / 10, ..PhotoLimits::default() };
    let jpeg = media::jpeg(&whole, 1);
    let grey = media::grey_jpeg(&whole);
    let png = media::png(&whole, 1, None);
    let heic = media::heif(&jpeg, "jpg", "heic");
    let avif = media::heif(&jpeg, "jpg", "avif");
    let jxl = jxl(&whole, &["-distance", "0.2"]);
    for photo in [&jpeg, &png, &heic, &avif, &jxl] {
        for limits in [limits, tight] {
            let made = make_within(photo, limits).unwrap();
            assert_upright(&made);
            assert_nothing_but_pixels(&made);
        }
    }
    assert!(make_within(&grey, tight).is_ok());
    // What cannot be scaled on the way is refused by its name.
    for photo in [media::webp(&whole, 1), media::gif(&whole)] {
        assert_eq!(make_within(&photo, limits).err(), Some(Failure::TooManyPixels));
    }
}
