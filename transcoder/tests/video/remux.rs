//! A picture that is already what its rung would be is copied, and any other is not.

use crate::media::{Made, Studio, decoded, probed};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use transcoder_protocol::{Rendition, WhyEncoded};

const PICTURE: &str = "-f lavfi -i testsrc2=s=1280x720:r=30:d=9,format=yuv420p";
const SOUND: &str = "-f lavfi -i sine=d=9 -c:a aac";
/// As a messenger or a modest phone codes: one reference, a keyframe a second.
const CODING: &str = "-c:v libx264 -preset veryfast -b:v 1500k -maxrate 2000k -bufsize 2000k -g 30";

/// A hash of every frame as it is shown.
fn frame_hashes(file: &Path) -> Vec<String> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(file)
        .args(["-map", "0:v", "-vsync", "passthrough", "-f", "framemd5", "-"])
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let hashes = lines.lines().filter(|line| !line.starts_with('#'));
    hashes.map(|line| line.rsplit(',').next().unwrap().trim().to_owned()).collect()
}

fn ends(rendition: &Rendition) -> Vec<f64> {
    let mut end = 0.0;
    let mut ends = Vec::new();
    for segment in &rendition.segments {
        end += segment.duration_ms;
        ends.push(end);
    }
    ends
}

/// Every rung is cut where the highest is, and each plays from each cut on.
fn assert_cut_alike(made: &Made, frame_ms: f64) {
    let highest = ends(made.output.renditions.last().unwrap());
    for rendition in &made.output.renditions {
        let ends = ends(rendition);
        assert_eq!(ends.len(), highest.len(), "{}", rendition.file);
        let apart = ends.iter().zip(&highest).map(|(a, b)| (a - b).abs());
        assert!(apart.clone().all(|ms| ms <= frame_ms / 2.0 + 0.01), "{ends:?} and {highest:?}");
        for end in &ends[..ends.len() - 1] {
            let seconds = end / 1000.0;
            let file = made.path(&rendition.file);
            let soon_after = seconds + 0.2;
            let interval = format!(
                "-select_streams v -read_intervals {soon_after:.3}%+#1 -show_entries packet=flags,pts_time"
            );
            let packet = probed(&file, &interval);
            let at: f64 = packet[0].parse().unwrap();
            assert!((at - seconds).abs() < frame_ms / 1000.0, "{}: {packet:?}", rendition.file);
            assert!(packet[1].starts_with('K'), "{}: {packet:?}", rendition.file);
        }
    }
}

#[tokio::test]
async fn a_fit_picture_is_copied_bit_by_bit() {
    let containers = ["clip.mp4", "clip.mov", "clip.mkv", "clip.ts"];
    for name in containers {
        let studio = Studio::open();
        let clip = studio.film(name, &format!("{PICTURE} {SOUND} {CODING}"));
        let (outline, made) = studio.outlined(&clip).await;
        assert_eq!(outline.why_encoded, None, "{name}");
        assert_eq!(frame_hashes(&made.highest()), frame_hashes(&clip), "{name}");
        assert_cut_alike(&made, 1000.0 / 30.0);
        assert_eq!(made.output.duration_ms, 9000, "{name}");
        for entry in ["packet=pts_time", "packet=dts_time"] {
            let entry = format!("-select_streams v -show_entries {entry}");
            let times: Vec<f64> =
                probed(&made.highest(), &entry).iter().map(|time| time.parse().unwrap()).collect();
            let least = times.iter().copied().fold(f64::MAX, f64::min);
            assert!(entry.contains("dts") || least == 0.0, "{name}: {entry} from {least}");
            assert_eq!(times.len(), 270, "{name}");
        }
        let tags = probed(
            &made.highest(),
            "-select_streams v -show_entries stream=color_range,color_space,color_transfer,color_primaries",
        );
        assert_eq!(tags, ["tv", "bt709", "bt709", "bt709"], "{name}");
    }
}

#[tokio::test]
async fn what_is_said_of_a_copy_is_true() {
    let studio = Studio::open();
    let clip = studio.film("clip.mp4", &format!("{PICTURE} {SOUND} {CODING} -profile:v main"));
    let (outline, made) = studio.outlined(&clip).await;
    assert_eq!(outline.why_encoded, None);
    let highest = made.output.renditions.last().unwrap();
    assert_eq!(highest.codecs, "avc1.4d401f,mp4a.40.2");
    assert_eq!((highest.width, highest.height, highest.frame_rate), (1280, 720, 30.0));
    let expected = outline.renditions.last().unwrap();
    assert!(highest.peak_bandwidth <= expected.peak_bandwidth, "{highest:?}");
    assert!(highest.average_bandwidth <= expected.average_bandwidth, "{highest:?}");
    assert_eq!(made.output.renditions.len(), 4);
}

