//! What a post looks like in the index.

use tantivy::TantivyDocument;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use crate::Error;
use crate::analyzer::Analyzer;

/// Raise when fields change; an index of another version is rebuilt.
const VERSION: u32 = 4;

/// A published post. All text is plain: no markdown, no HTML.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    /// The region's key, as in [`crate::Query::region`].
    pub region: String,
    /// The author's id; not searched.
    pub author: String,
    /// Youngest age in months, inclusive; `None` is from birth.
    pub age_from_months: Option<u16>,
    /// Oldest age in months, inclusive; `None` is without end.
    pub age_to_months: Option<u16>,
    pub published_at_ms: i64,
    pub thanks: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Fields {
    pub id: Field,
    pub title: Field,
    pub body: Field,
    pub captions: Field,
    pub kind: Field,
    pub region: Field,
    pub author: Field,
    pub tag: Field,
    pub age_from: Field,
    pub age_to: Field,
    pub published_at: Field,
    pub thanks: Field,
    /// Terms of words that carry meaning, with positions.
    pub tok: Field,
    /// The same of the title alone.
    pub title_tok: Field,
    /// Bigrams of the spelling.
    pub bi: Field,
    /// Readings of words that carry meaning, with positions.
    pub rd: Field,
    /// Trigrams of the reading.
    pub r3: Field,
}

impl Fields {
    pub fn new() -> (Schema, Fields) {
        let grams = |option| {
            TextOptions::default().set_indexing_options(
                TextFieldIndexing::default().set_tokenizer(TOKENIZER).set_index_option(option),
            )
        };
        let frequencies = grams(IndexRecordOption::WithFreqs);
        let positions = grams(IndexRecordOption::WithFreqsAndPositions);
        let mut schema = Schema::builder();
        let fields = Fields {
            id: schema.add_text_field("id", STRING | STORED),
            title: schema.add_text_field("title", STORED),
            body: schema.add_text_field("body", STORED),
            captions: schema.add_text_field("captions", STORED),
            kind: schema.add_text_field("kind", STRING | FAST),
            region: schema.add_text_field("region", STRING | FAST),
            author: schema.add_text_field("author", STRING),
            tag: schema.add_text_field("tag", STRING),
            age_from: schema.add_u64_field("age_from", INDEXED | FAST),
            age_to: schema.add_u64_field("age_to", INDEXED | FAST),
            published_at: schema.add_i64_field("published_at", FAST),
            thanks: schema.add_u64_field("thanks", FAST),
            tok: schema.add_text_field("tok", positions.clone()),
            title_tok: schema.add_text_field("title_tok", frequencies.clone()),
            bi: schema.add_text_field("bi", frequencies.clone()),
            rd: schema.add_text_field("rd", positions),
            r3: schema.add_text_field("r3", frequencies),
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
        let mut out = TantivyDocument::default();
        out.add_text(self.id, &document.id);
        out.add_text(self.title, &document.title);
        out.add_text(self.body, &document.body);
        if !document.captions.is_empty() {
            out.add_text(self.captions, &document.captions);
        }
        out.add_text(self.kind, &document.kind);
        out.add_text(self.region, &document.region);
        out.add_text(self.author, &document.author);
        for tag in &document.tags {
            out.add_text(self.tag, tag);
        }
        out.add_u64(self.age_from, u64::from(document.age_from_months.unwrap_or(0)));
        out.add_u64(self.age_to, u64::from(document.age_to_months.unwrap_or(u16::MAX)));
        out.add_i64(self.published_at, document.published_at_ms);
        out.add_u64(self.thanks, document.thanks);

        let title = analyzer.analyze(&document.title)?;
        let tags = analyzer.analyze(&document.tags.join("\n"))?;
        let body = analyzer.analyze(&document.body)?;
        let captions = analyzer.analyze(&document.captions)?;
        let whole = [&title, &tags, &body, &captions];
        out.add_text(self.title_tok, separated(title.terms()));
        out.add_text(self.tok, separated(whole.iter().flat_map(|a| a.terms())));
        out.add_text(self.bi, separated(whole.iter().flat_map(|a| a.bigrams())));
        out.add_text(self.rd, separated(whole.iter().flat_map(|a| a.readings())));
        out.add_text(self.r3, separated(whole.iter().flat_map(|a| a.reading_trigrams())));
        Ok(out)
    }
}

/// Parts the terms of a field's text; no letter, so never within a term.
const SEPARATOR: char = '\u{1f}';
const TOKENIZER: &str = "separated";

fn separated(terms: impl Iterator<Item = impl AsRef<str>>) -> String {
    let mut text = String::new();
    for term in terms {
        if !text.is_empty() {
            text.push(SEPARATOR);
        }
        text.push_str(term.as_ref());
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
        self.token.text.clear();
        self.token.text.push_str(term);
        self.token.position = self.token.position.wrapping_add(1);
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}
