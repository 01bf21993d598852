//! What is printed of a run.

use std::fmt;

use crate::{Question, Run, id};

pub struct Measures {
    questions: usize,
    reciprocal: f64,
    first: f64,
    recalled: f64,
    times: String,
}

impl Measures {
    pub fn of(questions: &[Question], run: &Run) -> Measures {
        let (mut reciprocal, mut first, mut recalled) = (0.0, 0.0, 0.0);
        for (question, ranked) in questions.iter().zip(&run.ranked) {
            let is_right =
                |found: &String| question.relevant.iter().any(|right| id(right) == *found);
            let Some(place) = ranked.iter().take(10).position(is_right) else { continue };
            reciprocal += 1.0 / (place + 1) as f64;
            first += f64::from(place == 0);
            // The share of the right ones among the first ten; mostly there is one.
            let found = ranked.iter().take(10).filter(|found| is_right(found)).count();
            recalled += found as f64 / question.relevant.len().clamp(1, 10) as f64;
        }
        let n = questions.len().max(1) as f64;
        Measures {
            questions: questions.len(),
            reciprocal: reciprocal / n,
            first: first / n,
            recalled: recalled / n,
            times: run.times(),
        }
    }
}

impl fmt::Display for Measures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Measures { questions, reciprocal, first, recalled, times } = self;
        write!(
            f,
            "MRR@10 {reciprocal:.4}  recall@1 {first:.4}  recall@10 {recalled:.4}  ({questions} questions; {times})"
        )
    }
}
