//! A set of a segment's documents, a bit each.

use tantivy::DocId;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    /// None of so many.
    pub fn none(documents: DocId) -> Bits {
        Bits(vec![0; documents.div_ceil(64) as usize])
    }

    pub fn all(documents: DocId) -> Bits {
        let mut bits = Bits(vec![u64::MAX; documents.div_ceil(64) as usize]);
        if let (Some(last), rest @ 1..) = (bits.0.last_mut(), documents % 64) {
            *last = (1 << rest) - 1;
        }
        bits
    }

    pub fn insert(&mut self, doc: DocId) {
        if let Some(word) = self.0.get_mut((doc / 64) as usize) {
            *word |= 1 << (doc % 64);
        }
    }

    pub fn contains(&self, doc: DocId) -> bool {
        self.0.get((doc / 64) as usize).is_some_and(|word| word & (1 << (doc % 64)) != 0)
    }

    pub fn keep(&mut self, others: &Bits) {
        self.0.iter_mut().zip(&others.0).for_each(|(word, other)| *word &= other);
    }

    /// Of 64 documents at once, from a place that is a multiple of 64.
    pub fn insert_word(&mut self, at: usize, bits: u64) {
        if let Some(word) = self.0.get_mut(at) {
            *word |= bits;
        }
    }

    /// The same 64 as they are.
    pub fn word(&self, at: usize) -> u64 {
        self.0.get(at).copied().unwrap_or(0)
    }

    pub fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    pub fn count_common(&self, others: &Bits) -> u64 {
        let both = self.0.iter().zip(&others.0);
        both.map(|(word, other)| u64::from((word & other).count_ones())).sum()
    }

    pub fn iter(&self) -> impl Iterator<Item = DocId> {
        self.within(0, self.0.len() * 64)
    }

    /// Those of so many documents from `start` on, both multiples of 64.
    pub fn within(&self, start: DocId, documents: usize) -> impl Iterator<Item = DocId> {
        let words = self.0.iter().skip((start / 64) as usize).take(documents / 64);
        (start / 64..).zip(words).flat_map(|(at, word): (DocId, &u64)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let first = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(at * 64 + first)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_counts_it() {
        let mut bits = Bits::none(130);
        for doc in [0, 63, 64, 129] {
            bits.insert(doc);
        }
        assert_eq!(bits.iter().collect::<Vec<_>>(), [0, 63, 64, 129]);
        assert!(bits.contains(63) && !bits.contains(62) && !bits.contains(500));
        assert_eq!(Bits::all(130).count(), 130);
        assert_eq!(Bits::all(128).count(), 128);
        let mut odd = Bits::none(130);
        odd.insert(129);
        assert_eq!(bits.count_common(&odd), 1);
        assert_eq!(bits.within(64, 64).collect::<Vec<_>>(), [64]);
        bits.keep(&odd);
        assert_eq!(bits, odd);
    }
}
