//! The door: sign-up, confirmation, log-in, log-out, and the way back in after a forgotten password.

use super::actions::{self, Confirmed, LogIn, Reset, SignUp, SignedUp};
use super::{Complaint, Email, Nickname, Purpose, password};
use crate::access::viewer::cookie;
use crate::access::{Member, Viewer, session};
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::client::Client;
use crate::http::context::redirect_with;
use crate::http::language::local_path;
use crate::http::{Context, Fields, Query};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use web::accounts::{
    ConfirmView, ForgotView, LogInView, MailPurpose, MailSentView, ResetView, SignUpView,
};
use web::{FieldErrors, Flash};

/// What a browser keeps between sign-up and the mailed link, see [`SignedUp::MailSent`].
const SIGNUP_COOKIE: &str = "signup";

pub(super) fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

fn signup_cookie(app: &App, value: &str, seconds: u64) -> String {
    let secure = if app.config.is_https() { "; Secure" } else { "" };
    format!("{SIGNUP_COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}

pub(super) fn user_agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

pub(super) fn complain(errors: &mut FieldErrors, field: &str, complaint: Complaint) {
    match complaint {
        (key, Some(limit)) => errors.add_with(field, key, limit),
        (key, None) => errors.add(field, key),
    }
}

/// Someone who is in already has no business at the door.
fn is_inside(context: &Context) -> Option<Response> {
    context.viewer.account().map(|_| Redirect::to("/me").into_response())
}

/// GET /signup
pub async fn sign_up_form(context: Context) -> Response {
    is_inside(&context).unwrap_or_else(|| {
        context.page(web::accounts::sign_up(&context.chrome, &SignUpView::default()))
    })
}

/// POST /signup {nickname, email, password}
pub async fn sign_up(
    State(app): State<App>,
    context: Context,
    client: Client,
    fields: Fields,
) -> Result<Response> {
    if let Some(inside) = is_inside(&context) {
        return Ok(inside);
    }
    let mut errors = FieldErrors::default();
    let nickname = Nickname::parse(fields.get("nickname"));
    let email = Email::parse(fields.get("email"));
    let password = fields.get("password");
    let own =
        [fields.get("nickname"), fields.get("email")].map(|word| crate::text::excerpt(word, 100));
    if let Err(weakness) = password::check(password, &own.each_ref().map(String::as_str)).await? {
        complain(&mut errors, "password", weakness.complaint());
    }
    let form = match (nickname, email) {
        (Ok(nickname), Ok(email)) if errors.is_empty() => {
            Ok(SignUp { nickname, email, password: password.to_owned(), language: context.lang })
        }
        (nickname, email) => {
            for (field, error) in [("nickname", nickname.err()), ("email", email.err())] {
                error.inspect(|complaint| complain(&mut errors, field, *complaint));
            }
            Err(())
        }
    };
    if let Ok(form) = form {
        let address = form.email.shown.clone();
        match actions::sign_up(&app, client, form).await? {
            SignedUp::MailSent { browser } => {
                let view = MailSentView { email: address, purpose: MailPurpose::Confirm };
                let page = context.page(web::accounts::mail_sent(&context.chrome, &view));
                let seconds = Purpose::Confirm.lifetime().as_secs();
                return Ok(with_cookie(page, &signup_cookie(&app, &browser, seconds)));
            }
            SignedUp::NicknameTaken => errors.add("nickname", "error-nickname-taken"),
        }
    }
    let view = SignUpView {
        nickname: fields.get("nickname").to_owned(),
        email: fields.get("email").to_owned(),
        errors,
    };
    let html = web::accounts::sign_up(&context.chrome, &view);
    Ok(context.page_with(StatusCode::UNPROCESSABLE_ENTITY, html))
}

fn confirm_page(context: &Context, view: &ConfirmView) -> Response {
    let status = match view {
        ConfirmView::Expired => StatusCode::GONE,
        _ => StatusCode::OK,
    };
    context.page_with(status, web::accounts::confirm(&context.chrome, view))
}

/// GET /confirm?token=…
pub async fn confirm_form(
    State(app): State<App>,
    context: Context,
    query: Query,
) -> Result<Response> {
    let token = query.get("token");
    let view = match actions::find_link(&app, Purpose::Confirm, token).await? {
        Some(_) => ConfirmView::Ask { token: token.to_owned() },
        // The link of one's own account a second time: it is done.
        None if context.viewer.account().is_some_and(|account| account.is_confirmed) => {
            ConfirmView::Done
        }
        None => ConfirmView::Expired,
    };
    Ok(confirm_page(&context, &view))
}

/// POST /confirm {token}
pub async fn confirm(
    State(app): State<App>,
    context: Context,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response> {
    let browser = cookie(&headers, SIGNUP_COOKIE);
    let token = fields.get("token");
    Ok(match actions::confirm(&app, token, browser, user_agent(&headers)).await? {
        Confirmed::LoggedIn(session) => {
            let welcome = redirect_with(&Flash::good("flash-welcome"), "/");
            let welcome = with_cookie(welcome, &session::cookie(&app, &session));
            with_cookie(welcome, &signup_cookie(&app, "", 0))
        }
        Confirmed::Done if context.viewer.account().is_some() => {
            redirect_with(&Flash::good("flash-welcome"), "/")
        }
        Confirmed::Done => confirm_page(&context, &ConfirmView::Done),
        Confirmed::Expired => confirm_page(&context, &ConfirmView::Expired),
    })
}

/// POST /confirm/resend
pub async fn resend_confirmation(State(app): State<App>, member: Member) -> Result<Response> {
    actions::resend_confirmation(&app, &member).await?;
    Ok(redirect_with(&Flash::good("flash-mail-sent"), "/me/settings"))
}

/// GET /login?next=…
pub async fn log_in_form(context: Context, query: Query) -> Response {
    let next = query.get("next");
    if context.viewer.account().is_some() {
        return Redirect::to(if next.is_empty() { "/me" } else { local_path(next) })
            .into_response();
    }
    let view = LogInView { next: next.to_owned(), ..LogInView::default() };
    context.page(web::accounts::log_in(&context.chrome, &view))
}

/// POST /login {email, password, next}
pub async fn log_in(
    State(app): State<App>,
    context: Context,
    client: Client,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response> {
    let pair = (fields.get("email"), fields.get("password"));
    let browser = (context.viewer.account(), user_agent(&headers));
    let next = fields.get("next");
    let (status, error) = match actions::log_in(&app, client, pair, browser).await {
        Ok(LogIn::Welcome(token)) => {
            let inside = Redirect::to(local_path(next)).into_response();
            return Ok(with_cookie(inside, &session::cookie(&app, &token)));
        }
        Ok(LogIn::Wrong) => (StatusCode::UNPROCESSABLE_ENTITY, "error-login"),
        Err(Error::TooMany { .. }) => (StatusCode::TOO_MANY_REQUESTS, "error-too-many-tries"),
        Err(other) => return Err(other),
    };
    let mut errors = FieldErrors::default();
    errors.add("email", error);
    let view = LogInView { email: fields.get("email").to_owned(), next: next.to_owned(), errors };
    Ok(context.page_with(status, web::accounts::log_in(&context.chrome, &view)))
}

/// POST /logout
pub async fn log_out(State(app): State<App>, viewer: Viewer) -> Result<Response> {
    if let Some(account) = viewer.account() {
        actions::end_session(&app, account, account.session_id).await?;
    }
    let outside = redirect_with(&Flash::good("flash-logged-out"), "/");
    Ok(with_cookie(outside, &session::expired_cookie(&app)))
}

/// GET /forgot
pub async fn forgot_form(context: Context) -> Response {
    context.page(web::accounts::forgot(&context.chrome, &ForgotView::default()))
}

/// POST /forgot {email}
pub async fn forgot(
    State(app): State<App>,
    context: Context,
    client: Client,
    fields: Fields,
) -> Result<Response> {
    match Email::parse(fields.get("email")) {
        Ok(email) => {
            actions::request_reset(&app, client, &email).await?;
            let view = MailSentView { email: email.shown, purpose: MailPurpose::Reset };
            Ok(context.page(web::accounts::mail_sent(&context.chrome, &view)))
        }
        Err(error) => {
            let mut errors = FieldErrors::default();
            complain(&mut errors, "email", error);
            let view = ForgotView { email: fields.get("email").to_owned(), errors };
            let html = web::accounts::forgot(&context.chrome, &view);
            Ok(context.page_with(StatusCode::UNPROCESSABLE_ENTITY, html))
        }
    }
}

/// GET /reset?token=…
pub async fn reset_form(
    State(app): State<App>,
    context: Context,
    query: Query,
) -> Result<Response> {
    let token = query.get("token");
    if actions::find_link(&app, Purpose::Reset, token).await?.is_none() {
        return Err(Error::Gone);
    }
    let view = ResetView { token: token.to_owned(), ..ResetView::default() };
    Ok(context.page(web::accounts::reset(&context.chrome, &view)))
}

/// POST /reset {token, password}
pub async fn reset(
    State(app): State<App>,
    context: Context,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response> {
    let token = fields.get("token");
    match actions::reset(&app, token, fields.get("password"), user_agent(&headers)).await? {
        Reset::LoggedIn(session) => {
            let inside = redirect_with(&Flash::good("flash-password-changed"), "/");
            Ok(with_cookie(inside, &session::cookie(&app, &session)))
        }
        Reset::Expired => Err(Error::Gone),
        Reset::Weak(weakness) => {
            let mut errors = FieldErrors::default();
            complain(&mut errors, "password", weakness.complaint());
            let view = ResetView { token: token.to_owned(), errors };
            let html = web::accounts::reset(&context.chrome, &view);
            Ok(context.page_with(StatusCode::UNPROCESSABLE_ENTITY, html))
        }
    }
}
