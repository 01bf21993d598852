//! HEIC and AVIF as phones and programs build them.

use crate::media::{self, BLUE, Coded, GREEN, PAPER, RED, coded, corners};
use crate::{assert_colour, assert_upright, failure, make};
use crafted::heif::{Heif, auxiliary, boxed, clap, grid, ispe, nclx};
use image::{DynamicImage, Rgb, RgbImage};
use transcoder_protocol::Failure;

const APPLE: (&str, bool) = ("bt601", true);

/// A grid of two by two with id 10, of tiles 1 to 4, which shows [`corners`] of 96 × 64.
fn tiled(heif: &mut Heif) {
    let whole = corners(96, 64);
    let size = heif.property(ispe(48, 32));
    for (index, (x, y)) in [(0, 0), (48, 0), (0, 32), (48, 32)].into_iter().enumerate() {
        let Coded { setup, data } =
            coded(&whole.crop_imm(x, y, 48, 32), "libx265", "yuv420p", APPLE);
        let setup = heif.property(setup);
        heif.item(index as u32 + 1, b"hvc1", data, &[size, setup]);
    }
    let size = heif.property(ispe(96, 64));
    heif.item(10, b"grid", grid(2, 2, 96, 64), &[size]);
    heif.refer(b"dimg", 10, &[1, 2, 3, 4]);
    heif.primary = 10;
}

fn grey(width: u32, height: u32, value: u8) -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_pixel(width, height, Rgb([value; 3])))
}

/// A picture of its own in one piece.
fn add_single(heif: &mut Heif, id: u32, picture: &DynamicImage, pixels: &str) -> Vec<u8> {
    let Coded { setup, data } = coded(picture, "libx265", pixels, APPLE);
    let properties =
        vec![heif.property(ispe(picture.width(), picture.height())), heif.property(setup)];
    heif.item(id, b"hvc1", data, &properties);
    properties
}

#[test]
fn a_heic_as_ios_18_builds_it_is_taken() {
    let mut heif = Heif::default();
    tiled(&mut heif);
    // A gain map, with what becomes of both; the map and the EXIF belong to the picture and to what it could be.
    add_single(&mut heif, 20, &grey(48, 32, 90), "gray");
    let map = heif.property(auxiliary("urn:com:apple:photo:2020:aux:hdrgainmap"));
    heif.items.last_mut().unwrap().properties.push(map);
    let bright = heif.property(nclx(12, 16, 9, true));
    heif.item(30, b"tmap", vec![0; 62], &[bright]);
    let exif = [&[0; 4], media::exif(1).as_slice()].concat();
    heif.item(40, b"Exif", exif, &[]);
    heif.refer(b"dimg", 30, &[10, 20]);
    heif.refer(b"auxl", 20, &[10, 30]);
    heif.refer(b"cdsc", 40, &[10, 30]);
    let made = make(&heif.to_bytes(b"heic")).unwrap();
    assert_upright(&made);
    assert!(made.photo.had_location);

    // Where what it could be is said to be the picture itself, what it is is shown.
    heif.primary = 30;
    assert_upright(&make(&heif.to_bytes(b"heic")).unwrap());
}

#[test]
fn of_several_pictures_the_primary_one_is_shown() {
    let mut heif = Heif::default();
    add_single(&mut heif, 1, &grey(96, 64, 10), "yuv420p");
    add_single(&mut heif, 3, &corners(96, 64), "yuv420p");
    add_single(&mut heif, 2, &grey(64, 64, 200), "yuv420p");
    heif.primary = 3;
    assert_upright(&make(&heif.to_bytes(b"heic")).unwrap());
}

#[test]
fn a_mask_that_two_pictures_share_makes_this_one_transparent() {
    for (is_premultiplied, encoder, kind, urn) in [
        (false, "libx265", b"hvc1", "urn:mpeg:hevc:2015:auxid:1"),
        (true, "libaom-av1", b"av01", "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"),
    ] {
        // Half of the light at the left, where it is half clear.
        let mut heif = Heif::default();
        let picture = DynamicImage::ImageRgb8(RgbImage::from_fn(64, 64, |x, _| {
            Rgb(if is_premultiplied && x < 32 { [100, 20, 20] } else { [200, 40, 40] })
        }));
        let mask = DynamicImage::ImageRgb8(RgbImage::from_fn(64, 64, |x, _| {
            Rgb([if x < 32 { 128 } else { 255 }; 3])
        }));
        let size = heif.property(ispe(64, 64));
        let shown = coded(&picture, encoder, "yuv444p", APPLE);
        let clear = coded(&mask, encoder, "gray", APPLE);
        let properties = [shown.setup, clear.setup, auxiliary(urn)].map(|box_| heif.property(box_));
        heif.item(1, kind, shown.data, &[size, properties[0]]);
        heif.item(2, kind, clear.data, &[size, properties[1], properties[2]]);
        heif.item(3, b"tmap", vec![0; 62], &[]);
        heif.refer(b"auxl", 2, &[1, 3]);
        if is_premultiplied {
            heif.refer(b"prem", 1, &[2]);
        }
        heif.primary = 1;
        let made = make(&heif.to_bytes(b"mif1")).unwrap();
        let webp = made.widest("webp").to_rgba8();
        assert!(webp.get_pixel(8, 32).0[3].abs_diff(128) < 4, "{:?}", webp.get_pixel(8, 32));
        assert_eq!(webp.get_pixel(56, 32).0[3], 255);
        assert_colour(&made.widest("jpg"), (8, 32), [228, 148, 148], 10);
        assert_colour(&made.widest("jpg"), (56, 32), [200, 40, 40], 10);
    }
}

