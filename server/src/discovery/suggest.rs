//! What the search box offers while someone types.

use crate::app::App;
use crate::error::Result;
use crate::http::Query;
use crate::posts::{self, fold_tag, present};
use crate::time_id::PostId;
use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::response::{IntoResponse, Response};
use search::{Offer, Suggestion};
use serde_json::{Value, json};
use std::collections::HashSet;

/// More than anyone looks through.
const MOST: usize = 8;

/// GET /search/suggest?q= — `{"suggestions":[{"kind":"word"|"tag"|"post","text":…,"href":…}]}`, at most eight. Never an error for what
/// was typed; nothing while the index does not answer.
pub async fn suggest(State(app): State<App>, fields: Query) -> Result<Response> {
    // A space at the end counts: the word before it is whole.
    let typed = fields.get("q").replace(char::is_control, " ");
    let asked = app.clone();
    let offered = tokio::task::spawn_blocking(move || {
        Ok::<_, anyhow::Error>(asked.index()?.suggest(&typed, MOST)?)
    });
    let offered = match offered.await.map_err(anyhow::Error::from).flatten() {
        Ok(offered) => offered,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "no suggestions");
            Vec::new()
        }
    };
    let published = published(&app, &offered).await?;
    let suggestions: Vec<Value> =
        offered.into_iter().filter_map(|offer| shown(offer, &published)).collect();
    let is_empty = suggestions.is_empty();
    let mut answer = Json(json!({ "suggestions": suggestions })).into_response();
    // Whoever goes back to a letter sees the same again, if there was something to see.
    let kept = if is_empty { "no-store" } else { "private, max-age=60" };
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    Ok(answer)
}

/// The index may be a moment behind, and never shows what is gone.
async fn published(app: &App, offered: &[Suggestion]) -> Result<HashSet<PostId>> {
    let ids: Vec<PostId> = offered
        .iter()
        .filter_map(|suggestion| match &suggestion.offer {
            Offer::Post { id } => id.parse().ok(),
            Offer::Word | Offer::Tag => None,
        })
        .collect();
    Ok(posts::cards_by_ids(&app.db, &ids).await?.into_iter().map(|card| card.id).collect())
}

fn shown(Suggestion { offer, text }: Suggestion, published: &HashSet<PostId>) -> Option<Value> {
    let (kind, text, href) = match offer {
        Offer::Word => {
            let query =
                form_urlencoded::Serializer::new(String::new()).append_pair("q", &text).finish();
            ("word", text, format!("/search?{query}"))
        }
        Offer::Tag => ("tag", format!("#{text}"), present::tag_path(&fold_tag(&text))),
        Offer::Post { id } => {
            let id: PostId = id.parse().ok().filter(|id| published.contains(id))?;
            ("post", text, format!("/posts/{id}"))
        }
    };
    Some(json!({ "kind": kind, "text": text, "href": href }))
}
