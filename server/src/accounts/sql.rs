use super::{Credentials, MailToken, NewAccount, Purpose};
use crate::access::policy::{EditAccount, Proof};
use crate::access::viewer::Role;
use crate::db::tables::{Accounts, MailTokens, Notices, Sessions};
use crate::db::{Read, Result, Row, Tx};
use crate::time_id::{AccountId, Timestamp};
use sea_query::{Expr, ExprTrait, Query, SelectStatement};

pub(super) async fn insert(
    tx: &mut Tx,
    id: AccountId,
    new: &NewAccount,
    now: Timestamp,
) -> Result<()> {
    let insert = Query::insert()
        .into_table(Accounts::Table)
        .columns([
            Accounts::Id,
            Accounts::Nickname,
            Accounts::NicknameKey,
            Accounts::Email,
            Accounts::EmailKey,
            Accounts::PasswordHash,
            Accounts::Role,
            Accounts::State,
            Accounts::TrustLevel,
            Accounts::RegionId,
            Accounts::Language,
            Accounts::ConfirmedAt,
            Accounts::CreatedAt,
            Accounts::UpdatedAt,
        ])
        .values_panic([
            id.into(),
            new.nickname.shown.clone().into(),
            new.nickname.key.clone().into(),
            new.email.shown.clone().into(),
            new.email.key.clone().into(),
            new.password_hash.clone().into(),
            new.role.into(),
            "active".into(),
            0i64.into(),
            new.region_id.clone().into(),
            new.language.code().into(),
            new.is_confirmed.then_some(now).into(),
            now.into(),
            now.into(),
        ])
        .take();
    tx.execute(&insert).await.map(drop)
}

fn select_credentials() -> SelectStatement {
    Query::select()
        .columns([
            Accounts::Id,
            Accounts::Nickname,
            Accounts::Email,
            Accounts::EmailKey,
            Accounts::PasswordHash,
            Accounts::Role,
            Accounts::Language,
            Accounts::ConfirmedAt,
        ])
        .from(Accounts::Table)
        .and_where(Expr::col(Accounts::State).ne("closed"))
        .take()
}

fn read_credentials(row: &Row) -> Result<Credentials> {
    let language: String = row.get("language")?;
    Ok(Credentials {
        id: row.get("id")?,
        nickname: row.get("nickname")?,
        email: row.get("email")?,
        email_key: row.get("email_key")?,
        password_hash: row.get("password_hash")?,
        role: row.get("role")?,
        language: web::Lang::from_code(&language).unwrap_or_default(),
        is_confirmed: row.get::<Option<Timestamp>>("confirmed_at")?.is_some(),
    })
}

pub(super) async fn find_by_email(db: impl Read, email_key: &str) -> Result<Option<Credentials>> {
    let select = select_credentials().and_where(Expr::col(Accounts::EmailKey).eq(email_key)).take();
    db.row(&select).await?.as_ref().map(read_credentials).transpose()
}

pub(super) async fn find(db: impl Read, id: AccountId) -> Result<Option<Credentials>> {
    let select = select_credentials().and_where(Expr::col(Accounts::Id).eq(id)).take();
    db.row(&select).await?.as_ref().map(read_credentials).transpose()
}

pub(super) async fn is_nickname_taken(
    db: impl Read,
    key: &str,
    by_other_than: Option<AccountId>,
) -> Result<bool> {
    let mut select = Query::select()
        .column(Accounts::Id)
        .from(Accounts::Table)
        .and_where(Expr::col(Accounts::NicknameKey).eq(key))
        .take();
    if let Some(id) = by_other_than {
        select.and_where(Expr::col(Accounts::Id).ne(id));
    }
    Ok(db.row(&select).await?.is_some())
}

/// The mailbox is proven by a mailed token or by an operator. Keeps the first time.
pub(super) async fn set_confirmed(tx: &mut Tx, id: AccountId, now: Timestamp) -> Result<bool> {
    let update = Query::update()
        .table(Accounts::Table)
        .value(Accounts::ConfirmedAt, now)
        .value(Accounts::UpdatedAt, now)
        .and_where(Expr::col(Accounts::Id).eq(id))
        .and_where(Expr::col(Accounts::ConfirmedAt).is_null())
        .take();
    Ok(tx.execute(&update).await? == 1)
}

/// The one who sets it has shown the old password or a mailed token.
pub(super) async fn set_password(
    tx: &mut Tx,
    id: AccountId,
    hash: &str,
    now: Timestamp,
) -> Result<()> {
    let update = Query::update()
        .table(Accounts::Table)
        .value(Accounts::PasswordHash, hash)
        .value(Accounts::UpdatedAt, now)
        .and_where(Expr::col(Accounts::Id).eq(id))
        .take();
    tx.execute(&update).await.map(drop)
}

pub(super) async fn set_settings(
    tx: &mut Tx,
    proof: &Proof<EditAccount>,
    new: &super::Settings,
    now: Timestamp,
) -> Result<()> {
    let update = Query::update()
        .table(Accounts::Table)
        .value(Accounts::Nickname, new.nickname.shown.clone())
        .value(Accounts::NicknameKey, new.nickname.key.clone())
        .value(Accounts::Language, new.language.code())
        .value(Accounts::RegionId, new.region_id.clone())
        .value(Accounts::UpdatedAt, now)
        .and_where(Expr::col(Accounts::Id).eq(proof.actor))
        .take();
    tx.execute(&update).await.map(drop)
}

