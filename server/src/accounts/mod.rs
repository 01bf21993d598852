//! Accounts: signing up, proving a mailbox, logging in, and a person's own settings.
//!
//! An account is `unconfirmed → confirmed` by a mailed link (or by an operator), and `active ⇄ suspended → closed` (moderation's
//! business). Unconfirmed and suspended accounts log in and read; what they may write is `policy`'s business.
//!
//! Invariants
//! - No answer tells whether an address has an account: sign-up, log-in and "forgot" show the same page after the same work, and
//!   tell the mailbox's owner the rest by mail.
//! - A mailed link works once, for a while, and only while the address is still the account's; the database has its hash alone.
//!   Opening it changes nothing (mail scanners do); the button on its page does.
//! - A session is always a new one after log-in, sign-up and each change of password, and a changed password ends all others.
//! - An address is confirmed by whoever holds the mailbox, which may not be the person who chose the password. So the link logs in
//!   only the browser that signed up; see [`actions::SignUp`].
//! - Tries are counted in the database before the costly work.
//!
//! Not here: sessions and limits themselves (`access`), the page `/me` and public profiles (`posts`), suspension (`moderation`).

pub mod actions;
pub mod demo_mail;
mod device;
pub mod jobs;
pub mod names;
pub mod operator;
pub mod pages;
pub mod password;
pub mod settings_pages;
mod sql;

pub use names::{Email, Nickname};

use crate::access::viewer::Role;
use crate::db::{Read, Result};
use crate::text_enum;
use crate::time_id::AccountId;
use std::time::Duration;
use web::Lang;

/// What is wrong with a field: a message, and the number that it names as `$n`.
pub type Complaint = (&'static str, Option<i64>);

text_enum! {
    /// What a mailed link is for.
    pub enum Purpose { Confirm = "confirm", Reset = "reset" }
}

impl Purpose {
    /// How long its link works.
    pub const fn lifetime(self) -> Duration {
        match self {
            Self::Confirm => Duration::from_secs(3 * 24 * 3600),
            Self::Reset => Duration::from_secs(3600),
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Confirm => "/confirm",
            Self::Reset => "/reset",
        }
    }
}

/// An account about to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    pub nickname: Nickname,
    pub email: Email,
    /// From [`password::hash`].
    pub password_hash: String,
    pub role: Role,
    pub language: Lang,
    /// A region's id.
    pub region_id: Option<String>,
    pub is_confirmed: bool,
}

/// What a person changes about themselves.
#[derive(Clone, Debug)]
pub struct Settings {
    pub nickname: Nickname,
    pub language: Lang,
    pub region_id: Option<String>,
}

/// An account as the door sees it.
#[derive(Clone, Debug)]
struct Credentials {
    id: AccountId,
    nickname: String,
    email: String,
    email_key: String,
    password_hash: String,
    role: Role,
    language: Lang,
    is_confirmed: bool,
}

struct MailToken {
    account: AccountId,
    purpose: Purpose,
    email_key: String,
}

/// Whether nobody has an account yet.
pub async fn is_empty(db: impl Read) -> Result<bool> {
    sql::is_empty(db).await
}

/// Whose address this is.
pub async fn find_by_email(db: impl Read, email: &Email) -> Result<Option<AccountId>> {
    Ok(sql::find_by_email(db, &email.key).await?.map(|account| account.id))
}
