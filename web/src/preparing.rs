//! What the author of a post is told of its video and photos: how far the work on them is, and what became of them.

use std::borrow::{Borrow, Cow};

use crate::html::Markup;
use crate::lang::{Arg, Lang, Value as _};
use crate::vocabulary::{Length, MediaFault, clock_length};

/// How far the work on a video is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preparing {
    /// 0 to 100.
    pub percent: u8,
    pub step: Step,
    /// An earlier attempt came to nothing, by no fault of the file.
    pub is_again: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Behind so many others.
    Waiting { ahead: u32 },
    /// Until the site has room for it again.
    NoRoom,
    /// With how many seconds are left, once that can be told.
    Working { left: Option<u32> },
}

impl Preparing {
    #[must_use]
    pub fn sample() -> Self {
        Self { percent: 40, step: Step::Working { left: Some(130) }, is_again: false }
    }

    /// In whole sentences, for its author.
    #[must_use]
    pub fn words(&self, lang: impl Borrow<Lang>) -> Markup {
        self.markup(*lang.borrow(), "video")
    }

    /// As [`Self::words`], as plain text.
    #[must_use]
    pub fn plain_words(&self, lang: impl Borrow<Lang>) -> String {
        let (key, args) = self.message("video");
        lang.borrow().plain_with(&key, &args)
    }

    /// In a few words, for a row of a list.
    #[must_use]
    pub fn short_words(&self, lang: impl Borrow<Lang>) -> Markup {
        self.markup(*lang.borrow(), "preparing")
    }

    fn markup(&self, lang: Lang, stem: &str) -> Markup {
        let (key, args) = self.message(stem);
        Markup(Cow::Owned(lang.html_with(&key, &args)))
    }

    fn message(&self, stem: &str) -> (String, Vec<(&'static str, Arg<'_>)>) {
        let percent = ("percent", self.percent.arg());
        let work = if self.is_again { "again" } else { "processing" };
        match self.step {
            Step::NoRoom => (format!("{stem}-no-room"), vec![]),
            Step::Waiting { .. } if self.is_again => (format!("{stem}-again-waiting"), vec![]),
            Step::Waiting { ahead: 0 } => (format!("{stem}-next"), vec![]),
            Step::Waiting { ahead } => (format!("{stem}-waiting"), vec![("n", number(ahead))]),
            Step::Working { left: None } => (format!("{stem}-{work}"), vec![percent]),
            Step::Working { left: Some(0..60) } => (format!("{stem}-{work}-soon"), vec![percent]),
            Step::Working { left: Some(seconds) } => {
                let minutes = ("minutes", number(seconds.saturating_add(30) / 60));
                (format!("{stem}-{work}-minutes"), vec![percent, minutes])
            }
        }
    }
}

fn number(n: u32) -> Arg<'static> {
    Arg::Number(i64::from(n))
}

/// Something about a post's video or photos that its author alone is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaNote {
    Preparing(Preparing),
    /// The file said where it was made. What is published does not.
    LocationRemoved,
    /// The file broke off: so many seconds of it are published.
    CutShort {
        seconds: u32,
    },
    /// The sound goes on beyond what is published, so many seconds, because no video may be longer than `longest`.
    SoundTooLong {
        seconds: u32,
        longest: Length,
    },
    /// The file's sound cannot be read, and what is published is silent.
    SoundLeftOut,
    /// `longest` is how long a video may be.
    VideoFailed {
        fault: MediaFault,
        longest: Length,
    },
    PhotoFailed(MediaFault),
    /// A photo waits until the site has room for it again.
    PhotoWaits,
}

