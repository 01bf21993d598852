//! Step 9: what is seen first of a post, as its author chose it, the colours that stand in for a photo, and fingerprints. Cards are
//! worked out again (`posts::fill_cards`): a film's moment now goes before the photos.

use super::super::tables::{Fingerprints, Photos, Posts, Revisions};
use super::{Step, integer, optional_integer, optional_text, state, text};
use sea_query::{ColumnDef, Expr, ExprTrait, Index, Query, Table, TableCreateStatement};

pub(super) fn steps() -> Vec<Step> {
    let without_cards = Query::update()
        .table(Posts::Table)
        .value(Posts::Cover, None::<String>)
        .and_where(Expr::col(Posts::Cover).is_not_null())
        .take();
    let mut of_medium =
        Index::create().name("fingerprints_of_medium").table(Fingerprints::Table).take();
    of_medium.col(Fingerprints::MediumKind).col(Fingerprints::MediumId);
    vec![
        Step::column(Revisions::Table, optional_text(Revisions::CoverChoice)),
        // JSON of the protocol's `ColourGrid`.
        Step::column(Photos::Table, optional_text(Photos::Grid)),
        Step::Update(Box::new(without_cards)),
        Step::table(fingerprints()),
        Step::Index(of_medium),
    ]
}

fn fingerprints() -> TableCreateStatement {
    Table::create()
        .table(Fingerprints::Table)
        .col(
            ColumnDef::new(Fingerprints::Seq)
                .big_integer()
                .not_null()
                .auto_increment()
                .primary_key(),
        )
        .col(state(Fingerprints::MediumKind, ["photo", "video"]))
        .col(text(Fingerprints::MediumId))
        .col(integer(Fingerprints::AtMs))
        // The 64 bits as a signed number; NULL says that what came before of this medium is gone.
        .col(optional_integer(Fingerprints::Hash))
        .take()
}
