//! Questions graded by hand, 0 to 3, over posts with all their fields.

use std::collections::BTreeMap;

use search::{Document, Index};
use serde_json::Value;

use crate::{Outcome, Question, Run, ask, id};

/// A line of documents: `text` alone, whose short first line is a title, or a post's fields.
pub fn document(line: &Value) -> Document {
    let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let months = |name: &str| line[name].as_u64().and_then(|months| u16::try_from(months).ok());
    let (title, body) = match line["text"].as_str() {
        Some(whole) => match whole.split_once('\n') {
            Some((first, rest)) if is_title(first) => (first.to_owned(), rest.to_owned()),
            _ => (String::new(), whole.to_owned()),
        },
        None => (text("title"), text("body")),
    };
    let tags = line["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
    Document {
        id: id(&line["id"]),
        title,
        body,
        kind: text("kind"),
        region: text("region"),
        tags: tags.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        age_from_months: months("age_from"),
        age_to_months: months("age_to"),
        ..Document::default()
    }
}

fn is_title(line: &str) -> bool {
    line.chars().count() <= 40 && !line.contains('。')
}

fn gain(grade: f64) -> f64 {
    grade.exp2() - 1.0
}

fn discounted(grades: impl Iterator<Item = f64>) -> f64 {
    grades.take(10).enumerate().map(|(at, grade)| gain(grade) / ((at + 2) as f64).log2()).sum()
}

/// nDCG@10 of one question.
fn ndcg(question: &Question, ranked: &[String]) -> f64 {
    let grade = |found: &String| question.grades.get(found).and_then(Value::as_f64).unwrap_or(0.0);
    let mut best: Vec<f64> = question.grades.values().filter_map(Value::as_f64).collect();
    best.sort_by(|a, b| b.total_cmp(a));
    let ideal = discounted(best.into_iter());
    if ideal == 0.0 { 0.0 } else { discounted(ranked.iter().map(grade)) / ideal }
}

/// Prints nDCG@10 of all and of each class, as written and in hiragana, and the questions that fare worst. Returns the run as written.
pub fn report(index: &Index, questions: &[Question]) -> Outcome<Run> {
    let written = ask(index, questions, |q| q.text.clone())?;
    print("as written", questions, &written);
    let hiragana = ask(index, questions, |q| q.hiragana.clone())?;
    print("in hiragana", questions, &hiragana);
    let mut worst: Vec<(f64, &Question)> =
        questions.iter().zip(&written.ranked).map(|(q, ranked)| (ndcg(q, ranked), q)).collect();
    worst.sort_by(|a, b| a.0.total_cmp(&b.0));
    println!("\nworst as written:");
    for (value, question) in worst.iter().take(15) {
        println!("  {value:.3}  {}  [{}]  {}", id(&question.id), question.class, question.text);
    }
    Ok(written)
}

fn print(name: &str, questions: &[Question], run: &Run) {
    let mut classes: BTreeMap<&str, (f64, usize)> = BTreeMap::new();
    let mut all = 0.0;
    for (question, ranked) in questions.iter().zip(&run.ranked) {
        let value = ndcg(question, ranked);
        all += value;
        let class = classes.entry(&question.class).or_default();
        class.0 += value;
        class.1 += 1;
    }
    println!(
        "\n{name}: nDCG@10 {:.4} over {} questions",
        all / questions.len().max(1) as f64,
        questions.len()
    );
    for (class, (sum, n)) in classes {
        println!("  {class:<24} {:.4}  ({n})", sum / n as f64);
    }
}
