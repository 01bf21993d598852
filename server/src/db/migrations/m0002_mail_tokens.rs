//! Step 2: the mailed links of one account, so that new ones can end earlier ones.

use super::super::tables::MailTokens;
use super::Step;
use sea_query::Index;

pub(super) fn steps() -> Vec<Step> {
    let mut index = Index::create().name("mail_tokens_of_account").table(MailTokens::Table).take();
    index.col(MailTokens::AccountId).col(MailTokens::Purpose);
    vec![Step::Index(index)]
}
