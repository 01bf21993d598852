//! Sound whose clock is not the picture's: too fast or too slow, unsteady, with holes, and longer than the picture.

use crate::media::{Made, Studio, complaints, wait};
use transcoder_protocol::{Failure, VideoLimits};

/// A beep of a fifth of a second every two seconds, of this rate and length.
fn beeps(rate: u32, seconds: f64) -> String {
    format!(
        "-f lavfi -i aevalsrc=exprs='0.5*sin(2*PI*1000*t)*lt(mod(t,2),0.2)':s={rate}:d={seconds}"
    )
}

/// A picture of nothing.
fn picture(seconds: f64) -> String {
    format!("-f lavfi -i color=gray:s=64x48:r=5:d={seconds}")
}

/// Sound without an encoder's delay, in packets of some 30 ms.
const CODING: &str =
    "-map 0:v -map 1:a -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a flac -frame_size 1536";

/// A clip whose packets of sound went through one of FFmpeg's bitstream filters, which changes their times or leaves some out.
fn clip(studio: &Studio, name: &str, rate: u32, seconds: f64, coding: &str, times: &str) -> Made {
    let (picture, beeps) = (picture(seconds), beeps(rate, seconds));
    let plain = studio.film("plain.mkv", &format!("{picture} {beeps} {CODING} {coding}"));
    let clip = studio.film(name, &format!("-i {} -c copy -bsf:a {times}", plain.display()));
    wait(studio.transcode(&clip))
}

/// That beep number `n` is heard at `time(2n)`, within 20 ms.
fn beeps_are_at(made: &Made, seconds: f64, time: impl Fn(f64) -> f64) -> Result<(), String> {
    let heard = made.beeps();
    let expected: Vec<f64> =
        (0..).map(|n| 2.0 * f64::from(n)).take_while(|at| *at < seconds - 0.3).map(time).collect();
    let is_near = |(heard, expected): (&f64, &f64)| (heard - expected).abs() < 0.02;
    if heard.len() != expected.len() || !heard.iter().zip(&expected).all(is_near) {
        return Err(format!("heard at {heard:.3?} instead of {expected:.3?}"));
    }
    Ok(())
}

fn is_long(made: &Made, seconds: f64) -> Result<(), String> {
    let is = made.seconds();
    if (is - seconds).abs() < 0.25 { Ok(()) } else { Err(format!("{is} s instead of {seconds}")) }
}

