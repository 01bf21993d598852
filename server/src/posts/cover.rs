//! What is seen first of a post (はじめに見える絵): on its card, in front of its film, and where it is shared.
//!
//! A post with a film begins with a moment of it, unless its author chose another of its moments or one of the post's photos; a post
//! without one begins with its first photo, and there is nothing to choose. The choice is part of the revision
//! (`revisions.cover_choice`), so it is moderated and copied with it. It names the film and the moment, not a file: made anew, a film that still
//! offers the moment keeps the choice. A choice of what the revision does not hold any more counts for nothing.

use crate::photos::{self, Photo};
use crate::text_column;
use crate::time_id::{PhotoId, VideoId};
use crate::videos::{self, Moment, Video};
use std::fmt;
use std::str::FromStr;
use web::compose::{CoverOption, CoverShows};
use web::media::Picture;

/// What an author wants to be seen first. Written `film:{id}:{ms}` and `photo:{id}`, in the form and in the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoverChoice {
    Moment { video: VideoId, at_ms: u64 },
    Photo(PhotoId),
}

text_column!(CoverChoice);

impl fmt::Display for CoverChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Moment { video, at_ms } => write!(f, "film:{video}:{at_ms}"),
            Self::Photo(photo) => write!(f, "photo:{photo}"),
        }
    }
}

impl FromStr for CoverChoice {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once(':').ok_or(())? {
            ("film", rest) => {
                let (video, at_ms) = rest.split_once(':').ok_or(())?;
                let (video, at_ms) = (video.parse().map_err(drop)?, at_ms.parse().map_err(drop)?);
                Ok(Self::Moment { video, at_ms })
            }
            ("photo", id) => id.parse().map(Self::Photo).map_err(drop),
            _ => Err(()),
        }
    }
}

/// Something that can be seen first.
#[derive(Clone, Copy, Debug)]
pub enum Candidate<'a> {
    Moment(Moment<'a>),
    /// A photo that is ready, with its words.
    Photo(&'a Photo, &'a str),
}

impl<'a> Candidate<'a> {
    /// What the author of a post with this film may choose from: its moments, the best first, then the photos. Nothing without a film
    /// that is ready.
    pub fn all(photos: &'a [(Photo, String)], video: &'a Video) -> Vec<Self> {
        let moments: Vec<_> = video.moments().map(Self::Moment).collect();
        if moments.is_empty() {
            return moments;
        }
        let ready = photos.iter().filter(|(photo, _)| photo.state == photos::PhotoState::Ready);
        moments.into_iter().chain(ready.map(|(photo, alt)| Self::Photo(photo, alt))).collect()
    }

    /// What a film is shown behind: what was chosen, or its best moment.
    pub fn before_film(
        choice: Option<CoverChoice>,
        photos: &'a [(Photo, String)],
        video: &'a Video,
    ) -> Option<Self> {
        let all = Self::all(photos, video);
        let chosen = all.iter().find(|candidate| Some(candidate.choice()) == choice);
        chosen.or(all.first()).copied()
    }

    pub fn choice(&self) -> CoverChoice {
        match self {
            Self::Moment(moment) => {
                CoverChoice::Moment { video: moment.video_id(), at_ms: moment.at_ms }
            }
            Self::Photo(photo, _) => CoverChoice::Photo(photo.id),
        }
    }

    /// As a post's own page shows it.
    pub fn picture(&self) -> Option<Picture> {
        match self {
            Self::Moment(moment) => Some(moment.picture()),
            Self::Photo(photo, alt) => photos::picture(photo, alt),
        }
    }
}

/// The film as a revision's page plays it, with what its author chose to be seen first.
pub fn player(
    choice: Option<CoverChoice>,
    photos: &[(Photo, String)],
    video: &Video,
) -> Option<web::media::Video> {
    let player = videos::player(video)?;
    let poster = Candidate::before_film(choice, photos, video).and_then(|cover| cover.picture());
    Some(web::media::Video { poster, ..player })
}

/// What the posting page offers, with what would be seen now marked; nothing where there is no choice.
pub(super) fn options(
    choice: Option<CoverChoice>,
    photos: &[(Photo, String)],
    video: &Video,
) -> Vec<CoverOption> {
    let all = Candidate::all(photos, video);
    if all.len() < 2 {
        return Vec::new();
    }
    let mut options: Vec<CoverOption> = all
        .iter()
        .enumerate()
        .filter_map(|(place, candidate)| {
            Some(CoverOption {
                value: candidate.choice().to_string(),
                picture: candidate.picture()?,
                shows: match candidate {
                    Candidate::Moment(moment) => CoverShows::Moment {
                        seconds: u32::try_from(moment.at_ms / 1000).unwrap_or(u32::MAX),
                    },
                    Candidate::Photo(photo, _) => {
                        let before = photos.iter().position(|(other, _)| other.id == photo.id);
                        CoverShows::Photo { number: before.map_or(0, |before| before as u32 + 1) }
                    }
                },
                is_chosen: place == 0,
            })
        })
        .collect();
    if let Some(choice) = choice {
        mark(&mut options, choice);
    }
    options
}

/// Marks one of the options, if it is among them.
pub(super) fn mark(options: &mut [CoverOption], choice: CoverChoice) {
    let value = choice.to_string();
    if options.iter().any(|option| option.value == value) {
        for option in options {
            option.is_chosen = option.value == value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_survives_its_trip_through_a_form() {
        let clock = crate::time_id::Clock::System;
        let moment = CoverChoice::Moment { video: VideoId::new(&clock), at_ms: 12_345 };
        for choice in [moment, CoverChoice::Photo(PhotoId::new(&clock))] {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
    }

    #[test]
    fn nonsense_is_no_choice() {
        for text in ["", "film", "film:", "film:x:1", "photo:1", "photo:", "0190", "film:::"] {
            assert_eq!(text.parse::<CoverChoice>(), Err(()), "{text}");
        }
    }
}
