//! The files of an index, each with a checksum. tantivy gives one to those of its segments; the few that say which segments there are
//! have theirs in front of them.
//!
//! Not here: when the checksums of segments are looked at (`generation`).

use std::io;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    Directory, DirectoryLock, FileHandle, Lock, MmapDirectory, WatchCallback, WatchHandle, WritePtr,
};

const CHECKSUM: usize = 32;

#[derive(Debug, Clone)]
pub(crate) struct Checked(MmapDirectory);

impl Checked {
    pub fn open(folder: &Path) -> tantivy::Result<Checked> {
        Ok(Checked(MmapDirectory::open(folder)?))
    }
}

impl Directory for Checked {
    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let mut bytes = self.0.atomic_read(path)?;
        let is_whole = bytes
            .split_at_checked(CHECKSUM)
            .is_some_and(|(checksum, data)| Sha256::digest(data)[..] == *checksum);
        if !is_whole {
            let error = io::Error::new(io::ErrorKind::InvalidData, "its checksum is wrong");
            return Err(OpenReadError::wrap_io_error(error, path.to_owned()));
        }
        Ok(bytes.split_off(CHECKSUM))
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.0.atomic_write(path, &[&Sha256::digest(data)[..], data].concat())
    }

    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.0.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.0.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.0.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        self.0.open_write(path)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.0.sync_directory()
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.0.acquire_lock(lock)
    }

    fn watch(&self, watch_callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.0.watch(watch_callback)
    }
}
