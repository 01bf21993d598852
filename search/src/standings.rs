//! What is known of posts beside their texts, read where the ranking asks for it. What it is worth is `ranking`'s.

use std::sync::Arc;

use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocId, Searcher, SegmentReader};

use crate::Error;
use crate::choices::Kept;
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
    /// To open a column takes longer than to read it a hundred times, so they are kept (`choices`).
    pub fn open(segment: &SegmentReader) -> Result<Standings, Error> {
        let columns = segment.fast_fields();
        Ok(Standings {
            thanks: columns.u64("thanks")?,
            published_at: columns.i64("published_at")?,
            region: columns.str("region")?,
            age_from: columns.u64("age_from")?,
            age_to: columns.u64("age_to")?,
        })
    }

    /// By segment.
    pub fn of(searcher: &Searcher, kept: &Kept) -> Result<Vec<Arc<Standings>>, Error> {
        searcher.segment_readers().iter().map(|segment| Ok(kept.of(segment)?.standings)).collect()
    }

    pub fn published_at(&self, doc: DocId) -> i64 {
        self.published_at.first(doc).unwrap_or(0)
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
            published_at_ms: self.published_at(doc),
            region: &region,
            ages: (
                self.age_from.first(doc).unwrap_or(0),
                self.age_to.first(doc).unwrap_or(u64::MAX),
            ),
        };
        Ok((ranking::lift(standing, near), standing.published_at_ms))
    }
}
