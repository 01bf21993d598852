//! The words that pages share: kinds, states, reasons, ages, times. Plain data; the server maps its own types to these.

use std::borrow::{Borrow, Cow};

use time::{OffsetDateTime, UtcOffset};

use crate::html::Markup;
use crate::lang::{Arg, Lang, Value as _};

macro_rules! slugs {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident => $slug:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The value used in addresses, forms and message keys.
            #[must_use]
            pub fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug),+ }
            }

            #[must_use]
            pub fn from_slug(slug: &str) -> Option<Self> {
                match slug { $($slug => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

slugs! {
    /// What a post is.
    Kind { Recipe => "recipe", Activity => "activity", Tip => "tip", Question => "question" }
}

impl Kind {
    /// `たべる`, `あそぶ`, `コツ`, `相談`.
    #[must_use]
    pub fn name(self, lang: impl Borrow<Lang>) -> Markup {
        lang.borrow().t(self.key())
    }

    #[must_use]
    pub fn plain_name(self, lang: impl Borrow<Lang>) -> Cow<'static, str> {
        lang.borrow().ta(self.key())
    }

    fn key(self) -> String {
        format!("kind-{}", self.slug())
    }

    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Recipe => "/kinds/recipe",
            Self::Activity => "/kinds/activity",
            Self::Tip => "/kinds/tip",
            Self::Question => "/kinds/question",
        }
    }
}

slugs! {
    /// Where a post or its newest revision stands, as its author and the moderators see it.
    PostState {
        Draft => "draft",
        /// Its video or photos are being made ready.
        Processing => "processing",
        ProcessingFailed => "processing-failed",
        /// In the review queue.
        Waiting => "waiting",
        ChangesRequested => "changes-requested",
        Rejected => "rejected",
        Published => "published",
        Hidden => "hidden",
        Withdrawn => "withdrawn",
    }
}

impl PostState {
    #[must_use]
    pub fn name(self, lang: impl Borrow<Lang>) -> Markup {
        lang.borrow().t(format!("state-{}", self.slug()))
    }

    /// One sentence that says what happens next.
    #[must_use]
    pub fn explanation(self, lang: impl Borrow<Lang>) -> Markup {
        lang.borrow().t(format!("state-{}-means", self.slug()))
    }
}

slugs! {
    /// Why a moderator asked for changes or rejected.
    Reason {
        PersonalInformation => "personal-information",
        OtherChildren => "other-children",
        Allergens => "allergens",
        AgeHazard => "age-hazard",
        MedicalClaim => "medical-claim",
        Advertising => "advertising",
        Copyright => "copyright",
        Abuse => "abuse",
        Quality => "quality",
        OutOfRegion => "out-of-region",
    }
}

impl Reason {
    #[must_use]
    pub fn name(self, lang: impl Borrow<Lang>) -> Markup {
        lang.borrow().t(format!("reason-{}", self.slug()))
    }

    #[must_use]
    pub fn plain_name(self, lang: impl Borrow<Lang>) -> Cow<'static, str> {
        lang.borrow().ta(format!("reason-{}", self.slug()))
    }

    /// The "how to fix" line that its author reads.
    #[must_use]
    pub fn fix(self, lang: impl Borrow<Lang>) -> Markup {
        lang.borrow().t(format!("reason-{}-fix", self.slug()))
    }

    #[must_use]
    pub fn plain_fix(self, lang: impl Borrow<Lang>) -> Cow<'static, str> {
        lang.borrow().ta(format!("reason-{}-fix", self.slug()))
    }
}

slugs! {
    /// What a moderator decided.
    Decision { Approve => "approve", RequestChanges => "request_changes", Reject => "reject" }
}

impl Decision {
    #[must_use]
    pub fn name(self, lang: impl Borrow<Lang>) -> Markup {
        lang.borrow().t(match self {
            Self::Approve => "decision-approve",
            Self::RequestChanges => "decision-request-changes",
            Self::Reject => "decision-reject",
        })
    }
}

