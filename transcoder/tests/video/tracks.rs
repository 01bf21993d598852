//! Which of a file's tracks a clip is made of, and what is said when there is none to take: old cameras, tapes and phones, tracks that
//! nobody reads, and files with several of each.

use crate::media::{BLUE, Made, RED, Studio, decoded, is_near, probed_number};
use crafted::{qcelp, type_1_avi, with_spatial_sound, with_stream_type};
use std::fs;
use std::path::{Path, PathBuf};
use transcoder_protocol::Failure;

const H264: &str =
    "-f lavfi -i testsrc2=s=160x120:r=10:d=2 -c:v libx264 -preset ultrafast -pix_fmt yuv420p";
const SINE: &str = "-f lavfi -i sine=f=440:r=48000:d=2";

/// How often the sound rises through zero within a second.
fn pitch(made: &Made) -> usize {
    let samples = decoded(&made.lowest(), "-ss 0.5", "-map 0:a -t 1 -ac 1 -c:a pcm_s16le");
    let samples: Vec<i16> =
        samples.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    samples.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count()
}

fn assert_pitch(made: &Made, expected: usize, name: &str) {
    assert!(made.output.has_audio, "{name} is silent");
    assert_eq!(made.output.sound_left_out, None, "{name}");
    let pitch = pitch(made);
    assert!(pitch.abs_diff(expected) * 50 < expected, "{name}: {pitch} Hz");
}

fn left_out(made: &Made) -> Option<&str> {
    let left_out = made.output.sound_left_out.as_ref().map(|sound| sound.codec.as_str());
    assert!(left_out.is_none() || !made.output.has_audio);
    left_out
}

/// The file has pictures and nothing else.
fn assert_silent(made: &Made, name: &str) {
    assert!(!made.output.has_audio, "{name}");
    for rendition in &made.output.renditions {
        assert!(!rendition.codecs.contains("mp4a"), "{name}: {}", rendition.codecs);
        let tracks = probed_number(&made.path(&rendition.file), "-show_entries format=nb_streams");
        assert_eq!(tracks, 1.0, "{name}");
    }
}

#[tokio::test]
async fn the_sound_of_old_cameras_phones_and_discs_is_heard() {
    let cases = [
        ("s8.mov", "-c:a pcm_s8"),
        ("s32.mov", "-c:a pcm_s32be"),
        ("f32.mov", "-c:a pcm_f32be"),
        ("f64.mov", "-c:a pcm_f64be"),
        ("f64.mkv", "-c:a pcm_f64le"),
        ("ms.avi", "-c:a adpcm_ms"),
        ("wma1.wmv", "-c:a wmav1"),
        ("wma2.wmv", "-c:a wmav2"),
        ("dts.mkv", "-c:a dca -strict -2 -ac 2"),
        ("dts.ts", "-c:a dca -strict -2 -ac 2"),
        ("dts.m2ts", "-c:a dca -strict -2 -ac 2 -mpegts_m2ts_mode 1"),
        ("lpcm.m2ts", "-c:a pcm_bluray -ac 2 -mpegts_m2ts_mode 1"),
    ];
    for (name, sound) in cases {
        let studio = Studio::open();
        let clip = studio.film(name, &format!("{SINE} {H264} {sound}"));
        assert_pitch(&studio.transcode(&clip).await, 440, name);
    }
    let mpeg = "-f lavfi -i testsrc2=s=160x120:r=25:d=2 -c:v mpeg2video -f vob";
    for (name, sound) in
        [("dts.vob", "-c:a dca -strict -2 -ac 2"), ("lpcm.vob", "-c:a pcm_dvd -ac 2")]
    {
        let studio = Studio::open();
        let clip = studio.film(name, &format!("{SINE} {mpeg} {sound}"));
        assert_pitch(&studio.transcode(&clip).await, 440, name);
    }
}

#[tokio::test]
async fn a_clip_of_an_early_phone_is_heard() {
    let studio = Studio::open();
    let sound = studio.write("hum.qcp", &qcelp(100));
    let mpeg4 = "-f lavfi -i testsrc2=s=176x144:r=15:d=2 -c:v mpeg4 -c:a copy";
    let clip = studio.film("clip.mov", &format!("-i {} {mpeg4}", sound.display()));
    // No tool writes it where phones do.
    let mut phone = fs::read(&clip).unwrap();
    let entry = phone.windows(4).position(|name| name == b"Qclp").unwrap();
    phone[entry..entry + 4].copy_from_slice(b"sqcp");
    let made = studio.transcode(&studio.write("phone.3g2", &phone)).await;
    assert_eq!(left_out(&made), None);
    assert!(made.first_loud_sample() < 48_000);
}

