//! The pages of the site's own words: what the search knows for this site, and what is looked for in vain.

use crate::chrome::{Chrome, Head};
use crate::forms::{FieldErrors, Given};
use crate::page;
use crate::vocabulary::When;

/// A group of words that mean the same, or a word of the site's own.
#[derive(Clone, Debug)]
pub struct EntryRow {
    /// Where it is changed.
    pub url: String,
    /// `断乳、卒乳`.
    pub words: String,
    /// Only of a word of the site's own.
    pub reading: Option<String>,
    /// Who changed it last; empty when nobody of that account is left.
    pub by: String,
    pub when: When,
}

/// What stands in the fields of a form.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub group: String,
    pub word: String,
    pub reading: String,
    /// `group` came with the address, as a word that people search for: the words they should find are still to be written.
    pub is_begun: bool,
}

/// `find` goes to the same address by GET. Forms post to `/review/words` with `kind=group` and `group`, or `kind=own`, `word` and `reading`.
#[derive(Clone, Debug, Default)]
pub struct WordsView {
    /// What was typed to find an entry.
    pub find: String,
    /// The lists hold only what it is in.
    pub is_finding: bool,
    /// Where a group with what was not found begins.
    pub begin_url: String,
    /// Last changed first.
    pub groups: Vec<EntryRow>,
    pub older_groups: Option<String>,
    pub own: Vec<EntryRow>,
    pub older_own: Option<String>,
    pub typed: Typed,
    pub errors: FieldErrors,
    /// Who removed what the viewer just tried to change: what they typed is in the form that adds.
    pub removed_by: Option<String>,
}

/// One entry. The form posts to its address with the same fields, `version`, and `action=save` or `action=remove`.
#[derive(Clone, Debug)]
pub struct EntryView {
    pub is_group: bool,
    /// As it is now.
    pub kept: EntryRow,
    pub version: i64,
    pub typed: Typed,
    pub errors: FieldErrors,
    /// Somebody changed it after the viewer had opened it.
    pub is_stale: bool,
}

impl WordsView {
    fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.own.is_empty()
    }
}

#[must_use]
pub fn words(chrome: &Chrome, view: &WordsView) -> String {
    let head = Head::private(chrome.lang.ta("words-title"));
    page!("review/words.html", chrome, head, view, WordsView)
}

#[must_use]
pub fn entry(chrome: &Chrome, view: &EntryView) -> String {
    let head = Head::private(chrome.lang.ta("words-title"));
    page!("review/word-entry.html", chrome, head, view, EntryView)
}

/// What people looked for in vain, week by week.
#[derive(Clone, Debug, Default)]
pub struct UnfoundView {
    /// The newest first; none without a text.
    pub weeks: Vec<UnfoundWeek>,
    /// People who must have looked for a text before it is shown.
    pub fewest: u64,
}

#[derive(Clone, Debug)]
pub struct UnfoundWeek {
    pub monday: When,
    /// What is left to do first, and in it what most people looked for.
    pub texts: Vec<UnfoundText>,
}

#[derive(Clone, Debug)]
pub struct UnfoundText {
    pub text: String,
    pub people: u64,
    /// The search as it answers now.
    pub search_url: String,
    /// The form that adds a group, begun with this text.
    pub group_url: String,
    /// The group that has it.
    pub entry_url: Option<String>,
    /// The search finds something now.
    pub is_found: bool,
}

#[must_use]
pub fn unfound(chrome: &Chrome, view: &UnfoundView) -> String {
    let head = Head::private(chrome.lang.ta("unfound-title"));
    page!("review/unfound.html", chrome, head, view, UnfoundView)
}

