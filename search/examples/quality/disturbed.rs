//! The same questions as people spell them: katakana left in hiragana, a slip of the finger, another spelling of a word.

use std::collections::{BTreeMap, HashMap, HashSet};

use search::Document;
use serde_json::Value;

use crate::{Outcome, Question};

/// The same numbers in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound.max(1) as u64) as usize
    }
}

fn is_katakana(c: char) -> bool {
    matches!(c, 'ァ'..='ヴ' | 'ー')
}

fn hiragana(c: char) -> char {
    match c {
        'ァ'..='ヴ' => char::from_u32(c as u32 - 0x60).unwrap_or(c),
        _ => c,
    }
}

/// Those that hold a katakana word of two letters or more, which is typed in hiragana.
pub fn without_katakana(questions: &[Question]) -> Vec<Question> {
    let holds = |q: &&Question| {
        let letters: Vec<char> = q.text.chars().collect();
        letters.windows(2).any(|pair| pair.iter().all(|&c| is_katakana(c)))
    };
    let spelled =
        |q: &Question| Question { text: q.text.chars().map(hiragana).collect(), ..q.clone() };
    questions.iter().filter(holds).map(spelled).collect()
}

/// One letter of each left out, doubled with its neighbour's place, or mistyped.
pub fn with_typos(questions: &[Question]) -> Vec<Question> {
    let mut chance = Chance(7);
    let typed = |question: &Question| {
        let mut letters: Vec<char> = question.text.chars().collect();
        let places: Vec<usize> =
            (0..letters.len()).filter(|&at| letters[at].is_alphanumeric()).collect();
        if !places.is_empty() {
            let at = places[chance.below(places.len())];
            match chance.below(3) {
                0 => {
                    letters.remove(at);
                }
                1 if at + 1 < letters.len() => letters.swap(at, at + 1),
                _ => {
                    let others: Vec<char> =
                        "あいうえおかきくけこさしすせそたちつてとなにのはまみもやよらりるれん"
                            .chars()
                            .collect();
                    letters[at] = others[chance.below(others.len())];
                }
            }
        }
        Question { text: letters.into_iter().collect(), ..question.clone() }
    };
    questions.iter().map(typed).collect()
}

/// A question as it is, and with letters of it respelled.
pub struct Respelled {
    pub before: Question,
    pub after: Question,
    /// Whether the letters were a word, or several; or parts of some: もよおし for 催し makes 主もよおした of 主催した.
    pub is_word: bool,
}

/// Those that hold letters which are a word that is also spelled otherwise, with the longest such in each other spelling. `starts`: the bytes
/// at which a text's words begin.
pub fn respelled(
    questions: &[Question],
    spellings: &str,
    starts: impl Fn(&str) -> Outcome<HashSet<usize>>,
) -> Outcome<Vec<Respelled>> {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in spellings.lines() {
        if let Some((spelling, normal)) = line.split_once('\t') {
            let group = groups.entry(normal).or_insert_with(|| vec![normal]);
            group.push(spelling);
        }
    }
    let mut group_of: HashMap<&str, &str> = HashMap::new();
    for (normal, group) in &groups {
        for spelling in group {
            group_of.insert(spelling, normal);
        }
    }
    let has_kanji = |word: &str| word.chars().any(|c| matches!(c, '\u{4e00}'..='\u{9fff}'));
    let mut all = vec![];
    for question in questions {
        let cuts: Vec<usize> =
            question.text.char_indices().map(|(at, _)| at).chain([question.text.len()]).collect();
        let mut best: Option<(usize, usize)> = None;
        for from in 0..cuts.len() {
            for to in from + 2..cuts.len().min(from + 9) {
                let word = &question.text[cuts[from]..cuts[to]];
                let is_longer = best.is_none_or(|(from, end)| to - from > end - from);
                if is_longer && has_kanji(word) && group_of.contains_key(word) {
                    best = Some((from, to));
                }
            }
        }
        let Some((from, to)) = best else { continue };
        let word = &question.text[cuts[from]..cuts[to]];
        let others: Vec<&str> =
            groups[group_of[word]].iter().copied().filter(|other| *other != word).collect();
        let starts = starts(&question.text)?;
        let is_start = |at: usize| at == question.text.len() || starts.contains(&at);
        let is_word = is_start(cuts[from]) && is_start(cuts[to]);
        for other in others {
            let (start, end) = (&question.text[..cuts[from]], &question.text[cuts[to]..]);
            let text = format!("{start}{other}{end}");
            let after = Question { text, ..question.clone() };
            all.push(Respelled { before: question.clone(), after, is_word });
        }
    }
    Ok(all)
}

/// Words of questions by themselves, typed in hiragana; right is what holds the word as it is written.
pub fn words(questions: &[Question], documents: &[Document]) -> Vec<Question> {
    let mut seen = HashSet::new();
    let mut words = vec![];
    for question in questions.iter().step_by(4) {
        let Some((word, reading)) = only_kanji_word(question) else { continue };
        if !seen.insert(word.clone()) {
            continue;
        }
        let holding = documents
            .iter()
            .filter(|d| d.title.contains(&word) || d.body.contains(&word))
            .map(|d| Value::from(d.id.clone()));
        let relevant: Vec<Value> = holding.collect();
        if !relevant.is_empty() {
            words.push(Question { text: word, hiragana: reading, relevant, ..question.clone() });
        }
    }
    words
}

/// The first word of a question, if kanji alone up to its particle, with its reading from the question's own hiragana.
fn only_kanji_word(question: &Question) -> Option<(String, String)> {
    let is_kanji = |c: char| matches!(c, '\u{4e00}'..='\u{9fff}' | '々');
    let word: String = question.text.chars().take_while(|&c| is_kanji(c)).collect();
    let particle =
        question.text[word.len()..].chars().next().filter(|c| "はがをにのでと".contains(*c))?;
    let reading: String = question.hiragana.chars().take_while(|&c| c != particle).collect();
    let length = reading.chars().count();
    let fits = (2..=4).contains(&word.chars().count())
        && length >= word.chars().count()
        && length <= 3 * word.chars().count()
        && !reading.chars().any(is_kanji);
    fits.then_some((word, reading))
}
