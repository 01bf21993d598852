//! The three languages and their messages.
//!
//! Messages live in `messages/{ja,ja-simple,en}/<feature>.ftl` (Fluent) and are embedded. A test keeps the three
//! languages at the same keys with the same variables. In `ja-simple`, furigana is written
//! as Aozora Bunko does, `漢字《かんじ》`; a base that is not just the run of kanji before the reading begins with `｜`. In text it
//! becomes `<ruby>`, in an attribute or a mail the reading is dropped.
//!
//! Most messages are fixed text or text with plain variables: those are taken apart once, at
//! first use, and cost a look-up and a copy. Only messages that choose (plurals) go through Fluent's formatter.

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast;
use rustc_hash::FxHashMap;

use crate::html::{Markup, escape_into};
use crate::vocabulary::{Length, Size, When};

mod sources {
    include!(concat!(env!("OUT_DIR"), "/messages.rs"));
}

/// A language that pages and mails are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    #[default]
    Ja,
    /// やさしい日本語: short sentences with furigana.
    JaSimple,
    En,
}

impl Lang {
    pub const ALL: [Self; 3] = [Self::Ja, Self::JaSimple, Self::En];

    /// `ja`, `ja-simple` or `en`: the value kept in cookies, accounts and forms.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::JaSimple => "ja-simple",
            Self::En => "en",
        }
    }

    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.code() == code)
    }

    /// The value of `<html lang>`.
    #[must_use]
    pub fn html(self) -> &'static str {
        match self {
            Self::Ja | Self::JaSimple => "ja",
            Self::En => "en",
        }
    }

    /// The attribute for words that members wrote, which are Japanese: on an English page it tells the browser where their lines may
    /// break, and a screen reader which voice to take.
    #[must_use]
    pub fn theirs(self) -> Markup {
        Markup(Cow::Borrowed(match self {
            Self::Ja | Self::JaSimple => "",
            Self::En => " lang=\"ja\"",
        }))
    }

    /// The language's own name for itself.
    #[must_use]
    pub fn own_name(self) -> &'static str {
        match self {
            Self::Ja => "日本語",
            Self::JaSimple => "やさしい にほんご",
            Self::En => "English",
        }
    }

    /// The message as HTML, with ruby.
    #[must_use]
    pub fn t(self, key: impl AsRef<str>) -> Markup {
        let key = key.as_ref();
        match catalog(self).get(key) {
            Some(Message { form: Form::Fixed, html, .. }) => Markup(Cow::Borrowed(html)),
            _ => Markup(Cow::Owned(self.html_with(key, &[]))),
        }
    }

    /// The message as plain text, without ruby: for attributes, titles and mails.
    #[must_use]
    pub fn ta(self, key: impl AsRef<str>) -> Cow<'static, str> {
        let key = key.as_ref();
        match catalog(self).get(key) {
            Some(Message { form: Form::Fixed, plain, .. }) => Cow::Borrowed(plain),
            _ => Cow::Owned(self.plain_with(key, &[])),
        }
    }

    #[must_use]
    pub fn t1(self, key: impl AsRef<str>, name: &str, value: impl Value) -> Markup {
        Markup(Cow::Owned(self.html_with(key.as_ref(), &[(name, value.arg())])))
    }

    #[must_use]
    pub fn ta1(self, key: impl AsRef<str>, name: &str, value: impl Value) -> String {
        self.plain_with(key.as_ref(), &[(name, value.arg())])
    }

    #[must_use]
    pub fn t2(
        self,
        key: impl AsRef<str>,
        name1: &str,
        value1: impl Value,
        name2: &str,
        value2: impl Value,
    ) -> Markup {
        let args = [(name1, value1.arg()), (name2, value2.arg())];
        Markup(Cow::Owned(self.html_with(key.as_ref(), &args)))
    }

    #[must_use]
    pub fn ta2(
        self,
        key: impl AsRef<str>,
        name1: &str,
        value1: impl Value,
        name2: &str,
        value2: impl Value,
    ) -> String {
        self.plain_with(key.as_ref(), &[(name1, value1.arg()), (name2, value2.arg())])
    }

    /// The message with its variables, as HTML. A missing message shows its key between ⟦ ⟧.
    #[must_use]
    pub fn html_with(self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.render(key, args, true)
    }

    /// The message with its variables, as plain text.
    #[must_use]
    pub fn plain_with(self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.render(key, args, false)
    }

    /// Is there a message of this name?
    #[must_use]
    pub fn has(self, key: &str) -> bool {
        catalog(self).contains_key(key)
    }

    fn render(self, key: &str, args: &[(&str, Arg<'_>)], html: bool) -> String {
        let Some(message) = catalog(self).get(key) else {
            return format!("⟦{key}⟧");
        };
        let value = |name: &str| args.iter().find(|(known, _)| *known == name).map(|(_, v)| v);
        match &message.form {
            Form::Fixed if html => message.html.clone(),
            Form::Fixed => message.plain.clone(),
            Form::Parts(parts) => {
                let mut out = String::with_capacity(64);
                for part in parts {
                    match part {
                        Part::Text { html: text, .. } if html => out.push_str(text),
                        Part::Text { plain, .. } => out.push_str(plain),
                        Part::Variable(name) => match value(name) {
                            Some(value) => value.write(self, html, &mut out),
                            None => out.push_str(&format!("⟦{key}: {name}⟧")),
                        },
                    }
                }
                if html { as_one(out) } else { out }
            }
            Form::Chooses => {
                let mut given = FluentArgs::new();
                for (name, value) in args {
                    match value {
                        Arg::Number(n) => given.set(*name, FluentValue::from(*n)),
                        other => {
                            let mut text = String::new();
                            other.write(self, html, &mut text);
                            // A reading mark in a person's words is not ours to interpret.
                            given.set(*name, text.replace('《', "\u{e000}"));
                        }
                    }
                }
                let bundle = &bundles()[self as usize];
                let Some(pattern) = bundle.get_message(key).and_then(|m| m.value()) else {
                    return format!("⟦{key}⟧");
                };
                let mut errors = Vec::new();
                let text = bundle.format_pattern(pattern, Some(&given), &mut errors);
                if !errors.is_empty() {
                    return format!("⟦{key}⟧");
                }
                let text = if html { as_one(ruby(&text, false)) } else { without_ruby(&text) };
                text.replace('\u{e000}', "《")
            }
        }
    }
}

/// A variable's value.
#[derive(Clone, Copy, Debug)]
pub enum Arg<'a> {
    Text(&'a str),
    Number(i64),
    /// Another message of the same language, by its key.
    Message(&'a str),
    /// A stretch of time in seconds: `3分`, `1分30秒`.
    Length(u32),
    /// Bytes: `500MB`.
    Size(u64),
    Moment(When),
}

impl Arg<'_> {
    fn write(&self, lang: Lang, html: bool, out: &mut String) {
        match self {
            Self::Text(text) if html => escape_into(out, text),
            Self::Text(text) => out.push_str(text),
            Self::Number(n) => out.push_str(&n.to_string()),
            Self::Message(key) => out.push_str(&lang.render(key, &[], html)),
            Self::Length(seconds) => out.push_str(&Length(*seconds).render(lang, html)),
            Self::Size(bytes) => out.push_str(&Size(*bytes).render(lang, html)),
            Self::Moment(when) if html => out.push_str(&when.date_time(lang).to_string()),
            Self::Moment(when) => out.push_str(&when.plain_date_time(lang)),
        }
    }
}

/// What a message's variable can be filled with; templates hand over references, so references count too.
pub trait Value {
    fn arg(&self) -> Arg<'_>;
}

impl<T: Value + ?Sized> Value for &T {
    fn arg(&self) -> Arg<'_> {
        (**self).arg()
    }
}

