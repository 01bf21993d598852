//! The media store's one face, over a [`Folder`] or an [`S3`] bucket, which pass the same tests.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt};

use super::folder::{self, Folder};
use super::keys::{Key, Prefix};
use super::s3::{self, S3, S3Config};
use crate::room;

pub type Result<T> = std::result::Result<T, MediaError>;

#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    #[error("there is no media object {0}")]
    NotFound(String),
    /// No space left on the disk, or a quota is used up. The operator must act; nothing was kept.
    #[error("no room for media: {0}")]
    Full(String),
    /// The store holds less of an upload than was acknowledged. It can't be continued.
    #[error("the upload has lost bytes below offset {offset}")]
    Torn { offset: u64 },
    /// The bytes stopped coming: the sender's doing, not the store's.
    #[error("the bytes to store stopped coming")]
    Interrupted(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the media folder failed")]
    Io(#[source] io::Error),
    #[error("the media bucket failed")]
    Remote(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<io::Error> for MediaError {
    fn from(error: io::Error) -> Self {
        if room::is_missing_on_disk(&error) {
            Self::Full(error.to_string())
        } else {
            Self::Io(error)
        }
    }
}

/// Where media is kept. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Store {
    Folder(Folder),
    S3(S3),
}

/// An object found in the store, not yet read.
#[derive(Debug)]
pub struct Object {
    /// In bytes.
    pub length: u64,
    /// A strong validator, quotes included: changes whenever the bytes do.
    pub etag: String,
    pub(super) source: Source,
}

#[derive(Debug)]
pub(super) enum Source {
    Folder(std::fs::File),
    S3(S3, Key),
}

/// An object's bytes, or a range of them, as they come.
pub struct ReadBody {
    pub stream: BoxStream<'static, io::Result<Bytes>>,
    /// Which bytes the stream gives.
    pub range: Range<u64>,
    /// The whole object's length, in bytes.
    pub total_length: u64,
    pub etag: String,
}

/// What must be remembered, in the database, to go on with an upload: as text through
/// [`UploadHandle::to_json`]. It belongs to one offset and is committed together with it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct UploadHandle {
    pub(super) key: Key,
    /// What an S3 store knows. Stays empty in a folder.
    #[serde(default)]
    pub(super) s3: s3::UploadState,
}

impl UploadHandle {
    pub fn key(&self) -> &Key {
        &self.key
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| unreachable!("keys, numbers and strings"))
    }

    pub fn from_json(json: &str) -> serde_json::Result<Self> {
        serde_json::from_str(json)
    }
}

/// Adds bytes to the end of an upload. There may be only one for an upload at a time: the caller
/// sees to it. It must be driven to [`Appender::flush`] or [`Appender::discard`]; an appender that
/// is just dropped may still be writing.
#[derive(Debug)]
pub enum Appender {
    Folder(folder::Appender),
    S3(s3::Appender),
}

impl Appender {
    /// Takes bytes. Now and then (every few MiB, and in a folder also every two seconds) gives the
    /// offset up to which all is on disk: commit it to the database with [`Appender::handle`].
    pub async fn write(&mut self, bytes: Bytes) -> Result<Option<u64>> {
        match self {
            Self::Folder(appender) => appender.write(bytes).await,
            Self::S3(appender) => appender.write(bytes).await,
        }
    }

    /// Brings everything taken so far to disk and gives the offset behind it.
    pub async fn flush(&mut self) -> Result<u64> {
        match self {
            Self::Folder(appender) => appender.flush().await,
            Self::S3(appender) => appender.flush().await,
        }
    }

    /// Forgets the bytes taken since the last offset that the caller committed. Needs no flush
    /// before it; the next appender starts from the committed offset.
    pub async fn discard(self) {
        match self {
            Self::Folder(appender) => appender.discard().await,
            Self::S3(_) => {}
        }
    }

    /// The upload as of the last offset given by `write` or `flush`.
    pub fn handle(&self) -> &UploadHandle {
        match self {
            Self::Folder(appender) => &appender.handle,
            Self::S3(appender) => &appender.handle,
        }
    }
}

