//! Where a text was cut into words, and into which of the dictionary: kept with a document, so that showing it needn't cut it again.
//!
//! First the length of the normalised text, then for each word its length, how far behind the last it begins, and its number, as numbers of
//! seven bits a byte. They mean something only next to the dictionary that they were made with.

use std::ops::Range;

use lindera_dictionary::viterbi::{LexType, WordId};

#[derive(Debug, Default)]
pub(crate) struct Cuts {
    bytes: Vec<u8>,
    /// Of the last word.
    end: usize,
}

impl Cuts {
    pub(super) fn of(normalized: &str, words: usize) -> Cuts {
        let mut cuts = Cuts { bytes: Vec::with_capacity(5 * words + 4), end: 0 };
        cuts.write(normalized.len() as u64);
        cuts
    }

    pub(super) fn push(&mut self, range: &Range<usize>, id: WordId) {
        let gap = range.start.saturating_sub(self.end);
        self.write(2 * range.len() as u64 + u64::from(gap > 0));
        if gap > 0 {
            self.write(gap as u64);
        }
        let kind = match id.lex_type() {
            LexType::System => 0,
            LexType::User => 1,
            LexType::Unknown => 2,
        };
        self.write(4 * u64::from(id.id()) + kind);
        self.end = range.end;
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn write(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}

/// The words of the normalised text, in order; `None` if the cuts are of another text.
pub(super) fn read(mut cuts: &[u8], normalized: &str) -> Option<Vec<(Range<usize>, WordId)>> {
    if number(&mut cuts)? != normalized.len() as u64 {
        return None;
    }
    let mut words = Vec::with_capacity(cuts.len() / 4);
    let mut end = 0_usize;
    while !cuts.is_empty() {
        let length = number(&mut cuts)?;
        let gap = if length % 2 == 1 { number(&mut cuts)? } else { 0 };
        let start = end.checked_add(usize::try_from(gap).ok()?)?;
        end = start.checked_add(usize::try_from(length / 2).ok()?)?;
        normalized.get(start..end)?;
        let id = number(&mut cuts)?;
        let kind = match id % 4 {
            0 => LexType::System,
            1 => LexType::User,
            2 => LexType::Unknown,
            _ => return None,
        };
        words.push((start..end, WordId::new(kind, u32::try_from(id / 4).ok()?)));
    }
    Some(words)
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << place;
        if *byte < 0x80 {
            return Some(number);
        }
    }
    None
}