#[tokio::test]
async fn segments_begin_at_the_sources_keyframes() {
    let studio = Studio::open();
    // Unevenly: at 0, 2.5, 3.5, 7 and 8.4 s.
    let forced = "-g 300 -sc_threshold 0 -force_key_frames 0,2.5,3.5,7,8.4";
    let clip = studio.film("clip.mp4", &format!("{PICTURE} {SOUND} {CODING} {forced}"));
    let (outline, made) = studio.outlined(&clip).await;
    assert_eq!(outline.why_encoded, None);
    let expected = [3500.0, 7000.0, 8400.0, 9000.0];
    for rendition in &made.output.renditions {
        let ends = ends(rendition);
        assert!(ends.iter().zip(expected).all(|(a, b)| (a - b).abs() < 17.0), "{ends:?}");
    }
    assert!((outline.longest_segment_ms - 3500.0).abs() < 40.0, "{outline:?}");
    assert_cut_alike(&made, 1000.0 / 30.0);
}

#[tokio::test]
async fn a_copy_stays_with_its_sound() {
    let flash = "-f lavfi -i color=black:s=1280x720:r=30:d=9 -f lavfi -i sine=f=1000:r=44100:d=9 -filter_complex \
        [0:v]drawbox=color=white:t=fill:enable='between(t,8,8.4)',format=yuv420p[v];[1:a]volume=0:enable='not(between(t,8,8.4))'[a] \
        -map [v] -map [a] -c:a aac";
    for late in ["", "-output_ts_offset 3"] {
        let studio = Studio::open();
        let clip = studio.film("clip.mp4", &format!("{flash} {CODING} {late}"));
        let (outline, made) = studio.outlined(&clip).await;
        assert_eq!(outline.why_encoded, None);
        for file in [made.highest(), made.lowest()] {
            let grey = decoded(&file, "", "-map 0:v -vsync passthrough -vf scale=1:1,format=gray");
            let seen = grey.iter().position(|&grey| grey > 128).unwrap() as f64 / 30.0;
            let sound = decoded(&file, "", "-map 0:a -ac 1 -c:a pcm_s16le");
            let heard = sound
                .chunks_exact(2)
                .position(|it| i16::from_le_bytes([it[0], it[1]]).unsigned_abs() > 1500)
                .unwrap() as f64
                / 48_000.0;
            assert!((seen - heard).abs() < 0.02, "{file:?}: seen {seen}, heard {heard}");
        }
    }
}

#[tokio::test]
async fn the_last_picture_of_a_copy_stays_for_the_sound() {
    let studio = Studio::open();
    let sound = "-f lavfi -i sine=d=9.6 -c:a aac";
    let clip = studio.film("clip.mp4", &format!("{PICTURE} {sound} {CODING}"));
    let (outline, made) = studio.outlined(&clip).await;
    assert_eq!(outline.why_encoded, None);
    assert!(made.output.duration_ms.abs_diff(9600) < 60, "{}", made.output.duration_ms);
    assert_cut_alike(&made, 1000.0 / 30.0);
}

#[tokio::test]
async fn a_copy_tells_nothing_of_its_source() {
    let studio = Studio::open();
    let clip = studio.film("clip.h264", &format!("{PICTURE} {CODING} -f h264"));
    let mut stream = fs::read(clip).unwrap();
    // Before the first picture: a message from the camera's maker.
    let secret = b"\x00\x00\x00\x01\x06\x05\x220123456789abcdefMegumi Phone 12345\x80";
    stream.splice(0..0, secret.iter().copied());
    let raw = studio.write("told.h264", &stream);
    let arguments = format!("-r 30 -i {} -c copy -metadata model=Phone12345", raw.display());
    let clip = studio.film("told.mp4", &arguments);
    let holds = |file: &Path, marker: &[u8]| {
        fs::read(file).unwrap().windows(marker.len()).any(|part| part == marker)
    };
    let markers: [&[u8]; 3] = [b"Megumi Phone", b"Phone12345", b"x264 - core"];
    assert!(markers.iter().all(|marker| holds(&clip, marker)), "the source tells all");
    let (outline, made) = studio.outlined(&clip).await;
    assert_eq!(outline.why_encoded, None);
    for marker in markers {
        assert!(!holds(&made.highest(), marker), "{}", String::from_utf8_lossy(marker));
    }
    assert_eq!(frame_hashes(&made.highest()), frame_hashes(&clip));
}

