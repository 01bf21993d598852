//! One reading of what a person typed, which gives the page's HTML and the plain words alike.
//!
//! Four marks mean something: a line that begins with `- ` is an item of a list, one with `1. ` a step with that number, one with
//! `## ` a heading, and what stands between two `**` in a line is bold. An address that begins with `http://` or `https://` is a link, up
//! to its first character that is not ASCII. All else is text and shown as it was typed: a line break is a line break, and tildes,
//! underscores, brackets and the like are themselves.
//!
//! Invariants: without tags and blanks the HTML's text is what was typed without the four marks, and so are the plain words. Time is
//! linear in the length of what was typed; nothing nests but a link in bold in a block.
//!
//! Not here: what is kept of a form's field (`text::paragraphs`).

use std::fmt::Write;
use web::html::escape_into;

/// Numbers of more digits are years and the like.
const MOST_DIGITS: usize = 3;

#[derive(Debug)]
pub struct Reading<'a>(Vec<Block<'a>>);

#[derive(Debug)]
enum Block<'a> {
    Heading(Line<'a>),
    /// Each item with the lines that go on with it, indented below.
    Items(Vec<Vec<Line<'a>>>),
    /// The same, with their numbers as typed.
    Steps(Vec<(&'a str, Vec<Line<'a>>)>),
    Paragraph(Vec<Line<'a>>),
}

type Line<'a> = Vec<Span<'a>>;

#[derive(Debug)]
enum Span<'a> {
    Text(&'a str),
    Bold(Vec<Span<'a>>),
    /// Its address, which is also what is read.
    Link(&'a str),
}

impl<'a> Reading<'a> {
    pub fn of(typed: &'a str) -> Self {
        let mut blocks = Vec::new();
        let mut is_after_blank = true;
        for line in lines(typed) {
            // A full-width space at the beginning is how Japanese indents a paragraph.
            let trimmed = line.trim_end().trim_start_matches([' ', '\t']);
            if trimmed.is_empty() {
                is_after_blank = true;
                continue;
            }
            let is_indented = trimmed.len() < line.trim_end().len();
            add(&mut blocks, trimmed, is_indented && !is_after_blank, is_after_blank);
            is_after_blank = false;
        }
        Self(blocks)
    }

    pub fn html(&self) -> String {
        let mut out = String::new();
        for block in &self.0 {
            match block {
                Block::Heading(line) => {
                    out.push_str("<h2>");
                    write_line(&mut out, line);
                    out.push_str("</h2>\n");
                }
                Block::Items(items) => {
                    out.push_str("<ul>\n");
                    for lines in items {
                        out.push_str("<li>");
                        write_lines(&mut out, lines);
                        out.push_str("</li>\n");
                    }
                    out.push_str("</ul>\n");
                }
                Block::Steps(steps) => {
                    out.push_str("<ol>\n");
                    for (number, lines) in steps {
                        let _ = write!(out, "<li value=\"{number}\">");
                        write_lines(&mut out, lines);
                        out.push_str("</li>\n");
                    }
                    out.push_str("</ol>\n");
                }
                Block::Paragraph(lines) => {
                    out.push_str("<p>");
                    write_lines(&mut out, lines);
                    out.push_str("</p>\n");
                }
            }
        }
        out
    }

    /// The words alone, all blanks folded to one.
    pub fn plain(&self) -> String {
        let mut out = String::new();
        for block in &self.0 {
            let lines: Vec<&Line<'_>> = match block {
                Block::Heading(line) => vec![line],
                Block::Items(items) => items.iter().flatten().collect(),
                Block::Steps(steps) => steps.iter().flat_map(|(_, lines)| lines).collect(),
                Block::Paragraph(lines) => lines.iter().collect(),
            };
            for line in lines {
                out.push(' ');
                say(&mut out, line);
            }
        }
        out.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// What ends a line, whoever typed it: also what Word and old phones write.
pub fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn lines(typed: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(typed);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(at) = text.find(is_line_end) else { return rest.take() };
        let (line, behind) = text.split_at(at);
        let end = if behind.starts_with("\r\n") { 2 } else { behind.chars().next()?.len_utf8() };
        rest = Some(&behind[end..]);
        Some(line)
    })
}

/// A line without blanks before and behind; `goes_on` if it is indented right below another.
fn add<'a>(blocks: &mut Vec<Block<'a>>, line: &'a str, goes_on: bool, is_after_blank: bool) {
    if let Some(words) = after_mark(line, "##") {
        blocks.push(Block::Heading(spans(words)));
        return;
    }
    if let Some(words) = after_mark(line, "-") {
        let item = vec![spans(words)];
        match blocks.last_mut() {
            Some(Block::Items(items)) => items.push(item),
            _ => blocks.push(Block::Items(vec![item])),
        }
        return;
    }
    if let Some((number, words)) = numbered(line) {
        let step = (number, vec![spans(words)]);
        match blocks.last_mut() {
            Some(Block::Steps(steps)) => steps.push(step),
            _ => blocks.push(Block::Steps(vec![step])),
        }
        return;
    }
    let of_last = match blocks.last_mut() {
        Some(Block::Items(items)) if goes_on => items.last_mut(),
        Some(Block::Steps(steps)) if goes_on => steps.last_mut().map(|(_, lines)| lines),
        Some(Block::Paragraph(lines)) if !is_after_blank => Some(lines),
        _ => None,
    };
    match of_last {
        Some(lines) => lines.push(spans(line)),
        None => blocks.push(Block::Paragraph(vec![spans(line)])),
    }
}

/// What follows a mark and its space, if anything does.
fn after_mark<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    let words = line.strip_prefix(mark)?.strip_prefix(' ')?.trim_start();
    (!words.is_empty()).then_some(words)
}

fn numbered(line: &str) -> Option<(&str, &str)> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if !(1..=MOST_DIGITS).contains(&digits) {
        return None;
    }
    let (number, rest) = line.split_at(digits);
    Some((number, after_mark(rest, ".")?))
}

