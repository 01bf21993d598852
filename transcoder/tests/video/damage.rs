//! Clips of which a part is missing, broken or made up.

use crate::media::{Studio, decoded};
use std::fs;
use transcoder_protocol::{CutShort, Failure};

/// Four seconds.
const CLIP: &str = "-f lavfi -i testsrc2=s=320x240:r=25:d=4 -f lavfi -i sine=d=4 -c:v libx264 -preset ultrafast -g 25 -c:a aac";

fn film(studio: &Studio, name: &str) -> Vec<u8> {
    let has_index = name.ends_with("mp4") || name.ends_with("mov");
    let more = if has_index { "-movflags +faststart" } else { "" };
    fs::read(studio.film(name, &format!("{CLIP} {more}"))).unwrap()
}

/// Repeatable noise (xorshift).
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    (0..bytes)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .collect()
}

#[tokio::test]
async fn a_clip_that_was_cut_off_is_made_up_to_there_and_says_so() {
    for name in ["whole.mp4", "whole.mkv", "whole.mov"] {
        let studio = Studio::open();
        let mut bytes = film(&studio, name);
        bytes.truncate(bytes.len() * 6 / 10);
        let made = studio.transcode(&studio.write("cut", &bytes)).await;
        let CutShort { claimed_ms } = made.output.cut_short.expect(name);
        assert!(claimed_ms.abs_diff(4_000) < 100, "{name}: {claimed_ms}");
        let length = made.output.duration_ms;
        assert!((1_500..3_300).contains(&length), "{name}: {length}");
        let frames = decoded(&made.lowest(), "", "-map 0:v -vf scale=1:1,format=gray").len();
        assert!(frames.abs_diff((length / 40) as usize) < 2, "{name}: {frames} in {length}");
    }
}

#[tokio::test]
async fn an_end_of_zeros_is_no_picture_that_stays() {
    let studio = Studio::open();
    let mut bytes = film(&studio, "whole.mp4");
    let half = bytes.len() / 2;
    bytes[half..].fill(0);
    let made = studio.transcode(&studio.write("zeros.mp4", &bytes)).await;
    assert_eq!(made.output.cut_short.map(|cut| cut.claimed_ms / 100), Some(40));
    assert!((1_000..3_200).contains(&made.output.duration_ms), "{}", made.output.duration_ms);
}

#[tokio::test]
async fn a_clip_of_which_less_than_a_second_is_left_is_damaged() {
    let studio = Studio::open();
    // Without `+faststart` the index is at the end.
    let index_last = fs::read(studio.film("last.mp4", CLIP)).unwrap();
    let cut = studio.write("cut.mp4", &index_last[..index_last.len() / 2]);
    assert_eq!(studio.refusal(&cut).await, Failure::Damaged);
    for name in ["whole.mp4", "whole.mkv"] {
        let studio = Studio::open();
        let bytes = film(&studio, name);
        let cut = studio.write("cut", &bytes[..bytes.len() / 6]);
        assert_eq!(studio.refusal(&cut).await, Failure::Damaged, "{name}");
    }
}

#[tokio::test]
async fn a_whole_clip_does_not_say_that_it_was_cut() {
    for name in ["a.mp4", "a.mkv", "a.ts", "a.mpg", "a.avi"] {
        let studio = Studio::open();
        let coding = if name.ends_with("mpg") { "-c:v mpeg2video -c:a mp2" } else { "" };
        let clip = studio.film(name, &format!("{CLIP} {coding}"));
        let made = studio.transcode(&clip).await;
        assert_eq!(made.output.cut_short, None, "{name}");
    }
}

#[tokio::test]
async fn garbage_behind_a_clip_is_passed_over() {
    for name in ["a.mp4", "a.mkv", "a.ts", "a.avi"] {
        let studio = Studio::open();
        let mut bytes = film(&studio, name);
        bytes.extend(noise(300_000));
        let made = studio.transcode(&studio.write("tail", &bytes)).await;
        let length = made.output.duration_ms;
        assert!(length.abs_diff(4_000) < 150, "{name}: {length}");
        assert_eq!(made.output.cut_short, None, "{name}");
    }
}

