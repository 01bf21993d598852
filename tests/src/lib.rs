//! What the tests stand on: the site under test on both databases, a browser without a screen, builders, real stores.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's tools fail like the test")]

pub mod accounts;
pub mod app;
pub mod browser;
pub mod disk;
pub mod garage;
pub mod media;
pub mod posts;
pub mod process;

pub use app::{Database, Mail, TestApp};
pub use browser::{Answer, Browser};
