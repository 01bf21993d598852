//! The still pictures of a film that is ready: moments to choose from for what is seen first, what a moderator looks through, and
//! colours to show until any of them has come.

use super::{Video, VideoStatus};
use crate::time_id::VideoId;
use serde::{Deserialize, Serialize};
use transcoder_protocol::{ColourGrid, Storyboard, VideoOutput};
use web::media::{Files, Picture};

/// As the row keeps them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stills {
    /// The best first; one to three.
    pub posters: Vec<transcoder_protocol::Poster>,
    /// Everything that is to be seen, each look once.
    pub contact_sheet: Option<Storyboard>,
    /// Of the best poster: `#rrggbb`, and a grid of such.
    pub colour: String,
    pub grid: ColourGrid,
}

impl Stills {
    pub fn of(output: &VideoOutput) -> Self {
        Self {
            posters: output.posters.clone(),
            contact_sheet: Some(output.contact_sheet.sprite.clone()),
            colour: output.colour.clone(),
            grid: output.grid.clone(),
        }
    }

    pub(super) fn has_file(&self, file: &str) -> bool {
        self.posters.iter().any(|poster| poster.image.file == file)
            || self.contact_sheet.as_ref().is_some_and(|sheet| sheet.file == file)
    }
}

/// What is needed of a ready video's poster to show it; lists keep it with the post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poster {
    pub video: VideoId,
    pub generation: i64,
    pub file: String,
    pub width: u32,
    pub height: u32,
    /// `#rrggbb`, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
}

impl Poster {
    /// As pages show it.
    pub fn into_picture(self) -> Picture {
        let Self { video, generation, file, width, height, colour } = self;
        let files = Files::One(format!("/media/videos/{video}/{generation}/{file}"));
        Picture { width, height, colour, files, ..Picture::default() }
    }
}

/// A moment of a ready film that can be what is seen first of its post.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    video: &'a Video,
    image: &'a transcoder_protocol::ImageFile,
    pub at_ms: u64,
    is_best: bool,
}

impl Video {
    /// What can be chosen to be seen first, the best first; nothing until it is ready.
    pub fn moments(&self) -> impl Iterator<Item = Moment<'_>> {
        let posters = self.stills.as_ref().map_or(&[][..], |stills| &stills.posters);
        // Of a generation that was made before the others were kept only the best is known.
        let alone = self.poster.as_ref().filter(|_| posters.is_empty()).map(|image| (image, 0));
        posters
            .iter()
            .map(|poster| (&poster.image, poster.at_ms))
            .chain(alone)
            .filter(|_| self.state == VideoStatus::Ready)
            .enumerate()
            .map(|(place, (image, at_ms))| Moment {
                video: self,
                image,
                at_ms,
                is_best: place == 0,
            })
    }
}

impl Moment<'_> {
    pub fn video_id(&self) -> VideoId {
        self.video.id
    }

    fn stills(&self) -> Option<&Stills> {
        self.video.stills.as_ref().filter(|_| self.is_best)
    }

    /// As lists keep it.
    pub fn poster(&self) -> Poster {
        Poster {
            video: self.video.id,
            generation: self.video.generation,
            file: self.image.file.clone(),
            width: self.image.width,
            height: self.image.height,
            colour: self.stills().map(|stills| stills.colour.clone()),
        }
    }

    /// As a post's own page shows it.
    pub fn picture(&self) -> Picture {
        let grid = self.stills().map(|stills| &stills.grid);
        let grid = grid.and_then(|grid| web::media::ColourGrid::parse(grid.columns, &grid.colours));
        Picture { grid, ..self.poster().into_picture() }
    }
}
