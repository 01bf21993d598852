//! Posts that say much of what another does: by its title and tags, and the words of its body that are rarest.

use tantivy::query::{EnableScoring, Query as _};
use tantivy::{DocAddress, DocSet as _, Searcher, TERMINATED, TantivyDocument, Term};

use crate::Error;
use crate::analyzer::Analyzer;
use crate::candidates::{self, Clause};
use crate::query::term;
use crate::schema::{Fields, stored_text};

/// Words of the title and the tags that are looked for.
const TITLE_WORDS: usize = 10;
/// Words of the body, the rarest of those that stand in other posts too.
const BODY_WORDS: usize = 10;
/// Characters of the body that are looked at.
const BODY: usize = 600;
/// A word of the title or a tag, next to one of the body.
const TITLE: f32 = 2.0;
/// What is related has at least this part of the score that the post itself has.
const LIKE_ENOUGH: f32 = 0.12;

pub(crate) fn related(
    analyzer: &Analyzer,
    searcher: &Searcher,
    fields: &Fields,
    id: &str,
    most: usize,
) -> Result<Vec<String>, Error> {
    let Some(own) = find(searcher, fields, id)? else { return Ok(vec![]) };
    let stored: TantivyDocument = searcher.doc(own)?;
    let text = |field| stored_text(&stored, field);
    let mut weighted: Vec<(String, f32)> = vec![];
    for named in [text(fields.title), text(fields.more)] {
        for word in analyzer.analyze(named)?.terms().take(TITLE_WORDS) {
            add(&mut weighted, word, TITLE);
        }
    }
    let body: String = text(fields.body).chars().take(BODY).collect();
    let mut rare: Vec<(u64, String)> = vec![];
    for word in analyzer.analyze(&body)?.terms() {
        let posts = searcher.doc_freq(&Term::from_field_text(fields.tok, word))?;
        if posts > 1 && !rare.iter().any(|(_, known)| known == word) {
            rare.push((posts, word.to_owned()));
        }
    }
    rare.sort();
    rare.into_iter().take(BODY_WORDS).for_each(|(_, word)| add(&mut weighted, &word, 1.0));

    let clauses: Vec<Clause<'_>> = [fields.tok, fields.title_tok]
        .into_iter()
        .flat_map(|field| {
            weighted.iter().map(move |(text, weight)| Clause { field, text, weight: *weight })
        })
        .collect();
    let found = candidates::best(searcher, &clauses, |_| Ok(None), most + 1)?;
    let whole = found.iter().find(|(_, at)| *at == own).map_or(f32::MAX, |(score, _)| *score);
    let mut ids = vec![];
    for (score, address) in found {
        if address == own || score < whole * LIKE_ENOUGH {
            continue;
        }
        let stored: TantivyDocument = searcher.doc(address)?;
        ids.push(stored_text(&stored, fields.id).to_owned());
    }
    ids.truncate(most);
    Ok(ids)
}

fn add(weighted: &mut Vec<(String, f32)>, word: &str, weight: f32) {
    if !weighted.iter().any(|(known, _)| known == word) {
        weighted.push((word.to_owned(), weight));
    }
}

fn find(searcher: &Searcher, fields: &Fields, id: &str) -> Result<Option<DocAddress>, Error> {
    let query = term(fields.id, id);
    let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
    for (ord, segment) in (0..).zip(searcher.segment_readers()) {
        let mut found = weight.scorer(segment, 1.0)?;
        while found.doc() != TERMINATED {
            if !segment.is_deleted(found.doc()) {
                return Ok(Some(DocAddress::new(ord, found.doc())));
            }
            found.advance();
        }
    }
    Ok(None)
}