#[tokio::test]
async fn a_tape_has_its_shape_and_its_sound() {
    let ntsc = "-f lavfi -i testsrc2=s=720x480:r=30000/1001:d=2 -pix_fmt yuv411p";
    let pal = "-f lavfi -i testsrc2=s=720x576:r=25:d=2 -pix_fmt yuv420p";
    let sound = "-c:v dvvideo -c:a pcm_s16le -ac 2";
    let cases = [
        ("ntsc.dv", format!("{ntsc} {sound}"), (640, 480)),
        ("wide.dv", format!("{ntsc} {sound} -aspect 16:9"), (854, 480)),
        ("pal.dv", format!("{pal} {sound} -aspect 4:3"), (768, 576)),
        ("wide-pal.dv", format!("{pal} {sound} -aspect 16:9"), (1024, 576)),
        ("type-2.avi", format!("{ntsc} {sound} -aspect 4:3"), (640, 480)),
        ("tape.mov", format!("{ntsc} {sound} -aspect 4:3"), (640, 480)),
    ];
    for (name, arguments, size) in cases {
        let studio = Studio::open();
        let made = studio.transcode(&studio.film(name, &format!("{SINE} {arguments}"))).await;
        assert_shape(&made, size, name);
        assert_pitch(&made, 440, name);
    }
    let studio = Studio::open();
    let tape = studio.film("tape.dv", &format!("{SINE} {ntsc} {sound}"));
    let avi = studio.write("type-1.avi", &type_1_avi(&fs::read(tape).unwrap()));
    let made = studio.transcode(&avi).await;
    assert_shape(&made, (640, 480), "type-1.avi");
    assert_pitch(&made, 440, "type-1.avi");
    assert!(made.output.duration_ms.abs_diff(2000) < 100, "{}", made.output.duration_ms);
}

/// The picture is as wide as it should be for its height, whatever its rung.
fn assert_shape(made: &Made, (width, height): (u32, u32), name: &str) {
    let output = &made.output;
    let expected = f64::from(width) / f64::from(height);
    let shape = f64::from(output.width) / f64::from(output.height);
    assert!((shape / expected - 1.0).abs() < 0.01, "{name}: {}×{}", output.width, output.height);
    assert!(
        output.height <= height && output.height * 5 >= height * 4,
        "{name}: {}",
        output.height
    );
}

#[tokio::test]
async fn a_tape_is_deinterlaced() {
    let studio = Studio::open();
    // Each field has a grey of its own.
    let tape = studio.film(
        "tape.dv",
        "-f lavfi -i color=black:s=720x480:r=60000/1001:d=2,geq=lum='16+mod(N*73\\,220)':cb=128:cr=128,interlace=scan=bff:lowpass=0 \
         -pix_fmt yuv411p -c:v dvvideo",
    );
    let roughness = |file: &Path| {
        let column = decoded(file, "-ss 1", "-frames:v 1 -vf scale=iw:480,format=gray,crop=1:480");
        let steps = column.windows(2).map(|pair| u32::from(pair[0].abs_diff(pair[1])));
        steps.sum::<u32>() / 480
    };
    assert!(roughness(&tape) > 60);
    let made = studio.transcode(&tape).await;
    assert!(roughness(&made.highest()) < 6, "{}", roughness(&made.highest()));
}

#[tokio::test]
async fn the_pictures_of_old_computers_are_seen() {
    let colours =
        "-f lavfi -i color=red:s=160x120:r=10:d=1,drawbox=x=80:w=80:h=120:color=blue:t=fill";
    let cases = [
        ("wmv1.wmv", "-c:v wmv1 -q:v 2 -c:a wmav2"),
        ("wmv2.wmv", "-c:v wmv2 -q:v 2 -c:a wmav2"),
        ("camera.asf", "-c:v msmpeg4 -q:v 2 -c:a g726 -ar 8000"),
        ("mp42.avi", "-c:v msmpeg4v2 -q:v 2 -c:a adpcm_ms"),
        ("mp43.avi", "-c:v msmpeg4 -q:v 2 -c:a adpcm_ms"),
    ];
    for (name, codecs) in cases {
        let studio = Studio::open();
        let made =
            studio.transcode(&studio.film(name, &format!("{SINE} {colours} {codecs}"))).await;
        assert!(is_near(made.colour(0.5, (0.2, 0.5)), RED), "{name}");
        assert!(is_near(made.colour(0.5, (0.8, 0.5)), BLUE), "{name}");
        assert_pitch(&made, 440, name);
    }
}

