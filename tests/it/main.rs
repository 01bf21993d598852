//! Every integration test, in one binary: it links once.
#![allow(clippy::unwrap_used, reason = "a test's helper fails like the test")]

mod accounts;
mod bad_input;
mod cage;
mod captions;
mod core;
mod formats;
mod index;
mod killed;
mod likeness;
mod limits;
mod lists;
mod mail;
mod media_store;
mod moderation;
mod notices;
mod posters;
mod previews;
mod room;
mod routes;
mod s3_browsers;
mod search;
mod slow_motion;
mod story;
mod thanks;
mod try_video;
mod turns;
mod typed;
mod unfound;
mod unused_media;
mod uploads;
mod uploads_killed;
mod video_job;
mod words;
