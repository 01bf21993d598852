//! What must hold of any text, published or typed. The property tests and the fuzz target (`search/fuzz`) try to break it.
//!
//! Not here: the index on disk (`tests/`).

use std::path::Path;

use tantivy::Searcher;
use tantivy::schema::Field;

use crate::analyzer::{
    Analysis, Analyzer, Dictionary, Normalized, Spelled, fold_char, is_searchable,
};
use crate::choices::Kept;
use crate::highlight::{Highlighter, Segment};
use crate::query::{MOST_TERMS, Terms};
use crate::ranking::Pattern;
use crate::schema::{Document, Fields, SEPARATOR, register_tokenizer, stored_text};
use crate::snippet;
use crate::suggest::{Beginnings, Vocabulary};
use crate::synonyms::Synonyms;

/// Queries are looked up in a small index in memory.
pub struct Laws {
    analyzer: Analyzer,
    fields: Fields,
    searcher: Searcher,
    synonyms: Synonyms,
    beginnings: Beginnings,
    kept: Kept,
}

impl Laws {
    /// # Panics
    /// Without a dictionary, and without memory.
    pub fn new(source: &Path, cache: &Path) -> Laws {
        let analyzer =
            Analyzer::new(Dictionary::open_or_build(source, cache).expect("a dictionary"));
        let (schema, fields) = Fields::new();
        let index = tantivy::Index::create_in_ram(schema);
        register_tokenizer(&index);
        let mut writer = index.writer_with_num_threads(1, 15_000_000).expect("a writer");
        for (title, body) in [
            ("かぼちゃの離乳食", "かぼちゃを蒸して、離乳食にします。"),
            ("離乳食はいつから", "五か月ごろから始めました。夜泣きも減りました。"),
            ("夜泣きの夜に", "ベビーカーで外へ。👨‍👩‍👧"),
        ] {
            let post = Document {
                title: title.into(),
                body: body.into(),
                tags: vec!["離乳食".into()],
                ..Document::default()
            };
            let post = fields.document(&analyzer, &post).expect("a document");
            writer.add_document(post).expect("room");
        }
        writer.commit().expect("a commit");
        let searcher = index.reader().expect("a reader").searcher();
        let synonyms = Synonyms::ours(&analyzer).expect("synonyms");
        let (beginnings, kept) = (Beginnings::default(), Kept::default());
        Laws { analyzer, fields, searcher, synonyms, beginnings, kept }
    }

    /// # Panics
    /// If one of the laws is broken.
    pub fn check(&self, text: &str, typed: &str) {
        for text in [text, typed] {
            check_map(text);
            check_analysis(&self.analyzer.analyze(text).expect("an analysis"));
        }
        self.check_document(text, typed);
        self.check_suggestions(typed);
        let terms = self.terms(typed);
        if let Some(terms) = &terms {
            check_terms(terms);
            let spelled = [&terms.spelling, &terms.sound].into_iter();
            for pattern in spelled.chain(&terms.written).chain(&terms.otherwise) {
                check_likeness(pattern, text);
            }
        }
        self.check_highlights(terms.as_ref(), text, typed);
    }

    /// The first byte says how many characters of the others are typed; the rest is a post's text. They are UTF-16, so that nearly every
    /// change of a byte makes another character: of unpaired surrogates the site sees no more than is seen here.
    ///
    /// # Panics
    /// If one of the laws is broken.
    pub fn check_bytes(&self, bytes: &[u8]) {
        let Some((&length, units)) = bytes.split_first() else { return };
        let (units, _) = units.as_chunks();
        let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
        let (typed, text) = units.split_at(usize::from(length).min(units.len()));
        self.check(&String::from_utf16_lossy(text), &String::from_utf16_lossy(typed));
    }

    fn terms(&self, typed: &str) -> Option<Terms> {
        let Laws { analyzer, fields, searcher, synonyms, .. } = self;
        Terms::of(typed, analyzer, searcher, fields, synonyms).expect("terms")
    }

    /// No term holds what parts terms.
    fn check_document(&self, text: &str, typed: &str) {
        let post = Document {
            title: typed.into(),
            body: text.into(),
            tags: vec![typed.into(), text.into()],
            ..Document::default()
        };
        let document = self.fields.document(&self.analyzer, &post).expect("a document");
        let count = |field: Field| {
            stored_text(&document, field).split(SEPARATOR).filter(|term| !term.is_empty()).count()
        };
        let title = self.analyzer.analyze(typed).expect("an analysis");
        assert_eq!(count(self.fields.title_tok), title.terms().count(), "{title:?}");
        for field in [self.fields.words, self.fields.titles] {
            for term in stored_text(&document, field).split(SEPARATOR) {
                let parts = term.split(crate::suggest::entry::PART).count();
                assert!(term.is_empty() || parts == 2, "{term:?}");
            }
        }
    }

    fn check_suggestions(&self, typed: &str) {
        let Laws { analyzer, fields, searcher, beginnings, kept, .. } = self;
        let vocabulary = Vocabulary { analyzer, searcher, fields, beginnings, kept };
        assert!(vocabulary.suggest(typed, 8).expect("suggestions").len() <= 8);
        vocabulary.meant(typed).expect("a meaning");
    }

