//! The person behind a request. A layer looks the session up once; handlers take [`Viewer`], [`Member`] or [`Moderator`].

use super::session;
use crate::app::App;
use crate::error::Error;
use crate::text_enum;
use crate::time_id::{AccountId, SessionId};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use std::ops::Deref;
use std::sync::Arc;

text_enum! {
    pub enum Role { Member = "member", Moderator = "moderator", Admin = "admin" }
}

text_enum! {
    pub enum AccountState {
        Active = "active",
        /// May read and log in; may write nothing.
        Suspended = "suspended",
        /// Gone; nobody can log in.
        Closed = "closed",
    }
}

/// What a request knows of the account that made it.
#[derive(Clone, Debug)]
pub struct Account {
    pub id: AccountId,
    pub session_id: SessionId,
    pub nickname: String,
    pub email: String,
    pub role: Role,
    pub state: AccountState,
    /// 0 new, 1 and 2 by approvals, 3 confirmed by the NPO.
    pub trust_level: u32,
    pub region_id: Option<String>,
    /// A `web::Lang` name.
    pub language: String,
    /// The mail address was confirmed.
    pub is_confirmed: bool,
}

#[derive(Clone, Debug)]
pub enum Viewer {
    Anonymous,
    Account(Arc<Account>),
}

impl Viewer {
    pub fn account(&self) -> Option<&Account> {
        match self {
            Self::Anonymous => None,
            Self::Account(account) => Some(account),
        }
    }

    pub fn id(&self) -> Option<AccountId> {
        self.account().map(|account| account.id)
    }

    pub fn is(&self, id: AccountId) -> bool {
        self.id() == Some(id)
    }

    pub fn is_moderator(&self) -> bool {
        self.account().is_some_and(|account| {
            account.role >= Role::Moderator && account.state == AccountState::Active
        })
    }

    pub fn is_admin(&self) -> bool {
        self.account().is_some_and(|account| {
            account.role == Role::Admin && account.state == AccountState::Active
        })
    }
}

/// The session layer: puts a [`Viewer`] into every request.
pub async fn load(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, Error> {
    let viewer = match token(&app, request.headers()) {
        Some(token) => match session::find(&app.db, &app.clock, &token).await? {
            Some(account) => Viewer::Account(Arc::new(account)),
            None => Viewer::Anonymous,
        },
        None => Viewer::Anonymous,
    };
    request.extensions_mut().insert(viewer);
    Ok(next.run(request).await)
}

/// The session token among the request's cookies.
pub fn token(app: &App, headers: &axum::http::HeaderMap) -> Option<String> {
    let name = session::cookie_name(app);
    cookie(headers, name).filter(|token| !token.is_empty() && token.len() <= 100).map(str::to_owned)
}

/// The cookie of that name, unquoted, if the request has it.
pub fn cookie<'a>(headers: &'a axum::http::HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or(Self::Anonymous))
    }
}

/// Someone logged in.
#[derive(Clone, Debug)]
pub struct Member(pub Arc<Account>);

impl<S: Sync> FromRequestParts<S> for Member {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        match Viewer::from_request_parts(parts, state).await? {
            Viewer::Account(account) => Ok(Self(account)),
            Viewer::Anonymous => Err(Error::LoginNeeded),
        }
    }
}

impl Member {
    pub fn viewer(&self) -> Viewer {
        Viewer::Account(self.0.clone())
    }
}

impl Deref for Member {
    type Target = Account;
    fn deref(&self) -> &Account {
        &self.0
    }
}

/// An active moderator or admin. To anyone else the page does not exist.
#[derive(Clone, Debug)]
pub struct Moderator(pub Arc<Account>);

impl<S: Sync> FromRequestParts<S> for Moderator {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        match Viewer::from_request_parts(parts, state).await? {
            viewer @ Viewer::Account(_) if !viewer.is_moderator() => Err(Error::NotFound),
            Viewer::Account(account) => Ok(Self(account)),
            Viewer::Anonymous => Err(Error::LoginNeeded),
        }
    }
}

impl Moderator {
    pub fn viewer(&self) -> Viewer {
        Viewer::Account(self.0.clone())
    }
}

impl Deref for Moderator {
    type Target = Account;
    fn deref(&self) -> &Account {
        &self.0
    }
}