/// A line's bold parts and links.
fn spans(line: &str) -> Line<'_> {
    let mut spans = Vec::new();
    let mut rest = line;
    while let Some((before, inside, behind)) = bold(rest) {
        spans.extend(linked(before));
        spans.push(Span::Bold(linked(inside)));
        rest = behind;
    }
    spans.extend(linked(rest));
    spans
}

/// The first pair of `**` with words that touch them: what comes before it, between and behind.
fn bold(text: &str) -> Option<(&str, &str, &str)> {
    let mut opening = None;
    for at in marks(text) {
        let (before, behind) = (&text[..at], &text[at + 2..]);
        if let Some(start) = opening
            && at > start
            && !before.ends_with(char::is_whitespace)
        {
            return Some((&text[..start - 2], &text[start..at], behind));
        }
        if opening.is_none() && !behind.is_empty() && !behind.starts_with(char::is_whitespace) {
            opening = Some(at + 2);
        }
    }
    None
}

/// Where exactly two asterisks stand.
fn marks(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let run = bytes[at..].iter().take_while(|byte| **byte == b'*').count();
            let start = at;
            at += run.max(1);
            if run == 2 {
                return Some(start);
            }
        }
        None
    })
}

/// Text and the links in it.
fn linked(text: &str) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    let (mut from, mut looked) = (0, 0);
    while let Some(start) = next_address(text, looked) {
        let length = address_length(&text[start..]);
        looked = start + length.max(1);
        if length == 0 {
            continue;
        }
        if from < start {
            spans.push(Span::Text(&text[from..start]));
        }
        spans.push(Span::Link(&text[start..start + length]));
        from = start + length;
    }
    if from < text.len() {
        spans.push(Span::Text(&text[from..]));
    }
    spans
}

const SCHEMES: [&str; 2] = ["https://", "http://"];

