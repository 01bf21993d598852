use crate::db::tables::ReviewItems;
use crate::db::{Read, Result};
use sea_query::{Alias, Asterisk, Expr, ExprTrait, Func, Query};

pub(super) async fn count_waiting(db: impl Read) -> Result<u32> {
    let some = Query::select()
        .expr_as(Expr::val(1i64), "one")
        .from(ReviewItems::Table)
        .and_where(Expr::col(ReviewItems::State).eq("waiting"))
        .limit(99)
        .take();
    let select = Query::select()
        .expr_as(Func::count(Expr::col(Asterisk)), "n")
        .from_subquery(some, Alias::new("some"))
        .take();
    Ok(u32::try_from(db.count(&select).await?).unwrap_or(99))
}
