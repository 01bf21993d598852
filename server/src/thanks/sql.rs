use crate::db::tables::Thanks;
use crate::db::{Read, Result};
use crate::time_id::{AccountId, PostId};
use sea_query::{Expr, ExprTrait, Query};

pub(super) async fn has_thanked(db: impl Read, post: PostId, account: AccountId) -> Result<bool> {
    let statement = Query::select()
        .expr_as(Expr::val(1i64), "n")
        .from(Thanks::Table)
        .and_where(Expr::col(Thanks::PostId).eq(post))
        .and_where(Expr::col(Thanks::AccountId).eq(account))
        .take();
    Ok(db.row(&statement).await?.is_some())
}
