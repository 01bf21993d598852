//! A site whose every answer is looked at.

use crate::bad_input::{MARKUP, assert_discreet, assert_text_only};
use tests::{Answer, Browser, TestApp};

/// The longest of the kind that a tag and a nickname have room for.
pub const SHORT: &str = "\"><img/onerror=x>";
/// A file's name on its way through a form, which has no room for quotes.
pub const FILE: &str = "<img onerror=x><script>alert(1).mov";

/// Any of the ways in which our pages write `<script>`.
#[track_caller]
pub fn assert_shown(what: &str, answer: &Answer) {
    let page = answer.text();
    let is_there =
        ["&#60;script", "&lt;script", "&#60;img", "&lt;img"].iter().any(|text| page.contains(text));
    assert!(is_there, "{what} does not show what was typed:\n{page}");
}

pub struct Scene {
    pub site: TestApp,
    pub seen: usize,
}

impl Scene {
    fn look(&mut self, what: &str, answer: Answer) -> Answer {
        assert_text_only(what, &answer);
        assert_discreet(&self.site, what, &answer);
        self.seen += 1;
        answer
    }

    pub async fn get(&mut self, browser: &mut Browser, path: &str) -> Answer {
        let answer = browser.get(path).await;
        assert!(answer.status.as_u16() < 500, "{path}: {}", answer.status);
        self.look(path, answer)
    }

    /// A page that must be there, and show what was typed.
    pub async fn shown(&mut self, browser: &mut Browser, path: &str) -> Answer {
        let answer = self.get(browser, path).await.expect(200);
        assert_shown(path, &answer);
        answer
    }

    pub async fn post(
        &mut self,
        browser: &mut Browser,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let answer = browser.post(path, fields).await;
        assert!(answer.status.as_u16() < 500, "{path}: {}", answer.status);
        self.look(path, answer)
    }

    /// The mails written so far, as the demo's pages show them.
    pub async fn mails(&mut self) {
        self.site.run_jobs().await;
        let mut visitor = self.site.visitor();
        let list = self.shown(&mut visitor, "/demo/mail").await.text();
        let mails: Vec<String> = list
            .match_indices("/demo/mail/")
            .map(|(at, _)| list[at..].split('"').next().unwrap().to_owned())
            .collect();
        assert!(!mails.is_empty());
        for mail in mails {
            self.get(&mut visitor, &mail).await.expect(200);
        }
    }
}

/// A complete post, as the form sends it.
pub fn words(version: &str, order: &str, action: &str) -> Vec<(String, String)> {
    let tags = format!("{SHORT} <script>alert(");
    let body = format!(
        "{MARKUP}\n\n**{MARKUP}**\n\n[x](javascript:alert(1)) ![x](x\" onerror=\"alert(1))"
    );
    [
        ("kind", "recipe"),
        ("version", version),
        ("title", MARKUP),
        ("body", &body),
        ("region", "uji"),
        ("tags", &tags),
        ("age_from", "7"),
        ("age_to", "8"),
        ("photos_order", order),
        ("action", action),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

pub fn as_fields(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}
