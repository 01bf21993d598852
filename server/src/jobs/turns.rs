//! Whose turn it is. Pure.
//!
//! The rule is kept by [`super::sql::take`]: who is served steps back. This foretells what comes of it.

use std::collections::VecDeque;

/// A job that runs or waits.
#[derive(Clone, Debug)]
pub(super) struct InLine {
    pub payload: String,
    pub turn_of: Option<String>,
    pub is_running: bool,
}

/// From the order in which jobs stand in line now to the one in which they will be taken. Those that run are ahead of all.
pub(super) fn in_order(line: Vec<InLine>) -> Vec<InLine> {
    let (mut taken, waiting): (Vec<_>, Vec<_>) = line.into_iter().partition(|job| job.is_running);
    let mut line = VecDeque::from(waiting);
    while let Some(next) = line.pop_front() {
        if next.turn_of.is_some() {
            let is_theirs = |job: &InLine| job.turn_of == next.turn_of;
            let (theirs, others): (Vec<_>, Vec<_>) = line.into_iter().partition(is_theirs);
            line = others.into_iter().chain(theirs).collect();
        }
        taken.push(next);
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `"a1 b1"`: the letter is the person, `-` nobody; `!` runs.
    fn ordered(line: &str) -> String {
        let read = |word: &str| InLine {
            payload: word.to_owned(),
            turn_of: (!word.starts_with('-')).then(|| word[..1].to_owned()),
            is_running: word.ends_with('!'),
        };
        let ordered = in_order(line.split_whitespace().map(read).collect());
        ordered.into_iter().map(|job| job.payload).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn everyone_has_one_turn_in_each_round() {
        assert_eq!(ordered("a1 a2 a3 b1"), "a1 b1 a2 a3");
        assert_eq!(ordered("a1 a2 a3 b1 c1 b2"), "a1 b1 c1 a2 b2 a3");
        assert_eq!(ordered("a1! b1 a2 a3"), "a1! b1 a2 a3");
        assert_eq!(ordered("a1 a2 -1 -2 a3"), "a1 -1 -2 a2 a3", "what is nobody's stays");
        assert_eq!(ordered(""), "");
    }
}
