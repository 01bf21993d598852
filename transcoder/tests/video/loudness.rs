//! How loud clips come out, measured by ffmpeg's EBU R 128 scanner.

use crate::media::{Made, Studio, decoded};
use std::path::Path;
use std::process::Command;

const PICTURE: &str = "-f lavfi -i color=gray:s=64x48:r=10";
const CODING: &str = "-c:v libx264 -pix_fmt yuv420p -c:a aac -b:a 192k -shortest";

/// Makes a clip of `sound`, a graph of ffmpeg's sources and filters, with `more` encoder arguments.
async fn made_with(studio: &Studio, sound: &str, more: &str) -> Made {
    let clip = studio.film("clip.mp4", &format!("{PICTURE} -f lavfi -i {sound} {CODING} {more}"));
    studio.transcode(&clip).await
}

struct Measured {
    /// Integrated, in LUFS.
    loudness: f64,
    /// True peak, in dB below full scale.
    peak: f64,
}

fn measured(file: &Path, filters: &str) -> Measured {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostats", "-nostdin", "-i"])
        .arg(file)
        .args(["-map", "0:a", "-af", &format!("{filters}ebur128=peak=true:framelog=verbose")])
        .args(["-f", "null", "-"])
        .output()
        .expect("ffmpeg is installed");
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let summary = &log[log.rfind("Summary:").expect("a summary")..];
    let number = |label: &str, unit: &str| -> f64 {
        let line =
            summary.lines().find(|line| line.trim().starts_with(label) && line.contains(unit));
        let line = line.unwrap_or_else(|| panic!("{label}: {summary}")).trim();
        line[label.len()..line.len() - unit.len()].trim().parse().unwrap()
    };
    Measured { loudness: number("I:", "LUFS"), peak: number("Peak:", "dBFS") }
}

fn is_at_the_target(made: &Made, what: &str) {
    for rendition in &made.output.renditions {
        let Measured { loudness, peak } = measured(&made.path(&rendition.file), "");
        assert!((loudness + 16.0).abs() < 1.0, "{what}: {loudness} LUFS in {}", rendition.file);
        assert!(peak < -0.5, "{what}: a peak of {peak} dB in {}", rendition.file);
    }
}

#[tokio::test]
async fn quiet_and_loud_clips_come_out_equally_loud() {
    let cases = [
        ("quiet", "anoisesrc=c=pink:a=0.15:seed=1:d=5", "-ac 2"),
        ("loud", "anoisesrc=c=pink:a=1:seed=2:d=5,volume=9dB", "-ac 2"),
        ("mono", "sine=f=500:d=5,volume=-12dB", "-ac 1"),
        ("one second", "anoisesrc=c=pink:a=0.1:seed=3:d=1", "-ac 2"),
        ("8 kHz, as old phones have it", "sine=f=500:r=8000:d=5,volume=-12dB", "-ac 1 -ar 8000"),
        (
            "a voice in the middle of five speakers",
            "sine=f=500:r=48000:d=5,volume=-12dB,pan=5.1|FC=c0",
            "",
        ),
    ];
    for (what, sound, more) in cases {
        let studio = Studio::open();
        let made = made_with(&studio, sound, more).await;
        is_at_the_target(&made, what);
    }
}

#[tokio::test]
async fn every_rendition_is_equally_loud() {
    let studio = Studio::open();
    let clip = studio.film(
        "clip.mp4",
        "-f lavfi -i color=gray:s=640x360:r=10 -f lavfi -i anoisesrc=c=pink:a=0.15:seed=1:d=3 \
         -c:v libx264 -pix_fmt yuv420p -c:a aac -shortest",
    );
    let made = studio.transcode(&clip).await;
    assert_eq!(made.output.renditions.len(), 2);
    is_at_the_target(&made, "both");
}

#[tokio::test]
async fn loud_moments_in_a_quiet_clip_are_held_and_the_rest_is_as_loud_as_ever() {
    let studio = Studio::open();
    // A murmur, and every two seconds a clap at full scale, 20 ms long.
    let sound = "aevalsrc=exprs='0.05*sin(2*PI*440*t)+lt(mod(t+1,2),0.02)*0.9*sin(2*PI*1500*t)':s=48000:d=8";
    let made = made_with(&studio, sound, "-ac 2").await;
    is_at_the_target(&made, "claps");
}

#[tokio::test]
async fn a_quiet_half_stays_as_much_quieter_as_it_was() {
    let studio = Studio::open();
    let sound = "aevalsrc=exprs='if(lt(t,4),0.3,0.12)*sin(2*PI*440*t)':s=48000:d=8";
    let made = made_with(&studio, sound, "-ac 2").await;
    is_at_the_target(&made, "halves");
    let half = |trim: &str| measured(&made.lowest(), &format!("atrim={trim},")).loudness;
    let difference = half("0.5:3.5") - half("4.5:7.5");
    let original = 20.0 * (0.3f64 / 0.12).log10();
    assert!((difference - original).abs() < 0.3, "{difference} instead of {original} LU");
    // Nor does it swell within a half.
    let drift = half("4.3:5.3") - half("6.7:7.7");
    assert!(drift.abs() < 0.2, "{drift} LU");
}

#[tokio::test]
async fn silence_stays_silent_and_its_noise_is_not_turned_up() {
    let loudest = |made: &Made| {
        decoded(&made.lowest(), "", "-map 0:a -c:a pcm_s16le")
            .chunks_exact(2)
            .map(|sample| i16::from_le_bytes([sample[0], sample[1]]).unsigned_abs())
            .max()
            .unwrap()
    };
    let studio = Studio::open();
    let silent = made_with(&studio, "anullsrc=r=44100:cl=stereo:d=3", "").await;
    assert!(silent.output.has_audio);
    assert_eq!(loudest(&silent), 0);

    let studio = Studio::open();
    let hiss = made_with(&studio, "anoisesrc=c=pink:a=0.002:seed=4:d=3", "-ac 2").await;
    assert!(loudest(&hiss) < 100, "{}", loudest(&hiss));
}

#[tokio::test]
async fn a_faint_sound_is_turned_up_only_so_far() {
    let studio = Studio::open();
    let made = made_with(&studio, "sine=f=1000:d=4,volume=-25dB", "-ac 2").await;
    let before = measured(&studio.path("clip.mp4"), "").loudness;
    let after = measured(&made.lowest(), "").loudness;
    assert!((-49.0..-40.0).contains(&before), "{before}");
    assert!((after - before - 20.0).abs() < 0.7, "from {before} to {after} LUFS");
}

#[tokio::test]
async fn a_sound_too_short_to_have_a_loudness_is_left_as_it_is() {
    let studio = Studio::open();
    let made = made_with(&studio, "sine=f=1000:d=0.3,volume=-6dB", "-ac 2").await;
    let peak = |file: &Path| measured(file, "").peak;
    let (before, after) = (peak(&studio.path("clip.mp4")), peak(&made.lowest()));
    assert!((after - before).abs() < 1.5, "from {before} to {after} dB");
}