async fn assert_encoded(studio: &Studio, clip: PathBuf, why: WhyEncoded) {
    let (outline, _) = studio.outlined(&clip).await;
    assert_eq!(outline.why_encoded, Some(why), "{}", clip.display());
}

#[tokio::test]
async fn each_reason_against_a_copy_is_found() {
    let cases = [
        (WhyEncoded::Codec, CODING.replace("libx264", "mpeg4")),
        (WhyEncoded::Profile, format!("{CODING} -pix_fmt yuv420p10le")),
        (WhyEncoded::Profile, format!("{CODING} -pix_fmt yuv422p")),
        (WhyEncoded::Profile, format!("{CODING} -level 5.1")),
        (WhyEncoded::Interlaced, format!("{CODING} -flags +ildct+ilme")),
        (WhyEncoded::PixelShape, format!("{CODING} -vf setsar=9/8")),
        (WhyEncoded::Size, format!("{CODING} -vf scale=1440:810")),
        (WhyEncoded::Colours, format!("{CODING} -colorspace smpte170m -color_primaries smpte170m")),
        (WhyEncoded::Colours, format!("{CODING} -vf scale=out_range=full -color_range pc")),
        (WhyEncoded::BitRate, format!("{CODING} -vf noise=alls=40:allf=t -b:v 6M -maxrate 9M")),
        (WhyEncoded::Keyframes, format!("{CODING} -g 300 -sc_threshold 0")),
        (WhyEncoded::FrameRate, format!("{CODING} -vf select='lt(mod(n,30),20)' -vsync vfr")),
    ];
    for (why, coding) in cases {
        let studio = Studio::open();
        let clip = studio.film("clip.mp4", &format!("{PICTURE} {coding}"));
        assert_encoded(&studio, clip, why).await;
    }
}

#[tokio::test]
async fn an_open_group_of_pictures_is_no_place_to_cut() {
    let studio = Studio::open();
    let open = "-x264-params open-gop=1:keyint=60:scenecut=0";
    let clip = studio.film("clip.mp4", &format!("{PICTURE} {CODING} {open}"));
    assert_encoded(&studio, clip, WhyEncoded::Keyframes).await;
}

#[tokio::test]
async fn a_turned_picture_is_not_copied() {
    let studio = Studio::open();
    let flat = studio.film("flat.mp4", &format!("{PICTURE} {CODING}"));
    let arguments = format!("-i {} -c copy -metadata:s:v rotate=90", flat.display());
    let clip = studio.film("turned.mp4", &arguments);
    assert_encoded(&studio, clip, WhyEncoded::Turned).await;
}

#[tokio::test]
async fn a_cut_between_keyframes_is_not_copied() {
    let studio = Studio::open();
    let whole = studio.film("whole.mp4", &format!("{PICTURE} {CODING} -g 90"));
    // An edit list hides the second and a half before.
    let clip = studio.film("cut.mp4", &format!("-ss 1.5 -i {} -c copy", whole.display()));
    assert_encoded(&studio, clip, WhyEncoded::Times).await;
}

#[tokio::test]
async fn sound_that_goes_on_alone_forbids_a_copy() {
    let studio = Studio::open();
    let clip =
        studio.film("clip.mp4", &format!("{PICTURE} -f lavfi -i sine=d=14 -c:a aac {CODING}"));
    assert_encoded(&studio, clip, WhyEncoded::Sound).await;
}

#[tokio::test]
async fn parameters_that_change_in_the_middle_forbid_a_copy() {
    let studio = Studio::open();
    let make = |name: &str, coding: &str| {
        fs::read(studio.film(name, &format!("{PICTURE} {CODING} {coding}"))).unwrap()
    };
    let mut stream = make("one.ts", "");
    stream.extend(make("two.ts", "-profile:v baseline -output_ts_offset 9"));
    let clip = studio.write("both.ts", &stream);
    assert_encoded(&studio, clip, WhyEncoded::Stream).await;
}

#[tokio::test]
async fn unsaid_colours_of_a_small_picture_forbid_a_copy() {
    let picture = "-f lavfi -i testsrc2=s=854x480:r=30:d=3,format=yuv420p";
    let coding = CODING.replace("1500k", "700k").replace("2000k", "900k");
    let studio = Studio::open();
    let unsaid = studio.film("unsaid.mp4", &format!("{picture} {coding}"));
    assert_encoded(&studio, unsaid, WhyEncoded::Colours).await;
    let studio = Studio::open();
    let tags = "-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv";
    let said = studio.film("said.mp4", &format!("{picture} {coding} {tags}"));
    let (outline, made) = studio.outlined(&said).await;
    assert_eq!(outline.why_encoded, None);
    // Its own size is a rung.
    assert_eq!((made.output.width, made.output.height), (854, 480));
}
