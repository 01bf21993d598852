//! What comes in looks and sounds the same when it comes out.

use crate::media::{BLUE, RED, Studio, decoded, is_near, probed};
use std::fs;

/// Left half red, right half blue.
const HALVES: &str = "-f lavfi -i color=red:s=64x48:r=10:d=1 -f lavfi -i color=blue:s=64x48:r=10:d=1 \
    -filter_complex hstack -c:v libx264 -pix_fmt yuv420p -x264-params colorprim=bt709:colormatrix=bt709:transfer=bt709";

/// Writes a display matrix (a, b, c, d of x' = a·x + c·y, y' = b·x + d·y) into the first track header.
fn lay(mut mp4: Vec<u8>, [a, b, c, d]: [i32; 4]) -> Vec<u8> {
    let tkhd = mp4.windows(4).position(|kind| kind == b"tkhd").unwrap();
    let matrix = tkhd + 4 + 40;
    let one = 1 << 16;
    let cells = [a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30];
    for (index, cell) in cells.into_iter().enumerate() {
        mp4[matrix + 4 * index..][..4].copy_from_slice(&i32::to_be_bytes(cell));
    }
    mp4
}

#[tokio::test]
async fn rotated_and_mirrored_clips_come_out_upright() {
    // Where red ends up: x and y of its middle.
    let cases = [
        ([0, 1, -1, 0], (0.5, 0.25), "a quarter clockwise: left goes up"),
        ([0, -1, 1, 0], (0.5, 0.75), "a quarter counterclockwise: left goes down"),
        ([-1, 0, 0, -1], (0.75, 0.5), "upside down"),
        ([-1, 0, 0, 1], (0.75, 0.5), "mirrored"),
        ([0, 1, 1, 0], (0.5, 0.25), "mirrored and a quarter"),
    ];
    for (matrix, red, what) in cases {
        let studio = Studio::open();
        let flat = studio.film("flat.mp4", HALVES);
        let clip = studio.write("clip.mp4", &lay(fs::read(flat).unwrap(), matrix));
        let made = studio.transcode(&clip).await;
        let is_turned = matrix[0] == 0;
        let size = (made.output.width, made.output.height);
        assert_eq!(size, if is_turned { (48, 128) } else { (128, 48) }, "{what}");
        assert!(is_near(made.colour(0.0, red), RED), "{what}");
        assert!(is_near(made.colour(0.0, (1.0 - red.0, 1.0 - red.1)), BLUE), "{what}");
        let sides = probed(&made.highest(), "-show_entries stream_side_data=rotation");
        assert!(sides.is_empty(), "{what}: rotation is left in the file: {sides:?}");
    }
}

#[tokio::test]
async fn odd_sizes_become_even() {
    let studio = Studio::open();
    let clip = studio
        .film("odd.mp4", "-f lavfi -i testsrc=s=129x97:d=1:r=10 -c:v libx264 -pix_fmt yuv444p");
    let made = studio.transcode(&clip).await;
    assert_eq!((made.output.width, made.output.height), (128, 96));
}

#[tokio::test]
async fn wide_pixels_come_out_square() {
    let studio = Studio::open();
    let clip =
        studio.film("wide.mp4", "-f lavfi -i testsrc=s=64x96:d=1:r=10 -vf setsar=2 -c:v libx264");
    let made = studio.transcode(&clip).await;
    assert_eq!((made.output.width, made.output.height), (128, 96));
    let aspect = probed(&made.highest(), "-show_entries stream=sample_aspect_ratio");
    assert_eq!(aspect, ["1:1"]);
}

#[tokio::test]
async fn a_clip_without_sound_has_none() {
    let studio = Studio::open();
    let clip = studio.film("silent.mp4", "-f lavfi -i testsrc=s=160x120:d=1:r=10 -c:v libx264");
    let made = studio.transcode(&clip).await;
    assert!(!made.output.has_audio);
    assert_eq!(probed(&made.highest(), "-show_entries stream=codec_type"), ["video"]);
    assert!(!made.output.renditions[0].codecs.contains("mp4a"));
}

#[tokio::test]
async fn a_clip_of_one_frame_works() {
    let studio = Studio::open();
    let clip = studio.film(
        "blink.mp4",
        "-f lavfi -i testsrc=s=160x120:r=10 -frames:v 1 -c:v libx264 -pix_fmt yuv420p",
    );
    let made = studio.transcode(&clip).await;
    assert_eq!(made.output.duration_ms, 100);
    assert_eq!(made.output.storyboard.at_ms, [0]);
}

