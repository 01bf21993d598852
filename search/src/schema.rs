//! What a post looks like in the index.

use std::hash::{Hash as _, Hasher as _};

use tantivy::TantivyDocument;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing,
    TextOptions, Value as _,
};
use tantivy::tokenizer::{MAX_TOKEN_LEN, Token, TokenStream, Tokenizer};

use crate::Error;
use crate::analyzer::{Analysis, Analyzer};
use crate::letters;
use crate::suggest::entry;

/// Raise when fields change, or what is put into them of the same post; an index of another version is rebuilt.
const VERSION: u32 = 10;

/// A published post. All text is plain: no markdown, no HTML.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Document {
    /// Unique; a later document with the same id replaces this one.
    pub id: String,
    /// `recipe`, `activity`, `tip`, `question`; any word will do.
    pub kind: String,
    pub title: String,
    pub body: String,
    /// What is said in its video; searched as the body is.
    pub captions: String,
    pub tags: Vec<String>,
    /// Of a recipe; searched, not shown.
    pub ingredients: Vec<String>,
    /// Of a recipe or an activity; searched as the body is.
    pub steps: Vec<String>,
    /// To a question.
    pub answers: Vec<String>,
    /// The author's nickname; searched, not shown.
    pub author: String,
    /// The region's key, as in [`crate::Query::region`].
    pub region: String,
    /// Youngest age in months, inclusive; `None` is from birth.
    pub age_from_months: Option<u16>,
    /// Oldest age in months, inclusive; `None` is without end.
    pub age_to_months: Option<u16>,
    /// Of weaning; the key of a stage, or empty.
    pub stage: String,
    /// How long it takes, where it is said.
    pub minutes: Option<u16>,
    /// Allergens that it is stated to be free of; what is not known is not here.
    pub free_of: Vec<String>,
    pub has_video: bool,
    pub published_at_ms: i64,
    pub thanks: u64,
}

impl Document {
    /// The same for the same document, whatever the process.
    pub fn digest(&self) -> u64 {
        let mut hasher = rustc_hash::FxHasher::default();
        self.hash(&mut hasher);
        hasher.finish()
    }

