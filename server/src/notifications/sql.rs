use crate::db::tables::Notices;
use crate::db::{Read, Result};
use crate::time_id::AccountId;
use sea_query::{Alias, Asterisk, Expr, ExprTrait, Func, Query};

pub(super) async fn count_unread(db: impl Read, account: AccountId) -> Result<u32> {
    let some = Query::select()
        .expr_as(Expr::val(1i64), "one")
        .from(Notices::Table)
        .and_where(Expr::col(Notices::AccountId).eq(account))
        .and_where(Expr::col(Notices::ReadAt).is_null())
        .limit(99)
        .take();
    let select = Query::select()
        .expr_as(Func::count(Expr::col(Asterisk)), "n")
        .from_subquery(some, Alias::new("some"))
        .take();
    Ok(u32::try_from(db.count(&select).await?).unwrap_or(99))
}