/// An H.264 clip with two tracks of sound, of 300 Hz in four channels and of 900 Hz in two.
fn two_sounds(studio: &Studio, name: &str, dispositions: [&str; 2]) -> PathBuf {
    let [first, second] = dispositions;
    studio.film(
        name,
        &format!(
            "-f lavfi -i sine=f=300:r=48000:d=2 -f lavfi -i sine=f=900:r=48000:d=2 {H264} -map 2 -map 0 -map 1 \
             -c:a aac -ac:a:0 4 -b:a:0 256k -ac:a:1 2 -disposition:a:0 {first} -disposition:a:1 {second}"
        ),
    )
}

#[tokio::test]
async fn of_two_sounds_the_one_that_can_be_read_is_taken() {
    let studio = Studio::open();
    let clip = two_sounds(&studio, "two.mp4", ["default", "default"]);
    assert_pitch(&studio.transcode(&clip).await, 300, "the larger of two that are alike");
    let clip = fs::read(clip).unwrap();
    let studio = Studio::open();
    let made = studio.transcode(&studio.write("spatial.mp4", &with_spatial_sound(&clip))).await;
    assert_pitch(&made, 900, "beside spatial sound");
}

#[tokio::test]
async fn what_a_commentator_says_comes_after_the_sound_itself() {
    for (aside, name) in
        [("comment", "comment.mkv"), ("visual_impaired", "told.mkv"), ("dub", "dub.mkv")]
    {
        let studio = Studio::open();
        let clip = two_sounds(&studio, name, [&format!("default+{aside}"), "0"]);
        assert_pitch(&studio.transcode(&clip).await, 900, aside);
        // Better than nothing.
        let studio = Studio::open();
        let alone = studio.film(name, &format!("{SINE} {H264} -c:a aac -disposition:a:0 {aside}"));
        assert_pitch(&studio.transcode(&alone).await, 440, aside);
    }
}

#[tokio::test]
async fn a_clip_whose_sound_cannot_be_read_is_silent_and_says_so() {
    let studio = Studio::open();
    let clip = fs::read(studio.film("clip.mp4", &format!("{SINE} {H264} -c:a aac"))).unwrap();
    let made = studio.transcode(&studio.write("spatial.mp4", &with_spatial_sound(&clip))).await;
    assert_eq!(left_out(&made), Some("apac"));
    assert_silent(&made, "spatial.mp4");
    assert_eq!(made.output.duration_ms, 2000);
    let studio = Studio::open();
    let opaque = studio.film("truehd.mkv", &format!("{SINE} {H264} -c:a truehd -strict -2 -ac 2"));
    let made = studio.transcode(&opaque).await;
    assert_eq!(left_out(&made), Some("truehd"));
    assert_silent(&made, "truehd.mkv");
}

#[tokio::test]
async fn a_stream_of_a_broadcast_that_nobody_knows_is_told_of_like_sound() {
    let ts = |studio: &Studio, sound: &str| {
        fs::read(studio.film("clip.ts", &format!("{sound} {H264} -c:a pcm_bluray -ac 2"))).unwrap()
    };
    // Whatever libav takes such samples for: nothing, data, or MP3.
    for sound in [SINE, "-f lavfi -i aevalsrc=0:s=48000:d=2", "-f lavfi -i anoisesrc=r=48000:d=2"] {
        for stream_type in [0x06, 0x80, 0x83, 0x8a] {
            let studio = Studio::open();
            let clip = with_stream_type(&ts(&studio, sound), 0x06, stream_type);
            let made = studio.transcode(&studio.write("clip.ts", &clip)).await;
            let name = format!("{sound} as {stream_type:#x}");
            assert!(left_out(&made).is_some(), "{name}");
            assert_silent(&made, &name);
        }
    }
    let studio = Studio::open();
    let made = studio.transcode(&studio.film("silent.ts", H264)).await;
    assert_eq!(left_out(&made), None, "there was none");
    // With sound that is read beside it nothing is lost.
    let studio = Studio::open();
    let both = studio.film(
        "both.ts",
        &format!("{SINE} {SINE} {H264} -map 2 -map 0 -map 1 -ac 2 -c:a:0 pcm_bluray -c:a:1 aac"),
    );
    let both = with_stream_type(&fs::read(both).unwrap(), 0x06, 0x80);
    assert_pitch(&studio.transcode(&studio.write("both-80.ts", &both)).await, 440, "both.ts");
}

