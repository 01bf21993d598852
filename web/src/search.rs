//! Searching: the box, its filters, what was found, and the way on when nothing was.

use crate::chrome::{Chrome, Head};
use crate::lang::Lang;
use crate::page;
use crate::reading::{PostCard, sample_cards};
use crate::vocabulary::{Choice, Kind};

/// A run of text; `hit` when it matched the words asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub text: String,
    pub hit: bool,
}

/// One post found.
#[derive(Clone, Debug)]
pub struct Hit {
    pub card: PostCard,
    /// The title in runs; together they are the title.
    pub title: Vec<Segment>,
    /// The place in the body or the captions that matched, in runs; may be empty.
    pub excerpt: Vec<Segment>,
    /// The excerpt is of what is said in the video.
    pub is_from_captions: bool,
}

#[derive(Clone, Debug, Default)]
pub struct SearchView {
    /// The words as typed.
    pub q: String,
    pub kind: Option<Kind>,
    /// The chosen region's value; empty for all.
    pub region: String,
    pub regions: Vec<Choice>,
    /// In months, as typed; empty for all.
    pub age: String,
    pub with_video: bool,
    /// How many there would be for each choice of one filter; `None` before anything was asked.
    pub counts: Option<Counts>,
    /// What was probably meant: all the words as they would be spelled right.
    pub meant: Option<String>,
    /// Nothing fitted all filters: `hits` are what was found without this one.
    pub relaxed: Option<Relaxed>,
    pub hits: Vec<Hit>,
    /// Address of the next page.
    pub more: Option<String>,
    /// The index is still being made: what it does not hold yet is not found.
    pub preparing: bool,
    /// The index cannot answer right now.
    pub unavailable: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub kinds: Vec<(Kind, u64)>,
    /// By the region's value.
    pub regions: Vec<(String, u64)>,
    /// By age in months.
    pub ages: Vec<(u16, u64)>,
    pub with_video: u64,
}

/// The filter that was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relaxed {
    Video,
    Age,
    Region,
    Kind,
    All,
}

impl Relaxed {
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Video => "search-relaxed-video",
            Self::Age => "search-relaxed-age",
            Self::Region => "search-relaxed-region",
            Self::Kind => "search-relaxed-kind",
            Self::All => "search-relaxed-all",
        }
    }
}

/// What a blank search offers to begin with: each message, and the words it searches for, which are those that posts are written in.
pub(crate) const EXAMPLES: [(&str, &str); 6] = [
    ("search-try-night", "夜泣き"),
    ("search-try-weaning", "離乳食"),
    ("search-try-no", "イヤイヤ期"),
    ("search-try-eat", "食べない"),
    ("search-try-rain", "雨の日"),
    ("search-try-bath", "お風呂"),
];

#[must_use]
pub fn search(chrome: &Chrome, view: &SearchView) -> String {
    let lang = chrome.lang;
    let title = if view.q.is_empty() {
        lang.ta("search-title").into_owned()
    } else {
        lang.ta1("search-title-for", "words", &view.q)
    };
    let head = Head { scripts: &["search.js"], ..Head::private(title) };
    page!("search/search.html", chrome, head, view, SearchView)
}

impl SearchView {
    pub(crate) fn has_asked(&self) -> bool {
        !self.q.is_empty() || self.has_filter()
    }

    pub(crate) fn kind_count(&self, kind: &Kind) -> Option<u64> {
        let counts = self.counts.as_ref()?;
        Some(counts.kinds.iter().find(|(of, _)| of == kind).map_or(0, |(_, count)| *count))
    }

    pub(crate) fn region_count(&self, region: &str) -> Option<u64> {
        let counts = self.counts.as_ref()?;
        Some(counts.regions.iter().find(|(of, _)| of == region).map_or(0, |(_, count)| *count))
    }

    pub(crate) fn age_count(&self, months: &u16) -> Option<u64> {
        let counts = self.counts.as_ref()?;
        counts.ages.iter().find(|(of, _)| of == months).map(|(_, count)| *count)
    }

    pub(crate) fn video_count(&self) -> Option<u64> {
        self.counts.as_ref().map(|counts| counts.with_video)
    }

