//! Clips whose frames change on the way: phones that are turned, calls that begin small, broadcasts between 4:3 and 16:9.

use crate::media::{Made, Studio, decoded, is_near};
use std::path::PathBuf;
use transcoder_protocol::run::{Update, run};
use transcoder_protocol::{Output, VideoLimits};

/// So many frames a second, and luma of the two parts behind their disc.
const RATE: usize = 25;
const BEHIND: [u8; 2] = [60, 110];

/// A white disc on grey, for so many seconds; `wide` is the width of a pixel over its height.
fn disc((width, height): (u32, u32), seconds: u32, behind: u8, wide: &str) -> String {
    format!(
        "-f lavfi -i color=black:s={width}x{height}:r={RATE}:d={seconds},format=yuv420p,\
         geq=lum='if(lt(hypot((X-W/2)*{wide},Y-H/2),min(W*{wide},H)/3),235,{behind})':cb=128:cr=128,setsar={wide}"
    )
}

/// A part of a transport stream that goes on so much later.
fn after(seconds: u32) -> String {
    format!("-output_ts_offset {seconds}")
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Vp8,
    Vp9,
    H264InMatroska,
    H264InMp4,
    H264InTs,
    Hevc,
}

const KINDS: [Kind; 6] =
    [Kind::Vp8, Kind::Vp9, Kind::H264InMatroska, Kind::H264InMp4, Kind::H264InTs, Kind::Hevc];

/// One stream whose size changes after the first part. Each part: size and seconds.
fn changing(studio: &Studio, kind: Kind, parts: [((u32, u32), u32); 2]) -> PathBuf {
    let (extension, coding, clip) = match kind {
        Kind::Vp8 => ("webm", "-c:v libvpx -deadline realtime -b:v 1M", "clip.webm"),
        Kind::Vp9 => {
            ("webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 1M", "clip.webm")
        }
        Kind::H264InMatroska => ("h264", "-c:v libx264 -bf 0", "clip.mkv"),
        Kind::H264InMp4 => ("h264", "-c:v libx264 -bf 0", "clip.mp4"),
        Kind::H264InTs => ("ts", "-c:v libx264 -bf 0", "clip.ts"),
        Kind::Hevc => ("hevc", "-c:v libx265 -x265-params bframes=0:log-level=none", "clip.mkv"),
    };
    let files = [0, 1].map(|part| {
        let (size, seconds) = parts[part];
        let later = if extension == "ts" { after(parts[0].1 * part as u32) } else { String::new() };
        let arguments = format!("{} {coding} {later}", disc(size, seconds, BEHIND[part], "1"));
        studio.film(&format!("part{part}.{extension}"), &arguments)
    });
    if extension == "webm" {
        let list = files.map(|file| format!("file '{}'\n", file.display())).concat();
        let list = studio.write("parts.txt", list.as_bytes());
        return studio.film(clip, &format!("-f concat -safe 0 -i {} -c copy", list.display()));
    }
    let stream = files.map(|file| std::fs::read(file).unwrap()).concat();
    let both = studio.write(&format!("both.{extension}"), &stream);
    if extension == "ts" {
        return both;
    }
    studio.film(clip, &format!("-r {RATE} -i {} -c copy", both.display()))
}

/// Luma of every frame of the highest rendition.
struct Frames {
    width: usize,
    height: usize,
    luma: Vec<u8>,
}

impl Frames {
    fn of(made: &Made) -> Self {
        let highest = made.output.renditions.last().unwrap();
        let all = "-map 0:v -vsync passthrough -vf extractplanes=y";
        Self {
            width: highest.width as usize,
            height: highest.height as usize,
            luma: decoded(&made.highest(), "", all),
        }
    }

    fn count(&self) -> usize {
        self.luma.len() / (self.width * self.height)
    }

    fn row(&self, frame: usize, y: usize) -> &[u8] {
        &self.luma[(frame * self.height + y) * self.width..][..self.width]
    }

