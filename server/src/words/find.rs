//! Looking for an entry among all of them, by any spelling that the search takes for one.

use super::{Entry, EntryKind, MOST, Stored, sql};
use crate::app::App;
use crate::db::Result;
use crate::db::page::{Cursor, Page};

/// What was typed, part by part.
pub(super) struct Sought(Vec<String>);

impl Sought {
    /// `None` if nothing was typed.
    pub fn of(typed: &str) -> Option<Self> {
        let parts = search::folded(typed).split(' ').map(str::to_owned).collect();
        (!typed.trim().is_empty()).then_some(Self(parts))
    }

    /// Each part is within a word or the reading. Marks alone are in none.
    fn is_in(&self, entry: &Entry) -> bool {
        let words = entry.words().iter().map(String::as_str).chain(entry.reading());
        let words: Vec<String> = words.map(search::folded).collect();
        let holds =
            |part: &String| !part.is_empty() && words.iter().any(|word| word.contains(part));
        self.0.iter().all(holds)
    }
}

/// The entries that what is sought is in, the one that changed last first; without it all. They are read whole: there are [`MOST`].
pub(super) async fn page(
    app: &App,
    kind: EntryKind,
    sought: Option<&Sought>,
    after: Option<&Cursor>,
    size: usize,
) -> Result<Page<Stored>> {
    let Some(sought) = sought else { return sql::page(&app.db, kind, after, size).await };
    let all = sql::page(&app.db, kind, after, MOST).await?;
    let found = all.items.into_iter().filter(|stored| sought.is_in(&stored.entry));
    Ok(Page::from_rows(found.take(size + 1).collect(), size, Stored::place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_found_by_any_spelling_of_any_part_of_its_words() {
        let is_in = |typed: &str, entry: &Entry| Sought::of(typed).unwrap().is_in(entry);
        let group = Entry::Group(["ダッコひも", "baby-led", "6か月"].map(str::to_owned).to_vec());
        for typed in [
            "だっこひも",
            "ﾀﾞｯｺ",
            "ひも",
            "ＢＡＢＹ",
            "led baby",
            "６ヶ月",
            " だっこ　led ",
            "だっ\u{200b}こ！",
        ] {
            assert!(is_in(typed, &group), "{typed}");
        }
        for typed in ["おんぶひも", "だっこ おんぶ", "！", "\u{200b}"] {
            assert!(!is_in(typed, &group), "{typed}");
        }
        let own = Entry::Own { word: "日向っ子".into(), reading: "ひなたっこ".into() };
        assert!(is_in("ヒナタ", &own) && is_in("日向", &own));
        assert!(Sought::of(" ").is_none() && Sought::of("").is_none());
    }
}
