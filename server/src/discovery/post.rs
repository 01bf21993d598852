//! One post's page: what the public sees, and for its author what is going on with it.

use super::cache::{Part, for_members, same_for_all};
use super::related::related;
use crate::access::Viewer;
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::Context;
use crate::moderation;
use crate::photos;
use crate::posts::{self, Content, Post, Revision, Visibility, present, shown_state};
use crate::time_id::PostId;
use crate::videos::{self, VideoStatus};
use axum::extract::{Path, State};
use axum::response::Response;
use web::posts::{OwnPost, PostContent, PostView, Thanking};
use web::{CardHtml, Lang, MediaNote};

/// GET /posts/{id}
pub async fn post(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<Response> {
    let id: PostId = id.parse().map_err(|_| Error::NotFound)?;
    let public = for_members(&app, &context, async {
        let Some(content) = posts::published_content(&app.db, id).await? else { return Ok(None) };
        let related = related(&app, id).await?;
        let related = present::cards_below(&app, context.lang, &related)?;
        Ok(Some(Public::of(&app, context.lang, content, related)))
    });
    let public = public.await?;
    let shown = match public.as_ref() {
        Some(public) if !context.viewer.is(public.post.author_id) => public.clone(),
        _ => return own_page(&app, &context, id).await,
    };
    let view = PostView {
        description: shown.lead,
        thanks: thanks(&shown.post),
        thanking: thanking(&app, &context.viewer, &shown.post).await?,
        own: None,
        content: shown.content,
        related: shown.related,
    };
    Ok(same_for_all(context.page(web::posts::post(&context.chrome, &view))))
}

/// What every reader sees of a published post.
#[derive(Clone)]
struct Public {
    post: Post,
    lead: String,
    content: PostContent,
    related: Vec<CardHtml>,
}

impl Public {
    fn of(app: &App, lang: Lang, content: Content, related: Vec<CardHtml>) -> Self {
        Self {
            content: present::content(app, lang, &content),
            lead: content.revision.lead(),
            post: content.post,
            related,
        }
    }
}

impl Part for Option<Public> {
    fn bytes(&self) -> usize {
        // Beside its words: a few dozen addresses and numbers.
        self.as_ref().map_or(0, |public| {
            let video = public.content.video.as_ref();
            let captions = video.and_then(|video| video.captions.as_ref());
            let spoken: usize = captions
                .map_or(0, |captions| captions.lines.iter().map(|line| line.text.len() + 64).sum());
            public.content.body.as_str().len() + spoken + 4096
        })
    }
}

/// What its author sees: what the public sees, or else what they wrote last, and what is going on with it. To everyone else it does
/// not exist.
async fn own_page(app: &App, context: &Context, id: PostId) -> Result<Response> {
    let post = posts::find(&app.db, id).await?.filter(|post| context.viewer.is(post.author_id));
    let post = post.ok_or(Error::NotFound)?;
    let newest = posts::latest_revision(&app.db, id).await?.ok_or(Error::NotFound)?;
    let shown = match post.published_revision_id {
        Some(revision) if post.visibility == Visibility::Published => revision,
        _ => newest.id,
    };
    let content = posts::content(&app.db, shown).await?.ok_or(Error::NotFound)?;
    let view = PostView {
        description: content.revision.lead(),
        thanks: thanks(&post),
        thanking: Thanking::Closed,
        own: own(app, &content, &newest).await?,
        content: present::content(app, context.lang, &content),
        related: Vec::new(),
    };
    Ok(context.page(web::posts::post(&context.chrome, &view)))
}

fn thanks(post: &Post) -> u32 {
    u32::try_from(post.thanks_count).unwrap_or(u32::MAX)
}

async fn thanking(app: &App, viewer: &Viewer, post: &Post) -> Result<Thanking> {
    Ok(match viewer.id() {
        None => Thanking::NeedsLogin,
        Some(id) => {
            Thanking::Open { thanked: crate::thanks::has_thanked(&app.db, post.id, id).await? }
        }
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
        media: media_notes(app, shown, newest).await?,
        shows_published: post.visibility == Visibility::Published && newest.id != shown.revision.id,
        reason: outcome.as_ref().and_then(|outcome| outcome.reason).map(Into::into),
        note: outcome.map(|outcome| outcome.note).filter(|note| !note.is_empty()),
        edit_url: (!newest.state.is_waiting()).then(|| format!("/posts/{}/edit", post.id)),
        withdraw_url: Some(format!("/posts/{}/withdraw", post.id)),
    }))
}

/// What its author is told of the video and the photos: how far those of the newest revision are, and what became of those on this page.
async fn media_notes(app: &App, shown: &Content, newest: &Revision) -> Result<Vec<MediaNote>> {
    let written = match newest.id == shown.revision.id {
        true => None,
        false => posts::content(&app.db, newest.id).await?,
    };
    let written = written.as_ref().unwrap_or(shown);
    let mut notes = Vec::new();
    if let Some(video) = &written.video {
        notes.extend(videos::present::preparing_one(app, video).await?.map(MediaNote::Preparing));
        if video.state == VideoStatus::Failed && written.revision.state.is_open() {
            let (fault, longest) = (videos::fault(video), videos::present::longest(app));
            notes.push(MediaNote::VideoFailed { fault, longest });
        }
    }
    notes.extend(shown.video.iter().flat_map(|video| videos::notes(app, video)));
    let photos = written.photos.iter().chain(&shown.photos);
    for note in photos.filter_map(|(photo, _)| photos::note(photo)) {
        // What is true of several is said once.
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    Ok(notes)
}
