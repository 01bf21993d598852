//! Where segments begin, in whatever a rendition counts its time: frames, or the source's ticks. Zero always begins one.

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cuts {
    /// At every multiple of this, which is at least one.
    Every(i64),
    /// At these, ascending, all above zero.
    At(Vec<i64>),
}

impl Cuts {
    pub fn begins_segment(&self, time: i64) -> bool {
        match self {
            Self::Every(length) => time % length == 0,
            Self::At(cuts) => time == 0 || cuts.binary_search(&time).is_ok(),
        }
    }

    /// The first cut after `time`; `None` when what follows is the last segment.
    pub fn next_after(&self, time: i64) -> Option<i64> {
        match self {
            Self::Every(length) => Some((time.div_euclid(*length) + 1) * length),
            Self::At(cuts) => cuts.get(cuts.partition_point(|&cut| cut <= time)).copied(),
        }
    }

    /// How many segments a clip that ends at `end` can have.
    pub fn segments(&self, end: i64) -> usize {
        match self {
            Self::Every(length) => usize::try_from(end / length + 1).unwrap_or(usize::MAX),
            Self::At(cuts) => cuts.len() + 1,
        }
    }

    /// The longest segment of a clip that ends at `end`.
    pub fn longest(&self, end: i64) -> i64 {
        match self {
            Self::Every(length) => *length,
            Self::At(cuts) => {
                let starts = std::iter::once(&0).chain(cuts);
                let ends = cuts.iter().chain(std::iter::once(&end));
                ends.zip(starts).map(|(end, start)| end - start).max().unwrap_or(end)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_cuts_go_on_for_ever() {
        let cuts = Cuts::Every(120);
        assert!(cuts.begins_segment(0) && cuts.begins_segment(240) && !cuts.begins_segment(1));
        assert_eq!(cuts.next_after(0), Some(120));
        assert_eq!(cuts.next_after(119), Some(120));
        assert_eq!(cuts.next_after(120), Some(240));
        assert_eq!((cuts.longest(1000), cuts.segments(1000)), (120, 9));
    }

    #[test]
    fn named_cuts_end_with_the_last() {
        let cuts = Cuts::At(vec![100, 250]);
        let starts: Vec<i64> = (0..300).filter(|&time| cuts.begins_segment(time)).collect();
        assert_eq!(starts, [0, 100, 250]);
        assert_eq!(cuts.next_after(0), Some(100));
        assert_eq!(cuts.next_after(100), Some(250));
        assert_eq!(cuts.next_after(250), None);
        assert_eq!((cuts.longest(300), cuts.longest(500), cuts.segments(500)), (150, 250, 3));
        assert_eq!(Cuts::At(Vec::new()).longest(70), 70);
    }
}
