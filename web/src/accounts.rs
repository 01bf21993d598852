//! Signing up, logging in, one's own page and settings.
//!
//! Field names: sign-up `nickname email password`; log-in `email password next`; forgot `email`; reset `token password`; confirm
//! `token`; settings `action=profile` with `nickname region lang`, or `action=password` with `current_password password`.

use crate::chrome::{Chrome, Head};
use crate::forms::FieldErrors;
use crate::lang::Lang;
use crate::notices::Notice;
use crate::page;
use crate::preparing::{Preparing, Step};
use crate::vocabulary::{Choice, Kind, PostState, Reason, When};

/// Fewest characters of a password, as the forms say it.
pub const PASSWORD_MIN: u32 = 10;

#[derive(Clone, Debug, Default)]
pub struct SignUpView {
    pub nickname: String,
    pub email: String,
    pub errors: FieldErrors,
}

#[must_use]
pub fn sign_up(chrome: &Chrome, view: &SignUpView) -> String {
    let head = Head::private(chrome.lang.ta("signup-title"));
    page!("accounts/sign-up.html", chrome, head, view, SignUpView)
}

/// "Look into your mail", after sign-up and after asking for a new password. Says the same whether or not the address is known.
#[derive(Clone, Debug)]
pub struct MailSentView {
    pub email: String,
    pub purpose: MailPurpose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailPurpose {
    Confirm,
    Reset,
}

#[must_use]
pub fn mail_sent(chrome: &Chrome, view: &MailSentView) -> String {
    let head = Head::private(chrome.lang.ta("mail-sent-title"));
    page!("accounts/mail-sent.html", chrome, head, view, MailSentView)
}

/// What a confirmation link leads to.
#[derive(Clone, Debug)]
pub enum ConfirmView {
    /// A button that posts the token to `/confirm`, so that a mail scanner's GET confirms nothing.
    Ask {
        token: String,
    },
    Done,
    /// Used, expired or never valid.
    Expired,
}

#[must_use]
pub fn confirm(chrome: &Chrome, view: &ConfirmView) -> String {
    let head = Head::private(chrome.lang.ta("confirm-title"));
    page!("accounts/confirm.html", chrome, head, view, ConfirmView)
}

#[derive(Clone, Debug, Default)]
pub struct LogInView {
    pub email: String,
    /// Path to go to afterwards; empty for the home page.
    pub next: String,
    /// `email` carries the one error for a wrong pair.
    pub errors: FieldErrors,
}

#[must_use]
pub fn log_in(chrome: &Chrome, view: &LogInView) -> String {
    let head = Head::private(chrome.lang.ta("login-title"));
    page!("accounts/log-in.html", chrome, head, view, LogInView)
}

#[derive(Clone, Debug, Default)]
pub struct ForgotView {
    pub email: String,
    pub errors: FieldErrors,
}

#[must_use]
pub fn forgot(chrome: &Chrome, view: &ForgotView) -> String {
    let head = Head::private(chrome.lang.ta("forgot-title"));
    page!("accounts/forgot.html", chrome, head, view, ForgotView)
}

#[derive(Clone, Debug, Default)]
pub struct ResetView {
    pub token: String,
    pub errors: FieldErrors,
}

#[must_use]
pub fn reset(chrome: &Chrome, view: &ResetView) -> String {
    let head = Head::private(chrome.lang.ta("reset-title"));
    page!("accounts/reset.html", chrome, head, view, ResetView)
}

/// One of the person's own posts.
#[derive(Clone, Debug)]
pub struct MyPost {
    pub title: String,
    /// The page for published ones, the form for what is still to do.
    pub url: String,
    pub kind: Kind,
    pub state: PostState,
    /// Of its video, while it is being made ready.
    pub preparing: Option<Preparing>,
    pub reason: Option<Reason>,
    pub thanks: u32,
    pub updated: When,
}

#[derive(Clone, Debug, Default)]
pub struct MeView {
    pub nickname: String,
    /// The public page.
    pub profile_url: String,
    /// Newest first, at most one page; grouped here by state.
    pub posts: Vec<MyPost>,
    /// Address of the next older page of posts.
    pub older: Option<String>,
    /// The newest few.
    pub notices: Vec<Notice>,
    /// All thank-yous ever received.
    pub thanks: u32,
}

#[must_use]
pub fn me(chrome: &Chrome, view: &MeView) -> String {
    let head = Head::private(chrome.lang.ta("me-title"));
    page!("accounts/me.html", chrome, head, view, MeView)
}

/// Posts of one standing under one heading.
pub(crate) struct Group<'a> {
    pub key: &'static str,
    pub posts: Vec<&'a MyPost>,
}

