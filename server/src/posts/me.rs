//! A member's own page: their posts by what is to do, and what they were told.

use super::{OwnPost, sql};
use crate::access::Member;
use crate::app::App;
use crate::error::Result;
use crate::http::{Context, Query};
use crate::{moderation, notifications, videos};
use axum::extract::State;
use axum::response::Response;
use web::When;
use web::accounts::{MeView, MyPost};

const PAGE: usize = 30;
const NOTICES: usize = 3;

/// GET /me?before=
pub async fn me(
    State(app): State<App>,
    member: Member,
    context: Context,
    query: Query,
) -> Result<Response> {
    let before = query.place("before");
    let page = sql::own_posts(&app.db, member.id, before.as_ref(), PAGE).await?;
    let mut posts = Vec::with_capacity(page.items.len());
    for own in &page.items {
        posts.push(row(&app, own).await?);
    }
    let view = MeView {
        nickname: member.nickname.clone(),
        profile_url: format!("/people/{}", member.id),
        posts,
        older: page.next.map(|cursor| format!("/me?before={cursor}")),
        notices: notifications::pages::newest(&app, member.id, NOTICES).await?,
        thanks: sql::thanks_received(&app.db, member.id).await?,
    };
    Ok(context.page(web::accounts::me(&context.chrome, &view)))
}

async fn row(app: &App, OwnPost { post, revision }: &OwnPost) -> Result<MyPost> {
    let state = super::shown_state(post, revision);
    let reason = match revision.state {
        super::RevisionState::ChangesRequested | super::RevisionState::Rejected => {
            moderation::last_decision(&app.db, revision.id)
                .await?
                .and_then(|outcome| outcome.reason)
                .map(Into::into)
        }
        _ => None,
    };
    let percent = match revision.video_id {
        Some(id) if revision.state == super::RevisionState::Processing => {
            videos::find(&app.db, id).await?.map(|video| videos::percent(&video))
        }
        _ => None,
    };
    let url = if revision.state.is_editable() {
        format!("/posts/{}/edit", post.id)
    } else {
        format!("/posts/{}", post.id)
    };
    Ok(MyPost {
        title: revision.title.clone(),
        url,
        kind: post.kind.into(),
        state,
        percent,
        reason,
        thanks: u32::try_from(post.thanks_count).unwrap_or(u32::MAX),
        updated: When(post.updated_at.as_millis()),
    })
}