    pub(crate) fn is_kind(&self, kind: &Kind) -> bool {
        self.kind == Some(*kind)
    }

    pub(crate) fn has_filter(&self) -> bool {
        self.kind.is_some() || !self.region.is_empty() || !self.age.is_empty() || self.with_video
    }

    /// Ages worth a tap: value in months.
    pub(crate) fn ages(&self) -> [u16; 9] {
        [0, 3, 6, 9, 12, 18, 24, 36, 60]
    }

    pub(crate) fn age_is(&self, months: &u16) -> bool {
        self.age.parse() == Ok(*months)
    }

    /// A typed age that is none of [`Self::ages`], kept as a choice of its own.
    pub(crate) fn other_age(&self) -> Option<u16> {
        let months: u16 = self.age.parse().ok()?;
        (!self.ages().contains(&months)).then_some(months)
    }

    #[must_use]
    pub fn sample(lang: Lang) -> Self {
        let run = |text: &str, hit| Segment { text: text.to_owned(), hit };
        let mut cards = sample_cards(lang);
        let (second, first) = (cards.swap_remove(1), cards.swap_remove(0));
        Self {
            q: "かぼちゃ 離乳食".to_owned(),
            kind: Some(Kind::Recipe),
            region: "uji".to_owned(),
            regions: vec![Choice { value: "uji".to_owned(), name: "宇治市".to_owned() }],
            age: "7".to_owned(),
            with_video: true,
            counts: Some(Counts {
                kinds: vec![(Kind::Recipe, 12), (Kind::Tip, 3)],
                regions: vec![("uji".to_owned(), 4)],
                ages: vec![(0, 0), (6, 5), (9, 2)],
                with_video: 2,
            }),
            meant: None,
            relaxed: None,
            hits: vec![
                Hit {
                    title: vec![run("かぼちゃ", true), run("と豆腐の、ふわとろがゆ", false)],
                    excerpt: vec![
                        run("…冷凍しておけば朝は3分です。", false),
                        run("離乳食", true),
                        run("中期のころ、", false),
                        run("かぼちゃ", true),
                        run("の甘みで、豆腐が苦手なうちの子も…", false),
                    ],
                    is_from_captions: false,
                    card: first,
                },
                Hit {
                    title: vec![run("牛乳パックで、音のなるつみき", false)],
                    excerpt: vec![
                        run("ふたをして、", false),
                        run("音", true),
                        run("を聞いてみます", false),
                    ],
                    is_from_captions: true,
                    card: second,
                },
            ],
            more: Some("/search?q=x&page=2".to_owned()),
            preparing: false,
            unavailable: false,
        }
    }

    #[must_use]
    pub fn sample_relaxed(lang: Lang) -> Self {
        Self { relaxed: Some(Relaxed::Region), ..Self::sample(lang) }
    }

    #[must_use]
    pub fn sample_meant(lang: Lang) -> Self {
        Self {
            q: "りにゅうしょっく いつから".to_owned(),
            meant: Some("離乳食 いつから".to_owned()),
            ..Self::sample(lang)
        }
    }

    #[must_use]
    pub fn sample_preparing(lang: Lang) -> Self {
        Self { preparing: true, ..Self::sample(lang) }
    }

    #[must_use]
    pub fn sample_nothing_meant(lang: Lang) -> Self {
        Self {
            meant: Self::sample_meant(lang).meant,
            preparing: true,
            ..Self::sample_nothing(lang)
        }
    }

    #[must_use]
    pub fn sample_nothing(lang: Lang) -> Self {
        Self {
            q: "指しゃぶりがやめられない & 夜".to_owned(),
            hits: vec![],
            more: None,
            kind: None,
            ..Self::sample(lang)
        }
    }

    #[must_use]
    pub fn sample_first(lang: Lang) -> Self {
        Self { regions: Self::sample(lang).regions, ..Self::default() }
    }
}

/// An age of the filter, in words.
pub(crate) fn age_name(lang: &Lang, months: &u16) -> String {
    if *months == 0 {
        return lang.ta("age-newborn").into_owned();
    }
    crate::AgeRange { from: Some(*months), to: Some(*months) }.plain_name(lang)
}
