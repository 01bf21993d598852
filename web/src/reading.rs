//! Home and the lists: by kind, region, tag and person. Newest approved first, a keyset page at a time.

use std::borrow::Borrow;

use serde_json::json;

use crate::chrome::{Chrome, Head, json_ld};
use crate::html::CardHtml;
use crate::lang::Lang;
use crate::media::{Files, Picture};
use crate::middle::{Middle, middle};
use crate::vocabulary::{AgeRange, Kind, Named, Season, When};

/// A post in a list.
#[derive(Clone, Debug)]
pub struct PostCard {
    pub url: String,
    pub kind: Kind,
    pub title: String,
    /// The first words of the body, plain, at most about 100 characters; may be empty.
    pub lead: String,
    pub region: Option<String>,
    pub author: String,
    pub age: AgeRange,
    /// The first photo or the video's poster.
    pub picture: Option<Picture>,
    pub video_seconds: Option<u32>,
    pub thanks: u32,
}

impl PostCard {
    pub(crate) fn length(&self) -> Option<String> {
        self.video_seconds.map(crate::vocabulary::clock_length)
    }
}

#[derive(askama::Template)]
#[template(path = "components/card.html")]
struct CardTemplate<'a> {
    l: Lang,
    p: &'a PostCard,
    eager: bool,
}

/// A post in a list. `eager`: its picture is among the first that are seen, so it is not waited for.
#[must_use]
pub fn card(lang: Lang, card: &PostCard, eager: bool) -> CardHtml {
    let mut html = String::with_capacity(2048);
    askama::Template::render_into(&CardTemplate { l: lang, p: card, eager }, &mut html)
        .expect("writing to a String does not fail");
    CardHtml(html.into())
}

/// How many of a list's pictures are not waited for.
pub const EAGER_CARDS: usize = 2;

#[derive(Clone, Debug)]
pub struct HomeView {
    pub season: Season,
    pub newest: Vec<CardHtml>,
    pub regions: Vec<Named>,
    /// Address of the next older page.
    pub older: Option<String>,
    /// On an older page of the list, the greeting steps aside.
    pub is_first_page: bool,
}

#[must_use]
pub fn home(chrome: &Chrome, view: &HomeView) -> Middle {
    let lang = chrome.lang;
    let site = json!({
        "@context": "https://schema.org",
        "@type": "WebSite",
        "name": lang.ta("site-name"),
        "url": chrome.absolute("/"),
        "potentialAction": {
            "@type": "SearchAction",
            "target": chrome.absolute("/search?q={q}"),
            "query-input": "required name=q",
        },
    });
    let head = Head {
        title: lang.ta("home-title").into_owned(),
        description: lang.ta("site-description").into_owned(),
        canonical: Some("/".to_owned()),
        noindex: !view.is_first_page,
        json_ld: Some(json_ld(&site)),
        ..Head::default()
    };
    middle!("reading/home.html", "page-home", lang, head, view, HomeView)
}

/// What a list is a list of.
#[derive(Clone, Debug)]
pub enum ListOf {
    Kind(Kind),
    Region { name: String },
    Tag { name: String },
    Person { nickname: String, since: When, region: Option<String> },
}

#[derive(Clone, Debug)]
pub struct ListView {
    pub of: ListOf,
    /// The list's own address: `/kinds/recipe`.
    pub url: String,
    pub posts: Vec<CardHtml>,
    /// Address of the next older page.
    pub older: Option<String>,
    pub is_first_page: bool,
}

impl ListView {
    pub(crate) fn title(&self, lang: impl Borrow<Lang>) -> String {
        let lang = *lang.borrow();
        match &self.of {
            ListOf::Kind(kind) => lang.ta(format!("kind-{}-list", kind.slug())).into_owned(),
            ListOf::Region { name } => lang.ta1("list-region", "name", name),
            ListOf::Tag { name } => lang.ta1("list-tag", "name", name),
            ListOf::Person { nickname, .. } => lang.ta1("list-person", "name", nickname),
        }
    }
}

#[must_use]
pub fn list(chrome: &Chrome, view: &ListView) -> Middle {
    let lang = chrome.lang;
    let title = view.title(lang);
    let head = Head {
        description: format!("{title}。{}", lang.ta("site-description")),
        title,
        canonical: Some(view.url.clone()),
        noindex: !view.is_first_page || view.posts.is_empty(),
        ..Head::default()
    };
    middle!("reading/list.html", "page-list", lang, head, view, ListView)
}

/// The first character of a nickname, for the round face beside it.
pub(crate) fn initial(nickname: &str) -> String {
    nickname.chars().take(1).collect()
}

impl HomeView {
    #[must_use]
    pub fn sample(lang: Lang) -> Self {
        Self {
            season: Season::Autumn,
            newest: sample_list(lang),
            regions: ["宇治市", "亀岡市", "城陽市", "京田辺市", "八幡市"]
                .iter()
                .enumerate()
                .map(|(i, name)| Named { name: (*name).to_owned(), url: format!("/regions/{i}") })
                .collect(),
            older: Some("/?before=01JD".to_owned()),
            is_first_page: true,
        }
    }
}

impl ListView {
    #[must_use]
    pub fn sample(lang: Lang) -> Self {
        Self {
            of: ListOf::Kind(Kind::Recipe),
            url: "/kinds/recipe".to_owned(),
            posts: sample_list(lang),
            older: Some("/kinds/recipe?before=01JD".to_owned()),
            is_first_page: true,
        }
    }

