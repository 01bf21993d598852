//! One pass over the matches: the best of them, how many there are, and how many of each kind and region.

use std::collections::BTreeMap;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader};

/// How many matches there would be if one more filter were set: by kind within the chosen region, by region
/// within the chosen kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    pub kinds: BTreeMap<String, u64>,
    pub regions: BTreeMap<String, u64>,
}

/// Orders by score, then the newest first. Kind and region are filtered here rather than in the query, so
/// that the counts of the other kinds and regions are known.
pub(crate) struct Best {
    pub keep: usize,
    pub kind: Option<String>,
    pub region: Option<String>,
    /// Whether scores count; without, the newest come first.
    pub by_score: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Found {
    pub total: u64,
    pub best: Vec<(Score, DocAddress)>,
    pub facets: Facets,
}

#[derive(Debug, Clone, Copy)]
struct Match {
    score: Score,
    published_at: i64,
    address: DocAddress,
}

/// A post that was thanked often comes before an equally fitting one, by at most this share.
const THANKS_SHARE: f32 = 0.1;

pub(crate) struct BestOfSegment {
    segment: SegmentOrdinal,
    keep: usize,
    by_score: bool,
    kind: Counted,
    region: Counted,
    published_at: Column<i64>,
    thanks: Column<u64>,
    total: u64,
    best: Vec<Match>,
}

/// A column that is filtered by and counted.
struct Counted {
    column: Option<StrColumn>,
    wanted: Wanted,
    counts: Vec<u64>,
}

enum Wanted {
    Any,
    /// `None`: this segment has no such value.
    Only(Option<u64>),
}

impl Counted {
    fn new(segment: &SegmentReader, name: &str, only: Option<&String>) -> tantivy::Result<Counted> {
        let column = segment.fast_fields().str(name)?;
        let wanted = match (only, &column) {
            (None, _) => Wanted::Any,
            (Some(_), None) => Wanted::Only(None),
            (Some(value), Some(column)) => {
                Wanted::Only(column.dictionary().term_ord(value.as_bytes())?)
            }
        };
        let values = column.as_ref().map_or(0, |column| column.num_terms());
        Ok(Counted { column, wanted, counts: vec![0; values] })
    }

    fn value(&self, doc: DocId) -> Option<u64> {
        self.column.as_ref()?.ords().first(doc)
    }

    fn accepts(&self, value: Option<u64>) -> bool {
        match self.wanted {
            Wanted::Any => true,
            Wanted::Only(wanted) => wanted.is_some() && wanted == value,
        }
    }

    fn count(&mut self, value: Option<u64>) {
        if let Some(count) = value.and_then(|v| self.counts.get_mut(usize::try_from(v).ok()?)) {
            *count += 1;
        }
    }

    fn into_counts(self) -> BTreeMap<String, u64> {
        let Some(column) = self.column else { return BTreeMap::new() };
        let mut counts = BTreeMap::new();
        for (ord, count) in (0_u64..).zip(self.counts).filter(|&(_, count)| count > 0) {
            let mut value = String::new();
            if column.ord_to_str(ord, &mut value).is_ok_and(|found| found) {
                counts.insert(value, count);
            }
        }
        counts
    }
}

impl Collector for Best {
    type Fruit = Found;
    type Child = BestOfSegment;

    fn for_segment(
        &self,
        segment_ord: SegmentOrdinal,
        segment: &SegmentReader,
    ) -> tantivy::Result<BestOfSegment> {
        Ok(BestOfSegment {
            segment: segment_ord,
            keep: self.keep,
            by_score: self.by_score,
            kind: Counted::new(segment, "kind", self.kind.as_ref())?,
            region: Counted::new(segment, "region", self.region.as_ref())?,
            published_at: segment.fast_fields().i64("published_at")?,
            thanks: segment.fast_fields().u64("thanks")?,
            total: 0,
            best: vec![],
        })
    }

    fn requires_scoring(&self) -> bool {
        self.by_score
    }

    fn merge_fruits(&self, fruits: Vec<SegmentFruit>) -> tantivy::Result<Found> {
        let mut found = Found::default();
        let mut best = vec![];
        for fruit in fruits {
            found.total += fruit.total;
            best.extend(fruit.best);
            for (to, from) in [
                (&mut found.facets.kinds, fruit.facets.kinds),
                (&mut found.facets.regions, fruit.facets.regions),
            ] {
                for (value, count) in from {
                    *to.entry(value).or_default() += count;
                }
            }
        }
        keep_best(&mut best, self.keep);
        found.best = best.into_iter().map(|m| (m.score, m.address)).collect();
        Ok(found)
    }
}

pub(crate) struct SegmentFruit {
    total: u64,
    best: Vec<Match>,
    facets: Facets,
}

impl SegmentCollector for BestOfSegment {
    type Fruit = SegmentFruit;

    fn collect(&mut self, doc: DocId, score: Score) {
        let (kind, region) = (self.kind.value(doc), self.region.value(doc));
        let (of_kind, of_region) = (self.kind.accepts(kind), self.region.accepts(region));
        if of_region {
            self.kind.count(kind);
        }
        if of_kind {
            self.region.count(region);
        }
        if !(of_kind && of_region) {
            return;
        }
        self.total += 1;
        let score = if self.by_score { score * self.thanked(doc) } else { 0.0 };
        self.best.push(Match {
            score,
            published_at: self.published_at.first(doc).unwrap_or_default(),
            address: DocAddress::new(self.segment, doc),
        });
        if self.best.len() > 2 * self.keep + 64 {
            keep_best(&mut self.best, self.keep);
        }
    }

    fn harvest(mut self) -> SegmentFruit {
        keep_best(&mut self.best, self.keep);
        SegmentFruit {
            total: self.total,
            best: self.best,
            facets: Facets { kinds: self.kind.into_counts(), regions: self.region.into_counts() },
        }
    }
}

impl BestOfSegment {
    fn thanked(&self, doc: DocId) -> f32 {
        let thanks = self.thanks.first(doc).unwrap_or_default() as f32;
        1.0 + THANKS_SHARE * (thanks / (thanks + 10.0))
    }
}

fn keep_best(best: &mut Vec<Match>, keep: usize) {
    best.sort_unstable_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| b.published_at.cmp(&a.published_at))
            .then_with(|| a.address.cmp(&b.address))
    });
    best.truncate(keep);
}
