//! What tus says in header fields, and how a refusal is said.

use super::Upload;
use crate::error::{Error, ErrorPage};
use crate::media::MediaError;
use crate::time_id::{PostId, Timestamp};
use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use time::macros::format_description;

pub const VERSION: &str = "1.0.0";
pub const EXTENSIONS: &str = "creation,creation-with-upload,termination,expiration,checksum";
pub const CHECKSUMS: &str = "sha1,sha256";
pub const PATCH_TYPE: &str = "application/offset+octet-stream";
const MAX_METADATA: usize = 4096;
const MAX_FILE_NAME: usize = 200;

pub const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
pub const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
pub const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
pub const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
pub const TUS_CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
pub const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
pub const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
pub const UPLOAD_CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
pub const METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");

/// Why a tus request was not done. The outer layer adds words in the reader's language.
#[derive(Debug)]
pub enum Refusal {
    /// As anywhere on the site. Want of room (507) has other words: what was acknowledged is kept, and the sender goes on by itself.
    Site(Error),
    BadField(&'static str),
    /// 412: another version of the protocol, or none.
    Version,
    /// 415
    ContentType,
    /// 409: the sender goes on at another place than we do. Ours is told.
    Offset(u64),
    /// 413
    TooLarge,
    /// 410
    Gone,
    /// 423: another request appends and doesn't let go.
    Locked,
    /// 460
    Checksum,
    /// 408: no bytes for a while. What came is kept.
    Idle,
}

macro_rules! as_anywhere {
    ($($error:ty),+) => {$(
        impl From<$error> for Refusal {
            fn from(error: $error) -> Self {
                Self::Site(error.into())
            }
        }
    )+};
}
as_anywhere!(Error, crate::db::DbError, crate::access::policy::Refusal, anyhow::Error);

impl From<MediaError> for Refusal {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::NotFound(_) | MediaError::Torn { .. } => {
                tracing::error!(%error, "an upload has lost bytes that were acknowledged");
                Self::Gone
            }
            error => Self::Site(error.into()),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, page) = match &self {
            Self::Site(error) => (error.status(), ""),
            Self::BadField(why) => {
                tracing::debug!(why, "upload refused");
                (StatusCode::BAD_REQUEST, "bad-request")
            }
            Self::Version => (StatusCode::PRECONDITION_FAILED, "upload-version"),
            Self::ContentType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "upload-content-type"),
            Self::Offset(_) => (StatusCode::CONFLICT, "upload-offset"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            Self::Gone => (StatusCode::GONE, "upload-gone"),
            Self::Locked => (StatusCode::LOCKED, "upload-locked"),
            Self::Checksum => (CHECKSUM_MISMATCH, "upload-checksum"),
            Self::Idle => (StatusCode::REQUEST_TIMEOUT, "upload-idle"),
        };
        let offset = match self {
            Self::Offset(offset) => Some(offset),
            _ => None,
        };
        let mut response = if let Self::Site(error) = self {
            let waits = matches!(error, Error::NoRoom(_));
            let mut response = error.into_response();
            if waits {
                response.extensions_mut().insert(ErrorPage("upload-no-room"));
            }
            response
        } else {
            let mut response = status.into_response();
            response.extensions_mut().insert(ErrorPage(page));
            response
        };
        let fields = response.headers_mut();
        fields.insert(TUS_RESUMABLE, HeaderValue::from_static(VERSION));
        fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::PRECONDITION_FAILED {
            fields.insert(TUS_VERSION, HeaderValue::from_static(VERSION));
        }
        if let Some(offset) = offset {
            fields.insert(UPLOAD_OFFSET, HeaderValue::from(offset));
        }
        response
    }
}

/// tus's own status; the HTTP crate knows no name for it.
const CHECKSUM_MISMATCH: StatusCode = match StatusCode::from_u16(460) {
    Ok(status) => status,
    Err(_) => StatusCode::BAD_REQUEST,
};

pub fn require_version(headers: &HeaderMap) -> Result<(), Refusal> {
    let is_ours = headers.get(TUS_RESUMABLE).is_some_and(|version| version == VERSION);
    if is_ours { Ok(()) } else { Err(Refusal::Version) }
}