#[tokio::test]
async fn a_track_without_one_sample_is_no_sound() {
    let studio = Studio::open();
    // The first track's packets are noise; the second is as it should be, or noise too.
    let noise = |studio: &Studio, second: &str| {
        let inputs =
            format!("{SINE} -f lavfi -i sine=f=900:r=48000:d=2 {H264} -map 0 -map 1 -map 2");
        studio.film("noise.mkv", &format!("{inputs} -c:a mp3 -bsf:a:0 noise=amount=1 {second}"))
    };
    let made = studio.transcode(&noise(&studio, "")).await;
    assert_pitch(&made, 900, "the second track");
    let studio = Studio::open();
    let made = studio.transcode(&noise(&studio, "-bsf:a:1 noise=amount=1")).await;
    assert_eq!(left_out(&made), Some("mp3"));
    assert_silent(&made, "noise.mkv");
}

#[tokio::test]
async fn an_empty_track_of_sound_is_no_loss() {
    for name in ["empty.mkv", "empty.mp4"] {
        let studio = Studio::open();
        let empty = "-c:a aac -bsf:a noise=drop=1 -movflags +empty_moov+frag_keyframe";
        let made = studio.transcode(&studio.film(name, &format!("{SINE} {H264} {empty}"))).await;
        assert_eq!(left_out(&made), None, "{name}");
        assert_silent(&made, name);
    }
}

#[tokio::test]
async fn sound_that_begins_late_is_heard_or_told_of() {
    let studio = Studio::open();
    let late = studio.film(
        "late.vob",
        "-itsoffset 12 -f lavfi -i sine=d=2 -f lavfi -i testsrc2=s=160x120:r=25:d=14 -c:v mpeg2video -c:a mp2 -f vob",
    );
    let made = studio.transcode(&late).await;
    let first = made.first_loud_sample();
    assert!(first.abs_diff(12 * 48_000) < 4_800, "{first}");
    assert_eq!(left_out(&made), None);
    // Neither near the start nor near the end, where libav looks for tracks that are listed nowhere.
    let studio = Studio::open();
    let between = studio.film(
        "between.vob",
        "-itsoffset 8 -f lavfi -i sine=d=2 -f lavfi -i testsrc2=s=640x480:r=25:d=20 -c:v mpeg2video -q:v 2 -c:a mp2 -f vob",
    );
    let made = studio.transcode(&between).await;
    assert_eq!(left_out(&made), Some("mp2"));
    assert_silent(&made, "between.vob");
}

#[tokio::test]
async fn the_film_is_taken_and_not_its_cover() {
    for name in ["covered.mp4", "covered.mkv"] {
        let studio = Studio::open();
        let cover = studio.film("cover.jpg", "-f lavfi -i color=red:s=640x480 -frames:v 1");
        let clip = studio.film(
            name,
            &format!(
                "-i {} -f lavfi -i color=blue:s=160x120:r=10:d=1 -map 0 -map 1 -c:v:0 copy -disposition:v:0 attached_pic \
                 -c:v:1 libx264 -pix_fmt:v:1 yuv420p",
                cover.display()
            ),
        );
        let made = studio.transcode(&clip).await;
        assert!(is_near(made.colour(0.5, (0.5, 0.5)), BLUE), "{name}");
    }
}

#[tokio::test]
async fn of_two_pictures_the_one_that_can_be_read_is_taken() {
    let two = "-f lavfi -i color=red:s=320x240:r=10:d=1 -f lavfi -i color=blue:s=160x120:r=10:d=1 -map 0 -map 1";
    let studio = Studio::open();
    let clip = studio.film(
        "two.mkv",
        &format!("{two} -c:v:0 msvideo1 -pix_fmt:v:0 rgb555le -c:v:1 libx264 -pix_fmt:v:1 yuv420p"),
    );
    let made = studio.transcode(&clip).await;
    assert!(is_near(made.colour(0.5, (0.5, 0.5)), BLUE));
    // A still is not the film that it lies beside.
    let studio = Studio::open();
    let clip = studio.film(
        "still.mov",
        &format!("{two} -c:v:0 cinepak -c:v:1 mjpeg -pix_fmt:v:1 yuvj420p -frames:v:1 1"),
    );
    assert_eq!(studio.refusal(&clip).await, Failure::UnsupportedCodec);
}