    #[must_use]
    pub fn sample_person() -> Self {
        Self {
            of: ListOf::Person {
                nickname: "はなこ".to_owned(),
                since: When(1_764_547_200_000),
                region: Some("宇治市".to_owned()),
            },
            url: "/people/a1".to_owned(),
            posts: sample_list(Lang::Ja),
            older: None,
            is_first_page: true,
        }
    }

    #[must_use]
    pub fn sample_empty() -> Self {
        Self {
            of: ListOf::Tag { name: "てづかみ".to_owned() },
            url: "/tags/てづかみ".to_owned(),
            posts: vec![],
            older: None,
            is_first_page: true,
        }
    }
}

/// A drawn picture as a data address, for samples.
#[must_use]
pub(crate) fn sample_picture(drawing: &str, alt: &str, tall: bool) -> Picture {
    let (width, height) = if tall { (720, 1280) } else { (1280, 800) };
    let (vw, vh) = if tall { (90, 144) } else { (160, 100) };
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' viewBox='0 0 {vw} {vh}'>{drawing}</svg>"
    );
    let mut url = String::from("data:image/svg+xml,");
    for c in svg.chars() {
        match c {
            '<' => url.push_str("%3C"),
            '>' => url.push_str("%3E"),
            '#' => url.push_str("%23"),
            ' ' => url.push_str("%20"),
            '\'' => url.push_str("%27"),
            ',' => url.push_str("%2C"),
            other => url.push(other),
        }
    }
    Picture {
        alt: alt.to_owned(),
        width,
        height,
        colour: Some("#f6d9b8".to_owned()),
        grid: None,
        files: Files::One(url),
    }
}

pub(crate) const SAMPLE_BOWL: &str = "<rect width='160' height='144' fill='#f6d9b8'/><ellipse cx='80' cy='88' rx='70' ry='12' fill='#e9c297'/><path d='M38 50h84c0 24-17 36-42 36S38 74 38 50Z' fill='#fff8ee'/><ellipse cx='80' cy='50' rx='42' ry='12' fill='#fbe9c8'/><ellipse cx='80' cy='50' rx='34' ry='8.500' fill='#f7c873'/><path d='M66 48c4-3 8-1 9 1s-5 4-9 2ZM88 51c4-3 8-1 9 1s-5 4-9 2Z' fill='#6f9a4b'/>";
pub(crate) const SAMPLE_BLOCKS: &str = "<rect width='160' height='144' fill='#dfe9d0'/><rect y='74' width='160' height='70' fill='#cbdab5'/><rect x='40' y='48' width='26' height='26' rx='4' fill='#e8895a'/><rect x='68' y='48' width='26' height='26' rx='4' fill='#fff5e6'/><rect x='54' y='20' width='26' height='26' rx='4' fill='#7fa9d0'/><circle cx='112' cy='60' r='14' fill='#f2c14e'/>";

fn sample_list(lang: Lang) -> Vec<CardHtml> {
    let cards = sample_cards(lang);
    cards.iter().enumerate().map(|(at, post)| card(lang, post, at < EAGER_CARDS)).collect()
}

pub(crate) fn sample_cards(_lang: Lang) -> Vec<PostCard> {
    vec![
        PostCard {
            url: "/posts/p1".to_owned(),
            kind: Kind::Recipe,
            title: "かぼちゃと豆腐の、ふわとろがゆ".to_owned(),
            lead: "かぼちゃの甘みで、豆腐が苦手なうちの子も完食でした。".to_owned(),
            region: Some("宇治市".to_owned()),
            author: "はなこ".to_owned(),
            age: AgeRange { from: Some(7), to: Some(8) },
            picture: Some(sample_picture(SAMPLE_BOWL, "かぼちゃがゆの器", false)),
            video_seconds: Some(102),
            thanks: 48,
        },
        PostCard {
            url: "/posts/p2".to_owned(),
            kind: Kind::Activity,
            title: "牛乳パックで、音のなるつみき".to_owned(),
            lead: "中に入れるものを変えると、音が変わります。".to_owned(),
            region: Some("亀岡市".to_owned()),
            author: "あき".to_owned(),
            age: AgeRange { from: Some(8), to: Some(24) },
            picture: Some(sample_picture(SAMPLE_BLOCKS, "牛乳パックのつみき", false)),
            video_seconds: Some(58),
            thanks: 31,
        },
        PostCard {
            url: "/posts/p3".to_owned(),
            kind: Kind::Question,
            title: "夜泣きで1時間おきに起きます。みなさんはどうしていましたか?".to_owned(),
            lead: "7か月になってから急に増えました。昼寝の時間も変えてみましたが、あまり変わりません。".to_owned(),
            region: Some("京都市".to_owned()),
            author: "まゆ".to_owned(),
            age: AgeRange { from: Some(7), to: Some(7) },
            picture: None,
            video_seconds: None,
            thanks: 22,
        },
        PostCard {
            url: "/posts/p4".to_owned(),
            kind: Kind::Tip,
            title: "くつ下をはいてくれない朝は、手ぶくろにしてあいさつから".to_owned(),
            lead: "「おはよう」と手をふってから足へ。三日目には自分で足を出してくれました。".to_owned(),
            region: None,
            author: "けん".to_owned(),
            age: AgeRange { from: Some(18), to: None },
            picture: None,
            video_seconds: None,
            thanks: 0,
        },
    ]
}