impl MeView {
    /// What needs the person first, then what waits, what is being written, what is out, and the rest.
    pub(crate) fn groups(&self) -> Vec<Group<'_>> {
        use PostState as S;
        let groups: [(&'static str, &[PostState]); 5] = [
            ("me-group-act", &[S::ChangesRequested, S::ProcessingFailed]),
            ("me-group-waiting", &[S::Processing, S::Waiting, S::Hidden]),
            ("me-group-drafts", &[S::Draft]),
            ("me-group-published", &[S::Published]),
            ("me-group-ended", &[S::Rejected, S::Withdrawn]),
        ];
        groups
            .into_iter()
            .map(|(key, states)| Group {
                key,
                posts: self.posts.iter().filter(|p| states.contains(&p.state)).collect(),
            })
            .filter(|group| !group.posts.is_empty())
            .collect()
    }

    #[must_use]
    pub fn sample() -> Self {
        let post = |title: &str, kind, state, preparing, reason, thanks| MyPost {
            title: title.to_owned(),
            url: "/posts/p1".to_owned(),
            kind,
            state,
            preparing,
            reason,
            thanks,
            updated: When(1_795_347_000_000),
        };
        let reason = Some(Reason::OtherChildren);
        let preparing = |percent, step| Some(Preparing { percent, step, is_again: false });
        let working = preparing(62, Step::Working { left: Some(130) });
        let waiting = preparing(0, Step::Waiting { ahead: 2 });
        Self {
            nickname: "はなこ".to_owned(),
            profile_url: "/people/a1".to_owned(),
            posts: vec![
                post(
                    "牛乳パックで、音のなるつみき",
                    Kind::Activity,
                    PostState::ChangesRequested,
                    None,
                    reason,
                    0,
                ),
                post(
                    "お風呂でしゃぼん玉",
                    Kind::Activity,
                    PostState::ProcessingFailed,
                    None,
                    None,
                    0,
                ),
                post("にんじんの蒸しパン", Kind::Recipe, PostState::Processing, working, None, 0),
                post("どんぐりごま", Kind::Activity, PostState::Processing, waiting, None, 0),
                post("雨の日の着替え", Kind::Tip, PostState::Waiting, None, None, 0),
                post("", Kind::Tip, PostState::Draft, None, None, 0),
                post(
                    "かぼちゃと豆腐の、ふわとろがゆ",
                    Kind::Recipe,
                    PostState::Published,
                    None,
                    None,
                    48,
                ),
                post(
                    "おすすめのお店",
                    Kind::Tip,
                    PostState::Rejected,
                    None,
                    Some(Reason::Advertising),
                    0,
                ),
            ],
            older: None,
            notices: Notice::samples().into_iter().take(3).collect(),
            thanks: 61,
        }
    }

