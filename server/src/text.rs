//! What a person wrote, made safe to show. The only maker of [`SafeHtml`].
//!
//! What the marks in it mean is read by `reading`, once for pages and for plain words; what that makes is sanitised as if it were a
//! stranger's. Links carry `nofollow ugc noopener` and only http(s).

mod reading;

use ammonia::Builder;
use lru::LruCache;
use reading::{Reading, is_line_end};
use std::num::NonZeroUsize;
use std::sync::{LazyLock, Mutex, PoisonError};
use unicode_normalization::UnicodeNormalization;
use web::SafeHtml;

static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(["p", "br", "strong", "ul", "ol", "li", "h2", "a"].into())
        .tag_attributes([("a", ["href"].into()), ("li", ["value"].into())].into())
        .url_schemes(["http", "https"].into())
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("nofollow ugc noopener"))
        .clean_content_tags(["script", "style"].into());
    builder
});

/// What was made of the texts shown last, by the text itself: making it is most of the work of a post's page.
static MADE: LazyLock<Mutex<LruCache<Box<str>, SafeHtml>>> =
    LazyLock::new(|| Mutex::new(LruCache::new(const { NonZeroUsize::new(1024).unwrap() })));
/// Longer texts are seldom, and a thousand of them would be a burden.
const KEPT_BYTES: usize = 16 << 10;

/// A post's body as its page shows it.
pub fn html(source: &str) -> SafeHtml {
    if source.len() > KEPT_BYTES {
        return render(source);
    }
    let kept = || MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(html) = kept().get(source) {
        return html.clone();
    }
    let html = render(source);
    kept().put(source.into(), html.clone());
    html
}

fn render(source: &str) -> SafeHtml {
    SafeHtml::from_sanitised(SANITISER.clean(&Reading::of(source).html()).to_string())
}

/// The words of a text without its marks, spaces folded: for the search index, descriptions and mails.
pub fn plain(source: &str) -> String {
    Reading::of(source).plain()
}

/// The first `most` characters, with `…` when something was cut.
pub fn excerpt(text: &str, most: usize) -> String {
    let mut cut: String = text.chars().take(most).collect();
    if text.chars().nth(most).is_some() {
        cut.push('…');
    }
    cut
}

/// One line of a form: NFC is the browser's business, but control characters and runs of spaces are ours.
pub fn line(typed: &str) -> String {
    let cleaned: String = typed.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cleaned.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Control characters, and those that change how the others are shown. The joiner and the selectors of emoji may stay.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}'
        )
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}')
        || matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..)
}

/// Whether there is nothing to be seen of it.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace() || is_invisible(c) || matches!(c, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
    })
}

/// By what two spellings of one text are compared: NFKC, lower case.
pub fn fold(typed: &str) -> String {
    typed.nfkc().collect::<String>().to_lowercase()
}

/// Several lines of a form: line ends unified, other control characters gone, no blank ends.
pub fn paragraphs(typed: &str) -> String {
    let unified = typed.replace("\r\n", "\n").replace(is_line_end, "\n");
    let cleaned: String =
        unified.chars().filter(|c| *c == '\n' || *c == '\t' || !c.is_control()).collect();
    cleaned.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_handlers_never_come_through() {
        for hostile in [
            "<script>alert(1)</script>",
            "[x](javascript:alert(1))",
            "<img src=x onerror=alert(1)>",
            "<a href=\"https://e.jp\" onclick=\"x()\">x</a>",
            "![x](https://tracker.example/p.gif)",
            "<svg><style><img src=x onerror=alert(1)></style></svg>",
            "[x](data:text/html,<script>alert(1)</script>)",
        ] {
            let html = html(hostile).to_string();
            for bad in [
                "<script",
                "<img",
                "<svg",
                "<style",
                "href=\"javascript",
                "href=\"data",
                "<a href=\"https://e.jp\" onclick",
            ] {
                assert!(!html.contains(bad), "{hostile} became {html}");
            }
        }
    }

    #[test]
    fn a_line_break_typed_is_a_line_break_shown() {
        assert_eq!(html("一行め\n二行め").to_string(), "<p>一行め<br>\n二行め</p>\n");
    }

    #[test]
    fn links_do_not_vouch_for_their_target() {
        let html = html("https://example.jp を見てください").to_string();
        assert!(html.contains("rel=\"nofollow ugc noopener\""), "{html}");
    }

    #[test]
    fn what_is_safe_already_comes_through_the_sanitiser_as_it_is() {
        let typed = "## 材料\n\n- 水\n\n1. **だいじ**\n2. https://example.jp/?a=1&b=2 <b> \"\n";
        let html = html(typed).to_string();
        let rel = " rel=\"nofollow ugc noopener\"";
        let made = Reading::of(typed).html().replace("&quot;", "\"");
        assert_eq!(html.replace(rel, ""), made);
    }

    #[test]
    fn plain_text_has_no_marks_and_keeps_what_was_typed() {
        assert_eq!(plain("**にんじん** & 1 < 2\n\n- 水"), "にんじん & 1 < 2 水");
    }

    #[test]
    fn an_excerpt_says_when_it_was_cut() {
        assert_eq!(excerpt("かぼちゃがゆ", 4), "かぼちゃ…");
        assert_eq!(excerpt("かぼちゃ", 4), "かぼちゃ");
    }
}
