//! What is known of posts beside their texts, read where the ranking asks for it. What it is worth is `ranking`'s.

use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocId, Searcher};

use crate::Error;
use crate::query::Near;
use crate::ranking::{self, Standing};

/// What is known of the posts of a segment beside their texts.
pub(crate) struct Standings {
    thanks: Column<u64>,
    published_at: Column<i64>,
    region: Option<StrColumn>,
    age_from: Column<u64>,
    age_to: Column<u64>,
}

impl Standings {
    /// By segment.
    pub fn of(searcher: &Searcher) -> Result<Vec<Standings>, Error> {
        let columns = searcher.segment_readers().iter().map(|segment| {
            let columns = segment.fast_fields();
            Ok(Standings {
                thanks: columns.u64("thanks")?,
                published_at: columns.i64("published_at")?,
                region: columns.str("region")?,
                age_from: columns.u64("age_from")?,
                age_to: columns.u64("age_to")?,
            })
        });
        columns.collect()
    }

    /// How far a post is lifted, and when it was published.
    pub fn lift(&self, doc: DocId, near: &Near) -> Result<(f32, i64), Error> {
        let mut region = String::new();
        if near.region.is_some()
            && let Some(column) = &self.region
            && let Some(number) = column.ords().first(doc)
        {
            column.ord_to_str(number, &mut region)?;
        }
        let standing = Standing {
            thanks: self.thanks.first(doc).unwrap_or(0),
            published_at_ms: self.published_at.first(doc).unwrap_or(0),
            region: &region,
            ages: (
                self.age_from.first(doc).unwrap_or(0),
                self.age_to.first(doc).unwrap_or(u64::MAX),
            ),
        };
        Ok((ranking::lift(standing, near), standing.published_at_ms))
    }
}
