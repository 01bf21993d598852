//! What one would take instead: SQLite's FTS5 with its trigram tokenizer, and tantivy with bigrams.
//!
//! Both are asked for the best twenty by BM25 of whatever holds any gram of the question. Of fewer than three letters SQLite has no
//! gram; all it can do is to read through the texts (LIKE), until it has twenty, in no order.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use rusqlite::Connection;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{LowerCaser, NgramTokenizer, TextAnalyzer, TokenStream as _};
use tantivy::{IndexReader, TantivyDocument, Term};

use crate::Outcome;
use crate::build::{is_of, mark, size, start_anew};
use crate::corpus::Corpus;

const BEST: usize = 20;

pub struct Trigrams(Connection);

impl Trigrams {
    pub fn open_or_build(folder: &Path, corpus: &Corpus) -> Outcome<Trigrams> {
        let folder = folder.join("sqlite");
        let path = folder.join("posts.db");
        if !is_of(&folder, corpus) {
            start_anew(&folder)?;
            let mut db = Connection::open(&path)?;
            db.execute_batch(
                "PRAGMA synchronous = OFF; CREATE VIRTUAL TABLE posts USING fts5(text, tokenize = 'trigram')",
            )?;
            build("SQLite", &folder, corpus, || {
                let writing = db.transaction()?;
                let mut insert =
                    writing.prepare("INSERT INTO posts (rowid, text) VALUES (?, ?)")?;
                for number in 0..corpus.count() {
                    insert.execute((i64::try_from(number)?, corpus.plain(number)))?;
                }
                drop(insert);
                Ok(writing.commit()?)
            })?;
        }
        let db = Connection::open(&path)?;
        // As much of the file in memory as it likes, as the others have it.
        db.execute_batch("PRAGMA mmap_size = 8000000000")?;
        Ok(Trigrams(db))
    }

    pub fn ask(&self, text: &str) -> Outcome<usize> {
        let mut grams = BTreeSet::new();
        for run in text.split_whitespace() {
            let letters: Vec<char> = run.chars().collect();
            for gram in letters.windows(3).map(|gram| gram.iter().collect::<String>()) {
                grams.insert(format!("\"{}\"", gram.replace('"', "\"\"")));
            }
        }
        let (sql, wanted) = if grams.is_empty() {
            let words = text.split_whitespace().collect::<Vec<_>>().join("%");
            ("SELECT rowid FROM posts WHERE text LIKE ? LIMIT 20", format!("%{words}%"))
        } else {
            (
                "SELECT rowid FROM posts WHERE posts MATCH ? ORDER BY rank LIMIT 20",
                grams.into_iter().collect::<Vec<_>>().join(" OR "),
            )
        };
        let mut query = self.0.prepare_cached(sql)?;
        let found = query.query_map([wanted], |row| row.get::<_, i64>(0))?;
        Ok(found.collect::<Result<Vec<_>, _>>()?.len())
    }
}

pub struct Bigrams {
    reader: IndexReader,
    field: Field,
}

impl Bigrams {
    pub fn open_or_build(folder: &Path, corpus: &Corpus) -> Outcome<Bigrams> {
        let folder = folder.join("tantivy");
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("bigrams")
            .set_index_option(IndexRecordOption::WithFreqs);
        let options = TextOptions::default().set_indexing_options(indexing) | STORED;
        let field = schema.add_text_field("text", options);
        let is_made = is_of(&folder, corpus);
        if !is_made {
            start_anew(&folder)?;
        }
        let index = match is_made {
            true => tantivy::Index::open_in_dir(&folder)?,
            false => tantivy::Index::create_in_dir(&folder, schema.build())?,
        };
        index.tokenizers().register("bigrams", bigrams()?);
        if !is_made {
            build("tantivy", &folder, corpus, || {
                let mut writer = index.writer_with_num_threads(1, 50_000_000)?;
                for number in 0..corpus.count() {
                    let mut document = TantivyDocument::default();
                    document.add_text(field, corpus.plain(number));
                    writer.add_document(document)?;
                }
                writer.commit()?;
                Ok(writer.wait_merging_threads()?)
            })?;
        }
        Ok(Bigrams { reader: index.reader()?, field })
    }

    pub fn ask(&self, text: &str) -> Outcome<usize> {
        let mut grams = BTreeSet::new();
        let mut analyzer = bigrams()?;
        for run in text.split_whitespace() {
            analyzer.token_stream(run).process(&mut |token| {
                grams.insert(token.text.clone());
            });
        }
        let any = grams.iter().map(|gram| {
            let term = Term::from_field_text(self.field, gram);
            Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)) as Box<dyn Query>
        });
        let query = BooleanQuery::union(any.collect());
        let searcher = self.reader.searcher();
        let found = searcher.search(&query, &TopDocs::with_limit(BEST).order_by_score())?;
        // They are shown, so they are read.
        for (_, address) in &found {
            searcher.doc::<TantivyDocument>(*address)?;
        }
        Ok(found.len())
    }
}

fn bigrams() -> Outcome<TextAnalyzer> {
    let grams = NgramTokenizer::new(2, 2, false)?;
    Ok(TextAnalyzer::builder(grams).filter(LowerCaser).build())
}

fn build(
    name: &str,
    folder: &Path,
    corpus: &Corpus,
    work: impl FnOnce() -> Outcome<()>,
) -> Outcome<()> {
    let begun = Instant::now();
    work()?;
    let a_second = corpus.count() as f64 / begun.elapsed().as_secs_f64();
    println!("{name}: {a_second:.0} documents/s, {} MB", size(folder)? / 1_000_000);
    mark(folder, corpus)
}
