//! A person's own settings: name, language, region, password, and where they are logged in.

use super::actions::{self, PasswordChange, Saved};
use super::pages::{complain, user_agent, with_cookie};
use super::{Nickname, Settings, device};
use crate::access::{Member, session};
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::context::redirect_with;
use crate::http::{Context, Fields, language};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use web::accounts::{SessionRow, SettingsView};
use web::{FieldErrors, Flash, Lang, When};

const HERE: &str = "/me/settings";

/// GET /me/settings
pub async fn settings_form(
    State(app): State<App>,
    context: Context,
    member: Member,
) -> Result<Response> {
    let view = view_of(&app, &context, &member).await?;
    Ok(context.page(web::accounts::settings(&context.chrome, &view)))
}

async fn view_of(app: &App, context: &Context, member: &Member) -> Result<SettingsView> {
    let sessions = session::list(&app.db, &app.clock, member.id).await?;
    let sessions = sessions.into_iter().map(|session| SessionRow {
        id: session.id.to_string(),
        device: device::name(&session.user_agent),
        began: When(session.created_at.as_millis()),
        seen: When(session.last_seen_at.as_millis()),
        is_current: session.id == member.session_id,
    });
    Ok(SettingsView {
        nickname: member.nickname.clone(),
        email: member.email.clone(),
        lang: Lang::from_code(&member.language).unwrap_or_default(),
        region: member.region_id.clone().unwrap_or_default(),
        regions: app.regions.choices(context.lang),
        errors: FieldErrors::default(),
        sessions: sessions.collect(),
    })
}

/// POST /me/settings {action: profile | password, …}
pub async fn save(
    State(app): State<App>,
    context: Context,
    member: Member,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response> {
    match fields.get("action") {
        "profile" => save_profile(&app, &context, &member, &fields).await,
        "password" => change_password(&app, &context, &member, &headers, &fields).await,
        _ => Err(Error::BadRequest("no such action")),
    }
}

/// {nickname, lang, region}
async fn save_profile(
    app: &App,
    context: &Context,
    member: &Member,
    fields: &Fields,
) -> Result<Response> {
    let mut errors = FieldErrors::default();
    // Whoever runs the site keeps a name that says so.
    let nickname = match fields.get("nickname") {
        same if same == member.nickname => Nickname::parse_staff(same),
        new => Nickname::parse(new),
    };
    let lang = Lang::from_code(fields.get("lang"));
    let region = fields.get("region");
    if !region.is_empty() && app.regions.find(region).is_none() {
        errors.add("region", "error-region");
    }
    if lang.is_none() {
        errors.add("lang", "error-lang");
    }
    match (nickname, lang) {
        (Ok(nickname), Some(language)) if errors.is_empty() => {
            let region_id = (!region.is_empty()).then(|| region.to_owned());
            match actions::save_settings(app, member, &Settings { nickname, language, region_id })
                .await?
            {
                Saved::Done => {
                    let saved = redirect_with(&Flash::good("flash-settings-saved"), HERE);
                    // The choice made in this browser earlier would win over the account's.
                    return Ok(with_cookie(saved, &language::cookie_for(language)));
                }
                Saved::NicknameTaken => errors.add("nickname", "error-nickname-taken"),
            }
        }
        (Err(error), _) => complain(&mut errors, "nickname", error),
        _ => {}
    }
    let view = SettingsView {
        nickname: fields.get("nickname").to_owned(),
        region: region.to_owned(),
        lang: lang.unwrap_or(context.lang),
        errors,
        ..view_of(app, context, member).await?
    };
    Ok(with_errors(context, &view))
}

/// {current_password, password}
async fn change_password(
    app: &App,
    context: &Context,
    member: &Member,
    headers: &HeaderMap,
    fields: &Fields,
) -> Result<Response> {
    let pair = (fields.get("current_password"), fields.get("password"));
    let mut errors = FieldErrors::default();
    match actions::change_password(app, member, pair, user_agent(headers)).await? {
        PasswordChange::Done(token) => {
            let done = redirect_with(&Flash::good("flash-password-changed"), HERE);
            return Ok(with_cookie(done, &session::cookie(app, &token)));
        }
        PasswordChange::WrongCurrent => errors.add("current_password", "error-password-wrong"),
        PasswordChange::Weak(weakness) => complain(&mut errors, "password", weakness.complaint()),
    }
    let view = SettingsView { errors, ..view_of(app, context, member).await? };
    Ok(with_errors(context, &view))
}

fn with_errors(context: &Context, view: &SettingsView) -> Response {
    let html = web::accounts::settings(&context.chrome, view);
    context.page_with(StatusCode::UNPROCESSABLE_ENTITY, html)
}

/// POST /me/sessions/{id}/end
pub async fn end_session(
    State(app): State<App>,
    member: Member,
    Path(id): Path<String>,
) -> Result<Response> {
    let session = id.parse().map_err(|_| Error::NotFound)?;
    if !actions::end_session(&app, &member, session).await? {
        return Err(Error::NotFound);
    }
    if session == member.session_id {
        let outside = redirect_with(&Flash::good("flash-logged-out"), "/");
        return Ok(with_cookie(outside, &session::expired_cookie(&app)));
    }
    Ok(redirect_with(&Flash::good("flash-session-ended"), HERE))
}
