//! Searching.

use super::index::NodeIndex;
use crate::app::App;
use crate::error::Result;
use crate::http::client::Client;
use crate::http::{Context, Query};
use crate::posts::{self, AGE_MONTHS, Kind, present};
use crate::text;
use crate::time_id::PostId;
use axum::extract::State;
use axum::response::Response;
use search::Filters;
use std::collections::{HashMap, HashSet};
use unicode_normalization::UnicodeNormalization;
use web::search::{Counts, Hit, Relaxed, SearchView, Segment};

const PAGE: usize = 20;
/// Nobody leafs further; the words need to change.
const DEEPEST: usize = 1000;
/// Longer than any question.
const MOST_CHARS: usize = 200;

/// GET /search?q=&kind=&region=&age=&video=&after=
pub async fn search(
    State(app): State<App>,
    context: Context,
    client: Client,
    fields: Query,
) -> Result<Response> {
    let q: String = text::line(fields.get("q")).chars().take(MOST_CHARS).collect();
    let kind: Option<Kind> = fields.get("kind").parse().ok();
    let region = app.regions.find(fields.get("region")).map(|region| region.id.clone());
    let age_typed: String = fields.get("age").nfkc().collect();
    let age: Option<u16> = age_typed.trim().parse().ok().filter(|months| *months <= AGE_MONTHS);
    let with_video = fields.get("video") == "1";
    let after: usize = fields.get("after").parse().unwrap_or(0).min(DEEPEST);
    let mut view = SearchView {
        q: q.clone(),
        kind: kind.map(Into::into),
        region: region.clone().unwrap_or_default(),
        regions: app.regions.choices(context.lang),
        age: age.map(|months| months.to_string()).unwrap_or_default(),
        with_video,
        ..SearchView::default()
    };
    let filters = Filters {
        kind: kind.map(|kind| kind.to_string()),
        region,
        age_months: age,
        with_video,
        ..Filters::default()
    };
    if !q.is_empty() || !filters.is_empty() {
        let near = search::Near {
            region: context.viewer.account().and_then(|account| account.region_id.clone()),
            age_months: age,
            now_ms: app.clock.now().as_millis(),
        };
        let query = search::Query { text: q, filters, near, limit: PAGE, after, counting: true };
        match find(&app, query).await {
            Ok(Found { results, relaxed, meant }) => {
                view.preparing = app.index().is_ok_and(NodeIndex::is_preparing);
                view.meant = meant;
                let is_nothing = results.hits.is_empty() && relaxed.is_none();
                if is_nothing && after == 0 && !view.preparing {
                    app.unfound.note(app.clock.now(), &context.viewer, client, &view.q);
                }
                let is_more = results.total > (after + results.hits.len()) as u64;
                view.counts = Some(counts(&results.facets));
                view.relaxed = relaxed;
                view.hits = hits(&app, &context, results.hits).await?;
                if is_more && after + PAGE < DEEPEST && relaxed.is_none() {
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

struct Found {
    results: search::Results,
    relaxed: Option<Relaxed>,
    meant: Option<String>,
}

/// What is found, or else what would be with one filter less, or without any. The facets are those of the filters as they were set.
async fn find(app: &App, query: search::Query) -> anyhow::Result<Found> {
    let mut results = ask(app, query.clone()).await?;
    if query.after > 0 || query.text.is_empty() {
        return Ok(Found { results, relaxed: None, meant: None });
    }
    let (asked, text) = (app.clone(), query.text.clone());
    let meant = tokio::task::spawn_blocking(move || {
        asked.index()?.meant(&text).map_err(anyhow::Error::from)
    });
    let meant = meant.await??;
    if !results.hits.is_empty() {
        return Ok(Found { results, relaxed: None, meant });
    }
    for (relaxed, filters) in relaxations(&query.filters) {
        let wider = ask(app, search::Query { filters, ..query.clone() }).await?;
        if !wider.hits.is_empty() {
            results.hits = wider.hits;
            return Ok(Found { results, relaxed: Some(relaxed), meant });
        }
    }
    Ok(Found { results, relaxed: None, meant })
}

/// One filter less, those first that matter least to whoever asks; then none at all.
fn relaxations(filters: &Filters) -> Vec<(Relaxed, Filters)> {
    let f = filters.clone();
    let ways = [
        (Relaxed::Video, Filters { with_video: false, ..f.clone() }),
        (Relaxed::Region, Filters { region: None, ..f.clone() }),
        (Relaxed::Age, Filters { age_months: None, ..f.clone() }),
        (Relaxed::Kind, Filters { kind: None, ..f }),
        (Relaxed::All, Filters::default()),
    ];
    ways.into_iter().filter(|(_, wider)| wider != filters).collect()
}

fn counts(facets: &search::Facets) -> Counts {
    let kind = |(name, count): (&String, &u64)| Some((name.parse::<Kind>().ok()?.into(), *count));
    Counts {
        kinds: facets.kinds.iter().filter_map(kind).collect(),
        regions: facets.regions.iter().map(|(region, count)| (region.clone(), *count)).collect(),
        ages: search::AGES.into_iter().zip(facets.ages).collect(),
        with_video: facets.with_video,
    }
}

/// Which of these texts find anything as the search answers now, without filters.
pub async fn found(app: &App, texts: Vec<String>) -> anyhow::Result<HashSet<String>> {
    let app = app.clone();
    tokio::task::spawn_blocking(move || {
        let index = app.index()?;
        let mut found = HashSet::new();
        for text in texts {
            let query = search::Query {
                text: text.clone(),
                limit: 1,
                counting: false,
                ..Default::default()
            };
            if !index.search(&query)?.hits.is_empty() {
                found.insert(text);
            }
        }
        Ok(found)
    })
    .await?
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
    if view.with_video {
        query.append_pair("video", "1");
    }
    query.append_pair("after", &after.to_string());
    format!("/search?{}", query.finish())
}
