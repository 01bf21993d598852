//! Every kind of container with every kind of sound that it can hold, at several rates, its clock right or drifting: all come out
//! as long as they were, with the sound beside the picture to the end.
//!
//! A codec is one line of [`SOUNDS`], and its name in the line of each container that holds it.

use crate::media::{Studio, complaints, wait};

struct Sound {
    name: &'static str,
    /// For `ffmpeg`.
    coding: &'static str,
    rates: &'static [u32],
}

const fn sound(name: &'static str, coding: &'static str, rates: &'static [u32]) -> Sound {
    Sound { name, coding, rates }
}

const ALL: &[u32] = &[48_000, 44_100, 8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 96_000];
const UP_TO_48: &[u32] = &[48_000, 44_100, 8_000, 11_025, 16_000, 22_050, 24_000, 32_000];
const MPEG: &[u32] = &[48_000, 44_100, 16_000, 22_050, 24_000, 32_000];
const FILM: &[u32] = &[48_000, 44_100, 32_000];
const WINDOWS: &[u32] = &[44_100, 22_050, 32_000, 16_000];

const SOUNDS: &[Sound] = &[
    sound("aac", "-c:a aac", ALL),
    sound("aac_latm", "-c:a aac -mpegts_flags latm", ALL),
    sound("mp3", "-c:a libmp3lame", UP_TO_48),
    sound("mp2", "-c:a mp2", MPEG),
    sound("ac3", "-c:a ac3", FILM),
    sound("ac3 of 6 channels", "-c:a ac3 -ac 6", FILM),
    sound("eac3", "-c:a eac3", FILM),
    sound("opus", "-c:a libopus", &[48_000, 8_000, 16_000, 24_000]),
    sound("vorbis", "-c:a libvorbis", UP_TO_48),
    sound("flac", "-c:a flac", ALL),
    sound("alac", "-c:a alac", ALL),
    sound("pcm_s16le", "-c:a pcm_s16le", ALL),
    sound("pcm_s16be", "-c:a pcm_s16be", ALL),
    sound("pcm_s24le", "-c:a pcm_s24le", ALL),
    sound("pcm_s24be", "-c:a pcm_s24be", ALL),
    sound("pcm_s32le", "-c:a pcm_s32le", ALL),
    sound("pcm_f32le", "-c:a pcm_f32le", ALL),
    sound("pcm_u8", "-c:a pcm_u8", UP_TO_48),
    sound("pcm_mulaw", "-c:a pcm_mulaw", UP_TO_48),
    sound("pcm_alaw", "-c:a pcm_alaw", UP_TO_48),
    sound("adpcm_ima_qt", "-c:a adpcm_ima_qt", UP_TO_48),
    sound("adpcm_ima_wav", "-c:a adpcm_ima_wav", UP_TO_48),
    sound("adpcm_ms", "-c:a adpcm_ms", UP_TO_48),
    sound("adpcm_g726", "-c:a adpcm_g726", &[8_000, 16_000]),
    sound("pcm_s8", "-c:a pcm_s8", UP_TO_48),
    sound("pcm_f64le", "-c:a pcm_f64le", ALL),
    sound("pcm_dvd", "-c:a pcm_dvd", &[48_000, 96_000]),
    sound("dca", "-c:a dca -ac 2", FILM),
    sound("wmav1", "-c:a wmav1", WINDOWS),
    sound("wmav2", "-c:a wmav2", WINDOWS),
];

struct Container {
    extension: &'static str,
    picture: &'static str,
    sounds: &'static [&'static str],
    /// Whether it stamps each packet of sound, so that a clock can drift in it; others only count.
    has_stamps: bool,
}

const H264: &str = "-c:v libx264 -preset ultrafast -g 50 -pix_fmt yuv420p";