slugs! {
    /// Why a video or a photo could not be made ready. The server maps the transcoder's classes to these, one to one.
    MediaFault {
        Empty => "empty",
        UnknownFormat => "unknown-format",
        UnsupportedCodec => "unsupported-codec",
        Damaged => "damaged",
        NoVideo => "no-video",
        TooLong => "too-long",
        TooManyPixels => "too-many-pixels",
        TooManyTracks => "too-many-tracks",
        TookTooLong => "took-too-long",
        TooHeavy => "too-heavy",
        NoRoom => "no-room",
        Crashed => "crashed",
        Tainted => "tainted",
    }
}

impl MediaFault {
    /// Of a video: what happened and what to do next. `longest` is how long one may be.
    #[must_use]
    pub fn video_words(self, lang: impl Borrow<Lang>, longest: Length) -> Markup {
        lang.borrow().t1(self.video_key(), "length", longest)
    }

    #[must_use]
    pub fn plain_video_words(self, lang: impl Borrow<Lang>, longest: Length) -> String {
        lang.borrow().ta1(self.video_key(), "length", longest)
    }

    /// Whether the same video may fare better another time; else only another file helps.
    #[must_use]
    pub fn is_passing(self) -> bool {
        matches!(self, Self::TookTooLong | Self::TooHeavy | Self::NoRoom | Self::Crashed)
    }

    fn video_key(self) -> String {
        format!("video-error-{}", self.slug())
    }

    /// The message of a photo. What only a video can have is told as a file that is no photo.
    #[must_use]
    pub fn photo_key(self) -> String {
        match self {
            Self::NoVideo | Self::TooLong | Self::TooManyTracks => Self::UnknownFormat.photo_key(),
            other => format!("photo-error-{}", other.slug()),
        }
    }
}

slugs! {
    /// The season drawn at the head of the home page.
    Season { Spring => "spring", Summer => "summer", Autumn => "autumn", Winter => "winter" }
}

impl Season {
    /// The season of a month, 1 to 12, in southern Kyoto.
    #[must_use]
    pub fn of_month(month: u8) -> Self {
        match month {
            3..=5 => Self::Spring,
            6..=8 => Self::Summer,
            9..=11 => Self::Autumn,
            _ => Self::Winter,
        }
    }
}

/// A child's age in months, each end open when `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgeRange {
    pub from: Option<u16>,
    pub to: Option<u16>,
}

