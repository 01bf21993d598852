//! How well the index finds what is known to answer a question. See `script/bench search-quality`.
//!
//! Documents and questions come as JSON lines, `{"id", "text"}` and `{"id", "text", "hiragana", "relevant": [id]}`; a question may have
//! `"grades": {id: 0..3}` instead, and a document a `"title"`, `"tags"` and more of its own. Everything goes through the analyzer, the index
//! and the query of the site.
#![allow(clippy::print_stdout)]

mod disturbed;
mod graded;
mod measures;

use std::error::Error;
use std::fs::{File, read_to_string};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use lindera::mode::Mode;
use lindera::segmenter::Segmenter;
use search::{Dictionary, Document, Index, Op, Query};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::disturbed::Respelled;
use crate::measures::Measures;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[derive(Parser)]
struct Options {
    /// JSON lines of {id, text}; a short first line is taken for a title.
    #[arg(long)]
    docs: PathBuf,
    /// JSON lines of {id, text, hiragana, relevant}.
    #[arg(long)]
    queries: PathBuf,
    #[arg(long, value_enum, default_value = "text")]
    field: Field,
    /// Writes {id, ranked} for each question, ten document ids or fewer.
    #[arg(long)]
    run: Option<PathBuf>,
    /// Measures the questions as written, in hiragana, with katakana words in hiragana, with a typo, and single words in hiragana.
    #[arg(long)]
    all: bool,
    /// Tab-separated spellings and their normal form; with --all, the questions respelled by it.
    #[arg(long)]
    spellings: Option<PathBuf>,
    /// Writes what the ranking weighs of each candidate of each question, to fit its weights on.
    #[arg(long)]
    signals: Option<PathBuf>,
    /// Every nth question only.
    #[arg(long, default_value_t = 1)]
    every: usize,
    #[arg(long, default_value = search::IPADIC)]
    ipadic: PathBuf,
    /// Where the built dictionary is kept.
    #[arg(long)]
    cache: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Field {
    Text,
    Hiragana,
}

#[derive(Clone, Deserialize)]
pub struct Question {
    pub id: Value,
    pub text: String,
    #[serde(default)]
    pub hiragana: String,
    #[serde(default)]
    pub relevant: Vec<Value>,
    #[serde(default)]
    pub grades: serde_json::Map<String, Value>,
    #[serde(default)]
    pub class: String,
}

/// An id as text, whether it was written as a number or as a string.
pub fn id(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn main() -> Outcome<()> {
    let options = Options::parse();
    let folder = tempfile::tempdir()?;
    let cache = options.cache.clone().unwrap_or_else(|| folder.path().join("dictionary"));
    let dictionary = Dictionary::open_or_build(&options.ipadic, &cache)?;
    let index = Index::open(&folder.path().join("index"), dictionary)?;
    let begun = Instant::now();
    let documents: Vec<Document> =
        lines::<Value>(&options.docs)?.iter().map(graded::document).collect();
    for (position, batch) in (1..).zip(documents.chunks(1000)) {
        index.apply(batch.iter().map(|d| Op::Upsert(Box::new(d.clone()))).collect(), position)?;
    }
    println!("{} documents indexed in {:.1?}", index.len(), begun.elapsed());
    let questions: Vec<Question> =
        lines::<Question>(&options.queries)?.into_iter().step_by(options.every.max(1)).collect();
    if let Some(path) = &options.signals {
        return write_signals(&index, &questions, options.field, path);
    }
    if questions.iter().any(|question| !question.grades.is_empty()) {
        let run = graded::report(&index, &questions)?;
        return options.run.map_or(Ok(()), |path| write(&path, &questions, &run));
    }
    let asked = |field: Field| {
        let text = move |q: &Question| match field {
            Field::Text => q.text.clone(),
            Field::Hiragana => q.hiragana.clone(),
        };
        ask(&index, &questions, text)
    };
    if !options.all {
        let run = asked(options.field)?;
        println!("{}", Measures::of(&questions, &run));
        return options.run.map_or(Ok(()), |path| write(&path, &questions, &run));
    }
    println!("as written            {}", Measures::of(&questions, &asked(Field::Text)?));
    println!("in hiragana           {}", Measures::of(&questions, &asked(Field::Hiragana)?));
    for (name, questions) in [
        ("katakana in hiragana ", disturbed::without_katakana(&questions)),
        ("one typo             ", disturbed::with_typos(&questions)),
    ] {
        let run = ask(&index, &questions, |q| q.text.clone())?;
        println!("{name} {}", Measures::of(&questions, &run));
    }
    if let Some(path) = &options.spellings {
        let segmenter = segmenter(&cache)?;
        let starts = |text: &str| {
            let tokens = segmenter.segment(text.into())?;
            Ok(tokens.iter().map(|token| token.byte_start).collect())
        };
        let all = disturbed::respelled(&questions, &read_to_string(path)?, starts)?;
        let some = |words: bool| all.iter().filter(move |q| q.is_word == words).collect();
        let sets: [(&str, Vec<&Respelled>); 3] =
            [("all  ", all.iter().collect()), ("words", some(true)), ("parts", some(false))];
        for (name, some) in sets {
            let before: Vec<Question> = some.iter().map(|q| q.before.clone()).collect();
            let after: Vec<Question> = some.iter().map(|q| q.after.clone()).collect();
            for (when, questions) in [("before   ", before), ("respelled", after)] {
                let run = ask(&index, &questions, |q| q.text.clone())?;
                println!("{name} {when}       {}", Measures::of(&questions, &run));
            }
        }
    }
    let words = disturbed::words(&questions, &documents);
    let run = ask(&index, &words, |q| q.hiragana.clone())?;
    let held = words.iter().zip(&run.ranked).filter(|(word, ranked)| {
        ranked.iter().any(|found| word.relevant.iter().any(|right| id(right) == *found))
    });
    println!(
        "one word in hiragana  {} of {} hold the word; {}",
        held.count(),
        words.len(),
        run.times()
    );
    Ok(())
}

/// The dictionary's own words, as it lies in the cache.
fn segmenter(cache: &Path) -> Outcome<Segmenter> {
    let folders = std::fs::read_dir(cache)?.collect::<Result<Vec<_>, _>>()?;
    let folder = folders.iter().find(|f| f.file_name().to_string_lossy().starts_with("ipadic-"));
    let folder = folder.ok_or("the cache has no dictionary")?.path();
    let dictionary = lindera_dictionary::dictionary::Dictionary::load_from_path(&folder)?;
    Ok(Segmenter::new(Mode::Normal, dictionary, None))
}

/// Ten ids or fewer for each question, and how long each took.
pub struct Run {
    pub ranked: Vec<Vec<String>>,
    took: Vec<Duration>,
}

impl Run {
    fn times(&self) -> String {
        let mut took = self.took.clone();
        took.sort_unstable();
        let at = |share: usize| took.get(took.len() * share / 100).copied().unwrap_or_default();
        format!("p50 {:.1?}, p99 {:.1?}", at(50), at(99))
    }
}

/// On all cores.
pub fn ask(
    index: &Index,
    questions: &[Question],
    text: impl Fn(&Question) -> String + Sync,
) -> Outcome<Run> {
    let next = AtomicUsize::new(0);
    let answers = Mutex::new(vec![(vec![], Duration::ZERO); questions.len()]);
    let work = || -> Result<(), search::Error> {
        while let Some((at, question)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            questions.get(at).map(|question| (at, question))
        } {
            let query =
                Query { text: text(question), limit: 10, counting: false, ..Query::default() };
            let begun = Instant::now();
            let results = index.search(&query)?;
            let took = begun.elapsed();
            let ranked = results.hits.into_iter().map(|hit| hit.id).collect();
            answers.lock().unwrap_or_else(std::sync::PoisonError::into_inner)[at] = (ranked, took);
        }
        Ok(())
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("no search panics"))
    })?;
    let (ranked, took) =
        answers.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).into_iter().unzip();
    Ok(Run { ranked, took })
}

