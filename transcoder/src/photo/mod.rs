//! Photos: upright, metadata-free WebP and JPEG files of several widths.

use crate::refusal::{Refusal, Result};
use crate::report::Reporter;
use transcoder_protocol::{Failure, PhotoOutput, PhotoTask};

/// Whether making a photo may start another program (a HEIC decoder).
pub const NEEDS_A_PROGRAM: bool = false;

pub fn make(_task: &PhotoTask, _reporter: &mut Reporter) -> Result<PhotoOutput> {
    Err(Refusal::new(Failure::UnknownFormat, "photos are not made here yet"))
}
