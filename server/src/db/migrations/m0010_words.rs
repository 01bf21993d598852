//! Step 10: the words that the search knows for this site, and what is looked for in vain.

use super::super::tables::{Unfound, WordEntries, WordKeys};
use super::{Step, foreign, id, integer, optional_text, state, text};
use sea_query::{Index, Table, TableCreateStatement};

pub(super) fn steps() -> Vec<Step> {
    let mut newest = Index::create().name("word_entries_newest").table(WordEntries::Table).take();
    newest.col(WordEntries::Kind).col(WordEntries::ChangedAt).col(WordEntries::Id);
    let mut of_entry = Index::create().name("word_keys_of_entry").table(WordKeys::Table).take();
    of_entry.col(WordKeys::EntryId);
    let mut most = Index::create().name("unfound_by_people").table(Unfound::Table).take();
    most.col(Unfound::Week).col(Unfound::People);
    vec![
        Step::table(entries()),
        Step::Index(newest),
        Step::table(keys()),
        Step::Index(of_entry),
        Step::table(unfound()),
        Step::Index(most),
    ]
}

fn entries() -> TableCreateStatement {
    Table::create()
        .table(WordEntries::Table)
        .col(id(WordEntries::Id))
        .col(state(WordEntries::Kind, ["group", "own"]))
        // JSON list; one of a word of the site's own.
        .col(text(WordEntries::Words))
        // Only of a word of the site's own.
        .col(optional_text(WordEntries::Reading))
        .col(integer(WordEntries::Version))
        // No foreign key: words stay when whoever wrote them goes.
        .col(text(WordEntries::ChangedBy))
        .col(integer(WordEntries::ChangedAt))
        .take()
}

/// A word is in one group at most, and is a word of the site's own once.
fn keys() -> TableCreateStatement {
    Table::create()
        .table(WordKeys::Table)
        .col(state(WordKeys::Kind, ["group", "own"]))
        .col(text(WordKeys::Key))
        .col(text(WordKeys::EntryId))
        .primary_key(Index::create().col(WordKeys::Kind).col(WordKeys::Key))
        .foreign_key(&mut foreign(
            (WordKeys::Table, WordKeys::EntryId),
            (WordEntries::Table, WordEntries::Id),
        ))
        .take()
}

fn unfound() -> TableCreateStatement {
    Table::create()
        .table(Unfound::Table)
        // Its Monday, `2026-11-16`.
        .col(text(Unfound::Week))
        .col(text(Unfound::Words))
        .col(integer(Unfound::People))
        .primary_key(Index::create().col(Unfound::Week).col(Unfound::Words))
        .take()
}
