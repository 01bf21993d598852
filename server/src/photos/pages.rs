//! A photo's files over HTTP: `/media/photos/{id}/{generation}/{width}.{webp,jpg}`.

use crate::access::{Viewer, policy};
use crate::app::App;
use crate::error::{Error, Result};
use crate::media::{Key, serve};
use crate::posts;
use crate::time_id::PhotoId;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;

pub async fn file(
    State(app): State<App>,
    viewer: Viewer,
    method: Method,
    headers: HeaderMap,
    Path((id, generation, file)): Path<(String, i64, String)>,
) -> Result<Response> {
    let id: PhotoId = id.parse().map_err(|_| Error::NotFound)?;
    let photo = super::find(&app.db, id).await?.ok_or(Error::NotFound)?;
    let uses = posts::revisions_with_photo(&app.db, id).await?;
    let audience = policy::media_audience(&viewer, photo.owner_id, posts::media_uses(&uses))?;
    let (width, extension) = file.split_once('.').ok_or(Error::NotFound)?;
    let format = match extension {
        "webp" => crate::media::keys::PhotoFormat::WebP,
        "jpg" => crate::media::keys::PhotoFormat::Jpeg,
        _ => return Err(Error::NotFound),
    };
    let width: u32 = width.parse().map_err(|_| Error::NotFound)?;
    if generation != photo.generation || !photo.widths.contains(&width) {
        return Err(Error::NotFound);
    }
    let key = Key::photo_file(id, generation, width, format);
    Ok(serve::serve(&app.media, &key, &method, &headers, audience.cache_control()).await?)
}
