//! The name of every object in the media store, and nothing else.
//!
//! | object | key |
//! |---|---|
//! | an upload on its way | `uploads/{upload}` |
//! | a video as it was sent | `videos/{video}/source` |
//! | what was made of it | `videos/{video}/{generation}/{file}` |
//! | a photo as it was sent | `photos/{photo}/source` |
//! | what was made of it | `photos/{photo}/{generation}/{width}.{webp,jpg}` |
//! | what is put there for a moment, to see whether it can be read | `probe/{random}` |
//!
//! What is made anew gets a new generation, so the bytes behind a URL never change. Sources are
//! never served to anyone.

use std::fmt;

use crate::time_id::{PhotoId, UploadId, VideoId};

/// The longest key, in bytes. S3 allows 1,024, file systems 255 for each segment.
const MAX_KEY: usize = 512;
const MAX_SEGMENT: usize = 128;

/// The text names no object: a segment is empty, too long, starts with a dot, or has a character
/// other than ASCII letters, digits, `.`, `_` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a media key")]
pub struct InvalidKey(String);

/// The name of one object: segments joined by `/`, none of which can lead out of the store.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Key(String);

impl Key {
    /// Reads a key that was stored as text.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let sound = text.len() <= MAX_KEY && text.split('/').all(is_segment);
        if sound { Ok(Self(text.to_owned())) } else { Err(InvalidKey(text.to_owned())) }
    }

    /// An upload, from its first byte until the feature it was for takes it over.
    pub fn upload(upload: UploadId) -> Self {
        Self(format!("uploads/{upload}"))
    }

    pub fn video_source(video: VideoId) -> Self {
        Self(format!("videos/{video}/source"))
    }

    /// One file of a generation: a rendition, a playlist, the poster, the storyboard.
    pub fn video_file(video: VideoId, generation: i64, file: &str) -> Result<Self, InvalidKey> {
        Self::parse(&format!("{}{}", Prefix::video_generation(video, generation), single(file)?))
    }

    /// A piece of what can be watched of a video while an attempt at making it goes on.
    pub fn video_preview(video: VideoId, token: &str, piece: &str) -> Result<Self, InvalidKey> {
        Self::parse(&format!("{}{}", Prefix::video_preview(video, token), single(piece)?))
    }

    pub fn photo_source(photo: PhotoId) -> Self {
        Self(format!("photos/{photo}/source"))
    }

    /// A photo at one width, in pixels.
    pub fn photo_file(photo: PhotoId, generation: i64, width: u32, format: PhotoFormat) -> Self {
        Self(format!("photos/{photo}/{generation}/{width}.{}", format.extension()))
    }

    /// Put there for a moment, to see whether it can be read.
    pub fn probe() -> Self {
        Self(format!("probe/{}", uuid::Uuid::new_v4()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The media type that the extension stands for; `application/octet-stream` for any other.
    pub fn content_type(&self) -> &'static str {
        match self.0.rsplit('/').next().and_then(|file| file.rsplit_once('.')).map(|(_, ext)| ext) {
            Some("m3u8") => "application/vnd.apple.mpegurl",
            Some("mp4" | "m4s") => "video/mp4",
            Some("m4a") => "audio/mp4",
            Some("vtt") => "text/vtt; charset=utf-8",
            Some("webp") => "image/webp",
            Some("jpg" | "jpeg") => "image/jpeg",
            Some("png") => "image/png",
            Some("avif") => "image/avif",
            Some("json") => "application/json",
            _ => "application/octet-stream",
        }
    }
}

/// What a photo is served as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PhotoFormat {
    WebP,
    Jpeg,
}

impl PhotoFormat {
    pub const fn extension(self) -> &'static str {
        match self {
            Self::WebP => "webp",
            Self::Jpeg => "jpg",
        }
    }
}

/// A set of objects that are deleted together: every key that starts with it. Ends in `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    /// A video's source and everything made of it.
    pub fn video(video: VideoId) -> Self {
        Self(format!("videos/{video}/"))
    }

    pub fn video_generation(video: VideoId, generation: i64) -> Self {
        Self(format!("videos/{video}/{generation}/"))
    }

    /// The pieces of one attempt. Its token is letters and digits.
    pub fn video_preview(video: VideoId, token: &str) -> Self {
        Self(format!("videos/{video}/preview-{token}/"))
    }

    /// A photo's source and everything made of it.
    pub fn photo(photo: PhotoId) -> Self {
        Self(format!("photos/{photo}/"))
    }

    pub fn photo_generation(photo: PhotoId, generation: i64) -> Self {
        Self(format!("photos/{photo}/{generation}/"))
    }

    /// What an S3 store keeps beside an upload while it goes on: see `s3`.
    pub(super) fn tails(upload: &Key) -> Self {
        Self(format!("{upload}.tails/"))
    }

    pub(super) fn join(&self, file: &str) -> Result<Key, InvalidKey> {
        Key::parse(&format!("{self}{}", single(file)?))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_segment(segment: &str) -> bool {
    !segment.is_empty()
        && segment.len() <= MAX_SEGMENT
        && !segment.starts_with('.')
        && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn single(file: &str) -> Result<&str, InvalidKey> {
    if is_segment(file) { Ok(file) } else { Err(InvalidKey(file.to_owned())) }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Key {
    type Error = InvalidKey;
    fn try_from(text: String) -> Result<Self, InvalidKey> {
        Self::parse(&text)
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NIL: &str = "00000000-0000-0000-0000-000000000000";

    #[test]
    fn no_text_that_leads_out_of_the_store_is_a_key() {
        for text in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "../x",
            "a/../b",
            "a/..",
            "a//b",
            "a/",
            "./a",
            "a/.b",
            "a\\b",
            "a\0b",
            "a b",
            "a%2e%2e",
            "C:/x",
            "写真",
        ] {
            assert_eq!(Key::parse(text), Err(InvalidKey(text.to_owned())));
        }
        assert!(Key::parse(&"a".repeat(MAX_SEGMENT + 1)).is_err());
        assert!(Key::parse(&"aaaaaaa/".repeat(MAX_KEY / 8 + 1)).is_err());
    }

    #[test]
    fn a_generation_file_is_one_segment() {
        let video: VideoId = NIL.parse().unwrap();
        let key = Key::video_file(video, 3, "720p.mp4").unwrap();
        assert_eq!(key.as_str(), "videos/00000000-0000-0000-0000-000000000000/3/720p.mp4");
        for file in ["../source", "a/b", "", ".."] {
            assert!(Key::video_file(video, 3, file).is_err(), "{file}");
        }
    }

    #[test]
    fn the_extension_gives_the_media_type() {
        let photo = Key::photo_file(NIL.parse().unwrap(), 1, 640, PhotoFormat::Jpeg);
        assert_eq!(photo.content_type(), "image/jpeg");
        assert_eq!(
            Key::video_source(NIL.parse().unwrap()).content_type(),
            "application/octet-stream"
        );
        assert_eq!(Key::parse("a.mp4/b").unwrap().content_type(), "application/octet-stream");
    }
}
