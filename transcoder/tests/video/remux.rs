//! A picture that is already what its rung would be is copied, and any other is not.

use crate::media::{Made, PROGRAM, Studio, decoded, probed};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use transcoder_protocol::run::{Update, run};
use transcoder_protocol::{Rendition, VideoLimits, WhyEncoded};

const PICTURE: &str = "-f lavfi -i testsrc2=s=640x360:r=30:d=9,format=yuv420p";
const SOUND: &str = "-f lavfi -i sine=d=9 -c:a aac";
/// As a messenger or a modest phone codes: a keyframe a second, and colours said.
const CODING: &str = "-c:v libx264 -preset veryfast -b:v 600k -maxrate 800k -bufsize 800k -g 30 \
    -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv";

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
        // Some containers do not say that the sound's last packet is cut, and the last picture stays for it.
        assert!(made.output.duration_ms.abs_diff(9000) < 34, "{name}: {}", made.output.duration_ms);
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
    assert_eq!(highest.codecs, "avc1.4d401e,mp4a.40.2");
    assert_eq!((highest.width, highest.height, highest.frame_rate), (640, 360, 30.0));
    let expected = outline.renditions.last().unwrap();
    assert!(highest.peak_bandwidth <= expected.peak_bandwidth, "{highest:?}");
    assert!(highest.average_bandwidth <= expected.average_bandwidth, "{highest:?}");
    assert_eq!(made.output.renditions.len(), 2);
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
    let flash = "-f lavfi -i color=black:s=640x360:r=30:d=9 -f lavfi -i sine=f=1000:r=44100:d=9 -filter_complex \
        [0:v]drawbox=color=white:t=fill:enable='between(t,8,8.4)',format=yuv420p[v];[1:a]volume=0:enable='not(between(t,8,8.4))'[a] \
        -map [v] -map [a] -c:a aac";
    for late in ["", "-output_ts_offset 3"] {
        let studio = Studio::open();
        let clip = studio.film("clip.mp4", &format!("{flash} {CODING} {late}"));
        let (outline, made) = studio.outlined(&clip).await;
        assert_eq!(outline.why_encoded, None);
        for file in [made.highest(), made.lowest()] {
            let grey = decoded(&file, "", "-map 0:v -vsync passthrough -vf scale=1:1,format=gray");
            let mut shown: Vec<f64> =
                probed(&file, "-select_streams v -show_entries packet=pts_time")
                    .iter()
                    .map(|time| time.parse().unwrap())
                    .collect();
            shown.sort_by(f64::total_cmp);
            let seen = shown[grey.iter().position(|&grey| grey > 128).unwrap()];
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
    let clip = studio.film("clip.h264", &format!("{PICTURE} {CODING} -bf 0"));
    let mut stream = fs::read(clip).unwrap();
    // Before the first picture: a message from the camera's maker.
    let secret = b"\x00\x00\x00\x01\x06\x05\x220123456789abcdefMegumi Phone 12345\x80";
    stream.splice(0..0, secret.iter().copied());
    let raw = studio.write("told.h264", &stream);
    let arguments = format!("-r 30 -i {} -c copy -metadata comment=Phone12345", raw.display());
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
        (WhyEncoded::Size, format!("{CODING} -vf scale=718:404,setsar=1")),
        (WhyEncoded::Colours, format!("{CODING} -colorspace smpte170m -color_primaries smpte170m")),
        (WhyEncoded::Colours, format!("{CODING} -vf scale=out_range=full -color_range pc")),
        (WhyEncoded::BitRate, format!("{CODING} -vf noise=alls=40:allf=t -b:v 3M -maxrate 4M")),
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
        fs::read(studio.film(name, &format!("{PICTURE} {CODING} -bf 0 {coding}"))).unwrap()
    };
    let mut stream = make("one.h264", "");
    stream.extend(make("two.h264", "-refs 2"));
    let both = studio.write("both.h264", &stream);
    let clip = studio.film("both.mp4", &format!("-r 30 -i {} -c copy", both.display()));
    assert_encoded(&studio, clip, WhyEncoded::Stream).await;
}

#[tokio::test]
async fn unsaid_colours_are_taken_for_those_that_cameras_of_the_size_mean() {
    let coding = &CODING[..CODING.find("-colorspace").unwrap()];
    for (size, why) in [("854x480", Some(WhyEncoded::Colours)), ("1280x720", None)] {
        let studio = Studio::open();
        let picture = format!("-f lavfi -i testsrc2=s={size}:r=30:d=3,format=yuv420p");
        let clip = studio.film("unsaid.mp4", &format!("{picture} {coding}"));
        assert_eq!(studio.outlined(&clip).await.0.why_encoded, why, "{size}");
    }
    // A size between two of the ladder's is a rung of its own.
    let studio = Studio::open();
    let picture = "-f lavfi -i testsrc2=s=854x480:r=30:d=3,format=yuv420p";
    let said = studio.film("said.mp4", &format!("{picture} {CODING}"));
    let (outline, made) = studio.outlined(&said).await;
    assert_eq!(outline.why_encoded, None);
    assert_eq!((made.output.width, made.output.height), (854, 480));
}

#[tokio::test]
async fn a_copy_that_turns_out_damaged_is_made_anew() {
    let studio = Studio::open();
    let clip = studio.film("clip.mp4", &format!("{PICTURE} {SOUND} {CODING} -bf 0"));
    let places = probed(&clip, "-select_streams v -show_entries packet=pos,size");
    let places: Vec<usize> = places.iter().map(|number| number.parse().unwrap()).collect();
    // In the middle of a picture in the middle: frames and their lengths stay as they are. (Size and place of each packet.)
    let &[size, at] = places.chunks(2).nth(155).unwrap() else { panic!("{places:?}") };
    let mut bytes = fs::read(&clip).unwrap();
    for byte in &mut bytes[at + size / 3..at + size] {
        *byte ^= 0x5a;
    }
    let clip = studio.write("damaged.mp4", &bytes);
    let mut outlines = Vec::new();
    let mut told = Vec::new();
    let task = studio.task(&clip, VideoLimits::default());
    let hear = |update| match update {
        Update::Outline(outline) => {
            outlines.push(outline);
            told.clear();
        }
        Update::Segment(segment) => told.push(segment),
        Update::Caged(_) | Update::Found(_) | Update::Progress(_) => {}
    };
    run(Path::new(PROGRAM), &task, hear).await.unwrap();
    let whys: Vec<_> = outlines.iter().map(|outline| outline.why_encoded).collect();
    assert_eq!(whys, [None, Some(WhyEncoded::Packets)]);
    let (before, after) = (&outlines[0].renditions, &outlines[1].renditions);
    for (before, after) in before.iter().zip(after) {
        assert_ne!(before.file, after.file);
        assert!(!studio.path("out").join(&before.file).exists(), "{}", before.file);
        let made = fs::read(studio.path("out").join(&after.file)).unwrap();
        assert_eq!(
            decoded(
                &studio.path("out").join(&after.file),
                "",
                "-map 0:v -vf scale=2:2,format=gray"
            )
            .len(),
            270 * 4
        );
        let end = told
            .iter()
            .filter(|new| new.file == after.file)
            .map(|new| new.segment.offset + new.segment.bytes)
            .max();
        assert_eq!(end, Some(made.len() as u64));
    }
}