    /// Width and height of what is white.
    fn disc(&self, frame: usize) -> (usize, usize) {
        let is_white = |luma: &u8| *luma > 180;
        let rows = (0..self.height).filter(|&y| self.row(frame, y).iter().any(is_white)).count();
        let widest =
            (0..self.height).map(|y| self.row(frame, y).iter().filter(|it| is_white(it)).count());
        (widest.max().unwrap(), rows)
    }

    /// Width and height of what is not black.
    fn picture(&self, frame: usize) -> (usize, usize) {
        let is_picture = |luma: &u8| *luma > 38;
        let rows = (0..self.height).filter(|&y| self.row(frame, y).iter().any(is_picture)).count();
        let widest =
            (0..self.height).map(|y| self.row(frame, y).iter().filter(|it| is_picture(it)).count());
        (widest.max().unwrap(), rows)
    }
}

fn is_about(found: (usize, usize), expected: (usize, usize)) -> bool {
    found.0.abs_diff(expected.0) <= 4 && found.1.abs_diff(expected.1) <= 4
}

/// Checks size and ladder, and in each part where the picture lies and that the disc is round.
fn check(
    made: &Made,
    size: (u32, u32),
    seconds: [u32; 2],
    pictures: [(usize, usize); 2],
    what: &str,
) {
    assert_eq!((made.output.width, made.output.height), size, "{what}");
    let frames = Frames::of(made);
    let changes = seconds[0] as usize * RATE;
    let count = changes + seconds[1] as usize * RATE;
    assert!(frames.count().abs_diff(count) <= 1, "{what}: {} frames", frames.count());
    for (part, picture) in [0..changes, changes..count].into_iter().zip(pictures) {
        // Not the last, which may be missing.
        for frame in [part.start, (part.start + part.end) / 2, part.end - 2] {
            let found = frames.picture(frame);
            assert!(is_about(found, picture), "{what}: frame {frame} is {found:?}");
            let (disc, diameter) = (frames.disc(frame), picture.0.min(picture.1) * 2 / 3);
            assert!(
                disc.0.abs_diff(disc.1) <= 4 && disc.0.abs_diff(diameter) <= 4.max(diameter / 30),
                "{what}: the disc of frame {frame} is {disc:?}, not {diameter}"
            );
        }
    }
    let mut files: Vec<_> =
        made.files().iter().map(|file| file.file_name().unwrap().to_owned()).collect();
    let mut told: Vec<_> = made.output.files().map(std::ffi::OsString::from).collect();
    files.sort();
    told.sort();
    assert_eq!(files, told, "{what}: nothing is left of what was begun");
}

#[tokio::test]
async fn a_phone_that_is_turned_stretches_nothing() {
    for kind in KINDS {
        let studio = Studio::open();
        let clip = changing(&studio, kind, [((320, 240), 2), ((240, 320), 1)]);
        let made = studio.transcode(&clip).await;
        check(
            &made,
            (320, 240),
            [2, 1],
            [(320, 240), (180, 240)],
            &format!("{kind:?}, turned late"),
        );

        let studio = Studio::open();
        let clip = changing(&studio, kind, [((320, 240), 1), ((240, 320), 2)]);
        let made = studio.transcode(&clip).await;
        check(
            &made,
            (240, 320),
            [1, 2],
            [(240, 180), (240, 320)],
            &format!("{kind:?}, turned soon"),
        );
    }
}

#[tokio::test]
async fn a_stream_that_begins_small_gets_the_ladder_of_its_largest_frames() {
    for kind in KINDS {
        let studio = Studio::open();
        let clip = changing(&studio, kind, [((160, 90), 1), ((640, 360), 2)]);
        let made = studio.transcode(&clip).await;
        check(&made, (640, 360), [1, 2], [(640, 360); 2], &format!("{kind:?}"));
        let sides: Vec<u32> = made.output.renditions.iter().map(|it| it.height).collect();
        assert_eq!(sides, [240, 360], "{kind:?}");
    }
}

