//! All fingerprints of the site in memory, side by side, to be looked through. Pure.

use super::sql::Entry;
use super::{Match, Medium};
use std::collections::HashSet;

/// What is looked through lies together: the fingerprints of all media in one row, each medium's next to one another.
#[derive(Default)]
pub(super) struct Replica {
    /// The last row of the table that is in here.
    place: i64,
    hashes: Vec<u64>,
    /// Of each fingerprint; films are minutes long.
    at_ms: Vec<u32>,
    media: Vec<Owner>,
}

/// Whose the fingerprints are from where the medium before ends up to `end`.
struct Owner {
    medium: Medium,
    end: u32,
}

impl Replica {
    pub fn place(&self) -> i64 {
        self.place
    }

    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Takes rows of the table that follow on one another, from at most one past [`Self::place`]; what is in here already is passed over.
    pub fn apply(&mut self, rows: &[Entry]) {
        let new = &rows[rows.partition_point(|row| row.seq <= self.place)..];
        let Some(last) = new.last() else { return };
        let gone = new.iter().filter(|row| row.hash.is_none()).map(|row| row.medium);
        // A row that came before the word of its medium's end is not in the table any more, so it stands in no batch with it.
        self.remove(&gone.collect());
        for row in new {
            if let Some(hash) = row.hash {
                self.push(row.medium, row.at_ms, hash);
            }
        }
        self.place = last.seq;
    }

    fn push(&mut self, medium: Medium, at_ms: u64, hash: u64) {
        self.hashes.push(hash);
        self.at_ms.push(u32::try_from(at_ms).unwrap_or(u32::MAX));
        let end = self.hashes.len() as u32;
        match self.media.last_mut() {
            Some(last) if last.medium == medium => last.end = end,
            _ => self.media.push(Owner { medium, end }),
        }
    }

    fn remove(&mut self, gone: &HashSet<Medium>) {
        if gone.is_empty() {
            return;
        }
        let (mut from, mut kept) = (0, 0);
        self.media.retain_mut(|owner| {
            let range = from..owner.end as usize;
            from = range.end;
            if gone.contains(&owner.medium) {
                return false;
            }
            let count = range.len();
            self.hashes.copy_within(range.clone(), kept);
            self.at_ms.copy_within(range, kept);
            kept += count;
            owner.end = kept as u32;
            true
        });
        self.hashes.truncate(kept);
        self.at_ms.truncate(kept);
    }

    /// Each medium with its part of the fingerprints.
    fn parts(&self) -> impl Iterator<Item = (Medium, std::ops::Range<usize>)> + '_ {
        let mut from = 0;
        self.media.iter().map(move |owner| {
            let part = from..owner.end as usize;
            from = part.end;
            (owner.medium, part)
        })
    }

    /// A medium's own fingerprints, with their times.
    pub fn of(&self, medium: Medium) -> Vec<(u64, u64)> {
        let part = self.parts().find(|(owner, _)| *owner == medium).map(|(_, part)| part);
        let part = part.unwrap_or_default();
        part.map(|index| (self.at_ms[index].into(), self.hashes[index])).collect()
    }

    /// The media nearest to any of the fingerprints asked for, which come with their times; ties in the order in which they were made.
    pub fn nearest(
        &self,
        asked: &[(u64, u64)],
        within: u32,
        limit: usize,
        except: Option<Medium>,
    ) -> Vec<Match> {
        let hashes: Vec<u64> = asked.iter().map(|(_, hash)| *hash).collect();
        let mut found = Vec::new();
        for (place, (medium, part)) in self.parts().enumerate() {
            let distance = distance(&hashes, &self.hashes[part.clone()]);
            if distance <= within && Some(medium) != except {
                found.push((distance, place, medium, part));
            }
        }
        let order = |one: &(u32, usize, Medium, _)| (one.0, one.1);
        if found.len() > limit {
            found.select_nth_unstable_by_key(limit, order);
            found.truncate(limit);
        }
        found.sort_unstable_by_key(order);
        let exact = |(distance, _, medium, part)| self.exact(asked, medium, distance, part);
        found.into_iter().filter_map(exact).collect()
    }

    /// Where a medium is as near as that.
    fn exact(
        &self,
        asked: &[(u64, u64)],
        medium: Medium,
        distance: u32,
        part: std::ops::Range<usize>,
    ) -> Option<Match> {
        let mut pairs = asked.iter().flat_map(|pair| part.clone().map(move |index| (pair, index)));
        let ((asked_at_ms, _), index) = pairs
            .find(|((_, hash), index)| (hash ^ self.hashes[*index]).count_ones() == distance)?;
        let at_ms = self.at_ms[index].into();
        Some(Match { medium, distance, at_ms, asked_at_ms: *asked_at_ms })
    }
}

