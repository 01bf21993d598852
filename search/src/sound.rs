//! Words out of a question typed as it sounds, as an input method finds them: the likeliest way to cut the
//! kana into readings that posts really hold. よなきがひどい holds よなき, if some post speaks of 夜泣き.
//!
//! The dictionary's own segmenter is no help here: it knows ようちえん as 幼稚園's reading, not as a word.

use tantivy::schema::Field;
use tantivy::{Searcher, Term};

use crate::Error;

/// Kana of the longest reading looked for.
const LONGEST: usize = 10;
/// Words of a post, roughly; a reading's likelihood is its share of all words.
const WORDS_PER_POST: f32 = 60.0;
/// What a kana costs that no known reading covers.
const UNKNOWN: f32 = 7.0;
/// What a particle costs.
const PARTICLE: f32 = 3.0;
const PARTICLES: [&str; 14] =
    ["は", "が", "を", "に", "で", "と", "の", "も", "か", "へ", "や", "から", "まで", "より"];

/// The readings, folded by `fold_sound` and at least two kana long, on the likeliest path through `run`, a run of folded kana
/// without spaces or marks; words, if that is what the field holds and their sound is left alone.
pub(crate) fn known_readings(
    run: &str,
    fold_sound: impl Fn(&str) -> String,
    searcher: &Searcher,
    field: Field,
) -> Result<Vec<String>, Error> {
    let starts: Vec<usize> =
        run.char_indices().map(|(at, _)| at).chain(std::iter::once(run.len())).collect();
    let words = (searcher.num_docs() as f32 * WORDS_PER_POST).max(1.0);
    // Per place: the cost of the best path to it, and the piece that path ends with.
    let mut best: Vec<(f32, Piece)> = vec![(f32::INFINITY, Piece::default()); starts.len()];
    best[0].0 = 0.0;
    for from in 0..starts.len() - 1 {
        let so_far = best[from].0;
        for to in from + 1..=(from + LONGEST).min(starts.len() - 1) {
            let text = &run[starts[from]..starts[to]];
            let mut cost = UNKNOWN * (to - from) as f32;
            let mut reading = None;
            if PARTICLES.contains(&text) {
                cost = PARTICLE;
            }
            if to - from > 1 {
                let sound = fold_sound(text);
                let posts = searcher.doc_freq(&Term::from_field_text(field, &sound))?;
                let known = (words / posts as f32).ln();
                if posts > 0 && known < cost {
                    cost = known;
                    reading = Some(sound);
                }
            }
            if so_far + cost < best[to].0 {
                best[to] = (so_far + cost, Piece { from, reading });
            }
        }
    }
    let mut readings = vec![];
    let mut at = starts.len() - 1;
    while at > 0 {
        let piece = std::mem::take(&mut best[at].1);
        readings.extend(piece.reading);
        at = piece.from;
    }
    readings.reverse();
    Ok(readings)
}

#[derive(Debug, Clone, Default)]
struct Piece {
    from: usize,
    reading: Option<String>,
}
