//! Searching.

use crate::app::App;
use crate::error::Result;
use crate::http::{Context, Query};
use crate::posts::{self, AGE_MONTHS, Kind, present};
use crate::text;
use crate::time_id::PostId;
use axum::extract::State;
use axum::response::Response;
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;
use web::search::{Hit, SearchView, Segment};

const PAGE: usize = 20;
/// Nobody leafs further; the words need to change.
const DEEPEST: usize = 1000;
/// Longer than any question.
const MOST_CHARS: usize = 200;

/// GET /search?q=&kind=&region=&age=&after=
pub async fn search(State(app): State<App>, context: Context, fields: Query) -> Result<Response> {
    let q: String = text::line(fields.get("q")).chars().take(MOST_CHARS).collect();
    let kind: Option<Kind> = fields.get("kind").parse().ok();
    let region = app.regions.find(fields.get("region")).map(|region| region.id.clone());
    let age_typed: String = fields.get("age").nfkc().collect();
    let age: Option<u16> = age_typed.trim().parse().ok().filter(|months| *months <= AGE_MONTHS);
    let after: usize = fields.get("after").parse().unwrap_or(0).min(DEEPEST);
    let mut view = SearchView {
        q: q.clone(),
        kind: kind.map(Into::into),
        region: region.clone().unwrap_or_default(),
        regions: app.regions.choices(context.lang),
        age: age.map(|months| months.to_string()).unwrap_or_default(),
        ..SearchView::default()
    };
    let has_asked = !q.is_empty() || kind.is_some() || region.is_some() || age.is_some();
    if has_asked {
        let query = search::Query {
            text: q,
            filters: search::Filters {
                kind: kind.map(|kind| kind.to_string()),
                region,
                age_months: age,
                ..search::Filters::default()
            },
            near: search::Near { now_ms: app.clock.now().as_millis(), ..search::Near::default() },
            limit: PAGE,
            after,
            counting: true,
        };
        match ask(&app, query).await {
            Ok(results) => {
                let is_more = results.total > (after + results.hits.len()) as u64;
                view.hits = hits(&app, &context, results.hits).await?;
                if is_more && after + PAGE < DEEPEST {
                    view.more = Some(next_page(&view, after + PAGE));
                }
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "the search index does not answer");
                view.unavailable = true;
            }
        }
    }
    Ok(context.page(web::search::search(&context.chrome, &view)))
}

async fn ask(app: &App, query: search::Query) -> anyhow::Result<search::Results> {
    let app = app.clone();
    tokio::task::spawn_blocking(move || Ok(app.index()?.search(&query)?)).await?
}

/// The found posts as they are in the database now: the index may be a moment behind, and never shows what is gone.
async fn hits(app: &App, context: &Context, found: Vec<search::Hit>) -> Result<Vec<Hit>> {
    let ids: Vec<PostId> = found.iter().filter_map(|hit| hit.id.parse().ok()).collect();
    let mut found: HashMap<String, search::Hit> =
        found.into_iter().map(|hit| (hit.id.clone(), hit)).collect();
    let cards = posts::cards_by_ids(&app.db, &ids).await?;
    Ok(cards
        .into_iter()
        .filter_map(|card| {
            let hit = found.remove(&card.id.to_string())?;
            Some(Hit {
                card: present::card(app, context.lang, card),
                title: segments(hit.title),
                excerpt: segments(hit.snippet),
                is_from_captions: hit.is_from_captions,
            })
        })
        .collect())
}

fn segments(runs: Vec<search::Segment>) -> Vec<Segment> {
    runs.into_iter().map(|run| Segment { text: run.text, hit: run.marked }).collect()
}

fn next_page(view: &SearchView, after: usize) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("q", &view.q);
    if let Some(kind) = view.kind {
        query.append_pair("kind", kind.slug());
    }
    for (name, value) in [("region", &view.region), ("age", &view.age)] {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    query.append_pair("after", &after.to_string());
    format!("/search?{}", query.finish())
}
