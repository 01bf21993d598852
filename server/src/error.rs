//! One error for every handler, and what a client gets to see of it.
//!
//! A handler returns [`Error`]; its response carries the status and an [`ErrorPage`] note, which the outermost layer turns
//! into a page in the reader's language or into JSON. Causes go to the log with the request id and never to the client.
//! What a viewer may not see does not exist: [`Error::NotFound`], never 403.

use crate::media::allowance::Exceeded;
use crate::room;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::time::Duration;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("not found")]
    NotFound,
    /// It was here and can't be used any more: a mailed link that ran out.
    #[error("gone")]
    Gone,
    /// Nobody is logged in and this needs somebody. Pages redirect to the log-in, the rest get 401.
    #[error("log-in needed")]
    LoginNeeded,
    /// The request can't be understood at all (a form would answer with field errors instead).
    #[error("bad request: {0}")]
    BadRequest(&'static str),
    /// The viewer's account may not do this now; the page of that name says why and what to do.
    #[error("refused: {0}")]
    Refused(&'static str),
    /// Someone else was faster; the page should be loaded again.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    #[error("too large")]
    TooLarge,
    #[error("too many requests")]
    TooMany { retry_after: Duration },
    /// The member has sent as much as one may, and is told when they can go on.
    #[error("over a member's limit: {0:?}")]
    Exceeded(Exceeded),
    /// A disk, the database or the bucket is full. It goes on when there is room; nothing was kept of what was asked.
    #[error("no room: {0:#}")]
    NoRoom(anyhow::Error),
    #[error(transparent)]
    Internal(anyhow::Error),
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        if room::is_missing(&error) { Self::NoRoom(error) } else { Self::Internal(error) }
    }
}

impl From<crate::db::DbError> for Error {
    fn from(error: crate::db::DbError) -> Self {
        anyhow::Error::from(error).into()
    }
}

impl From<crate::media::MediaError> for Error {
    fn from(error: crate::media::MediaError) -> Self {
        match error {
            crate::media::MediaError::NotFound(_) => Self::NotFound,
            other => anyhow::Error::from(other).into(),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        anyhow::Error::from(error).into()
    }
}

/// When a client may ask again where there is no room: nobody makes any within seconds.
const ROOM_LOOKED_FOR: Duration = Duration::from_secs(60);

/// Tells the outer layer to fill this response with the error page of that name (a message key).
#[derive(Clone, Debug)]
pub struct ErrorPage(pub &'static str);

impl Error {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Gone => StatusCode::GONE,
            Self::LoginNeeded => StatusCode::UNAUTHORIZED,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Refused(_) => StatusCode::FORBIDDEN,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany { .. } | Self::Exceeded(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::NoRoom(_) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn page(&self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::Gone => "gone",
            Self::LoginNeeded => "login-needed",
            Self::BadRequest(_) => "bad-request",
            Self::Refused(why) => why,
            Self::Conflict(_) => "conflict",
            Self::TooLarge => "too-large",
            Self::TooMany { .. } => "too-many",
            Self::Exceeded(exceeded) => exceeded.page(),
            Self::NoRoom(_) => "no-room",
            Self::Internal(_) => "internal",
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match &self {
            Self::Internal(cause) => {
                tracing::error!(cause = format!("{cause:#}"), "request failed");
            }
            Self::NoRoom(cause) => {
                tracing::error!(cause = format!("{cause:#}"), "no room");
            }
            Self::BadRequest(why) | Self::Conflict(why) => tracing::debug!(why, "request refused"),
            _ => {}
        }
        let mut response = self.status().into_response();
        let retry_after = match &self {
            Self::TooMany { retry_after } => Some(*retry_after),
            Self::NoRoom(_) => Some(ROOM_LOOKED_FOR),
            Self::Exceeded(exceeded) => {
                response.extensions_mut().insert(exceeded.cause());
                Some(exceeded.retry_after())
            }
            _ => None,
        };
        if let Some(retry_after) = retry_after
            && let Ok(seconds) = HeaderValue::from_str(&retry_after.as_secs().max(1).to_string())
        {
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response.extensions_mut().insert(ErrorPage(self.page()));
        response
    }
}
