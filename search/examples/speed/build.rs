//! Our index over the documents, made as the site makes it.

use std::fs;
use std::path::Path;
use std::time::Instant;

use search::{Dictionary, Index, Op};

use crate::Outcome;
use crate::clock::{memory, process_cpu};
use crate::corpus::Corpus;

pub fn ours(folder: &Path, dictionary: &Dictionary, corpus: &Corpus, batch: u64) -> Outcome<Index> {
    let folder = folder.join("ours");
    if is_of(&folder, corpus) {
        let index = Index::open(&folder, dictionary.clone())?;
        if index.len() == corpus.count() {
            println!("ours: as it was found, {} MB", size(&folder)? / 1_000_000);
            return Ok(index);
        }
    }
    start_anew(&folder)?;
    let index = Index::open(&folder, dictionary.clone())?;
    let (begun, cpu) = (Instant::now(), process_cpu());
    let mut number = 0;
    while number < corpus.count() {
        let end = (number + batch).min(corpus.count());
        let documents = (number..end).map(|number| corpus.document(number, None));
        index.apply(documents.map(|document| Op::Upsert(Box::new(document))).collect(), end)?;
        number = end;
    }
    let (wall, cpu) = (begun.elapsed().as_secs_f64(), process_cpu() - cpu);
    let count = corpus.count() as f64;
    println!(
        "ours: {:.0} documents/s, {:.0} a second of one core; {} MB; memory {}",
        count / wall,
        count / cpu.as_secs_f64(),
        size(&folder)? / 1_000_000,
        memory()
    );
    mark(&folder, corpus)?;
    Ok(index)
}

/// Whether it was made to the end over these documents.
pub fn is_of(folder: &Path, corpus: &Corpus) -> bool {
    fs::read_to_string(folder.join("made-of")).is_ok_and(|name| name == corpus.name())
}

pub fn mark(folder: &Path, corpus: &Corpus) -> Outcome<()> {
    Ok(fs::write(folder.join("made-of"), corpus.name())?)
}

pub fn start_anew(folder: &Path) -> Outcome<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(fs::create_dir_all(folder)?)
}

/// Bytes of all files in it.
pub fn size(folder: &Path) -> Outcome<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        bytes += if about.is_dir() { size(&entry.path())? } else { about.len() };
    }
    Ok(bytes)
}