#[test]
fn every_depth_sampling_matrix_and_range_shows_the_same_colours() {
    let picture = corners(96, 64);
    let av1 = |pixels, matrix, range| ("libaom-av1", b"av01", pixels, matrix, range);
    let hevc = |pixels, matrix, range| ("libx265", b"hvc1", pixels, matrix, range);
    for (encoder, kind, pixels, matrix, is_full_range) in [
        av1("yuv420p", "bt601", true),
        av1("yuv420p", "bt709", false),
        av1("yuv422p", "bt709", true),
        av1("yuv444p", "bt601", false),
        av1("yuv420p10le", "bt2020", true),
        av1("yuv444p10le", "bt709", false),
        av1("yuv422p12le", "bt601", false),
        av1("yuv444p12le", "bt2020", false),
        av1("gbrp", "", true),
        hevc("yuv422p", "bt709", false),
        hevc("yuv444p", "bt601", true),
        hevc("yuv420p10le", "bt709", false),
        hevc("yuv420p12le", "bt601", true),
    ] {
        let code = match matrix {
            "bt709" => 1,
            "bt2020" => 9,
            "" => 0,
            _ => 6,
        };
        let Coded { setup, data } = coded(&picture, encoder, pixels, (matrix, is_full_range));
        let mut heif = Heif { primary: 1, ..Heif::default() };
        let properties =
            [ispe(96, 64), setup, nclx(1, 13, code, is_full_range)].map(|box_| heif.property(box_));
        heif.item(1, kind, data, &properties);
        println!("{encoder} {pixels} {matrix} {is_full_range}");
        assert_upright(&make(&heif.to_bytes(b"mif1")).unwrap());
    }
    for (encoder, kind) in [("libaom-av1", b"av01"), ("libx265", b"hvc1")] {
        let Coded { setup, data } = coded(&grey(96, 64, 77), encoder, "gray", APPLE);
        let mut heif = Heif { primary: 1, ..Heif::default() };
        let properties = [ispe(96, 64), setup].map(|box_| heif.property(box_));
        heif.item(1, kind, data, &properties);
        assert_colour(&make(&heif.to_bytes(b"mif1")).unwrap().widest("jpg"), (40, 40), [77; 3], 3);
    }
}

#[test]
fn a_picture_is_cut_and_turned_as_its_properties_say() {
    // 16 pixels too many on each side, of a camera held upright.
    let mut around = grey(128, 96, 0).to_rgb8();
    image::imageops::overlay(&mut around, &corners(96, 64).to_rgb8(), 16, 16);
    let around = DynamicImage::ImageRgb8(around);
    for (stored, turn) in [
        (around.clone(), None),
        (around.rotate270(), Some(boxed(b"irot", &[3]))),
        (around.rotate180(), Some(boxed(b"irot", &[2]))),
        (around.fliph(), Some(boxed(b"imir", &[1]))),
        (around.flipv(), Some(boxed(b"imir", &[0]))),
    ] {
        let mut heif = Heif { primary: 1, ..Heif::default() };
        let mut properties = add_single(&mut heif, 1, &stored, "yuv444p");
        properties.push(heif.property(clap(stored.width() - 32, stored.height() - 32, 0, 0)));
        properties.extend(turn.map(|turn| heif.property(turn)));
        heif.items[0].properties = properties;
        assert_upright(&make(&heif.to_bytes(b"heic")).unwrap());
    }
    let mut heif = Heif { primary: 1, ..Heif::default() };
    let mut properties = add_single(&mut heif, 1, &around, "yuv444p");
    properties.push(heif.property(clap(500, 10, 0, 0)));
    heif.items[0].properties = properties;
    assert_eq!(failure(&heif.to_bytes(b"heic")), Failure::Damaged);
}

/// [`corners`] with its numbers changed, coded in AVIF without loss of colour, and told what they mean.
fn told(change: impl Fn([u8; 3]) -> [u16; 3], primaries: u16, transfer: u16) -> Vec<u8> {
    let picture = corners(96, 64).to_rgb8();
    let deep = image::ImageBuffer::from_fn(96, 64, |x, y| Rgb(change(picture.get_pixel(x, y).0)));
    let Coded { setup, data } =
        coded(&DynamicImage::ImageRgb16(deep), "libaom-av1", "yuv444p10le", ("bt2020", true));
    let mut heif = Heif { primary: 1, ..Heif::default() };
    let properties =
        [ispe(96, 64), setup, nclx(primaries, transfer, 9, true)].map(|box_| heif.property(box_));
    heif.item(1, b"av01", data, &properties);
    heif.to_bytes(b"avif")
}

