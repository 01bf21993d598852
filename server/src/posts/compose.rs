//! Writing a post: the pages, and what its script saves by itself. The JSON is described in `web/ts/compose.ts`.

use super::actions::{self, Editing, SaveError};
use super::form::{Button, Form};
use super::{Draft, Kind, Revision, RevisionState, Visibility, captions, cover, sql};
use crate::access::{Member, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::context::redirect_with;
use crate::http::form::{WORDS, broken};
use crate::http::{Context, Fields, Query, wants_json};
use crate::media::upload;
use crate::time_id::{PhotoId, PostId};
use crate::videos::{self, VideoStatus};
use crate::{access::policy, moderation, photos};
use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::TryStreamExt;
use http_body_util::Limited;
use serde_json::json;
use web::compose::{
    ChooseKindView, ComposePhoto, ComposeVideo, ComposeView, DraftLink, Limits, VideoState,
};
use web::{FieldErrors, Flash, Given, MediaNote, Size, When};

fn limits(app: &App) -> Limits {
    Limits {
        photos: super::PHOTOS as u32,
        photo_bytes: app.config.photo_max_bytes,
        video_bytes: app.config.video_max_bytes,
        video_seconds: videos::present::longest(app).0,
    }
}

/// GET /posts/new: the four kinds and one's drafts; with `?kind=` the empty form. `title` and `body` may come filled in.
pub async fn new(
    State(app): State<App>,
    member: Member,
    context: Context,
    query: Query,
) -> Result<Response> {
    policy::can_write(&context.viewer)?;
    let Ok(kind) = query.get("kind").parse::<Kind>() else {
        let drafts = sql::drafts_of(&app.db, member.id).await?;
        let drafts = drafts
            .into_iter()
            .map(|draft| DraftLink {
                title: draft.revision.title,
                kind: draft.post.kind.into(),
                url: format!("/posts/{}/edit", draft.post.id),
                saved: When(draft.post.updated_at.as_millis()),
            })
            .collect();
        return Ok(
            context.page(web::compose::choose_kind(&context.chrome, &ChooseKindView { drafts }))
        );
    };
    let form = Form::read(&query, &app.regions);
    let mut view = ComposeView::new(kind.into(), app.regions.choices(context.lang), limits(&app));
    view.title = form.typed.title;
    view.body = form.typed.body;
    view.region = member.region_id.clone().unwrap_or_default();
    Ok(context.page(web::compose::compose(&context.chrome, &view)))
}

/// POST /posts/new: the first save of a form, by its script or by itself.
pub async fn create(
    State(app): State<App>,
    context: Context,
    headers: HeaderMap,
    request: Request,
) -> Result<Response> {
    policy::can_write(&context.viewer)?;
    take_form(&app, &context, &headers, None, request).await
}

/// GET /posts/{id}/edit
pub async fn edit(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let editing = actions::open(&app.db, &context.viewer, id).await?;
    if editing.revision.state.is_waiting() {
        return Ok(Redirect::to(&format!("/posts/{id}")).into_response());
    }
    let view = view_of(&app, &context, &editing).await?;
    Ok(context.page(web::compose::compose(&context.chrome, &view)))
}

/// POST /posts/{id}/edit
pub async fn save_form(
    State(app): State<App>,
    context: Context,
    headers: HeaderMap,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response> {
    let id = parse_id(&id)?;
    actions::open(&app.db, &context.viewer, id).await?;
    take_form(&app, &context, &headers, Some(id), request).await
}

/// Everything a submitted form brought: its words, and what became of its files.
struct Taken {
    /// `None` where there was no room to make it.
    post: Option<PostId>,
    fields: Fields,
    new_photos: Vec<PhotoId>,
    /// What became of the files that were not taken.
    refused: FieldErrors,
}

async fn take_form(
    app: &App,
    context: &Context,
    headers: &HeaderMap,
    post: Option<PostId>,
    request: Request,
) -> Result<Response> {
    let is_new = post.is_none();
    let is_multipart = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
    let taken = if is_multipart {
        take_multipart(app, &context.viewer, post, request).await?
    } else {
        let request = request.map(|body| Body::new(Limited::new(body, WORDS)));
        let fields = Fields::from_request(request, &()).await?;
        let post = match post {
            Some(post) => Some(post),
            None => start(app, &context.viewer, &fields).await?,
        };
        Taken { post, fields, new_photos: Vec::new(), refused: FieldErrors::default() }
    };
    let Taken { post, fields, new_photos, refused } = taken;
    let mut form = Form::read(&fields, &app.regions);
    form.draft.photos.extend(new_photos.into_iter().map(|id| (id, String::new())));
    form.errors.extend(refused);
    let button = Button::read(fields.get("action"));
    button.rearrange(&mut form.draft.photos);
    let Some(post) = post else { return show_new_again(app, context, &fields, form, headers) };

    let before = actions::open(&app.db, &context.viewer, post).await?;
    // A draft made by this very request has no version in its form. Of one that was there before, a form without a version has seen
    // nothing, and its empty fields would take the place of what is kept.
    let version = if is_new { before.revision.version } else { form.version };
    let revision =
        match actions::save(app, &context.viewer, post, version, form.draft.clone()).await {
            Ok(revision) => revision,
            Err(SaveError::Stale { version }) => {
                form.errors.add("title", "error-version");
                return show_again(app, context, post, &form, version, StatusCode::CONFLICT).await;
            }
            Err(SaveError::Other(Error::NoRoom(cause))) if !wants_json(headers) => {
                tracing::error!(cause = format!("{cause:#}"), "no room to save a draft in");
                form.errors.add("title", NO_ROOM);
                let status = StatusCode::INSUFFICIENT_STORAGE;
                return show_again(app, context, post, &form, version, status).await;
            }
            Err(SaveError::Other(error)) => return Err(error),
        };
    if wants_json(headers) {
        return Ok(Json(json!({
            "id": post, "version": revision.version, "edit_url": format!("/posts/{post}/edit"),
        }))
        .into_response());
    }
    let was_failed = before.revision.state == RevisionState::ProcessingFailed;
    act_on(app, context, post, &revision, form, (button, was_failed)).await
}

async fn act_on(
    app: &App,
    context: &Context,
    post: PostId,
    revision: &Revision,
    mut form: Form,
    (button, was_failed): (Button, bool),
) -> Result<Response> {
    let edit = format!("/posts/{post}/edit");
    match button {
        Button::Submit => form.check_complete(),
        Button::VideoRemove => actions::remove_video(app, &context.viewer, post).await?,
        Button::VideoRetry => {
            if let Some(video) = revision.video_id {
                videos::actions::retry(app, &context.viewer, video).await?;
                let again = &Flash::good("flash-retrying");
                // It was submitted and came back only for its video: it goes on by itself.
                if was_failed {
                    let submitted =
                        actions::submit(app, &context.viewer, post, revision.version).await;
                    if let Err(SaveError::Other(error)) = submitted {
                        return Err(error);
                    }
                    return Ok(redirect_with(again, &format!("/posts/{post}")));
                }
                return Ok(redirect_with(again, &edit));
            }
        }
        Button::VideoMotion { is_slow } => {
            match actions::set_motion(app, &context.viewer, post, is_slow).await {
                Ok(()) if form.errors.is_empty() => {
                    let done = if is_slow { "flash-slow-motion" } else { "flash-as-filmed" };
                    return Ok(redirect_with(&Flash::good(done), &edit));
                }
                Ok(()) => {}
                Err(error) => over_limit(&mut form.errors, "video", error)?,
            }
        }
        _ => {}
    }
    if !form.errors.is_empty() {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return show_again(app, context, post, &form, revision.version, status).await;
    }
    if button != Button::Submit {
        return Ok(redirect_with(&Flash::good("flash-saved"), &edit));
    }
    match actions::submit(app, &context.viewer, post, revision.version).await {
        Ok(RevisionState::ProcessingFailed) => Ok(Redirect::to(&edit).into_response()),
        Ok(_) => Ok(redirect_with(&Flash::good("flash-submitted"), &format!("/posts/{post}"))),
        Err(SaveError::Stale { version }) => {
            form.errors.add("title", "error-version");
            show_again(app, context, post, &form, version, StatusCode::CONFLICT).await
        }
        Err(SaveError::Other(error)) => Err(error),
    }
}

/// `None` where there is no room to make one.
async fn start(app: &App, viewer: &Viewer, fields: &Fields) -> Result<Option<PostId>> {
    match actions::create(app, viewer, kind_of(fields)).await {
        Ok(made) => Ok(Some(made.post.id)),
        Err(Error::NoRoom(cause)) => {
            tracing::error!(cause = format!("{cause:#}"), "no room to make a post in");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn kind_of(fields: &Fields) -> Kind {
    fields.get("kind").parse().unwrap_or(Kind::Tip)
}

/// What is said where there was no room to save the form, which holds all that was typed.
const NO_ROOM: &str = "error-no-room-form";

/// The form of a post that could not be made, as it was typed.
fn show_new_again(
    app: &App,
    context: &Context,
    fields: &Fields,
    mut form: Form,
    headers: &HeaderMap,
) -> Result<Response> {
    if wants_json(headers) {
        return Err(Error::NoRoom(anyhow::anyhow!("there was no room to make a post in")));
    }
    form.errors.add("title", NO_ROOM);
    let kind = kind_of(fields).into();
    let mut view = ComposeView::new(kind, app.regions.choices(context.lang), limits(app));
    form.fill(&mut view);
    let html = web::compose::compose(&context.chrome, &view);
    Ok(context.page_with(StatusCode::INSUFFICIENT_STORAGE, html))
}

/// Reads the form as it comes: words are kept, files go where they belong, nothing is held whole.
///
/// The words stand behind the files. So a file that isn't taken is read over, lest what was typed be lost; a form too long even for
/// that is [`Error::TooLarge`], and the draft stays as it was.
async fn take_multipart(
    app: &App,
    viewer: &Viewer,
    post: Option<PostId>,
    request: Request,
) -> Result<Taken> {
    /// What a part costs beside its name and its words.
    const PART: usize = 100;
    let most = most_form_bytes(app);
    let request = request.map(|body| Body::new(Limited::new(body, most)));
    let mut parts =
        Multipart::from_request(request, &()).await.map_err(|_| Error::BadRequest("no form"))?;
    let (mut post, mut fields, mut words) = (post, Fields::default(), 0usize);
    let (mut new_photos, mut refused) = (Vec::new(), FieldErrors::default());
    while let Some(mut part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        words += name.len() + PART;
        if words > WORDS {
            return Err(Error::TooLarge);
        }
        if part.file_name().is_none() {
            let mut value = Vec::new();
            while let Some(chunk) = part.chunk().await.map_err(broken)? {
                words += chunk.len();
                if words > WORDS {
                    return Err(Error::TooLarge);
                }
                value.extend_from_slice(&chunk);
            }
            fields.add(&name, String::from_utf8_lossy(&value).into_owned());
            continue;
        }
        let file_name = part.file_name().unwrap_or_default().to_owned();
        // What a browser sends for a file field that nobody filled.
        if file_name.is_empty() {
            continue;
        }
        if post.is_none() {
            post = start(app, viewer, &fields).await?;
        }
        let name = name.as_str();
        let Some(id) = post else {
            refused.add(name, NO_ROOM_FOR_FILE);
            continue;
        };
        match name {
            "photos" => match photos::actions::take_in(app, viewer, id, part.into_stream()).await {
                Ok(Some(photo)) => new_photos.push(photo),
                Ok(None) => refused.add("photos", "photo-error-empty"),
                Err(Error::TooLarge) => too_big(&mut refused, name, app.config.photo_max_bytes),
                Err(Error::Conflict(_)) => {
                    refused.add_with("photos", "error-photos-many", super::PHOTOS as i64);
                }
                Err(error) => over_limit(&mut refused, name, error)?,
            },
            "video" => {
                let proof = policy::can_write(viewer)?;
                let new = upload::NewUpload {
                    length: app.config.video_max_bytes,
                    content_type: part.content_type().unwrap_or_default().to_owned(),
                    file_name,
                    post_id: Some(id),
                };
                let (body, feed) = spooled(part);
                let (received, ()) =
                    tokio::join!(upload::receive_whole(app, &proof, &new, body), feed);
                match received {
                    Ok(_) => {}
                    Err(Error::TooLarge) => {
                        too_big(&mut refused, name, app.config.video_max_bytes);
                    }
                    Err(error) => over_limit(&mut refused, name, error)?,
                }
            }
            _ => {}
        }
    }
    let post = match post {
        Some(post) => Some(post),
        None => start(app, viewer, &fields).await?,
    };
    Ok(Taken { post, fields, new_photos, refused })
}

fn too_big(refused: &mut FieldErrors, field: &str, most: u64) {
    refused.add_naming(field, "error-file-too-big", &[("size", Given::Size(most))]);
}

const NO_ROOM_FOR_FILE: &str = "error-no-room-field";

/// A limit of this member's, and want of room for a file, is told beside the field; any other error ends the request.
fn over_limit(refused: &mut FieldErrors, field: &str, error: Error) -> Result<()> {
    match error {
        Error::TooMany { .. } => refused.add(field, "error-too-many-words"),
        Error::Exceeded(exceeded) => exceeded.cause().tell(refused, field),
        Error::NoRoom(cause) => {
            tracing::error!(cause = format!("{cause:#}"), field, "no room");
            refused.add(field, NO_ROOM_FOR_FILE);
        }
        other => return Err(other),
    }
    Ok(())
}

/// Twice the largest form that could be taken whole.
pub(super) fn most_form_bytes(app: &App) -> usize {
    let photos = app.config.photo_max_bytes.saturating_mul(super::PHOTOS as u64);
    let most = app.config.video_max_bytes.saturating_add(photos).saturating_mul(2);
    usize::try_from(most).unwrap_or(usize::MAX)
}

/// A part borrows the form it comes from, a body must own its bytes: hand them over a few chunks at a time.
fn spooled(mut part: axum::extract::multipart::Field<'_>) -> (Body, impl Future<Output = ()>) {
    let (send, receive) = tokio::sync::mpsc::channel::<Result<bytes::Bytes, std::io::Error>>(4);
    let feed = async move {
        loop {
            let chunk = match part.chunk().await {
                Ok(Some(chunk)) => Ok(chunk),
                Ok(None) => return,
                Err(error) => Err(std::io::Error::other(error)),
            };
            let is_end = chunk.is_err();
            // The receiver stops listening when it has refused the file.
            if send.send(chunk).await.is_err() || is_end {
                return;
            }
        }
    };
    let stream = futures_util::stream::unfold(receive, |mut receive| async move {
        receive.recv().await.map(|chunk| (chunk, receive))
    });
    (Body::from_stream(stream), feed)
}

/// PUT /posts/{id}/draft: the script's save. Wrong fields are left out and told at the next submit.
pub async fn autosave(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response> {
    let form = Form::read(&fields, &app.regions);
    match actions::save(&app, &context.viewer, parse_id(&id)?, form.version, form.draft).await {
        Ok(revision) => Ok(Json(json!({
            "saved_at": revision.updated_at.as_millis(), "version": revision.version,
        }))
        .into_response()),
        Err(SaveError::Stale { version }) => {
            Ok((StatusCode::CONFLICT, Json(json!({ "version": version }))).into_response())
        }
        Err(SaveError::Other(error)) => Err(error),
    }
}

/// POST /posts/{id}/photos: the script's photos, multipart.
pub async fn add_photos(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
    mut parts: Multipart,
) -> Result<Response> {
    let id = parse_id(&id)?;
    actions::open(&app.db, &context.viewer, id).await?;
    let refuse = |status: StatusCode, message: String| {
        Ok((status, Json(json!({ "message": message }))).into_response())
    };
    let lang = context.lang;
    let mut taken = Vec::new();
    while let Some(part) =
        parts.next_field().await.map_err(|_| Error::BadRequest("the form broke off"))?
    {
        if part.file_name().is_none() {
            continue;
        }
        match photos::actions::take_in(&app, &context.viewer, id, part.into_stream()).await {
            Ok(Some(photo)) => taken.push(json!({ "id": photo, "url": null })),
            Ok(None) => {
                let message = lang.ta("photo-error-empty").into_owned();
                return refuse(StatusCode::UNPROCESSABLE_ENTITY, message);
            }
            Err(Error::TooLarge) => {
                let most = Size(app.config.photo_max_bytes);
                let message = lang.ta1("error-file-too-big", "size", most);
                return refuse(StatusCode::PAYLOAD_TOO_LARGE, message);
            }
            Err(Error::Conflict(_)) => {
                let message = lang.ta1("error-photos-many", "n", super::PHOTOS);
                return refuse(StatusCode::CONFLICT, message);
            }
            Err(Error::NoRoom(cause)) => {
                tracing::error!(cause = format!("{cause:#}"), "no room for a photo");
                let message = lang.ta(NO_ROOM_FOR_FILE).into_owned();
                return refuse(StatusCode::INSUFFICIENT_STORAGE, message);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Json(json!({ "photos": taken })).into_response())
}

/// GET /posts/{id}/status: where the post and its media are, for polling.
pub async fn status(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<Response> {
    let editing = actions::open(&app.db, &context.viewer, parse_id(&id)?).await?;
    let view = view_of(&app, &context, &editing).await?;
    let lang = context.lang;
    let covers = view.video.as_ref().map_or(&[][..], |video| &video.covers);
    let covers: Vec<_> = covers
        .iter()
        .map(|cover| {
            json!({
                "value": cover.value, "url": cover.picture.small(), "label": cover.label(&lang),
                "chosen": cover.is_chosen,
            })
        })
        .collect();
    let video = view.video.as_ref().map(|video| {
        let state = &video.state;
        let percent = match state {
            VideoState::Ready => 100,
            other => other.percent().unwrap_or(0),
        };
        let note = |note: &MediaNote| json!({ "text": note.plain_words(lang), "warns": note.is_warning() });
        let motion = video.motion.as_ref().map(|motion| {
            let change = motion.change();
            let change = change.map(|change| json!({ "action": change.action, "label": change.label(lang) }));
            json!({ "text": motion.plain_words(lang), "change": change })
        });
        json!({
            "state": state.slug(), "percent": percent, "message": state.plain_words(lang),
            "notes": video.notes.iter().map(note).collect::<Vec<_>>(), "retry": state.may_retry(),
            "motion": motion,
        })
    });
    let photos: Vec<_> = view
        .photos
        .iter()
        .map(|photo| {
            let url = photo.picture.as_ref().map(|picture| picture.small());
            // What has a note is not asked for again.
            let note = photo.note.filter(|note| *note != MediaNote::PhotoWaits);
            let note = note.map(|note| note.plain_words(lang));
            json!({ "id": photo.id, "url": url, "note": note })
        })
        .collect();
    let state = view.state.slug();
    let status = json!({ "state": state, "video": video, "photos": photos, "covers": covers });
    Ok(Json(status).into_response())
}

/// POST /posts/{id}/withdraw
pub async fn withdraw(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<Response> {
    actions::withdraw(&app, &context.viewer, parse_id(&id)?).await?;
    Ok(redirect_with(&Flash::good("flash-withdrawn"), "/me"))
}

pub(super) fn parse_id(id: &str) -> Result<PostId> {
    id.parse().map_err(|_| Error::NotFound)
}

/// The form as it was typed, with what is wrong beside each field.
async fn show_again(
    app: &App,
    context: &Context,
    post: PostId,
    form: &Form,
    version: i64,
    status: StatusCode,
) -> Result<Response> {
    let editing = actions::open(&app.db, &context.viewer, post).await?;
    let mut view = view_of(app, context, &editing).await?;
    view.version = version;
    form.fill(&mut view);
    for photo in &mut view.photos {
        let typed = form.draft.photos.iter().find(|(id, _)| id.to_string() == photo.id);
        if let Some((_, alt)) = typed {
            photo.alt.clone_from(alt);
        }
    }
    if let (Some(typed), Some(video)) = (form.draft.cover, &mut view.video) {
        cover::mark(&mut video.covers, typed);
    }
    Ok(context.page_with(status, web::compose::compose(&context.chrome, &view)))
}

async fn view_of(app: &App, context: &Context, editing: &Editing) -> Result<ComposeView> {
    let Editing { post, revision } = editing;
    let draft: Draft = stored_draft(app, revision).await?;
    let ids: Vec<PhotoId> = draft.photos.iter().map(|(id, _)| *id).collect();
    let found = photos::find_many(&app.db, &ids).await?;
    let mut view =
        ComposeView::new(post.kind.into(), app.regions.choices(context.lang), limits(app));
    for (id, alt) in &draft.photos {
        let photo = found.iter().find(|photo| photo.id == *id);
        let note = photo.and_then(photos::note);
        if let Some(MediaNote::PhotoFailed(fault)) = note {
            view.errors.add("photos", &fault.photo_key());
        }
        view.photos.push(ComposePhoto {
            id: id.to_string(),
            picture: photo.and_then(|photo| photos::picture(photo, alt)),
            alt: alt.clone(),
            note,
        });
    }
    let in_order: Vec<(photos::Photo, String)> = draft
        .photos
        .iter()
        .filter_map(|(id, alt)| {
            Some((found.iter().find(|photo| photo.id == *id)?.clone(), alt.clone()))
        })
        .collect();
    view.video = video_of(app, editing, &in_order).await?;
    view.id = Some(post.id.to_string());
    view.version = revision.version;
    view.title = draft.title;
    view.body = draft.body;
    view.region = draft.region_id.unwrap_or_default();
    view.tags = draft.tags.iter().map(|tag| tag.label.as_str()).collect::<Vec<_>>().join(" ");
    view.age_from = draft.age_from_months.map(|n| n.to_string()).unwrap_or_default();
    view.age_to = draft.age_to_months.map(|n| n.to_string()).unwrap_or_default();
    view.state = super::shown_state(post, revision);
    view.is_published = post.visibility == Visibility::Published;
    view.saved = Some(When(revision.updated_at.as_millis()));
    if let Some(outcome) = moderation::last_decision(&app.db, revision.id).await? {
        view.reason = outcome.reason.map(Into::into);
        view.note = Some(outcome.note).filter(|note| !note.is_empty());
    }
    Ok(view)
}

async fn stored_draft(app: &App, revision: &Revision) -> Result<Draft> {
    Ok(Draft {
        title: revision.title.clone(),
        body: revision.body.clone(),
        region_id: revision.region_id.clone(),
        tags: sql::tags(&app.db, revision.id).await?,
        age_from_months: revision.age_from_months,
        age_to_months: revision.age_to_months,
        photos: sql::photo_ids(&app.db, revision.id).await?,
        cover: revision.cover,
    })
}

/// The post's video, or the upload that will become it.
async fn video_of(
    app: &App,
    editing: &Editing,
    photos: &[(photos::Photo, String)],
) -> Result<Option<ComposeVideo>> {
    let Editing { post, revision } = editing;
    let Some(id) = revision.video_id else {
        let Some(upload) = upload::open_for_post(&app.db, post.author_id, post.id).await? else {
            return Ok(None);
        };
        let percent = (upload.offset * 100).checked_div(upload.length).unwrap_or(0);
        return Ok(Some(ComposeVideo {
            file_name: upload.file_name,
            state: VideoState::Uploading { percent: u8::try_from(percent).unwrap_or(100) },
            poster: None,
            covers: Vec::new(),
            seconds: None,
            captions: None,
            notes: Vec::new(),
            motion: None,
        }));
    };
    let Some(video) = videos::find(&app.db, id).await? else { return Ok(None) };
    let player = super::player(revision.cover, photos, &video);
    let file_name = match video.upload_id {
        Some(upload) => upload::file_name(&app.db, upload).await?,
        None => String::new(),
    };
    Ok(Some(ComposeVideo {
        file_name,
        state: match videos::present::preparing_one(app, &video).await? {
            Some(preparing) => VideoState::Processing(preparing),
            None if video.state == VideoStatus::Ready => VideoState::Ready,
            None => VideoState::Failed {
                fault: videos::fault(&video),
                longest: videos::present::longest(app),
            },
        },
        notes: videos::notes(app, &video),
        motion: videos::motion(app, &video),
        poster: player.as_ref().and_then(|player| player.poster.clone()),
        covers: cover::options(revision.cover, photos, &video),
        seconds: player.map(|player| player.seconds),
        captions: (video.state != VideoStatus::Failed).then(|| captions::state(revision)),
    }))
}
