//! Writing a post: choosing its kind, and the one form for all four.
//!
//! Without JavaScript it is one multipart form with the buttons `action=save`, `submit`, `photo-remove-{id}`, `photo-up-{id}`,
//! `photo-down-{id}`, `video-remove`, `video-retry`, `video-slow`, `video-as-filmed`. With it, `compose.ts` saves, uploads and polls; that file says what JSON it expects.

use crate::chrome::{Chrome, Head};
use crate::forms::FieldErrors;
use crate::html::Markup;
use crate::lang::Lang;
use crate::media::Picture;
use crate::page;
use crate::preparing::{MediaNote, Preparing, Step};
use crate::reading::{SAMPLE_BLOCKS, SAMPLE_BOWL, sample_picture};
use crate::vocabulary::{
    Choice, Kind, Length, MediaFault, PostState, Reason, Size, When, clock_length,
};
use std::borrow::Borrow;

/// The four kinds to choose from.
#[derive(Clone, Debug, Default)]
pub struct ChooseKindView {
    /// Unfinished drafts of this person, newest first: title (may be empty) and address.
    pub drafts: Vec<DraftLink>,
}

#[derive(Clone, Debug)]
pub struct DraftLink {
    pub title: String,
    pub kind: Kind,
    pub url: String,
    pub saved: When,
}

#[must_use]
pub fn choose_kind(chrome: &Chrome, view: &ChooseKindView) -> String {
    let head = Head::private(chrome.lang.ta("compose-choose-title"));
    page!("compose/choose.html", chrome, head, view, ChooseKindView)
}

/// The form. Field names: `kind`, `title`, `body`, `region`, `tags`, `age_from`, `age_to`, `photos` (files), `photos_order` (kept
/// ids, comma-separated, in order), `alt_{id}`, `video` (file), `cover`, `version`, `action`.
#[derive(Clone, Debug)]
pub struct ComposeView {
    /// `None` until the draft exists: the form then posts to `/posts/new`, else to `/posts/{id}/edit`.
    pub id: Option<String>,
    pub kind: Kind,
    /// Of the draft; a save with an older one is refused.
    pub version: i64,
    pub title: String,
    pub body: String,
    /// The chosen region's value.
    pub region: String,
    pub regions: Vec<Choice>,
    /// As typed, separated by spaces or commas.
    pub tags: String,
    /// In months, as typed.
    pub age_from: String,
    pub age_to: String,
    pub photos: Vec<ComposePhoto>,
    pub video: Option<ComposeVideo>,
    pub limits: Limits,
    pub errors: FieldErrors,
    pub state: PostState,
    /// An approved revision stays visible while this one is written.
    pub is_published: bool,
    /// Why it came back.
    pub reason: Option<Reason>,
    pub note: Option<String>,
    pub saved: Option<When>,
}

#[derive(Clone, Debug)]
pub struct ComposePhoto {
    pub id: String,
    /// `None` while it is being made ready.
    pub picture: Option<Picture>,
    pub alt: String,
    pub note: Option<MediaNote>,
}

#[derive(Clone, Debug)]
pub struct ComposeVideo {
    pub file_name: String,
    pub state: VideoState,
    pub poster: Option<Picture>,
    /// What can be seen first, one of it chosen; empty where there is no choice.
    pub covers: Vec<CoverOption>,
    pub seconds: Option<u32>,
    /// Once it is ready.
    pub notes: Vec<MediaNote>,
    /// `None` while there is no film yet to write them for.
    pub captions: Option<CaptionsState>,
    /// `None` where there is nothing to choose.
    pub motion: Option<Motion>,
}

/// How a film is shown that was filmed for slow motion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// As it was filmed. In slow motion it would be so long.
    MayBeSlow {
        seconds: u32,
    },
    /// As it was filmed: in slow motion it would be longer than a film may be.
    TooLong {
        seconds: u32,
        longest: Length,
    },
    Slow,
}

/// The button that changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MotionChange {
    /// Value of the field `action`.
    pub action: &'static str,
    key: &'static str,
}

impl MotionChange {
    #[must_use]
    pub fn label(&self, lang: impl Borrow<Lang>) -> String {
        lang.borrow().ta(self.key).into_owned()
    }
}

impl Motion {
    #[must_use]
    pub fn words(&self, lang: impl Borrow<Lang>) -> Markup {
        let lang = *lang.borrow();
        match self {
            Self::MayBeSlow { seconds } => {
                lang.t1("video-may-be-slow", "time", clock_length(*seconds))
            }
            Self::TooLong { seconds, longest } => {
                lang.t2("video-slow-too-long", "time", clock_length(*seconds), "length", *longest)
            }
            Self::Slow => lang.t("video-is-slow"),
        }
    }

