//! A film that can be watched while it is still being made: by its author, and by moderators once it was submitted.
//!
//! One rendition of it, the one that players start with, goes to the media store segment by segment, as objects of their own; the
//! row tells which are there, and the playlist stays open until the last. A killed attempt's pieces are not gone on with: each
//! attempt has a token of its own, which is part of every address. When the film is ready its real renditions take over, and the pieces stay
//! for as long as somebody may be watching them ([`super::jobs::DropPreview`]).

use super::{Pace, sql};
use crate::app::App;
use crate::media::Key;
use crate::time_id::VideoId;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::mpsc::UnboundedReceiver;
use transcoder_protocol::hls::{self, Piece};
use transcoder_protocol::run::Update;
use transcoder_protocol::{NewSegment, Outline, Segment};

/// How long the pieces outlive the work: nobody watches a film of three minutes for longer.
pub(super) const KEPT: Duration = Duration::from_secs(3600);

/// What the row tells of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    /// Of the attempt that makes it: letters and digits.
    pub token: String,
    /// With the one rendition that is shown.
    pub outline: Outline,
    /// Those that can be fetched.
    pub segments: Vec<Segment>,
    pub is_complete: bool,
}

impl Preview {
    pub fn playlist(&self) -> String {
        hls::open_media_playlist(&self.outline, &self.segments, self.is_complete, |piece| {
            format!("{}-{}", self.token, name(piece))
        })
    }

    /// The piece that a file of the preview's address is, if it is there.
    pub fn key(&self, video: VideoId, file: &str) -> Option<Key> {
        let piece = file.strip_prefix(&self.token)?.strip_prefix('-')?;
        let is_there = piece == name(Piece::Init)
            || (0..self.segments.len()).any(|n| piece == name(Piece::Segment(n)));
        if is_there { Key::video_preview(video, &self.token, piece).ok() } else { None }
    }

    pub fn playlist_file(&self) -> String {
        format!("{}.m3u8", self.token)
    }
}

fn name(piece: Piece) -> String {
    match piece {
        Piece::Init => "init.mp4".into(),
        Piece::Segment(index) => format!("{index}.m4s"),
    }
}

/// Hears what the transcoder says of one attempt, and keeps the row and the pieces up to date with it.
pub(super) struct Watch<'a> {
    pub app: &'a App,
    pub video: VideoId,
    /// Where the transcoder writes.
    pub output: &'a Path,
    pub token: String,
    pub pace: Mutex<Pace>,
}

/// Thousandths of the bar that the child's work is; the rest is for bringing the files to the store.
pub(super) const MADE: u16 = 960;

impl Watch<'_> {
    /// Ends when the video is no longer wanted; else stays until it is dropped. What can't be stored is logged and left out: the film is
    /// made all the same.
    pub async fn follow(&self, mut updates: UnboundedReceiver<Update>) {
        let mut preview: Option<Preview> = None;
        let mut has_begun = false;
        loop {
            let Some(first) = updates.recv().await else {
                return std::future::pending().await;
            };
            let mut permille = None;
            let mut has_grown = false;
            let waiting = std::iter::from_fn(|| updates.try_recv().ok());
            for update in std::iter::once(first).chain(waiting).collect::<Vec<_>>() {
                match update {
                    Update::Caged(_) | Update::Found(_) => {}
                    Update::Progress(done) => permille = Some(part(done.into(), 1000, 0, MADE)),
                    // Made anew: those who watch keep what they have until the film is ready.
                    Update::Outline(_) if has_begun => preview = None,
                    Update::Outline(outline) => {
                        has_begun = true;
                        preview = self.begin(outline);
                    }
                    Update::Segment(segment) => {
                        if let Some(preview) = &mut preview {
                            has_grown |= self.add(preview, &segment).await;
                        }
                    }
                }
            }
            let shown = preview.as_ref().filter(|_| has_grown);
            match self.write(permille, shown).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(error = format!("{error:#}"), "cannot write progress"),
            }
            if !has_grown {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }

    fn begin(&self, mut outline: Outline) -> Option<Preview> {
        let start = hls::start_rendition(&outline)?.clone();
        outline.renditions = vec![start];
        let token = self.token.clone();
        Some(Preview { token, outline, segments: Vec::new(), is_complete: false })
    }

    /// Stores a segment of the rendition that is shown. Returns whether there is more to watch now.
    async fn add(&self, preview: &mut Preview, new: &NewSegment) -> bool {
        let is_shown = preview.outline.renditions.iter().any(|shown| shown.file == new.file);
        // After one that could not be stored the list ends: it may have no holes.
        if !is_shown || preview.segments.len() != new.index as usize {
            return false;
        }
        match self.store(new).await {
            Ok(()) => preview.segments.push(new.segment),
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "cannot store a piece of a preview");
                return false;
            }
        }
        true
    }

    async fn store(&self, new: &NewSegment) -> anyhow::Result<()> {
        let mut file = tokio::fs::File::open(self.output.join(&new.file)).await?;
        let mut pieces =
            vec![(Piece::Segment(new.index as usize), new.segment.offset, new.segment.bytes)];
        if new.index == 0 {
            pieces.insert(0, (Piece::Init, 0, new.init_bytes));
        }
        for (piece, offset, bytes) in pieces {
            let mut content = vec![0; usize::try_from(bytes)?];
            file.seek(std::io::SeekFrom::Start(offset)).await?;
            file.read_exact(&mut content).await?;
            let key = Key::video_preview(self.video, &self.token, &name(piece))?;
            self.app.media.put_bytes(&key, content.into(), key.content_type()).await?;
        }
        Ok(())
    }

    /// Says that the child is done, and so many of the bytes it made have been stored. Returns whether the film is still wanted.
    pub async fn stored(&self, bytes: u64, all: u64) -> anyhow::Result<bool> {
        self.write(Some(part(bytes, all, MADE, 1000)), None).await
    }

    async fn write(
        &self,
        permille: Option<u16>,
        preview: Option<&Preview>,
    ) -> anyhow::Result<bool> {
        let progress = permille.map(|permille| {
            let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
            pace.note(self.app.clock.now(), permille);
            (permille, pace.clone())
        });
        let progress = progress.as_ref().map(|(permille, pace)| (*permille, pace));
        let mut tx = self.app.db.begin().await?;
        let is_wanted =
            sql::set_progress(&mut tx, &self.app.clock, self.video, progress, preview).await?;
        tx.commit().await?;
        Ok(is_wanted)
    }
}

/// Where between `from` and `to` one is who has done so much of all.
fn part(done: u64, all: u64, from: u16, to: u16) -> u16 {
    let share = (done.min(all) * u64::from(to - from)).checked_div(all).unwrap_or(0);
    from + u16::try_from(share).unwrap_or(to - from)
}
