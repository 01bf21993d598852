//! The moderators' pages: what waits, one item with everything on it, and the record of decisions.

use crate::chrome::{Chrome, Head};
use crate::forms::FieldErrors;
use crate::html::Markup;
use crate::lang::Lang;
use crate::media::{Captions, Picture};
use crate::page;
use crate::posts::PostContent;
use crate::preparing::Preparing;
use crate::vocabulary::{Decision, Kind, Named, Reason, When};

#[derive(Clone, Debug)]
pub struct QueueItem {
    /// Of its review page.
    pub url: String,
    pub title: String,
    pub kind: Kind,
    pub author: String,
    pub region: Option<String>,
    pub picture: Option<Picture>,
    pub video_seconds: Option<u32>,
    pub photos: u32,
    pub waiting_minutes: u32,
    /// The author has nothing approved yet.
    pub is_first_post: bool,
    /// An approved revision is already visible.
    pub is_edit: bool,
}

#[derive(Clone, Debug, Default)]
pub struct QueueView {
    /// Oldest first.
    pub items: Vec<QueueItem>,
    pub waiting: u32,
    pub oldest_minutes: Option<u32>,
    pub decided_today: u32,
    /// Address of the next page.
    pub more: Option<String>,
    /// Handed in, with media that are not ready yet; oldest first, on the first page only.
    pub preparing: Vec<PreparingItem>,
}

/// A submission whose photos or video are still being made.
#[derive(Clone, Debug)]
pub struct PreparingItem {
    pub url: String,
    pub title: String,
    pub kind: Kind,
    pub author: String,
    /// How far its video is; `None` without one.
    pub preparing: Option<Preparing>,
}

/// What is there of such a submission, to look at ahead of time. Nothing can be decided yet.
#[derive(Clone, Debug)]
pub struct PreparingView {
    pub content: PostContent,
    pub preparing: Option<Preparing>,
}

#[must_use]
pub fn preparing(chrome: &Chrome, view: &PreparingView) -> String {
    let head = Head {
        scripts: &["review.js", "player.js"],
        ..Head::private(chrome.lang.ta1("review-preparing-title", "title", &view.content.title))
    };
    page!("review/preparing.html", chrome, head, view, PreparingView)
}

impl QueueItem {
    pub(crate) fn length(&self) -> Option<String> {
        self.video_seconds.map(crate::vocabulary::clock_length)
    }
}

#[must_use]
pub fn queue(chrome: &Chrome, view: &QueueView) -> String {
    let head = Head::private(chrome.lang.ta("review-title"));
    page!("review/queue.html", chrome, head, view, QueueView)
}

/// `40分`, `3時間`, `2日`.
pub(crate) fn waited(lang: &Lang, minutes: &u32) -> Markup {
    match minutes {
        0..60 => lang.t1("waited-minutes", "n", minutes),
        60..2880 => lang.t1("waited-hours", "n", minutes / 60),
        _ => lang.t1("waited-days", "n", minutes / 1440),
    }
}

/// One waiting revision. Form fields: `action=approve|request_changes|reject`, `reason`, `note`, `version`.
#[derive(Clone, Debug)]
pub struct ReviewItemView {
    /// The form posts to `/review/{id}`.
    pub id: String,
    /// Everything as it will appear.
    pub content: PostContent,
    /// 1 for a new post.
    pub revision: u32,
    pub version: i64,
    pub waiting_minutes: u32,
    pub author: AuthorHistory,
    /// What is visible now, when this is an edit.
    pub published: Option<PublishedNow>,
    /// Earlier decisions on this post, newest first.
    pub decisions: Vec<DecisionRow>,
    /// As chosen before an error; `None` at first.
    pub reason: Option<Reason>,
    pub note: String,
    pub errors: FieldErrors,
    /// What this viewer may do: the buttons. Without any, the form is gone.
    pub actions: Vec<Decision>,
    /// The viewer just tried to decide what is no longer as they saw it.
    pub is_stale: bool,
    /// How it was decided, when it was.
    pub decided: Option<DecisionRow>,
    /// Its author took it back.
    pub is_withdrawn: bool,
    /// The next waiting item.
    pub next_url: Option<String>,
}

#[derive(Clone, Debug)]
pub struct AuthorHistory {
    pub person: Named,
    pub since: When,
    pub published: u32,
    pub changes_requested: u32,
    pub rejected: u32,
    /// The newest few decisions on this person's other posts.
    pub recent: Vec<DecisionRow>,
}

#[derive(Clone, Debug)]
pub struct PublishedNow {
    pub url: String,
    pub title: String,
    pub body: crate::html::SafeHtml,
    pub captions: Option<Captions>,
}

/// A decision on the record.
#[derive(Clone, Debug)]
pub struct DecisionRow {
    pub when: When,
    pub moderator: String,
    pub decision: Decision,
    pub title: String,
    pub url: String,
    pub reason: Option<Reason>,
    /// Empty when none was written.
    pub note: String,
}

#[must_use]
pub fn item(chrome: &Chrome, view: &ReviewItemView) -> String {
    let head = Head {
        scripts: &["review.js", "player.js"],
        ..Head::private(chrome.lang.ta1("review-item-title", "title", &view.content.title))
    };
    page!("review/item.html", chrome, head, view, ReviewItemView)
}

