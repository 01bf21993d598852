//! おしらせ: what happened to a person's posts, newest first.

use crate::chrome::{Chrome, Head};
use crate::html::Markup;
use crate::lang::Lang;
use crate::page;
use crate::vocabulary::{Reason, When};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    Approved,
    ChangesRequested {
        reason: Option<Reason>,
    },
    Rejected {
        reason: Option<Reason>,
    },
    VideoReady,
    VideoFailed,
    PhotoFailed,
    /// How many thanked since the last bundle.
    Thanked {
        count: u32,
    },
}

#[derive(Clone, Debug)]
pub struct Notice {
    pub kind: NoticeKind,
    /// The post's title.
    pub title: String,
    /// Where it leads: the post, or its form.
    pub url: String,
    pub when: When,
    pub unread: bool,
}

impl Notice {
    pub(crate) fn text(&self, lang: &Lang) -> Markup {
        match self.kind {
            NoticeKind::Approved => lang.t1("notice-approved", "title", &self.title),
            NoticeKind::ChangesRequested { .. } => lang.t1("notice-changes", "title", &self.title),
            NoticeKind::Rejected { .. } => lang.t1("notice-rejected", "title", &self.title),
            NoticeKind::VideoReady => lang.t1("notice-video-ready", "title", &self.title),
            NoticeKind::VideoFailed => lang.t1("notice-video-failed", "title", &self.title),
            NoticeKind::PhotoFailed => lang.t1("notice-photo-failed", "title", &self.title),
            NoticeKind::Thanked { count } => {
                lang.t2("notice-thanked", "title", &self.title, "n", count)
            }
        }
    }

    pub(crate) fn reason(&self) -> Option<Reason> {
        match self.kind {
            NoticeKind::ChangesRequested { reason } | NoticeKind::Rejected { reason } => reason,
            _ => None,
        }
    }

    pub(crate) fn icon(&self) -> &'static str {
        match self.kind {
            NoticeKind::Approved | NoticeKind::VideoReady => "check",
            NoticeKind::ChangesRequested { .. } => "pencil",
            NoticeKind::Rejected { .. } | NoticeKind::VideoFailed | NoticeKind::PhotoFailed => {
                "warning"
            }
            NoticeKind::Thanked { .. } => "heart",
        }
    }

    pub(crate) fn tone(&self) -> &'static str {
        match self.kind {
            NoticeKind::Approved | NoticeKind::VideoReady | NoticeKind::Thanked { .. } => "good",
            _ => "act",
        }
    }

    #[must_use]
    pub fn samples() -> Vec<Self> {
        let notice = |kind, title: &str, unread| Self {
            kind,
            title: title.to_owned(),
            url: "/posts/p1".to_owned(),
            when: When(1_795_347_000_000),
            unread,
        };
        let reason = Some(Reason::OtherChildren);
        vec![
            notice(NoticeKind::Thanked { count: 4 }, "かぼちゃと豆腐の、ふわとろがゆ", true),
            notice(NoticeKind::ChangesRequested { reason }, "牛乳パックで、音のなるつみき", true),
            notice(NoticeKind::VideoFailed, "お風呂でしゃぼん玉", true),
            notice(NoticeKind::PhotoFailed, "どんぐりごま", false),
            notice(NoticeKind::Approved, "かぼちゃと豆腐の、ふわとろがゆ", false),
            notice(NoticeKind::Rejected { reason: None }, "おすすめのお店", false),
            notice(NoticeKind::VideoReady, "お風呂でしゃぼん玉", false),
        ]
    }
}

#[derive(Clone, Debug, Default)]
pub struct NoticesView {
    pub notices: Vec<Notice>,
    pub older: Option<String>,
    /// The newest notice shown here, while any is unread: a button marks all up to it as read. The form posts `until`, in
    /// milliseconds, to `/notices/read`.
    pub read_until: Option<When>,
}

#[must_use]
pub fn notices(chrome: &Chrome, view: &NoticesView) -> String {
    let head = Head::private(chrome.lang.ta("nav-notices"));
    page!("notices/notices.html", chrome, head, view, NoticesView)
}

impl NoticesView {
    #[must_use]
    pub fn sample() -> Self {
        Self {
            notices: Notice::samples(),
            older: Some("/notices?before=01JD".to_owned()),
            read_until: Some(When(1_795_347_000_000)),
        }
    }
}
