//! The documents of a segment by each choice that they can be narrowed to, and what is known of them beside their texts: kept as long as the
//! segment is searched.
//!
//! A segment never changes, save that documents are taken out of it, which is none of this. A set takes a bit of each document:
//! some fifty choices in a million documents are 6 MB. Names are few, as a site has kinds and regions.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tantivy::columnar::Column;
use tantivy::index::SegmentId;
use tantivy::{DocId, Searcher, SegmentReader};

use crate::Error;
use crate::bits::Bits;
use crate::facets::{AGES, MINUTES};
use crate::standings::Standings;

pub(crate) type Named = Vec<(String, Bits)>;

pub(crate) struct Choices {
    pub kinds: Named,
    pub regions: Named,
    pub stages: Named,
    pub free_of: Named,
    /// For each of [`AGES`].
    pub ages: Vec<Bits>,
    /// For each of [`MINUTES`].
    pub minutes: Vec<Bits>,
    pub with_video: Bits,
    documents: DocId,
    age_from: Column<u64>,
    age_to: Column<u64>,
    took: Column<u64>,
}

impl Choices {
    fn of(segment: &SegmentReader) -> Result<Choices, Error> {
        let columns = segment.fast_fields();
        let documents = segment.max_doc();
        let has_video = columns.u64("has_video")?;
        let mut choices = Choices {
            kinds: named(segment, "kind")?,
            regions: named(segment, "region")?,
            stages: named(segment, "stage")?,
            free_of: named(segment, "free_of")?,
            ages: vec![],
            minutes: vec![],
            with_video: those(documents, |doc| has_video.first(doc) == Some(1)),
            documents,
            age_from: columns.u64("age_from")?,
            age_to: columns.u64("age_to")?,
            took: columns.u64("minutes")?,
        };
        choices.ages = AGES.map(|age| choices.read_age(age)).into();
        choices.minutes = MINUTES.map(|most| choices.read_minutes(most)).into();
        Ok(choices)
    }

    pub fn with<'a>(&self, named: &'a Named, wanted: &str) -> Cow<'a, Bits> {
        let found = named.iter().find(|(name, _)| name == wanted);
        found
            .map_or_else(|| Cow::Owned(Bits::none(self.documents)), |(_, with)| Cow::Borrowed(with))
    }

    /// Those whose range holds the age.
    pub fn for_age(&self, age: u16) -> Cow<'_, Bits> {
        match AGES.iter().position(|known| *known == age).and_then(|at| self.ages.get(at)) {
            Some(known) => Cow::Borrowed(known),
            None => Cow::Owned(self.read_age(age)),
        }
    }

    /// Those that say to take no longer.
    pub fn within(&self, most: u16) -> Cow<'_, Bits> {
        match MINUTES.iter().position(|known| *known == most).and_then(|at| self.minutes.get(at)) {
            Some(known) => Cow::Borrowed(known),
            None => Cow::Owned(self.read_minutes(most)),
        }
    }

    fn read_age(&self, age: u16) -> Bits {
        those(self.documents, |doc| {
            let from = self.age_from.first(doc).unwrap_or(0);
            let to = self.age_to.first(doc).unwrap_or(u64::MAX);
            (from..=to).contains(&u64::from(age))
        })
    }

    fn read_minutes(&self, most: u16) -> Bits {
        those(self.documents, |doc| {
            self.took.first(doc).is_some_and(|minutes| minutes <= u64::from(most))
        })
    }
}

fn those(documents: DocId, is_one: impl Fn(DocId) -> bool) -> Bits {
    let mut bits = Bits::none(documents);
    (0..documents).filter(|doc| is_one(*doc)).for_each(|doc| bits.insert(doc));
    bits
}

fn named(segment: &SegmentReader, name: &str) -> Result<Named, Error> {
    let Some(column) = segment.fast_fields().str(name)? else { return Ok(vec![]) };
    let mut named = vec![];
    for number in 0..column.num_terms() as u64 {
        let mut value = String::new();
        column.ord_to_str(number, &mut value)?;
        named.push((value, Bits::none(segment.max_doc())));
    }
    for doc in 0..segment.max_doc() {
        for number in column.ords().values_for_doc(doc) {
            if let Some((_, with)) = usize::try_from(number).ok().and_then(|n| named.get_mut(n)) {
                with.insert(doc);
            }
        }
    }
    Ok(named)
}

/// A segment as it is now.
#[derive(Clone)]
pub(crate) struct Known {
    pub choices: Arc<Choices>,
    pub standings: Arc<Standings>,
    /// Those that were not taken out; `None` if none was.
    pub alive: Option<Arc<Bits>>,
    documents: u32,
}

impl Known {
    /// All that can be found.
    pub fn all(&self) -> Bits {
        match &self.alive {
            Some(alive) => (**alive).clone(),
            None => Bits::all(self.choices.documents),
        }
    }
}

/// Those of the segments that are searched.
#[derive(Default)]
pub(crate) struct Kept(Mutex<HashMap<SegmentId, Known>>);

impl Kept {
    pub fn of(&self, segment: &SegmentReader) -> Result<Known, Error> {
        let before = self.known().get(&segment.segment_id()).cloned();
        let documents = segment.num_docs();
        let (choices, standings) = match before {
            Some(known) if known.documents == documents => return Ok(known),
            Some(known) => (known.choices, known.standings),
            None => (Arc::new(Choices::of(segment)?), Arc::new(Standings::open(segment)?)),
        };
        let alive = segment.alive_bitset().map(|alive| {
            let mut bits = Bits::none(segment.max_doc());
            alive.iter_alive().for_each(|doc| bits.insert(doc));
            Arc::new(bits)
        });
        let known = Known { choices, standings, alive, documents };
        self.known().insert(segment.segment_id(), known.clone());
        Ok(known)
    }

    /// Makes those of new segments, before anyone waits for them, and drops those of segments that are gone.
    pub fn follow(&self, searcher: &Searcher) -> Result<(), Error> {
        for segment in searcher.segment_readers() {
            self.of(segment)?;
        }
        let is_there = |id: &SegmentId| {
            searcher.segment_readers().iter().any(|segment| segment.segment_id() == *id)
        };
        self.known().retain(|id, _| is_there(id));
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, HashMap<SegmentId, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
