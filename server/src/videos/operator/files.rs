//! The folder for the results: what the child made, and what makes it playable from there.

use super::report::Report;
use anyhow::{Context, bail};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use transcoder_protocol::{VideoOutput, hls, storyboard};

pub struct Results {
    folder: PathBuf,
    work: TempDir,
    /// To be removed again, as long as nothing was kept.
    is_new: bool,
}

impl Results {
    /// Errors: there is something in the folder, or it is no folder, or can't be made or written.
    pub fn prepare(out: &Path) -> anyhow::Result<Self> {
        let cannot = || format!("cannot use the folder {}", out.display());
        // Absolute: the transcoder works from another folder.
        let folder = std::path::absolute(out).with_context(cannot)?;
        let is_new = match fs::read_dir(&folder) {
            Ok(mut entries) => match entries.next() {
                None => false,
                Some(_) => bail!("{} is not empty; nothing is overwritten", out.display()),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(&folder).with_context(cannot)?;
                true
            }
            Err(error) => return Err(error).with_context(cannot),
        };
        let work = TempDir::with_prefix_in(".making-", &folder).with_context(cannot)?;
        Ok(Self { folder, work, is_new })
    }

    /// Where the child works. Empty.
    pub fn work_folder(&self) -> &Path {
        self.work.path()
    }

    /// Keeps what was made, and the report in any case.
    pub fn keep(mut self, report: &Report) -> anyhow::Result<()> {
        self.is_new = false;
        if let Some(made) = &report.made {
            for file in made.files() {
                self.take(file)?;
            }
            for (name, text) in texts(made) {
                self.write(&name, &text)?;
            }
        }
        self.write("report.json", &report.to_json()?)
    }

    fn take(&self, file: &str) -> anyhow::Result<()> {
        let to = self.free(file)?;
        fs::rename(self.work.path().join(file), &to)
            .with_context(|| format!("cannot keep {}", to.display()))
    }

    fn write(&self, file: &str, text: &str) -> anyhow::Result<()> {
        let to = self.free(file)?;
        File::create_new(&to)
            .and_then(|mut created| created.write_all(text.as_bytes()))
            .with_context(|| format!("cannot write {}", to.display()))
    }

    fn free(&self, file: &str) -> anyhow::Result<PathBuf> {
        let path = self.folder.join(file);
        if path.symlink_metadata().is_ok() {
            bail!("{} has appeared meanwhile; nothing is overwritten", path.display());
        }
        Ok(path)
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        // A killed child's last system call may still have made a file: a second look finds it.
        for _ in 0..2 {
            if fs::remove_dir_all(self.work.path()).is_ok() {
                break;
            }
        }
        if self.is_new {
            // Fails, as it should, when somebody has put something there.
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

/// Playlists and the storyboard's track, with addresses in the same folder.
fn texts(made: &VideoOutput) -> Vec<(String, String)> {
    let mut texts = vec![
        ("master.m3u8".to_owned(), hls::master_playlist(&made.renditions, playlist_of)),
        (
            "storyboard.vtt".to_owned(),
            storyboard::webvtt(&made.storyboard, made.duration_ms, &made.storyboard.file),
        ),
    ];
    texts.extend(made.renditions.iter().map(|rendition| {
        (playlist_of(&rendition.file), hls::media_playlist(rendition, &rendition.file))
    }));
    texts
}

fn playlist_of(file: &str) -> String {
    Path::new(file).with_extension("m3u8").to_string_lossy().into_owned()
}
