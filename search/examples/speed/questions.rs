//! What is asked, by classes with what each is to reach.

use std::time::Duration;

use search::{Filters, Query};
use serde::Deserialize;

use crate::corpus::{Chance, Corpus};

/// Letters of a long question, at least.
const LONG: usize = 10;

#[derive(Deserialize)]
pub struct Question {
    text: String,
    #[serde(default)]
    hiragana: String,
}

pub enum Asked {
    Search(Query),
    Suggest(String),
}

pub struct Class {
    pub name: &'static str,
    pub asked: Vec<Asked>,
    /// 99 of 100 are to take no more of this thread's time.
    pub target: Option<Duration>,
    pub is_known_to_peers: bool,
}

pub fn classes(questions: &[Question], corpus: &Corpus, most: usize) -> Vec<Class> {
    let long = |of: fn(&Question) -> &str| -> Vec<String> {
        let all: Vec<&str> =
            questions.iter().map(of).filter(|text| text.chars().count() >= LONG).collect();
        let step = (all.len() / most.max(1)).max(1);
        all.into_iter().step_by(step).take(most).map(str::to_owned).collect()
    };
    let written = long(|question| &question.text);
    let hiragana = long(|question| &question.hiragana);
    let words = words(corpus, most);
    let narrowed = Filters {
        kind: Some("recipe".into()),
        region: Some("uji".into()),
        age_months: Some(18),
        ..Filters::default()
    };
    let any = Filters::default();
    let mut classes = vec![];
    for (name, texts, filters, counting, target) in [
        ("one or two words", &words, &any, false, Some(5)),
        ("long question", &written, &any, false, Some(12)),
        ("long question in hiragana", &hiragana, &any, false, Some(20)),
        ("words, with facets", &words, &any, true, Some(5)),
        ("question, with facets", &written, &any, true, Some(12)),
        ("hiragana, with facets", &hiragana, &any, true, Some(20)),
        ("words, narrowed, with facets", &words, &narrowed, true, Some(5)),
        ("question, narrowed, with facets", &written, &narrowed, true, Some(12)),
        ("hiragana, narrowed, with facets", &hiragana, &narrowed, true, Some(20)),
    ] {
        let query = |text: &String| Query {
            text: text.clone(),
            filters: filters.clone(),
            counting,
            ..Query::default()
        };
        classes.push(Class {
            name,
            asked: texts.iter().map(query).map(Asked::Search).collect(),
            target: target.map(Duration::from_millis),
            is_known_to_peers: !counting,
        });
    }
    // What a few letters lead to is kept; the first who types them waits longer.
    for (name, target) in [("suggestions, at first", None), ("suggestions, again", Some(2))] {
        classes.push(Class {
            name,
            asked: beginnings(questions, most).into_iter().map(Asked::Suggest).collect(),
            target: target.map(Duration::from_millis),
            is_known_to_peers: false,
        });
    }
    classes
}

/// Words of kanji or of katakana as often as texts have them, every third with another.
fn words(corpus: &Corpus, most: usize) -> Vec<String> {
    let mut chance = Chance(1);
    let word = |chance: &mut Chance| loop {
        let runs: Vec<&str> = runs(corpus.sentence(chance)).collect();
        if let Some(run) = chance.of(&runs) {
            return run.to_owned();
        }
    };
    let text = |at: usize| {
        let first = word(&mut chance);
        if at % 3 == 2 { format!("{first} {}", word(&mut chance)) } else { first }
    };
    (0..most).map(text).collect()
}

fn runs(text: &str) -> impl Iterator<Item = &str> {
    let is_kanji = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let is_katakana = |c: char| ('ァ'..='ー').contains(&c);
    let kanji = text.split(move |c| !is_kanji(c));
    let katakana = text.split(move |c| !is_katakana(c));
    kanji.chain(katakana).filter(|run| (2..=6).contains(&run.chars().count()))
}

/// What questions begin with: one to four letters of their sound, and of how they are written.
fn beginnings(questions: &[Question], most: usize) -> Vec<String> {
    let all = questions.iter().flat_map(|question| [&question.hiragana, &question.text]);
    let all = all.enumerate().map(|(at, text)| text.chars().take(at / 2 % 4 + 1).collect());
    all.filter(|text: &String| !text.is_empty()).take(most).collect()
}
