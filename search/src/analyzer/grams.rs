//! Runs of letters and their n-grams. Not here: how much each letter says (`spelled`).

use super::kana;

/// The text's runs of letters, kana folded; spaces and marks part them.
pub(crate) fn spelling_runs(normalized: &str) -> Vec<String> {
    normalized
        .split(|c| !kana::is_searchable(c))
        .filter(|run| !run.is_empty())
        .map(kana::fold)
        .collect()
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
