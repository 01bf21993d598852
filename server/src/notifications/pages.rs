//! `/notices`: newest first. Looking changes nothing; a button marks what was shown as read.

use super::{Kind, Stored};
use crate::access::Member;
use crate::app::App;
use crate::error::Result;
use crate::http::{Context, Fields, Query};
use crate::time_id::Timestamp;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use web::When;
use web::notices::{Notice, NoticeKind, NoticesView};

const SIZE: usize = 30;

pub async fn list(
    State(app): State<App>,
    context: Context,
    member: Member,
    query: Query,
) -> Result<Response> {
    let page = super::page(&app.db, member.id, query.place("before").as_ref(), SIZE).await?;
    let unread = context.chrome.viewer.as_ref().is_some_and(|viewer| viewer.unread > 0);
    let newest = page.items.first().map(|notice| When(notice.created_at.as_millis()));
    let view = NoticesView {
        older: page.next.map(|place| format!("/notices?before={place}")),
        read_until: newest.filter(|_| unread),
        notices: page.items.iter().filter_map(shown).collect(),
    };
    Ok(context.page(web::notices::notices(&context.chrome, &view)))
}

/// `until`: the newest notice that was on the page, in milliseconds; what came later stays unread.
pub async fn mark_read(State(app): State<App>, member: Member, fields: Fields) -> Result<Response> {
    let until =
        fields.get("until").parse().map_or_else(|_| app.clock.now(), Timestamp::from_millis);
    super::mark_read(&app.db, &app.clock, member.id, until).await?;
    Ok(Redirect::to("/notices").into_response())
}

/// The notice in the page's words.
fn shown(notice: &Stored) -> Option<Notice> {
    let payload = &notice.payload;
    let reason = payload.reason.map(web::Reason::from);
    let kind = match notice.kind {
        Kind::Approved => NoticeKind::Approved,
        Kind::ChangesRequested => NoticeKind::ChangesRequested { reason },
        Kind::Rejected => NoticeKind::Rejected { reason },
        Kind::VideoFailed => NoticeKind::VideoFailed,
        Kind::PhotoFailed => NoticeKind::PhotoFailed,
        Kind::Thanked => NoticeKind::Thanked { count: payload.count? },
    };
    Some(Notice {
        kind,
        title: payload.title.clone(),
        url: super::path(notice.kind, payload.post),
        when: When(notice.created_at.as_millis()),
        unread: !notice.is_read,
    })
}

/// The newest few, for a person's own page.
pub async fn newest(
    app: &App,
    account: crate::time_id::AccountId,
    most: usize,
) -> Result<Vec<Notice>> {
    let page = super::page(&app.db, account, None, most).await?;
    Ok(page.items.iter().filter_map(shown).collect())
}
