//! No text, typed or indexed, and no filter may break the search.
#![allow(clippy::unwrap_used)]

mod awkward;
mod common_index;

use common_index::{index, put, take_out};
use proptest::prelude::*;
use search::{Document, Filters, Near, Op, Query};

fn query(text: &str) -> Query {
    Query { text: text.into(), ..Query::default() }
}

fn named(id: &str, title: &str) -> Document {
    Document { id: id.into(), title: title.into(), ..Document::default() }
}

/// Longer than any form takes, and longer than tantivy's longest term.
fn long_texts() -> Vec<String> {
    let letters = ["x", "あ", "漢", "ア", "\u{301}", "👨\u{200d}", "ﷺ", " ", "\u{1f}", "1", "ー"];
    let all = letters.iter().map(|letter| letter.repeat(10_000));
    all.chain(["x", "あ", "👨\u{200d}"].map(|letter| letter.repeat(70_000))).collect()
}

fn hostile_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => awkward::text(),
        1 => (awkward::text(), 1_usize..3000).prop_map(|(text, times)| text.repeat(times).chars().take(10_000).collect()),
    ]
}

fn filters() -> impl Strategy<Value = Filters> {
    let name = || prop::option::of(prop_oneof![hostile_text(), Just("tip".to_owned())]);
    let number = || prop::option::of(any::<u16>());
    let names = (name(), name(), name(), name());
    let without = prop::collection::vec(hostile_text(), 0..4);
    (names, number(), number(), without, any::<bool>()).prop_map(
        |((kind, region, stage, tag), age_months, most_minutes, without, with_video)| Filters {
            kind,
            region,
            age_months,
            stage,
            most_minutes,
            without,
            with_video,
            tag,
        },
    )
}

fn any_query() -> impl Strategy<Value = Query> {
    let near = (prop::option::of(hostile_text()), prop::option::of(any::<u16>()), any::<i64>());
    let near = near.prop_map(|(region, age_months, now_ms)| Near { region, age_months, now_ms });
    let size = || prop_oneof![0_usize..30, Just(usize::MAX), Just(usize::MAX - 20), any::<usize>()];
    (hostile_text(), filters(), near, size(), size(), any::<bool>()).prop_map(
        |(text, filters, near, limit, after, counting)| Query {
            text,
            filters,
            near,
            limit,
            after,
            counting,
        },
    )
}

fn hostile_document() -> impl Strategy<Value = Document> {
    let texts = || (hostile_text(), hostile_text(), hostile_text(), hostile_text());
    let more = (prop::collection::vec(hostile_text(), 0..4), prop::option::of(any::<u16>()));
    (texts(), texts(), more, any::<i64>(), any::<u64>()).prop_map(
        |(
            (title, body, captions, author),
            (kind, region, stage, tag),
            (list, number),
            at,
            thanks,
        )| {
            Document {
                title,
                body,
                captions,
                author,
                kind,
                region,
                stage,
                tags: vec![tag],
                ingredients: list.clone(),
                steps: list.clone(),
                answers: list.clone(),
                free_of: list,
                age_from_months: number,
                age_to_months: number,
                minutes: number,
                published_at_ms: at,
                thanks,
                ..Document::default()
            }
        },
    )
}