/// The field as a whole number; `None` without the field.
pub fn number(headers: &HeaderMap, name: &HeaderName) -> Result<Option<u64>, Refusal> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    // `parse` alone would take a sign.
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if is_number => Ok(Some(number)),
        _ => Err(Refusal::BadField("not a whole number")),
    }
}

/// What a sender tells of its file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    pub file_name: String,
    pub content_type: String,
    pub post_id: Option<PostId>,
}

impl Metadata {
    /// `Upload-Metadata: filename <base64>,filetype <base64>,post_id <base64>`; other keys mean
    /// nothing to us.
    pub fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut metadata = Self::default();
        let Some(field) = headers.get(UPLOAD_METADATA) else { return Ok(metadata) };
        let field = field.to_str().map_err(|_| Refusal::BadField("metadata"))?;
        if field.len() > MAX_METADATA {
            return Err(Refusal::BadField("metadata too long"));
        }
        for pair in field.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
            let value = BASE64.decode(value.trim()).map_err(|_| Refusal::BadField("metadata"))?;
            let value = String::from_utf8(value).map_err(|_| Refusal::BadField("metadata"))?;
            match key {
                "filename" => metadata.file_name = file_name(&value),
                "filetype" => metadata.content_type = content_type(&value),
                "post_id" => {
                    let post = value.parse().map_err(|_| Refusal::BadField("post_id"))?;
                    metadata.post_id = Some(post);
                }
                _ => {}
            }
        }
        Ok(metadata)
    }

    fn of(upload: &Upload) -> Self {
        Self {
            file_name: upload.file_name.clone(),
            content_type: upload.content_type.clone(),
            post_id: upload.post_id,
        }
    }

    fn to_field(&self) -> Option<HeaderValue> {
        let post = self.post_id.map(|post| post.to_string()).unwrap_or_default();
        let pairs = [
            ("filename", self.file_name.as_str()),
            ("filetype", &self.content_type),
            ("post_id", &post),
        ];
        let pairs: Vec<String> = pairs
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| format!("{key} {}", BASE64.encode(value)))
            .collect();
        HeaderValue::try_from(pairs.join(",")).ok().filter(|field| !field.is_empty())
    }
}

/// The last part of whatever path it may be, without control characters.
pub fn file_name(text: &str) -> String {
    let name = text.rsplit(['/', '\\']).next().unwrap_or_default();
    name.chars().filter(|char| !char.is_control()).take(MAX_FILE_NAME).collect()
}

/// A media type's own characters only; nothing otherwise.
pub fn content_type(text: &str) -> String {
    let is_type = text.len() <= 100
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/+-.;= ".contains(&byte));
    if is_type { text.to_owned() } else { String::new() }
}

/// What a PATCH says its bytes add up to.
pub enum Checksum {
    Sha1(Sha1, Vec<u8>),
    Sha256(Sha256, Vec<u8>),
}

impl Checksum {
    /// `Upload-Checksum: sha1 <base64>`; `None` without the field.
    pub fn read(headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let Some(field) = headers.get(UPLOAD_CHECKSUM) else { return Ok(None) };
        let field = field.to_str().unwrap_or_default();
        let (algorithm, value) = field.split_once(' ').ok_or(Refusal::BadField("checksum"))?;
        let value = BASE64.decode(value.trim()).map_err(|_| Refusal::BadField("checksum"))?;
        match algorithm {
            "sha1" => Ok(Some(Self::Sha1(Sha1::new(), value))),
            "sha256" => Ok(Some(Self::Sha256(Sha256::new(), value))),
            _ => Err(Refusal::BadField("checksum algorithm")),
        }
    }

    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hasher, _) => hasher.update(bytes),
            Self::Sha256(hasher, _) => hasher.update(bytes),
        }
    }

    pub fn matches(self) -> bool {
        match self {
            Self::Sha1(hasher, expected) => hasher.finalize()[..] == expected[..],
            Self::Sha256(hasher, expected) => hasher.finalize()[..] == expected[..],
        }
    }
}

