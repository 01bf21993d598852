//! Step 3: decisions by time, for the record's page and the day's count.

use super::super::tables::Decisions;
use super::Step;
use sea_query::Index;

pub(super) fn steps() -> Vec<Step> {
    let mut index = Index::create().name("decisions_newest").table(Decisions::Table).take();
    index.col(Decisions::DecidedAt).col(Decisions::Id);
    vec![Step::Index(index)]
}