    #[must_use]
    pub fn plain_words(&self, lang: impl Borrow<Lang>) -> String {
        let lang = *lang.borrow();
        match self {
            Self::MayBeSlow { seconds } => {
                lang.ta1("video-may-be-slow", "time", clock_length(*seconds))
            }
            Self::TooLong { seconds, longest } => {
                lang.ta2("video-slow-too-long", "time", clock_length(*seconds), "length", *longest)
            }
            Self::Slow => lang.ta("video-is-slow").into_owned(),
        }
    }

    /// `None` where it can't be changed.
    #[must_use]
    pub fn change(&self) -> Option<MotionChange> {
        match self {
            Self::MayBeSlow { .. } => {
                Some(MotionChange { action: "video-slow", key: "video-make-slow" })
            }
            Self::Slow => {
                Some(MotionChange { action: "video-as-filmed", key: "video-make-as-filmed" })
            }
            Self::TooLong { .. } => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptionsState {
    Missing,
    /// How many.
    Written(u32),
    /// Not shown: they were written for a film that was there before.
    ForAnother,
}

/// A picture that can be what is seen first of the post.
#[derive(Clone, Debug)]
pub struct CoverOption {
    /// Of the field `cover`.
    pub value: String,
    pub picture: Picture,
    pub shows: CoverShows,
    pub is_chosen: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoverShows {
    /// A moment of the film.
    Moment { seconds: u32 },
    /// One of the post's photos, counted from 1.
    Photo { number: u32 },
}

impl CoverOption {
    /// What the picture is, in words.
    #[must_use]
    pub fn label(&self, lang: &Lang) -> String {
        match self.shows {
            CoverShows::Moment { seconds } => {
                lang.ta1("compose-cover-moment", "time", clock_length(seconds))
            }
            CoverShows::Photo { number } => lang.ta1("compose-photo", "n", number),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VideoState {
    /// Bytes are still missing; the browser that has the file can resume.
    Uploading {
        percent: u8,
    },
    Processing(Preparing),
    Ready,
    /// `longest` is how long a video may be.
    Failed {
        fault: MediaFault,
        longest: Length,
    },
}

impl VideoState {
    /// As `compose.ts` knows it.
    #[must_use]
    pub fn slug(&self) -> &'static str {
        match self {
            Self::Uploading { .. } => "uploading",
            Self::Processing(_) => "processing",
            Self::Ready => "ready",
            Self::Failed { .. } => "failed",
        }
    }

    #[must_use]
    pub fn percent(&self) -> Option<u8> {
        match self {
            Self::Uploading { percent } | Self::Processing(Preparing { percent, .. }) => {
                Some(*percent)
            }
            _ => None,
        }
    }

    /// Whether the button that tries it again is there: only where that can help.
    #[must_use]
    pub fn may_retry(&self) -> bool {
        matches!(self, Self::Failed { fault, .. } if fault.is_passing())
    }

    #[must_use]
    pub fn words(&self, lang: impl Borrow<Lang>) -> Markup {
        let lang = *lang.borrow();
        match self {
            Self::Uploading { percent } => lang.t1("video-paused", "percent", percent),
            Self::Processing(preparing) => preparing.words(lang),
            Self::Ready => lang.t("video-ready"),
            Self::Failed { fault, longest } => fault.video_words(lang, *longest),
        }
    }

    #[must_use]
    pub fn plain_words(&self, lang: impl Borrow<Lang>) -> String {
        let lang = *lang.borrow();
        match self {
            Self::Uploading { percent } => lang.ta1("video-paused", "percent", percent),
            Self::Processing(preparing) => preparing.plain_words(lang),
            Self::Ready => lang.ta("video-ready").into_owned(),
            Self::Failed { fault, longest } => fault.plain_video_words(lang, *longest),
        }
    }
}

/// What the form says may be sent.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub photos: u32,
    pub photo_bytes: u64,
    pub video_bytes: u64,
    pub video_seconds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { photos: 10, photo_bytes: 20 << 20, video_bytes: 500 << 20, video_seconds: 180 }
    }
}

#[must_use]
pub fn compose(chrome: &Chrome, view: &ComposeView) -> String {
    let lang = chrome.lang;
    let head = Head {
        scripts: &["compose.js"],
        ..Head::private(lang.ta(format!("compose-title-{}", view.kind.slug())))
    };
    page!("compose/form.html", chrome, head, view, ComposeView)
}

impl ComposeView {
    /// An empty form for a new post.
    #[must_use]
    pub fn new(kind: Kind, regions: Vec<Choice>, limits: Limits) -> Self {
        Self {
            id: None,
            kind,
            version: 0,
            title: String::new(),
            body: String::new(),
            region: String::new(),
            regions,
            tags: String::new(),
            age_from: String::new(),
            age_to: String::new(),
            photos: vec![],
            video: None,
            limits,
            errors: FieldErrors::default(),
            state: PostState::Draft,
            is_published: false,
            reason: None,
            note: None,
            saved: None,
        }
    }

    pub(crate) fn action_url(&self) -> String {
        self.id.as_ref().map_or_else(|| "/posts/new".to_owned(), |id| format!("/posts/{id}/edit"))
    }

    /// Where captions are written, and what is there.
    pub(crate) fn captions(&self) -> Option<(String, CaptionsState)> {
        let state = self.video.as_ref()?.captions?;
        self.id.as_ref().map(|id| (format!("/posts/{id}/captions"), state))
    }

    pub(crate) fn photos_order(&self) -> String {
        self.photos.iter().map(|p| p.id.as_str()).collect::<Vec<_>>().join(",")
    }

    pub(crate) fn longest(&self) -> Length {
        Length(self.limits.video_seconds)
    }

    pub(crate) fn largest_video(&self) -> Size {
        Size(self.limits.video_bytes)
    }

    pub(crate) fn largest_photo(&self) -> Size {
        Size(self.limits.photo_bytes)
    }

    #[must_use]
    pub fn sample(_lang: Lang) -> Self {
        let regions = [("uji", "宇治市"), ("kameoka", "亀岡市"), ("kyoto", "京都市")]
            .map(|(value, name)| Choice { value: value.to_owned(), name: name.to_owned() });
        Self {
            id: Some("p1".to_owned()),
            version: 4,
            title: "かぼちゃと豆腐の、ふわとろがゆ".to_owned(),
            body: "かぼちゃの甘みで、豆腐が苦手なうちの子も完食でした。\n\n- 7倍がゆ 50 g\n- かぼちゃ 20 g".to_owned(),
            region: "uji".to_owned(),
            tags: "離乳食 中期".to_owned(),
            age_from: "7".to_owned(),
            age_to: "8".to_owned(),
            photos: vec![
                ComposePhoto { id: "ph1".to_owned(), picture: Some(sample_picture(SAMPLE_BOWL, "", false)), alt: "できあがったかぼちゃがゆ".to_owned(), note: Some(MediaNote::LocationRemoved) },
                ComposePhoto { id: "ph2".to_owned(), picture: Some(sample_picture(SAMPLE_BLOCKS, "", false)), alt: String::new(), note: None },
                ComposePhoto { id: "ph3".to_owned(), picture: None, alt: String::new(), note: None },
            ],
            video: Some(ComposeVideo {
                file_name: "IMG_2041.MOV".to_owned(),
                state: VideoState::Processing(Preparing {
                    percent: 62,
                    step: Step::Working { left: Some(130) },
                    is_again: false,
                }),
                poster: None,
                covers: vec![],
                seconds: Some(102),
                captions: Some(CaptionsState::Written(4)),
                motion: None,
                notes: vec![],
            }),
            saved: Some(When(1_795_347_000_000)),
            ..Self::new(Kind::Recipe, regions.to_vec(), Limits::default())
        }
    }

    /// The film is ready: what of it, or which photo, is to be seen first?
    #[must_use]
    pub fn sample_covers(lang: Lang) -> Self {
        let option = |drawing, value: &str, shows, is_chosen| CoverOption {
            value: value.to_owned(),
            picture: sample_picture(drawing, "", matches!(shows, CoverShows::Moment { .. })),
            shows,
            is_chosen,
        };
        let moment = |seconds| CoverShows::Moment { seconds };
        let mut view = Self::sample(lang);
        view.video = Some(ComposeVideo {
            file_name: "IMG_2041.MOV".to_owned(),
            state: VideoState::Ready,
            poster: Some(sample_picture(SAMPLE_BLOCKS, "", true)),
            covers: vec![
                option(SAMPLE_BOWL, "film:v1:4000", moment(4), false),
                option(SAMPLE_BLOCKS, "film:v1:51000", moment(51), true),
                option(SAMPLE_BOWL, "film:v1:97000", moment(97), false),
                option(SAMPLE_BOWL, "photo:ph1", CoverShows::Photo { number: 1 }, false),
                option(SAMPLE_BLOCKS, "photo:ph2", CoverShows::Photo { number: 2 }, false),
            ],
            seconds: Some(102),
            captions: Some(CaptionsState::Missing),
            motion: Some(Motion::MayBeSlow { seconds: 96 }),
            notes: vec![],
        });
        view
    }

    /// With nothing filled in.
    #[must_use]
    pub fn sample_new(lang: Lang) -> Self {
        Self::new(Kind::Question, Self::sample(lang).regions, Limits::default())
    }

    /// Sent back, and sent in again with mistakes.
    #[must_use]
    pub fn sample_errors(lang: Lang) -> Self {
        let mut view = Self::sample(lang);
        view.title.clear();
        view.region.clear();
        view.errors.add("title", "error-title-empty");
        view.errors.add("region", "error-region");
        view.errors.add("age_to", "error-age-order");
        view.errors.add_with("tags", "error-tags-many", 8);
        crate::pages::ErrorCause::sample_day_full().tell(&mut view.errors, "video");
        view.state = PostState::ChangesRequested;
        view.is_published = true;
        view.reason = Some(Reason::OtherChildren);
        view.note = Some("0:31 のところに、ほかのお子さんが映っています。".to_owned());
        view.video = Some(ComposeVideo {
            file_name: "old.avi".to_owned(),
            state: VideoState::Failed { fault: MediaFault::TooLong, longest: Length(180) },
            poster: None,
            covers: vec![],
            seconds: None,
            captions: None,
            motion: None,
            notes: vec![],
        });
        view
    }

    /// Its video stands in a line.
    #[must_use]
    pub fn sample_waiting(lang: Lang) -> Self {
        let step = Step::Waiting { ahead: 2 };
        let preparing = Preparing { percent: 0, step, is_again: false };
        Self::sample(lang).with_video(VideoState::Processing(preparing), vec![])
    }

    /// The first attempt failed, and another one is under way.
    #[must_use]
    pub fn sample_again(lang: Lang) -> Self {
        let step = Step::Working { left: Some(40) };
        let preparing = Preparing { percent: 12, step, is_again: true };
        Self::sample(lang).with_video(VideoState::Processing(preparing), vec![])
    }

    /// All attempts failed.
    #[must_use]
    pub fn sample_failed(lang: Lang) -> Self {
        let failed = VideoState::Failed { fault: MediaFault::Crashed, longest: Length(180) };
        Self::sample(lang).with_video(failed, vec![])
    }

    /// Its video is ready, but broke off.
    #[must_use]
    pub fn sample_cut_short(lang: Lang) -> Self {
        let notes = vec![MediaNote::LocationRemoved, MediaNote::CutShort { seconds: 42 }];
        Self::sample(lang).with_video(VideoState::Ready, notes)
    }

    /// Its video is ready, but its sound could not be read.
    #[must_use]
    pub fn sample_silent(lang: Lang) -> Self {
        Self::sample(lang).with_video(VideoState::Ready, vec![MediaNote::SoundLeftOut])
    }

    /// It was filmed for slow motion, and is shown so.
    #[must_use]
    pub fn sample_slow(lang: Lang) -> Self {
        Self::sample(lang).with_motion(Motion::Slow)
    }

    /// It was filmed for slow motion, but is too long for that.
    #[must_use]
    pub fn sample_too_long_slow(lang: Lang) -> Self {
        Self::sample(lang).with_motion(Motion::TooLong { seconds: 408, longest: Length(180) })
    }

    fn with_motion(self, motion: Motion) -> Self {
        let mut view = self.with_video(VideoState::Ready, vec![]);
        if let Some(video) = &mut view.video {
            video.motion = Some(motion);
        }
        view
    }

    fn with_video(mut self, state: VideoState, notes: Vec<MediaNote>) -> Self {
        if let Some(video) = &mut self.video {
            if state == VideoState::Ready {
                video.poster = Some(sample_picture(SAMPLE_BOWL, "", true));
            }
            (video.state, video.notes) = (state, notes);
        }
        self
    }
}

impl ChooseKindView {
    #[must_use]
    pub fn sample() -> Self {
        Self {
            drafts: vec![DraftLink {
                title: String::new(),
                kind: Kind::Tip,
                url: "/posts/p9/edit".to_owned(),
                saved: When(1_795_347_000_000),
            }],
        }
    }
}
