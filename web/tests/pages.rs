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

#[test]
fn what_was_meant_is_searched_for_with_the_filters_that_are_set() {
    use web::search::SearchView;
    let mut view = SearchView::sample_meant(Lang::Ja);
    view.meant = Some("離乳食 & <b>".to_owned());
    let visitor = web::Chrome::sample_visitor(Lang::Ja);
    let html = web::search::search(&visitor, &view);
    let address = "/search?q=%E9%9B%A2%E4%B9%B3%E9%A3%9F%20%26%20%3Cb%3E&amp;kind=recipe&amp;region=uji&amp;age=7&amp;video=1";
    assert!(
        html.contains(&format!("<a href=\"{address}\">離乳食 &#38; &#60;b&#62;</a>")),
        "{html}"
    );
    view = SearchView {
        meant: view.meant, q: "りにゅしょく".to_owned(), ..SearchView::default()
    };
    let html = web::search::search(&visitor, &view);
    let (meant, nothing) =
        (html.find("もしかして").unwrap(), html.find("class=\"empty\"").unwrap());
    assert!(html.contains("/search?q=%E9%9B%A2%E4%B9%B3%E9%A3%9F%20%26%20%3Cb%3E\">"), "{html}");
    assert!(meant < nothing, "first of all where nothing was found");
}

#[test]
fn a_question_is_asked_with_the_words_that_found_nothing() {
    let view =
        web::search::SearchView { q: "指しゃぶり & 夜".to_owned(), ..Default::default() };
    let html = web::search::search(&web::Chrome::sample_visitor(Lang::Ja), &view);
    let address = "/posts/new?kind=question&amp;title=%E6%8C%87%E3%81%97%E3%82%83%E3%81%B6%E3%82%8A%20%26%20%E5%A4%9C";
    assert!(html.contains(&format!("href=\"{address}\"")), "{html}");
}

#[test]
fn a_post_leads_on_only_where_something_is_related() {
    let visitor = web::Chrome::sample_visitor(Lang::Ja);
    let mut view = web::posts::PostView::sample(Lang::Ja);
    let html = web::posts::post(&visitor, &view);
    let section = &html[html.find("こちらもどうぞ").unwrap()..];
    assert_eq!(section.matches("<article class=\"card").count(), 3, "{section}");
    view.related.clear();
    assert!(!web::posts::post(&visitor, &view).contains("こちらもどうぞ"));
}

fn around(html: &str, mark: char) -> String {
    let at = html.find(mark).unwrap_or(0);
    html[at..].chars().take(60).collect()
}