impl Store {
    /// Opens a folder, creating it if need be.
    pub async fn folder(root: impl Into<PathBuf>) -> Result<Self> {
        Folder::open(root.into()).await.map(Self::Folder)
    }

    /// Speaks to no one yet: [`Store::check`] tells whether the bucket answers.
    pub fn s3(config: &S3Config) -> Self {
        Self::S3(S3::new(config))
    }

    /// Stores a copy of the file at `path`, replacing what was there.
    pub async fn put_file(&self, key: &Key, path: &Path, content_type: &str) -> Result<()> {
        match self {
            Self::Folder(folder) => folder.put_file(key, path).await,
            Self::S3(s3) => s3.put_file(key, path, content_type).await,
        }
    }

    /// Stores something small, replacing what was there.
    pub async fn put_bytes(&self, key: &Key, bytes: Bytes, content_type: &str) -> Result<()> {
        match self {
            Self::Folder(folder) => folder.put_bytes(key, bytes).await,
            Self::S3(s3) => s3.put_bytes(key, bytes, content_type).await,
        }
    }

    /// Finds an object; its bytes come with [`Object::read`], and are this version's even if it is
    /// replaced in between (or reading fails).
    pub async fn open(&self, key: &Key) -> Result<Object> {
        match self {
            Self::Folder(folder) => folder.open_object(key).await,
            Self::S3(s3) => s3.open_object(key).await,
        }
    }

    /// The bytes of an object, or those of a range of it, cut to its length.
    pub async fn read(&self, key: &Key, range: Option<Range<u64>>) -> Result<ReadBody> {
        let object = self.open(key).await?;
        let range = range.unwrap_or(0..object.length);
        object.read(range).await
    }

    /// Copies an object into a new file at `path`.
    pub async fn copy_to_file(&self, key: &Key, path: &Path) -> Result<()> {
        match self {
            Self::Folder(folder) => folder.copy_to_file(key, path).await,
            Self::S3(s3) => s3.copy_to_file(key, path).await,
        }
    }

