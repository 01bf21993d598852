//! Step 15: a text's first words are what its marks leave, and those are fewer than they were. Cards are worked out again
//! (`posts::fill_cards`); beside the body they are no longer kept.

use super::super::tables::{Posts, Revisions};
use super::Step;
use sea_query::{Expr, ExprTrait, Query, Table};

pub(super) fn steps() -> Vec<Step> {
    let without_cards = Query::update()
        .table(Posts::Table)
        .value(Posts::Cover, None::<String>)
        .and_where(Expr::col(Posts::Cover).is_not_null())
        .take();
    let no_lead = Table::alter().table(Revisions::Table).drop_column(Revisions::Lead).take();
    vec![Step::Update(Box::new(without_cards)), Step::Alter(Box::new(no_lead))]
}
