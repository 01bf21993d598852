//! Of everything that matches: what the filters let through, and what each other choice of one filter would give.
//!
//! Which documents of a segment there are for each choice is kept as a set (`choices`), so that counting goes by the number of
//! choices and not of matches.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::bits::Bits;
use crate::choices::{Choices, Named};

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

/// What is filtered by, save the tag.
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

/// The filters that are set, each with the documents of a segment that it lets through.
pub(crate) struct Chosen<'a>(Vec<(Side, Cow<'a, Bits>)>);

impl<'a> Chosen<'a> {
    pub fn new(filters: &'a Filters, choices: &'a Choices) -> Chosen<'a> {
        let mut sides: Vec<(Side, Cow<'a, Bits>)> = vec![];
        for (side, named, wanted) in [
            (Side::Kind, &choices.kinds, &filters.kind),
            (Side::Region, &choices.regions, &filters.region),
            (Side::Stage, &choices.stages, &filters.stage),
        ] {
            sides.extend(wanted.as_ref().map(|wanted| (side, choices.with(named, wanted))));
        }
        if let Some(age) = filters.age_months {
            sides.push((Side::Age, choices.for_age(age)));
        }
        if let Some(most) = filters.most_minutes {
            sides.push((Side::Minutes, choices.within(most)));
        }
        if filters.with_video {
            sides.push((Side::Video, Cow::Borrowed(&choices.with_video)));
        }
        for allergen in &filters.without {
            sides.push((Side::Without, choices.with(&choices.free_of, allergen)));
        }
        Chosen(sides)
    }

    pub fn narrow(&self, documents: &mut Bits) {
        self.0.iter().for_each(|(_, through)| documents.keep(through));
    }

    /// Those that pass every filter but this one; `None` if it is not set, and all pass it.
    fn but_for(&self, side: Side, matches: &Bits) -> Option<Bits> {
        self.0.iter().any(|(other, _)| *other == side).then(|| {
            let mut passing = matches.clone();
            let others = self.0.iter().filter(|(other, _)| *other != side);
            others.for_each(|(_, through)| passing.keep(through));
            passing
        })
    }
}

impl Facets {
    /// Adds a segment's: of all its matches, and of those that pass the filters.
    pub(crate) fn add(
        &mut self,
        choices: &Choices,
        chosen: &Chosen<'_>,
        matches: &Bits,
        passing: &Bits,
    ) {
        let of = |side| chosen.but_for(side, matches).map_or(Cow::Borrowed(passing), Cow::Owned);
        for (side, named, counts) in [
            (Side::Kind, &choices.kinds, &mut self.kinds),
            (Side::Region, &choices.regions, &mut self.regions),
            (Side::Stage, &choices.stages, &mut self.stages),
        ] {
            add_named(named, &of(side), counts);
        }
        // Of one allergen more, those already chosen staying.
        add_named(&choices.free_of, passing, &mut self.without);
        let ages = of(Side::Age);
        for (count, age) in self.ages.iter_mut().zip(&choices.ages) {
            *count += ages.count_common(age);
        }
        let minutes = of(Side::Minutes);
        for (count, most) in self.minutes.iter_mut().zip(&choices.minutes) {
            *count += minutes.count_common(most);
        }
        self.with_video += of(Side::Video).count_common(&choices.with_video);
    }
}

fn add_named(named: &Named, documents: &Bits, counts: &mut BTreeMap<String, u64>) {
    for (name, with) in named.iter().filter(|(name, _)| !name.is_empty()) {
        let count = documents.count_common(with);
        if count > 0 {
            *counts.entry(name.clone()).or_default() += count;
        }
    }
}
