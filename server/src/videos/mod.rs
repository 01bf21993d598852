//! Videos: from a finished upload to something every phone plays.
//!
//! States: `queued → transcoding → ready | failed`, and `failed → queued` when its owner asks for another try. The source is kept,
//! never served, so that a later generation can be made from it. A video that no revision shows is no longer worked on (`failed`, named
//! `cancelled`): the child is ended within seconds, what it has made goes at once, and the source a day later.
//!
//! An attempt that failed by no fault of the file leaves the video `queued`, named by its failure, until the next attempt; its author
//! is told the class only after the last one. Failures of ours alone (`tainted`) bury the job at once, for an operator to see. Want of
//! room (`no_room`) is told at once, and counts as no attempt: the video stays `queued` until there is room.
//!
//! Slow motion is a second video of the same upload, with a row, files and generations of its own: so it is moderated as the film that
//! it is, captions written for the other are not shown over it, and a published post keeps what was approved. The source lies under the key of
//! either, and goes with the last of the two.
//!
//! Not here: bytes on their way in (`media::upload`), the work on frames (the transcoder), which post shows a video (`posts`).

pub mod actions;
mod jobs;
mod motion;
pub mod operator;
mod pace;
pub mod pages;
pub mod present;
mod preview;
mod sql;
mod stills;

pub use jobs::{DropPreview, DropVideo, TranscodeVideo};
pub use motion::motion;
pub use pace::Pace;
pub use present::{fault, notes};
pub use preview::Preview;
pub use sql::{find, find_many};
pub use stills::{Moment, Poster, Stills};

use crate::text_enum;
use crate::time_id::{AccountId, UploadId, VideoId};

text_enum! {
    pub enum VideoStatus { Queued = "queued", Transcoding = "transcoding", Ready = "ready", Failed = "failed" }
}

#[derive(Clone, Debug)]
pub struct Video {
    pub id: VideoId,
    pub owner_id: AccountId,
    pub upload_id: Option<UploadId>,
    /// In slow motion; see [`Video::slow_factor`].
    pub is_slow: bool,
    pub source_bytes: u64,
    pub state: VideoStatus,
    /// A `transcoder_protocol::Failure` name, when failed; of the attempt before, when queued.
    pub failure: Option<String>,
    /// Thousandths done, while transcoding.
    pub progress: u16,
    pub generation: i64,
    /// 0 until ready, as are the sizes (upright, of the tallest rendition).
    pub duration_ms: u64,
    pub width: u32,
    pub height: u32,
    /// Frames by the clock: the sprite's layout, once ready.
    pub storyboard: Option<transcoder_protocol::Storyboard>,
    /// The best poster of the generation. `None` until ready.
    pub poster: Option<transcoder_protocol::ImageFile>,
    /// `None` until ready, and for a generation that was made before these were kept.
    pub stills: Option<Stills>,
    /// What can be watched while it is being made, and for an hour after.
    pub preview: Option<Preview>,
    /// Of the job that works on it; 0 before the first.
    pub attempt: u32,
    /// Of the running attempt, once it moves.
    pub pace: Option<Pace>,
    /// Whether the source said where it was filmed. `false` until ready.
    pub had_location: bool,
    /// Of a source that broke off: how long it should have been. `duration_ms` is how much of it there is.
    pub claimed_ms: Option<u64>,
    /// Of a source whose sound cannot be read, so that this is silent: the codec's name.
    pub sound_left_out: Option<String>,
    /// How many times as long as it was filmed it is in slow motion, where it was filmed for that. `None` until ready.
    pub slow_factor: Option<u32>,
}

/// The video as pages play it: whole once it is ready, and before as far as it can be watched. Its captions, and what is seen before it
/// plays, are the revision's (`posts::player`).
pub fn player(video: &Video) -> Option<web::media::Video> {
    match video.state {
        VideoStatus::Ready => whole(video),
        VideoStatus::Transcoding => {
            video.preview.as_ref().and_then(|preview| growing(video, preview))
        }
        VideoStatus::Queued | VideoStatus::Failed => None,
    }
}

fn growing(video: &Video, preview: &Preview) -> Option<web::media::Video> {
    if preview.segments.is_empty() {
        return None;
    }
    let ready: f64 = preview.segments.iter().map(|segment| segment.duration_ms).sum();
    Some(web::media::Video {
        hls_url: format!("/media/videos/{}/preview/{}", video.id, preview.playlist_file()),
        width: preview.outline.width,
        height: preview.outline.height,
        seconds: seconds(preview.outline.expected_ms.unwrap_or(ready as u64)),
        ready_seconds: Some(seconds(ready as u64)),
        ..web::media::Video::default()
    })
}

fn whole(video: &Video) -> Option<web::media::Video> {
    let base = format!("/media/videos/{}/{}", video.id, video.generation);
    let by_scene = video.stills.as_ref().and_then(|stills| stills.contact_sheet.as_ref());
    let sheet = by_scene.or(video.storyboard.as_ref()).filter(|sheet| !sheet.at_ms.is_empty());
    Some(web::media::Video {
        hls_url: format!("{base}/master.m3u8"),
        mp4_url: Some(format!("{base}/plain.mp4")),
        ready_seconds: None,
        poster: None,
        width: video.width,
        height: video.height,
        seconds: seconds(video.duration_ms),
        captions: None,
        sheet: sheet.map(|sheet| web::media::ContactSheet {
            sprite_url: format!("{base}/{}", sheet.file),
            columns: sheet.columns,
            tile_width: sheet.tile_width,
            tile_height: sheet.tile_height,
            at_ms: sheet.at_ms.clone(),
        }),
    })
}

/// Whole seconds, rounded, at least one.
pub fn seconds(duration_ms: u64) -> u32 {
    u32::try_from(duration_ms.saturating_add(500) / 1000).unwrap_or(u32::MAX).max(1)
}
