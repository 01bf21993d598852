//! Log-ins: one row each, found by the hash of the cookie's token.

use super::viewer::Account;
use super::{secret, secret_hash};
use crate::app::App;
use crate::db::tables::{Accounts, Sessions};
use crate::db::{Db, Prepared, Read, Result, Tx, hole};
use crate::time_id::{AccountId, Clock, SessionId, Timestamp};
use sea_query::{Expr, ExprTrait, Order, Query};
use std::time::Duration;

/// A session ends this long after it was last used.
pub const LIFETIME: Duration = Duration::from_secs(60 * 24 * 3600);
/// `last_seen_at` is written at most this often.
const TOUCH: Duration = Duration::from_secs(15 * 60);

/// `__Host-` binds the cookie to this host and to https; plain http (a machine of one's own) can't have it.
pub fn cookie_name(app: &App) -> &'static str {
    if app.config.is_https() { "__Host-session" } else { "session" }
}

/// The `Set-Cookie` value that logs this browser in.
pub fn cookie(app: &App, token: &str) -> String {
    set_cookie(app, token, LIFETIME)
}

/// The `Set-Cookie` value that logs this browser out.
pub fn expired_cookie(app: &App) -> String {
    set_cookie(app, "", Duration::ZERO)
}

fn set_cookie(app: &App, token: &str, age: Duration) -> String {
    let (name, age) = (cookie_name(app), age.as_secs());
    let secure = if app.config.is_https() { "; Secure" } else { "" };
    format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}")
}

/// Starts a session. Returns the token for the cookie; it is not kept.
pub async fn start(
    tx: &mut Tx,
    clock: &Clock,
    account: AccountId,
    user_agent: &str,
) -> Result<String> {
    let token = secret();
    let now = clock.now();
    let insert = Query::insert()
        .into_table(Sessions::Table)
        .columns([
            Sessions::Id,
            Sessions::TokenHash,
            Sessions::AccountId,
            Sessions::UserAgent,
            Sessions::CreatedAt,
            Sessions::LastSeenAt,
            Sessions::ExpiresAt,
        ])
        .values_panic([
            SessionId::new(clock).into(),
            secret_hash(&token).into(),
            account.into(),
            user_agent.chars().take(200).collect::<String>().into(),
            now.into(),
            now.into(),
            now.plus(LIFETIME).into(),
        ])
        .take();
    tx.execute(&insert).await?;
    Ok(token)
}

static BY_TOKEN: Prepared = Prepared::new(|| {
    Query::select()
        .column((Accounts::Table, Accounts::Id))
        .columns([
            Accounts::Nickname,
            Accounts::Email,
            Accounts::Role,
            Accounts::State,
            Accounts::TrustLevel,
            Accounts::RegionId,
            Accounts::Language,
            Accounts::ConfirmedAt,
        ])
        .expr_as(Expr::col((Sessions::Table, Sessions::Id)), "session_id")
        .column(Sessions::LastSeenAt)
        .from(Sessions::Table)
        .inner_join(
            Accounts::Table,
            Expr::col((Accounts::Table, Accounts::Id))
                .equals((Sessions::Table, Sessions::AccountId)),
        )
        .and_where(Expr::col(Sessions::TokenHash).eq(hole()))
        .and_where(Expr::col(Sessions::ExpiresAt).gt(hole()))
        .and_where(Expr::col((Accounts::Table, Accounts::State)).ne("closed"))
        .take()
});

/// The account behind a token, or nobody.
pub async fn find(db: &Db, clock: &Clock, token: &str) -> Result<Option<Account>> {
    let now = clock.now();
    let select = BY_TOKEN.with([secret_hash(token).into(), now.into()]);
    let Some(row) = db.row(&select).await? else { return Ok(None) };
    let account = Account {
        id: row.get("id")?,
        session_id: row.get("session_id")?,
        nickname: row.get("nickname")?,
        email: row.get("email")?,
        role: row.get("role")?,
        state: row.get("state")?,
        trust_level: row.get("trust_level")?,
        region_id: row.get("region_id")?,
        language: row.get("language")?,
        is_confirmed: row.get::<Option<Timestamp>>("confirmed_at")?.is_some(),
    };
    let last_seen: Timestamp = row.get("last_seen_at")?;
    // Where nothing can be written, who is logged in still is, and reads on.
    if now.since(last_seen) > TOUCH
        && let Err(error) = touch(db, account.session_id, now).await
    {
        tracing::warn!(%error, "cannot write when a session was last used");
    }
    Ok(Some(account))
}

async fn touch(db: &Db, session: SessionId, now: Timestamp) -> Result<()> {
    let mut tx = db.begin().await?;
    let update = Query::update()
        .table(Sessions::Table)
        .value(Sessions::LastSeenAt, now)
        .value(Sessions::ExpiresAt, now.plus(LIFETIME))
        .and_where(Expr::col(Sessions::Id).eq(session))
        .take();
    tx.execute(&update).await?;
    tx.commit().await
}

/// One of a person's log-ins, as they see it.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: SessionId,
    pub user_agent: String,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
}

/// The account's live sessions, last used first; at most 50.
pub async fn list(db: impl Read, clock: &Clock, account: AccountId) -> Result<Vec<Session>> {
    let select = Query::select()
        .columns([Sessions::Id, Sessions::UserAgent, Sessions::CreatedAt, Sessions::LastSeenAt])
        .from(Sessions::Table)
        .and_where(Expr::col(Sessions::AccountId).eq(account))
        .and_where(Expr::col(Sessions::ExpiresAt).gt(clock.now()))
        .order_by(Sessions::LastSeenAt, Order::Desc)
        .limit(50)
        .take();
    let rows = db.rows(&select).await?;
    rows.iter()
        .map(|row| {
            Ok(Session {
                id: row.get("id")?,
                user_agent: row.get("user_agent")?,
                created_at: row.get("created_at")?,
                last_seen_at: row.get("last_seen_at")?,
            })
        })
        .collect()
}

/// Ends one session of this account. Returns whether it was there.
pub async fn end(tx: &mut Tx, account: AccountId, session: SessionId) -> Result<bool> {
    let delete = Query::delete()
        .from_table(Sessions::Table)
        .and_where(Expr::col(Sessions::AccountId).eq(account))
        .and_where(Expr::col(Sessions::Id).eq(session))
        .take();
    Ok(tx.execute(&delete).await? == 1)
}

/// Ends all sessions of this account but `keep`: after a change of password.
pub async fn end_all(tx: &mut Tx, account: AccountId, keep: Option<SessionId>) -> Result<u64> {
    let mut delete = Query::delete()
        .from_table(Sessions::Table)
        .and_where(Expr::col(Sessions::AccountId).eq(account))
        .take();
    if let Some(keep) = keep {
        delete.and_where(Expr::col(Sessions::Id).ne(keep));
    }
    tx.execute(&delete).await
}

/// Forgets sessions that ran out. A bounded slice a call; returns how many.
pub async fn purge_expired(tx: &mut Tx, clock: &Clock) -> Result<u64> {
    let expired = Query::select()
        .column(Sessions::Id)
        .from(Sessions::Table)
        .and_where(Expr::col(Sessions::ExpiresAt).lt(clock.now()))
        .limit(500)
        .take();
    let delete = Query::delete()
        .from_table(Sessions::Table)
        .and_where(Expr::col(Sessions::Id).in_subquery(expired))
        .take();
    tx.execute(&delete).await
}
