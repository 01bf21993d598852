//! For whoever watches the process: is it alive, and can it serve?

use crate::app::App;
use crate::changes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;

/// 200 as long as the process answers.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// 200 when the database and the media store answer; 503 with one line each otherwise. Says no more than that to the world.
pub async fn readyz(State(app): State<App>) -> impl IntoResponse {
    let database = changes::latest(&app.db).await.map_err(anyhow::Error::from);
    let media = app.media.check().await.map_err(anyhow::Error::from);
    let mut status = StatusCode::OK;
    let mut body = String::new();
    for (name, outcome) in [("database", database.map(drop)), ("media", media)] {
        if let Err(error) = &outcome {
            tracing::error!(error = format!("{error:#}"), name, "not ready");
            status = StatusCode::SERVICE_UNAVAILABLE;
        }
        let word = if outcome.is_ok() { "ok" } else { "unavailable" };
        body.push_str(&format!("{name}: {word}\n"));
    }
    (status, body)
}