    /// What an excerpt is taken of: the body, its steps and its answers, a line each.
    fn shown_body(&self) -> String {
        let parts = std::iter::once(&self.body).chain(&self.steps).chain(&self.answers);
        parts.filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    fn more(&self) -> String {
        let parts = self.tags.iter().chain(&self.ingredients).chain(std::iter::once(&self.author));
        parts.filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Fields {
    pub id: Field,
    pub title: Field,
    pub body: Field,
    pub captions: Field,
    pub kind: Field,
    pub region: Field,
    pub tag: Field,
    pub stage: Field,
    pub minutes: Field,
    pub free_of: Field,
    pub has_video: Field,
    pub age_from: Field,
    pub age_to: Field,
    pub published_at: Field,
    pub thanks: Field,
    /// Tags and whatever else is searched and not shown with the hit.
    pub more: Field,
    /// How title, body and captions were cut into words, in this order (`analyzer`).
    pub cuts: Field,
    /// What the ranking reads (`letters`).
    pub letters: Field,
    /// How title, tags, body and captions sound, runs parted by spaces.
    pub sound: Field,
    /// Terms of words that carry meaning.
    pub tok: Field,
    /// The same of the title alone.
    pub title_tok: Field,
    /// Bigrams of the spelling.
    pub bi: Field,
    /// Readings of words that carry meaning.
    pub rd: Field,
    /// Trigrams of the reading.
    pub r3: Field,
    /// Words and tags to suggest (`suggest`).
    pub words: Field,
    /// Titles to suggest.
    pub titles: Field,
    /// Of the whole document.
    pub digest: Field,
}

impl Fields {
    pub fn new() -> (Schema, Fields) {
        let grams = |option| {
            TextOptions::default().set_indexing_options(
                TextFieldIndexing::default().set_tokenizer(TOKENIZER).set_index_option(option),
            )
        };
        let frequencies = grams(IndexRecordOption::WithFreqs);
        let places = grams(IndexRecordOption::WithFreqsAndPositions);
        let mut schema = Schema::builder();
        let fields = Fields {
            id: schema.add_text_field("id", STRING | STORED),
            title: schema.add_text_field("title", STORED),
            body: schema.add_text_field("body", STORED),
            captions: schema.add_text_field("captions", STORED),
            kind: schema.add_text_field("kind", STRING | FAST),
            region: schema.add_text_field("region", STRING | FAST),
            tag: schema.add_text_field("tag", STRING),
            stage: schema.add_text_field("stage", STRING | FAST),
            minutes: schema.add_u64_field("minutes", INDEXED | FAST),
            free_of: schema.add_text_field("free_of", STRING | FAST),
            has_video: schema.add_u64_field("has_video", INDEXED | FAST),
            age_from: schema.add_u64_field("age_from", INDEXED | FAST),
            age_to: schema.add_u64_field("age_to", INDEXED | FAST),
            published_at: schema.add_i64_field("published_at", FAST),
            thanks: schema.add_u64_field("thanks", FAST),
            more: schema.add_text_field("more", STORED),
            cuts: schema.add_bytes_field("cuts", STORED),
            letters: schema.add_text_field("letters", STORED),
            sound: schema.add_text_field("sound", STORED),
            tok: schema.add_text_field("tok", places.clone()),
            title_tok: schema.add_text_field("title_tok", frequencies.clone()),
            bi: schema.add_text_field("bi", frequencies.clone()),
            rd: schema.add_text_field("rd", places),
            r3: schema.add_text_field("r3", frequencies),
            words: schema.add_text_field("words", grams(IndexRecordOption::Basic)),
            titles: schema.add_text_field("titles", grams(IndexRecordOption::Basic)),
            digest: schema.add_u64_field("digest", FAST),
        };
        (schema.build(), fields)
    }

    pub fn version() -> u32 {
        VERSION
    }

    pub fn document(
        &self,
        analyzer: &Analyzer,
        document: &Document,
    ) -> Result<TantivyDocument, Error> {
        let (body, more) = (document.shown_body(), document.more());
        let title = analyzer.analyze(&document.title)?;
        let body_cut = analyzer.analyze(&body)?;
        let captions = analyzer.analyze(&document.captions)?;
        let whole = [&title, &analyzer.analyze(&more)?, &body_cut, &captions];

        let mut out = TantivyDocument::default();
        // These come first: the ranking reads no further.
        let parts = whole.iter().skip(1).map(|part| &part.normalized);
        out.add_text(self.letters, letters::kept(&title.normalized, parts));
        let sounds: Vec<String> = whole.iter().map(|a| a.sound()).collect();
        out.add_text(self.sound, sounds.join(" "));
        out.add_text(self.id, &document.id);
        out.add_text(self.title, &document.title);
        out.add_text(self.body, &body);
        out.add_text(self.more, &more);
        if !document.captions.is_empty() {
            out.add_text(self.captions, &document.captions);
        }
        let names = [
            (self.kind, &document.kind),
            (self.region, &document.region),
            (self.stage, &document.stage),
        ];
        let free_of = document.free_of.iter().map(|allergen| (self.free_of, allergen));
        for (field, name) in names.into_iter().chain(free_of) {
            // A column would cut what is longer, within a letter too.
            if name.len() <= MAX_TOKEN_LEN {
                out.add_text(field, name);
            }
        }
        if let Some(minutes) = document.minutes {
            out.add_u64(self.minutes, u64::from(minutes));
        }
        out.add_u64(self.has_video, u64::from(document.has_video));
        for tag in &document.tags {
            out.add_text(self.tag, tag);
        }
        out.add_u64(self.age_from, u64::from(document.age_from_months.unwrap_or(0)));
        out.add_u64(self.age_to, u64::from(document.age_to_months.unwrap_or(u16::MAX)));
        out.add_i64(self.published_at, document.published_at_ms);
        out.add_u64(self.thanks, document.thanks);
        for shown in [&title, &body_cut, &captions] {
            out.add_bytes(self.cuts, shown.cuts.bytes());
        }

        out.add_text(self.title_tok, separated(title.terms()));
        out.add_text(self.tok, whole.iter().fold(String::new(), |text, a| with_meant(text, a)));
        out.add_text(self.bi, separated(whole.iter().flat_map(|a| a.bigrams())));
        out.add_text(self.rd, separated(whole.iter().flat_map(|a| a.readings())));
        out.add_text(self.r3, separated(whole.iter().flat_map(|a| a.reading_trigrams())));
        let tags: Vec<_> =
            document.tags.iter().map(|tag| analyzer.analyze(tag)).collect::<Result<_, _>>()?;
        out.add_text(self.words, separated(entry::of_words(&whole, tags.iter())));
        out.add_text(self.titles, separated(entry::of_title(&title, &document.title)));
        out.add_u64(self.digest, document.digest());
        Ok(out)
    }
}

/// How title, body and captions were cut into words.
pub(crate) fn stored_cuts<'a>(document: &'a TantivyDocument, fields: &Fields) -> [&'a [u8]; 3] {
    let mut cuts = document.get_all(fields.cuts);
    std::array::from_fn(|_| cuts.next().and_then(|cuts| cuts.as_bytes()).unwrap_or_default())
}

/// A stored text; empty if there is none.
pub(crate) fn stored_text(document: &TantivyDocument, field: Field) -> &str {
    document.get_first(field).and_then(|value| value.as_str()).unwrap_or_default()
}

/// Parts the terms of a field's text; no letter, so never within a term.
pub(crate) const SEPARATOR: char = '\u{1f}';
/// Before a term that stands where the last one does.
const SAME_PLACE: char = '\u{1d}';
const TOKENIZER: &str = "separated";

fn separated(terms: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut text = String::new();
    for term in terms {
        if !text.is_empty() {
            text.push(SEPARATOR);
        }
        text.push_str(term.as_ref());
    }
    text
}

/// Terms, each with what it may be meant for in the same place.
fn with_meant(mut text: String, analysis: &Analysis<'_>) -> String {
    for word in &analysis.words {
        let Some(term) = &word.term else { continue };
        text.push(SEPARATOR);
        text.push_str(term);
        if let Some(meant) = &word.meant {
            text.extend([SEPARATOR, SAME_PLACE]);
            text.push_str(meant);
        }
    }
    text
}

/// Every index must know this tokenizer. It takes the analyzer's terms as they are; tantivy's own way
/// to pass terms in, `PreTokenizedString`, goes through JSON and costs more than the analysis.
pub(crate) fn register_tokenizer(index: &tantivy::Index) {
    index.tokenizers().register(TOKENIZER, SeparatedTokenizer::default());
}

#[derive(Clone, Default)]
struct SeparatedTokenizer {
    token: Token,
}

struct SeparatedTokens<'a> {
    token: &'a mut Token,
    terms: std::str::Split<'a, char>,
}

impl Tokenizer for SeparatedTokenizer {
    type TokenStream<'a> = SeparatedTokens<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> SeparatedTokens<'a> {
        self.token.reset();
        SeparatedTokens { token: &mut self.token, terms: text.split(SEPARATOR) }
    }
}

impl TokenStream for SeparatedTokens<'_> {
    fn advance(&mut self) -> bool {
        let Some(term) = self.terms.find(|term| !term.is_empty()) else { return false };
        let same_place = term.strip_prefix(SAME_PLACE);
        self.token.text.clear();
        self.token.text.push_str(same_place.unwrap_or(term));
        if same_place.is_none() {
            self.token.position = self.token.position.wrapping_add(1);
        }
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}
