//! One pass over everything that matches: what the filters let through, and what each other choice of one filter would give.

use std::collections::BTreeMap;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader};

/// Ages that are counted, in months.
pub const AGES: [u16; 9] = [0, 3, 6, 9, 12, 18, 24, 36, 60];
/// Minutes that are counted: at most so many.
pub const MINUTES: [u16; 4] = [10, 20, 30, 60];

/// What a search is narrowed by. A post that doesn't say passes an age, and no other filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    pub kind: Option<String>,
    pub region: Option<String>,
    /// Posts whose age range holds this age.
    pub age_months: Option<u16>,
    /// Of weaning.
    pub stage: Option<String>,
    /// Posts that say to take no longer.
    pub most_minutes: Option<u16>,
    /// Only what is stated to be free of each of these allergens; what is not known never passes.
    pub without: Vec<String>,
    pub with_video: bool,
    /// Posts with exactly this tag. Not counted.
    pub tag: Option<String>,
}

impl Filters {
    pub fn is_empty(&self) -> bool {
        *self == Filters::default()
    }
}

/// How many matches there would be if one filter were chosen otherwise and the others stayed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    pub kinds: BTreeMap<String, u64>,
    pub regions: BTreeMap<String, u64>,
    pub stages: BTreeMap<String, u64>,
    /// For each of [`AGES`].
    pub ages: [u64; AGES.len()],
    /// For each of [`MINUTES`].
    pub minutes: [u64; MINUTES.len()],
    /// By allergen: free of it, and of those already chosen.
    pub without: BTreeMap<String, u64>,
    pub with_video: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Kind,
    Region,
    Age,
    Stage,
    Minutes,
    Without,
    Video,
}

/// The sides on which a document fails.
#[derive(Clone, Copy, Default)]
struct Failing {
    count: u8,
    last: Option<Side>,
}

impl Failing {
    fn note(&mut self, side: Side, passes: bool) {
        if !passes {
            self.count += 1;
            self.last = Some(side);
        }
    }

    fn passes_but_for(self, side: Side) -> bool {
        self.count == 0 || (self.count == 1 && self.last == Some(side))
    }
}

pub(crate) struct Count<'a> {
    pub filters: &'a Filters,
    /// Of what passes, so many of the newest.
    pub keep: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub total: u64,
    pub newest: Vec<DocAddress>,
    pub facets: Facets,
}

#[derive(Debug, Clone, Copy)]
struct Newest {
    published_at: i64,
    address: DocAddress,
}

pub(crate) struct CountOfSegment {
    segment: SegmentOrdinal,
    keep: usize,
    kind: Named,
    region: Named,
    stage: Named,
    free_of: Named,
    without: Vec<Option<u64>>,
    age: Option<u16>,
    age_from: Column<u64>,
    age_to: Column<u64>,
    most_minutes: Option<u16>,
    minutes: Column<u64>,
    with_video: bool,
    has_video: Column<u64>,
    published_at: Column<i64>,
    total: u64,
    newest: Vec<Newest>,
    facets: Facets,
}

/// A column of names that is filtered by and counted.
struct Named {
    column: Option<StrColumn>,
    /// The wanted name's number in this segment; the inner `None`: it is not in it.
    wanted: Option<Option<u64>>,
    counts: Vec<u64>,
}

impl Named {
    fn new(segment: &SegmentReader, name: &str, only: Option<&String>) -> tantivy::Result<Named> {
        let column = segment.fast_fields().str(name)?;
        let values = column.as_ref().map_or(0, |column| column.num_terms());
        let mut named = Named { column, wanted: None, counts: vec![0; values] };
        if let Some(only) = only {
            named.wanted = Some(named.number(only)?);
        }
        Ok(named)
    }

    fn number(&self, name: &str) -> tantivy::Result<Option<u64>> {
        match &self.column {
            Some(column) => Ok(column.dictionary().term_ord(name.as_bytes())?),
            None => Ok(None),
        }
    }

    fn value(&self, doc: DocId) -> Option<u64> {
        self.column.as_ref()?.ords().first(doc)
    }

    fn accepts(&self, value: Option<u64>) -> bool {
        self.wanted.is_none_or(|wanted| wanted.is_some() && wanted == value)
    }

    fn count(&mut self, value: Option<u64>) {
        if let Some(count) = value.and_then(|v| self.counts.get_mut(usize::try_from(v).ok()?)) {
            *count += 1;
        }
    }

    fn into_counts(self) -> BTreeMap<String, u64> {
        let Some(column) = self.column else { return BTreeMap::new() };
        let mut counts = BTreeMap::new();
        for (number, count) in (0_u64..).zip(self.counts).filter(|&(_, count)| count > 0) {
            let mut value = String::new();
            if column.ord_to_str(number, &mut value).is_ok_and(|found| found) && !value.is_empty() {
                counts.insert(value, count);
            }
        }
        counts
    }
}

