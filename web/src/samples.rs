//! Every page rendered from sample data: what tests check and `examples/render-samples.rs` writes to files.

use crate::chrome::Chrome;
use crate::compose::{ChooseKindView, ComposeView};
use crate::lang::Lang;
use crate::pages::ErrorView;
use crate::posts::PostView;
use crate::reading::{HomeView, ListView};
use crate::{compose, pages, posts, reading};

/// `(name, HTML)` of every page and its notable states, in one language.
#[must_use]
pub fn all(lang: Lang) -> Vec<(&'static str, String)> {
    let visitor = Chrome::sample_visitor(lang);
    let at = |chrome: Chrome, path: &str| Chrome { path: path.to_owned(), ..chrome };
    let member = |path: &str| at(Chrome::sample_member(lang), path);
    let moderator = |path: &str| at(Chrome::sample_moderator(lang), path);
    let _ = &moderator;
    let mut demo_visitor = visitor.clone();
    demo_visitor.demo = true;
    vec![
        ("home", reading::home(&demo_visitor, &HomeView::sample(lang))),
        ("list", reading::list(&member("/kinds/recipe"), &ListView::sample(lang))),
        ("person", reading::list(&member("/people/a1"), &ListView::sample_person())),
        ("list-empty", reading::list(&member("/tags/x"), &ListView::sample_empty())),
        ("post", posts::post(&member("/posts/p1"), &PostView::sample(lang))),
        (
            "post-question",
            posts::post(&at(visitor.clone(), "/posts/p1"), &PostView::sample_question(lang)),
        ),
        ("post-own", posts::post(&member("/posts/p1"), &PostView::sample_own(lang))),
        ("choose-kind", compose::choose_kind(&member("/posts/new"), &ChooseKindView::sample())),
        ("compose", compose::compose(&member("/posts/p1/edit"), &ComposeView::sample(lang))),
        ("compose-new", compose::compose(&member("/posts/new"), &ComposeView::sample_new(lang))),
        (
            "compose-errors",
            compose::compose(&member("/posts/p1/edit"), &ComposeView::sample_errors(lang)),
        ),
        ("error-404", pages::error(&visitor, &ErrorView { status: 404, cause: None })),
        ("error-403", pages::error(&visitor, &ErrorView { status: 403, cause: None })),
        ("error-413", pages::error(&visitor, &ErrorView { status: 413, cause: None })),
        ("error-429", pages::error(&visitor, &ErrorView { status: 429, cause: None })),
        ("error-500", pages::error(&visitor, &ErrorView { status: 500, cause: None })),
        ("error-503", pages::error(&visitor, &ErrorView { status: 503, cause: None })),
    ]
}
