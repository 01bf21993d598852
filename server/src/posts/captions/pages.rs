//! The page where captions are written, and the track that players fetch.

use super::super::actions::{self, Editing};
use super::super::compose::{most_form_bytes, parse_id};
use super::super::{Visibility, player};
use super::form::{FILE_BYTES, Form, Sent};
use super::{Language, SetError, fingerprint};
use crate::access::Viewer;
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::context::redirect_with;
use crate::http::form::{WORDS, broken};
use crate::http::{Context, Fields};
use crate::time_id::PostId;
use crate::videos::{self, Video, VideoStatus};
use axum::body::Body;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use http_body_util::Limited;
use transcoder_protocol::captions;
use web::captions::CaptionsView;
use web::{FieldErrors, Flash};

/// GET /posts/{id}/captions
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
    if editing.revision.video_id.is_none() {
        return Ok(Redirect::to(&format!("/posts/{id}/edit")).into_response());
    }
    let view = view_of(&app, &editing).await?;
    Ok(context.page(web::captions::captions(&context.chrome, &view)))
}

/// POST /posts/{id}/captions. Form fields: `text`, `file`, `language`, `seen`. Nothing typed is lost: 422 with what is wrong with which line,
/// 409 when it can't be saved now.
pub async fn save(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response> {
    let id = parse_id(&id)?;
    let editing = actions::open(&app.db, &context.viewer, id).await?;
    let (fields, file) = take(&app, request).await?;
    let mut form =
        Form::read(&fields, file, longest_ms(&app, video_of(&app, &editing).await?.as_ref()));
    if !form.is_good() {
        return show_again(&app, &context, id, form, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let set = super::set(&app, &context.viewer, id, &form.seen, form.language, &form.cues).await;
    let refused = match set {
        Ok(changed) => {
            let flash = match (changed, form.cues.is_empty()) {
                (false, _) => "flash-captions-same",
                (true, false) => "flash-captions-saved",
                (true, true) => "flash-captions-removed",
            };
            return Ok(redirect_with(&Flash::good(flash), &format!("/posts/{id}/captions")));
        }
        Err(SetError::Other(error)) => return Err(error),
        Err(SetError::Stale) => "error-captions-version",
        Err(SetError::Waiting) => "error-captions-waiting",
        Err(SetError::NoVideo) => "error-captions-no-video",
    };
    form.errors.add("text", refused);
    show_again(&app, &context, id, form, StatusCode::CONFLICT).await
}

/// GET /media/captions/{revision}/{fingerprint}.vtt
pub async fn track(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response> {
    let fingerprint = file.strip_suffix(".vtt").ok_or(Error::NotFound)?;
    let (captions, audience) = super::shown_to(&app.db, &viewer, &id, fingerprint).await?;
    let kind = [(header::CONTENT_TYPE, "text/vtt; charset=utf-8")];
    let mut response = (kind, captions.track).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, audience.cache_control());
    Ok(response)
}

/// The form's words and its file. A file that is too large is read over, lest what was typed be lost: it may be the film itself, chosen by
/// mistake.
async fn take(app: &App, request: Request) -> Result<(Fields, Option<Sent>)> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data")) {
        let request = request.map(|body| Body::new(Limited::new(body, WORDS)));
        return Ok((Fields::from_request(request, &()).await?, None));
    }
    let most = most_form_bytes(app);
    let request = request.map(|body| Body::new(Limited::new(body, most)));
    let mut parts =
        Multipart::from_request(request, &()).await.map_err(|_| Error::BadRequest("no form"))?;
    let (mut fields, mut file, mut left) = (Fields::default(), None, WORDS);
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        match part.file_name() {
            None => {
                // What a part costs beside its words.
                left = left.checked_sub(name.len() + 100).ok_or(Error::TooLarge)?;
                let words = whole(part, left).await?.ok_or(Error::TooLarge)?;
                left -= words.len();
                fields.add(&name, String::from_utf8_lossy(&words).into_owned());
            }
            // What a browser sends for a file field that nobody filled.
            Some("") => {}
            Some(_) => {
                let bytes = whole(part, FILE_BYTES).await?;
                file = Some(bytes.map_or(Sent::TooLarge, Sent::Whole));
            }
        }
    }
    Ok((fields, file))
}

/// The bytes of a part; `None`, after reading over it, for one of more than `most`.
async fn whole(mut part: Field<'_>, most: usize) -> Result<Option<Vec<u8>>> {
    let mut bytes = Some(Vec::new());
    while let Some(chunk) = part.chunk().await.map_err(broken)? {
        bytes = bytes.filter(|bytes: &Vec<u8>| bytes.len() + chunk.len() <= most);
        if let Some(bytes) = &mut bytes {
            bytes.extend_from_slice(&chunk);
        }
    }
    Ok(bytes)
}

/// The form as it was filled in, with what is wrong with it.
async fn show_again(
    app: &App,
    context: &Context,
    post: PostId,
    form: Form,
    status: StatusCode,
) -> Result<Response> {
    let editing = actions::open(&app.db, &context.viewer, post).await?;
    let mut view = view_of(app, &editing).await?;
    if view.seen != form.seen {
        view.kept = Some(std::mem::take(&mut view.text)).filter(|kept| !kept.is_empty());
    }
    // What another window kept is taken as seen only by a person who is told of it.
    if !form.errors.has("text") {
        view.seen = form.seen;
        view.kept = None;
    }
    view.text = form.text;
    view.language = form.language.into();
    view.problems = form.problems;
    view.file_problems = form.file_problems;
    view.errors = form.errors;
    Ok(context.page_with(status, web::captions::captions(&context.chrome, &view)))
}

async fn view_of(app: &App, editing: &Editing) -> Result<CaptionsView> {
    let Editing { post, revision } = editing;
    let video = video_of(app, editing).await?;
    let kept = revision.captions.as_ref();
    let longest_ms = longest_ms(app, video.as_ref());
    Ok(CaptionsView {
        post: post.id.to_string(),
        title: revision.title.clone(),
        seen: fingerprint(kept),
        text: kept.map(|kept| captions::write_typed(&kept.cues(), longest_ms)).unwrap_or_default(),
        language: kept.map_or(Language::Japanese, |kept| kept.language).into(),
        video: video
            .as_ref()
            // Whatever is seen before it elsewhere: here it is the film that is looked at.
            .and_then(|video| player(None, &[], video))
            .map(|player| web::media::Video { captions: super::of_player(revision), ..player }),
        problems: Vec::new(),
        file_problems: Vec::new(),
        errors: FieldErrors::default(),
        kept: None,
        is_for_another: kept.is_some() && revision.shown_captions().is_none(),
        is_published: post.visibility == Visibility::Published,
    })
}

async fn video_of(app: &App, Editing { revision, .. }: &Editing) -> Result<Option<Video>> {
    Ok(match revision.video_id {
        Some(id) => videos::find(&app.db, id).await?,
        None => None,
    })
}

/// How long the film is, or can be while it is not known.
fn longest_ms(app: &App, video: Option<&Video>) -> u64 {
    match video {
        Some(video) if video.state == VideoStatus::Ready => video.duration_ms,
        _ => app.config.video_max_seconds * 1000,
    }
}
