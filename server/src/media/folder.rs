//! The media store in a folder of this machine.
//!
//! | under the root | holds |
//! |---|---|
//! | `objects/{key}` | objects, whole |
//! | `partial/{key}` | uploads going on: at least the bytes that were acknowledged, maybe more |
//! | `incoming/` | files being written, under names of their own, until they are renamed into `objects/` |
//!
//! Keys are paths as they are: a file system of today finds one name among a million as fast as
//! among a hundred, and an operator can look at them, copy and count them. Everything is on one
//! file system, so a rename is all or nothing. All calls run on the blocking pool.

use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::task::JoinHandle;

use super::keys::{Key, Prefix};
use super::store::{MediaError, Object, Result, Source, UploadHandle};

/// How much is read at a time: large enough that the hop to the blocking pool doesn't show.
const READ_STEP: usize = 128 * 1024;
/// How much an appender gathers before it writes. It holds at most two of these.
const WRITE_STEP: usize = 1024 * 1024;
/// An upload's bytes are brought to disk about this often.
const SYNC_BYTES: u64 = 8 * 1024 * 1024;
const SYNC_EVERY: Duration = Duration::from_secs(2);
/// The most that waits for the disk before the sender does.
const UNSYNCED_BYTES: u64 = 32 * 1024 * 1024;
/// After this, a file in `incoming/` is what a killed process left.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Clone, Debug)]
pub struct Folder {
    root: Arc<Path>,
}

impl Folder {
    pub async fn open(root: PathBuf) -> Result<Self> {
        blocking(move || {
            for part in ["objects", "partial", "incoming"] {
                create_dirs(&root.join(part))?;
            }
            for entry in fs::read_dir(root.join("incoming"))? {
                let entry = entry?;
                let age = entry.metadata().and_then(|meta| meta.modified()).map(|at| at.elapsed());
                if matches!(age, Ok(Ok(age)) if age > STALE) {
                    fs::remove_file(entry.path())?;
                }
            }
            Ok(Self { root: root.into() })
        })
        .await
    }

    pub fn object_path(&self, key: &Key) -> PathBuf {
        self.root.join("objects").join(key.as_str())
    }

    fn partial_path(&self, key: &Key) -> PathBuf {
        self.root.join("partial").join(key.as_str())
    }

    pub async fn put_file(&self, key: &Key, path: &Path) -> Result<()> {
        let (folder, target, path) = (self.clone(), self.object_path(key), path.to_owned());
        blocking(move || {
            let mut from = File::open(path)?;
            // Copies inside the kernel, or shares the blocks where the file system can.
            folder.place(&target, |file| io::copy(&mut from, file).map(drop))
        })
        .await
    }

    pub async fn put_bytes(&self, key: &Key, bytes: Bytes) -> Result<()> {
        let (folder, target) = (self.clone(), self.object_path(key));
        blocking(move || folder.place(&target, |file| io::Write::write_all(file, &bytes))).await
    }

