//! MPEG-TS and MPEG-PS files whose clock jumps: joined end to end, restarted, wrapped.

use crate::media::{Made, Studio, complaints, wait};
use std::fs;

/// Five seconds, of which the fourth begins with a flash and a beep.
const PART: &str = "-f lavfi -i color=black:s=160x120:r=25:d=5,drawbox=color=white:t=fill:enable='between(t,4,4.4)' \
     -f lavfi -i sine=f=1000:r=48000:d=5,volume=0:enable='not(between(t,4,4.4))' -pix_fmt yuv420p -g 25";

/// A container's name, and what DVDs, camcorders and recorders have in it.
const KINDS: [(&str, &str); 5] = [
    ("a.ts", "-c:v libx264 -preset ultrafast -c:a aac"),
    ("b.ts", "-c:v libx264 -bf 2 -c:a ac3"),
    ("c.ts", "-c:v mpeg2video -c:a mp2"),
    ("d.vob", "-c:v mpeg2video -bf 2 -c:a ac3"),
    ("e.mpg", "-c:v mpeg2video -c:a mp2"),
];

/// Joins parts whose clocks begin at these seconds, each a film of its own.
fn joined(studio: &Studio, (name, coding): (&str, &str), starts: &[f64]) -> Made {
    let mut whole = Vec::new();
    for start in starts {
        let part = studio.film(name, &format!("{PART} {coding} -output_ts_offset {start}"));
        whole.extend(fs::read(part).unwrap());
    }
    let whole = studio.write("joined", &whole);
    wait(studio.transcode(&whole))
}

/// All parts, and in each the flash and the beep at one time.
fn is_whole(made: &Made, parts: usize) -> Result<(), String> {
    let (seen, heard, seconds) = (made.flashes(), made.beeps(), made.seconds());
    let told = format!("seen at {seen:.3?}, heard at {heard:.3?}, {seconds} s");
    let is_together = |(seen, heard): (&f64, &f64)| (seen - heard).abs() < 0.045;
    let is_due = |(number, seen): (usize, &f64)| (seen - (5.0 * number as f64 + 4.0)).abs() < 0.3;
    let is_whole = seen.len() == parts
        && heard.len() == parts
        && seen.iter().zip(&heard).all(is_together)
        && seen.iter().enumerate().all(is_due)
        && (seconds - 5.0 * parts as f64).abs() < 0.4
        && made.output.cut_short.is_none();
    if is_whole { Ok(()) } else { Err(told) }
}

fn check(starts: &[f64]) {
    let complaints = complaints(&KINDS, |kind| {
        let studio = Studio::open();
        let made = joined(&studio, *kind, starts);
        is_whole(&made, starts.len()).map_err(|wrong| format!("{}, {starts:?}: {wrong}", kind.0))
    });
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn three_parts_that_each_begin_at_zero_all_play() {
    check(&[0.0, 0.0, 0.0]);
}

#[test]
fn a_part_whose_clock_is_ahead_follows_at_once() {
    check(&[0.0, 100.0]);
    check(&[0.0, 1005.0, 20_000.0]);
}

#[test]
fn a_clock_that_wraps_goes_on() {
    // 2³³ ticks are 95,443.7 s.
    check(&[95_441.0]);
    check(&[300.0, 95_442.5, 7.0]);
}

#[test]
fn a_recorder_that_starts_anew_goes_on() {
    check(&[5_000.0, 0.0, 5_010.0]);
}

#[test]
fn honest_gaps_in_other_containers_stay() {
    let studio = Studio::open();
    let plain = studio.film("plain.mkv", &format!("{PART} -c:v libx264 -bf 0 -c:a flac"));
    let gap = "setts=ts='TS+gte(TS*TB,2)*3/TB'";
    let copy = format!("-i {} -c copy -bsf:v {gap} -bsf:a {gap}", plain.display());
    let film = studio.film("a.mkv", &copy);
    let made = wait(studio.transcode(&film));
    assert!((made.seconds() - 8.0).abs() < 0.15, "{}", made.seconds());
    assert!((made.flashes()[0] - 7.0).abs() < 0.05 && (made.beeps()[0] - 7.0).abs() < 0.02);
}