    fn check_highlights(&self, terms: Option<&Terms>, text: &str, typed: &str) {
        let highlighter = Highlighter::new(&self.analyzer, terms);
        let analyses = [text, typed].map(|text| self.analyzer.analyze(text).expect("an analysis"));
        let cuts = analyses.each_ref().map(|analysis| analysis.cuts.bytes());
        for ((text, cuts), analysis) in [text, typed].into_iter().zip(cuts).zip(&analyses) {
            let again = self.analyzer.analyze_again(text, cuts).expect("an analysis");
            assert_eq!(again.words, analysis.words);
            let whole = highlighter.whole(text, cuts).expect("highlights");
            assert_eq!(whole, highlighter.whole(text, &[]).expect("highlights"));
            assert_eq!(joined(&whole), text);
            assert!(whole.windows(2).all(|pair| pair[0].marked != pair[1].marked), "{whole:?}");
            let mut end = 0;
            for Segment { text: piece, marked } in &whole {
                assert!(!piece.is_empty());
                if *marked {
                    assert!(snippet::is_boundary(text, end), "{whole:?}");
                    assert!(snippet::is_boundary(text, end + piece.len()), "{whole:?}");
                }
                end += piece.len();
            }
        }
        let (part, shown) =
            highlighter.snippet([(text, cuts[0]), (typed, cuts[1])]).expect("a snippet");
        let shown = joined(&shown);
        assert!(shown.chars().count() <= snippet::LONGEST + snippet::REST + 2, "{shown}");
        let of = [text, typed][part];
        let unopened = shown.strip_prefix('…').unwrap_or(&shown);
        let within = [&shown, unopened].into_iter().any(|shown| {
            of.contains(shown) || shown.strip_suffix('…').is_some_and(|shown| of.contains(shown))
        });
        assert!(within, "{shown:?} of {of:?}");
        assert!(!shown.is_empty() || of.trim().is_empty());
    }
}

/// The map leads from each normalised letter to where it came from, in order and without a gap.
fn check_map(text: &str) {
    let normalized = Normalized::new(text);
    assert!(!normalized.text.contains("ーー"));
    let mut last = None;
    for (at, c) in normalized.text.char_indices() {
        let range = normalized.original_range(&(at..at + c.len_utf8()));
        let original = text.get(range.clone()).expect("whole characters");
        assert!(c == 'ー' || Normalized::new(original).text.contains(c), "{c:?} of {original:?}");
        let is_next = last
            .as_ref()
            .is_none_or(|last: &std::ops::Range<usize>| range == *last || range.start == last.end);
        assert!(is_next, "{range:?} after {last:?}");
        let start = normalized.start_of(range.start).expect("where it begins");
        assert!(start <= at);
        last = Some(range);
    }
    if let Some(last) = last {
        assert_eq!(last.end, text.len());
        assert_eq!(normalized.original_range(&(0..normalized.text.len())).end, text.len());
    }
}

fn check_analysis(analysis: &Analysis<'_>) {
    let text = &analysis.normalized.text;
    let mut end = 0;
    for word in &analysis.words {
        assert!(word.range.start >= end && word.range.start < word.range.end, "{word:?}");
        assert!(text.get(word.range.clone()).is_some(), "{word:?}");
        end = word.range.end;
        let looked_up = [&word.term, &word.meant, &word.written, &word.base_reading];
        for term in looked_up.into_iter().flatten() {
            assert!(!term.is_empty() && !term.contains(char::is_control), "{word:?}");
        }
    }
    assert!(end <= text.len());
    let letters = text.chars().count();
    let bigrams = analysis.bigrams();
    assert!(bigrams.len() <= letters);
    assert!(bigrams.iter().all(|gram| (1..=2).contains(&gram.chars().count())));
    assert!(bigrams.iter().all(|gram| gram.chars().all(|c| is_searchable(fold_char(c)))));
    assert!(analysis.reading_trigrams().iter().all(|gram| gram.chars().count() <= 3));
}

/// The work of a search is bounded, whatever is typed.
fn check_terms(terms: &Terms) {
    let all = [&terms.words, &terms.bigrams, &terms.readings, &terms.trigrams];
    for weighted in all {
        assert!(weighted.len() <= MOST_TERMS);
        assert!(weighted.iter().all(|(term, weight)| !term.is_empty() && weight > 0.0));
    }
    assert!(terms.spelling.text().chars().count() <= crate::query::LONGEST_TEXT);
}

fn check_likeness(spelled: &Spelled, text: &str) {
    let pattern = Pattern::new(spelled, |_| 1.0);
    let letters = Normalized::new(text).text;
    let likeness = pattern.likeness(letters.chars().map(fold_char));
    for share in [likeness.coverage, likeness.window, likeness.stretch] {
        assert!((0.0..=1.001).contains(&share), "{likeness:?}");
    }
}

fn joined(segments: &[Segment]) -> String {
    segments.iter().map(|segment| segment.text.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::awkward;

    static LAWS: LazyLock<Laws> = LazyLock::new(|| {
        let cache = std::env::temp_dir().join("megurumi-test-dictionary");
        Laws::new(Path::new(crate::IPADIC), &cache)
    });

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_breaks_a_law(
            text in awkward::text(),
            typed in awkward::text(),
            repeated in 1_usize..40,
        ) {
            LAWS.check(&text.repeat(repeated), &typed);
            LAWS.check(&typed, &text.repeat(repeated));
        }
    }

    #[test]
    fn nothing_that_was_learnt_by_fuzzing_breaks_a_law() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/search_text");
        let mut checked = 0;
        for entry in std::fs::read_dir(corpus).unwrap() {
            LAWS.check_bytes(&std::fs::read(entry.unwrap().path()).unwrap());
            checked += 1;
        }
        assert!(checked > 10);
    }

    #[test]
    fn no_run_of_the_same_breaks_a_law() {
        for piece in awkward::PIECES {
            let run = piece.repeat(2000);
            LAWS.check(&run, piece);
            LAWS.check(piece, &run);
            LAWS.check(&format!("離乳食{run}夜泣き"), "離乳食 夜泣き");
        }
    }
}
