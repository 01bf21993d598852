//! What happens at the door and in the settings. Each verb is one transaction with its mail and its change-feed row.

use super::jobs::MailReset;
use super::{
    Credentials, Email, MailToken, NewAccount, Nickname, Purpose, Settings, password, sql,
};
use crate::access::policy;
use crate::access::rate_limit::{self, Limit};
use crate::access::viewer::{Account, Member};
use crate::access::{secret, secret_hash, session};
use crate::app::App;
use crate::changes::{self, Subject};
use crate::db::{DbError, Tx};
use crate::error::{Error, Result};
use crate::http::client::Client;
use crate::jobs;
use crate::mail;
use crate::posts;
use crate::time_id::{AccountId, Clock, SessionId};
use std::time::Duration;
use web::Lang;

/// A name seen by all may not flicker.
const NICKNAMES_BY_ACCOUNT: Limit =
    Limit { bucket: "nickname", most: 10, window: Duration::from_secs(24 * 3600) };

/// A checked sign-up form.
pub struct SignUp {
    pub nickname: Nickname,
    pub email: Email,
    /// Passed [`password::check`].
    pub password: String,
    pub language: Lang,
}

pub enum SignedUp {
    /// A mail is on its way. `browser` is what this browser keeps to be logged in by the mailed link: it shows that whoever opens the
    /// link also chose the password. It can't be told from the one given for an address that had an account before.
    MailSent {
        browser: String,
    },
    NicknameTaken,
}

/// Makes an account and mails the link that confirms it. An address that has one already gets a mail that says so.
pub async fn sign_up(app: &App, client: Client, form: SignUp) -> Result<SignedUp> {
    rate_limit::take_now(&app.db, &app.clock, rate_limit::SIGN_UP_BY_ADDRESS, &client.subject())
        .await?;
    let password_hash = password::hash(&form.password).await?;
    let new = NewAccount {
        nickname: form.nickname,
        email: form.email,
        password_hash,
        role: crate::access::viewer::Role::Member,
        language: form.language,
        region_id: None,
        is_confirmed: false,
    };
    match try_sign_up(app, &new).await {
        // Someone took the name or the address in between: now it is seen.
        Err(Error::Internal(error)) if is_duplicate(&error) => try_sign_up(app, &new).await,
        other => other,
    }
}

fn is_duplicate(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(DbError::Duplicate(_)))
}

async fn try_sign_up(app: &App, new: &NewAccount) -> Result<SignedUp> {
    let mut tx = app.db.begin().await?;
    if sql::is_nickname_taken(&mut tx, &new.nickname.key, None).await? {
        return Ok(SignedUp::NicknameTaken);
    }
    let may_mail = take_mail(&mut tx, app, &new.email.key).await?;
    let token = match sql::find_by_email(&mut tx, &new.email.key).await? {
        Some(owner) => {
            if may_mail {
                let url = format!("{}/login", app.config.base_url);
                let mail = web::mail::already_signed_up(owner.language, &owner.nickname, &url);
                mail::send(&mut tx, &app.clock, &owner.email, mail).await?;
            }
            secret()
        }
        None => {
            let id = insert(&mut tx, &app.clock, new).await?;
            let account = Credentials {
                id,
                nickname: new.nickname.shown.clone(),
                email: new.email.shown.clone(),
                email_key: new.email.key.clone(),
                password_hash: String::new(),
                role: new.role,
                language: new.language,
                is_confirmed: false,
            };
            let token = secret();
            if may_mail {
                mail_link(&mut tx, app, &account, Purpose::Confirm, &token).await?;
            }
            token
        }
    };
    tx.commit().await?;
    Ok(SignedUp::MailSent { browser: browser_key(&token) })
}

/// Derived from the token, so that the browser that signed up is known again, and not the other way round.
fn browser_key(token: &str) -> String {
    secret_hash(&format!("browser {token}"))
}

/// The account of that nickname and address, made in the caller's transaction.
///
/// Errors: [`DbError::Duplicate`] when either is taken.
pub async fn insert(tx: &mut Tx, clock: &Clock, new: &NewAccount) -> crate::db::Result<AccountId> {
    let id = AccountId::new(clock);
    sql::insert(tx, id, new, clock.now()).await?;
    Ok(id)
}

/// Takes from what one mailbox may be sent. When it is used up nothing is sent, and nobody is told: the answer would tell a stranger
/// that mails go there.
async fn take_mail(tx: &mut Tx, app: &App, email_key: &str) -> Result<bool> {
    match rate_limit::take(tx, &app.clock, rate_limit::MAIL_BY_EMAIL, email_key).await {
        Ok(()) => Ok(true),
        Err(Error::TooMany { .. }) => Ok(false),
        Err(other) => Err(other),
    }
}