impl Collector for Count<'_> {
    type Fruit = Counted;
    type Child = CountOfSegment;

    fn for_segment(
        &self,
        segment_ord: SegmentOrdinal,
        segment: &SegmentReader,
    ) -> tantivy::Result<CountOfSegment> {
        let Filters { kind, region, stage, .. } = self.filters;
        let columns = segment.fast_fields();
        let free_of = Named::new(segment, "free_of", None)?;
        let without = self.filters.without.iter().map(|name| free_of.number(name));
        Ok(CountOfSegment {
            segment: segment_ord,
            keep: self.keep,
            kind: Named::new(segment, "kind", kind.as_ref())?,
            region: Named::new(segment, "region", region.as_ref())?,
            stage: Named::new(segment, "stage", stage.as_ref())?,
            without: without.collect::<Result<_, _>>()?,
            free_of,
            age: self.filters.age_months,
            age_from: columns.u64("age_from")?,
            age_to: columns.u64("age_to")?,
            most_minutes: self.filters.most_minutes,
            minutes: columns.u64("minutes")?,
            with_video: self.filters.with_video,
            has_video: columns.u64("has_video")?,
            published_at: columns.i64("published_at")?,
            total: 0,
            newest: vec![],
            facets: Facets::default(),
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, fruits: Vec<CountedSegment>) -> tantivy::Result<Counted> {
        let mut counted = Counted::default();
        let mut newest = vec![];
        for CountedSegment { total, newest: of_segment, facets } in fruits {
            counted.total += total;
            newest.extend(of_segment);
            counted.facets.add(facets);
        }
        keep_newest(&mut newest, self.keep);
        counted.newest = newest.into_iter().map(|found| found.address).collect();
        Ok(counted)
    }
}

pub(crate) struct CountedSegment {
    total: u64,
    newest: Vec<Newest>,
    facets: Facets,
}

impl SegmentCollector for CountOfSegment {
    type Fruit = CountedSegment;

    fn collect(&mut self, doc: DocId, _: Score) {
        let mut failing = Failing::default();
        let (kind, region, stage) =
            (self.kind.value(doc), self.region.value(doc), self.stage.value(doc));
        failing.note(Side::Kind, self.kind.accepts(kind));
        failing.note(Side::Region, self.region.accepts(region));
        failing.note(Side::Stage, self.stage.accepts(stage));
        let from = self.age_from.first(doc).unwrap_or(0);
        let to = self.age_to.first(doc).unwrap_or(u64::MAX);
        let is_for = |age: u16| (from..=to).contains(&u64::from(age));
        failing.note(Side::Age, self.age.is_none_or(is_for));
        let minutes = self.minutes.first(doc);
        let takes = |most: u16| minutes.is_some_and(|minutes| minutes <= u64::from(most));
        failing.note(Side::Minutes, self.most_minutes.is_none_or(takes));
        let has_video = self.has_video.first(doc) == Some(1);
        failing.note(Side::Video, !self.with_video || has_video);
        failing.note(Side::Without, self.is_without(doc));
        if failing.count > 1 {
            return;
        }

        if failing.passes_but_for(Side::Kind) {
            self.kind.count(kind);
        }
        if failing.passes_but_for(Side::Region) {
            self.region.count(region);
        }
        if failing.passes_but_for(Side::Stage) {
            self.stage.count(stage);
        }
        if failing.passes_but_for(Side::Age) {
            for (count, age) in self.facets.ages.iter_mut().zip(AGES) {
                *count += u64::from(is_for(age));
            }
        }
        if failing.passes_but_for(Side::Minutes) {
            for (count, most) in self.facets.minutes.iter_mut().zip(MINUTES) {
                *count += u64::from(takes(most));
            }
        }
        if failing.passes_but_for(Side::Video) {
            self.facets.with_video += u64::from(has_video);
        }
        if failing.count > 0 {
            return;
        }
        if let Some(column) = &self.free_of.column {
            for number in column.ords().values_for_doc(doc) {
                if let Some(count) =
                    usize::try_from(number).ok().and_then(|n| self.free_of.counts.get_mut(n))
                {
                    *count += 1;
                }
            }
        }
        self.total += 1;
        if self.keep > 0 {
            let published_at = self.published_at.first(doc).unwrap_or_default();
            self.newest.push(Newest { published_at, address: DocAddress::new(self.segment, doc) });
            if self.newest.len() > 2 * self.keep + 64 {
                keep_newest(&mut self.newest, self.keep);
            }
        }
    }

    fn harvest(mut self) -> CountedSegment {
        keep_newest(&mut self.newest, self.keep);
        let facets = Facets {
            kinds: self.kind.into_counts(),
            regions: self.region.into_counts(),
            stages: self.stage.into_counts(),
            without: self.free_of.into_counts(),
            ..self.facets
        };
        CountedSegment { total: self.total, newest: self.newest, facets }
    }
}

impl CountOfSegment {
    fn is_without(&self, doc: DocId) -> bool {
        let Some(column) = &self.free_of.column else { return self.without.is_empty() };
        self.without.iter().all(|wanted| {
            wanted.is_some_and(|wanted| {
                column.ords().values_for_doc(doc).any(|value| value == wanted)
            })
        })
    }
}

impl Facets {
    fn add(&mut self, other: Facets) {
        for (to, from) in [
            (&mut self.kinds, other.kinds),
            (&mut self.regions, other.regions),
            (&mut self.stages, other.stages),
            (&mut self.without, other.without),
        ] {
            for (value, count) in from {
                *to.entry(value).or_default() += count;
            }
        }
        self.ages.iter_mut().zip(other.ages).for_each(|(to, from)| *to += from);
        self.minutes.iter_mut().zip(other.minutes).for_each(|(to, from)| *to += from);
        self.with_video += other.with_video;
    }
}

fn keep_newest(newest: &mut Vec<Newest>, keep: usize) {
    newest.sort_unstable_by(|a, b| {
        b.published_at.cmp(&a.published_at).then_with(|| a.address.cmp(&b.address))
    });
    newest.truncate(keep);
}