    /// Where the object is on this machine, to be read only; `None` when it is elsewhere. Says
    /// nothing about whether it exists.
    pub fn local_path(&self, key: &Key) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.object_path(key)),
            Self::S3(_) => None,
        }
    }

    /// In bytes; `None` when there is no such object.
    pub async fn length(&self, key: &Key) -> Result<Option<u64>> {
        let found = match self {
            Self::Folder(folder) => folder.length(key).await,
            Self::S3(s3) => s3.length(key).await,
        };
        match found {
            Ok(length) => Ok(Some(length)),
            Err(MediaError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub async fn exists(&self, key: &Key) -> Result<bool> {
        Ok(self.length(key).await?.is_some())
    }

    /// Gives an object another key, replacing what was there. Done already is done: so it may be
    /// repeated after a crash.
    pub async fn rename(&self, from: &Key, to: &Key, content_type: &str) -> Result<()> {
        let renamed = match self {
            Self::Folder(folder) => folder.rename(from, to).await,
            Self::S3(s3) => s3.rename(from, to, content_type).await,
        };
        match renamed {
            Err(MediaError::NotFound(_)) if self.exists(to).await? => Ok(()),
            other => other,
        }
    }

    /// Deletes an object; one that isn't there is deleted.
    pub async fn delete(&self, key: &Key) -> Result<()> {
        match self {
            Self::Folder(folder) => folder.delete(key).await,
            Self::S3(s3) => s3.delete(key).await,
        }
    }

    /// Deletes every object under the prefix, a page at a time. May be repeated after a crash.
    pub async fn delete_prefix(&self, prefix: &Prefix) -> Result<()> {
        match self {
            Self::Folder(folder) => folder.delete_prefix(prefix).await,
            Self::S3(s3) => s3.delete_prefix(prefix).await,
        }
    }

    /// A URL that anyone can read the object by until `ttl` (at most 7 days) has passed, without
    /// this server. `None` in a folder: there the bytes go through [`super::serve`].
    pub async fn signed_url(&self, key: &Key, ttl: Duration) -> Result<Option<String>> {
        match self {
            Self::Folder(_) => Ok(None),
            Self::S3(s3) => s3.signed_url(key, ttl).await.map(Some),
        }
    }

    /// Can media be stored right now? For `/readyz`.
    pub async fn check(&self) -> Result<()> {
        match self {
            Self::Folder(folder) => folder.check().await,
            Self::S3(s3) => s3.check().await,
        }
    }

    /// Starts an upload that will become the object `key` at [`Store::finish_upload`].
    pub async fn begin_upload(&self, key: &Key) -> Result<UploadHandle> {
        if let Self::Folder(folder) = self {
            folder.begin_upload(key).await?;
        }
        Ok(UploadHandle { key: key.clone(), s3: s3::UploadState::default() })
    }

    /// Goes on with an upload at the offset that the database has. Bytes beyond it, from an append
    /// that was cut down, are dropped; `handle` must be the one committed with that offset.
    ///
    /// # Errors
    /// [`MediaError::Torn`] when the store holds less than `offset` bytes,
    /// [`MediaError::NotFound`] when the upload was finished or aborted.
    pub async fn appender(&self, handle: UploadHandle, offset: u64) -> Result<Appender> {
        match self {
            Self::Folder(folder) => folder.appender(handle, offset).await.map(Appender::Folder),
            Self::S3(s3) => s3.appender(handle, offset).await.map(Appender::S3),
        }
    }

    /// Appends a whole stream in one go and gives the offset behind it: for senders that can't
    /// resume. `handle` is the upload at that offset then.
    ///
    /// # Errors
    /// As [`Store::appender`]; [`MediaError::Interrupted`] when the stream fails: the upload is
    /// then what it was before.
    pub async fn append<S, E>(
        &self,
        handle: &mut UploadHandle,
        offset: u64,
        bytes: S,
    ) -> Result<u64>
    where
        S: Stream<Item = std::result::Result<Bytes, E>> + Send,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut appender = self.appender(handle.clone(), offset).await?;
        let mut bytes = std::pin::pin!(bytes);
        while let Some(chunk) = bytes.next().await {
            match chunk {
                Ok(chunk) => {
                    appender.write(chunk).await?;
                }
                Err(error) => {
                    appender.discard().await;
                    return Err(MediaError::Interrupted(error.into()));
                }
            }
        }
        let end = appender.flush().await?;
        handle.clone_from(appender.handle());
        Ok(end)
    }

    /// Makes the upload's first `length` bytes the object `handle.key()`. Done already is done.
    ///
    /// # Errors
    /// [`MediaError::Torn`] when the store holds less than `length` bytes.
    pub async fn finish_upload(&self, handle: &UploadHandle, length: u64) -> Result<()> {
        let finished = match self {
            Self::Folder(folder) => folder.finish_upload(handle, length).await,
            Self::S3(s3) => s3.finish_upload(handle, length).await,
        };
        match finished {
            Err(MediaError::NotFound(_)) if self.length(&handle.key).await? == Some(length) => {
                Ok(())
            }
            other => other,
        }
    }

    /// Drops an unfinished upload and its bytes. Done already is done.
    pub async fn abort_upload(&self, handle: &UploadHandle) -> Result<()> {
        match self {
            Self::Folder(folder) => folder.abort_upload(handle).await,
            Self::S3(s3) => s3.abort_upload(handle).await,
        }
    }
}

impl Object {
    /// The bytes in `range`, cut to the object's length.
    pub async fn read(self, range: Range<u64>) -> Result<ReadBody> {
        let Self { length, etag, source } = self;
        let end = range.end.min(length);
        let range = range.start.min(end)..end;
        let stream = match source {
            _ if range.is_empty() => futures_util::stream::empty().boxed(),
            Source::Folder(file) => folder::stream(file, range.clone()),
            Source::S3(s3, key) => s3.stream(&key, range.clone(), &etag).await?,
        };
        Ok(ReadBody { stream, range, total_length: length, etag })
    }
}
