//! Different words for the same thing: whoever searches for 断乳 also finds 卒乳.
//!
//! They work when something is looked up, not when it is indexed, so a list can change at any time. `assets/synonyms.tsv` is ours;
//! [`Synonyms::with`] adds a site's own. Not here: spellings of one word (`analyzer/spellings`).

use std::collections::HashMap;
use std::ops::Range;

use crate::Error;
use crate::analyzer::Analyzer;

const OURS: &str = include_str!("../assets/synonyms.tsv");

/// Terms of the longest member.
const LONGEST: usize = 5;

/// One member of a group: the terms it is looked up by, in order.
pub(crate) type Member = Vec<String>;

#[derive(Debug, Clone, Default)]
pub(crate) struct Synonyms {
    groups: Vec<Vec<Member>>,
    /// Groups by their members' terms.
    found_by: HashMap<String, Vec<usize>>,
}

impl Synonyms {
    pub fn ours(analyzer: &Analyzer) -> Result<Synonyms, Error> {
        let mut synonyms = Synonyms::default();
        for line in OURS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            synonyms.add(analyzer, line.split('\t'))?;
        }
        Ok(synonyms)
    }

    /// These and a site's own groups.
    pub fn with(&self, analyzer: &Analyzer, groups: &[Vec<String>]) -> Result<Synonyms, Error> {
        let mut synonyms = self.clone();
        for group in groups {
            synonyms.add(analyzer, group.iter().map(String::as_str))?;
        }
        Ok(synonyms)
    }

    fn add<'a>(
        &mut self,
        analyzer: &Analyzer,
        words: impl Iterator<Item = &'a str>,
    ) -> Result<(), Error> {
        let mut members = vec![];
        for word in words {
            members.extend(member(analyzer, word)?.filter(|member| !members.contains(member)));
        }
        for member in &members {
            self.found_by.entry(key(member)).or_default().push(self.groups.len());
        }
        self.groups.push(members);
        Ok(())
    }

    /// The other members of every group of which a member stands in these terms, and which of the terms it is.
    pub fn of(&self, terms: &[&str]) -> Vec<(Range<usize>, &Member)> {
        let mut others = vec![];
        for from in 0..terms.len() {
            for to in from + 1..=terms.len().min(from + LONGEST) {
                let typed = &terms[from..to];
                for &group in self.found_by.get(&key(typed)).into_iter().flatten() {
                    let group = self.groups[group].iter();
                    let others_of = group.filter(|member| member.as_slice() != typed);
                    others.extend(others_of.map(|member| (from..to, member)));
                }
            }
        }
        others
    }
}

/// `None` for a word that can't be looked up: it says nothing (これ), or is a whole sentence.
pub(crate) fn member(analyzer: &Analyzer, word: &str) -> Result<Option<Member>, Error> {
    let terms: Member = analyzer.analyze(word)?.terms().map(str::to_owned).collect();
    Ok((1..=LONGEST).contains(&terms.len()).then_some(terms))
}

fn key(terms: &[impl AsRef<str>]) -> String {
    let mut key = String::new();
    for term in terms {
        key.push_str(term.as_ref());
        key.push('\u{1f}');
    }
    key
}