impl UnfoundView {
    #[must_use]
    pub fn sample() -> Self {
        let text = |text: &str, people| UnfoundText {
            text: text.to_owned(),
            people,
            search_url: "/search?q=x".to_owned(),
            group_url: "/review/words?group=x#f-group".to_owned(),
            entry_url: None,
            is_found: false,
        };
        let entry_url = || Some("/review/words/w1".to_owned());
        let texts = vec![
            text("おしゃぶり 卒業", 23),
            text("ファーストシューズ サイズアップ めやす 一歳半 つかまり立ち", 5),
            UnfoundText { entry_url: entry_url(), ..text("やぎミルク", 7) },
            UnfoundText { entry_url: entry_url(), is_found: true, ..text("blw", 9) },
            UnfoundText { is_found: true, ..text("かぼちゃ おやき", 6) },
        ];
        let monday = When(1_794_754_800_000);
        let before = When(monday.0 - 7 * 24 * 3_600_000);
        let weeks = vec![
            UnfoundWeek { monday, texts: texts.clone() },
            UnfoundWeek { monday: before, texts },
        ];
        Self { weeks, fewest: 5 }
    }

    #[must_use]
    pub fn sample_empty() -> Self {
        Self { weeks: Vec::new(), fewest: 5 }
    }
}

impl EntryRow {
    fn sample(words: &str, reading: Option<&str>) -> Self {
        Self {
            url: "/review/words/w1".to_owned(),
            words: words.to_owned(),
            reading: reading.map(str::to_owned),
            by: "けん".to_owned(),
            when: When(1_794_347_000_000),
        }
    }
}

impl WordsView {
    #[must_use]
    pub fn sample() -> Self {
        let long =
            "手づかみ食べ、BLW、赤ちゃん主導の離乳、てづかみ、ベビーレッドウィーニング、つかみ食べ";
        Self {
            groups: ["断乳、卒乳", long, "児童館、ひなたの家"]
                .map(|it| EntryRow::sample(it, None))
                .to_vec(),
            older_groups: Some("/review/words?groups=1_w1#groups".to_owned()),
            own: vec![EntryRow::sample("ひなたっ子", Some("ひなたっこ"))],
            ..Self::default()
        }
    }

    #[must_use]
    pub fn sample_found() -> Self {
        let find = "ﾀﾞﾝﾆｭｳ".to_owned();
        let groups = vec![EntryRow::sample("断乳、だんにゅう、卒乳", None)];
        Self { find, is_finding: true, groups, ..Self::default() }
    }

    #[must_use]
    pub fn sample_not_found() -> Self {
        Self {
            find: "おしゃぶり".to_owned(),
            is_finding: true,
            begin_url: "/review/words?group=x#f-group".to_owned(),
            ..Self::default()
        }
    }

    /// A word that is in another group already, and a reading with kanji.
    #[must_use]
    pub fn sample_errors() -> Self {
        let mut view = Self {
            typed: Typed { group: "乳ばなれ、卒乳".to_owned(), ..Typed::default() },
            ..Self::sample()
        };
        let named = |text: &str| Given::Text(text.to_owned());
        let taken = [("word", named("卒乳")), ("group", named("断乳、卒乳"))];
        view.errors.add_naming("group", "error-group-taken", &taken);
        view.errors.add("reading", "error-reading-kana");
        view
    }

    /// Begun with what people looked for in vain.
    #[must_use]
    pub fn sample_begun() -> Self {
        let group = "おしゃぶり卒業".to_owned();
        Self { typed: Typed { group, is_begun: true, ..Typed::default() }, ..Self::sample() }
    }

    /// Somebody removed what the viewer wanted to change.
    #[must_use]
    pub fn sample_removed() -> Self {
        let typed =
            Typed { group: "断乳、卒乳、乳ばなれ".to_owned(), ..Typed::default() };
        Self { typed, removed_by: Some("けん".to_owned()), ..Self::default() }
    }
}

impl EntryView {
    #[must_use]
    pub fn sample_own() -> Self {
        Self {
            is_group: false,
            kept: EntryRow::sample("ひなたっ子", Some("ひなたっこ")),
            version: 1,
            typed: Typed {
                word: "ひなたっ子".to_owned(),
                reading: "ひなたっこ".to_owned(),
                ..Typed::default()
            },
            errors: FieldErrors::default(),
            is_stale: false,
        }
    }

    /// Somebody else was faster.
    #[must_use]
    pub fn sample_stale() -> Self {
        Self {
            is_group: true,
            kept: EntryRow::sample("断乳、卒乳、おっぱい卒業", None),
            typed: Typed { group: "断乳、卒乳、乳ばなれ".to_owned(), ..Typed::default() },
            is_stale: true,
            ..Self::sample_own()
        }
    }
}
