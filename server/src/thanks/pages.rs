//! `POST /posts/{id}/thanks` with `on=1|0`: a plain form comes back to the post; a script gets `{"thanked": bool, "thanks": number}`.

use super::actions::{self, Thanked};
use crate::access::Member;
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::context::redirect_with;
use crate::http::{Fields, wants_json};
use crate::time_id::PostId;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use web::Flash;

pub async fn set(
    State(app): State<App>,
    member: Member,
    Path(id): Path<String>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response> {
    let id: PostId = id.parse().map_err(|_| Error::NotFound)?;
    let stands = match fields.get("on") {
        "1" => true,
        "0" => false,
        _ => return Err(Error::BadRequest("on is 1 or 0")),
    };
    let Thanked { thanked, count } = actions::set(&app, &member.viewer(), id, stands).await?;
    if wants_json(&headers) {
        return Ok(Json(json!({ "thanked": thanked, "thanks": count })).into_response());
    }
    let said = if thanked { "flash-thanked" } else { "flash-thanks-taken-back" };
    Ok(redirect_with(&Flash::good(said), &format!("/posts/{id}")))
}
