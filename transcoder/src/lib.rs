//! What `megurumi-transcoder` is made of, for its own `main` and for the fuzz targets. Whoever else linked this would bring hostile media
//! into its own process: see `script/check-rooms`.
//!
//! Not here: the order in which the cage closes and the work begins (`main`), and what a refused allocation leads to (`memory`, since
//! only a program can have a `malloc` of its own).

mod fingerprint;
pub mod photo;
mod prove;
pub mod refusal;
pub mod report;
pub mod sandbox;
pub mod video;