impl AgeRange {
    #[must_use]
    pub fn is_open(self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// `7〜8か月`, `8か月〜2さい`, `1さい半から`, or nothing when both ends are open.
    #[must_use]
    pub fn name(self, lang: impl Borrow<Lang>) -> Markup {
        Markup(Cow::Owned(self.render(*lang.borrow(), true)))
    }

    #[must_use]
    pub fn plain_name(self, lang: impl Borrow<Lang>) -> String {
        self.render(*lang.borrow(), false)
    }

    fn render(self, lang: Lang, html: bool) -> String {
        let say = |key: &str, args: &[(&str, Arg<'_>)]| {
            if html { lang.html_with(key, args) } else { lang.plain_with(key, args) }
        };
        // From two years on, months that make whole or half years are said in years.
        let one = |months: u16| match (months / 12, months % 12) {
            (years, 0) if years > 0 => say("age-years", &[("n", years.arg())]),
            (years, 6) if years > 0 => say("age-years-half", &[("n", years.arg())]),
            _ => say("age-months", &[("n", months.arg())]),
        };
        match (self.from, self.to) {
            (None, None) => String::new(),
            (Some(from), None) => format!("{}{}", one(from), say("age-and-up", &[])),
            (None, Some(to)) => format!("{}{}", say("age-up-to", &[]), one(to)),
            (Some(from), Some(to)) if from == to => one(from),
            (Some(from), Some(to)) if to < 12 && from > 0 => {
                say("age-months-between", &[("from", from.arg()), ("to", to.arg())])
            }
            (Some(from), Some(to)) => format!("{}〜{}", one(from), one(to)),
        }
    }
}

/// A moment, in milliseconds since 1970 UTC, shown in Japan's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct When(pub i64);

impl When {
    fn in_japan(self) -> OffsetDateTime {
        let jst = UtcOffset::from_hms(9, 0, 0).expect("+9 is an offset");
        OffsetDateTime::from_unix_timestamp(self.0.div_euclid(1000))
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
            .to_offset(jst)
    }

    /// `2026-11-20T12:03:00+09:00`, for `<time datetime>` and JSON-LD.
    #[must_use]
    pub fn iso(self) -> String {
        let t = self.in_japan();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+09:00",
            t.year(),
            u8::from(t.month()),
            t.day(),
            t.hour(),
            t.minute(),
            t.second()
        )
    }

    /// `2026年11月20日`.
    #[must_use]
    pub fn date(self, lang: impl Borrow<Lang>) -> Markup {
        Markup(Cow::Owned(self.render_date(*lang.borrow(), true)))
    }

    /// The date as plain text.
    #[must_use]
    pub fn plain_date(self, lang: impl Borrow<Lang>) -> String {
        self.render_date(*lang.borrow(), false)
    }

    /// `2026年11月20日 12:03`.
    #[must_use]
    pub fn date_time(self, lang: impl Borrow<Lang>) -> Markup {
        Markup(Cow::Owned(format!("{} {}", self.render_date(*lang.borrow(), true), self.clock())))
    }

    /// Date and time as plain text.
    #[must_use]
    pub fn plain_date_time(self, lang: impl Borrow<Lang>) -> String {
        format!("{} {}", self.render_date(*lang.borrow(), false), self.clock())
    }

    /// `12:03`.
    #[must_use]
    pub fn clock(self) -> String {
        let t = self.in_japan();
        format!("{:02}:{:02}", t.hour(), t.minute())
    }

    fn render_date(self, lang: Lang, html: bool) -> String {
        let t = self.in_japan();
        let month = format!("month-{}", u8::from(t.month()));
        let args = [
            ("year", Arg::Number(i64::from(t.year()))),
            ("month", Arg::Message(&month)),
            ("day", Arg::Number(i64::from(t.day()))),
        ];
        if html { lang.html_with("date", &args) } else { lang.plain_with("date", &args) }
    }
}

/// `1:42`, `12:03`, `1:00:05`.
#[must_use]
pub fn clock_length(seconds: u32) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

slugs! {
    /// A language in which captions are written.
    CaptionLanguage { Japanese => "ja", English => "en" }
}

impl CaptionLanguage {
    /// Its own name for itself: what a player's menu shows, and what is chosen from.
    #[must_use]
    pub fn own_name(self) -> &'static str {
        match self {
            Self::Japanese => "日本語",
            Self::English => "English",
        }
    }
}

/// A stretch of time in seconds, in words: `45秒`, `3分`, `1分30秒`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length(pub u32);

impl Length {
    pub(crate) fn render(self, lang: Lang, html: bool) -> String {
        let (minutes, seconds) = (self.0 / 60, self.0 % 60);
        let say = |key: &str, args: &[(&str, Arg<'_>)]| {
            if html { lang.html_with(key, args) } else { lang.plain_with(key, args) }
        };
        match (minutes, seconds) {
            (0, _) => say("length-seconds", &[("n", seconds.arg())]),
            (_, 0) => say("length-minutes", &[("n", minutes.arg())]),
            _ => say("length-both", &[("minutes", minutes.arg()), ("seconds", seconds.arg())]),
        }
    }
}

impl crate::lang::Value for Length {
    fn arg(&self) -> Arg<'_> {
        Arg::Length(self.0)
    }
}

/// Bytes in words, never more than there are: `64KB`, `1.5MB`, `500MB`, `2GB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

impl Size {
    pub(crate) fn render(self, lang: Lang, html: bool) -> String {
        let (key, unit) = match self.0 {
            0..0x10_0000 => ("size-kilobytes", 1 << 10),
            0x10_0000..0x4000_0000 => ("size-megabytes", 1 << 20),
            _ => ("size-gigabytes", 1 << 30),
        };
        let (whole, tenths) = (self.0 / unit, self.0 % unit * 10 / unit);
        let number = match tenths {
            1.. if whole < 10 => format!("{whole}.{tenths}"),
            _ => whole.to_string(),
        };
        let args = [("n", Arg::Text(&number))];
        if html { lang.html_with(key, &args) } else { lang.plain_with(key, &args) }
    }
}

