//! The captions' form: what was typed or sent, what it means, and what is wrong with it. Pure.

use super::Language;
use crate::http::Fields;
use encoding_rs::{Encoding, SHIFT_JIS};
use transcoder_protocol::captions::{
    self, Cue, Fault, MOST_BYTES, MOST_CHARS, MOST_CUES, MOST_LINES, Problem,
};
use web::FieldErrors;
use web::captions::LineProblem;

/// Bytes of a file that is looked at: any encoding of [`MOST_BYTES`], and marks that are left out.
pub(super) const FILE_BYTES: usize = 4 * MOST_BYTES;

/// A file as it came.
#[derive(Clone, Debug)]
pub(super) enum Sent {
    Whole(Vec<u8>),
    /// Of more than [`FILE_BYTES`].
    TooLarge,
}

/// A filled-in form, read.
#[derive(Clone, Debug)]
pub(super) struct Form {
    /// The fingerprint of the captions that the form showed.
    pub seen: String,
    pub language: Language,
    /// To be shown again: as typed, or what stood in the file where nothing was typed.
    pub text: String,
    /// None while something is wrong.
    pub cues: Vec<Cue>,
    /// Of `text`.
    pub problems: Vec<LineProblem>,
    pub file_problems: Vec<LineProblem>,
    pub errors: FieldErrors,
}

impl Form {
    /// For a clip of `longest_ms`. A file takes the place of what was typed.
    pub fn read(fields: &Fields, file: Option<Sent>, longest_ms: u64) -> Self {
        let mut form = Self {
            seen: fields.get("seen").to_owned(),
            language: fields.get("language").parse().unwrap_or(Language::Japanese),
            text: fields.get("text").replace("\r\n", "\n"),
            cues: Vec::new(),
            problems: Vec::new(),
            file_problems: Vec::new(),
            errors: FieldErrors::default(),
        };
        match file {
            None => match captions::read(&form.text, longest_ms) {
                Ok(cues) => form.cues = cues,
                Err(problems) => form.problems = told(&problems, longest_ms),
            },
            Some(Sent::TooLarge) => {
                form.errors.add_with("file", "error-captions-file-large", kilobytes(FILE_BYTES));
            }
            Some(Sent::Whole(bytes)) => form.read_file(&bytes, longest_ms),
        }
        form
    }

    fn read_file(&mut self, bytes: &[u8], longest_ms: u64) {
        let text = decode(bytes).filter(|text| !text.trim().is_empty());
        let Some(text) = text else {
            self.errors.add("file", "error-captions-file");
            return;
        };
        match captions::read(&text, longest_ms) {
            Ok(cues) => self.cues = cues,
            // It can be mended right here, unless that would cost something typed.
            Err(problems) if self.text.trim().is_empty() && text.len() <= MOST_BYTES => {
                self.problems = told(&problems, longest_ms);
                self.text = text;
            }
            Err(problems) => self.file_problems = told(&problems, longest_ms),
        }
    }

    pub fn is_good(&self) -> bool {
        self.errors.is_empty() && self.problems.is_empty() && self.file_problems.is_empty()
    }
}

fn kilobytes(bytes: usize) -> i64 {
    (bytes >> 10) as i64
}

/// A text file: UTF-8, UTF-16 with its mark, or the Shift_JIS of older Japanese tools. `None` for what is none of these.
fn decode(bytes: &[u8]) -> Option<String> {
    let text = if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        encoding.decode_without_bom_handling_and_without_replacement(&bytes[mark..])?
    } else if let Ok(text) = std::str::from_utf8(bytes) {
        text.into()
    } else {
        SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes)?
    };
    let is_binary = |c: char| c.is_control() && !c.is_whitespace();
    (!text.contains(is_binary)).then(|| text.into_owned())
}

/// In words for each line, with what their messages name.
fn told(problems: &[Problem], longest_ms: u64) -> Vec<LineProblem> {
    let number = |n: usize| ("n", n.to_string());
    let told = |Problem { line, fault }: &Problem| {
        let (key, args) = match fault {
            Fault::TooLarge => ("error-captions-large", vec![number(MOST_BYTES >> 10)]),
            Fault::NoTime => ("error-captions-no-time", vec![]),
            Fault::BadTime => ("error-captions-bad-time", vec![]),
            Fault::NoText => ("error-captions-no-text", vec![]),
            Fault::Reversed => ("error-captions-reversed", vec![]),
            Fault::OutOfOrder => ("error-captions-order", vec![]),
            Fault::BeyondEnd => ("error-captions-beyond", vec![("n", length(longest_ms))]),
            Fault::TooLong => {
                ("error-captions-long", vec![number(MOST_CHARS), ("lines", MOST_LINES.to_string())])
            }
            Fault::TooMany => ("error-captions-many", vec![number(MOST_CUES)]),
        };
        LineProblem { line: *line, key, args }
    };
    problems.iter().map(told).collect()
}

/// Up to where a caption may begin.
fn length(ms: u64) -> String {
    web::vocabulary::clock_length(u32::try_from(ms / 1000).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SRT: &str = "1\r\n00:00:01,000 --> 00:00:02,000\r\nかぼちゃを切ります\r\n";

    fn read(text: &str, file: Option<&[u8]>) -> Form {
        let mut fields = Fields::default();
        fields.add("text", text.to_owned());
        Form::read(&fields, file.map(|bytes| Sent::Whole(bytes.to_vec())), 60_000)
    }

    #[test]
    fn files_of_old_and_new_tools_are_read() {
        let utf16: Vec<u8> =
            std::iter::once(0xfeff).chain(SRT.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let shift_jis = SHIFT_JIS.encode(SRT).0;
        let utf8 = format!("\u{feff}{SRT}");
        for bytes in [SRT.as_bytes(), utf8.as_bytes(), &utf16, &shift_jis] {
            let form = read("", Some(bytes));
            assert!(form.is_good(), "{form:?}");
            assert_eq!(form.cues[0].text, "かぼちゃを切ります");
        }
    }

    #[test]
    fn a_file_that_is_no_text_is_refused_and_what_was_typed_stays() {
        for bytes in
            [&b"\x00\x00\x00\x18ftypmp42"[..], b"\xff\xd8\xff\xe0\x00\x10JFIF", b"", b" \n"]
        {
            let form = read("0:01 切ります", Some(bytes));
            assert!(form.errors.has("file"), "{bytes:?}");
            assert_eq!((form.text.as_str(), form.cues.len()), ("0:01 切ります", 0));
        }
    }

    #[test]
    fn a_file_with_mistakes_is_mended_in_the_form_unless_something_was_typed() {
        let file = "0:01 切ります\n0:75 煮ます".as_bytes();
        let form = read(" \n", Some(file));
        assert_eq!((form.text.as_str(), form.problems[0].line), ("0:01 切ります\n0:75 煮ます", 2));
        let form = read("0:02 だいじ", Some(file));
        assert_eq!((form.text.as_str(), form.file_problems[0].line), ("0:02 だいじ", 2));
    }

    #[test]
    fn a_caption_past_the_end_is_told_where_the_end_is() {
        let form = read("1:10 おしまい", None);
        assert_eq!(form.problems[0].args, [("n", "1:00".to_owned())]);
        assert_eq!(form.text, "1:10 おしまい");
    }
}
