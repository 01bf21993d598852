//! Writing the captions of a post's video.
//!
//! Without JavaScript it is one multipart form. With it, `captions.ts` puts the player's time into the text at one tap and leads from a mistake
//! to its line.

use crate::chrome::{Chrome, Head};
use crate::forms::FieldErrors;
use crate::html::Markup;
use crate::lang::{Arg, Lang};
use crate::media::{Captions, Video};
use crate::page;
use crate::posts::PostContent;
use crate::vocabulary::CaptionLanguage;

/// The form. Field names: `text`, `file`, `language`, `seen`.
#[derive(Clone, Debug)]
pub struct CaptionsView {
    /// The form posts to `/posts/{post}/captions`.
    pub post: String,
    /// Of the post; may be empty.
    pub title: String,
    /// Which captions the form was opened with; a save with others is refused.
    pub seen: String,
    /// A line for each moment, or whatever was typed.
    pub text: String,
    pub language: CaptionLanguage,
    /// As far as it can be watched, with the captions that are kept.
    pub video: Option<Video>,
    /// Of the text, in the order of its lines.
    pub problems: Vec<LineProblem>,
    /// Of the file that was sent.
    pub file_problems: Vec<LineProblem>,
    pub errors: FieldErrors,
    /// What another window has kept meanwhile.
    pub kept: Option<String>,
    /// Written for another video than the one there is now.
    pub is_for_another: bool,
    /// An approved revision stays visible while this one is written.
    pub is_published: bool,
}

/// What is wrong with a line, and what to do.
#[derive(Clone, Debug)]
pub struct LineProblem {
    /// From 1.
    pub line: u32,
    /// A message key (`error-captions-…`).
    pub key: &'static str,
    /// What the message names beside `$line`.
    pub args: Vec<(&'static str, String)>,
}

impl LineProblem {
    pub(crate) fn text(&self, lang: &Lang) -> Markup {
        let line = ("line", Arg::Number(i64::from(self.line)));
        let others = self.args.iter().map(|(name, value)| (*name, Arg::Text(value)));
        let args: Vec<_> = std::iter::once(line).chain(others).collect();
        Markup(lang.html_with(self.key, &args).into())
    }
}

#[must_use]
pub fn captions(chrome: &Chrome, view: &CaptionsView) -> String {
    let scripts: &[&str] = &["captions.js", "player.js"];
    let head = Head { scripts, ..Head::private(chrome.lang.ta("captions-title")) };
    page!("captions/captions.html", chrome, head, view, CaptionsView)
}

impl CaptionsView {
    pub(crate) fn has_problems(&self) -> bool {
        !self.errors.is_empty() || !self.problems.is_empty() || !self.file_problems.is_empty()
    }

    pub(crate) fn all_errors(&self, lang: &Lang) -> Vec<(&str, Markup)> {
        self.errors.all(*lang)
    }

    pub(crate) fn error(&self, field: &str, lang: &Lang) -> Option<Markup> {
        self.errors.text(field, *lang)
    }

    pub(crate) fn text_is_wrong(&self) -> bool {
        self.errors.has("text") || !self.problems.is_empty()
    }

    pub(crate) fn file_is_wrong(&self) -> bool {
        self.errors.has("file") || !self.file_problems.is_empty()
    }

    #[must_use]
    pub fn sample(lang: Lang) -> Self {
        let mut video = PostContent::sample(lang).video;
        video.iter_mut().for_each(|video| video.captions = Some(Captions::sample()));
        Self {
            post: "p1".to_owned(),
            title: "かぼちゃと豆腐の、ふわとろがゆ".to_owned(),
            seen: "0123456789abcdef".to_owned(),
            text: "0:00 ♪ やさしい音楽\n0:03.2 かぼちゃは、レンジで2分。\n熱いうちにつぶします\n0:09 お豆腐は、さっと湯通し\n1:01.5 人肌にさまして、めしあがれ\n".to_owned(),
            language: CaptionLanguage::Japanese,
            video,
            problems: vec![],
            file_problems: vec![],
            errors: FieldErrors::default(),
            kept: None,
            is_for_another: false,
            is_published: true,
        }
    }

    /// Nothing written, and nothing to be watched yet.
    #[must_use]
    pub fn sample_new(lang: Lang) -> Self {
        let view = Self::sample(lang);
        Self { text: String::new(), seen: String::new(), video: None, is_published: false, ..view }
    }

    /// With mistakes in the text and in the file, and another window that was faster.
    #[must_use]
    pub fn sample_errors(lang: Lang) -> Self {
        let mut view = Self::sample(lang);
        let problem = |line, key, args: &[(&'static str, &str)]| LineProblem {
            line,
            key,
            args: args.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
        };
        view.text = "はじめまして\n0:75 かぼちゃ\n2:10 おしまい".to_owned();
        view.problems = vec![
            problem(1, "error-captions-no-time", &[]),
            problem(2, "error-captions-bad-time", &[]),
            problem(3, "error-captions-beyond", &[("n", "1:42")]),
        ];
        view.file_problems =
            vec![problem(12, "error-captions-long", &[("n", "200"), ("lines", "4")])];
        view.errors.add("text", "error-captions-version");
        view.kept = Some("0:03 かぼちゃを切ります\n".to_owned());
        view.is_for_another = true;
        view
    }
}