    /// Writes a file aside, brings it to disk, and only then gives it its name.
    fn place(&self, target: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<()> {
        let aside = self.incoming();
        let placed = (|| {
            let mut file = File::create_new(&aside)?;
            fill(&mut file)?;
            file.sync_all()?;
            rename_durably(&aside, target)
        })();
        if placed.is_err() {
            let _ = fs::remove_file(&aside);
        }
        Ok(placed?)
    }

    fn incoming(&self) -> PathBuf {
        self.root.join("incoming").join(uuid::Uuid::new_v4().to_string())
    }

    pub async fn open_object(&self, key: &Key) -> Result<Object> {
        let (path, key) = (self.object_path(key), key.clone());
        blocking(move || {
            let file = File::open(path).map_err(|error| missing(&key, error))?;
            let meta = file.metadata()?;
            if !meta.is_file() {
                return Err(MediaError::NotFound(key.into()));
            }
            // A replaced object is another inode, written at another time.
            let etag = format!(
                "\"{:x}-{:x}-{:x}.{:x}\"",
                meta.ino(),
                meta.len(),
                meta.mtime(),
                meta.mtime_nsec()
            );
            Ok(Object { length: meta.len(), etag, source: Source::Folder(file) })
        })
        .await
    }

    pub async fn copy_to_file(&self, key: &Key, path: &Path) -> Result<()> {
        let (from, key, path) = (self.object_path(key), key.clone(), path.to_owned());
        blocking(move || {
            let mut from = File::open(from).map_err(|error| missing(&key, error))?;
            io::copy(&mut from, &mut File::create(path)?)?;
            Ok(())
        })
        .await
    }

    pub async fn length(&self, key: &Key) -> Result<u64> {
        let (path, key) = (self.object_path(key), key.clone());
        blocking(move || match fs::metadata(path) {
            Ok(meta) if meta.is_file() => Ok(meta.len()),
            Ok(_) => Err(MediaError::NotFound(key.into())),
            Err(error) => Err(missing(&key, error)),
        })
        .await
    }

    pub async fn rename(&self, from: &Key, to: &Key) -> Result<()> {
        let (source, target, key) = (self.object_path(from), self.object_path(to), from.clone());
        blocking(move || rename_durably(&source, &target).map_err(|error| missing(&key, error)))
            .await
    }

    pub async fn delete(&self, key: &Key) -> Result<()> {
        let path = self.object_path(key);
        blocking(move || Ok(gone(fs::remove_file(path))?)).await
    }

    pub async fn delete_prefix(&self, prefix: &Prefix) -> Result<()> {
        let path = self.root.join("objects").join(prefix.as_str());
        blocking(move || Ok(gone(fs::remove_dir_all(path))?)).await
    }

    pub async fn check(&self) -> Result<()> {
        let probe = self.incoming();
        blocking(move || {
            let written = fs::write(&probe, b"ready?");
            let removed = fs::remove_file(&probe);
            written?;
            Ok(removed?)
        })
        .await
    }

    pub async fn begin_upload(&self, key: &Key) -> Result<()> {
        let path = self.partial_path(key);
        blocking(move || {
            let parent = parent(&path);
            create_dirs(parent)?;
            File::create(&path)?.sync_all()?;
            Ok(sync_dir(parent)?)
        })
        .await
    }

    pub async fn appender(&self, handle: UploadHandle, offset: u64) -> Result<Appender> {
        let path = self.partial_path(&handle.key);
        blocking(move || {
            let file = File::options()
                .write(true)
                .open(path)
                .map_err(|error| missing(&handle.key, error))?;
            cut(&file, offset)?;
            Ok(Appender {
                handle,
                file: Arc::new(file),
                taken: offset,
                durable: offset,
                gathered: Vec::new(),
                gathered_bytes: 0,
                writing: None,
                syncing: None,
                sync_began: Instant::now(),
            })
        })
        .await
    }

    pub async fn finish_upload(&self, handle: &UploadHandle, length: u64) -> Result<()> {
        let key = handle.key.clone();
        let (partial, target) = (self.partial_path(&key), self.object_path(&key));
        blocking(move || {
            let file =
                File::options().write(true).open(&partial).map_err(|error| missing(&key, error))?;
            cut(&file, length)?;
            file.sync_all()?;
            Ok(rename_durably(&partial, &target)?)
        })
        .await
    }

    pub async fn abort_upload(&self, handle: &UploadHandle) -> Result<()> {
        let path = self.partial_path(&handle.key);
        blocking(move || Ok(gone(fs::remove_file(path))?)).await
    }
}

/// See [`super::Appender`]. Gathering, writing and bringing to disk go on side by side, so that the
/// sender waits for the disk only when it is faster for long.
#[derive(Debug)]
pub struct Appender {
    pub(super) handle: UploadHandle,
    file: Arc<File>,
    /// The offset behind the bytes taken, written or not.
    taken: u64,
    /// The offset behind the bytes that are on disk.
    durable: u64,
    gathered: Vec<Bytes>,
    gathered_bytes: usize,
    writing: Option<JoinHandle<io::Result<()>>>,
    /// With the offset behind the bytes that it brings to disk.
    syncing: Option<(u64, JoinHandle<io::Result<()>>)>,
    sync_began: Instant,
}

impl Appender {
    pub async fn write(&mut self, bytes: Bytes) -> Result<Option<u64>> {
        self.taken += bytes.len() as u64;
        self.gathered_bytes += bytes.len();
        self.gathered.push(bytes);
        if self.gathered_bytes >= WRITE_STEP {
            self.start_writing().await?;
        }
        let unsynced = self.taken - self.durable;
        let reached = match &self.syncing {
            Some((_, sync)) if sync.is_finished() || unsynced >= UNSYNCED_BYTES => {
                self.synced().await?;
                Some(self.durable)
            }
            _ => None,
        };
        let due = unsynced >= SYNC_BYTES || self.sync_began.elapsed() >= SYNC_EVERY;
        if due && self.syncing.is_none() {
            self.start_syncing().await?;
        }
        Ok(reached)
    }

    pub async fn flush(&mut self) -> Result<u64> {
        self.synced().await?;
        if self.durable < self.taken {
            self.start_syncing().await?;
            self.synced().await?;
        }
        Ok(self.durable)
    }

