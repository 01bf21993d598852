//! Clips through the real child process. Every clip is made here by the `ffmpeg` program; every result is read back by
//! `ffmpeg` and `ffprobe`, which share no code with what is under test beyond libav itself.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod clocks;
mod damage;
mod fidelity;
mod files;
mod growing;
mod joined;
mod loudness;
mod media;
mod mutations;
mod rates;
mod refusals;
mod remux;
mod shapes;
mod side_data;
mod slow_motion;
mod stills;
mod sync;
mod tracks;
mod watch;
