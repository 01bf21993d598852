//! How fast the index is, beside what one would take instead. See `script/bench search-speed`.
//!
//! Documents are made from the sentences of a collection, always the same ones for the same number (`corpus`). They go into our index
//! as the site's posts do, and into two peers (`peers`): SQLite's FTS5 with trigrams, and tantivy with bigrams and nothing else. Each
//! question is put to all three in turn, by one thread, and timed by that thread's own clock (`clock`).
//!
//! An index over the same documents that is in the folder already is taken again; then nothing is said of how long it took.
#![allow(clippy::print_stdout)]

mod build;
mod clock;
mod corpus;
mod peers;
mod questions;
mod report;

use std::error::Error;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

use clap::Parser;
use search::{Dictionary, Index, Op, Query};
use serde::de::DeserializeOwned;

use crate::clock::{Took, timed};
use crate::corpus::Corpus;
use crate::peers::{Bigrams, Trigrams};
use crate::questions::{Asked, Class, classes};
use crate::report::Row;

pub type Outcome<T> = Result<T, Box<dyn Error>>;

#[derive(Parser)]
struct Options {
    /// JSON lines of {id, text} or of posts, whose sentences documents are made of.
    #[arg(long, default_value = "search/quality/posts.jsonl")]
    docs: PathBuf,
    /// JSON lines of {id, text, hiragana}.
    #[arg(long, default_value = "search/quality/queries.jsonl")]
    queries: PathBuf,
    #[arg(long, default_value_t = 1_000_000)]
    count: u64,
    /// Where the indexes are put, and found again.
    #[arg(long)]
    folder: PathBuf,
    /// Documents of one commit.
    #[arg(long, default_value_t = 5000)]
    batch: u64,
    /// Questions of each class.
    #[arg(long, default_value_t = 500)]
    questions: usize,
    /// Of those, how many SQLite is asked; some take it seconds.
    #[arg(long, default_value_t = 50)]
    slow: usize,
    /// Only the classes of questions whose name holds this.
    #[arg(long, default_value = "")]
    only: String,
    /// Ours alone.
    #[arg(long)]
    alone: bool,
    #[arg(long, default_value = search::IPADIC)]
    ipadic: PathBuf,
    /// Where the built dictionary is kept.
    #[arg(long)]
    cache: Option<PathBuf>,
}

fn main() -> Outcome<()> {
    let options = Options::parse();
    std::fs::create_dir_all(&options.folder)?;
    let cache = options.cache.clone().unwrap_or_else(|| options.folder.join("dictionary"));
    let dictionary = Dictionary::open_or_build(&options.ipadic, &cache)?;
    let corpus = Corpus::of(&lines(&options.docs)?, options.count);
    println!(
        "{} documents of {:.0} characters, from {} sentences",
        options.count,
        corpus.mean_length(),
        corpus.sentences()
    );
    let index = build::ours(&options.folder, &dictionary, &corpus, options.batch)?;
    let mut classes = classes(&lines(&options.queries)?, &corpus, options.questions);
    classes.retain(|class| class.name.contains(&options.only));
    clock::forget_peak();
    // Columns and dictionaries are opened with the first question; that is no part of any other.
    for class in &classes {
        for asked in class.asked.iter().take(20) {
            ask(&index, asked)?;
        }
    }
    println!("memory while asked: {}", clock::memory());
    report_analysis(&index, &corpus)?;
    let peers = match options.alone {
        true => None,
        false => Some((
            Trigrams::open_or_build(&options.folder, &corpus)?,
            Bigrams::open_or_build(&options.folder, &corpus)?,
        )),
    };
    report::head();
    for class in &classes {
        measure(&index, class, peers.as_ref(), options.slow)?.print();
    }
    report_updates(&index, &corpus)
}

fn measure(
    index: &Index,
    class: &Class,
    peers: Option<&(Trigrams, Bigrams)>,
    slow: usize,
) -> Outcome<Row> {
    let mut row = Row::of(class);
    for (at, asked) in class.asked.iter().enumerate() {
        row.ours.push(timed(|| ask(index, asked))?);
        let Asked::Search(query) = asked else { continue };
        let Some((trigrams, bigrams)) = peers.filter(|_| class.is_known_to_peers) else { continue };
        row.bigrams.push(timed(|| bigrams.ask(&query.text))?);
        if at < slow {
            row.trigrams.push(timed(|| trigrams.ask(&query.text))?);
        }
    }
    Ok(row)
}

fn ask(index: &Index, asked: &Asked) -> Outcome<usize> {
    Ok(match asked {
        Asked::Search(query) => index.search(query)?.hits.len(),
        Asked::Suggest(typed) => index.suggest(typed, 8)?.len(),
    })
}

fn report_analysis(index: &Index, corpus: &Corpus) -> Outcome<()> {
    let texts: Vec<String> =
        (0..20_000.min(corpus.count())).map(|number| corpus.document(number, None).body).collect();
    let characters: usize = texts.iter().map(|text| text.chars().count()).sum();
    let took = timed(|| -> Outcome<usize> {
        texts.iter().try_fold(0, |words, text| Ok(words + index.words(text)?.len()))
    })?;
    let a_second = characters as f64 / took.cpu.as_secs_f64();
    println!("analysis: {a_second:.0} characters/s of one core (to reach: 1000000)");
    Ok(())
}

/// One document changed, until a search finds it by its new word.
fn report_updates(index: &Index, corpus: &Corpus) -> Outcome<()> {
    let mut took = vec![];
    for update in 0..100_u64 {
        let number = update * 7919 % corpus.count();
        // Of letters that no text has in this order.
        let word = format!("zq{}x{update}", std::process::id());
        let document = corpus.document(number, Some(&word));
        let query = Query { text: word, ..Query::default() };
        took.push(timed(|| -> Outcome<()> {
            let wanted = document.id.clone();
            index.apply(vec![Op::Upsert(Box::new(document))], index.position() + 1)?;
            let found = index.search(&query)?;
            match found.hits.iter().any(|hit| hit.id == wanted) {
                true => Ok(()),
                false => Err("a change was not found".into()),
            }
        })?);
    }
    let (half, most) = (Took::at(&took, 50), Took::at(&took, 99));
    println!(
        "one change, until it is found: p50 {:.1?}, p99 {:.1?} wall (to reach: 200ms)",
        half.wall, most.wall
    );
    Ok(())
}

fn lines<T: DeserializeOwned>(path: &Path) -> Outcome<Vec<T>> {
    let text = read_to_string(path)?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    Ok(lines.map(serde_json::from_str).collect::<Result<_, _>>()?)
}
