//! Picture and sound keep their time, and stay together to the end.

use crate::media::{Made, Studio, probed_number};

/// Nine seconds: black and silent, but for a flash and a beep at 8 s.
const FLASH_AND_BEEP: &str = "-f lavfi -i color=black:s=160x120:r=30:d=9 -f lavfi -i sine=f=1000:r=44100:d=9 \
    -filter_complex [0:v]drawbox=color=white:t=fill:enable='between(t,8,8.4)'[v];[1:a]volume=0:enable='not(between(t,8,8.4))'[a] \
    -map [v] -map [a] -c:v libx264 -pix_fmt yuv420p -c:a aac";

/// That flash and beep come at `seconds`, and at most 20 ms apart; both tracks start at zero.
fn is_together(made: &Made, seconds: f64, what: &str) {
    for kind in ["v", "a"] {
        let start = format!("-select_streams {kind} -show_entries stream=start_time");
        assert_eq!(probed_number(&made.highest(), &start), 0.0, "{what} {kind}");
    }
    let seen = made.first_white();
    let heard = made.first_loud_sample() as f64 / 48_000.0;
    assert!((seen - heard).abs() < 0.02, "{what}: seen at {seen}, heard at {heard}");
    assert!((seen - seconds).abs() < 0.035, "{what}: {seen}");
}

#[tokio::test]
async fn picture_and_sound_stay_together() {
    let cases = [
        ("plain.mp4", ""),
        // Both tracks start late, the edit list says by how much.
        ("late.mp4", "-output_ts_offset 3"),
        ("plain.ts", ""),
        ("plain.mkv", ""),
        ("plain.avi", "-c:v mpeg4 -c:a libmp3lame"),
    ];
    for (name, more) in cases {
        let studio = Studio::open();
        let clip = studio.film(name, &format!("{FLASH_AND_BEEP} {more}"));
        is_together(&studio.transcode(&clip).await, 8.0, name);
    }
}

#[tokio::test]
async fn what_an_edit_list_cuts_away_is_neither_seen_nor_heard() {
    let studio = Studio::open();
    // One keyframe, so that all before the cut has to be in the file.
    let whole = studio.film("whole.mp4", &format!("{FLASH_AND_BEEP} -g 1000"));
    let clip = studio.film("cut.mp4", &format!("-ss 1.3 -i {} -c copy", whole.display()));
    let made = studio.transcode(&clip).await;
    is_together(&made, 6.7, "cut");
    assert!(made.output.duration_ms.abs_diff(7_700) < 60, "{}", made.output.duration_ms);
}

#[tokio::test]
async fn frames_at_uneven_times_stay_with_the_sound() {
    let studio = Studio::open();
    // Every third frame, then none for a second, then all.
    let picture = "color=black:s=160x120:r=30:d=9,drawbox=color=white:t=fill:enable='between(t,8,8.4)',\
        select='gt(t,5)+lt(t,4)*not(mod(n,3))'";
    let clip = studio.film(
        "uneven.mp4",
        &format!(
            "-f lavfi -i {} -f lavfi -i sine=f=1000:r=44100:d=9,volume=0:enable='not(between(t,8,8.4))' \
             -vsync vfr -c:v libx264 -pix_fmt yuv420p -c:a aac",
            picture.split_whitespace().collect::<String>()
        ),
    );
    is_together(&studio.transcode(&clip).await, 8.0, "uneven");
}

#[tokio::test]
async fn sound_whose_peaks_are_held_stays_with_the_picture() {
    let studio = Studio::open();
    // A murmur, and a click at full scale, which the limiter has to hold.
    let clip = studio.film(
        "click.mp4",
        "-f lavfi -i color=black:s=160x120:r=30:d=9,drawbox=color=white:t=fill:enable='between(t,8,8.4)' \
         -f lavfi -i aevalsrc=exprs='0.002*sin(2*PI*440*t)+between(t,8,8.02)*0.97*sin(2*PI*2000*t)':s=48000:d=9 \
         -c:v libx264 -pix_fmt yuv420p -c:a aac",
    );
    is_together(&studio.transcode(&clip).await, 8.0, "click");
}

#[tokio::test]
async fn the_longer_of_picture_and_sound_is_kept() {
    for (picture, sound) in [(6, 4), (4, 6)] {
        let studio = Studio::open();
        let clip = studio.film(
            "clip.mp4",
            &format!(
                "-f lavfi -i color=black:s=160x120:r=30:d={picture},drawbox=color=white:t=fill:enable='between(t,3,3.4)' \
                 -f lavfi -i sine=f=1000:r=44100:d={sound},volume=0:enable='not(between(t,3,3.4))' \
                 -c:v libx264 -pix_fmt yuv420p -c:a aac"
            ),
        );
        let made = studio.transcode(&clip).await;
        is_together(&made, 3.0, "lengths");
        assert!(made.output.duration_ms.abs_diff(6_000) < 60, "{}", made.output.duration_ms);
    }
}

#[tokio::test]
async fn sound_that_starts_later_than_the_picture_still_does() {
    let studio = Studio::open();
    let clip = studio.film(
        "late-sound.mp4",
        "-f lavfi -i color=black:s=160x120:r=30:d=3 -itsoffset 1.5 -f lavfi -i sine=f=1000:d=1.5 \
         -c:v libx264 -pix_fmt yuv420p -c:a aac",
    );
    let made = studio.transcode(&clip).await;
    let heard = made.first_loud_sample() as f64 / 48_000.0;
    assert!((heard - 1.5).abs() < 0.03, "{heard}");
}

#[tokio::test]
async fn a_variable_rate_is_kept_in_time() {
    let studio = Studio::open();
    // Ten frames a second at first, forty later; the flash is at 2.5 s.
    let clip = studio.film(
        "variable.mp4",
        "-f lavfi -i color=black:s=160x120:r=40:d=4 -vf \
         drawbox=color=white:t=fill:enable='between(t,2.5,2.7)',select='gt(t,2)+not(mod(n,4))' \
         -vsync vfr -c:v libx264 -pix_fmt yuv420p",
    );
    let made = studio.transcode(&clip).await;
    assert!(made.output.renditions[0].frame_rate <= 40.0);
    let flash = made.first_white();
    assert!((flash - 2.5).abs() < 0.035, "{flash}");
}