fn cases() -> ProptestConfig {
    ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn any_text_can_be_indexed_searched_and_shown() {
    let (_folder, index) = index(vec![]);
    let (short, times) = (awkward::text, 1_usize..30);
    proptest!(cases(), |(title in short(), body in short(), text in short(), repeated in times)| {
        let document = Document {
            body: body.repeat(repeated),
            captions: title.repeat(repeated),
            tags: vec![text.clone()],
            ..named("a", &title)
        };
        let whole = format!("{} {}", document.body.trim(), document.captions.trim());
        put(&index, document);
        for text in [&text, &title, &body, &String::new()] {
            let results = index.search(&query(text)).unwrap();
            for hit in &results.hits {
                let shown: String = hit.title.iter().map(|s| s.text.as_str()).collect();
                prop_assert_eq!(&shown, &title);
                let shown: String = hit.snippet.iter().map(|s| s.text.as_str()).collect();
                let shown = shown.strip_prefix('…').unwrap_or(&shown);
                let shown = shown.strip_suffix('…').unwrap_or(shown);
                prop_assert!(whole.contains(shown) || whole.contains('…'));
            }
        }
    });
}

#[test]
fn a_post_is_found_by_its_own_title() {
    let (_folder, index) = index(vec![]);
    proptest!(cases(), |(title in "[ぁ-んァ-ヶー一-龠a-z0-9]{2,20}")| {
        put(&index, named("a", &title));
        prop_assert_eq!(index.search(&query(&title)).unwrap().total, 1);
    });
}

#[test]
fn any_document_can_be_put_in_and_taken_out_again() {
    let (_folder, index) = index(vec![named("kept", "離乳食のはじめ")]);
    proptest!(cases(), |(document in hostile_document())| {
        let own = Filters {
            kind: Some(document.kind.clone()),
            region: Some(document.region.clone()),
            without: document.free_of.clone(),
            tag: Some(document.tags[0].clone()),
            ..Filters::default()
        };
        put(&index, Document { id: "a".into(), ..document });
        prop_assert_eq!(index.len(), 2);
        let found = index.search(&Query { filters: own, ..Query::default() }).unwrap();
        prop_assert_eq!(found.total, 1);
        let related = index.related("a", 4).unwrap();
        prop_assert!(related.is_empty() || related == ["kept"]);
        take_out(&index, &["a"]);
        prop_assert_eq!(index.len(), 1);
        prop_assert_eq!(index.search(&query("離乳食")).unwrap().total, 1);
    });
}

#[test]
fn any_query_with_any_filters_is_answered() {
    let post = |n: usize, title: &str| Document {
        kind: "tip".into(),
        tags: vec![title.into()],
        body: "夜泣きと、①㌔ﾘﾆｭｳ。".into(),
        ..named(&n.to_string(), title)
    };
    let posts = awkward::PIECES.iter().enumerate().map(|(n, piece)| post(n, piece));
    let (_folder, index) = index(posts.collect());
    proptest!(ProptestConfig { cases: 200, ..cases() }, |(query in any_query())| {
        let results = index.search(&query).unwrap();
        prop_assert!(results.hits.len() <= query.limit.min(100));
        prop_assert!(results.hits.iter().all(|hit| hit.score.is_finite()));
        index.suggest(&query.text, query.limit).unwrap();
        index.meant(&query.text).unwrap();
        prop_assert!(index.related(&query.text, query.limit).unwrap().len() <= 100);
    });
}

#[test]
fn a_value_longer_than_any_term_neither_fails_a_batch_nor_is_lost_from_the_text() {
    let (_folder, index) = index(vec![]);
    for (n, long) in (1..).zip(long_texts()) {
        let everywhere = Document {
            kind: long.clone(),
            region: long.clone(),
            stage: long.clone(),
            tags: vec![long.clone(), "短い".into()],
            ingredients: vec![long.clone()],
            free_of: vec![long.clone()],
            author: long.clone(),
            captions: long.clone(),
            body: format!("{long}、離乳食をはじめました。{long}"),
            ..named("a", &format!("{long} はじめに"))
        };
        let beside = named("b", "離乳食のおかゆ");
        index
            .apply(vec![Op::Upsert(Box::new(everywhere)), Op::Upsert(Box::new(beside))], n)
            .unwrap();
        assert_eq!(index.len(), 2);
        let filters = Filters { tag: Some("短い".into()), ..Filters::default() };
        assert_eq!(index.search(&Query { filters, ..query("離乳食") }).unwrap().total, 1);
        for filters in [
            Filters { kind: Some(long.clone()), ..Filters::default() },
            Filters { region: Some(long.clone()), ..Filters::default() },
            Filters { stage: Some(long.clone()), ..Filters::default() },
            Filters { without: vec![long.clone()], ..Filters::default() },
            Filters { tag: Some(long.clone()), ..Filters::default() },
        ] {
            index.search(&Query { filters: filters.clone(), ..query("離乳食") }).unwrap();
            index.search(&Query { filters, ..Query::default() }).unwrap();
        }
        index.search(&query(&long)).unwrap();
        index.suggest(&long, 8).unwrap();
        index.meant(&long).unwrap();
        index.related("a", 4).unwrap();
    }
    take_out(&index, &["a", "b"]);
    assert!(index.is_empty());
}

#[test]
fn any_words_of_a_site_are_taken_or_left_out() {
    let (_folder, index) = index(vec![named("a", "離乳食のはじめ")]);
    let words: Vec<String> =
        awkward::PIECES.iter().map(|piece| (*piece).to_owned()).chain(long_texts()).collect();
    index.set_synonyms(&[words.clone(), vec![], vec!["離乳食".into()]]).unwrap();
    for word in words.iter().take(awkward::PIECES.len()) {
        index.search(&query(word)).unwrap();
    }
    assert_eq!(index.search(&query("離乳食")).unwrap().total, 1);
    let pairs: Vec<(String, String)> =
        words.iter().map(|word| (word.clone(), word.clone())).collect();
    common_index::dictionary().with_words(&pairs).unwrap();
}