#[test]
fn a_drifting_clock_is_followed_at_every_rate() {
    struct Drift(u32, &'static str, f64, i32);
    let cases = [
        Drift(48_000, "", 60.0, 500),
        Drift(48_000, "", 150.0, 100),
        Drift(48_000, "-ac 6", 20.0, -1000),
        Drift(48_000, "", 170.0, -20),
        Drift(96_000, "", 20.0, 1000),
        Drift(44_100, "-ac 2", 60.0, -500),
        Drift(44_100, "-ac 6", 20.0, 1000),
        Drift(32_000, "", 30.0, 1000),
        Drift(24_000, "-ac 2", 30.0, -1000),
        Drift(22_050, "", 30.0, 1000),
        Drift(16_000, "", 30.0, -1000),
        Drift(11_025, "", 30.0, 500),
        Drift(8_000, "", 60.0, -500),
        Drift(48_000, "-ac 8", 5.0, 1000),
    ];
    let complaints = complaints(&cases, |Drift(rate, more, seconds, millionths)| {
        let studio = Studio::open();
        let factor = 1.0 + f64::from(*millionths) / 1e6;
        let made = clip(&studio, "a.mkv", *rate, *seconds, more, &format!("setts=ts=TS*{factor}"));
        beeps_are_at(&made, *seconds, |at| at * factor)
            .and(is_long(&made, seconds * factor.max(1.0)))
            .map_err(|wrong| format!("{rate} Hz {more} {millionths} ppm: {wrong}"))
    });
    assert!(complaints.is_empty(), "{complaints:#?}");
}

fn later(at: f64, gap: f64) -> f64 {
    if at > 5.0 { at + gap } else { at }
}

#[test]
fn gaps_and_jitter_cost_nothing_but_themselves() {
    // What happens to the timestamps of the sound, and to a beep then.
    struct Fault(&'static str, f64, fn(f64) -> f64);
    let cases = [
        Fault("setts=ts='TS+gte(TS*TB,5)*0.03/TB'", 20.0, |at| later(at, 0.03)),
        Fault("setts=ts='TS+gte(TS*TB,5)*0.06/TB'", 20.0, |at| later(at, 0.06)),
        Fault("setts=ts='TS+gte(TS*TB,5)*3/TB'", 20.0, |at| later(at, 3.0)),
        // Less than a packet, so that they stay in order.
        Fault("setts=ts='TS+(random(0)-0.5)*0.024/TB'", 30.0, |at| at),
        Fault("setts=ts='TS*1.0005+(random(0)-0.5)*0.024/TB'", 60.0, |at| at * 1.0005),
    ];
    let complaints = complaints(&cases, |Fault(times, seconds, time)| {
        let studio = Studio::open();
        let made = clip(&studio, "a.mkv", 48_000, *seconds, "", times);
        beeps_are_at(&made, *seconds, time)
            .and(is_long(&made, time(*seconds)))
            .map_err(|wrong| format!("{times}: {wrong}"))
    });
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn missing_sound_is_silence_and_what_follows_is_in_time() {
    let studio = Studio::open();
    let times = "noise=drop='between(pts*tb,4.5,9.5)'";
    let made = clip(&studio, "a.mkv", 48_000, 20.0, "", times);
    let heard = made.beeps();
    let expected = [0.0, 2.0, 4.0, 10.0, 12.0, 14.0, 16.0, 18.0];
    assert_eq!(heard.len(), expected.len(), "{heard:?}");
    for (heard, expected) in heard.iter().zip(expected) {
        assert!((heard - expected).abs() < 0.02, "{heard} instead of {expected}");
    }
    assert!((made.seconds() - 20.0).abs() < 0.1, "{}", made.seconds());
}

#[test]
fn sound_alone_makes_no_clip_too_long() {
    let limits = VideoLimits { max_duration_ms: 5_000, ..VideoLimits::default() };
    // A little, and for minutes.
    for (name, sound, is_told) in [
        ("a.mp4", 6.2, false),
        ("a.mkv", 6.2, false),
        ("b.mp4", 60.0, true),
        ("b.mkv", 60.0, true),
        ("b.ts", 60.0, true),
    ] {
        let studio = Studio::open();
        let film = studio.film(
            name,
            &format!("{} {} {CODING}", picture(4.0), beeps(48_000, sound)).replace("flac", "mp2"),
        );
        let made = wait(studio.try_with(&film, limits)).unwrap();
        assert!((4.9..6.1).contains(&made.seconds()), "{name}: {}", made.seconds());
        assert_eq!(made.output.cut_short.is_some(), is_told, "{name}: {:?}", made.output.cut_short);
        let film = studio.film(
            name,
            &format!("{} {} {CODING}", picture(7.0), beeps(48_000, 7.0)).replace("flac", "mp2"),
        );
        let refused = wait(Studio::open().refusal_with(&film, limits));
        assert_eq!(refused, Failure::TooLong, "{name}");
    }
}

#[test]
fn a_stray_packet_of_sound_makes_no_minutes_of_a_still() {
    let studio = Studio::open();
    let times = "setts=ts='TS+gte(TS*TB,5.9)*100/TB'";
    let made = clip(&studio, "a.mkv", 48_000, 6.0, "", times);
    assert!((made.seconds() - 6.0).abs() < 0.2, "{}", made.seconds());
    assert_eq!(made.beeps().len(), 3);
}

/// Has the sound of an AVI begin so many of its units later, which ffmpeg does not write: `dwStart` in its stream header.
fn with_start(mut avi: Vec<u8>, units: u32) -> Vec<u8> {
    let header = avi.windows(8).position(|bytes| bytes == b"strh\x38\0\0\0").unwrap() + 8;
    let sound = header + avi[header..].windows(4).position(|bytes| bytes == b"auds").unwrap();
    avi[sound + 28..][..4].copy_from_slice(&units.to_le_bytes());
    avi
}

#[test]
fn sound_that_its_container_counts_wrongly_is_laid_end_to_end_from_where_it_begins() {
    // Coding, units of its count in a second, and when it begins; it ends before the picture. FFmpeg counts all but the last wrongly.
    let cases = [
        ("dca -ac 2 -strict -2", 48_000.0 / 512.0, 0.0),
        ("dca -ac 2 -strict -2", 48_000.0 / 512.0, 3.2),
        ("eac3", 48_000.0 / 1536.0, 0.0),
        ("libvorbis", 750.0, 0.0),
        ("pcm_s16le", 48_000.0, 3.2),
    ];
    let complaints = complaints(&cases, |(coding, units, begin)| {
        let studio = Studio::open();
        let arguments =
            format!("{} {} -c:v mpeg4 -c:a {coding}", picture(16.0), beeps(48_000, 8.0));
        let film = std::fs::read(studio.film("plain.avi", &arguments)).unwrap();
        let film = with_start(film, (begin * units) as u32);
        let made = wait(studio.transcode(&studio.write("a.avi", &film)));
        beeps_are_at(&made, 8.0, |at| at + begin)
            .and(is_long(&made, 16.0))
            .map_err(|wrong| format!("{coding}, from {begin}: {wrong}"))
    });
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn minutes_of_wrongly_counted_sound_are_cut_and_told_of() {
    let limits = VideoLimits { max_duration_ms: 5_000, ..VideoLimits::default() };
    let studio = Studio::open();
    let arguments =
        format!("{} {} -c:v mpeg4 -c:a dca -ac 2 -strict -2", picture(4.0), beeps(48_000, 60.0));
    let made = wait(studio.try_with(&studio.film("a.avi", &arguments), limits)).unwrap();
    assert!((4.9..6.1).contains(&made.seconds()), "{}", made.seconds());
    assert_eq!(made.beeps().len(), 3);
    assert!(made.output.cut_short.is_some());
}
