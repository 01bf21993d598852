//! Runs of letters and their n-grams.

use super::{Word, kana};

/// The text's runs of letters, kana folded; spaces and marks part them.
pub(crate) fn spelling_runs(normalized: &str) -> Vec<String> {
    normalized
        .split(|c| !kana::is_searchable(c))
        .filter(|run| !run.is_empty())
        .map(kana::fold)
        .collect()
}

/// How the text sounds; marks and words nobody can read part the runs, spaces don't (people put
/// them between words in kana).
pub(super) fn reading_runs(words: &[Word<'_>], normalized: &str) -> Vec<String> {
    let mut runs = vec![String::new()];
    let mut end = 0;
    for word in words {
        let gap = normalized.get(end..word.range.start).unwrap_or_default();
        let parted = gap.chars().any(|c| !c.is_whitespace());
        end = word.range.end;
        match (&word.reading, runs.last_mut()) {
            (Some(reading), Some(run)) if !parted => run.push_str(reading),
            (Some(reading), _) => runs.push(reading.clone().into_owned()),
            (None, _) => runs.push(String::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    // Once more over the whole run: a long vowel may span two words.
    runs.iter().map(|run| kana::fold_sound(run)).collect()
}

/// All n-grams of each run, in order; a run shorter than `n` is one gram.
pub(super) fn of_runs(runs: Vec<String>, n: usize) -> Vec<String> {
    let mut grams = vec![];
    for run in runs {
        let starts: Vec<usize> =
            run.char_indices().map(|(at, _)| at).chain(std::iter::once(run.len())).collect();
        if starts.len() <= n {
            grams.push(run);
        } else {
            grams.extend(starts.windows(n + 1).map(|w| run[w[0]..w[n]].to_owned()));
        }
    }
    grams
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grams_stay_within_runs() {
        assert_eq!(of_runs(spelling_runs("卵焼き、パン。x"), 2), ["卵焼", "焼き", "ぱん", "x"]);
    }
}
