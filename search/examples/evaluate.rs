//! How well and how fast the index answers questions whose paragraph is known.
//!
//! `cargo run --release -p search --example evaluate -- DOCS QUERIES [SOURCE]`
//!
//! DOCS: one `{"id": 0, "text": "title\nbody"}` a line. QUERIES: one `{"text": …, "hiragana": …, "relevant": [0]}`
//! a line. SOURCE: the folder of mecab-ipadic's CSV files, /usr/share/mecab/dic/ipadic if not given.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fs::read_to_string;
use std::path::Path;
use std::time::{Duration, Instant};

use search::{Dictionary, Document, Index, Op, Query};
use serde::Deserialize;

#[derive(Deserialize)]
struct Paragraph {
    id: u64,
    text: String,
}

#[derive(Deserialize)]
struct Question {
    text: String,
    hiragana: String,
    relevant: Vec<u64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [docs, queries, ..] = args.as_slice() else { return Err("DOCS QUERIES [SOURCE]".into()) };
    let source = args.get(2).map_or("/usr/share/mecab/dic/ipadic", String::as_str);
    let every: usize = std::env::var("EVERY").map_or(Ok(1), |every| every.parse())?;

    let folder = tempfile::tempdir()?;
    let begun = Instant::now();
    let dictionary =
        Dictionary::open_or_build(Path::new(source), &folder.path().join("dictionary"))?;
    println!("dictionary built in {:?}", begun.elapsed());
    let begun = Instant::now();
    Dictionary::open_or_build(Path::new(source), &folder.path().join("dictionary"))?;
    println!("dictionary opened in {:?}", begun.elapsed());

    let index = Index::open(&folder.path().join("index"), dictionary)?;
    let begun = Instant::now();
    let paragraphs: Vec<Paragraph> = lines(docs)?;
    for (position, batch) in (1..).zip(paragraphs.chunks(500)) {
        let ops = batch.iter().map(|p| Op::Upsert(Box::new(document(p)))).collect();
        index.apply(ops, position)?;
    }
    println!("{} documents indexed in {:?}", index.len(), begun.elapsed());

    let questions: Vec<Question> = lines::<Question>(queries)?.into_iter().step_by(every).collect();
    measure(&index, &questions, "as asked", |q| &q.text)?;
    measure(&index, &questions, "in hiragana", |q| &q.hiragana)?;
    Ok(())
}

fn lines<T: for<'de> Deserialize<'de>>(path: &str) -> Result<Vec<T>, Box<dyn Error>> {
    Ok(read_to_string(path)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn document(paragraph: &Paragraph) -> Document {
    let (title, body) = paragraph.text.split_once('\n').unwrap_or(("", &paragraph.text));
    Document {
        id: paragraph.id.to_string(),
        title: title.to_owned(),
        body: body.to_owned(),
        ..Document::default()
    }
}

fn measure(
    index: &Index,
    questions: &[Question],
    name: &str,
    text: impl Fn(&Question) -> &str,
) -> Result<(), Box<dyn Error>> {
    let (mut reciprocal, mut recalled) = (0.0, 0.0);
    let mut times: Vec<Duration> = vec![];
    let mut totals = 0;
    for question in questions {
        let query = Query { text: text(question).to_owned(), limit: 10, ..Query::default() };
        let begun = Instant::now();
        let results = index.search(&query)?;
        times.push(begun.elapsed());
        totals += results.total;
        let rank = results
            .hits
            .iter()
            .position(|hit| hit.id.parse().is_ok_and(|id: u64| question.relevant.contains(&id)));
        if let Some(rank) = rank {
            reciprocal += 1.0 / (rank + 1) as f64;
            recalled += 1.0;
        }
    }
    times.sort_unstable();
    let n = questions.len().max(1);
    println!(
        "{n} questions {name}: MRR@10 {:.3}, recall@10 {:.3}; search p50 {:?}, p95 {:?}; {} matches on average",
        reciprocal / n as f64,
        recalled / n as f64,
        times.get(n / 2).unwrap_or(&Duration::ZERO),
        times.get(n * 95 / 100).unwrap_or(&Duration::ZERO),
        totals / n as u64,
    );
    Ok(())
}
