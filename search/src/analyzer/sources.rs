//! What the dictionary is built from: Debian's mecab-ipadic, rewritten so that the segmenter says what we need.
//!
//! - As UTF-8.
//! - The column of the pronunciation holds the reading of the base form instead: 行っ is read いっ and found by いく.
//! - A word in hiragana that is likelier in kanji says so ([`MEANT`]): けっこん is 結婚.
//! - To each word that is written in kanji or katakana, an entry for its reading in hiragana ([`IN_KANA`]), as an input method has
//!   it: はつねつ is cut as 発熱 is, and はつねつしたときの as 発熱したときの. Such entries cost more, so that a text's own kana words win.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::BufWriter;
use std::path::Path;

use csv::{ReaderBuilder, StringRecord, WriterBuilder};
use encoding_rs::EUC_JP;

use super::kana;
use super::normalize::Normalized;
use crate::Error;

/// The columns of the mecab-ipadic CSV files.
pub(super) const COLUMNS: [&str; 13] = [
    "surface",
    "left_context_id",
    "right_context_id",
    "cost",
    "part_of_speech",
    "part_of_speech_subcategory_1",
    "part_of_speech_subcategory_2",
    "part_of_speech_subcategory_3",
    "conjugation_form",
    "conjugation_type",
    "base_form",
    "reading",
    "base_reading",
];

const COST: usize = 3;
const PART: usize = 4;
const SUBPART: usize = 5;
const MARK: usize = 7;
const CONJUGATION_TYPE: usize = 8;
const BASE: usize = 10;
const READING: usize = 11;
const BASE_READING: usize = 12;

/// In the third subcategory's place: an entry for a reading.
pub(super) const IN_KANA: &str = "かな";

/// In the same place, of a word in kana, before what it is usually written as.
pub(super) const MEANT: char = '=';
/// Kana of a word that may be meant for another.
const SHORTEST_MEANT: usize = 3;

/// What an entry for a reading costs more than the word itself.
const KANA_PENALTY: i32 = 4500;
/// Shorter readings are in everything: はいつ in 離乳食はいつから is no ハイツ.
fn shortest(row: &StringRecord) -> usize {
    let is_name = &row[SUBPART] == "固有名詞";
    if is_name || is_katakana(&row[0]) { 4 } else { 2 }
}

/// Reads the files of `source` and writes the rewritten ones into `folder`.
pub(super) fn rewrite(source: &Path, folder: &Path) -> Result<(), Error> {
    let mut rows = vec![];
    for entry in fs::read_dir(source)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_owned();
        let is = |extension: &str| path.extension().is_some_and(|found| found == extension);
        if is("csv") {
            let bytes = fs::read(&path)?;
            let (text, _, _) = EUC_JP.decode(&bytes);
            let mut reader =
                ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            for row in reader.records() {
                let row = row.map_err(broken)?;
                if row.len() == COLUMNS.len() {
                    rows.push(row);
                }
            }
        } else if is("def") {
            let bytes = fs::read(&path)?;
            let (text, _, _) = EUC_JP.decode(&bytes);
            fs::write(folder.join(name), text.as_bytes())?;
        }
    }
    // In one order whatever the folder's: numbers of words follow it.
    rows.sort_by(|a, b| a.iter().cmp(b.iter()));
    let readings = base_readings(&rows);
    let file = BufWriter::new(fs::File::create(folder.join("words.csv"))?);
    let mut words = WriterBuilder::new().has_headers(false).from_writer(file);
    let in_kanji = likeliest(&rows, |row, _| !row[0].chars().all(kana::is_kana));
    for row in &rows {
        let reading = base_reading(row, &readings);
        let usually = usually(row, &rows, &in_kanji);
        let columns = row.iter().enumerate().map(|(at, value)| match at {
            BASE_READING => reading,
            MARK => usually.as_deref().unwrap_or("*"),
            _ => value,
        });
        words.write_record(columns).map_err(broken)?;
    }
    for (at, (reading, cost)) in in_kana(&rows) {
        let row = &rows[at];
        let cost = cost.to_string();
        let base = base_reading(row, &readings);
        let columns = row.iter().enumerate().map(|(at, value)| match at {
            0 => reading.as_str(),
            COST => cost.as_str(),
            MARK => IN_KANA,
            BASE_READING => base,
            _ => value,
        });
        words.write_record(columns).map_err(broken)?;
    }
    words.flush()?;
    Ok(())
}

fn broken(error: csv::Error) -> Error {
    Error::Dictionary(error.to_string())
}

type BaseReadings<'a> = HashMap<(&'a str, &'a str, &'a str), Vec<&'a str>>;