/// An answer with the fields that all of them have.
pub fn answer(status: StatusCode) -> Response {
    let mut response = status.into_response();
    let fields = response.headers_mut();
    fields.insert(TUS_RESUMABLE, HeaderValue::from_static(VERSION));
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Where the upload is and until when it is kept.
pub fn tell_progress(response: &mut Response, upload: &Upload) {
    let fields = response.headers_mut();
    fields.insert(UPLOAD_OFFSET, HeaderValue::from(upload.offset));
    if upload.offset < upload.length
        && let Some(expires) = http_date(upload.expires_at)
    {
        fields.insert(UPLOAD_EXPIRES, expires);
    }
}

pub fn tell_metadata(response: &mut Response, upload: &Upload) {
    let fields = response.headers_mut();
    fields.insert(UPLOAD_LENGTH, HeaderValue::from(upload.length));
    if let Some(metadata) = Metadata::of(upload).to_field() {
        fields.insert(UPLOAD_METADATA, metadata);
    }
}

/// As [RFC 9110 §5.6.7](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7) writes times.
fn http_date(at: Timestamp) -> Option<HeaderValue> {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let text = at.to_datetime().format(format).ok()?;
    HeaderValue::try_from(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    fn metadata(value: &str) -> Result<Metadata, Refusal> {
        Metadata::read(&headers(UPLOAD_METADATA, value))
    }

    #[test]
    fn metadata_is_read_and_cleaned() {
        let name = BASE64.encode("..\\C:/Users/はなこ/にんじん\u{7}.mp4");
        let read = metadata(&format!("filename {name}, filetype dmlkZW8vbXA0,relativePath,x eA=="));
        let read = read.unwrap();
        assert_eq!(read.file_name, "にんじん.mp4");
        assert_eq!(read.content_type, "video/mp4");
        assert_eq!(
            read.to_field().map(|field| metadata(field.to_str().unwrap()).unwrap()),
            Some(read)
        );
        assert_eq!(Metadata::default().to_field(), None);
    }

    #[test]
    fn metadata_that_is_none_is_refused() {
        let too_long = format!("filename {}", "QUFB".repeat(2000));
        for field in ["filename ???", "filename /w==", "post_id eA==", &too_long] {
            assert!(matches!(metadata(field), Err(Refusal::BadField(_))), "{field}");
        }
    }

    #[test]
    fn numbers_have_no_sign_and_no_end() {
        let read = |text| number(&headers(UPLOAD_OFFSET, text), &UPLOAD_OFFSET);
        assert!(matches!(read("42"), Ok(Some(42))));
        assert!(matches!(number(&HeaderMap::new(), &UPLOAD_OFFSET), Ok(None)));
        for text in ["", "-1", "+1", "1.5", "99999999999999999999999", "x"] {
            assert!(matches!(read(text), Err(Refusal::BadField(_))), "{text}");
        }
    }

    #[test]
    fn checksums_tell_changed_bytes() {
        for (field, fits) in [
            // Of "めぐるみ", by sha1sum and sha256sum.
            ("sha1 gblnqewYOMjeJAIjrJ5gZfBNq8U=", true),
            ("sha256 WpmHBBu8pY1kWwzOwBpFpcDbXJX5ust2fFaFutnukxc=", true),
            ("sha1 hblnqewYOMjeJAIjrJ5gZfBNq8U=", false),
            ("sha256 AAAA", false),
        ] {
            let mut checksum = Checksum::read(&headers(UPLOAD_CHECKSUM, field)).unwrap().unwrap();
            checksum.update("めぐるみ".as_bytes());
            assert_eq!(checksum.matches(), fits);
        }
        assert!(Checksum::read(&headers(UPLOAD_CHECKSUM, "crc32 AAAA")).is_err());
        assert!(Checksum::read(&headers(UPLOAD_CHECKSUM, "sha1")).is_err());
    }

    #[test]
    fn an_expiry_is_an_http_date() {
        let at = Timestamp::from_millis(784_111_777_000);
        assert_eq!(http_date(at).unwrap(), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
