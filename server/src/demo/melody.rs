//! A music box: short tunes of ours for the demo's clips.

use std::f64::consts::TAU;

pub const SAMPLE_RATE: u32 = 44_100;

/// Seconds.
const BEAT: f64 = 0.6;
const ATTACK: f64 = 0.004;
const FADE: f64 = 0.8;

/// Peak of the whole, of 1.
const LOUDNESS: f64 = 0.4;

/// When a note begins, in beats, and its MIDI number.
pub type Note = (f64, u8);

pub const PORRIDGE: &[Note] = &[
    (0.0, 72),
    (0.0, 48),
    (1.0, 76),
    (1.5, 79),
    (2.0, 81),
    (2.0, 53),
    (3.0, 79),
    (4.0, 76),
    (4.0, 48),
    (4.5, 74),
    (5.0, 72),
    (6.0, 74),
    (6.0, 55),
    (6.5, 76),
    (7.0, 79),
    (8.0, 81),
    (8.0, 53),
    (9.0, 84),
    (9.5, 81),
    (10.0, 79),
    (10.0, 48),
    (11.0, 76),
    (12.0, 72),
    (12.0, 48),
    (12.0, 64),
];

pub const BLOCKS: &[Note] = &[
    (0.0, 67),
    (0.5, 69),
    (1.0, 71),
    (1.0, 55),
    (2.0, 74),
    (3.0, 71),
    (3.0, 55),
    (3.5, 69),
    (4.0, 67),
    (4.5, 71),
    (5.0, 74),
    (5.0, 60),
    (6.0, 76),
    (7.0, 74),
    (7.0, 55),
    (7.5, 71),
    (8.0, 74),
    (9.0, 79),
    (9.0, 55),
    (10.0, 76),
    (10.5, 79),
    (11.0, 83),
    (11.0, 62),
    (12.0, 79),
    (12.0, 55),
    (12.0, 71),
];

pub const PUPPETS: &[Note] = &[
    (0.0, 65),
    (1.0, 69),
    (2.0, 72),
    (2.0, 53),
    (2.5, 74),
    (3.0, 72),
    (4.0, 69),
    (4.0, 53),
    (4.5, 72),
    (5.0, 77),
    (6.0, 74),
    (6.0, 58),
    (6.5, 77),
    (7.0, 74),
    (7.5, 72),
    (8.0, 69),
    (8.0, 53),
    (9.0, 67),
    (9.5, 69),
    (10.0, 72),
    (10.0, 60),
    (11.0, 67),
    (11.5, 65),
    (12.0, 69),
    (12.0, 53),
    (13.0, 72),
    (14.0, 77),
    (14.0, 53),
    (14.0, 69),
];

/// 16-bit mono samples of `seconds`, faded out at the end.
pub fn samples(notes: &[Note], seconds: f64) -> Vec<i16> {
    let rate = f64::from(SAMPLE_RATE);
    let mut wave = vec![0.0; (seconds * rate).round() as usize];
    for &(beat, key) in notes {
        let frequency = 440.0 * 2_f64.powf((f64::from(key) - 69.0) / 12.0);
        // Low tines are heavier and ring longer.
        let ring = 0.55 * (440.0 / frequency).sqrt();
        let begin = (beat * BEAT * rate) as usize;
        for (at, sample) in wave.iter_mut().skip(begin).enumerate() {
            let time = at as f64 / rate;
            let level = (time / ATTACK).min(1.0) * (-time / ring).exp();
            if level < 1e-4 && time > ATTACK {
                break;
            }
            let partial = |times: f64, decay: f64| {
                (TAU * frequency * times * time).sin() * (-time * decay).exp()
            };
            *sample +=
                level * (partial(1.0, 0.0) + 0.35 * partial(2.0, 2.0) + 0.12 * partial(4.0, 6.0));
        }
    }
    let peak = wave.iter().fold(1e-9_f64, |peak, sample| peak.max(sample.abs()));
    wave.iter()
        .enumerate()
        .map(|(at, sample)| {
            let left = seconds - at as f64 / rate;
            let fade = (left / FADE).clamp(0.0, 1.0);
            (sample / peak * LOUDNESS * fade * f64::from(i16::MAX)) as i16
        })
        .collect()
}