/// By base form, part of speech and type of conjugation.
fn base_readings(rows: &[StringRecord]) -> BaseReadings<'_> {
    let mut readings: BaseReadings<'_> = HashMap::new();
    for row in rows.iter().filter(|row| row[0] == row[BASE] && row[CONJUGATION_TYPE] != *"*") {
        readings
            .entry((&row[BASE], &row[PART], &row[CONJUGATION_TYPE]))
            .or_default()
            .push(&row[READING]);
    }
    readings
}

/// Of several (描く is えがく and かく) the one that begins most like the form's own.
fn base_reading<'a>(row: &'a StringRecord, readings: &BaseReadings<'a>) -> &'a str {
    let own = &row[READING];
    let alike = |other: &str| own.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    readings
        .get(&(&row[BASE], &row[PART], &row[CONJUGATION_TYPE]))
        .and_then(|found| found.iter().copied().max_by_key(|other| alike(other)))
        .unwrap_or(own)
}

/// Of the words that sound alike in a form and stand alike, the likeliest: its row and cost. By the form's reading in hiragana and its
/// contexts.
type Likeliest<'a> = HashMap<(String, &'a str, &'a str), (usize, i32)>;

/// What words gain on their like for each time that their first character is in e times as many others: 作る and 創る cost the
/// same.
const COMMON_CHARACTER: f32 = 150.0;

/// `is_wanted`: which rows take part, with their readings.
fn likeliest(
    rows: &[StringRecord],
    is_wanted: impl Fn(&StringRecord, &str) -> bool,
) -> Likeliest<'_> {
    let first = |row: &StringRecord| row[0].chars().next();
    let mut common: HashMap<Option<char>, f32> = HashMap::new();
    for row in rows {
        *common.entry(first(row)).or_default() += 1.0;
    }
    let mut best: HashMap<_, (usize, i32, f32)> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        let Ok(cost) = row[COST].parse::<i32>() else { continue };
        let reading = kana::fold(&Normalized::new(&row[READING]).text);
        if !is_looked_for(&row[PART], &row[SUBPART]) || !is_wanted(row, &reading) {
            continue;
        }
        let common = common.get(&first(row)).copied().unwrap_or(1.0);
        let unlikely = cost as f32 - COMMON_CHARACTER * common.ln();
        let place = best.entry((reading, &row[1], &row[2])).or_insert((at, cost, f32::MAX));
        if unlikely < place.2 {
            *place = (at, cost, unlikely);
        }
    }
    best.into_iter().map(|(form, (at, cost, _))| (form, (at, cost))).collect()
}

fn is_katakana(text: &str) -> bool {
    text.chars().all(|c| matches!(c, 'ァ'..='ヺ' | 'ー'))
}

fn is_hiragana(text: &str) -> bool {
    text.chars().all(|c| matches!(c, 'ぁ'..='ゖ'))
}

/// Which rows get an entry for their reading, and at what cost.
fn in_kana(rows: &[StringRecord]) -> BTreeMap<usize, (String, i32)> {
    // ツクる is a whim.
    let is_usual = |word: &str| is_katakana(word) || !word.chars().all(kana::is_kana);
    let likeliest = likeliest(rows, |row, reading| {
        is_usual(&row[0])
            && reading.chars().count() >= shortest(row)
            && reading.chars().all(kana::is_kana)
    });
    let cost = |cost: i32| (cost + KANA_PENALTY).min(i32::from(i16::MAX));
    let entry = |((reading, ..), (at, own)): ((String, _, _), _)| (at, (reading, cost(own)));
    likeliest.into_iter().map(entry).collect()
}

/// What a word in hiragana is usually written as, if it is likelier in kanji.
fn usually(row: &StringRecord, rows: &[StringRecord], in_kanji: &Likeliest<'_>) -> Option<String> {
    if row[0].chars().count() < SHORTEST_MEANT
        || !is_looked_for(&row[PART], &row[SUBPART])
        || !is_hiragana(&row[0])
    {
        return None;
    }
    let cost: i32 = row[COST].parse().ok()?;
    let (at, other) = in_kanji.get(&(row[0].to_owned(), &row[1], &row[2]))?;
    (*other < cost).then(|| format!("{MEANT}{}", &rows[*at][BASE]))
}

fn is_looked_for(part: &str, subpart: &str) -> bool {
    match part {
        "名詞" => matches!(
            subpart,
            "一般" | "サ変接続" | "形容動詞語幹" | "副詞可能" | "固有名詞" | "ナイ形容詞語幹"
        ),
        "動詞" | "形容詞" => subpart == "自立",
        "副詞" => true,
        _ => false,
    }
}
