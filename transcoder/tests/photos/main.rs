//! The child process on photos: what comes out, and what is refused.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests panic and talk")]

mod formats;
mod heif;
mod media;

use crafted::Chance;
use image::{DynamicImage, Rgb, Rgba, RgbaImage};
use media::{BLUE, GREEN, PAPER, RED, SECRET, corners};
use moxcms::{ColorProfile, Layout, TransformOptions};
use std::fs;
use std::process::Command;
use tempfile::TempDir;
use transcoder_protocol::{
    Caged, Event, Failure, NO_MEMORY_STATUS, Output, PhotoLimits, PhotoOutput, PhotoTask, Task,
};

struct Made {
    photo: PhotoOutput,
    folder: TempDir,
}

impl Made {
    fn open(&self, name: &str) -> DynamicImage {
        image::open(self.folder.path().join("out").join(name)).expect("a readable photo")
    }

    fn widest(&self, extension: &str) -> DynamicImage {
        self.open(&format!("{}.{extension}", self.photo.width))
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.folder.path().join("out"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn bytes(&self) -> impl Iterator<Item = Vec<u8>> {
        self.names()
            .into_iter()
            .map(|name| fs::read(self.folder.path().join("out").join(name)).unwrap())
    }
}

fn make(bytes: &[u8]) -> Result<Made, Failure> {
    make_within(bytes, PhotoLimits::default())
}

/// Runs the child. Panics when it ends without a last word, as a crash does; for want of memory there may be none.
fn make_within(bytes: &[u8], limits: PhotoLimits) -> Result<Made, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in.jpg"), folder.path().join("out"));
    fs::write(&input, bytes).unwrap();
    fs::create_dir(&output).unwrap();
    let task =
        Task::Photo(PhotoTask { input: input.clone(), output, widths: vec![24, 48, 96], limits });
    let ended = Command::new(env!("CARGO_BIN_EXE_megurumi-transcoder"))
        .arg(serde_json::to_string(&task).unwrap())
        .stdin(fs::File::open(&input).unwrap())
        .output()
        .unwrap();
    let events: Vec<Event> = ended
        .stdout
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(
        events.first(),
        Some(&Event::Caged(Caged { landlock: true, seccomp: true, rlimits: true }))
    );
    match events.last() {
        Some(Event::Done(Output::Photo(photo))) => Ok(Made { photo: photo.clone(), folder }),
        Some(Event::Failed { failure, detail }) => {
            println!("{failure:?}: {detail}");
            assert_ne!(*failure, Failure::Crashed);
            Err(*failure)
        }
        _ if ended.status.code() == Some(NO_MEMORY_STATUS) => Err(Failure::TooHeavy),
        last => panic!("{}: {last:?} {}", ended.status, String::from_utf8_lossy(&ended.stderr)),
    }
}

fn failure(bytes: &[u8]) -> Failure {
    make(bytes).map(|made| made.photo).expect_err("a refusal")
}

fn assert_colour(picture: &DynamicImage, (x, y): (u32, u32), expected: [u8; 3], tolerance: u8) {
    let Rgb(found) = *picture.to_rgb8().get_pixel(x, y);
    let near = found.iter().zip(expected).all(|(&a, b)| a.abs_diff(b) <= tolerance);
    assert!(near, "{found:?} at {x},{y}, not {expected:?}");
}

/// That `made` shows [`corners`] of 96 × 64, upright.
fn assert_upright(made: &Made) {
    assert_eq!((made.photo.width, made.photo.height), (96, 64));
    for extension in ["webp", "jpg"] {
        let picture = made.widest(extension);
        assert_eq!((picture.width(), picture.height()), (96, 64));
        // Video range and 4:2:0 cost a little at the edges, nothing in the middle of a patch.
        for (at, colour) in
            [((12, 12), RED), ((84, 12), GREEN), ((12, 52), BLUE), ((84, 52), PAPER)]
        {
            assert_colour(&picture, at, colour, 12);
        }
    }
}

fn assert_nothing_but_pixels(made: &Made) {
    for bytes in made.bytes() {
        for trace in [SECRET.as_bytes(), b"Exif", b"EXIF", b"xmp", b"XMP", b"Photoshop", b"ICC"] {
            assert!(!bytes.windows(trace.len()).any(|window| window == trace), "{trace:?}");
        }
    }
}

#[test]
fn a_photo_of_any_orientation_comes_out_upright_and_without_metadata() {
    let upright = corners(96, 64);
    for orientation in 1..=8 {
        let stored = media::stored(&upright, orientation);
        for bytes in [
            media::jpeg(&stored, orientation),
            media::png(&stored, orientation, None),
            media::webp(&stored, orientation),
        ] {
            let made = make(&bytes).unwrap();
            assert_upright(&made);
            assert_nothing_but_pixels(&made);
        }
    }
}

#[test]
fn a_heic_or_avif_is_turned_by_its_exif_when_nothing_else_turns_it() {
    let source = media::jpeg(&media::stored(&corners(96, 64), 6), 6);
    for extension in ["heic", "avif"] {
        let made = make(&media::heif(&source, "jpg", extension)).unwrap();
        assert_upright(&made);
        assert_nothing_but_pixels(&made);
    }
}

#[test]
fn a_heic_with_a_turning_property_is_turned_once() {
    let source = media::jpeg(&media::stored(&corners(96, 64), 6), 6);
    let heic = media::with_turning_property(media::heif(&source, "jpg", "heic"), 3);
    let made = make(&heic).unwrap();
    assert_upright(&made);
    assert_eq!(made.names(), ["24.jpg", "24.webp", "48.jpg", "48.webp", "96.jpg", "96.webp"]);
}

#[test]
fn a_heic_keeps_its_transparency() {
    let clear =
        RgbaImage::from_fn(64, 64, |x, _| Rgba([200, 40, 40, if x < 32 { 0 } else { 255 }]));
    let png = media::png(&DynamicImage::ImageRgba8(clear), 1, None);
    let made = make(&media::heif(&png, "png", "heic")).unwrap();
    assert_eq!(made.widest("webp").to_rgba8().get_pixel(8, 32).0[3], 0);
    assert_colour(&made.widest("jpg"), (8, 32), [255; 3], 4);
}

#[test]
fn the_widths_asked_for_are_made_and_none_is_scaled_up() {
    let widths =
        |width, height| make(&media::jpeg(&corners(width, height), 1)).unwrap().photo.widths;
    assert_eq!(widths(300, 200), [24, 48, 96]);
    assert_eq!(widths(96, 64), [24, 48, 96]);
    assert_eq!(widths(60, 40), [24, 48, 60]);
    assert_eq!(widths(9, 6), [9]);
}

#[test]
fn a_strip_too_tall_for_webp_is_made_as_wide_as_it_can_be() {
    let made = make(&media::png(&corners(3, 40_000), 1, None)).unwrap();
    assert_eq!((made.photo.width, made.photo.height), (1, 13_333));
    assert_eq!(made.photo.widths, [1]);
}

#[test]
fn the_first_frame_of_a_gif_is_taken() {
    assert_upright(&make(&media::gif(&corners(96, 64))).unwrap());
}

#[test]
fn transparency_stays_in_webp_and_becomes_white_in_jpeg() {
    let clear =
        RgbaImage::from_fn(64, 64, |x, _| Rgba([200, 40, 40, if x < 32 { 0 } else { 255 }]));
    let made = make(&media::webp(&DynamicImage::ImageRgba8(clear), 1)).unwrap();
    let (webp, jpeg) = (made.widest("webp"), made.widest("jpg"));
    assert_eq!(webp.to_rgba8().get_pixel(8, 32).0[3], 0);
    assert_eq!(webp.to_rgba8().get_pixel(56, 32).0[3], 255);
    assert_colour(&jpeg, (8, 32), [255; 3], 4);
    assert_colour(&jpeg, (56, 32), [200, 40, 40], 8);
    assert_eq!(made.photo.colour, "#e49494");
}

#[test]
fn deep_grey_and_print_pictures_are_taken() {
    let picture = corners(96, 64);
    assert_upright(
        &make(&media::png(&DynamicImage::ImageRgb16(picture.to_rgb16()), 1, None)).unwrap(),
    );
    assert_upright(&make(&media::cmyk_jpeg(&picture)).unwrap());
    let grey = make(&media::grey_jpeg(&picture)).unwrap().widest("jpg");
    let Rgb([red, green, blue]) = *grey.to_rgb8().get_pixel(12, 12);
    assert!(red == green && green == blue);
}

#[test]
fn wide_colours_are_brought_to_srgb() {
    let p3 = ColorProfile::new_display_p3();
    let mut profiled = corners(96, 64).to_rgb8();
    let to_p3 = ColorProfile::new_srgb()
        .create_transform_8bit(Layout::Rgb, &p3, Layout::Rgb, TransformOptions::default())
        .unwrap();
    let pixels = profiled.clone().into_raw();
    to_p3.transform(&pixels, &mut profiled).unwrap();
    assert!(profiled.get_pixel(12, 12).0[0] < RED[0] - 15, "the test would not notice");
    let bytes = media::png(&DynamicImage::ImageRgb8(profiled), 1, Some(p3.encode().unwrap()));
    let made = make(&bytes).unwrap();
    assert_upright(&made);
    assert_nothing_but_pixels(&made);
}

#[test]
fn a_broken_colour_profile_costs_no_photo() {
    let bytes = media::png(&corners(96, 64), 1, Some(vec![7; 300]));
    assert_upright(&make(&bytes).unwrap());
}

#[test]
fn fine_bright_detail_keeps_its_light_when_scaled_down() {
    // Black and white dots mix to half the light, which is sRGB 188, not 128.
    let dots = image::GrayImage::from_fn(768, 768, |x, y| image::Luma([255 * ((x + y) % 2) as u8]));
    let made = make(&media::png(&DynamicImage::ImageLuma8(dots), 1, None)).unwrap();
    assert_colour(&made.widest("jpg"), (48, 48), [188; 3], 3);
}

#[test]
fn what_is_no_photo_is_refused_whatever_its_name() {
    assert_eq!(failure(b""), Failure::Empty);
    assert_eq!(failure("ただのテキストです。\n".repeat(50).as_bytes()), Failure::UnknownFormat);
    assert_eq!(failure(b"#EXTM3U\nfile:///etc/passwd\n"), Failure::UnknownFormat);
    assert_eq!(failure(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), Failure::UnknownFormat);
    assert_eq!(failure(b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2"), Failure::UnknownFormat);
    assert_eq!(failure(&[0xff]), Failure::UnknownFormat);
}

#[test]
fn a_photo_cut_short_is_damaged_wherever_it_is_cut() {
    let picture = corners(96, 64);
    let jpeg = media::jpeg(&picture, 1);
    let heic = media::heif(&jpeg, "jpg", "heic");
    let mut gif = media::gif(&picture);
    // Its first frame is all that counts.
    gif.truncate(gif.len() / 2);
    let photos = [jpeg, media::png(&picture, 1, None), media::webp(&picture, 1), gif, heic];
    for whole in photos {
        for eighths in [1, 3, 5] {
            let cut = &whole[..(whole.len() * eighths / 8).max(16)];
            assert_eq!(failure(cut), Failure::Damaged, "{:02x?} at {eighths}/8", &whole[..12]);
        }
    }
}

#[test]
fn a_header_that_promises_too_many_pixels_is_refused_without_decoding() {
    // Too little to hold even one byte for each pixel; libraries alone take half of it.
    let limits = PhotoLimits { max_memory_bytes: 512 << 20, ..PhotoLimits::default() };
    let refused =
        |bytes: &[u8]| make_within(bytes, limits).map(|made| made.photo).expect_err("refused");
    assert_eq!(refused(&crafted::png_header(30_000, 30_000)), Failure::TooManyPixels);
    assert_eq!(refused(&crafted::png_header(1, 4_000_000)), Failure::TooManyPixels);

    let mut jpeg = media::jpeg(&corners(96, 64), 1);
    let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
    assert_eq!(refused(&jpeg), Failure::TooManyPixels);

    let mut gif = media::gif(&corners(96, 64));
    gif[6..10].copy_from_slice(&[0xff; 4]);
    assert_eq!(refused(&gif), Failure::TooManyPixels);

    let mut heic = media::heif(&media::jpeg(&corners(96, 64), 1), "jpg", "heic");
    let size = heic.windows(4).position(|name| name == b"ispe").unwrap() + 8;
    heic[size..size + 8].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    assert_eq!(refused(&heic), Failure::TooManyPixels);
}

#[test]
fn the_limits_of_a_task_are_kept() {
    let bytes = media::jpeg(&corners(96, 64), 1);
    let too_long =
        PhotoLimits { max_input_bytes: bytes.len() as u64 - 1, ..PhotoLimits::default() };
    assert_eq!(make_within(&bytes, too_long).err(), Some(Failure::TooHeavy));
    let too_many = PhotoLimits { max_pixels: 96 * 64 - 1, ..PhotoLimits::default() };
    assert_eq!(make_within(&bytes, too_many).err(), Some(Failure::TooManyPixels));
    let too_heavy = PhotoLimits { max_output_bytes: 500, ..PhotoLimits::default() };
    assert_eq!(make_within(&bytes, too_heavy).err(), Some(Failure::TooHeavy));
}

#[test]
fn the_want_of_memory_has_one_name_for_a_heic_too() {
    // Large enough that the converter is the first to want for some limits, and we for others.
    let jpeg = media::poor_jpeg(&corners(3000, 2000));
    let heic = media::heif(&jpeg, "jpg", "heic");
    let mut made = 0;
    for mebibytes in (40..=600).step_by(20) {
        let limits = PhotoLimits { max_memory_bytes: mebibytes << 20, ..PhotoLimits::default() };
        match make_within(&heic, limits) {
            Ok(_) => made += 1,
            Err(failure) => assert_eq!(failure, Failure::TooHeavy, "{mebibytes} MiB"),
        }
    }
    assert!(made > 0, "600 MiB are enough for it");
    // A header may claim more than there is; what the converter would set aside counts.
    let limits = PhotoLimits { max_memory_bytes: 500 << 20, ..PhotoLimits::default() };
    let mut large = media::heif(&media::poor_jpeg(&corners(96, 64)), "jpg", "heic");
    let size = large.windows(4).position(|name| name == b"ispe").unwrap() + 8;
    large[size..size + 8].copy_from_slice(&[0, 0, 0x1f, 0x40, 0, 0, 0x17, 0x70]);
    assert_eq!(make_within(&large, limits).err(), Some(Failure::TooHeavy));
}

#[test]
fn the_mean_colour_is_told() {
    let picture = image::RgbImage::from_pixel(50, 50, Rgb([0xbf, 0x47, 0x11]));
    let png = media::png(&DynamicImage::ImageRgb8(picture), 1, None);
    let photo = make(&png).unwrap().photo;
    assert_eq!(photo.colour, "#bf4711");
    assert_eq!(photo.grid.colours, ["#bf4711"; 12]);
    assert_eq!(photo.fingerprint, None);
}

#[test]
fn the_colours_of_a_grid_are_told_upright() {
    let grid = make(&media::jpeg(&media::stored(&corners(96, 64), 6), 6)).unwrap().photo.grid;
    assert_eq!((grid.columns, grid.rows, grid.colours.len()), (4, 3, 12));
    let part = |colour: &str, at: usize| u8::from_str_radix(&colour[at..at + 2], 16).unwrap();
    let (top_left, bottom_left) = (&grid.colours[0], &grid.colours[8]);
    assert!(part(top_left, 1) > 180 && part(top_left, 5) < 60, "{top_left}");
    assert!(part(bottom_left, 5) > 160 && part(bottom_left, 1) < 80, "{bottom_left}");
}

#[test]
fn whether_the_photo_said_where_is_told() {
    let picture = corners(96, 64);
    let had_location = |bytes: &[u8]| make(bytes).unwrap().photo.had_location;
    let told = media::jpeg(&picture, 1);
    assert!(had_location(&told));
    assert!(had_location(&media::webp(&picture, 1)));
    assert!(had_location(&media::heif(&told, "jpg", "heic")));
    assert!(!had_location(&media::grey_jpeg(&picture)));
}

#[test]
fn a_fingerprint_survives_another_size_quality_and_format() {
    let fingerprint = |bytes: &[u8]| make(bytes).unwrap().photo.fingerprint.unwrap();
    let scene = |seed: f32, width: u32, height: u32| {
        DynamicImage::ImageRgb8(image::RgbImage::from_fn(width, height, |x, y| {
            let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
            let wave = |a: f32, b: f32| ((a * x + b * y + seed) * seed).sin() * 60.0 + 120.0;
            Rgb([wave(9.0, 2.0) as u8, wave(3.0, 7.0) as u8, wave(5.0, 5.0) as u8])
        }))
    };
    let original = fingerprint(&media::jpeg(&scene(1.3, 600, 400), 1));
    for copy in [
        media::png(&scene(1.3, 97, 65), 1, None),
        media::webp(&scene(1.3, 300, 200), 1),
        media::poor_jpeg(&scene(1.3, 450, 300).brighten(8)),
        media::jpeg(&media::stored(&scene(1.3, 600, 400), 6), 6),
    ] {
        let bits = original.distance(fingerprint(&copy));
        assert!(bits <= 6, "{bits} bits");
    }
    for seed in [0.7, 2.1, 2.9] {
        let bits = original.distance(fingerprint(&media::jpeg(&scene(seed, 600, 400), 1)));
        assert!(bits > 16, "{bits} bits to {seed}");
    }
}

/// Every changed file must end in a photo or a refusal; `make` panics at anything else.
#[test]
fn no_changed_byte_makes_the_child_crash() {
    let picture = corners(48, 32);
    let jpeg = media::jpeg(&picture, 6);
    let profile = ColorProfile::new_display_p3().encode().unwrap();
    let (heic, avif) = (media::heif(&jpeg, "jpg", "heic"), media::heif(&jpeg, "jpg", "avif"));
    let photos = [
        (jpeg, 40),
        (media::png(&picture, 6, Some(profile)), 40),
        (media::webp(&picture, 6), 40),
        (media::gif(&picture), 40),
        (heic, 12),
        (avif, 12),
    ];
    let mut chance = Chance(20_261_122);
    for (whole, rounds) in photos {
        for _ in 0..rounds {
            let mut changed = whole.clone();
            for _ in 0..=chance.below(6) {
                // Headers decide most; half of the changes go there.
                let reach =
                    if chance.below(2) == 0 { changed.len().min(160) } else { changed.len() };
                let at = chance.below(reach);
                changed[at] = chance.below(256) as u8;
            }
            drop(make(&changed));
        }
    }
}
