//! Documents of about 110 characters, made from sentences; the same for the same number.

use search::Document;
use serde_json::Value;

/// A document takes sentences until it has so many characters.
const ENOUGH: usize = 90;
const LONGEST: usize = 150;
const TITLE: usize = 15;
const KINDS: [&str; 4] = ["recipe", "activity", "tip", "question"];
const REGIONS: [&str; 8] =
    ["uji", "joyo", "kyotanabe", "yawata", "kizugawa", "kumiyama", "ide", "seika"];
const TAGS: [&str; 12] = [
    "離乳食初期",
    "離乳食中期",
    "おでかけ",
    "室内遊び",
    "睡眠",
    "卵",
    "幼児食",
    "保育園",
    "公園",
    "絵本",
    "防災",
    "病気",
];
const STAGES: [&str; 4] = ["", "early", "middle", "late"];
const ALLERGENS: [&str; 5] = ["egg", "milk", "wheat", "shrimp", "buckwheat"];

pub struct Corpus {
    sentences: Vec<String>,
    count: u64,
}

/// Numbers that look as if by chance (SplitMix64).
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 1).unwrap_or_default() % end.max(1)
    }

    pub fn of<'a, T: ?Sized>(&mut self, among: &[&'a T]) -> Option<&'a T> {
        among.get(self.below(among.len())).copied()
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}

impl Corpus {
    pub fn of(lines: &[Value], count: u64) -> Corpus {
        let mut sentences = vec![];
        for line in lines {
            for name in ["text", "title", "body"] {
                let text = line[name].as_str().unwrap_or_default();
                let parts = text.split_inclusive(['。', '\n', '！', '？']).map(str::trim);
                let parts = parts.filter(|part| (6..=100).contains(&part.chars().count()));
                sentences.extend(parts.map(str::to_owned));
            }
        }
        Corpus { sentences, count }
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn sentences(&self) -> usize {
        self.sentences.len()
    }

    pub fn sentence(&self, chance: &mut Chance) -> &str {
        self.sentences.get(chance.below(self.sentences.len())).map_or("", String::as_str)
    }

    /// What tells whether an index is over these documents.
    pub fn name(&self) -> String {
        let mut hasher = std::hash::DefaultHasher::new();
        std::hash::Hash::hash(&self.sentences, &mut hasher);
        format!("{} {:x}", self.count, std::hash::Hasher::finish(&hasher))
    }

    pub fn mean_length(&self) -> f64 {
        let sample = self.count.clamp(1, 1000);
        let length = |number| self.text(&mut Chance(number)).chars().count();
        (0..sample).map(length).sum::<usize>() as f64 / sample as f64
    }

    fn text(&self, chance: &mut Chance) -> String {
        let mut text = String::new();
        while text.chars().count() < ENOUGH {
            text.push_str(self.sentence(chance));
        }
        text.chars().take(LONGEST).collect()
    }

    /// What peers are given: its title and its body.
    pub fn plain(&self, number: u64) -> String {
        let Document { title, body, .. } = self.document(number, None);
        format!("{title}\n{body}")
    }

    /// With one word more, if that is to be changed.
    pub fn document(&self, number: u64, word: Option<&str>) -> Document {
        let mut chance = Chance(number);
        let mut body = self.text(&mut chance);
        let title: String =
            body.chars().take(TITLE).take_while(|c| !"。、\n（".contains(*c)).collect();
        if let Some(word) = word {
            body.push_str(word);
        }
        let from = chance.below(36);
        let text = |chosen: Option<&str>| chosen.unwrap_or_default().to_owned();
        Document {
            id: number.to_string(),
            kind: text(chance.of(&KINDS)),
            title,
            body,
            tags: chance.of(&TAGS).map(str::to_owned).into_iter().collect(),
            region: text(chance.of(&REGIONS)),
            age_from_months: u16::try_from(from).ok(),
            age_to_months: u16::try_from(from + chance.below(24)).ok(),
            stage: text(chance.of(&STAGES)),
            minutes: u16::try_from(5 + chance.below(90)).ok(),
            free_of: ALLERGENS
                .iter()
                .filter(|_| chance.one_in(4))
                .map(|name| (*name).to_owned())
                .collect(),
            has_video: chance.one_in(3),
            published_at_ms: 1_700_000_000_000 + i64::try_from(number).unwrap_or_default() * 1000,
            thanks: chance.below(30) as u64,
            ..Document::default()
        }
    }
}
