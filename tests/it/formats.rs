//! Every kind of container with every kind of sound that it can hold, at several rates, its clock right or drifting, through
//! `megurumi try-video`: all come out as long as they were, with the sound beside the picture to the end.
//!
//! A codec is one line of [`SOUNDS`], and its name in the line of each container that holds it.

use crate::try_video::{report, try_video, words};
use crafted::seen::{beeps, complaints, flashes};
use std::fs;
use tests::media;

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
    /// Sounds whose packets it stamps, so that their clock can drift.
    stamped: &'static [&'static str],
    /// Sounds that it only counts.
    counted: &'static [&'static str],
}

const H264: &str = "-c:v libx264 -preset ultrafast -g 50 -pix_fmt yuv420p";

const CONTAINERS: &[Container] = &[
    Container {
        extension: "mp4",
        picture: H264,
        stamped: &["aac", "mp3", "mp2", "ac3", "ac3 of 6 channels", "eac3", "opus", "flac", "alac"],
        counted: &[],
    },
    Container {
        extension: "mov",
        picture: H264,
        stamped: &["aac", "mp3", "ac3", "alac"],
        counted: &[
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
    },
    Container {
        extension: "3gp",
        picture: "-c:v mpeg4 -pix_fmt yuv420p",
        stamped: &["aac"],
        counted: &[],
    },
    Container {
        extension: "mkv",
        picture: H264,
        stamped: &[
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
        counted: &[],
    },
    Container {
        extension: "webm",
        picture: "-c:v libvpx -deadline realtime -cpu-used 8",
        stamped: &["opus", "vorbis"],
        counted: &[],
    },
    Container {
        extension: "ts",
        picture: H264,
        stamped: &["aac", "aac_latm", "mp3", "mp2", "ac3", "eac3", "opus", "dca"],
        counted: &[],
    },
    Container {
        extension: "mpg",
        picture: "-c:v mpeg2video",
        stamped: &["mp2", "mp3", "ac3"],
        counted: &[],
    },
    Container {
        extension: "vob",
        picture: "-c:v mpeg2video -bf 2",
        stamped: &["ac3", "ac3 of 6 channels", "mp2", "pcm_dvd", "dca"],
        counted: &[],
    },
    Container {
        extension: "avi",
        picture: "-c:v mpeg4",
        stamped: &[],
        counted: &[
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
    },
    Container {
        extension: "wmv",
        picture: "-c:v wmv2",
        stamped: &["wmav1", "wmav2", "mp3", "pcm_s16le"],
        counted: &[],
    },
    Container {
        extension: "ogv",
        picture: "-c:v libtheora",
        stamped: &["vorbis", "opus", "flac"],
        counted: &[],
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

    /// Between the first flash and the last, in seconds: until the clock is 12 ms off.
    fn between(&self) -> f64 {
        match self.millionths.unsigned_abs() {
            0 => 1.0,
            drift => 12_000.0 / f64::from(drift),
        }
    }

    fn check(&self) -> Result<(), String> {
        let (drift, between) = (f64::from(self.millionths) / 1e6, self.between());
        let due = [1.0, 1.0 + between];
        let seconds = due[1] + 1.0;
        let when = due.map(|at| format!("between(t,{at},{})", at + 0.3)).join("+");
        let arguments = format!(
            "-f lavfi -i color=black:s=64x48:r=25:d={seconds},drawbox=color=white:t=fill:enable='{when}' \
             -f lavfi -i aevalsrc=exprs='0.5*sin(2*PI*1000*t)*({when})':s={}:d={seconds} \
             {} {} -strict -2 -bsf:a setts=ts=TS*{}",
            self.rate,
            self.container.picture,
            self.sound.coding,
            1.0 + drift,
        );
        let folder = tempfile::tempdir().unwrap();
        let name = format!("clip.{}", self.container.extension);
        fs::write(folder.path().join(&name), media::film(&name, &arguments)).unwrap();
        let tried = try_video(folder.path(), &name, "out");
        if tried.status.code() != Some(0) {
            return Err(format!("{}: {}", self.name(), words(&tried)));
        }
        let out = folder.path().join("out");
        let report = report(&tried, &out);
        let made = &report["made"];
        if !made["sound_left_out"].is_null() {
            return Err(format!("{}: its sound is left out", self.name()));
        }
        let length = made["duration_ms"].as_f64().unwrap() / 1000.0;
        let rendition = &made["renditions"][0];
        let film = out.join(rendition["file"].as_str().unwrap());
        let seen = flashes(&film, rendition["frame_rate"].as_f64().unwrap());
        let heard = beeps(&film);
        let told =
            || format!("{}: seen at {seen:.3?}, heard at {heard:.3?}, {length} s", self.name());
        let (&[first_seen, seen_last], &[first_heard, heard_last]) = (&seen[..], &heard[..]) else {
            return Err(told());
        };
        // A picture at 25 a second is seen up to 20 ms early or late.
        let is_near = |seen: f64, heard: f64, due: f64| (heard - seen - due * drift).abs() < 0.04;
        let is_together =
            is_near(first_seen, first_heard, due[0]) && is_near(seen_last, heard_last, due[1]);
        // Of a clock that is not followed, it would be all 12 ms.
        let strayed = (heard_last - first_heard) - (seen_last - first_seen) - between * drift;
        let is_followed = self.millionths == 0 || strayed.abs() < 0.006;
        // An encoder begins up to a packet early, and ends with a whole one.
        let packet = 1200.0 / f64::from(self.rate);
        let is_due = (first_seen - due[0]).abs() < (0.03 + packet).max(0.13);
        let is_whole =
            (length - seconds * (1.0 + drift.max(0.0))).abs() < (0.1 + 2.0 * packet).max(0.2);
        if is_together && is_followed && is_due && is_whole { Ok(()) } else { Err(told()) }
    }
}

/// Each pair of container and sound once at 48 kHz, or what comes nearest, its clock drifting where there is one, and once at another
/// rate, which change from pair to pair.
fn rows() -> Vec<Row> {
    const DRIFTS: [i32; 4] = [1000, -1000, 500, -500];
    let mut rows = Vec::new();
    for container in CONTAINERS {
        let drifting = container.stamped.iter().map(|name| (name, true));
        for (name, drifts) in drifting.chain(container.counted.iter().map(|name| (name, false))) {
            let sound = SOUNDS.iter().find(|sound| sound.name == *name).unwrap();
            let pair = rows.len() / 2;
            let millionths = if drifts { DRIFTS[pair % DRIFTS.len()] } else { 0 };
            let other = 1 + pair % (sound.rates.len() - 1);
            rows.push(Row { container, sound, rate: sound.rates[0], millionths });
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
