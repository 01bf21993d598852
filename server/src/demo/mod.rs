//! The demo community's pictures and films, drawn by us on the spot: what a first visitor sees before anyone has posted.
//!
//! [`scenes`] are photos, [`clip`] are short films with a tune. Both come out as the files a phone would upload (JPEG, AVI)
//! and go through the same pipeline as anyone's.
//!
//! Not here: the accounts and posts that use them.

pub mod clip;
pub mod scenes;

mod avi;
mod draw;
mod melody;