pub(super) async fn set_role(
    tx: &mut Tx,
    id: AccountId,
    from: Role,
    to: Role,
    now: Timestamp,
) -> Result<bool> {
    let update = Query::update()
        .table(Accounts::Table)
        .value(Accounts::Role, to)
        .value(Accounts::UpdatedAt, now)
        .and_where(Expr::col(Accounts::Id).eq(id))
        .and_where(Expr::col(Accounts::Role).eq(from))
        .take();
    Ok(tx.execute(&update).await? == 1)
}

pub(super) async fn insert_token(
    tx: &mut Tx,
    token_hash: &str,
    token: &MailToken,
    (now, expires): (Timestamp, Timestamp),
) -> Result<()> {
    let insert = Query::insert()
        .into_table(MailTokens::Table)
        .columns([
            MailTokens::TokenHash,
            MailTokens::AccountId,
            MailTokens::Purpose,
            MailTokens::Email,
            MailTokens::CreatedAt,
            MailTokens::ExpiresAt,
        ])
        .values_panic([
            token_hash.into(),
            token.account.into(),
            token.purpose.into(),
            token.email_key.clone().into(),
            now.into(),
            expires.into(),
        ])
        .take();
    tx.execute(&insert).await.map(drop)
}

/// The account behind a token that can still be used and whose mailbox is still the account's.
pub(super) async fn find_token(
    db: impl Read,
    token_hash: &str,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<Credentials>> {
    let mut select = Query::select()
        .columns([
            Accounts::Id,
            Accounts::Nickname,
            Accounts::EmailKey,
            Accounts::PasswordHash,
            Accounts::Role,
            Accounts::Language,
            Accounts::ConfirmedAt,
        ])
        .column((Accounts::Table, Accounts::Email))
        .from(MailTokens::Table)
        .inner_join(
            Accounts::Table,
            Expr::col((Accounts::Table, Accounts::Id))
                .equals((MailTokens::Table, MailTokens::AccountId)),
        )
        .take();
    select
        .and_where(Expr::col(MailTokens::TokenHash).eq(token_hash))
        .and_where(Expr::col(MailTokens::Purpose).eq(purpose))
        .and_where(Expr::col(MailTokens::UsedAt).is_null())
        .and_where(Expr::col(MailTokens::ExpiresAt).gt(now))
        .and_where(
            Expr::col((MailTokens::Table, MailTokens::Email))
                .equals((Accounts::Table, Accounts::EmailKey)),
        )
        .and_where(Expr::col(Accounts::State).ne("closed"));
    db.row(&select).await?.as_ref().map(read_credentials).transpose()
}

/// Uses the token up. False when another request was faster.
pub(super) async fn use_token(tx: &mut Tx, token_hash: &str, now: Timestamp) -> Result<bool> {
    let update = Query::update()
        .table(MailTokens::Table)
        .value(MailTokens::UsedAt, now)
        .and_where(Expr::col(MailTokens::TokenHash).eq(token_hash))
        .and_where(Expr::col(MailTokens::UsedAt).is_null())
        .and_where(Expr::col(MailTokens::ExpiresAt).gt(now))
        .take();
    Ok(tx.execute(&update).await? == 1)
}

/// Links mailed earlier stop working.
pub(super) async fn void_tokens(
    tx: &mut Tx,
    account: AccountId,
    purpose: Purpose,
    now: Timestamp,
) -> Result<()> {
    let update = Query::update()
        .table(MailTokens::Table)
        .value(MailTokens::UsedAt, now)
        .and_where(Expr::col(MailTokens::AccountId).eq(account))
        .and_where(Expr::col(MailTokens::Purpose).eq(purpose))
        .and_where(Expr::col(MailTokens::UsedAt).is_null())
        .take();
    tx.execute(&update).await.map(drop)
}

/// Forgets a slice of the tokens that ran out. Returns how many.
pub(super) async fn purge_tokens(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    let expired = Query::select()
        .column(MailTokens::TokenHash)
        .from(MailTokens::Table)
        .and_where(Expr::col(MailTokens::ExpiresAt).lt(now))
        .limit(500)
        .take();
    let delete = Query::delete()
        .from_table(MailTokens::Table)
        .and_where(Expr::col(MailTokens::TokenHash).in_subquery(expired))
        .take();
    tx.execute(&delete).await
}

/// Forgets accounts made before `before` whose address was never confirmed. Policy lets them write nothing. A bounded slice a call;
/// returns how many.
pub(super) async fn purge_unconfirmed(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    let select = Query::select()
        .column(Accounts::Id)
        .from(Accounts::Table)
        .and_where(Expr::col(Accounts::ConfirmedAt).is_null())
        .and_where(Expr::col(Accounts::CreatedAt).lt(before))
        .and_where(Expr::col(Accounts::Role).eq(Role::Member))
        .limit(100)
        .take();
    let mut ids: Vec<AccountId> = Vec::new();
    for row in tx.rows(&select).await? {
        ids.push(row.get("id")?);
    }
    if ids.is_empty() {
        return Ok(0);
    }
    macro_rules! forget {
        ($($table:ident.$column:ident),+) => {$(
            let delete = Query::delete()
                .from_table($table::Table)
                .and_where(Expr::col($table::$column).is_in(ids.iter().copied()))
                .take();
            tx.execute(&delete).await?;
        )+};
    }
    forget!(Sessions.AccountId, MailTokens.AccountId, Notices.AccountId);
    let delete = Query::delete()
        .from_table(Accounts::Table)
        .and_where(Expr::col(Accounts::Id).is_in(ids))
        .take();
    tx.execute(&delete).await
}

pub(super) async fn is_empty(db: impl Read) -> Result<bool> {
    let select =
        Query::select().expr_as(Expr::val(1i64), "n").from(Accounts::Table).limit(1).take();
    Ok(db.row(&select).await?.is_none())
}
