//! Photos made on the spot.

use crafted::heif::boxed;
use image::codecs::{gif::GifEncoder, png::PngEncoder, webp::WebPEncoder};
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, ImageEncoder, Rgb, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use std::path::Path;
use std::process::Command;

pub const RED: [u8; 3] = [220, 30, 30];
pub const GREEN: [u8; 3] = [30, 160, 60];
pub const BLUE: [u8; 3] = [40, 60, 200];
pub const PAPER: [u8; 3] = [240, 235, 225];

/// Stands in every EXIF segment made here; must stand in nothing that comes out.
pub const SECRET: &str = "35.0N135.0E-at-home";

/// An upright picture that cannot be mistaken for a turned or mirrored one: red at its top left, green at its top right,
/// blue at its bottom left.
pub fn corners(width: u32, height: u32) -> DynamicImage {
    let (third, half) = (width / 3, height / 2);
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
        Rgb(match (x < third, x >= 2 * third, y < half) {
            (true, _, true) => RED,
            (_, true, true) => GREEN,
            (true, _, false) => BLUE,
            _ => PAPER,
        })
    }))
}

/// `upright` as a camera held so that EXIF `orientation` describes it would store it.
pub fn stored(upright: &DynamicImage, orientation: u8) -> DynamicImage {
    let mut stored = upright.clone();
    let back = match orientation {
        6 => 8,
        8 => 6,
        own_inverse => own_inverse,
    };
    stored.apply_orientation(Orientation::from_exif(back).expect("1 to 8"));
    stored
}

/// EXIF (as TIFF) with an orientation, a description that holds [`SECRET`], and a place.
pub fn exif(orientation: u8) -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        let mut entry = Vec::new();
        entry.extend(tag.to_le_bytes());
        entry.extend(kind.to_le_bytes());
        entry.extend(count.to_le_bytes());
        entry.extend(value.to_le_bytes());
        entry
    };
    let description = 8 + 2 + 3 * 12 + 4;
    let gps = description + SECRET.len() as u32 + 1;
    let latitude = gps + 2 + 2 * 12 + 4;
    tiff.extend(3_u16.to_le_bytes());
    tiff.extend(entry(0x010e, 2, SECRET.len() as u32 + 1, description));
    tiff.extend(entry(0x0112, 3, 1, u32::from(orientation)));
    tiff.extend(entry(0x8825, 4, 1, gps));
    tiff.extend([0; 4]);
    tiff.extend(SECRET.as_bytes());
    tiff.push(0);
    tiff.extend(2_u16.to_le_bytes());
    tiff.extend(entry(0x0001, 2, 2, u32::from(b'N')));
    tiff.extend(entry(0x0002, 5, 3, latitude));
    tiff.extend([0; 4]);
    for part in [35_u32, 1, 0, 1, 47, 1] {
        tiff.extend(part.to_le_bytes());
    }
    tiff
}

/// With EXIF, and the comment and the XMP that editors add.
pub fn jpeg(picture: &DynamicImage, orientation: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 95);
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    encoder.add_exif_metadata(&exif(orientation)).expect("an EXIF segment");
    let xmp = format!("http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>{SECRET}</x:xmpmeta>");
    encoder.add_app_segment(1, xmp.into_bytes()).expect("an XMP segment");
    encoder.add_app_segment(13, format!("Photoshop 3.0\0{SECRET}").into_bytes()).expect("IPTC");
    let (width, height) = (picture.width() as u16, picture.height() as u16);
    encoder.encode(&picture.to_rgb8(), width, height, ColorType::Rgb).expect("a JPEG");
    bytes
}

/// As a messenger sends it on.
pub fn poor_jpeg(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (width, height) = (picture.width() as u16, picture.height() as u16);
    Encoder::new(&mut bytes, 30)
        .encode(&picture.to_rgb8(), width, height, ColorType::Rgb)
        .expect("a JPEG");
    bytes
}

pub fn grey_jpeg(picture: &DynamicImage) -> Vec<u8> {
    let (width, height) = (picture.width() as u16, picture.height() as u16);
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes, 95)
        .encode(&picture.to_luma8(), width, height, ColorType::Luma)
        .expect("a grey JPEG");
    bytes
}

pub fn cmyk_jpeg(picture: &DynamicImage) -> Vec<u8> {
    let cmyk: Vec<u8> = picture
        .to_rgb8()
        .pixels()
        .flat_map(|pixel| {
            let [red, green, blue] = pixel.0.map(|part| 255 - part);
            [red, green, blue, 0]
        })
        .collect();
    let (width, height) = (picture.width() as u16, picture.height() as u16);
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes, 95)
        .encode(&cmyk, width, height, ColorType::Cmyk)
        .expect("a CMYK JPEG");
    bytes
}

pub fn png(picture: &DynamicImage, orientation: u8, profile: Option<Vec<u8>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = PngEncoder::new(&mut bytes);
    encoder.set_exif_metadata(exif(orientation)).expect("PNG takes EXIF");
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile).expect("PNG takes a profile");
    }
    encode(encoder, picture);
    bytes
}