/// A line for each candidate: the question's number, the document's id, how right it is (0 to 3 where it was graded, else 0 or 1),
/// and its signals.
fn write_signals(index: &Index, questions: &[Question], field: Field, path: &Path) -> Outcome<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for (number, question) in questions.iter().enumerate() {
        let text = match field {
            Field::Text => &question.text,
            Field::Hiragana => &question.hiragana,
        };
        for (found, signals) in index.signals(&Query { text: text.clone(), ..Query::default() })? {
            let is_right = question.relevant.iter().any(|right| id(right) == found);
            let grade =
                question.grades.get(&found).and_then(Value::as_u64).unwrap_or(u64::from(is_right));
            let signals: Vec<String> = signals.iter().map(f32::to_string).collect();
            writeln!(file, "{number}\t{found}\t{grade}\t{}", signals.join("\t"))?;
        }
    }
    Ok(file.flush()?)
}

fn write(path: &Path, questions: &[Question], run: &Run) -> Outcome<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for (question, ranked) in questions.iter().zip(&run.ranked) {
        serde_json::to_writer(
            &mut file,
            &serde_json::json!({ "id": question.id, "ranked": ranked }),
        )?;
        file.write_all(b"\n")?;
    }
    Ok(file.flush()?)
}

fn lines<T: DeserializeOwned>(path: &Path) -> Outcome<Vec<T>> {
    let text = read_to_string(path)?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    Ok(lines.map(serde_json::from_str).collect::<Result<_, _>>()?)
}
