//! The demo community's pictures and films, drawn by us on the spot: what a first visitor sees before anyone has posted.
//!
//! [`scenes`] are photos, [`clip`] are short films with a tune. Both come out as the files a phone would upload (JPEG, AVI)
//! and go through the same pipeline as anyone's.
//!
//! [`community`] is the people and, in [`posts`], what they wrote; all of it goes through the same actions, jobs and review.

pub mod clip;
pub mod community;
pub mod posts;
pub mod scenes;

mod avi;
mod draw;
mod melody;
