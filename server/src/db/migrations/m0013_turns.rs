//! Step 13: a place in the line that moves to its end when its owner is served, and pauses for want of room.

use super::super::tables::Jobs;
use super::{Step, integer, optional_text};
use sea_query::{Expr, Index, Query};

pub(super) fn steps() -> Vec<Step> {
    let mut in_line = Index::create().name("jobs_in_line").table(Jobs::Table).take();
    in_line.col(Jobs::State).col(Jobs::Priority).col(Jobs::InLineSince);
    let mut of_owner = Index::create().name("jobs_of_turn").table(Jobs::Table).take();
    of_owner.col(Jobs::TurnOf).col(Jobs::State);
    let as_they_were =
        Query::update().table(Jobs::Table).value(Jobs::InLineSince, Expr::col(Jobs::RunAt)).take();
    vec![
        Step::column(Jobs::Table, optional_text(Jobs::TurnOf)),
        Step::column(Jobs::Table, integer(Jobs::InLineSince).default(0).take()),
        Step::column(Jobs::Table, integer(Jobs::Postponed).default(0).take()),
        Step::Update(Box::new(as_they_were)),
        Step::Index(in_line),
        Step::Index(of_owner),
    ]
}