#[tokio::test]
async fn a_stream_that_becomes_small_goes_on_as_it_is() {
    let studio = Studio::open();
    let clip = changing(&studio, Kind::Vp9, [((640, 360), 1), ((160, 90), 2)]);
    let task = studio.task(&clip, VideoLimits::default());
    let mut outlines = 0;
    let count = |update| outlines += usize::from(matches!(update, Update::Outline(_)));
    let Output::Video(output) = run(crate::media::PROGRAM.as_ref(), &task, count).await.unwrap()
    else {
        panic!("asked for a video")
    };
    assert_eq!((output.width, output.height, outlines), (640, 360, 1));
}

#[tokio::test]
async fn pixels_that_become_wider_stay_in_shape() {
    let studio = Studio::open();
    // As broadcasts do it: the same size, other pixels.
    let parts = [("1", 2, 0, BEHIND[0]), ("4/3", 1, 2, BEHIND[1])];
    let parts = parts.map(|(wide, seconds, begins, behind)| {
        let source = disc((320, 240), seconds, behind, wide);
        let arguments = format!("{source} -c:v mpeg2video -b:v 2M -bf 0 {}", after(begins));
        std::fs::read(studio.film("part.ts", &arguments)).unwrap()
    });
    let clip = studio.write("clip.ts", &parts.concat());
    let made = studio.transcode(&clip).await;
    check(&made, (320, 240), [2, 1], [(320, 240), (320, 180)], "wider");
}

#[tokio::test]
async fn colours_stay_when_their_coding_changes() {
    let orange = [230, 120, 40];
    let codings = [
        "scale=out_color_matrix=bt709:out_range=limited,format=yuv420p -colorspace bt709 -color_range tv",
        "scale=out_color_matrix=bt601:out_range=full,format=yuv444p -colorspace smpte170m -color_range pc",
        "scale=out_color_matrix=bt601:out_range=limited,format=yuv420p -colorspace smpte170m -color_range tv",
    ];
    for (first, second) in [(0, 1), (1, 2), (2, 0)] {
        let studio = Studio::open();
        let stream = [first, second].map(|coding| {
            let source = "-f lavfi -i color=0xe67828:s=160x120:d=1:r=25,format=rgb24";
            let arguments = format!("{source} -vf {} -c:v libx264 -bf 0", codings[coding]);
            std::fs::read(studio.film("part.h264", &arguments)).unwrap()
        });
        let both = studio.write("both.h264", &stream.concat());
        let clip = studio.film("clip.mkv", &format!("-r 25 -i {} -c copy", both.display()));
        let made = studio.transcode(&clip).await;
        for seconds in [0.5, 1.5] {
            let colour = made.colour(seconds, (0.5, 0.5));
            assert!(
                is_near(colour, orange)
                    && colour.iter().zip(orange).all(|(a, b)| a.abs_diff(b) < 9),
                "from {first} to {second}, at {seconds} s: {colour:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_was_begun_in_another_shape_is_told_anew() {
    let studio = Studio::open();
    let clip = changing(&studio, Kind::Vp8, [((160, 120), 1), ((320, 240), 2)]);
    let task = studio.task(&clip, VideoLimits::default());
    let mut outlines = Vec::new();
    let hear = |update| {
        if let Update::Outline(outline) = update {
            outlines.push(outline);
        }
    };
    run(crate::media::PROGRAM.as_ref(), &task, hear).await.unwrap();
    let sizes: Vec<_> = outlines.iter().map(|outline| (outline.width, outline.height)).collect();
    assert_eq!(sizes, [(160, 120), (320, 240)]);
    let names = |of: usize| outlines[of].renditions.iter().map(|rendition| &rendition.file);
    assert!(names(0).all(|name| names(1).all(|other| name != other)));
}
