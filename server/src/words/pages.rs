//! `/review/words`: all entries with the forms that add one, and `/review/words/{id}`, where one is changed or removed.

use super::actions::{self, Outcome};
use super::find::{self, Sought};
use super::{Changed, Entry, EntryKind, MOST, Stored, form, sql};
use crate::app::App;
use crate::db::page::Cursor;
use crate::error::{Error, Result};
use crate::http::context::redirect_with;
use crate::http::{Context, Fields, Query};
use crate::time_id::WordEntryId;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use web::words::{EntryRow, EntryView, Typed, WordsView};
use web::{FieldErrors, Flash, Given, When};

const PAGE: usize = 50;
const LIST: &str = "/review/words";
/// Of what was typed, that comes back into the field.
const TYPED_CHARS: usize = 1000;
/// Of what is looked for among the entries.
const FIND_CHARS: usize = 100;

/// GET /review/words?find=&group=: with `find`, only entries with that in a word; with `group`, the form begins with that.
pub async fn list(State(app): State<App>, context: Context, query: Query) -> Result<Response> {
    let typed = Typed { is_begun: !query.get("group").is_empty(), ..typed(&query) };
    let view = WordsView { typed, ..WordsView::default() };
    show_list(&app, &context, &query, view, StatusCode::OK).await
}

/// Form fields: `kind=group` with `group`, or `kind=own` with `word` and `reading`. 422 with messages when something is wrong.
pub async fn add(
    State(app): State<App>,
    context: Context,
    query: Query,
    fields: Fields,
) -> Result<Response> {
    let kind: EntryKind = fields.get("kind").parse().map_err(|()| Error::BadRequest("no kind"))?;
    let errors = match read(&app, kind, &fields).await? {
        Ok(entry) => match actions::add(&app, &context.viewer, &entry).await? {
            Outcome::Done => return Ok(saved()),
            refused => refusal(kind, refused),
        },
        Err(errors) => errors,
    };
    let view = WordsView { typed: typed(&fields), errors, ..WordsView::default() };
    show_list(&app, &context, &query, view, StatusCode::UNPROCESSABLE_ENTITY).await
}

