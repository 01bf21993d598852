//! The tus requests. Only its owner finds an upload; to others it does not exist.

use super::create::{self, Length, NewUpload};
use super::jobs;
use super::protocol::{
    self, CHECKSUMS, Checksum, EXTENSIONS, METHOD_OVERRIDE, Metadata, PATCH_TYPE, Refusal,
    TUS_CHECKSUM_ALGORITHM, TUS_EXTENSION, TUS_MAX_SIZE, TUS_VERSION, UPLOAD_LENGTH, UPLOAD_OFFSET,
    VERSION,
};
use super::receive::Receiver;
use super::{Upload, UploadState, sql};
use crate::access::{Viewer, policy};
use crate::app::App;
use crate::error::Error;
use crate::posts;
use crate::time_id::UploadId;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;

type Answer = Result<Response, Refusal>;

/// OPTIONS /uploads: what this server can do.
pub async fn discover(State(app): State<App>) -> Response {
    let mut response = protocol::answer(StatusCode::NO_CONTENT);
    let fields = response.headers_mut();
    fields.insert(TUS_VERSION, HeaderValue::from_static(VERSION));
    fields.insert(TUS_EXTENSION, HeaderValue::from_static(EXTENSIONS));
    fields.insert(TUS_CHECKSUM_ALGORITHM, HeaderValue::from_static(CHECKSUMS));
    fields.insert(TUS_MAX_SIZE, HeaderValue::from(app.config.video_max_bytes));
    response
}

/// POST /uploads: a new upload, perhaps with its first bytes.
pub async fn create(
    State(app): State<App>,
    viewer: Viewer,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    protocol::require_version(&headers)?;
    let proof = policy::can_write(&viewer)?;
    let length = protocol::number(&headers, &UPLOAD_LENGTH)?;
    let length = length.ok_or(Refusal::BadField("no Upload-Length"))?;
    if length == 0 {
        return Err(Refusal::BadField("an empty file"));
    }
    if length > app.config.video_max_bytes {
        return Err(Refusal::TooLarge);
    }
    let Metadata { file_name, content_type, post_id } = Metadata::read(&headers)?;
    if let Some(post) = post_id {
        posts::actions::open(&app.db, &viewer, post).await?;
    }
    let brings_bytes = headers.contains_key(CONTENT_TYPE);
    let checksum = Checksum::read(&headers)?;
    if brings_bytes {
        require_bytes(&headers)?;
    }
    let new = NewUpload { length, file_name, content_type, post_id };
    let mut upload = create::begin(&app, &proof, &new, Length::Exact).await?;
    let id = upload.id;
    if brings_bytes {
        // The sender knows where its upload is only from this answer, so it gets it whatever
        // became of the bytes.
        match append(&app, upload.clone(), &headers, body, checksum).await {
            Ok(appended) => upload = appended,
            Err(refusal) => {
                tracing::debug!(?refusal, "the first bytes of an upload were not taken whole");
                upload = sql::find(&app.db, id).await?.unwrap_or(upload);
            }
        }
    }
    let mut response = protocol::answer(StatusCode::CREATED);
    let location = HeaderValue::try_from(format!("/uploads/{id}"));
    response.headers_mut().insert(LOCATION, location.map_err(anyhow::Error::from)?);
    protocol::tell_progress(&mut response, &upload);
    Ok(response)
}

/// HEAD /uploads/{id}: where to go on. Whoever still sends to it is asked to stop first, so that
/// the offset stays true.
pub async fn head(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    protocol::require_version(&headers)?;
    let upload = find(&app, &viewer, &id).await?;
    let turn = app.uploads.take(upload.id).await.ok_or(Refusal::Locked)?;
    let upload = find(&app, &viewer, &id).await?;
    drop(turn);
    let mut response = protocol::answer(StatusCode::OK);
    protocol::tell_progress(&mut response, &upload);
    protocol::tell_metadata(&mut response, &upload);
    Ok(response)
}

