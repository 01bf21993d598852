//! The classes of failure.

use serde::{Deserialize, Serialize};

/// Why a file could not be used, in terms its author can act on. The words shown live in the site's message files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    Empty,
    /// Not a container or image format on the allow-list, whatever its name says.
    UnknownFormat,
    /// A format we know, with a codec or feature we do not take.
    UnsupportedCodec,
    /// Recognised, but cut short or damaged.
    Damaged,
    NoVideo,
    TooLong,
    TooManyPixels,
    TooManyTracks,
    /// Wall clock, CPU or the progress watchdog.
    TookTooLong,
    /// Out of memory, or over the limit of output bytes.
    TooHeavy,
    /// The disk that is written to is full, or a quota on it. Ours: no file is too large for a site that has room.
    NoRoom,
    /// The child died: a bug or an attack. Worth another attempt.
    Crashed,
    /// What was made holds something that must not be published, such as a place or a date: a bug of ours, and nothing is
    /// published. The same bytes would fare no better.
    Tainted,
}

impl Failure {
    pub const ALL: &'static [Self] = &[
        Self::Empty,
        Self::UnknownFormat,
        Self::UnsupportedCodec,
        Self::Damaged,
        Self::NoVideo,
        Self::TooLong,
        Self::TooManyPixels,
        Self::TooManyTracks,
        Self::TookTooLong,
        Self::TooHeavy,
        Self::NoRoom,
        Self::Crashed,
        Self::Tainted,
    ];

    /// The class of that [`Failure::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|failure| failure.name() == name)
    }

    /// Stable name, as stored in the database and used in message keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::UnknownFormat => "unknown_format",
            Self::UnsupportedCodec => "unsupported_codec",
            Self::Damaged => "damaged",
            Self::NoVideo => "no_video",
            Self::TooLong => "too_long",
            Self::TooManyPixels => "too_many_pixels",
            Self::TooManyTracks => "too_many_tracks",
            Self::TookTooLong => "took_too_long",
            Self::TooHeavy => "too_heavy",
            Self::NoRoom => "no_room",
            Self::Crashed => "crashed",
            Self::Tainted => "tainted",
        }
    }

    /// Whether the same bytes could fare better another time.
    pub fn is_worth_retrying(self) -> bool {
        matches!(self, Self::Crashed | Self::TookTooLong | Self::TooHeavy | Self::NoRoom)
    }
}
