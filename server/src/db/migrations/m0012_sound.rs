//! Step 12: that a video is silent because its sound cannot be read.

use super::super::tables::Videos;
use super::{Step, optional_text};

pub(super) fn steps() -> Vec<Step> {
    // The codec's name.
    vec![Step::column(Videos::Table, optional_text(Videos::SoundLeftOut))]
}