    /// Someone who has just come.
    #[must_use]
    pub fn sample_new() -> Self {
        Self {
            nickname: "まゆ".to_owned(),
            profile_url: "/people/a2".to_owned(),
            ..Self::default()
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct SettingsView {
    pub nickname: String,
    pub email: String,
    pub lang: Lang,
    /// The chosen region's value; may be empty.
    pub region: String,
    pub regions: Vec<Choice>,
    pub errors: FieldErrors,
    pub sessions: Vec<SessionRow>,
}

#[derive(Clone, Debug)]
pub struct SessionRow {
    pub id: String,
    /// `Safari・iPhone`; may be empty.
    pub device: String,
    pub began: When,
    pub seen: When,
    /// The one this page is read in.
    pub is_current: bool,
}

#[must_use]
pub fn settings(chrome: &Chrome, view: &SettingsView) -> String {
    let head = Head::private(chrome.lang.ta("settings-title"));
    page!("accounts/settings.html", chrome, head, view, SettingsView)
}

impl SettingsView {
    #[must_use]
    pub fn sample(lang: Lang) -> Self {
        let session = |id: &str, device: &str, is_current| SessionRow {
            id: id.to_owned(),
            device: device.to_owned(),
            began: When(1_794_347_000_000),
            seen: When(1_795_347_000_000),
            is_current,
        };
        Self {
            nickname: "はなこ".to_owned(),
            email: "hanako@example.jp".to_owned(),
            lang,
            region: "uji".to_owned(),
            regions: vec![Choice { value: "uji".to_owned(), name: "宇治市".to_owned() }],
            errors: FieldErrors::default(),
            sessions: vec![session("s1", "Safari・iPhone", true), session("s2", "", false)],
        }
    }
}

/// Mails that were not really sent, in demo mode only.
#[derive(Clone, Debug, Default)]
pub struct DemoMailListView {
    /// Newest first.
    pub mails: Vec<DemoMail>,
}

#[derive(Clone, Debug, Default)]
pub struct DemoMail {
    /// Of its page.
    pub url: String,
    pub to: String,
    pub subject: String,
    pub sent: When,
    /// Plain text; only needed on its own page.
    pub body: String,
}

#[must_use]
pub fn demo_mails(chrome: &Chrome, view: &DemoMailListView) -> String {
    let head = Head::private(chrome.lang.ta("demo-mail-title"));
    page!("accounts/demo-mails.html", chrome, head, view, DemoMailListView)
}

#[must_use]
pub fn demo_mail(chrome: &Chrome, view: &DemoMail) -> String {
    let head = Head::private(&view.subject);
    page!("accounts/demo-mail.html", chrome, head, view, DemoMail)
}

/// A piece of a mail's text; a link when it is an address.
pub(crate) struct MailPiece<'a> {
    pub text: &'a str,
    pub is_link: bool,
}

impl DemoMail {
    pub(crate) fn pieces(&self) -> Vec<MailPiece<'_>> {
        let mut pieces = Vec::new();
        let mut rest = self.body.as_str();
        while let Some(at) = rest.find("http://").or_else(|| rest.find("https://")) {
            let (before, from) = rest.split_at(at);
            let end = from.find(char::is_whitespace).unwrap_or(from.len());
            pieces.push(MailPiece { text: before, is_link: false });
            pieces.push(MailPiece { text: &from[..end], is_link: true });
            rest = &from[end..];
        }
        pieces.push(MailPiece { text: rest, is_link: false });
        pieces
    }

    #[must_use]
    pub fn sample(lang: Lang) -> Self {
        let mail =
            crate::mail::confirm(lang, "はなこ", "https://megurumi.example/confirm?token=abc");
        Self {
            url: "/demo/mail/1".to_owned(),
            to: "hanako@example.jp".to_owned(),
            subject: mail.subject,
            sent: When(1_795_347_000_000),
            body: mail.body,
        }
    }
}

impl SignUpView {
    /// Sent in with mistakes.
    #[must_use]
    pub fn sample_errors() -> Self {
        let mut errors = FieldErrors::default();
        errors.add("nickname", "error-nickname-empty");
        errors.add("email", "error-email");
        errors.add_with("password", "error-password-short", i64::from(PASSWORD_MIN));
        Self { nickname: String::new(), email: "hanako@".to_owned(), errors }
    }
}

impl LogInView {
    /// After a wrong password.
    #[must_use]
    pub fn sample_errors() -> Self {
        let mut errors = FieldErrors::default();
        errors.add("email", "error-login");
        Self { email: "hanako@example.jp".to_owned(), next: "/posts/p1".to_owned(), errors }
    }
}