impl Value for str {
    fn arg(&self) -> Arg<'_> {
        Arg::Text(self)
    }
}

impl Value for String {
    fn arg(&self) -> Arg<'_> {
        Arg::Text(self)
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Value for $number {
            fn arg(&self) -> Arg<'_> {
                Arg::Number(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
    )*};
}
numbers!(u8, u16, u32, u64, usize, i64);

struct Message {
    form: Form,
    /// For [`Form::Fixed`].
    html: String,
    plain: String,
}

enum Form {
    Fixed,
    Parts(Vec<Part>),
    Chooses,
}

enum Part {
    Text { html: String, plain: String },
    Variable(String),
}

// The keys are our own: no one can choose them to collide.
type Catalog = FxHashMap<&'static str, Message>;

fn sources(lang: Lang) -> &'static [(&'static str, &'static str)] {
    match lang {
        Lang::Ja => sources::JA,
        Lang::JaSimple => sources::JA_SIMPLE,
        Lang::En => sources::EN,
    }
}

fn catalog(lang: Lang) -> &'static Catalog {
    static CATALOGS: LazyLock<[Catalog; 3]> = LazyLock::new(|| Lang::ALL.map(read_catalog));
    &CATALOGS[lang as usize]
}

fn parse(lang: Lang) -> impl Iterator<Item = ast::Message<&'static str>> {
    sources(lang).iter().flat_map(|(file, source)| {
        let resource = fluent_syntax::parser::parse(*source)
            .unwrap_or_else(|(_, errors)| panic!("messages {file}.ftl: {errors:?}"));
        resource.body.into_iter().filter_map(|entry| match entry {
            ast::Entry::Message(message) => Some(message),
            _ => None,
        })
    })
}

