//! What a person wrote, made safe to show. The only maker of [`SafeHtml`].
//!
//! Markdown is kept simple: paragraphs (a line break is a line break), emphasis, lists, quotes, headings (shown below the page's
//! own), links. Raw HTML and images are shown as text or dropped; links carry `nofollow ugc noopener` and only http(s).

use ammonia::Builder;
use comrak::{Options, markdown_to_html};
use lru::LruCache;
use std::num::NonZeroUsize;
use std::sync::{LazyLock, Mutex, PoisonError};
use unicode_normalization::UnicodeNormalization;
use web::SafeHtml;

static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(
            [
                "p",
                "br",
                "strong",
                "em",
                "del",
                "ul",
                "ol",
                "li",
                "blockquote",
                "h2",
                "h3",
                "h4",
                "h5",
                "h6",
                "a",
                "code",
                "pre",
                "hr",
            ]
            .into(),
        )
        .tag_attributes([("a", ["href"].into()), ("ol", ["start"].into())].into())
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

/// A post's body or a comment.
pub fn markdown(source: &str) -> SafeHtml {
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
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.autolink = true;
    options.render.hardbreaks = true;
    options.render.escape = true;
    let html = markdown_to_html(source, &options);
    SafeHtml::from_sanitised(SANITISER.clean(&below_the_title(&html)).to_string())
}

/// Headings one level below the page's h1, none of them skipping a level, whatever was typed.
fn below_the_title(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let (mut rest, mut level, mut has_h2) = (html, 2, false);
    while let Some(at) = rest.find("<h").into_iter().chain(rest.find("</h")).min() {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let is_end = tag.starts_with("</");
        let name = &tag[if is_end { 3 } else { 2 }..];
        let typed = name.chars().next().and_then(|digit| digit.to_digit(10));
        match typed {
            Some(typed @ 1..=6) if name[1..].starts_with('>') => {
                if !is_end {
                    level = if typed >= 3 && has_h2 { 3 } else { 2 };
                    has_h2 = true;
                }
                out.push_str(&format!("{}h{level}>", if is_end { "</" } else { "<" }));
                rest = &name[2..];
            }
            // A rule, or the like.
            _ => {
                out.push_str(if is_end { "</h" } else { "<h" });
                rest = name;
            }
        }
    }
    out.push_str(rest);
    out
}

/// The words of a markdown text without its marks, spaces folded: for the search index, descriptions and mails.
pub fn plain(source: &str) -> String {
    let html = markdown_to_html(source, &Options::default());
    // Tags become spaces, then what was escaped is itself again.
    let mut text = String::with_capacity(html.len());
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                text.push(' ');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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

/// By what two spellings of one text are compared: NFKC, lower case.
pub fn fold(typed: &str) -> String {
    typed.nfkc().collect::<String>().to_lowercase()
}

/// Several lines of a form: line ends unified, other control characters gone, no blank ends.
pub fn paragraphs(typed: &str) -> String {
    let unified = typed.replace("\r\n", "\n").replace('\r', "\n");
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
            let html = markdown(hostile).to_string();
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
        assert_eq!(markdown("一行め\n二行め").to_string(), "<p>一行め<br>\n二行め</p>\n");
    }

    #[test]
    fn links_do_not_vouch_for_their_target() {
        let html = markdown("https://example.jp を見てください").to_string();
        assert!(html.contains("rel=\"nofollow ugc noopener\""), "{html}");
    }

    #[test]
    fn headings_stay_below_the_title_and_skip_no_level() {
        assert_eq!(markdown("# 見出し").to_string(), "<h2>見出し</h2>\n");
        assert_eq!(markdown("### 小見出し").to_string(), "<h2>小見出し</h2>\n");
        let html = markdown("## 材料\n\n#### 下ごしらえ\n\n---\n\n## つくり方").to_string();
        let levels: Vec<&str> = html.split("<h").skip(1).map(|tag| &tag[..1]).collect();
        assert_eq!(levels, ["2", "3", "r", "2"], "{html}");
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
