//! Clips that were filmed to be played slowly, played so or as they were filmed.

use crate::media::{Made, Studio, probed};
use std::path::{Path, PathBuf};
use transcoder_protocol::{Failure, VideoLimits};

const H264: &str = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p";

/// Black, and white from one second on, with a tone.
fn filmed(studio: &Studio, name: &str, rate: &str, seconds: f64, coding: &str) -> PathBuf {
    let arguments = format!(
        "-f lavfi -i color=black:s=320x240:r={rate}:d={seconds},drawbox=color=white:t=fill:enable='gte(t,1)' \
         -f lavfi -i sine=d={seconds}:r=48000 {coding} -c:a aac"
    );
    studio.film(name, &arguments)
}

async fn slowed(studio: &Studio, clip: &Path) -> Made {
    studio.try_slowed(clip, VideoLimits::default()).await.unwrap()
}

fn frames(made: &Made) -> usize {
    probed(&made.lowest(), "-select_streams v -show_entries packet=flags").len()
}

#[tokio::test]
async fn slow_motion_shows_each_frame_at_a_usual_rate_and_is_silent() {
    let cases = [
        ("120.mp4", "120", H264, 4, 30.0),
        ("pal.mp4", "100", H264, 4, 25.0),
        ("240.mkv", "240", H264, 8, 30.0),
        ("h265.mp4", "240", "-c:v libx265 -preset ultrafast -x265-params log-level=none", 8, 30.0),
        ("stamped.ts", "120", H264, 4, 30.0),
    ];
    for (name, rate, coding, factor, shown_rate) in cases {
        let studio = Studio::open();
        let clip = filmed(&studio, name, rate, 2.0, coding);
        let made = slowed(&studio, &clip).await;
        assert_eq!(made.output.slow_factor, Some(factor), "{name}");
        let seconds = 2.0 * f64::from(factor);
        assert!((made.seconds() - seconds).abs() < 0.1, "{name}: {} s", made.seconds());
        let rendition = &made.output.renditions[0];
        assert!((rendition.frame_rate - shown_rate).abs() < 1e-6, "{name}: {rendition:?}");
        let filmed = seconds * shown_rate;
        assert!((frames(&made) as f64 - filmed).abs() < 3.0, "{name}: {} frames", frames(&made));
        let white = made.first_white();
        assert!((white - f64::from(factor)).abs() < 0.1, "{name}: white from {white} s");
        assert!(!made.output.has_audio, "{name}");
        assert_eq!(probed(&made.lowest(), "-show_entries stream=codec_type"), ["video"], "{name}");
        // Its author chose it, so it is no news.
        assert_eq!((&made.output.sound_left_out, made.output.cut_short), (&None, None), "{name}");
    }
}

#[tokio::test]
async fn what_was_filmed_for_slow_motion_is_played_as_it_was_filmed_unless_somebody_asks() {
    let studio = Studio::open();
    let clip = filmed(&studio, "120.mp4", "120", 2.0, H264);
    let made = studio.transcode(&clip).await;
    assert_eq!(made.output.slow_factor, Some(4));
    assert!((made.seconds() - 2.0).abs() < 0.1 && made.output.has_audio, "{:?}", made.output);
    assert_eq!(made.output.renditions[0].frame_rate, 60.0);
}

#[tokio::test]
async fn an_ordinary_clip_is_never_slowed() {
    for rate in ["30", "60"] {
        let studio = Studio::open();
        let clip = filmed(&studio, "usual.mp4", rate, 2.0, H264);
        let made = slowed(&studio, &clip).await;
        assert_eq!(made.output.slow_factor, None);
        assert!((made.seconds() - 2.0).abs() < 0.1 && made.output.has_audio, "{:?}", made.output);
    }
}

#[tokio::test]
async fn the_limit_of_slow_motion_is_the_length_that_is_seen() {
    let limits = VideoLimits { max_duration_ms: 16_000, ..VideoLimits::default() };
    for name in ["claimed.mp4", "read.ts", "live.mkv"] {
        let coding = if name == "live.mkv" { format!("{H264} -live 1") } else { H264.to_owned() };
        for (seconds, expected) in [(2.0, Ok(())), (3.0, Err(Failure::TooLong))] {
            let studio = Studio::open();
            let clip = filmed(&studio, name, "240", seconds, &coding);
            let made = studio.try_slowed(&clip, limits).await;
            let outcome = made.map(drop).map_err(|failed| failed.failure);
            assert_eq!(outcome, expected, "{name} of {seconds} s");
            let another = Studio::open();
            let as_filmed = another.try_with(&clip, limits).await.map(drop);
            assert!(as_filmed.is_ok(), "{name} of {seconds} s: {as_filmed:?}");
        }
    }
}

#[tokio::test]
async fn what_broke_off_is_told_in_the_time_that_is_seen() {
    let studio = Studio::open();
    let clip =
        filmed(&studio, "whole.mp4", "120", 4.0, &format!("{H264} -g 30 -movflags faststart"));
    let whole = std::fs::read(&clip).unwrap();
    let broken = studio.write("broken.mp4", &whole[..whole.len() * 6 / 10]);
    let made = slowed(&studio, &broken).await;
    let claimed = made.output.cut_short.unwrap().claimed_ms;
    assert!(claimed.abs_diff(16_000) < 200, "{claimed}");
    assert!((4.0..15.0).contains(&made.seconds()), "{} s", made.seconds());
}

#[tokio::test]
async fn slow_motion_that_is_begun_anew_in_another_shape_stays_slow() {
    let studio = Studio::open();
    let part = |name: &str, size: &str, seconds: u32| {
        let arguments =
            format!("-f lavfi -i testsrc2=s={size}:r=120:d={seconds} {H264} -g 60 -bf 0");
        std::fs::read(studio.film(name, &arguments)).unwrap()
    };
    // A stream that grows: of what the header states there is little.
    let parts = [part("small.h264", "320x240", 1), part("large.h264", "640x480", 2)].concat();
    let stream = studio.write("both.h264", &parts);
    let arguments = format!("-r 120 -f h264 -i {} -c copy", stream.display());
    let clip = studio.film("both.mp4", &arguments);
    let made = slowed(&studio, &clip).await;
    assert_eq!((made.output.width, made.output.height), (640, 480));
    assert!((made.seconds() - 12.0).abs() < 0.1, "{} s", made.seconds());
}