#[test]
fn colours_that_code_points_tell_are_brought_to_srgb() {
    use moxcms::{ColorProfile, Layout, TransformOptions};
    let to_p3 = ColorProfile::new_srgb()
        .create_transform_8bit(
            Layout::Rgb,
            &ColorProfile::new_display_p3(),
            Layout::Rgb,
            TransformOptions::default(),
        )
        .unwrap();
    let p3 = told(
        |pixel| {
            let mut wide = [0; 3];
            to_p3.transform(&pixel, &mut wide).unwrap();
            wide.map(|part| u16::from(part) * 257)
        },
        12,
        13,
    );
    assert_upright(&make(&p3).unwrap());
}

#[test]
fn a_bright_still_looks_as_it_is_meant() {
    let light = |number: u8| {
        let number = f64::from(number) / 255.0;
        if number <= 0.04045 { number / 12.92 } else { ((number + 0.055) / 1.055).powf(2.4) }
    };
    let pq = |nits: f64| {
        let light = (nits / 10_000.0).powf(2610.0 / 16384.0);
        let number = (3424.0 / 4096.0 + 2413.0 / 128.0 * light) / (1.0 + 2392.0 / 128.0 * light);
        (number.powf(2523.0 / 32.0) * 65_535.0).round() as u16
    };
    // With white where paper is: nothing is brighter, and it comes out as it went in.
    let paper = told(|pixel| pixel.map(|number| pq(light(number) * 203.0)), 1, 16);
    assert_upright(&make(&paper).unwrap());
    // With a sky of 1000 cd/m² in it: what is dark stays, what is bright is bent under white, and nothing is grey or burnt out.
    let lit = told(
        |pixel| match pixel {
            PAPER => [pq(1000.0); 3],
            pixel => pixel.map(|number| pq(light(number) * 203.0)),
        },
        1,
        16,
    );
    let jpeg = make(&lit).unwrap().widest("jpg");
    assert_colour(&jpeg, (84, 52), [255; 3], 6);
    for (at, colour) in [((12, 12), RED), ((84, 12), GREEN), ((12, 52), BLUE)] {
        assert_colour(&jpeg, at, colour, 20);
    }
}

#[test]
fn the_first_picture_of_a_sequence_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    corners(96, 64).save(folder.path().join("0.png")).unwrap();
    grey(96, 64, 20).save(folder.path().join("1.png")).unwrap();
    let avif = folder.path().join("moving.avif");
    let run = std::process::Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(folder.path().join("%d.png"))
        .args(["-vf", "scale=out_color_matrix=bt601:out_range=tv,format=yuv444p"])
        .args(["-c:v", "libaom-av1", "-crf", "4", "-cpu-used", "8"])
        .arg(&avif)
        .status()
        .unwrap();
    assert!(run.success());
    let mut sequence = std::fs::read(avif).unwrap();
    assert_upright(&make(&sequence).unwrap());
    // Without the still beside it.
    let meta = sequence.windows(4).position(|name| name == b"meta").unwrap();
    sequence[meta..meta + 4].copy_from_slice(b"free");
    assert_upright(&make(&sequence).unwrap());
}

#[test]
fn what_no_decoder_here_knows_is_unsupported_and_not_damaged() {
    let mut heif = Heif { primary: 1, ..Heif::default() };
    let size = heif.property(ispe(96, 64));
    heif.item(1, b"j2k1", vec![1, 2, 3], &[size]);
    assert_eq!(failure(&heif.to_bytes(b"mif1")), Failure::UnsupportedCodec);
}

#[test]
fn a_grid_that_promises_more_than_its_tiles_is_damaged() {
    for change in [
        |heif: &mut Heif| heif.references[0].2.truncate(3),
        |heif: &mut Heif| heif.references[0].2[3] = 99,
        |heif: &mut Heif| heif.references[0].2[3] = 10,
        |heif: &mut Heif| heif.items[4].data = grid(2, 2, 96, 60_000),
        |heif: &mut Heif| heif.items[4].data = grid(2, 2, 40, 64),
        |heif: &mut Heif| heif.items[4].data.truncate(5),
        |heif: &mut Heif| heif.items[2].properties.clear(),
    ] {
        let mut heif = Heif::default();
        tiled(&mut heif);
        change(&mut heif);
        let refused = failure(&heif.to_bytes(b"heic"));
        assert!(
            matches!(
                refused,
                Failure::Damaged | Failure::UnsupportedCodec | Failure::TooManyPixels
            ),
            "{refused:?}"
        );
    }
}
