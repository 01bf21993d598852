//! Every page rendered from sample data: what tests check and `examples/render-samples.rs` writes to files.

use crate::accounts::{
    ConfirmView, DemoMail, DemoMailListView, ForgotView, LogInView, MailPurpose, MailSentView,
    MeView, ResetView, SettingsView, SignUpView,
};
use crate::captions::CaptionsView;
use crate::chrome::{Chrome, Flash};
use crate::compose::{ChooseKindView, ComposeView};
use crate::lang::Lang;
use crate::notices::NoticesView;
use crate::pages::{AboutView, ErrorCause, ErrorView};
use crate::posts::PostView;
use crate::reading::{HomeView, ListView};
use crate::review::{LogView, PreparingView, QueueView, ReviewItemView};
use crate::search::SearchView;
use crate::vocabulary::Season;
use crate::words::{EntryView, UnfoundView, WordsView};
use crate::{accounts, captions, compose, notices, pages, posts, reading, review, search, words};

/// `(name, HTML)` of every page and its notable states, in one language.
#[must_use]
pub fn all(lang: Lang) -> Vec<(&'static str, String)> {
    let visitor = Chrome::sample_visitor(lang);
    let at = |chrome: Chrome, path: &str| Chrome { path: path.to_owned(), ..chrome };
    let member = |path: &str| at(Chrome::sample_member(lang), path);
    let moderator = |path: &str| at(Chrome::sample_moderator(lang), path);
    let admin = |path: &str| at(Chrome::sample_admin(lang), path);
    let mut demo_visitor = visitor.clone();
    demo_visitor.demo = true;
    let out = |path: &str| at(Chrome::sample_visitor(lang), path);
    let flashed = Chrome { flash: Some(Flash::good("flash-submitted")), ..member("/me") };
    let mail_sent = |purpose| MailSentView { email: "hanako@example.jp".to_owned(), purpose };
    let list = |path: &str, view: &ListView| {
        let chrome = member(path);
        reading::list(&chrome, view).within(&chrome)
    };
    let compose = |path: &str, view: &ComposeView| compose::compose(&member(path), view);
    let search = |path: &str, view: &SearchView| search::search(&out(path), view);
    let season = |season| HomeView { season, ..HomeView::sample(lang) };
    vec![
        ("home", reading::home(&demo_visitor, &HomeView::sample(lang)).within(&demo_visitor)),
        ("list", list("/kinds/recipe", &ListView::sample(lang))),
        ("person", list("/people/a1", &ListView::sample_person())),
        ("list-empty", list("/tags/x", &ListView::sample_empty())),
        ("post", posts::post(&member("/posts/p1"), &PostView::sample(lang))),
        (
            "post-question",
            posts::post(&at(visitor.clone(), "/posts/p1"), &PostView::sample_question(lang)),
        ),
        ("post-own", posts::post(&member("/posts/p1"), &PostView::sample_own(lang))),
        (
            "post-own-published",
            posts::post(&member("/posts/p1"), &PostView::sample_own_published(lang)),
        ),
        ("post-own-silent", posts::post(&member("/posts/p1"), &PostView::sample_own_silent(lang))),
        (
            "post-own-preparing",
            posts::post(&member("/posts/p1"), &PostView::sample_own_preparing(lang)),
        ),
        ("post-own-failed", posts::post(&member("/posts/p1"), &PostView::sample_own_failed(lang))),
        ("choose-kind", compose::choose_kind(&member("/posts/new"), &ChooseKindView::sample())),
        ("compose", compose::compose(&member("/posts/p1/edit"), &ComposeView::sample(lang))),
        (
            "compose-covers",
            compose::compose(&member("/posts/p1/edit"), &ComposeView::sample_covers(lang)),
        ),
        ("compose-new", compose::compose(&member("/posts/new"), &ComposeView::sample_new(lang))),
        (
            "compose-errors",
            compose::compose(&member("/posts/p1/edit"), &ComposeView::sample_errors(lang)),
        ),
        (
            "captions",
            captions::captions(&member("/posts/p1/captions"), &CaptionsView::sample(lang)),
        ),
        (
            "captions-new",
            captions::captions(&member("/posts/p1/captions"), &CaptionsView::sample_new(lang)),
        ),
        (
            "captions-errors",
            captions::captions(&member("/posts/p1/captions"), &CaptionsView::sample_errors(lang)),
        ),
        ("compose-waiting", compose("/posts/p1/edit", &ComposeView::sample_waiting(lang))),
        ("compose-again", compose("/posts/p1/edit", &ComposeView::sample_again(lang))),
        ("compose-failed", compose("/posts/p1/edit", &ComposeView::sample_failed(lang))),
        ("compose-silent", compose("/posts/p1/edit", &ComposeView::sample_silent(lang))),
        ("compose-slow", compose("/posts/p1/edit", &ComposeView::sample_slow(lang))),
        (
            "compose-too-long-slow",
            compose("/posts/p1/edit", &ComposeView::sample_too_long_slow(lang)),
        ),
        ("compose-cut-short", compose("/posts/p1/edit", &ComposeView::sample_cut_short(lang))),
        ("home-spring", reading::home(&visitor, &season(Season::Spring)).within(&visitor)),
        ("home-summer", reading::home(&visitor, &season(Season::Summer)).within(&visitor)),
        ("home-winter", reading::home(&visitor, &season(Season::Winter)).within(&visitor)),
        ("search", search("/search?q=x", &SearchView::sample(lang))),
        ("search-relaxed", search("/search?q=x", &SearchView::sample_relaxed(lang))),
        ("search-meant", search("/search?q=x", &SearchView::sample_meant(lang))),
        ("search-preparing", search("/search?q=x", &SearchView::sample_preparing(lang))),
        ("search-nothing-meant", search("/search?q=x", &SearchView::sample_nothing_meant(lang))),
        ("search-nothing", search("/search?q=x", &SearchView::sample_nothing(lang))),
        ("search-first", search("/search", &SearchView::sample_first(lang))),
        ("sign-up", accounts::sign_up(&out("/signup"), &SignUpView::default())),
        ("sign-up-errors", accounts::sign_up(&out("/signup"), &SignUpView::sample_errors())),
        ("mail-sent", accounts::mail_sent(&demo_visitor, &mail_sent(MailPurpose::Confirm))),
        ("mail-sent-reset", accounts::mail_sent(&out("/forgot"), &mail_sent(MailPurpose::Reset))),
        (
            "confirm",
            accounts::confirm(&out("/confirm"), &ConfirmView::Ask { token: "t".to_owned() }),
        ),
        ("confirm-done", accounts::confirm(&member("/confirm"), &ConfirmView::Done)),
        ("confirm-expired", accounts::confirm(&out("/confirm"), &ConfirmView::Expired)),
        ("log-in", accounts::log_in(&out("/login"), &LogInView::default())),
        ("log-in-errors", accounts::log_in(&out("/login"), &LogInView::sample_errors())),
        ("forgot", accounts::forgot(&out("/forgot"), &ForgotView::default())),
        ("reset", accounts::reset(&out("/reset"), &ResetView::default())),
        ("me", accounts::me(&flashed, &MeView::sample())),
        ("me-new", accounts::me(&member("/me"), &MeView::sample_new())),
        (
            "settings-unconfirmed",
            accounts::settings(
                &at(Chrome::sample_unconfirmed(lang), "/me/settings"),
                &SettingsView::sample(lang),
            ),
        ),
        ("settings", accounts::settings(&member("/me/settings"), &SettingsView::sample(lang))),
        (
            "demo-mails",
            accounts::demo_mails(
                &demo_visitor,
                &DemoMailListView { mails: vec![DemoMail::sample(lang)] },
            ),
        ),
        ("demo-mail", accounts::demo_mail(&demo_visitor, &DemoMail::sample(lang))),
        ("notices", notices::notices(&member("/notices"), &NoticesView::sample())),
        ("notices-empty", notices::notices(&member("/notices"), &NoticesView::default())),
        ("review-queue", review::queue(&moderator("/review"), &QueueView::sample(lang))),
        ("review-queue-empty", review::queue(&moderator("/review"), &QueueView::default())),
        (
            "review-preparing",
            review::preparing(&moderator("/review/preparing/v1"), &PreparingView::sample(lang)),
        ),
        ("review-item", review::item(&moderator("/review/r1"), &ReviewItemView::sample(lang))),
        (
            "review-item-errors",
            review::item(&moderator("/review/r1"), &ReviewItemView::sample_errors(lang)),
        ),
        (
            "review-item-decided",
            review::item(&moderator("/review/r1"), &ReviewItemView::sample_decided(lang)),
        ),
        ("review-log", review::log(&moderator("/review/log"), &LogView::sample(lang))),
        ("review-queue-admin", review::queue(&admin("/review"), &QueueView::sample(lang))),
        ("review-words", words::words(&admin("/review/words"), &WordsView::sample())),
        ("review-words-empty", words::words(&admin("/review/words"), &WordsView::default())),
        ("review-words-begun", words::words(&admin("/review/words"), &WordsView::sample_begun())),
        ("review-words-found", words::words(&admin("/review/words"), &WordsView::sample_found())),
        (
            "review-words-not-found",
            words::words(&admin("/review/words"), &WordsView::sample_not_found()),
        ),
        ("review-words-errors", words::words(&admin("/review/words"), &WordsView::sample_errors())),
        (
            "review-words-removed",
            words::words(&admin("/review/words/w1"), &WordsView::sample_removed()),
        ),
        ("review-word-own", words::entry(&admin("/review/words/w1"), &EntryView::sample_own())),
        ("review-word-stale", words::entry(&admin("/review/words/w1"), &EntryView::sample_stale())),
        ("review-unfound", words::unfound(&admin("/review/unfound"), &UnfoundView::sample())),
        (
            "review-unfound-empty",
            words::unfound(&admin("/review/unfound"), &UnfoundView::sample_empty()),
        ),
        (
            "about",
            pages::about(
                &visitor,
                &AboutView { contact: Some("hello@megurumi.example".to_owned()) },
            ),
        ),
        (
            "error-unconfirmed",
            pages::error(
                &member("/posts/new"),
                &ErrorView { status: 403, cause: Some(ErrorCause::Unconfirmed) },
            ),
        ),
        (
            "error-login",
            pages::error(
                &visitor,
                &ErrorView { status: 401, cause: Some(ErrorCause::LoginNeeded) },
            ),
        ),
        ("error-404", pages::error(&visitor, &ErrorView { status: 404, cause: None })),
        ("error-403", pages::error(&visitor, &ErrorView { status: 403, cause: None })),
        ("error-413", pages::error(&visitor, &ErrorView { status: 413, cause: None })),
        ("error-429", pages::error(&visitor, &ErrorView { status: 429, cause: None })),
        (
            "error-day-full",
            pages::error(
                &member("/uploads"),
                &ErrorView { status: 429, cause: Some(ErrorCause::sample_day_full()) },
            ),
        ),
        (
            "error-videos-waiting",
            pages::error(
                &member("/uploads"),
                &ErrorView { status: 429, cause: Some(ErrorCause::VideosWaiting { n: 5 }) },
            ),
        ),
        ("error-500", pages::error(&visitor, &ErrorView { status: 500, cause: None })),
        ("error-503", pages::error(&visitor, &ErrorView { status: 503, cause: None })),
        ("error-507", pages::error(&visitor, &ErrorView { status: 507, cause: None })),
    ]
}
