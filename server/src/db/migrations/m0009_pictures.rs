//! Step 9: what is seen first of a post, as its author chose it, and the colours that stand in for a photo. Cards are worked out again
//! (`posts::fill_cards`): a film's moment now goes before the photos.

use super::super::tables::{Photos, Posts, Revisions};
use super::{Step, optional_text};
use sea_query::{Expr, ExprTrait, Query};

pub(super) fn steps() -> Vec<Step> {
    let without_cards = Query::update()
        .table(Posts::Table)
        .value(Posts::Cover, None::<String>)
        .and_where(Expr::col(Posts::Cover).is_not_null())
        .take();
    vec![
        Step::column(Revisions::Table, optional_text(Revisions::CoverChoice)),
        // JSON of the protocol's `ColourGrid`.
        Step::column(Photos::Table, optional_text(Photos::Grid)),
        Step::Update(Box::new(without_cards)),
    ]
}
