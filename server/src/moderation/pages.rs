//! `/review`: what waits, one item, its form, and the record of decisions.

use super::actions::{self, Decided, Decision};
use super::views::{self, Typed};
use super::{Action, Item, NOTE_CHARS, Reason, sql};
use crate::access::{Moderator, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::context::redirect_with;
use crate::http::{Context, Fields, Query};
use crate::posts::{self, RevisionState};
use crate::text;
use crate::time_id::{ReviewItemId, RevisionId};
use crate::videos;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use web::review::PreparingView;
use web::{FieldErrors, Flash};

pub async fn queue(
    State(app): State<App>,
    context: Context,
    _moderator: Moderator,
    query: Query,
) -> Result<Response> {
    let after = query.place("after");
    let view = views::queue(&app, context.lang, after.as_ref()).await?;
    Ok(context.page(web::review::queue(&context.chrome, &view)))
}

pub async fn log(
    State(app): State<App>,
    context: Context,
    _moderator: Moderator,
    query: Query,
) -> Result<Response> {
    let before = query.place("before");
    let view = views::log(&app, context.lang, before.as_ref()).await?;
    Ok(context.page(web::review::log(&context.chrome, &view)))
}

pub async fn item(
    State(app): State<App>,
    context: Context,
    moderator: Moderator,
    Path(id): Path<String>,
) -> Result<Response> {
    let item = find(&app, &id).await?;
    let viewer = moderator.viewer();
    show(&app, &context, &viewer, &item, Typed::default(), StatusCode::OK).await
}

/// GET /review/preparing/{revision}: a submission whose media are not ready yet, as far as it can be seen; once they are, the way to
/// its item, or to the post.
pub async fn preparing(
    State(app): State<App>,
    context: Context,
    _moderator: Moderator,
    Path(id): Path<String>,
) -> Result<Response> {
    let id: RevisionId = id.parse().map_err(|_| Error::NotFound)?;
    let content = posts::content(&app.db, id).await?.ok_or(Error::NotFound)?;
    if content.revision.state != RevisionState::Processing {
        // It was ready while its page was open, or its address kept: on to what became of it.
        let item = sql::open_item(&app.db, id).await?;
        return match (item, content.revision.state) {
            (Some(item), _) => Ok(Redirect::to(&format!("/review/{}", item.id)).into_response()),
            (None, RevisionState::Published) => {
                Ok(Redirect::to(&format!("/posts/{}", content.post.id)).into_response())
            }
            _ => Err(Error::NotFound),
        };
    }
    let view = PreparingView {
        preparing: match &content.video {
            Some(video) => videos::present::preparing_one(&app, video).await?,
            None => None,
        },
        content: posts::present::content(&app, context.lang, &content),
    };
    Ok(context.page(web::review::preparing(&context.chrome, &view)))
}

async fn find(app: &App, id: &str) -> Result<Item> {
    let id: ReviewItemId = id.parse().map_err(|_| Error::NotFound)?;
    sql::find(&app.db, id).await?.ok_or(Error::NotFound)
}

async fn show(
    app: &App,
    context: &Context,
    viewer: &Viewer,
    item: &Item,
    typed: Typed,
    status: StatusCode,
) -> Result<Response> {
    let view = views::item(app, viewer, context.lang, item, typed).await?;
    Ok(context.page_with(status, web::review::item(&context.chrome, &view)))
}

/// Form fields: `action`, `reason`, `note`, `version`. 422 with messages when something is missing; 409 with the item as it is now
/// when it is no longer what the form showed. What was typed comes back either way.
pub async fn decide(
    State(app): State<App>,
    context: Context,
    moderator: Moderator,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response> {
    let seen = find(&app, &id).await?;
    let viewer = moderator.viewer();
    let mut typed = Typed {
        reason: fields.get("reason").parse().ok(),
        note: text::paragraphs(fields.get("note")),
        ..Typed::default()
    };
    let decision = match check(&fields, &typed) {
        Ok(decision) => decision,
        Err(errors) => {
            typed.errors = errors;
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return show(&app, &context, &viewer, &seen, typed, status).await;
        }
    };
    match actions::decide(&app, &viewer, seen.id, &decision).await? {
        Decided::Yes => {
            let next = sql::next(&app.db, &seen, moderator.id).await?;
            let to = next.map_or_else(|| "/review".to_owned(), |id| format!("/review/{id}"));
            Ok(redirect_with(&Flash::good(flash(decision.action)), &to))
        }
        Decided::NotAsSeen => {
            typed.is_stale = true;
            let now = find(&app, &id).await?;
            show(&app, &context, &viewer, &now, typed, StatusCode::CONFLICT).await
        }
    }
}

fn check(fields: &Fields, typed: &Typed) -> Result<Decision, FieldErrors> {
    let mut errors = FieldErrors::default();
    let action: Option<Action> = fields.get("action").parse().ok();
    let reason: Option<Reason> = typed.reason;
    match action {
        None => errors.add("action", "error-decision"),
        Some(action) if action.needs_reason() && reason.is_none() => {
            errors.add("reason", "error-reason");
        }
        Some(_) => {}
    }
    if typed.note.chars().count() > NOTE_CHARS {
        errors.add_with("note", "error-note-long", NOTE_CHARS as i64);
    }
    match action {
        Some(action) if errors.is_empty() => Ok(Decision {
            action,
            reason,
            note: typed.note.clone(),
            // A missing version is one that nobody saw.
            version: fields.get("version").parse().unwrap_or(0),
        }),
        _ => Err(errors),
    }
}

fn flash(action: Action) -> &'static str {
    match action {
        Action::Approve => "flash-approved",
        Action::RequestChanges => "flash-changes-requested",
        Action::Reject => "flash-rejected",
    }
}