#[derive(Clone, Debug, Default)]
pub struct LogView {
    /// Newest first.
    pub entries: Vec<DecisionRow>,
    pub older: Option<String>,
}

#[must_use]
pub fn log(chrome: &Chrome, view: &LogView) -> String {
    let head = Head::private(chrome.lang.ta("review-log"));
    page!("review/log.html", chrome, head, view, LogView)
}

impl ReviewItemView {
    /// The reason's position on its key, 1 to 9 and 0.
    pub(crate) fn digit(index: &usize) -> usize {
        index % 10
    }

    pub(crate) fn can(&self, decision: impl std::borrow::Borrow<Decision>) -> bool {
        self.actions.contains(decision.borrow())
    }

    pub(crate) fn is_reason(&self, reason: &Reason) -> bool {
        self.reason == Some(*reason)
    }

    #[must_use]
    pub fn sample(lang: Lang) -> Self {
        let row = |decision, reason, note: &str| DecisionRow {
            when: When(1_794_347_000_000),
            moderator: "けん".to_owned(),
            decision,
            title: "かぼちゃと豆腐の、ふわとろがゆ".to_owned(),
            url: "/posts/p1".to_owned(),
            reason,
            note: note.to_owned(),
        };
        let mut content = PostContent::sample(lang);
        content.published = None;
        let captions = content.video.as_mut().and_then(|video| video.captions.as_mut());
        captions.into_iter().flat_map(|it| it.lines.last_mut()).for_each(|line| line.is_new = true);
        Self {
            id: "r1".to_owned(),
            published: Some(PublishedNow {
                url: "/posts/p1".to_owned(),
                title: "かぼちゃのおかゆ".to_owned(),
                body: content.body.clone(),
                captions: Some(Captions::sample()),
            }),
            content,
            revision: 2,
            version: 7,
            waiting_minutes: 40,
            author: AuthorHistory {
                person: Named { name: "はなこ".to_owned(), url: "/people/a1".to_owned() },
                since: When(1_764_547_200_000),
                published: 7,
                changes_requested: 1,
                rejected: 0,
                recent: vec![row(Decision::Approve, None, "")],
            },
            decisions: vec![row(
                Decision::RequestChanges,
                Some(Reason::Allergens),
                "豆腐は大豆です。",
            )],
            reason: None,
            note: String::new(),
            errors: FieldErrors::default(),
            actions: Decision::ALL.to_vec(),
            is_stale: false,
            decided: None,
            is_withdrawn: false,
            next_url: Some("/review/r2".to_owned()),
        }
    }

    /// Asked for changes without a reason.
    #[must_use]
    pub fn sample_errors(lang: Lang) -> Self {
        let mut view = Self::sample(lang);
        view.note = "名札が読めます。".to_owned();
        view.errors.add("reason", "error-reason");
        view.published = None;
        view.revision = 1;
        view
    }

    /// Someone else was faster.
    #[must_use]
    pub fn sample_decided(lang: Lang) -> Self {
        let mut view = Self::sample(lang);
        view.actions.clear();
        view.is_stale = true;
        view.note = "名札が読めます。".to_owned();
        view.decided = view.decisions.pop();
        view
    }
}

impl QueueView {
    #[must_use]
    pub fn sample(lang: Lang) -> Self {
        let items = crate::reading::sample_cards(lang)
            .into_iter()
            .zip([3100_u32, 200, 40, 5])
            .map(|(card, waiting_minutes)| QueueItem {
                url: "/review/r1".to_owned(),
                title: card.title,
                kind: card.kind,
                author: card.author,
                region: card.region,
                photos: if card.picture.is_some() { 3 } else { 0 },
                picture: card.picture,
                video_seconds: card.video_seconds,
                waiting_minutes,
                is_first_post: waiting_minutes == 40,
                is_edit: waiting_minutes == 200,
            })
            .collect();
        Self {
            items,
            waiting: 14,
            oldest_minutes: Some(3100),
            decided_today: 27,
            more: Some("/review?after=01JD".to_owned()),
            preparing: vec![PreparingItem {
                url: "/review/preparing/v1".to_owned(),
                title: "ちいさな はたけの いちご".to_owned(),
                kind: Kind::Activity,
                author: "まゆ".to_owned(),
                preparing: Some(Preparing::sample()),
            }],
        }
    }
}

impl PreparingView {
    #[must_use]
    pub fn sample(lang: Lang) -> Self {
        let mut content = PostContent::sample(lang);
        content.published = None;
        if let Some(video) = &mut content.video {
            video.mp4_url = None;
            video.poster = None;
            video.sheet = None;
            video.ready_seconds = Some(8);
        }
        Self { content, preparing: Some(Preparing::sample()) }
    }
}

impl LogView {
    #[must_use]
    pub fn sample(lang: Lang) -> Self {
        let item = ReviewItemView::sample(lang);
        let mut entries = item.decisions;
        entries.extend(item.author.recent);
        Self { entries, older: None }
    }
}
