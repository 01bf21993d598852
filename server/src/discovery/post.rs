//! One post's page: what the public sees, and for its author what is going on with it.

use super::cache::SameForAll;
use crate::access::Viewer;
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::Context;
use crate::posts::{self, Content, Post, Revision, Visibility, present, shown_state};
use crate::time_id::PostId;
use crate::{moderation, thanks};
use axum::extract::{Path, State};
use axum::response::Response;
use web::posts::{OwnPost, PostView, Thanking};

/// GET /posts/{id}
pub async fn post(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<Response> {
    let id: PostId = id.parse().map_err(|_| Error::NotFound)?;
    let (content, newest) = match posts::published_content(&app.db, id).await? {
        Some(content) if !context.viewer.is(content.post.author_id) => (content, None),
        published => own_content(&app, &context.viewer, id, published).await?,
    };
    let post = &content.post;
    let is_published = post.visibility == Visibility::Published;
    let view = PostView {
        description: content.revision.lead.clone(),
        thanks: u32::try_from(post.thanks_count).unwrap_or(u32::MAX),
        thanking: thanking(&app, &context.viewer, post).await?,
        own: match &newest {
            Some(newest) => own(&app, &content, newest).await?,
            None => None,
        },
        content: present::content(&app, context.lang, &content),
    };
    let mut response = context.page(web::posts::post(&context.chrome, &view));
    if is_published {
        response.extensions_mut().insert(SameForAll);
    }
    Ok(response)
}

/// What its author sees: what the public sees, or else what they wrote last. To everyone else it does not exist.
async fn own_content(
    app: &App,
    viewer: &Viewer,
    id: PostId,
    published: Option<Content>,
) -> Result<(Content, Option<Revision>)> {
    let post = posts::find(&app.db, id).await?.filter(|post| viewer.is(post.author_id));
    let newest = match post {
        Some(post) => posts::latest_revision(&app.db, post.id).await?.ok_or(Error::NotFound)?,
        None => return Err(Error::NotFound),
    };
    let content = match published {
        Some(content) => content,
        None => posts::content(&app.db, newest.id).await?.ok_or(Error::NotFound)?,
    };
    Ok((content, Some(newest)))
}

async fn thanking(app: &App, viewer: &Viewer, post: &Post) -> Result<Thanking> {
    if post.visibility != Visibility::Published {
        return Ok(Thanking::Closed);
    }
    Ok(match viewer.id() {
        None => Thanking::NeedsLogin,
        Some(id) if id == post.author_id => Thanking::Closed,
        Some(id) => Thanking::Open { thanked: thanks::has_thanked(&app.db, post.id, id).await? },
    })
}

/// What its author is told. Nothing when the page shows the newest revision and it is simply published.
async fn own(app: &App, shown: &Content, newest: &Revision) -> Result<Option<OwnPost>> {
    let post = &shown.post;
    let state = shown_state(post, newest);
    let outcome = if newest.state.is_editable() {
        moderation::last_decision(&app.db, newest.id).await?
    } else {
        None
    };
    Ok(Some(OwnPost {
        state,
        shows_published: post.visibility == Visibility::Published && newest.id != shown.revision.id,
        reason: outcome.as_ref().and_then(|outcome| outcome.reason).map(Into::into),
        note: outcome.map(|outcome| outcome.note).filter(|note| !note.is_empty()),
        edit_url: (!newest.state.is_waiting()).then(|| format!("/posts/{}/edit", post.id)),
        withdraw_url: Some(format!("/posts/{}/withdraw", post.id)),
    }))
}