/// PATCH /uploads/{id}: more bytes.
pub async fn patch(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    protocol::require_version(&headers)?;
    require_bytes(&headers)?;
    let offset = protocol::number(&headers, &UPLOAD_OFFSET)?;
    let offset = offset.ok_or(Refusal::BadField("no Upload-Offset"))?;
    let checksum = Checksum::read(&headers)?;
    let mut upload = find(&app, &viewer, &id).await?;
    if upload.state == UploadState::Complete && upload.offset == offset {
        // Nothing to add, and nothing wrong: its last answer was lost.
        let mut response = protocol::answer(StatusCode::NO_CONTENT);
        protocol::tell_progress(&mut response, &upload);
        return Ok(response);
    }
    // What the offset is once nobody appends any more is found out under the lock.
    upload.offset = offset;
    let upload = append(&app, upload, &headers, body, checksum).await?;
    let mut response = protocol::answer(StatusCode::NO_CONTENT);
    protocol::tell_progress(&mut response, &upload);
    Ok(response)
}

/// DELETE /uploads/{id}: the sender doesn't want it any more.
pub async fn terminate(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    protocol::require_version(&headers)?;
    let upload = find(&app, &viewer, &id).await?;
    let turn = app.uploads.take(upload.id).await.ok_or(Refusal::Locked)?;
    let mut tx = app.db.begin().await?;
    let was_open = jobs::end(&app, &mut tx, upload.id, UploadState::Terminated).await?;
    tx.commit().await?;
    drop(turn);
    // A complete upload belongs to the feature that it was for.
    if was_open { Ok(protocol::answer(StatusCode::NO_CONTENT)) } else { Err(Refusal::Gone) }
}

/// POST /uploads/{id} with `X-HTTP-Method-Override`, for networks that let no PATCH through.
pub async fn overridden(
    state: State<App>,
    viewer: Viewer,
    path: Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    match headers.get(METHOD_OVERRIDE).map(HeaderValue::as_bytes) {
        Some(b"PATCH") => patch(state, viewer, path, headers, body).await,
        Some(b"DELETE") => terminate(state, viewer, path, headers).await,
        Some(b"HEAD") => head(state, viewer, path, headers).await,
        _ => Err(Refusal::BadField("no method")),
    }
}

fn require_bytes(headers: &HeaderMap) -> Result<(), Refusal> {
    let is_ours = headers.get(CONTENT_TYPE).is_some_and(|kind| kind == PATCH_TYPE);
    if is_ours { Ok(()) } else { Err(Refusal::ContentType) }
}

/// The viewer's own upload, open or complete.
async fn find(app: &App, viewer: &Viewer, id: &str) -> Result<Upload, Refusal> {
    let id: UploadId = id.parse().map_err(|_| Error::NotFound)?;
    let upload = sql::find(&app.db, id).await?.filter(|upload| viewer.is(upload.owner_id));
    let upload = upload.ok_or(Error::NotFound)?;
    match upload.state {
        UploadState::Expired | UploadState::Terminated => Err(Refusal::Gone),
        UploadState::Open if jobs::is_overdue(app, &upload) => Err(Refusal::Gone),
        UploadState::Open | UploadState::Complete => Ok(upload),
    }
}

/// Runs in a task of its own: when the connection is cut, this request is dropped, but what came
/// must still be acknowledged.
async fn append(
    app: &App,
    upload: Upload,
    headers: &HeaderMap,
    body: Body,
    checksum: Option<Checksum>,
) -> Result<Upload, Refusal> {
    let announced =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let announced: u64 = announced.unwrap_or(0);
    let turn = app.uploads.take(upload.id).await.ok_or(Refusal::Locked)?;
    let app = app.clone();
    let appended = tokio::spawn(async move {
        let fits = upload.offset.saturating_add(announced) <= upload.length;
        let receiver = Receiver::open(&app, upload).await?;
        if !fits {
            receiver.give_up().await?;
            return Err(Refusal::TooLarge);
        }
        receiver.receive(turn, body, checksum).await
    });
    appended.await.map_err(anyhow::Error::from)?
}
