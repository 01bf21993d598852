//! Why the child gives up on a task: the class its author is told, and the detail the operator's log keeps.

use std::fmt::Display;
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
