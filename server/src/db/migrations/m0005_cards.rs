//! Step 5: what lists show of a post, on its own row. `posts::fill_cards` fills it.

use super::super::tables::Posts;
use super::{Step, optional_integer, optional_text, text};
use sea_query::{ConditionalStatement, Expr, ExprTrait, Index};

pub(super) fn steps() -> Vec<Step> {
    let columns = [
        text(Posts::AuthorNickname).default("").take(),
        text(Posts::Title).default("").take(),
        text(Posts::Lead).default("").take(),
        optional_integer(Posts::AgeFromMonths),
        optional_integer(Posts::AgeToMonths),
        // JSON; NULL until it is worked out.
        optional_text(Posts::Cover),
    ];
    let add = |column| Step::column(Posts::Table, column);
    let mut missing = Index::create().name("posts_without_card").table(Posts::Table).take();
    missing.col(Posts::PublishedRevisionId).and_where(Expr::col(Posts::Cover).is_null());
    columns.into_iter().map(add).chain([Step::Index(missing)]).collect()
}