/// GET /review/words/{id}
pub async fn entry(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<Response> {
    let stored = sql::find(&app.db, parse(&id)?).await?.ok_or(Error::NotFound)?;
    let view = entry_view(&stored, as_typed(&stored.entry));
    Ok(context.page(web::words::entry(&context.chrome, &view)))
}

/// Form fields: `action=save` with those of [`add`], or `action=remove`; `version`. 409 with the entry as it is now when it is no longer
/// what the form showed. What was typed comes back.
pub async fn change(
    State(app): State<App>,
    context: Context,
    query: Query,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response> {
    let id = parse(&id)?;
    // A missing version is one that nobody saw.
    let version = fields.get("version").parse().unwrap_or(0);
    let viewer = &context.viewer;
    if fields.get("action") == "remove" {
        return match actions::remove(&app, viewer, id, version).await? {
            Outcome::NotAsSeen(now) => Ok(stale(&context, &now, as_typed(&now.entry))),
            _ => Ok(redirect_with(&Flash::good("flash-words-removed"), LIST)),
        };
    }
    let kind = match sql::find(&app.db, id).await? {
        Some(stored) => stored.entry.kind(),
        None => fields.get("kind").parse().map_err(|()| Error::NotFound)?,
    };
    let typed = typed(&fields);
    let errors = match read(&app, kind, &fields).await? {
        Ok(entry) => match actions::change(&app, viewer, id, version, &entry).await? {
            Outcome::Done => return Ok(saved()),
            Outcome::NotAsSeen(now) => return Ok(stale(&context, &now, typed)),
            Outcome::Removed(Changed { by, .. }) => {
                let view = WordsView { typed, removed_by: Some(by), ..WordsView::default() };
                return show_list(&app, &context, &query, view, StatusCode::CONFLICT).await;
            }
            refused => refusal(kind, refused),
        },
        Err(errors) => errors,
    };
    let stored = sql::find(&app.db, id).await?.ok_or(Error::NotFound)?;
    // The version that was seen, so that another's change is still found by the next attempt.
    let view = EntryView { errors, version, ..entry_view(&stored, typed) };
    let page = web::words::entry(&context.chrome, &view);
    Ok(context.page_with(StatusCode::UNPROCESSABLE_ENTITY, page))
}

pub(super) fn path(id: WordEntryId) -> String {
    format!("{LIST}/{id}")
}

fn parse(id: &str) -> Result<WordEntryId> {
    id.parse().map_err(|_| Error::NotFound)
}

fn saved() -> Response {
    redirect_with(&Flash::good("flash-words-saved"), LIST)
}

fn stale(context: &Context, now: &Stored, typed: Typed) -> Response {
    let view = EntryView { is_stale: true, ..entry_view(now, typed) };
    context.page_with(StatusCode::CONFLICT, web::words::entry(&context.chrome, &view))
}

async fn read(
    app: &App,
    kind: EntryKind,
    fields: &Fields,
) -> Result<std::result::Result<Entry, FieldErrors>> {
    let entry = match kind {
        EntryKind::Group => form::group(fields.get("group")),
        EntryKind::Own => form::own(fields.get("word"), fields.get("reading")),
    };
    let Ok(Entry::Group(words)) = entry else { return Ok(entry) };
    let mut errors = FieldErrors::default();
    for word in passed_over(app, words.clone()).await.map_err(Error::from)? {
        errors.add_naming("group", "error-group-unusable", &[("word", Given::Text(word))]);
    }
    Ok(if errors.is_empty() { Ok(Entry::Group(words)) } else { Err(errors) })
}

/// Those of a group's words that the search would pass over.
async fn passed_over(app: &App, words: Vec<String>) -> anyhow::Result<Vec<String>> {
    let app = app.clone();
    tokio::task::spawn_blocking(move || {
        let mut passed_over = Vec::new();
        for word in words {
            if !app.index()?.takes_synonym(&word)? {
                passed_over.push(word);
            }
        }
        Ok(passed_over)
    })
    .await?
}

fn refusal(kind: EntryKind, outcome: Outcome) -> FieldErrors {
    let mut errors = FieldErrors::default();
    let (field, taken) = match kind {
        EntryKind::Group => ("group", "error-group-taken"),
        EntryKind::Own => ("word", "error-word-taken"),
    };
    match outcome {
        Outcome::Taken { word, of } => {
            let named = [("word", Given::Text(word)), ("group", Given::Text(of.entry.line()))];
            errors.add_naming(field, taken, &named);
        }
        _ => errors.add_with(field, "error-words-full", MOST as i64),
    }
    errors
}

fn typed(fields: &Fields) -> Typed {
    let field = |name| fields.get(name).chars().take(TYPED_CHARS).collect();
    let (group, word, reading) = (field("group"), field("word"), field("reading"));
    Typed { group, word, reading, is_begun: false }
}

fn as_typed(entry: &Entry) -> Typed {
    match entry {
        Entry::Group(_) => Typed { group: entry.line(), ..Typed::default() },
        Entry::Own { word, reading } => {
            Typed { word: word.clone(), reading: reading.clone(), ..Typed::default() }
        }
    }
}

fn row(stored: &Stored) -> EntryRow {
    EntryRow {
        url: path(stored.id),
        words: stored.entry.line(),
        reading: stored.entry.reading().map(str::to_owned),
        by: stored.changed.by.clone(),
        when: When(stored.changed.at.as_millis()),
    }
}

fn entry_view(stored: &Stored, typed: Typed) -> EntryView {
    EntryView {
        is_group: stored.entry.kind() == EntryKind::Group,
        kept: row(stored),
        version: stored.version,
        typed,
        errors: FieldErrors::default(),
        is_stale: false,
    }
}

async fn show_list(
    app: &App,
    context: &Context,
    query: &Query,
    mut view: WordsView,
    status: StatusCode,
) -> Result<Response> {
    view.find = query.get("find").chars().take(FIND_CHARS).collect();
    let sought = Sought::of(&view.find);
    let (groups, own) = (query.place("groups"), query.place("own"));
    let page = |kind, place| find::page(app, kind, sought.as_ref(), place, PAGE);
    let groups = page(EntryKind::Group, groups.as_ref()).await?;
    let own = page(EntryKind::Own, own.as_ref()).await?;
    view.is_finding = sought.is_some();
    if view.is_finding {
        view.begin_url = begin_url(&form::one_word(&view.find));
    }
    view.older_groups = groups.next.as_ref().map(|at| older(&view.find, "groups", at));
    view.older_own = own.next.as_ref().map(|at| older(&view.find, "own", at));
    view.groups = groups.items.iter().map(row).collect();
    view.own = own.items.iter().map(row).collect();
    Ok(context.page_with(status, web::words::words(&context.chrome, &view)))
}

/// The next slice of one of the two lists, whose name is also its place on the page.
fn older(find: &str, list: &str, at: &Cursor) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if !find.is_empty() {
        query.append_pair("find", find);
    }
    format!("{LIST}?{}#{list}", query.append_pair(list, &at.to_string()).finish())
}

/// The form that adds a group, begun with a word.
pub fn begin_url(word: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    format!("{LIST}?{}#f-group", query.append_pair("group", word).finish())
}