#[tokio::test]
async fn every_container_and_codec_of_phones_and_cameras_is_taken() {
    let picture = "-f lavfi -i testsrc=s=176x144:d=1:r=25";
    let sound = "-f lavfi -i sine=d=1:r=44100";
    let cases = [
        ("a.mov", "-c:v libx264 -c:a pcm_s16le"),
        ("a.webm", "-c:v libvpx -deadline realtime -c:a libvorbis"),
        ("vp9.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus"),
        ("a.mkv", "-c:v libx264 -c:a flac"),
        ("a.ts", "-c:v libx264 -c:a ac3"),
        ("a.avi", "-c:v mpeg4 -c:a libmp3lame"),
        ("a.mpg", "-c:v mpeg2video -c:a mp2"),
        ("a.ogv", "-c:v libtheora -c:a libvorbis"),
        ("a.3gp", "-c:v h263 -c:a aac"),
        ("mjpeg.mov", "-c:v mjpeg -pix_fmt yuvj420p -c:a pcm_mulaw"),
        ("prores.mov", "-c:v prores -c:a pcm_s24le"),
        ("hevc.mp4", "-c:v libx265 -x265-params log-level=none -c:a aac"),
        ("av1.mp4", "-c:v libsvtav1 -preset 12 -c:a aac"),
    ];
    for (name, codecs) in cases {
        let studio = Studio::open();
        let clip = studio.film(name, &format!("{picture} {sound} {codecs}"));
        // The name must not matter.
        let nameless = studio.path("upload");
        fs::rename(clip, &nameless).unwrap();
        let made = studio.transcode(&nameless).await;
        assert!(made.output.has_audio, "{name}");
        let off = made.output.duration_ms.abs_diff(1000);
        assert!(off < 120, "{name}: {} ms", made.output.duration_ms);
    }
}

#[tokio::test]
async fn high_dynamic_range_and_ten_bits_become_plain_bt709() {
    for transfer in ["smpte2084", "arib-std-b67"] {
        let studio = Studio::open();
        let clip = studio.film(
            "hdr.mp4",
            &format!(
                "-f lavfi -i color=gray:s=160x120:d=1:r=10 -c:v libx264 -pix_fmt yuv420p10le \
                 -color_primaries bt2020 -color_trc {transfer} -colorspace bt2020nc"
            ),
        );
        let made = studio.transcode(&clip).await;
        let entries =
            "-show_entries stream=pix_fmt,color_range,color_space,color_transfer,color_primaries";
        let facts = probed(&made.highest(), entries);
        assert_eq!(facts, ["yuv420p", "tv", "bt709", "bt709", "bt709"], "{transfer}");
        // Half the signal is a middling light in both systems: neither black nor burnt out, and still grey.
        let [red, green, blue] = made.colour(0.0, (0.5, 0.5));
        assert!((60..230).contains(&green), "{transfer}: {green}");
        assert!(red.abs_diff(green) < 12 && blue.abs_diff(green) < 12, "{transfer}");
    }
}

#[tokio::test]
async fn colours_of_small_and_full_range_sources_stay() {
    let cases = [
        "-pix_fmt yuvj420p -vf scale=out_color_matrix=bt601:out_range=full",
        "-vf scale=out_color_matrix=bt601,format=yuv420p -colorspace smpte170m",
        "-vf scale=out_color_matrix=bt709,format=yuv420p -colorspace bt709",
    ];
    let orange = [230, 120, 40];
    for case in cases {
        let studio = Studio::open();
        let source = "-f lavfi -i color=0xe67828:s=160x120:d=1:r=10,format=rgb24";
        let clip = studio.film("orange.mp4", &format!("{source} {case} -c:v libx264"));
        let made = studio.transcode(&clip).await;
        let colour = made.colour(0.0, (0.5, 0.5));
        assert!(colour.iter().zip(orange).all(|(a, b)| a.abs_diff(b) < 9), "{case}: {colour:?}");
        let poster = decoded(&made.path("poster-1.jpg"), "", "-pix_fmt rgb24");
        assert!(
            poster[..3].iter().zip(orange).all(|(a, b)| a.abs_diff(b) < 9),
            "{case}: {poster:?}"
        );
    }
}

#[tokio::test]
async fn interlaced_clips_come_out_progressive() {
    let studio = Studio::open();
    let clip = studio.film(
        "fields.mpg",
        "-f lavfi -i testsrc=s=352x288:d=1:r=50 -vf tinterlace=interleave_top,fieldorder=tff \
         -c:v mpeg2video -flags +ildct+ilme",
    );
    let made = studio.transcode(&clip).await;
    assert_eq!(probed(&made.highest(), "-show_entries stream=field_order"), ["progressive"]);
    assert_eq!(made.output.renditions[0].frame_rate, 25.0);
}

#[tokio::test]
async fn surround_becomes_stereo_and_the_default_track_is_heard() {
    let studio = Studio::open();
    let clip = studio.film(
        "tracks.mp4",
        "-f lavfi -i color=black:s=160x120:r=10:d=2 -f lavfi -i anullsrc=r=48000:cl=stereo \
         -f lavfi -i sine=f=440:r=48000 -map 0 -map 1 -map 2 -t 2 -c:v libx264 -c:a aac -ac:a:1 6 \
         -disposition:a:0 0 -disposition:a:1 default",
    );
    let made = studio.transcode(&clip).await;
    let facts =
        probed(&made.highest(), "-select_streams a -show_entries stream=channels,sample_rate");
    assert_eq!(facts, ["48000", "2"]);
    assert!(made.first_loud_sample() < 4800, "the silent track was chosen");
}

#[tokio::test]
async fn a_size_that_changes_in_the_middle_is_borne() {
    let studio = Studio::open();
    let make = |name: &str, size: &str| {
        let source = format!("-f lavfi -i testsrc=s={size}:d=1:r=25 -c:v libx264 -pix_fmt yuv420p");
        fs::read(studio.film(name, &source)).unwrap()
    };
    let mut stream = make("one.ts", "320x240");
    stream.extend(make("two.ts", "160x240"));
    let clip = studio.write("both.ts", &stream);
    let made = studio.transcode(&clip).await;
    assert_eq!((made.output.width, made.output.height), (320, 240));
}