async fn mail_link(
    tx: &mut Tx,
    app: &App,
    account: &Credentials,
    purpose: Purpose,
    token: &str,
) -> Result<()> {
    let now = app.clock.now();
    let row = MailToken { account: account.id, purpose, email_key: account.email_key.clone() };
    sql::insert_token(tx, &secret_hash(token), &row, (now, now.plus(purpose.lifetime()))).await?;
    let url = format!("{}{}?token={token}", app.config.base_url, purpose.path());
    let mail = match purpose {
        Purpose::Confirm => web::mail::confirm(account.language, &account.nickname, &url),
        Purpose::Reset => web::mail::reset(account.language, &account.nickname, &url),
    };
    mail::send(tx, &app.clock, &account.email, mail).await?;
    Ok(())
}

/// Whose link this is, or nothing when it was used, ran out or never was.
pub async fn find_link(app: &App, purpose: Purpose, token: &str) -> Result<Option<String>> {
    let found = sql::find_token(&app.db, &secret_hash(token), purpose, app.clock.now()).await?;
    Ok(found.map(|account| account.nickname))
}

pub enum Confirmed {
    /// Logged in by this new session's token.
    LoggedIn(String),
    /// The address is confirmed; this browser has yet to log in, or is logged in already.
    Done,
    Expired,
}

/// Uses a mailed confirmation link. `browser` is what the browser kept from [`sign_up`].
pub async fn confirm(
    app: &App,
    token: &str,
    browser: Option<&str>,
    user_agent: &str,
) -> Result<Confirmed> {
    let hash = secret_hash(token);
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let Some(account) = sql::find_token(&mut tx, &hash, Purpose::Confirm, now).await? else {
        return Ok(Confirmed::Expired);
    };
    if !sql::use_token(&mut tx, &hash, now).await? {
        return Ok(Confirmed::Expired);
    }
    sql::set_confirmed(&mut tx, account.id, now).await?;
    sql::void_tokens(&mut tx, account.id, Purpose::Confirm, now).await?;
    let confirmed = if browser == Some(browser_key(token).as_str()) {
        Confirmed::LoggedIn(session::start(&mut tx, &app.clock, account.id, user_agent).await?)
    } else {
        Confirmed::Done
    };
    tx.commit().await?;
    Ok(confirmed)
}

/// Mails a new confirmation link to a logged-in member.
///
/// Errors: [`Error::TooMany`]; it is the member's own mailbox, so they are told.
pub async fn resend_confirmation(app: &App, member: &Member) -> Result<()> {
    let mut tx = app.db.begin().await?;
    let Some(account) = sql::find(&mut tx, member.id).await? else { return Err(Error::NotFound) };
    if account.is_confirmed {
        return Ok(());
    }
    let taken =
        rate_limit::take(&mut tx, &app.clock, rate_limit::MAIL_BY_EMAIL, &account.email_key).await;
    if taken.is_ok() {
        mail_link(&mut tx, app, &account, Purpose::Confirm, &secret()).await?;
    }
    tx.commit().await?;
    taken
}

/// A log-in that may have failed; why is nobody's business.
pub enum LogIn {
    /// The new session's token.
    Welcome(String),
    Wrong,
}

/// Checks address and password. `old` is the session this browser had; it ends.
pub async fn log_in(
    app: &App,
    client: Client,
    (email, password): (&str, &str),
    (old, user_agent): (Option<&Account>, &str),
) -> Result<LogIn> {
    rate_limit::take_now(&app.db, &app.clock, rate_limit::LOG_IN_BY_ADDRESS, &client.subject())
        .await?;
    let Ok(email) = Email::parse(email) else { return Ok(LogIn::Wrong) };
    rate_limit::take_now(&app.db, &app.clock, rate_limit::LOG_IN_BY_EMAIL, &email.key).await?;
    let account = sql::find_by_email(&app.db, &email.key).await?;
    let hash = account.as_ref().map(|account| account.password_hash.as_str());
    let matches = password::verify(password, hash).await?;
    let Some(account) = account.filter(|_| matches) else { return Ok(LogIn::Wrong) };

    let mut tx = app.db.begin().await?;
    // The password was checked outside the transaction: it may have been changed since.
    let current = sql::find(&mut tx, account.id).await?;
    if current.is_none_or(|current| current.password_hash != account.password_hash) {
        return Ok(LogIn::Wrong);
    }
    if let Some(old) = old {
        session::end(&mut tx, old.id, old.session_id).await?;
    }
    rate_limit::forgive(&mut tx, rate_limit::LOG_IN_BY_EMAIL, &email.key).await?;
    let token = session::start(&mut tx, &app.clock, account.id, user_agent).await?;
    tx.commit().await?;
    Ok(LogIn::Welcome(token))
}