    pub async fn discard(mut self) {
        // What a failed write left is cut off by the next appender.
        let _ = self.written().await;
    }

    async fn start_writing(&mut self) -> Result<()> {
        self.written().await?;
        if self.gathered_bytes == 0 {
            return Ok(());
        }
        let file = self.file.clone();
        let chunks = std::mem::take(&mut self.gathered);
        let mut at = self.taken - self.gathered_bytes as u64;
        self.gathered_bytes = 0;
        self.writing = Some(tokio::task::spawn_blocking(move || {
            for chunk in chunks {
                file.write_all_at(&chunk, at)?;
                at += chunk.len() as u64;
            }
            Ok(())
        }));
        Ok(())
    }

    /// Waits for the write that runs.
    async fn written(&mut self) -> Result<()> {
        match self.writing.take() {
            Some(writing) => Ok(writing.await.map_err(io::Error::other)??),
            None => Ok(()),
        }
    }

    async fn start_syncing(&mut self) -> Result<()> {
        self.start_writing().await?;
        self.written().await?;
        let file = self.file.clone();
        let sync = tokio::task::spawn_blocking(move || file.sync_data());
        self.syncing = Some((self.taken, sync));
        self.sync_began = Instant::now();
        Ok(())
    }

    /// Waits for the sync that runs.
    async fn synced(&mut self) -> Result<()> {
        if let Some((offset, sync)) = self.syncing.take() {
            sync.await.map_err(io::Error::other)??;
            self.durable = offset;
        }
        Ok(())
    }
}

/// An object's bytes, a step at a time, by position: nothing is read ahead of the reader.
pub fn stream(file: File, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
    let file = Arc::new(file);
    futures_util::stream::try_unfold(range, move |range| {
        let file = file.clone();
        async move {
            if range.is_empty() {
                return Ok(None);
            }
            let read = tokio::task::spawn_blocking(move || {
                let step = usize::try_from(range.end - range.start).unwrap_or(READ_STEP);
                let mut chunk = BytesMut::zeroed(step.min(READ_STEP));
                let length = file.read_at(&mut chunk, range.start)?;
                chunk.truncate(length);
                Ok::<_, io::Error>((chunk.freeze(), range))
            });
            let (chunk, range) = read.await.map_err(io::Error::other)??;
            if chunk.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let next = range.start + chunk.len() as u64..range.end;
            Ok(Some((chunk, next)))
        }
    })
    .boxed()
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Drops what lies beyond `length`.
fn cut(file: &File, length: u64) -> Result<()> {
    let found = file.metadata()?.len();
    if found > length {
        file.set_len(length)?;
    }
    if found < length {
        return Err(MediaError::Torn { offset: length });
    }
    Ok(())
}

fn missing(key: &Key, error: io::Error) -> MediaError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            MediaError::NotFound(key.to_string())
        }
        _ => error.into(),
    }
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn rename_durably(from: &Path, to: &Path) -> io::Result<()> {
    let parent = parent(to);
    create_dirs(parent)?;
    fs::rename(from, to)?;
    sync_dir(parent)
}

/// Creates a folder and those above it, each durably.
fn create_dirs(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = parent(path);
    create_dirs(parent)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_dir(parent),
    }
}

fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// A relative path of one segment lies in the current folder.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_disk_is_told_apart_and_leaves_the_upload_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path().join("media")).await.unwrap();
        let key = Key::parse("uploads/x").unwrap();
        folder.begin_upload(&key).await.unwrap();
        // The kernel's own full disk.
        let path = folder.partial_path(&key);
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/full", &path).unwrap();

        let handle = UploadHandle { key, s3: Default::default() };
        let mut appender = folder.appender(handle, 0).await.unwrap();
        let taken = appender.write(Bytes::from_static(b"bytes")).await;
        let flushed = appender.flush().await;
        assert!(taken.is_ok_and(|offset| offset.is_none()));
        assert!(matches!(flushed, Err(MediaError::Full(_))), "{flushed:?}");
    }

    #[tokio::test]
    async fn nothing_half_written_is_left_when_storing_fails() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path().join("media")).await.unwrap();
        let key = Key::parse("photos/x/source").unwrap();
        let stored = folder.put_file(&key, Path::new("/proc/self/mem")).await;
        assert!(stored.is_err());
        assert!(matches!(folder.length(&key).await, Err(MediaError::NotFound(_))));
        assert_eq!(fs::read_dir(dir.path().join("media/incoming")).unwrap().count(), 0);
    }
}
