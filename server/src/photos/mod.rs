//! Photos: taken in as they come from a phone, shown upright, in several widths, without any metadata.
//!
//! States: `processing → ready | failed`. The bytes as sent (`photos/{id}/source`) are deleted once it is ready; nobody is ever
//! served them. A generation's files never change. A photo that no revision shows for a day is dropped.
//!
//! Not here: which post shows a photo (`posts`), how it is decoded (the transcoder).

pub mod actions;
mod jobs;
pub mod pages;
mod sql;

pub use jobs::{DropPhoto, ProcessPhoto};
pub use sql::{find, find_many, read, select};

use crate::text_enum;
use crate::time_id::{AccountId, PhotoId};
use crate::videos;
use serde::{Deserialize, Serialize};
use transcoder_protocol::Failure;
use web::MediaNote;
use web::media::{Files, Picture};

/// What is made of each photo, in pixels of width: a phone's list, a phone's page, a desktop's page, full screen.
pub const WIDTHS: [u32; 4] = [360, 720, 1080, 1600];

text_enum! {
    pub enum PhotoState { Processing = "processing", Ready = "ready", Failed = "failed" }
}

#[derive(Clone, Debug)]
pub struct Photo {
    pub id: PhotoId,
    pub owner_id: AccountId,
    pub state: PhotoState,
    /// A `transcoder_protocol::Failure` name, when failed; of the attempt before, when processing.
    pub failure: Option<String>,
    pub generation: i64,
    /// Of the widest file, upright; 0 until ready.
    pub width: u32,
    pub height: u32,
    /// Ascending; empty until ready.
    pub widths: Vec<u32>,
    /// `#rrggbb`.
    pub colour: Option<String>,
    pub grid: Option<transcoder_protocol::ColourGrid>,
    /// Whether the file said where it was taken. `false` until ready.
    pub had_location: bool,
}

/// What is needed of a ready photo to show it; lists keep it with the post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    pub id: PhotoId,
    pub generation: i64,
    pub width: u32,
    pub height: u32,
    /// Ascending.
    pub widths: Vec<u32>,
    /// `#rrggbb`.
    pub colour: Option<String>,
    /// What is to be seen, in its author's words.
    pub alt: String,
}

impl Shown {
    /// `None` until the photo is ready.
    pub fn of(photo: &Photo, alt: &str) -> Option<Self> {
        (photo.state == PhotoState::Ready).then(|| Self {
            id: photo.id,
            generation: photo.generation,
            width: photo.width,
            height: photo.height,
            widths: photo.widths.clone(),
            colour: photo.colour.clone(),
            alt: alt.to_owned(),
        })
    }

    /// As pages show it.
    pub fn into_picture(self) -> Picture {
        let Self { id, generation, width, height, widths, colour, alt } = self;
        let folder = format!("/media/photos/{id}/{generation}/");
        let files = Files::Widths { folder, widths };
        Picture { alt, width, height, colour, files, grid: None }
    }
}

/// What its author alone is told of it.
pub fn note(photo: &Photo) -> Option<MediaNote> {
    match photo.state {
        PhotoState::Failed => {
            Some(MediaNote::PhotoFailed(videos::present::fault_named(photo.failure.as_deref())))
        }
        PhotoState::Ready if photo.had_location => Some(MediaNote::LocationRemoved),
        PhotoState::Processing if photo.failure.as_deref() == Some(Failure::NoRoom.name()) => {
            Some(MediaNote::PhotoWaits)
        }
        PhotoState::Ready | PhotoState::Processing => None,
    }
}

/// The photo as pages show it; `None` until it is ready.
pub fn picture(photo: &Photo, alt: &str) -> Option<Picture> {
    let grid = photo.grid.as_ref();
    let grid = grid.and_then(|grid| web::media::ColourGrid::parse(grid.columns, &grid.colours));
    Shown::of(photo, alt).map(|shown| Picture { grid, ..shown.into_picture() })
}
