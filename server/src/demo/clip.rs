//! Clips of the demo community: the same picture book, moving, with a tune. Portrait, as phones film.
//!
//! A clip is one SVG template in `assets/demo/clips` whose `{places}` are filled anew for every frame by a function of
//! time. What comes out is an AVI of JPEG frames, an upload like any other: the site's own pipeline makes the rest of it.

use super::avi;
use super::draw::{self, Paper};
use super::melody::{self, Note};
use anyhow::{Context, Result, bail};
use std::f64::consts::{PI, TAU};
use std::ops::Range;
use std::thread;

/// Pixels, and units of the drawings.
const WIDTH: u32 = 720;
const HEIGHT: u32 = 1280;
const FRAME_RATE: u32 = 24;

/// What the places of a template hold at one moment.
type Places = Vec<(&'static str, f64)>;

struct Clip {
    name: &'static str,
    template: &'static str,
    seconds: f64,
    notes: &'static [Note],
    /// By seconds since the start.
    at: fn(f64) -> Places,
}

const CLIPS: [Clip; 3] = [
    Clip {
        name: "pumpkin-porridge",
        template: include_str!("../../assets/demo/clips/pumpkin-porridge.svg"),
        seconds: 8.5,
        notes: melody::PORRIDGE,
        at: porridge,
    },
    Clip {
        name: "milk-carton-blocks",
        template: include_str!("../../assets/demo/clips/milk-carton-blocks.svg"),
        seconds: 8.5,
        notes: melody::BLOCKS,
        at: blocks,
    },
    Clip {
        name: "finger-puppets",
        template: include_str!("../../assets/demo/clips/finger-puppets.svg"),
        seconds: 10.0,
        notes: melody::PUPPETS,
        at: puppets,
    },
];

/// The names that [`clip`] knows.
pub fn names() -> impl Iterator<Item = &'static str> {
    CLIPS.iter().map(|clip| clip.name)
}

/// A clip of 720 × 1280 and 8 to 10 s as an AVI file, some 30 MB. Takes seconds of every core: call it off the async threads.
/// Fails for a name that is not one of [`names`].
pub fn clip(scene: &str) -> Result<Vec<u8>> {
    let clip = CLIPS
        .iter()
        .find(|clip| clip.name == scene)
        .with_context(|| format!("no clip is called {scene}"))?;
    let count = (clip.seconds * f64::from(FRAME_RATE)) as usize;
    let paper = &Paper::new(WIDTH, HEIGHT, WIDTH as f32)?;
    let workers = thread::available_parallelism().map_or(1, usize::from).min(count);
    let stretches: Result<Vec<_>> = thread::scope(|scope| {
        let started: Vec<_> = (0..workers)
            .map(|worker| {
                let frames = count * worker / workers..count * (worker + 1) / workers;
                scope.spawn(move || frames_of(clip, paper, frames))
            })
            .collect();
        started
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| bail!("drawing {scene} panicked")))
            .collect()
    });
    let frames: Vec<Vec<u8>> = stretches?.into_iter().flatten().collect();
    let format = avi::Format {
        width: WIDTH,
        height: HEIGHT,
        frame_rate: FRAME_RATE,
        sample_rate: melody::SAMPLE_RATE,
    };
    Ok(avi::file(&format, &frames, &melody::samples(clip.notes, clip.seconds)))
}

fn frames_of(clip: &Clip, paper: &Paper, frames: Range<usize>) -> Result<Vec<Vec<u8>>> {
    frames
        .map(|frame| {
            let time = frame as f64 / f64::from(FRAME_RATE);
            let picture = paper.draw(&filled(clip.template, (clip.at)(time)))?;
            draw::jpeg(&picture, draw::FRAME_QUALITY)
        })
        .collect()
}

fn filled(template: &str, places: Places) -> String {
    places.into_iter().fold(template.to_owned(), |drawing, (place, value)| {
        drawing.replace(&format!("{{{place}}}"), &format!("{value:.2}"))
    })
}

/// 0 before `from`, 1 after `to`, gently in between.
fn ease(time: f64, from: f64, to: f64) -> f64 {
    let part = ((time - from) / (to - from)).clamp(0.0, 1.0);
    part * part * (3.0 - 2.0 * part)
}

fn mix(a: f64, b: f64, part: f64) -> f64 {
    a + (b - a) * part
}

/// 1 between `from` and `to`, and gently 0 outside.
fn during(time: f64, from: f64, to: f64) -> f64 {
    ease(time, from - 0.25, from + 0.25) * (1.0 - ease(time, to - 0.25, to + 0.25))
}

