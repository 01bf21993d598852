//! A job's working folder: where the transcoder finds its input and leaves its output. Gone with the job.

use super::{Key, Result};
use crate::app::App;
use std::path::{Path, PathBuf};

pub struct WorkFolder {
    folder: tempfile::TempDir,
    output: PathBuf,
}

impl WorkFolder {
    pub fn new(app: &App) -> std::io::Result<Self> {
        // Absolute: the transcoder works from another folder.
        let root = std::path::absolute(app.config.work_folder())?;
        let folder = tempfile::TempDir::with_prefix_in("job-", root)?;
        let output = folder.path().join("output");
        std::fs::create_dir(&output)?;
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
