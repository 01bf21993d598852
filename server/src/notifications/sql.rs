use crate::db::tables::Notices;
use crate::db::{Read, Result, Tx};
use crate::time_id::{AccountId, Clock, NoticeId};
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

/// `payload` is the id of the post it is about.
pub(super) async fn insert(
    tx: &mut Tx,
    clock: &Clock,
    account: AccountId,
    kind: &str,
    payload: &str,
) -> Result<()> {
    let statement = Query::insert()
        .into_table(Notices::Table)
        .columns([
            Notices::Id,
            Notices::AccountId,
            Notices::Kind,
            Notices::Payload,
            Notices::CreatedAt,
        ])
        .values_panic([
            NoticeId::new(clock).into(),
            account.into(),
            kind.into(),
            payload.into(),
            clock.now().into(),
        ])
        .take();
    tx.execute(&statement).await.map(drop)
}