/// A spoon comes, stirs three times and lifts a spoonful, under steam.
fn porridge(time: f64) -> Places {
    const CENTRE: (f64, f64) = (350.0, 840.0);
    let (stirs_from, stirs_to) = (1.6, 5.8);
    let stirring = ease(time, stirs_from, stirs_to) * 3.0 * TAU;
    let (on_x, on_y) = (CENTRE.0 + 140.0 * stirring.cos(), CENTRE.1 + 30.0 * stirring.sin());
    let comes = ease(time, 0.5, 1.6);
    let lifts = ease(time, 6.0, 7.1);
    let breath = 5.0 * (time * 2.2).sin() * lifts;
    let spoon_x = mix(mix(860.0, on_x, comes), 330.0, lifts);
    let spoon_y = mix(mix(380.0, on_y, comes), 610.0, lifts) + breath;
    let dipped = ease(time, 1.45, 1.6) * (1.0 - ease(time, 6.05, 6.2));
    let drift = 0.35 * stirring;
    let floating = |angle: f64, reach: f64| {
        let angle = angle + drift;
        (CENTRE.0 + reach * angle.cos(), CENTRE.1 + 0.24 * reach * angle.sin())
    };
    let (tofu1, tofu2, tofu3) = (floating(0.6, 150.0), floating(2.7, 175.0), floating(4.6, 120.0));
    let leaf = floating(3.9, 40.0);
    let moving = during(time, stirs_from, stirs_to + 0.4);
    let mut places = vec![
        ("spoon_x", spoon_x),
        ("spoon_y", spoon_y),
        ("spoon_turn", mix(mix(18.0, 4.0 * stirring.sin(), comes), -6.0, lifts)),
        ("full", ease(time, 6.0, 6.15)),
        ("dipped", dipped),
        ("mask_l", spoon_x - 64.0),
        ("mask_r", spoon_x + 50.0),
        ("mask_y", spoon_y + 2.0),
        ("dip_y", spoon_y + 4.0),
        ("ripple", 0.75 * moving),
        ("ring", 74.0 + 8.0 * (time * 5.0).sin()),
        ("ring_y", 20.0 + 2.0 * (time * 5.0).sin()),
        ("tofu1_x", tofu1.0),
        ("tofu1_y", tofu1.1),
        ("tofu2_x", tofu2.0),
        ("tofu2_y", tofu2.1),
        ("tofu3_x", tofu3.0),
        ("tofu3_y", tofu3.1),
        ("leaf_x", leaf.0),
        ("leaf_y", leaf.1),
        ("leaf_turn", drift.to_degrees() * 0.3),
    ];
    let wisps = [
        (["steam1_x", "steam1_y", "steam1_o", "sway1"], 230.0),
        (["steam2_x", "steam2_y", "steam2_o", "sway2"], 360.0),
        (["steam3_x", "steam3_y", "steam3_o", "sway3"], 480.0),
    ];
    for (index, ([x, y, opacity, sway], place)) in wisps.into_iter().enumerate() {
        let shift = index as f64 / 3.0;
        let rise = (time / 3.4 + shift).fract();
        places.push((x, place + 12.0 * (time * 0.9 + shift * TAU).sin()));
        places.push((y, 800.0 - 110.0 * rise));
        places.push((opacity, (PI * rise).sin()));
        places.push((sway, 6.0 * (time * 1.3 + shift * TAU).sin()));
    }
    places
}