impl MediaNote {
    #[must_use]
    pub fn words(&self, lang: impl Borrow<Lang>) -> Markup {
        let lang = *lang.borrow();
        match self {
            Self::Preparing(preparing) => preparing.words(lang),
            Self::LocationRemoved => lang.t("media-location-removed"),
            Self::CutShort { seconds } => {
                lang.t1("media-cut-short", "time", clock_length(*seconds))
            }
            Self::SoundTooLong { seconds, longest } => {
                lang.t2("media-sound-too-long", "time", clock_length(*seconds), "length", *longest)
            }
            Self::SoundLeftOut => lang.t("media-sound-left-out"),
            Self::VideoFailed { fault, longest } => fault.video_words(lang, *longest),
            Self::PhotoFailed(fault) => lang.t(fault.photo_key()),
            Self::PhotoWaits => lang.t(MediaFault::NoRoom.photo_key()),
        }
    }

    #[must_use]
    pub fn plain_words(&self, lang: impl Borrow<Lang>) -> String {
        let lang = *lang.borrow();
        match self {
            Self::Preparing(preparing) => preparing.plain_words(lang),
            Self::LocationRemoved => lang.ta("media-location-removed").into_owned(),
            Self::CutShort { seconds } => {
                lang.ta1("media-cut-short", "time", clock_length(*seconds))
            }
            Self::SoundTooLong { seconds, longest } => {
                lang.ta2("media-sound-too-long", "time", clock_length(*seconds), "length", *longest)
            }
            Self::SoundLeftOut => lang.ta("media-sound-left-out").into_owned(),
            Self::VideoFailed { fault, longest } => fault.plain_video_words(lang, *longest),
            Self::PhotoFailed(fault) => lang.ta(fault.photo_key()).into_owned(),
            Self::PhotoWaits => lang.ta(MediaFault::NoRoom.photo_key()).into_owned(),
        }
    }

    pub(crate) fn icon(&self) -> &'static str {
        match self {
            Self::Preparing(_) => "video",
            Self::PhotoWaits => "camera",
            Self::LocationRemoved => "shield",
            Self::CutShort { .. }
            | Self::SoundTooLong { .. }
            | Self::SoundLeftOut
            | Self::VideoFailed { .. }
            | Self::PhotoFailed(_) => "warning",
        }
    }

    /// Whether something is asked of the author.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        match self {
            Self::Preparing(_) | Self::LocationRemoved | Self::PhotoWaits => false,
            Self::CutShort { .. }
            | Self::SoundTooLong { .. }
            | Self::SoundLeftOut
            | Self::VideoFailed { .. }
            | Self::PhotoFailed(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(step: Step, is_again: bool, lang: Lang) -> [String; 2] {
        let preparing = Preparing { percent: 42, step, is_again };
        [preparing.plain_words(lang), preparing.short_words(lang).to_string()]
    }

    #[test]
    fn every_step_has_words_of_its_own_in_every_language() {
        let working = |left| Step::Working { left };
        let steps = [
            (Step::Waiting { ahead: 0 }, false),
            (Step::Waiting { ahead: 2 }, false),
            (Step::Waiting { ahead: 0 }, true),
            (Step::NoRoom, true),
            (working(None), false),
            (working(Some(30)), false),
            (working(Some(125)), false),
            (working(None), true),
            (working(Some(30)), true),
            (working(Some(125)), true),
        ];
        for lang in Lang::ALL {
            let all: Vec<String> =
                steps.iter().flat_map(|(step, again)| said(*step, *again, lang)).collect();
            for words in &all {
                assert!(!words.contains('⟦'), "{words}");
            }
            let different: std::collections::BTreeSet<&String> = all.iter().collect();
            assert_eq!(different.len(), all.len(), "{all:#?}");
        }
    }

    #[test]
    fn what_is_left_is_said_in_minutes_that_are_rounded() {
        let words = |left| said(Step::Working { left: Some(left) }, false, Lang::Ja)[0].clone();
        assert!(words(59).contains("あと1分もかかりません"), "{}", words(59));
        assert!(words(60).contains("あと約1分"), "{}", words(60));
        assert!(words(89).contains("あと約1分"), "{}", words(89));
        assert!(words(100).contains("あと約2分"), "{}", words(100));
        assert!(words(u32::MAX).contains("あと約"), "nothing overflows");
        assert!(said(Step::Waiting { ahead: 2 }, false, Lang::Ja)[0].contains("前に2本"));
    }
}