fn read_catalog(lang: Lang) -> Catalog {
    parse(lang)
        .filter_map(|message| {
            let pattern = message.value?;
            Some((message.id.name, read_message(&pattern)))
        })
        .collect()
}

fn read_message(pattern: &ast::Pattern<&'static str>) -> Message {
    let mut parts = Vec::new();
    for element in &pattern.elements {
        match element {
            ast::PatternElement::TextElement { value } => {
                parts.push(Part::Text { html: ruby(value, true), plain: without_ruby(value) });
            }
            ast::PatternElement::Placeable {
                expression: ast::Expression::Inline(ast::InlineExpression::VariableReference { id }),
            } => parts.push(Part::Variable(id.name.to_owned())),
            ast::PatternElement::Placeable {
                expression: ast::Expression::Inline(ast::InlineExpression::StringLiteral { value }),
            } => parts.push(Part::Text { html: ruby(value, true), plain: without_ruby(value) }),
            ast::PatternElement::Placeable { .. } => {
                return Message { form: Form::Chooses, html: String::new(), plain: String::new() };
            }
        }
    }
    if parts.iter().any(|part| matches!(part, Part::Variable(_))) {
        return Message { form: Form::Parts(parts), html: String::new(), plain: String::new() };
    }
    let (mut all_html, mut all_plain) = (String::new(), String::new());
    for part in &parts {
        if let Part::Text { html, plain } = part {
            all_html.push_str(html);
            all_plain.push_str(plain);
        }
    }
    Message { form: Form::Fixed, html: as_one(all_html), plain: all_plain }
}

fn bundles() -> &'static [FluentBundle<FluentResource>; 3] {
    static BUNDLES: LazyLock<[FluentBundle<FluentResource>; 3]> = LazyLock::new(|| {
        Lang::ALL.map(|lang| {
            let id = lang.html().parse().expect("a language tag");
            let mut bundle = FluentBundle::new_concurrent(vec![id]);
            bundle.set_use_isolating(false);
            for (file, source) in sources(lang) {
                let resource = FluentResource::try_new((*source).to_owned())
                    .unwrap_or_else(|(_, errors)| panic!("messages {file}.ftl: {errors:?}"));
                bundle.add_resource_overriding(resource);
            }
            bundle
        })
    });
    &BUNDLES
}

fn is_kanji(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '々' | '〆' | 'ヶ')
}

/// Aozora ruby to `<ruby>`; `escape` for text that is not HTML yet.
fn ruby(text: &str, escape: bool) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let push = |out: &mut String, text: &str| {
        if escape {
            escape_into(out, text);
        } else {
            out.push_str(text);
        }
    };
    let mut rest = text;
    while let Some(open) = rest.find('《') {
        let (before, after) = (&rest[..open], &rest[open + '《'.len_utf8()..]);
        let Some(close) = after.find('》') else { break };
        let (lead, base) = match before.rfind('｜') {
            Some(bar) => (&before[..bar], &before[bar + '｜'.len_utf8()..]),
            None => {
                let kanji: usize =
                    before.chars().rev().take_while(|c| is_kanji(*c)).map(char::len_utf8).sum();
                before.split_at(before.len() - kanji)
            }
        };
        push(&mut out, lead);
        out.push_str("<ruby>");
        push(&mut out, base);
        out.push_str("<rp>(</rp><rt>");
        push(&mut out, &after[..close]);
        out.push_str("</rt><rp>)</rp></ruby>");
        rest = &after[close + '》'.len_utf8()..];
    }
    push(&mut out, rest);
    out
}

/// Text with ruby in it as one inline box: in a row (a button, a chip) each `<ruby>` would else stand apart.
fn as_one(html: String) -> String {
    if html.contains("<ruby>") { format!("<span>{html}</span>") } else { html }
}

