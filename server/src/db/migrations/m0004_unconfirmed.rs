//! Step 4: accounts that never confirmed their address, by age, for those to be forgotten.

use super::super::tables::Accounts;
use super::Step;
use sea_query::Index;

pub(super) fn steps() -> Vec<Step> {
    let mut index = Index::create().name("accounts_unconfirmed").table(Accounts::Table).take();
    index.col(Accounts::ConfirmedAt).col(Accounts::CreatedAt);
    vec![Step::Index(index)]
}
