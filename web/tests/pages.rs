//! Every page, from its sample, in every language.

use web::{Lang, samples};

#[test]
fn every_page_renders_whole_in_every_language() {
    for lang in Lang::ALL {
        for (name, html) in samples::all(lang) {
            let at = format!("{name} in {}", lang.code());
            assert_eq!(html.matches("<h1").count(), 1, "{at}: exactly one h1");
            assert!(!html.contains('⟦'), "{at}: missing {}", around(&html, '⟦'));
            assert!(html.contains(&format!("<html lang=\"{}\"", lang.html())), "{at}: language");
            assert!(html.ends_with("</html>") || html.ends_with("</html>\n"), "{at}: whole");
        }
    }
}

#[test]
fn no_page_needs_inline_code() {
    for (name, html) in samples::all(Lang::Ja) {
        assert!(!html.contains(" style="), "{name}: a style attribute");
        assert!(!html.contains("<style"), "{name}: a style element");
        assert!(!html.contains("javascript:"), "{name}: a javascript address");
        for (_, tag) in html.match_indices("<script").map(|(i, _)| (i, &html[i..])) {
            let tag = &tag[..tag.find('>').unwrap()];
            let is_data = tag.contains("type=\"application/ld+json\"");
            assert!(is_data || tag.contains(" src=\"/assets/"), "{name}: {tag}");
        }
        for handler in [" onclick=", " onsubmit=", " onload=", " onerror="] {
            assert!(!html.contains(handler), "{name}: {handler}");
        }
    }
}

#[test]
fn a_persons_words_cannot_leave_their_place() {
    use web::reading::HomeView;
    let hostile = "</script><script>alert(1)</script>\"'><img src=x>";
    let mut view = HomeView::sample(Lang::Ja);
    let mut card = web::search::SearchView::sample(Lang::Ja).hits.swap_remove(0).card;
    card.title = hostile.to_owned();
    card.author = hostile.to_owned();
    view.newest = vec![web::reading::card(Lang::Ja, &card, true)];
    let visitor = web::Chrome::sample_visitor(Lang::Ja);
    let html = web::reading::home(&visitor, &view).within(&visitor);
    assert!(!html.contains("<script>alert"), "escaped everywhere");
    assert!(!html.contains("<img src=x>"));
    let mut view = web::posts::PostView::sample(Lang::Ja);
    view.content.title = hostile.to_owned();
    view.description = hostile.to_owned();
    let html = web::posts::post(&web::Chrome::sample_visitor(Lang::Ja), &view);
    assert!(!html.contains("<script>alert"), "escaped in JSON-LD too");
}

fn around(html: &str, mark: char) -> String {
    let at = html.find(mark).unwrap_or(0);
    html[at..].chars().take(60).collect()
}