fn scheme(text: &str) -> Option<&'static str> {
    SCHEMES.into_iter().find(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// Where an address may begin, not in the middle of a word.
fn next_address(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    (from..bytes.len()).find(|&at| {
        matches!(bytes[at], b'h' | b'H')
            && (at == 0 || !bytes[at - 1].is_ascii_alphanumeric())
            && scheme(&text[at..]).is_some()
    })
}

/// How much of the text that begins with a scheme is its address; nothing if there is no host.
fn address_length(text: &str) -> usize {
    let host = scheme(text).map_or(0, str::len);
    // First, so that a text of nothing but beginnings is not read to its end for each of them.
    if !text.as_bytes().get(host).is_some_and(u8::is_ascii_alphanumeric) {
        return 0;
    }
    let is_part = |byte: &u8| {
        byte.is_ascii_graphic()
            && !matches!(byte, b'<' | b'>' | b'"' | b'`' | b'\\' | b'^' | b'{' | b'}' | b'|')
    };
    let most = text.bytes().take_while(is_part).count();
    without_punctuation(&text[..most]).len()
}

/// An address without what ends the sentence or the brackets around it.
fn without_punctuation(address: &str) -> &str {
    let mut end = address.len();
    let (mut opened, mut closed) = ([0usize; 2], [0usize; 2]);
    for byte in address.bytes() {
        match byte {
            b'(' => opened[0] += 1,
            b')' => closed[0] += 1,
            b'[' => opened[1] += 1,
            b']' => closed[1] += 1,
            _ => {}
        }
    }
    for byte in address.bytes().rev() {
        let is_behind = match byte {
            b'.' | b',' | b';' | b':' | b'!' | b'?' | b'\'' | b'*' | b'~' | b'_' => true,
            b')' | b']' => {
                let kind = usize::from(byte == b']');
                let is_unpaired = closed[kind] > opened[kind];
                closed[kind] -= usize::from(is_unpaired);
                is_unpaired
            }
            _ => false,
        };
        if !is_behind {
            break;
        }
        end -= 1;
    }
    &address[..end]
}

fn write_lines(out: &mut String, lines: &[Line<'_>]) {
    for (place, line) in lines.iter().enumerate() {
        if place > 0 {
            out.push_str("<br>\n");
        }
        write_line(out, line);
    }
}

fn write_line(out: &mut String, line: &[Span<'_>]) {
    for span in line {
        match span {
            Span::Text(text) => escape_into(out, text),
            Span::Bold(spans) => {
                out.push_str("<strong>");
                write_line(out, spans);
                out.push_str("</strong>");
            }
            Span::Link(address) => {
                out.push_str("<a href=\"");
                escape_into(out, address);
                out.push_str("\">");
                escape_into(out, address);
                out.push_str("</a>");
            }
        }
    }
}

fn say(out: &mut String, line: &[Span<'_>]) {
    for span in line {
        match span {
            Span::Text(text) | Span::Link(text) => out.push_str(text),
            Span::Bold(spans) => say(out, spans),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn html(typed: &str) -> String {
        Reading::of(typed).html().replace('\n', "")
    }

    #[test]
    fn the_four_marks_mean_what_the_form_says() {
        assert_eq!(html("## 材料"), "<h2>材料</h2>");
        assert_eq!(html("- 水\n- だし"), "<ul><li>水</li><li>だし</li></ul>");
        assert_eq!(
            html("1. 切る\n2. 煮る"),
            "<ol><li value=\"1\">切る</li><li value=\"2\">煮る</li></ol>"
        );
        assert_eq!(html("**だいじ**です"), "<p><strong>だいじ</strong>です</p>");
    }

    #[test]
    fn all_else_stays_as_it_was_typed() {
        for typed in [
            "1~2歳は10~15分、50~60g",
            "(;_;) えーん (;_;)",
            "m(_ _)m",
            "(*^^*) やった (*^^*)",
            "~~まちがい~~",
            "*一つ*と_下線_と`こーど`",
            "# 番号",
            "### 三つ",
            "##見出しでない",
            "-1度",
            "--",
            "- ",
            "1.5カップ",
            "2026. ",
            "1234. 年",
            "***",
            "****",
            "2 ** 3 ** 4",
            "**とじない",
            "![絵](x.png) [ことば](#)",
            "\\*ではない\\*",
            "&amp; &lt;b&gt; &#x41;",
            "a | b",
        ] {
            let mut escaped = String::new();
            escape_into(&mut escaped, typed.trim());
            assert_eq!(html(typed), format!("<p>{escaped}</p>"));
            assert_eq!(Reading::of(typed).plain(), typed.trim());
        }
    }

    #[test]
    fn no_line_vanishes_or_joins_another() {
        assert_eq!(html("[試したこと]: おしゃぶり"), "<p>[試したこと]: おしゃぶり</p>");
        assert_eq!(html("<Point>\n水を切る"), "<p>&lt;Point&gt;<br>水を切る</p>");
        assert_eq!(html("ざいりょう\n----------\n水"), "<p>ざいりょう<br>----------<br>水</p>");
        for end in ["\n", "\r\n", "\r", "\u{b}", "\u{85}", "\u{2028}", "\u{2029}"] {
            let typed = format!("一{end}二");
            assert_eq!(html(&typed), "<p>一<br>二</p>", "{end:?}");
        }
    }

    #[test]
    fn indented_text_is_text() {
        assert_eq!(html("\tあ\n    い"), "<p>あ<br>い</p>");
        assert_eq!(html("\u{3000}字下げ"), "<p>\u{3000}字下げ</p>");
    }

    #[test]
    fn steps_keep_their_numbers_and_what_stands_between_them() {
        assert_eq!(
            html("1. 切る\n2. 煮る\n※弱火で\n3. さます\n4. よそう"),
            "<ol><li value=\"1\">切る</li><li value=\"2\">煮る</li></ol><p>※弱火で</p>\
             <ol><li value=\"3\">さます</li><li value=\"4\">よそう</li></ol>"
        );
        assert_eq!(
            html("1. 切る\n   細かく\n\n2. 煮る"),
            "<ol><li value=\"1\">切る<br>細かく</li><li value=\"2\">煮る</li></ol>"
        );
    }

    #[test]
    fn bold_is_what_two_marks_enclose_in_a_line() {
        assert_eq!(
            html("**「卵」**は…**重要。**次"),
            "<p><strong>「卵」</strong>は…<strong>重要。</strong>次</p>"
        );
        assert_eq!(html("**一\n二**"), "<p>**一<br>二**</p>");
        assert_eq!(html("- **水** 50ml"), "<ul><li><strong>水</strong> 50ml</li></ul>");
    }

    #[test]
    fn a_link_ends_where_the_address_does() {
        let cases = [
            ("https://example.jp/aです。", "https://example.jp/a"),
            ("「https://example.jp/a」", "https://example.jp/a"),
            ("(https://example.jp/a)", "https://example.jp/a"),
            ("（https://example.jp/a）", "https://example.jp/a"),
            ("https://example.jp/a\u{3000}つぎ", "https://example.jp/a"),
            ("https://example.jp/a_(b)。", "https://example.jp/a_(b)"),
            ("See https://example.jp/a.", "https://example.jp/a"),
            ("**https://example.jp/**", "https://example.jp/"),
            ("[これ](https://example.jp/a)", "https://example.jp/a"),
            ("HTTPS://Example.jp/?a=1&b=2", "HTTPS://Example.jp/?a=1&b=2"),
        ];
        for (typed, address) in cases {
            let mut href = String::new();
            escape_into(&mut href, address);
            let link = format!("<a href=\"{href}\">{href}</a>");
            assert!(html(typed).contains(&link), "{typed}: {}", html(typed));
        }
        for typed in [
            "https://",
            "http://日本語.jp",
            "xhttps://example.jp",
            "hana@example.jp",
            "ftp://example.jp",
        ] {
            assert_eq!(html(typed), format!("<p>{typed}</p>"));
        }
    }

    /// What a page shows of HTML.
    fn text_of(html: &str) -> String {
        let mut text = String::new();
        let mut is_tag = false;
        for c in html.chars() {
            match c {
                '<' => is_tag = true,
                '>' => is_tag = false,
                c if !is_tag => text.push(c),
                _ => {}
            }
        }
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&")
    }

    fn without_blanks(text: &str) -> String {
        text.chars().filter(|c| !c.is_whitespace()).collect()
    }

    /// The same without the four marks, told independently: line by line with patterns.
    fn without_marks(typed: &str) -> String {
        let mut out = String::new();
        for line in typed.split(is_line_end) {
            let line = line.trim_end().trim_start_matches([' ', '\t']);
            let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let rest = &line[digits..];
            let words = if digits == 0 && line.starts_with("## ") && line.len() > 3 {
                &line[3..]
            } else if digits == 0 && line.starts_with("- ") && line.len() > 2 {
                &line[2..]
            } else if (1..=3).contains(&digits) && rest.starts_with(". ") && rest.len() > 2 {
                &rest[2..]
            } else {
                line
            };
            out.push_str(words);
        }
        without_blanks(&out)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn nothing_typed_vanishes(
            typed in proptest::collection::vec(
                prop_oneof![
                    "[~_\\\\`\\[\\]()<>&#\\-+=|!. ]{0,6}",
                    Just("**".to_owned()), Just("- ".to_owned()), Just("## ".to_owned()), Just("1. ".to_owned()),
                    Just("\n".to_owned()), Just("\n\n".to_owned()), Just("https://e.jp/a".to_owned()),
                    "[ぁ-んァ-ヶ一-九。、「」～…]{1,4}", Just("\u{3000}".to_owned()), Just("\t".to_owned()),
                ],
                0..24,
            )
        ) {
            let typed = typed.concat();
            let reading = Reading::of(&typed);
            let shown = without_blanks(&text_of(&reading.html()));
            // Of asterisks only pairs may go, and all that is left of them is in its place.
            let expected = without_marks(&typed);
            let bare = |text: &str| text.replace('*', "");
            prop_assert_eq!(bare(&shown), bare(&expected));
            let count = |text: &str| text.matches('*').count();
            prop_assert!(count(&shown) <= count(&expected) && (count(&expected) - count(&shown)).is_multiple_of(4));
            prop_assert_eq!(without_blanks(&reading.plain()), shown);
        }

        #[test]
        fn whatever_is_typed_is_read(typed in any::<String>()) {
            let reading = Reading::of(&typed);
            prop_assert_eq!(without_blanks(&text_of(&reading.html())), without_blanks(&reading.plain()));
        }
    }
}
