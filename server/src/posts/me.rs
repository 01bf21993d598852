//! A member's own page: their posts by what is to do, and what they were told.

use super::{OwnPost, sql};
use crate::access::Member;
use crate::app::App;
use crate::error::Result;
use crate::http::{Context, Query};
use crate::videos::present::{Line, preparing};
use crate::{moderation, notifications, videos};
use axum::extract::State;
use axum::response::Response;
use web::accounts::{MeView, MyPost};
use web::{Preparing, When};

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
    let shown = page.items.iter().filter_map(|own| own.revision.video_id);
    let found = videos::find_many(&app.db, &shown.collect::<Vec<_>>()).await?;
    let line = Line::around(&app.db, &found).await?;
    for own in &page.items {
        let video = found.iter().find(|video| Some(video.id) == own.revision.video_id);
        let preparing = video.and_then(|video| preparing(video, &line, app.clock.now()));
        posts.push(row(&app, own, preparing).await?);
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

async fn row(
    app: &App,
    OwnPost { post, revision }: &OwnPost,
    preparing: Option<Preparing>,
) -> Result<MyPost> {
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
        preparing,
        reason,
        thanks: u32::try_from(post.thanks_count).unwrap_or(u32::MAX),
        updated: When(post.updated_at.as_millis()),
    })
}
