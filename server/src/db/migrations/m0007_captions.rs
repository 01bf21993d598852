//! Step 7: the captions of a revision's video.

use super::super::tables::Revisions;
use super::{Step, optional_text};

pub(super) fn steps() -> Vec<Step> {
    // JSON of `posts::captions::Captions`.
    vec![Step::column(Revisions::Table, optional_text(Revisions::Captions))]
}
