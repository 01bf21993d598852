//! Working files: what a job or an upload needs on disk for a while. Nothing in here is worth keeping.
//!
//! `work/` is shared by all processes on one data folder (the site, a worker beside it). Each has a folder of its own in it, and holds
//! a lock in there for as long as it lives. A process that starts deletes what no living process holds, so a `kill -9`
//! leaves nothing behind for longer than until the next start.

use super::{Key, Result};
use crate::app::App;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

const LOCK: &str = "lock";

/// This process's own place under `work/`.
pub struct WorkRoot {
    folder: tempfile::TempDir,
    /// The system lets go of it when the process ends, however it ends.
    _held: File,
}

impl WorkRoot {
    /// Makes this process's folder below `root`, and deletes those whose process is gone.
    pub fn claim(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        // Absolute: the transcoder works from another folder.
        let root = std::path::absolute(root)?;
        // One at a time: between making a folder and locking it, nobody else may take it for a dead one's.
        let door = File::create(root.join(LOCK))?;
        door.lock()?;
        for entry in fs::read_dir(&root)?.flatten() {
            let path = entry.path();
            if path.file_name().is_some_and(|name| name == LOCK) || is_held(&path) {
                continue;
            }
            let gone =
                if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            match gone {
                Ok(()) => {
                    tracing::info!(path = %path.display(), "removed what a dead process left");
                }
                Err(error) => tracing::warn!(path = %path.display(), %error, "cannot clean up"),
            }
        }
        let folder = tempfile::TempDir::with_prefix_in("process-", &root)?;
        let held = File::create(folder.path().join(LOCK))?;
        held.lock()?;
        Ok(Self { folder, _held: held })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Whether a living process works in this folder.
fn is_held(folder: &Path) -> bool {
    File::open(folder.join(LOCK))
        .is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

/// A job's working folder: where the transcoder finds its input and leaves its output. Gone with the job.
pub struct WorkFolder {
    folder: tempfile::TempDir,
    output: PathBuf,
}

impl WorkFolder {
    pub fn new(app: &App) -> io::Result<Self> {
        let folder = tempfile::TempDir::with_prefix_in("job-", app.work.path())?;
        let output = folder.path().join("output");
        fs::create_dir(&output)?;
        Ok(Self { folder, output })
    }

    /// The object as a file to read: the stored one itself where the store is a folder, else a copy.
    pub async fn input(&self, app: &App, key: &Key) -> Result<PathBuf> {
        if let Some(path) = app.media.local_path(key) {
            return Ok(std::path::absolute(path)?);
        }
        let path = self.folder.path().join("input");
        app.media.copy_to_file(key, &path).await?;
        Ok(path)
    }

    /// Empty at first.
    pub fn output(&self) -> &Path {
        &self.output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_living_hold_stays_and_what_the_dead_left_goes() {
        let root = tempfile::tempdir().unwrap();
        let dead = root.path().join("process-dead");
        fs::create_dir_all(dead.join("job-1/output")).unwrap();
        File::create(dead.join(LOCK)).unwrap();
        fs::write(root.path().join("spool"), "half a photo").unwrap();
        let site = WorkRoot::claim(root.path()).unwrap();
        assert!(!dead.exists() && !root.path().join("spool").exists());
        let job = site.path().join("job-2");
        fs::create_dir(&job).unwrap();
        let worker = WorkRoot::claim(root.path()).unwrap();
        assert!(job.exists(), "the site still lives");
        let left = site.path().to_owned();
        drop(site);
        assert!(!left.exists() && worker.path().exists());
    }
}
