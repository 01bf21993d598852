//! Clips with bytes changed by chance: each must become a clip or a refusal, never a crash, a hang or an output with a stain.

use crate::media::Studio;
use crafted::Chance;
use std::fs;
use transcoder_protocol::{Failure, VideoLimits};

#[tokio::test]
async fn no_changed_byte_makes_the_child_crash() {
    let source = "-f lavfi -i testsrc2=s=64x48:r=10:d=1.2 -f lavfi -i sine=d=1.2";
    let clips = [
        ("a.mp4", "-c:v libx264 -c:a aac -movflags +faststart", 14),
        ("b.mp4", "-c:v libx265 -x265-params log-level=none -c:a aac", 6),
        ("a.mkv", "-c:v libx264 -c:a libopus", 10),
        ("a.webm", "-c:v libvpx -deadline realtime -c:a libvorbis", 8),
        ("a.ts", "-c:v libx264 -c:a ac3", 8),
        ("a.avi", "-c:v mpeg4 -c:a libmp3lame", 8),
        ("a.mpg", "-c:v mpeg2video -c:a mp2", 6),
        ("a.ogv", "-c:v libtheora -c:a libvorbis", 6),
        ("a.mov", "-c:v mjpeg -pix_fmt yuvj420p -c:a pcm_s16le", 6),
        ("a.dv", "-c:v dvvideo -s 720x480 -r 30000/1001 -pix_fmt yuv411p -ar 48000 -ac 2", 4),
        ("a.wmv", "-c:v wmv2 -c:a wmav2", 8),
        ("b.wmv", "-c:v wmv1 -c:a wmav1", 4),
        ("b.avi", "-c:v msmpeg4 -c:a adpcm_ms", 4),
        ("b.ts", "-c:v libx264 -c:a dca -strict -2 -ac 2", 4),
        ("a.vob", "-c:v mpeg2video -r 25 -c:a pcm_dvd -ar 48000 -ac 2", 4),
    ];
    let mut chance = Chance(20_261_124);
    for (name, coding, rounds) in clips {
        let whole = fs::read(Studio::open().film(name, &format!("{source} {coding}"))).unwrap();
        for round in 0..rounds {
            let mut changed = whole.clone();
            for _ in 0..=chance.below(8) {
                // Headers decide most; half of the changes go there.
                let reach =
                    if chance.below(2) == 0 { changed.len().min(1500) } else { changed.len() };
                let at = chance.below(reach);
                changed[at] = chance.below(256) as u8;
            }
            let studio = Studio::open();
            let clip = studio.write("clip", &changed);
            let made = studio.try_with(&clip, VideoLimits::default()).await;
            if let Err(failed) = made.map(drop) {
                let is_named = !matches!(
                    failed.failure,
                    Failure::Crashed | Failure::Tainted | Failure::TookTooLong
                );
                assert!(is_named, "{name}, round {round}: {failed}");
            }
        }
    }
}