const CONTAINERS: &[Container] = &[
    Container {
        extension: "mp4",
        picture: H264,
        sounds: &["aac", "mp3", "mp2", "ac3", "ac3 of 6 channels", "eac3", "opus", "flac", "alac"],
        has_stamps: true,
    },
    Container {
        extension: "mov",
        picture: H264,
        sounds: &[
            "aac",
            "mp3",
            "ac3",
            "alac",
            "pcm_s16le",
            "pcm_s16be",
            "pcm_s24le",
            "pcm_s24be",
            "pcm_s32le",
            "pcm_f32le",
            "pcm_f64le",
            "pcm_s8",
            "pcm_u8",
            "pcm_mulaw",
            "pcm_alaw",
            "adpcm_ima_qt",
        ],
        has_stamps: false,
    },
    Container {
        extension: "3gp",
        picture: "-c:v mpeg4 -pix_fmt yuv420p",
        sounds: &["aac"],
        has_stamps: true,
    },
    Container {
        extension: "mkv",
        picture: H264,
        sounds: &[
            "aac",
            "mp3",
            "mp2",
            "ac3",
            "ac3 of 6 channels",
            "eac3",
            "opus",
            "vorbis",
            "flac",
            "alac",
            "pcm_s16le",
            "pcm_s16be",
            "pcm_s24le",
            "pcm_s32le",
            "pcm_f32le",
            "pcm_u8",
            "pcm_mulaw",
            "pcm_alaw",
            "adpcm_ima_wav",
            "adpcm_ms",
            "dca",
        ],
        has_stamps: true,
    },
    Container {
        extension: "webm",
        picture: "-c:v libvpx -deadline realtime -cpu-used 8",
        sounds: &["opus", "vorbis"],
        has_stamps: true,
    },
    Container {
        extension: "ts",
        picture: H264,
        sounds: &["aac", "aac_latm", "mp3", "mp2", "ac3", "eac3", "opus", "dca"],
        has_stamps: true,
    },
    Container {
        extension: "mpg",
        picture: "-c:v mpeg2video",
        sounds: &["mp2", "mp3", "ac3"],
        has_stamps: true,
    },
    Container {
        extension: "vob",
        picture: "-c:v mpeg2video -bf 2",
        sounds: &["ac3", "ac3 of 6 channels", "mp2", "pcm_dvd", "dca"],
        has_stamps: true,
    },
    Container {
        extension: "avi",
        picture: "-c:v mpeg4",
        sounds: &[
            "aac",
            "mp3",
            "mp2",
            "ac3",
            "eac3",
            "dca",
            "vorbis",
            "flac",
            "pcm_s16le",
            "pcm_s24le",
            "pcm_s32le",
            "pcm_f32le",
            "pcm_f64le",
            "pcm_u8",
            "pcm_mulaw",
            "pcm_alaw",
            "adpcm_ima_wav",
            "adpcm_ms",
            "adpcm_g726",
            "wmav1",
            "wmav2",
        ],
        has_stamps: false,
    },
    Container {
        extension: "wmv",
        picture: "-c:v wmv2",
        sounds: &["wmav1", "wmav2", "mp3", "pcm_s16le"],
        has_stamps: false,
    },
    Container {
        extension: "ogv",
        picture: "-c:v libtheora",
        sounds: &["vorbis", "opus", "flac"],
        has_stamps: false,
    },
];

struct Row {
    container: &'static Container,
    sound: &'static Sound,
    rate: u32,
    millionths: i32,
}

impl Row {
    fn name(&self) -> String {
        let Self { container, sound, rate, millionths } = self;
        format!("{} with {} at {rate} Hz, {millionths} ppm", container.extension, sound.name)
    }

    /// A minute's drift shows in half of one.
    fn seconds(&self) -> f64 {
        if self.millionths == 0 { 3.0 } else { 25.0 }
    }

    fn check(&self) -> Result<(), String> {
        let studio = Studio::open();
        let (seconds, drift) = (self.seconds(), f64::from(self.millionths) / 1e6);
        let beep = seconds - 1.0;
        let when = format!("between(t,{beep},{})", beep + 0.3);
        let arguments = format!(
            "-f lavfi -i color=black:s=64x48:r=50:d={seconds},drawbox=color=white:t=fill:enable='{when}' \
             -f lavfi -i aevalsrc=exprs='0.5*sin(2*PI*1000*t)*{when}':s={}:d={seconds} \
             {} {} -strict -2 -bsf:a setts=ts=TS*{}",
            self.rate,
            self.container.picture,
            self.sound.coding,
            1.0 + drift,
        );
        let clip = studio.film(&format!("clip.{}", self.container.extension), &arguments);
        let made = wait(studio.transcode(&clip));
        let (seen, heard) = (made.flashes(), made.beeps());
        let told = || {
            format!(
                "{}: seen at {seen:.3?}, heard at {heard:.3?}, {} s",
                self.name(),
                made.seconds()
            )
        };
        let ([seen], [heard]) = (&seen[..], &heard[..]) else { return Err(told()) };
        // A picture at 50 a second is seen up to 20 ms late.
        let is_together = (heard - seen - beep * drift).abs() < 0.04;
        // An encoder begins up to a packet early, and ends with a whole one.
        let packet = 1200.0 / f64::from(self.rate);
        let is_due = (seen - beep).abs() < (0.03 + packet).max(0.13);
        let is_whole = (made.seconds() - seconds * (1.0 + drift.max(0.0))).abs()
            < (0.1 + 2.0 * packet).max(0.2);
        if is_together && is_due && is_whole { Ok(()) } else { Err(told()) }
    }
}

/// Each pair of container and sound once at 48 kHz, or what comes nearest, and once at another rate, which change from pair to pair. Of
/// every other pair the clock drifts at the first.
fn rows() -> Vec<Row> {
    const DRIFTS: [i32; 4] = [1000, -1000, 500, -500];
    let mut rows = Vec::new();
    for container in CONTAINERS {
        for name in container.sounds {
            let sound = SOUNDS.iter().find(|sound| sound.name == *name).unwrap();
            let pair = rows.len() / 2;
            let drifts = container.has_stamps && pair.is_multiple_of(2);
            let drift = if drifts { DRIFTS[pair / 2 % DRIFTS.len()] } else { 0 };
            let other = 1 + pair % (sound.rates.len() - 1);
            rows.push(Row { container, sound, rate: sound.rates[0], millionths: drift });
            rows.push(Row { container, sound, rate: sound.rates[other], millionths: 0 });
        }
    }
    rows
}

#[test]
fn every_container_with_every_sound_stays_together_to_the_end() {
    let complaints = complaints(&rows(), Row::check);
    assert!(complaints.is_empty(), "{complaints:#?}");
}