impl crate::lang::Value for Size {
    fn arg(&self) -> Arg<'_> {
        Arg::Size(self.0)
    }
}

/// A link with a name: a region, a tag, a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    pub name: String,
    pub url: String,
}

/// One entry of a select box.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn age(from: u16, to: u16, lang: Lang) -> String {
        AgeRange { from: Some(from), to: Some(to) }.plain_name(lang)
    }

    #[test]
    fn ages_read_as_parents_say_them() {
        assert_eq!(age(7, 8, Lang::Ja), "7〜8か月");
        assert_eq!(age(8, 24, Lang::Ja), "8か月〜2さい");
        assert_eq!(age(18, 36, Lang::Ja), "1さい半〜3さい");
        assert_eq!(AgeRange { from: Some(9), to: None }.plain_name(Lang::Ja), "9か月から");
        assert_eq!(age(12, 24, Lang::En), "1 year〜2 years");
    }

    #[test]
    fn a_moment_is_shown_in_japans_time() {
        let when = When(1_795_347_000_000);
        assert_eq!(when.iso(), "2026-11-22T20:30:00+09:00");
        assert_eq!(when.date(Lang::Ja).to_string(), "2026年11月22日");
        assert_eq!(when.date(Lang::En).to_string(), "22 November 2026");
    }

    #[test]
    fn every_kind_of_word_is_named_in_every_language() {
        for lang in Lang::ALL {
            for kind in Kind::ALL {
                assert!(lang.has(&kind.key()), "{kind:?}");
            }
            for state in PostState::ALL {
                assert!(lang.has(&format!("state-{}", state.slug())), "{state:?}");
                assert!(lang.has(&format!("state-{}-means", state.slug())), "{state:?}");
            }
            for reason in Reason::ALL {
                assert!(lang.has(&format!("reason-{}", reason.slug())), "{reason:?}");
                assert!(lang.has(&format!("reason-{}-fix", reason.slug())), "{reason:?}");
            }
        }
    }

    #[test]
    fn every_fault_has_words_of_its_own_in_every_language() {
        for lang in Lang::ALL {
            let mut said: Vec<String> = Vec::new();
            for fault in MediaFault::ALL {
                assert!(lang.has(&fault.video_key()), "{fault:?}");
                assert!(lang.has(&fault.photo_key()), "{fault:?}");
                said.push(fault.plain_video_words(lang, Length(180)));
            }
            let of_photos = MediaFault::ALL.iter().map(|fault| fault.photo_key());
            let of_photos: std::collections::BTreeSet<String> = of_photos.collect();
            assert_eq!(of_photos.len(), 10);
            said.extend(of_photos.iter().map(|key| lang.ta(key).into_owned()));
            let different: std::collections::BTreeSet<&String> = said.iter().collect();
            assert_eq!(different.len(), said.len(), "two say the same: {said:#?}");
        }
    }

    #[test]
    fn limits_are_named_as_they_are() {
        let lengths = [(45, "45秒"), (60, "1分"), (90, "1分30秒"), (180, "3分")];
        for (seconds, words) in lengths {
            assert_eq!(Length(seconds).render(Lang::Ja, false), words);
        }
        assert_eq!(Length(61).render(Lang::En, false), "1 min 1 s");
        assert_eq!(Length(60).render(Lang::En, false), "1 minute");
        let sizes = [
            (64 << 10, "64KB"),
            (1 << 20, "1MB"),
            (3 << 19, "1.5MB"),
            (500 << 20, "500MB"),
            (2 << 30, "2GB"),
        ];
        for (bytes, words) in sizes {
            assert_eq!(Size(bytes).render(Lang::Ja, false), words);
        }
        let words = MediaFault::TooLong.plain_video_words(Lang::Ja, Length(45));
        assert!(words.contains("45秒"), "{words}");
    }

    #[test]
    fn lengths_read_like_a_player() {
        assert_eq!(clock_length(102), "1:42");
        assert_eq!(clock_length(3605), "1:00:05");
    }
}