pub fn webp(picture: &DynamicImage, orientation: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = WebPEncoder::new_lossless(&mut bytes);
    encoder.set_exif_metadata(exif(orientation)).expect("WebP takes EXIF");
    encode(encoder, picture);
    bytes
}

/// Two frames, of which the second is grey all over.
pub fn gif(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    let grey = RgbImage::from_pixel(picture.width(), picture.height(), Rgb([128; 3]));
    for frame in [picture.clone(), DynamicImage::ImageRgb8(grey)] {
        encoder.encode_frame(image::Frame::new(frame.to_rgba8())).expect("a frame");
    }
    drop(encoder);
    bytes
}

fn encode(encoder: impl ImageEncoder, picture: &DynamicImage) {
    let (width, height) = (picture.width(), picture.height());
    let kind = ExtendedColorType::from(picture.color());
    encoder.write_image(picture.as_bytes(), width, height, kind).expect("an image");
}

/// HEIC or AVIF, by the extension, through Debian's `heif-enc`.
pub fn heif(source: &[u8], source_extension: &str, extension: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |extension: &str| folder.path().join(format!("picture.{extension}"));
    std::fs::write(path(source_extension), source).expect("written");
    run_heif_enc(&path(source_extension), &path(extension));
    std::fs::read(path(extension)).expect("heif-enc wrote a file")
}

fn run_heif_enc(from: &Path, to: &Path) {
    let output = Command::new("heif-enc")
        .args(["-q", "95", "-p", "chroma=444", "-o"])
        .args([to, from])
        .output()
        .expect("heif-enc of libheif-examples");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// One coded picture, as containers hold it.
pub struct Coded {
    /// The box that says how it is coded.
    pub setup: Vec<u8>,
    pub data: Vec<u8>,
}

/// Coded by ffmpeg's `libx265` or `libaom-av1`, in that pixel format; by that matrix of ffmpeg's, from end to end or not.
pub fn coded(
    picture: &DynamicImage,
    encoder: &str,
    pixels: &str,
    (matrix, is_full_range): (&str, bool),
) -> Coded {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("in.png"), folder.path().join("out.mp4"));
    picture.save(&from).expect("written");
    let range = if is_full_range { "pc" } else { "tv" };
    let filter = format!("scale=out_color_matrix={matrix}:out_range={range},format={pixels}");
    let filter = if pixels.starts_with("gbr") { format!("format={pixels}") } else { filter };
    let own = match encoder {
        "libx265" => {
            ["-x265-params", "log-level=none:ctu=16:min-cu-size=8:qp=4:info=0", "-tag:v", "hvc1"]
        }
        _ => ["-crf", "4", "-cpu-used", "8"],
    };
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(&from)
        .args(["-frames:v", "1", "-vf", &filter, "-color_range", range, "-c:v", encoder])
        .args(own)
        .args(["-bitexact", "-f", "mp4"])
        .arg(&to)
        .output()
        .expect("ffmpeg");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mp4 = std::fs::read(to).expect("ffmpeg wrote a file");
    let whole = |name: &[u8; 4]| {
        let at = mp4.windows(4).position(|window| window == name)? - 4;
        let length = u32::from_be_bytes(mp4[at..at + 4].try_into().expect("four")) as usize;
        Some(mp4[at..at + length].to_vec())
    };
    let setup = whole(b"hvcC").or_else(|| whole(b"av1C")).expect("a set-up box");
    // The only sample is all that there is.
    Coded { setup, data: whole(b"mdat").expect("samples")[8..].to_vec() }
}

/// JPEG XL by ffmpeg, which takes what else is said of a picture as its own options.
pub fn jxl(picture: &DynamicImage, options: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("in.png"), folder.path().join("out.jxl"));
    picture.save(&from).expect("written");
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(&from)
        .args(["-c:v", "libjxl"])
        .args(options)
        .arg(&to)
        .output()
        .expect("ffmpeg");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(to).expect("ffmpeg wrote a file")
}

/// A JPEG XL stream in boxes, with these behind it.
pub fn jxl_with(stream: &[u8], boxes: &[u8]) -> Vec<u8> {
    let signature = b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl ";
    [signature.as_slice(), boxes, &boxed(b"jxlc", stream)].concat()
}

/// A PNG with chunks of that name and content before its pixels.
pub fn png_with(picture: &DynamicImage, chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(PngEncoder::new(&mut bytes), picture);
    let mut added = Vec::new();
    for (name, content) in chunks {
        added.extend((content.len() as u32).to_be_bytes());
        let named = [name.as_slice(), content].concat();
        added.extend(&named);
        added.extend(crafted::crc32(&named).to_be_bytes());
    }
    bytes.splice(33..33, added);
    bytes
}

/// The same HEIC, turned anticlockwise by `quarters` of its own accord, as iPhones write it. The property that says how
/// many bits a pixel has stands where this needs one, and nobody misses it.
pub fn with_turning_property(mut heic: Vec<u8>, quarters: u8) -> Vec<u8> {
    let at = heic.windows(4).position(|name| name == b"pixi").expect("a pixi box");
    heic[at..at + 4].copy_from_slice(b"irot");
    heic[at + 4] = quarters;
    heic
}
