//! A video over HTTP, under `/media/videos/{id}/{generation}/`: `master.m3u8` and `{rendition}.m3u8` (rendered from the database),
//! `storyboard.vtt`, the renditions, the posters and the sprites, and `plain.mp4`, one rendition for players without HLS.
//!
//! With `?captions={revision}-{fingerprint}`, `master.m3u8` offers those captions too; `captions.m3u8` and `captions.vtt` are what it
//! leads to. They answer those who may see that revision.
//!
//! With a store that signs addresses, playlists and redirects lead straight to it.

use super::{Video, sql};
use crate::access::policy::Audience;
use crate::access::{Viewer, policy};
use crate::app::App;
use crate::error::{Error, Result};
use crate::media::{Key, serve};
use crate::posts;
use crate::posts::captions::{self, Captions};
use crate::time_id::VideoId;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::time::Duration;
use transcoder_protocol::{Rendition, hls, storyboard};

const PLAYLIST: &str = "application/vnd.apple.mpegurl";
const TRACK: &str = "text/vtt; charset=utf-8";

/// Longer than any player stays on one playlist.
const SIGNED_FOR: Duration = Duration::from_secs(6 * 3600);

#[derive(Debug, Deserialize)]
pub struct Wanted {
    captions: Option<String>,
}

pub async fn file(
    State(app): State<App>,
    viewer: Viewer,
    method: Method,
    headers: HeaderMap,
    Path((id, generation, file)): Path<(String, i64, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response> {
    let id: VideoId = id.parse().map_err(|_| Error::NotFound)?;
    let video = super::find(&app.db, id).await?.ok_or(Error::NotFound)?;
    let uses = posts::revisions_with_video(&app.db, id).await?;
    let audience = policy::media_audience(&viewer, video.owner_id, posts::media_uses(&uses))?;
    if generation == 0 || generation != video.generation {
        return Err(Error::NotFound);
    }
    let renditions = sql::renditions(&app.db, id, generation).await?;
    if let Some(name) = &wanted.captions {
        let (revision, fingerprint) = name.rsplit_once('-').ok_or(Error::NotFound)?;
        let (captions, audience) =
            captions::shown_to(&app.db, &viewer, revision, fingerprint).await?;
        let text = captioned(&video, &renditions, &file, name, &captions)?;
        return Ok(text_of(&file, text, audience));
    }
    if let Some(text) = rendered(&app, &video, &renditions, &file).await? {
        return Ok(text_of(&file, text, audience));
    }
    let file = if file == "plain.mp4" { plain(&renditions)? } else { file };
    let is_ours = renditions.iter().any(|rendition| rendition.file == file)
        || video.poster.as_ref().is_some_and(|poster| poster.file == file)
        || video.storyboard.as_ref().is_some_and(|board| board.file == file)
        || video.stills.as_ref().is_some_and(|stills| stills.has_file(&file));
    if !is_ours {
        return Err(Error::NotFound);
    }
    bytes(&app, audience, &method, &headers, &video, &file).await
}

/// `/media/videos/{id}/preview/{token}.m3u8` and the pieces it names: what can be watched while the film is being made.
pub async fn preview(
    State(app): State<App>,
    viewer: Viewer,
    method: Method,
    headers: HeaderMap,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response> {
    let id: VideoId = id.parse().map_err(|_| Error::NotFound)?;
    let video = super::find(&app.db, id).await?.ok_or(Error::NotFound)?;
    let uses = posts::revisions_with_video(&app.db, id).await?;
    let audience = policy::media_audience(&viewer, video.owner_id, posts::media_uses(&uses))?;
    let preview = video.preview.as_ref().ok_or(Error::NotFound)?;
    if file == preview.playlist_file() {
        let kind = [(header::CONTENT_TYPE, PLAYLIST)];
        let mut response = (kind, preview.playlist()).into_response();
        // It grows.
        let fresh = HeaderValue::from_static("private, no-store");
        response.headers_mut().insert(header::CACHE_CONTROL, fresh);
        return Ok(response);
    }
    let key = preview.key(id, &file).ok_or(Error::NotFound)?;
    Ok(serve::serve(&app.media, &key, &method, &headers, audience.cache_control()).await?)
}

async fn bytes(
    app: &App,
    audience: Audience,
    method: &Method,
    headers: &HeaderMap,
    video: &Video,
    file: &str,
) -> Result<Response> {
    let key = Key::video_file(video.id, video.generation, file).map_err(|_| Error::NotFound)?;
    Ok(serve::serve(&app.media, &key, method, headers, audience.cache_control()).await?)
}

/// Best for a phone without HLS: the largest that is at most 540 lines by its short side.
fn plain(renditions: &[Rendition]) -> Result<String> {
    let is_modest = |rendition: &&Rendition| rendition.width.min(rendition.height) <= 540;
    let chosen = renditions.iter().rfind(is_modest).or(renditions.first());
    chosen.map(|rendition| rendition.file.clone()).ok_or(Error::NotFound)
}

/// A playlist or the sprite's track, when `file` names one.
async fn rendered(
    app: &App,
    video: &Video,
    renditions: &[Rendition],
    file: &str,
) -> Result<Option<String>> {
    if file == "storyboard.vtt" {
        let board = video.storyboard.as_ref().ok_or(Error::NotFound)?;
        let url = address(app, video, &board.file).await?;
        return Ok(Some(storyboard::webvtt(board, video.duration_ms, &url)));
    }
    let Some(name) = file.strip_suffix(".m3u8") else { return Ok(None) };
    if name == "master" {
        return Ok(Some(hls::master_playlist(renditions, playlist_of)));
    }
    let rendition = renditions
        .iter()
        .find(|rendition| rendition.file.strip_suffix(".mp4") == Some(name))
        .ok_or(Error::NotFound)?;
    let url = address(app, video, &rendition.file).await?;
    Ok(Some(hls::media_playlist(rendition, &url)))
}

/// What there is with captions, which `name` stands for.
fn captioned(
    video: &Video,
    renditions: &[Rendition],
    file: &str,
    name: &str,
    captions: &Captions,
) -> Result<String> {
    if captions.video != video.id {
        return Err(Error::NotFound);
    }
    match file {
        "master.m3u8" => {
            let playlist_url = format!("captions.m3u8?captions={name}");
            let own_name = web::CaptionLanguage::from(captions.language).own_name();
            let language = captions.language.name();
            let offer = hls::Captions { language, name: own_name, playlist_url: &playlist_url };
            Ok(hls::captioned_master_playlist(renditions, &offer, playlist_of))
        }
        "captions.m3u8" => {
            let segment = format!("captions.vtt?captions={name}");
            Ok(hls::captions_playlist(video.duration_ms, &segment))
        }
        "captions.vtt" => Ok(hls::captions_segment(&captions.track)),
        _ => Err(Error::NotFound),
    }
}

fn playlist_of(file: &str) -> String {
    file.replace(".mp4", ".m3u8")
}

fn text_of(file: &str, text: String, audience: Audience) -> Response {
    let kind = if file.ends_with(".vtt") { TRACK } else { PLAYLIST };
    let mut response = ([(header::CONTENT_TYPE, kind)], text).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, audience.cache_control());
    response
}

/// Beside the playlist, or at the store when that can be reached by anyone who was given the address.
async fn address(app: &App, video: &Video, file: &str) -> Result<String> {
    let key = Key::video_file(video.id, video.generation, file).map_err(|_| Error::NotFound)?;
    Ok(app.media.signed_url(&key, SIGNED_FOR).await?.unwrap_or_else(|| file.to_owned()))
}
