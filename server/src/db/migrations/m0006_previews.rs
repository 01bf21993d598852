//! Step 6: what can be watched of a film that is still being made, what else was found and made of it, and the submissions whose media
//! are not ready yet, oldest first.

use super::super::tables::{Revisions, Videos};
use super::{Step, optional_text};
use sea_query::Index;

pub(super) fn steps() -> Vec<Step> {
    let mut by_state = Index::create().name("revisions_by_state").table(Revisions::Table).take();
    by_state.col(Revisions::State).col(Revisions::SubmittedAt).col(Revisions::Id);
    vec![
        Step::column(Videos::Table, optional_text(Videos::Preview)),
        Step::column(Videos::Table, optional_text(Videos::Details)),
        Step::Index(by_state),
    ]
}
