//! Why the child gives up on a task: the class its author is told, and the detail the operator's log keeps.

use std::fmt::Display;
use std::io::{self, ErrorKind};
use transcoder_protocol::Failure;

#[derive(Debug, thiserror::Error)]
#[error("{failure:?}: {detail}")]
pub struct Refusal {
    pub failure: Failure,
    pub detail: String,
}

pub type Result<T, E = Refusal> = std::result::Result<T, E>;

impl Refusal {
    pub fn new(failure: Failure, detail: impl Into<String>) -> Self {
        Self { failure, detail: detail.into() }
    }
}

/// Names the class and the step of an error: `file.write_all(b).or_refuse(Failure::TooHeavy, "writing the poster")?`.
pub trait OrRefuse<T> {
    fn or_refuse(self, failure: Failure, step: &str) -> Result<T>;
}

impl<T, E: Display> OrRefuse<T> for std::result::Result<T, E> {
    fn or_refuse(self, failure: Failure, step: &str) -> Result<T> {
        self.map_err(|error| Refusal::new(failure, format!("{step}: {error}")))
    }
}

/// Names the step of an error of writing; its class is known: `fs::write(path, bytes).or_refuse_writing("writing the poster")?`.
pub trait OrRefuseWriting<T> {
    fn or_refuse_writing(self, step: &str) -> Result<T>;
}

impl<T> OrRefuseWriting<T> for io::Result<T> {
    fn or_refuse_writing(self, step: &str) -> Result<T> {
        self.map_err(|error| Refusal::new(failure_of_writing(&error), format!("{step}: {error}")))
    }
}

/// A full disk is the site's matter, the cage's limit on a file's size the clip's.
fn failure_of_writing(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Failure::NoRoom,
        ErrorKind::FileTooLarge | ErrorKind::OutOfMemory => Failure::TooHeavy,
        _ => Failure::Crashed,
    }
}