#[tokio::test]
async fn noise_in_the_middle_costs_some_frames() {
    for name in ["a.mp4", "a.mkv", "a.ts", "a.avi"] {
        let studio = Studio::open();
        let mut bytes = film(&studio, name);
        let (from, to) = (bytes.len() * 45 / 100, bytes.len() * 55 / 100);
        bytes.splice(from..to, noise(to - from));
        let made = studio.transcode(&studio.write("middle", &bytes)).await;
        let length = made.output.duration_ms;
        assert!((1_500..4_200).contains(&length), "{name}: {length}");
    }
}

#[tokio::test]
async fn a_header_that_claims_far_more_than_there_is_is_not_believed() {
    let studio = Studio::open();
    let mut matroska = film(&studio, "a.mkv");
    // Duration, an element of eight bytes, in milliseconds.
    let duration = matroska.windows(3).position(|id| id == [0x44, 0x89, 0x88]).unwrap() + 3;
    let claimed = 22.0 * 60_000.0;
    matroska[duration..duration + 8].copy_from_slice(&f64::to_be_bytes(claimed));
    let made = studio.transcode(&studio.write("lie.mkv", &matroska)).await;
    assert!(made.output.duration_ms.abs_diff(4_000) < 150, "{}", made.output.duration_ms);
    assert_eq!(made.output.cut_short, Some(CutShort { claimed_ms: 22 * 60_000 }));
    assert!(made.output.storyboard.at_ms.len() > 1);
}

#[tokio::test]
async fn frames_that_claim_to_last_for_minutes_are_too_long_at_once() {
    let studio = Studio::open();
    // An edit list would say where the film ends.
    let mut bytes = fs::read(studio.film("a.mp4", &format!("{CLIP} -use_editlist 0"))).unwrap();
    // The time-to-sample table of the picture: version, number of entries, then so many samples of such a length.
    let table = bytes.windows(4).position(|kind| kind == b"stts").unwrap() + 8;
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    let last = table + 4 + 8 * (number(table) as usize - 1) + 4;
    let ticks = number(last) * 400;
    bytes[last..last + 4].copy_from_slice(&ticks.to_be_bytes());
    assert_eq!(studio.refusal(&studio.write("slow.mp4", &bytes)).await, Failure::TooLong);
}

#[tokio::test]
async fn whether_the_source_said_where_is_told() {
    let place = "+34.8841+135.7996/";
    let cases = [
        ("a.mov", format!("-metadata location={place}"), true),
        ("a.mp4", format!("-metadata location={place}"), true),
        ("a.3gp", format!("-metadata location={place}"), true),
        (
            "keys.mov",
            format!(
                "-movflags use_metadata_tags -metadata com.apple.quicktime.location.ISO6709={place}"
            ),
            true,
        ),
        ("plain.mp4", "-metadata title=34".into(), false),
    ];
    for (name, tags, expected) in cases {
        let studio = Studio::open();
        let clip = studio.film(name, &format!("{CLIP} {tags}"));
        assert_eq!(studio.transcode(&clip).await.output.had_location, expected, "{name}");
    }
}

#[tokio::test]
async fn a_place_is_found_though_its_tag_is_no_text() {
    let studio = Studio::open();
    let clip = studio.film("a.mkv", &format!("{CLIP} -metadata location=+34.8841+135.7996QQ"));
    let mut bytes = fs::read(clip).unwrap();
    let at = bytes.windows(4).position(|window| window == b"96QQ").unwrap() + 2;
    // The first byte is in no text; the second one promises three more.
    bytes[at..at + 2].copy_from_slice(&[0xff, 0xf0]);
    let made = studio.transcode(&studio.write("b.mkv", &bytes)).await;
    assert!(made.output.had_location);
}