/// Between those two of either side that are most alike; more than 64 when there are none.
fn distance(asked: &[u64], here: &[u64]) -> u32 {
    let mut least = u32::MAX;
    for hash in here {
        for other in asked {
            least = least.min((hash ^ other).count_ones());
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time_id::{Clock, PhotoId, VideoId};

    fn photo() -> Medium {
        Medium::Photo(PhotoId::new(&Clock::System))
    }

    fn row(seq: i64, medium: Medium, at_ms: u64, hash: impl Into<Option<u64>>) -> Entry {
        Entry { seq, medium, at_ms, hash: hash.into() }
    }

    #[test]
    fn the_nearest_come_first_and_each_medium_once() {
        let (near, far, film) = (photo(), photo(), Medium::Video(VideoId::new(&Clock::System)));
        let mut replica = Replica::default();
        replica.apply(&[
            row(1, far, 0, 0b1111),
            row(2, film, 0, u64::MAX),
            row(3, film, 400, 0b0011),
            row(4, near, 0, 0b0001),
        ]);
        let found = |within, limit| -> Vec<(Medium, u32, u64)> {
            let found = replica.nearest(&[(0, 0)], within, limit, None);
            found.into_iter().map(|one| (one.medium, one.distance, one.at_ms)).collect()
        };
        assert_eq!(found(64, 9), [(near, 1, 0), (film, 2, 400), (far, 4, 0)]);
        assert_eq!(found(64, 2), [(near, 1, 0), (film, 2, 400)]);
        assert_eq!(found(2, 9), [(near, 1, 0), (film, 2, 400)]);
        assert_eq!(found(0, 9), []);
        assert_eq!(found(64, 0), []);
    }

    #[test]
    fn a_film_is_asked_for_by_all_its_looks_and_does_not_find_itself() {
        let (other, film) = (photo(), Medium::Video(VideoId::new(&Clock::System)));
        let mut replica = Replica::default();
        replica.apply(&[row(1, film, 0, 0), row(2, film, 900, 0xff00), row(3, other, 0, 0xff01)]);
        let found = replica.nearest(&replica.of(film), 64, 9, Some(film));
        assert_eq!(found, [Match { medium: other, distance: 1, at_ms: 0, asked_at_ms: 900 }]);
        assert_eq!(
            replica.nearest(&replica.of(photo()), 64, 9, None),
            [],
            "one without fingerprints"
        );
    }

    #[test]
    fn what_is_gone_is_not_found_and_what_is_read_twice_is_there_once() {
        let (a, b, c) = (photo(), photo(), photo());
        let mut replica = Replica::default();
        let first = [row(1, a, 0, 1), row(2, b, 0, 2), row(3, b, 40, 3), row(4, c, 0, 4)];
        replica.apply(&first);
        replica.apply(&first);
        replica.apply(&[row(4, c, 0, 4), row(6, b, 0, None), row(7, b, 80, 5)]);
        assert_eq!((replica.place(), replica.len()), (7, 3));
        assert_eq!(replica.of(b), [(80, 5)]);
        assert_eq!((replica.of(a), replica.of(c)), (vec![(0, 1)], vec![(0, 4)]));
        replica.apply(&[row(9, a, 0, None), row(10, c, 0, None), row(11, b, 0, None)]);
        assert_eq!((replica.place(), replica.len()), (11, 0));
        assert_eq!(replica.nearest(&[(0, 0)], 64, 9, None), []);
    }
}
