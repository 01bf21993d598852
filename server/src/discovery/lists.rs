//! Home and the lists: newest approved first, a keyset page at a time.

use super::cache::{for_members, same_for_all};
use crate::app::App;
use crate::db::page::Page;
use crate::error::{Error, Result};
use crate::http::{Context, Query};
use crate::posts::{self, Filter, Kind, Listed, fold_tag, present};
use crate::time_id::AccountId;
use axum::extract::{Path, State};
use axum::response::Response;
use web::pages::AboutView;
use web::reading::{HomeView, ListOf, ListView};
use web::{Named, Season, When};

const PAGE: usize = posts::FIRST_PAGE;

fn older(path: &str, page: &Page<Listed>) -> Option<String> {
    page.next.as_ref().map(|cursor| format!("{path}?before={cursor}"))
}

/// GET /
pub async fn home(State(app): State<App>, context: Context, query: Query) -> Result<Response> {
    let middle = for_members(&app, &context, async {
        let before = query.place("before");
        let page = posts::cards(&app.db, Filter::default(), before.as_ref(), PAGE).await?;
        let now = app.clock.now().to_datetime().to_offset(time::macros::offset!(+9));
        let view = HomeView {
            season: Season::of_month(u8::from(now.month())),
            regions: app
                .regions
                .all()
                .iter()
                .map(|region| Named { name: region.name(context.lang), url: region.path() })
                .collect(),
            older: older("/", &page),
            newest: present::cards(&app, context.lang, &page.items)?,
            is_first_page: before.is_none(),
        };
        Ok(web::reading::home(&context.chrome, &view))
    });
    Ok(same_for_all(context.page(middle.await?.within(&context.chrome))))
}

/// GET /about: what the site is, and what it asks of those who post.
pub async fn about(context: Context) -> Response {
    same_for_all(context.page(web::pages::about(&context.chrome, &AboutView::default())))
}

/// GET /kinds/{kind}
pub async fn kind(
    State(app): State<App>,
    context: Context,
    query: Query,
    Path(kind): Path<String>,
) -> Result<Response> {
    let kind: Kind = kind.parse().map_err(|()| Error::NotFound)?;
    let before = query.place("before");
    let filter = Filter { kind: Some(kind), ..Filter::default() };
    let page = posts::cards(&app.db, filter, before.as_ref(), PAGE).await?;
    list(
        &app,
        &context,
        ListOf::Kind(kind.into()),
        format!("/kinds/{kind}"),
        page,
        before.is_none(),
    )
}

/// GET /regions/{id}
pub async fn region(
    State(app): State<App>,
    context: Context,
    query: Query,
    Path(id): Path<String>,
) -> Result<Response> {
    let region = app.regions.find(&id).ok_or(Error::NotFound)?;
    let before = query.place("before");
    let filter = Filter { region: Some(&region.id), ..Filter::default() };
    let page = posts::cards(&app.db, filter, before.as_ref(), PAGE).await?;
    let of = ListOf::Region { name: region.name(context.lang) };
    list(&app, &context, of, region.path(), page, before.is_none())
}

/// GET /tags/{tag}
pub async fn tag(
    State(app): State<App>,
    context: Context,
    query: Query,
    Path(typed): Path<String>,
) -> Result<Response> {
    let tag = fold_tag(&typed);
    let name = posts::tag_label(&app.db, &tag).await?.ok_or(Error::NotFound)?;
    let before = query.place("before");
    let page = posts::cards(
        &app.db,
        Filter { tag: Some(&tag), ..Filter::default() },
        before.as_ref(),
        PAGE,
    )
    .await?;
    let path = present::tag_path(&tag);
    list(&app, &context, ListOf::Tag { name }, path, page, before.is_none())
}

/// GET /people/{id}: a member's public page. Someone without anything published has none.
pub async fn person(
    State(app): State<App>,
    context: Context,
    query: Query,
    Path(id): Path<String>,
) -> Result<Response> {
    let id: AccountId = id.parse().map_err(|_| Error::NotFound)?;
    let person = posts::published_author(&app.db, id).await?;
    // One's own page may be empty; another's empty page tells nothing but that the account exists.
    let person = match person {
        Some(person) if person.has_published || context.viewer.is(id) => person,
        _ => return Err(Error::NotFound),
    };
    let before = query.place("before");
    let page = posts::cards(
        &app.db,
        Filter { author: Some(id), ..Filter::default() },
        before.as_ref(),
        PAGE,
    )
    .await?;
    let of = ListOf::Person {
        nickname: person.nickname,
        since: When(person.since.as_millis()),
        region: app.regions.name(person.region_id.as_deref(), context.lang),
    };
    list(&app, &context, of, format!("/people/{id}"), page, before.is_none())
}

fn list(
    app: &App,
    context: &Context,
    of: ListOf,
    url: String,
    page: Page<Listed>,
    is_first_page: bool,
) -> Result<Response> {
    let view = ListView {
        of,
        older: older(&url, &page),
        posts: present::cards(app, context.lang, &page.items)?,
        url,
        is_first_page,
    };
    let middle = web::reading::list(&context.chrome, &view);
    Ok(same_for_all(context.page(middle.within(&context.chrome))))
}
