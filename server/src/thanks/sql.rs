use crate::access::policy::{Proof, Thank};
use crate::db::tables::{Posts, Thanks};
use crate::db::{Prepared, Read, Result, Tx, hole};
use crate::posts::Visibility;
use crate::time_id::{AccountId, Clock, PostId, Timestamp};
use sea_query::{Expr, ExprTrait, Func, OnConflict, Query};

pub(super) async fn thanked_at(
    db: impl Read,
    post: PostId,
    account: AccountId,
) -> Result<Option<Timestamp>> {
    static ONE: Prepared = Prepared::new(|| {
        Query::select()
            .column(Thanks::CreatedAt)
            .from(Thanks::Table)
            .and_where(Expr::col(Thanks::PostId).eq(hole()))
            .and_where(Expr::col(Thanks::AccountId).eq(hole()))
            .take()
    });
    let select = ONE.with([post.into(), account.into()]);
    db.row(&select).await?.map(|row| row.get("created_at")).transpose()
}

/// Returns whether it was new.
pub(super) async fn insert(
    tx: &mut Tx,
    clock: &Clock,
    proof: &Proof<Thank>,
    post: PostId,
) -> Result<bool> {
    let insert = Query::insert()
        .into_table(Thanks::Table)
        .columns([Thanks::PostId, Thanks::AccountId, Thanks::CreatedAt])
        .values_panic([post.into(), proof.actor.into(), clock.now().into()])
        .on_conflict(
            OnConflict::columns([Thanks::PostId, Thanks::AccountId]).do_nothing().to_owned(),
        )
        .take();
    Ok(tx.execute(&insert).await? == 1)
}

/// Returns whether it was there.
pub(super) async fn delete(tx: &mut Tx, proof: &Proof<Thank>, post: PostId) -> Result<bool> {
    let delete = Query::delete()
        .from_table(Thanks::Table)
        .and_where(Expr::col(Thanks::PostId).eq(post))
        .and_where(Expr::col(Thanks::AccountId).eq(proof.actor))
        .take();
    Ok(tx.execute(&delete).await? == 1)
}

/// Adds to a published post's count, and so locks its row until the transaction ends. Returns whether it is published.
pub(super) async fn add_to_count(tx: &mut Tx, post: PostId, step: i64) -> Result<bool> {
    let update = Query::update()
        .table(Posts::Table)
        .value(Posts::ThanksCount, Expr::col(Posts::ThanksCount).add(step))
        .and_where(Expr::col(Posts::Id).eq(post))
        .and_where(Expr::col(Posts::Visibility).eq(Visibility::Published))
        .take();
    Ok(tx.execute(&update).await? == 1)
}

/// Thank-yous for a post from `start` up to before `end`.
pub(super) async fn count_between(
    db: impl Read,
    post: PostId,
    (start, end): (Timestamp, Timestamp),
) -> Result<u32> {
    let select = Query::select()
        .expr_as(Func::count(Expr::col(Thanks::AccountId)), "n")
        .from(Thanks::Table)
        .and_where(Expr::col(Thanks::PostId).eq(post))
        .and_where(Expr::col(Thanks::CreatedAt).gte(start))
        .and_where(Expr::col(Thanks::CreatedAt).lt(end))
        .take();
    Ok(u32::try_from(db.count(&select).await?).unwrap_or(u32::MAX))
}
