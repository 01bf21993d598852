//! What a video's author is told of it: how far it is, what failed, and what became of the file.

use super::{TranscodeVideo, Video, VideoStatus};
use crate::app::App;
use crate::db::{Db, Result};
use crate::jobs;
use crate::time_id::{Timestamp, VideoId};
use std::collections::HashMap;
use transcoder_protocol::Failure;
use web::{Length, MediaFault, MediaNote, Preparing, Step};

/// As many of the line are looked at: nobody needs to know a place behind them more exactly.
const LINE: u64 = 200;

/// The videos that wait or are being made, in the order in which they are taken.
#[derive(Debug, Default)]
pub struct Line {
    places: HashMap<VideoId, u32>,
}

impl Line {
    /// Asks only if one of these videos waits for its turn.
    pub async fn around(db: &Db, videos: impl IntoIterator<Item = &Video>) -> Result<Self> {
        if videos.into_iter().all(|video| video.state != VideoStatus::Queued) {
            return Ok(Self::default());
        }
        let line: Vec<TranscodeVideo> = jobs::in_line(db, LINE).await?;
        let places = line.into_iter().map(|job| job.video).zip(0..).collect();
        Ok(Self { places })
    }

    /// How many come before it.
    fn ahead_of(&self, video: VideoId) -> u32 {
        let behind_all = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        self.places.get(&video).copied().unwrap_or(behind_all)
    }
}

/// How far the work on it is; `None` once that is over.
pub fn preparing(video: &Video, line: &Line, now: Timestamp) -> Option<Preparing> {
    match video.state {
        VideoStatus::Queued => {
            let waits_for_room = video.failure.as_deref() == Some(Failure::NoRoom.name());
            let step = match waits_for_room {
                true => Step::NoRoom,
                false => Step::Waiting { ahead: line.ahead_of(video.id) },
            };
            Some(Preparing { percent: 0, step, is_again: video.failure.is_some() })
        }
        VideoStatus::Transcoding => {
            let left = video.pace.as_ref().and_then(|pace| pace.left(now));
            let left = left.map(|left| u32::try_from(left.as_secs()).unwrap_or(u32::MAX));
            Some(Preparing {
                percent: u8::try_from(video.progress / 10).unwrap_or(100),
                step: Step::Working { left },
                is_again: video.attempt > 1,
            })
        }
        VideoStatus::Ready | VideoStatus::Failed => None,
    }
}

/// The same for one video alone.
pub async fn preparing_one(app: &App, video: &Video) -> Result<Option<Preparing>> {
    let line = Line::around(&app.db, [video]).await?;
    Ok(preparing(video, &line, app.clock.now()))
}

/// Why it failed.
pub fn fault(video: &Video) -> MediaFault {
    fault_named(video.failure.as_deref())
}

/// The fault that a stored name means. What we do not know is ours.
pub fn fault_named(name: Option<&str>) -> MediaFault {
    let known = name.and_then(Failure::from_name);
    known.map_or(MediaFault::Crashed, fault_of)
}

fn fault_of(failure: Failure) -> MediaFault {
    match failure {
        Failure::Empty => MediaFault::Empty,
        Failure::UnknownFormat => MediaFault::UnknownFormat,
        Failure::UnsupportedCodec => MediaFault::UnsupportedCodec,
        Failure::Damaged => MediaFault::Damaged,
        Failure::NoVideo => MediaFault::NoVideo,
        Failure::TooLong => MediaFault::TooLong,
        Failure::TooManyPixels => MediaFault::TooManyPixels,
        Failure::TooManyTracks => MediaFault::TooManyTracks,
        Failure::TookTooLong => MediaFault::TookTooLong,
        Failure::TooHeavy => MediaFault::TooHeavy,
        Failure::NoRoom => MediaFault::NoRoom,
        Failure::Crashed => MediaFault::Crashed,
        Failure::Tainted => MediaFault::Tainted,
    }
}

/// How long a video may be, in the words of a message.
pub fn longest(app: &App) -> Length {
    Length(u32::try_from(app.config.video_max_seconds).unwrap_or(u32::MAX))
}

/// What its author is told of a video that is ready.
pub fn notes(app: &App, video: &Video) -> Vec<MediaNote> {
    if video.state != VideoStatus::Ready {
        return Vec::new();
    }
    let location = video.had_location.then_some(MediaNote::LocationRemoved);
    // Not a second more than there is.
    let there = u32::try_from(video.duration_ms / 1000).unwrap_or(u32::MAX);
    // A picture that goes on for longer is refused.
    let is_sound = video.duration_ms > app.config.video_max_seconds.saturating_mul(1000);
    let cut = video.claimed_ms.map(|_| match is_sound {
        true => MediaNote::SoundTooLong { seconds: there, longest: longest(app) },
        false => MediaNote::CutShort { seconds: there },
    });
    let sound = video.sound_left_out.as_ref().map(|_| MediaNote::SoundLeftOut);
    location.into_iter().chain(cut).chain(sound).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_of_failure_is_a_fault_of_its_own() {
        let faults: Vec<MediaFault> =
            Failure::ALL.iter().map(|failure| fault_of(*failure)).collect();
        assert_eq!(faults, MediaFault::ALL);
        for (failure, fault) in Failure::ALL.iter().zip(faults) {
            assert_eq!(fault_named(Some(failure.name())), fault);
            assert_eq!(failure.name().replace('_', "-"), fault.slug());
            let ends_otherwise = *failure == Failure::Tainted;
            assert!(ends_otherwise || failure.is_worth_retrying() == fault.is_passing());
        }
        assert_eq!(fault_named(Some("of another age")), MediaFault::Crashed);
        assert_eq!(fault_named(None), MediaFault::Crashed);
    }
}