fn without_ruby(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut reading = false;
    for c in text.chars() {
        match c {
            '《' => reading = true,
            '》' => reading = false,
            '｜' => {}
            c if !reading => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn variables(lang: Lang) -> BTreeMap<&'static str, BTreeSet<String>> {
        fn inline(expression: &ast::InlineExpression<&str>, found: &mut BTreeSet<String>) {
            match expression {
                ast::InlineExpression::VariableReference { id } => {
                    found.insert(id.name.to_owned());
                }
                ast::InlineExpression::Placeable { expression } => expression_in(expression, found),
                _ => {}
            }
        }
        fn expression_in(expression: &ast::Expression<&str>, found: &mut BTreeSet<String>) {
            match expression {
                ast::Expression::Inline(expression) => inline(expression, found),
                ast::Expression::Select { selector, variants } => {
                    inline(selector, found);
                    variants.iter().for_each(|variant| pattern(&variant.value, found));
                }
            }
        }
        fn pattern(pattern: &ast::Pattern<&str>, found: &mut BTreeSet<String>) {
            for element in &pattern.elements {
                if let ast::PatternElement::Placeable { expression } = element {
                    expression_in(expression, found);
                }
            }
        }
        let mut all = BTreeMap::new();
        for message in parse(lang) {
            let mut found = BTreeSet::new();
            pattern(message.value.as_ref().expect("a message has a value"), &mut found);
            let twice = all.insert(message.id.name, found);
            assert!(twice.is_none(), "{} is defined twice in {}", message.id.name, lang.code());
        }
        all
    }

    #[test]
    fn the_three_languages_hold_the_same_messages_with_the_same_variables() {
        let ja = variables(Lang::Ja);
        for lang in [Lang::JaSimple, Lang::En] {
            let other = variables(lang);
            let missing: Vec<_> = ja.keys().filter(|key| !other.contains_key(*key)).collect();
            let extra: Vec<_> = other.keys().filter(|key| !ja.contains_key(*key)).collect();
            assert!(missing.is_empty(), "{} lacks {missing:?}", lang.code());
            assert!(extra.is_empty(), "{} alone has {extra:?}", lang.code());
            for (key, variables) in &ja {
                assert_eq!(variables, &other[key], "{key} in {}", lang.code());
            }
        }
    }

    #[test]
    fn every_kanji_in_plain_japanese_has_its_reading() {
        for (key, message) in catalog(Lang::JaSimple) {
            let texts: Vec<&str> = match &message.form {
                Form::Fixed => vec![&message.html],
                Form::Parts(parts) => parts
                    .iter()
                    .filter_map(|part| match part {
                        Part::Text { html, .. } => Some(html.as_str()),
                        Part::Variable(_) => None,
                    })
                    .collect(),
                Form::Chooses => vec![],
            };
            for text in texts {
                assert!(
                    !text.contains(['《', '》', '｜']),
                    "{key}: a reading without its base: {text}"
                );
                assert!(!text.contains("<ruby><rp>"), "{key}: an empty ruby base: {text}");
                let mut rest = text;
                let mut bare = String::new();
                while let Some((before, after)) = rest.split_once("<ruby>") {
                    bare.push_str(before);
                    rest = after.split_once("</ruby>").map_or("", |(_, rest)| rest);
                }
                bare.push_str(rest);
                assert!(!bare.chars().any(is_kanji), "{key}: kanji without a reading: {bare}");
            }
        }
    }

    #[test]
    fn furigana_is_ruby_in_text_and_absent_in_attributes() {
        assert_eq!(
            ruby("この離乳食《りにゅうしょく》は", true),
            "この<ruby>離乳食<rp>(</rp><rt>りにゅうしょく</rt><rp>)</rp></ruby>は"
        );
        assert_eq!(
            ruby("｜お知らせ《おしらせ》", true),
            "<ruby>お知らせ<rp>(</rp><rt>おしらせ</rt><rp>)</rp></ruby>"
        );
        assert_eq!(without_ruby("この離乳食《りにゅうしょく》は"), "この離乳食は");
    }

    #[test]
    fn a_persons_words_in_a_message_are_escaped() {
        let html = Lang::En.t1("card-by", "name", "<script>《x》").to_string();
        assert!(html.contains("&lt;script&gt;《x》"), "{html}");
    }

    #[test]
    fn english_counts_one_and_many() {
        assert_eq!(Lang::En.ta1("thanks-count", "n", 1u32), "1 thank-you");
        assert_eq!(Lang::En.ta1("thanks-count", "n", 12u32), "12 thank-yous");
    }

    #[test]
    fn a_missing_message_shows_its_key() {
        assert_eq!(Lang::Ja.ta("no-such-message"), "⟦no-such-message⟧");
    }
}
