//! One spelling for what people type in many: NFKC, lower case, long-vowel marks, usual forms of kanji, nothing invisible; with
//! the way back to the original bytes.
//!
//! The text is normalised cluster by cluster (a character and the marks that combine with it), so
//! every normalised byte belongs to one range of the original and a highlight never cuts a cluster.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::kana;
use super::kanji::{is_usual, usual_form};

/// A normalised text and the place each of its characters came from.
#[derive(Debug, Default)]
pub struct Normalized {
    pub text: String,
    /// One entry per cluster that left something in `text`, in order.
    clusters: Vec<Cluster>,
}

#[derive(Debug)]
struct Cluster {
    /// Where the cluster starts in the normalised text, in bytes.
    start: usize,
    original: Range<usize>,
}

impl Normalized {
    pub fn new(original: &str) -> Normalized {
        let mut out = Normalized { text: String::with_capacity(original.len()), clusters: vec![] };
        let mut chars = original.char_indices().peekable();
        let mut cluster = String::new();
        while let Some((start, first)) = chars.next() {
            let is_alone = chars.peek().is_none_or(|&(_, next)| !joins_previous(next));
            if is_alone && is_itself(first) {
                let original = start..start + first.len_utf8();
                out.clusters.push(Cluster { start: out.text.len(), original });
                out.text.push(first);
                continue;
            }
            cluster.clear();
            cluster.push(first);
            while let Some((_, next)) = chars.next_if(|&(_, next)| joins_previous(next)) {
                cluster.push(next);
            }
            let end = chars.peek().map_or(original.len(), |&(at, _)| at);
            out.push_cluster(&cluster, start..end);
        }
        out
    }

    fn push_cluster(&mut self, cluster: &str, original: Range<usize>) {
        let start = self.text.len();
        for c in cluster.nfkc().flat_map(char::to_lowercase).filter(|c| !is_invisible(*c)) {
            // Some of them part terms.
            let c = if c.is_control() && c != '\n' { ' ' } else { c };
            let c = usual_form(self.long_vowel_mark(c));
            if c == 'ー' && self.text.ends_with('ー') {
                continue;
            }
            self.text.push(c);
        }
        if self.text.len() > start {
            self.clusters.push(Cluster { start, original });
        } else if let Some(last) = self.clusters.last_mut() {
            // A second ー, or a character that normalises to nothing, belongs to what it follows.
            last.original.end = original.end;
        }
    }

    /// People type many strokes for ー; after kana they all mean it.
    fn long_vowel_mark(&self, c: char) -> char {
        match c {
            '-' | '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '─' | '~' | '〜'
                if self.text.chars().next_back().is_some_and(kana::is_kana) =>
            {
                'ー'
            }
            _ => c,
        }
    }

    /// The bytes of the original that the bytes `range` of the normalised text came from,
    /// widened to whole clusters.
    pub fn original_range(&self, range: &Range<usize>) -> Range<usize> {
        if range.is_empty() || self.clusters.is_empty() {
            return 0..0;
        }
        let at = |byte: usize| self.clusters.partition_point(|c| c.start <= byte).saturating_sub(1);
        let first = &self.clusters[at(range.start)].original;
        let last = &self.clusters[at(range.end - 1)].original;
        first.start..last.end
    }

    /// The byte of the normalised text that is the first of the cluster that begins at this byte of the original.
    pub fn start_of(&self, original: usize) -> Option<usize> {
        let at = self.clusters.binary_search_by_key(&original, |c| c.original.start).ok()?;
        self.clusters.get(at).map(|cluster| cluster.start)
    }
}

/// Normalises to itself wherever it stands, as nearly everything does that people write.
fn is_itself(c: char) -> bool {
    matches!(c, 'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'a'..='z' | '0'..='9' | '、' | '。' | '「' | '」' | ' ' | '\n')
        || matches!(c, '一'..='\u{9fff}') && is_usual(c)
}

/// What nobody sees and pasted text is full of: soft hyphens, spaces of no width, directions, variation selectors.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// Combining marks, the half-width voicing marks, and the vowels and finals of decomposed Hangul.
fn joins_previous(c: char) -> bool {
    !is_itself(c) && is_combining_mark(c)
        || matches!(c, '\u{ff9e}' | '\u{ff9f}' | '\u{1160}'..='\u{11ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_width_kana_full_width_letters_and_decomposed_kana_become_one_spelling() {
        assert_eq!(Normalized::new("ﾍﾞﾋﾞｰｶｰ").text, "ベビーカー");
        assert_eq!(Normalized::new("ＢＣＧ　６か月").text, "bcg 6か月");
        assert_eq!(Normalized::new("か\u{3099}").text, "が");
    }

    #[test]
    fn what_is_taken_as_it_is_would_have_come_out_so() {
        for c in (0..=0x9fff_u32).filter_map(char::from_u32).filter(|c| is_itself(*c)) {
            let normalized: String = c.nfkc().flat_map(char::to_lowercase).collect();
            assert_eq!(normalized, c.to_string());
            assert!(!is_combining_mark(c));
        }
    }

    #[test]
    fn kanji_in_two_forms_become_one_and_lead_back() {
        for (written, usual) in
            [("醬油", "醤油"), ("手摑み", "手掴み"), ("𠮟る", "叱る"), ("學校", "学校")]
        {
            let normalized = Normalized::new(written);
            assert_eq!(normalized.text, usual);
            assert_eq!(normalized.original_range(&(0..usual.len())), 0..written.len());
        }
    }

    #[test]
    fn strokes_after_kana_are_one_long_vowel_mark() {
        assert_eq!(Normalized::new("らーーめん").text, "らーめん");
        assert_eq!(Normalized::new("ベビ―カ−").text, "ベビーカー");
        assert_eq!(Normalized::new("ねんね〜〜").text, "ねんねー");
        assert_eq!(Normalized::new("a-b 3-4").text, "a-b 3-4");
    }

    #[test]
    fn what_nobody_sees_is_left_out_and_belongs_to_what_it_follows() {
        let original = "葛\u{e0100}城の離\u{200b}乳\u{ad}食\u{1f}❤\u{fe0f}";
        let normalized = Normalized::new(original);
        assert_eq!(normalized.text, "葛城の離乳食 ❤");
        let start = normalized.text.find("離").unwrap();
        let range = normalized.original_range(&(start..start + "離乳食".len()));
        assert_eq!(&original[range], "離\u{200b}乳\u{ad}食");
    }

    #[test]
    fn a_normalised_range_leads_back_to_whole_original_clusters() {
        let original = "xﾍﾞﾋﾞーーy㍍";
        let normalized = Normalized::new(original);
        assert_eq!(normalized.text, "xベビーyメートル");
        let part = |needle: &str| {
            let start = normalized.text.find(needle).unwrap();
            &original[normalized.original_range(&(start..start + needle.len()))]
        };
        assert_eq!(part("ベ"), "ﾍﾞ");
        assert_eq!(part("ビー"), "ﾋﾞーー");
        assert_eq!(part("y"), "y");
        assert_eq!(part("トル"), "㍍");
    }
}