/// A hand brings four blocks, one on the other; they sway, they stand, and there is joy.
fn blocks(time: f64) -> Places {
    const FIRST_AT: f64 = 0.3;
    const APART: f64 = 1.35;
    const FALL: f64 = 0.85;
    let names = [
        ["x1", "y1", "sx1", "sy1"],
        ["x2", "y2", "sx2", "sy2"],
        ["x3", "y3", "sx3", "sy3"],
        ["x4", "y4", "sx4", "sy4"],
    ];
    let rests = [(300.0, 1110.0), (312.0, 940.0), (290.0, 770.0), (306.0, 600.0)];
    let mut places = Vec::new();
    let (mut hand_x, mut hand_y) = (300.0, -400.0);
    let mut wobble = 0.0;
    for (index, ([x, y, wide, high], (rest_x, rest_y))) in names.into_iter().zip(rests).enumerate()
    {
        let begin = FIRST_AT + APART * index as f64;
        let landed = time - begin - FALL;
        let bottom = mix(-120.0, rest_y, ease(time, begin, begin + FALL));
        let squash =
            if landed < 0.0 { 0.0 } else { 0.09 * (-5.0 * landed).exp() * (16.0 * landed).cos() };
        places.extend([(x, rest_x), (y, bottom), (wide, 1.0 + squash), (high, 1.0 - squash)]);
        if landed > 0.0 {
            wobble += 0.35 * index as f64 * (-2.4 * landed).exp() * (7.0 * landed).sin();
        }
        if time >= begin && landed < APART - FALL {
            let leaves = ease(landed, 0.12, APART - FALL);
            hand_x = rest_x - 24.0 + 40.0 * leaves;
            hand_y = mix(bottom - 205.0, -260.0, leaves);
        }
    }
    let stands = FIRST_AT + 3.0 * APART + FALL;
    let joy = ease(time, stands + 0.25, stands + 0.4);
    let swing = (-1.3 * (time - stands).max(0.0)).exp() * 1.6 * (4.2 * (time - stands)).sin();
    let cheer = ease(time, stands + 0.5, stands + 0.9);
    let since = (time - stands - 0.5).max(0.0);
    let hop = joy * (PI * since * 1.8).sin().abs();
    places.extend([
        ("hand_x", hand_x),
        ("hand_y", hand_y),
        ("wobble", wobble + if time > stands { swing } else { 0.0 }),
        ("shade", mix(60.0, 190.0, ease(time, FIRST_AT, FIRST_AT + FALL))),
        ("shade_x", 320.0),
        ("flags", 0.8 * (time * 1.1).sin()),
        ("child_y", 930.0 - 34.0 * hop),
        ("child_turn", mix(-3.0 * (time * 1.4).sin(), 5.0 * (time * 5.6).sin(), joy)),
        ("arms", mix(-48.0, 38.0 + 12.0 * (time * 11.0).sin(), joy)),
        ("arms_r", mix(48.0, -38.0 - 12.0 * (time * 11.0).sin(), joy)),
        ("calm", 1.0 - joy),
        ("joy", joy),
        ("cheer", cheer * (1.0 - ease(since, 2.2, 2.7))),
        ("star1", 420.0 - 70.0 * since),
        ("star2", 380.0 - 90.0 * since),
        ("star3", 300.0 - 50.0 * since),
        ("star4", 560.0 - 80.0 * since),
    ]);
    places
}

/// The curtain opens on three finger puppets, who dance to the beat, bow, and are covered again.
fn puppets(time: f64) -> Places {
    const BEAT: f64 = 0.6;
    let opens = ease(time, 0.2, 1.4) - ease(time, 8.9, 9.8);
    let mut places = vec![
        ("curtain_l", -325.0 * opens),
        ("curtain_r", 325.0 * opens),
        ("sun", 24.0 * time),
        ("cloud", 30.0 * (time * 0.5).sin()),
    ];
    let dancers = [
        (["rabbit_y", "rabbit_t"], 700.0, 1.2, 0.0),
        (["bear_y", "bear_t"], 640.0, 1.8, 0.5),
        (["cat_y", "cat_t"], 710.0, 2.4, 1.0),
    ];
    for ([y, turn], height, enters, phase) in dancers {
        let since = (time - enters).max(0.0);
        // Springs up a little too far, and settles.
        let up = if since == 0.0 { 0.0 } else { 1.0 - (-5.0 * since).exp() * (7.0 * since).cos() };
        let dances = during(time, 3.0, 7.5);
        let bows = during(time, 7.9, 8.5);
        let beat = time / BEAT + phase;
        let hop = 40.0 * (PI * beat).sin().abs() * dances;
        places.push((y, mix(1340.0, height, up) - hop + 70.0 * bows));
        places.push((
            turn,
            (8.0 * (PI * beat / 2.0).sin() * dances) + 3.0 * (time * 1.7 + phase).sin(),
        ));
    }
    let notes = [
        (["note1_x", "note1_y", "note1_o"], 100.0),
        (["note2_x", "note2_y", "note2_o"], 610.0),
        (["note3_x", "note3_y", "note3_o"], 330.0),
    ];
    for (index, ([x, y, opacity], place)) in notes.into_iter().enumerate() {
        let shift = index as f64 / 3.0;
        let rise = (time / 3.0 + shift).fract();
        places.push((x, place + 22.0 * (TAU * rise).sin()));
        places.push((y, 560.0 - 260.0 * rise));
        places.push((opacity, (PI * rise).sin() * during(time, 3.0, 8.0)));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_a_template_is_filled_at_every_moment() {
        for clip in CLIPS {
            let mut time = 0.0;
            while time < clip.seconds {
                let drawing = filled(clip.template, (clip.at)(time));
                assert!(!drawing.contains(['{', '}']), "{} at {time} s", clip.name);
                assert!(
                    !drawing.contains("NaN") && !drawing.contains("inf"),
                    "{} at {time} s",
                    clip.name
                );
                time += 0.25;
            }
        }
    }

    #[test]
    fn a_clip_moves() {
        let paper = Paper::new(90, 160, WIDTH as f32).unwrap();
        for clip in CLIPS {
            let frame = |time| paper.draw(&filled(clip.template, (clip.at)(time))).unwrap();
            assert!(frame(3.2) != frame(4.0), "{} stands still", clip.name);
        }
    }
}