pub async fn end_session(app: &App, member: &Account, session: SessionId) -> Result<bool> {
    let mut tx = app.db.begin().await?;
    let ended = session::end(&mut tx, member.id, session).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Mails a reset link if the address has an account. A job looks, so that the answer takes as long either way.
pub async fn request_reset(app: &App, client: Client, email: &Email) -> Result<()> {
    rate_limit::take_now(&app.db, &app.clock, rate_limit::MAIL_BY_ADDRESS, &client.subject())
        .await?;
    let mut tx = app.db.begin().await?;
    if take_mail(&mut tx, app, &email.key).await? {
        jobs::enqueue(&mut tx, &app.clock, &MailReset { email_key: email.key.clone() }).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// [`MailReset`]'s work, in its transaction.
pub(super) async fn mail_reset(app: &App, tx: &mut Tx, email_key: &str) -> Result<()> {
    match sql::find_by_email(&mut *tx, email_key).await? {
        Some(account) => mail_link(tx, app, &account, Purpose::Reset, &secret()).await,
        None => Ok(()),
    }
}

pub enum Reset {
    /// The new password holds, and this new session's token logs its owner in.
    LoggedIn(String),
    Expired,
    Weak(password::Weakness),
}

/// Sets a new password by a mailed link, ends every session, and confirms the mailbox. A weak password leaves the link usable.
pub async fn reset(app: &App, token: &str, new: &str, user_agent: &str) -> Result<Reset> {
    let hash = secret_hash(token);
    let Some(owner) = sql::find_token(&app.db, &hash, Purpose::Reset, app.clock.now()).await?
    else {
        return Ok(Reset::Expired);
    };
    if let Err(weakness) = password::check(new, &[&owner.nickname, &owner.email]).await? {
        return Ok(Reset::Weak(weakness));
    }
    let password_hash = password::hash(new).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if !sql::use_token(&mut tx, &hash, now).await? {
        return Ok(Reset::Expired);
    }
    sql::set_confirmed(&mut tx, owner.id, now).await?;
    let token = set_password(&mut tx, app, &owner, &password_hash, user_agent).await?;
    tx.commit().await?;
    Ok(Reset::LoggedIn(token))
}

/// Everything that a new password means. Returns the token of the one session that is left.
async fn set_password(
    tx: &mut Tx,
    app: &App,
    owner: &Credentials,
    password_hash: &str,
    user_agent: &str,
) -> Result<String> {
    sql::set_password(tx, owner.id, password_hash, app.clock.now()).await?;
    sql::void_tokens(tx, owner.id, Purpose::Reset, app.clock.now()).await?;
    session::end_all(tx, owner.id, None).await?;
    rate_limit::forgive(tx, rate_limit::LOG_IN_BY_EMAIL, &owner.email_key).await?;
    let forgot = format!("{}/forgot", app.config.base_url);
    let mail = web::mail::password_changed(owner.language, &owner.nickname, &forgot);
    mail::send(tx, &app.clock, &owner.email, mail).await?;
    Ok(session::start(tx, &app.clock, owner.id, user_agent).await?)
}

pub enum PasswordChange {
    /// The token of the one session that is left, for this browser.
    Done(String),
    WrongCurrent,
    Weak(password::Weakness),
}

/// Changes the password of someone who knows the current one.
pub async fn change_password(
    app: &App,
    member: &Member,
    (current, new): (&str, &str),
    user_agent: &str,
) -> Result<PasswordChange> {
    policy::can_edit_account(&member.viewer(), member.id)?;
    let Some(owner) = sql::find(&app.db, member.id).await? else { return Err(Error::NotFound) };
    rate_limit::take_now(&app.db, &app.clock, rate_limit::LOG_IN_BY_EMAIL, &owner.email_key)
        .await?;
    if !password::verify(current, Some(&owner.password_hash)).await? {
        return Ok(PasswordChange::WrongCurrent);
    }
    if let Err(weakness) = password::check(new, &[&owner.nickname, &owner.email]).await? {
        return Ok(PasswordChange::Weak(weakness));
    }
    let password_hash = password::hash(new).await?;
    let mut tx = app.db.begin().await?;
    let token = set_password(&mut tx, app, &owner, &password_hash, user_agent).await?;
    tx.commit().await?;
    Ok(PasswordChange::Done(token))
}

pub enum Saved {
    Done,
    NicknameTaken,
}

/// Saves nickname, language and region.
pub async fn save_settings(app: &App, member: &Member, new: &Settings) -> Result<Saved> {
    let proof = policy::can_edit_account(&member.viewer(), member.id)?;
    let renames = new.nickname.shown != member.nickname;
    if renames {
        rate_limit::take_now(&app.db, &app.clock, NICKNAMES_BY_ACCOUNT, &member.id.to_string())
            .await?;
    }
    let mut tx = app.db.begin().await?;
    if sql::is_nickname_taken(&mut tx, &new.nickname.key, Some(member.id)).await? {
        return Ok(Saved::NicknameTaken);
    }
    match sql::set_settings(&mut tx, &proof, new, app.clock.now()).await {
        Ok(()) => {}
        Err(DbError::Duplicate(_)) => return Ok(Saved::NicknameTaken),
        Err(other) => return Err(other.into()),
    }
    if renames {
        posts::rename_author(&mut tx, member.id, &new.nickname.shown).await?;
        changes::record(&mut tx, &app.clock, Subject::Account, member.id).await?;
    }
    tx.commit().await?;
    Ok(Saved::Done)
}
