//! One post, as everyone reads it, and with what only its author sees.

use serde_json::{Value, json};

use crate::chrome::{Chrome, Head, json_ld};
use crate::html::{CardHtml, SafeHtml};
use crate::lang::Lang;
use crate::media::{Captions, ColourGrid, ContactSheet, Files, Picture, Video};
use crate::page;
use crate::preparing::{MediaNote, Preparing};
use crate::reading::{self, SAMPLE_BLOCKS, SAMPLE_BOWL, sample_cards, sample_picture};
use crate::vocabulary::{AgeRange, Kind, Length, MediaFault, Named, PostState, Reason, When};

/// What is shown of a post wherever it is shown whole: on its page and in review.
#[derive(Clone, Debug)]
pub struct PostContent {
    pub id: String,
    pub kind: Kind,
    pub title: String,
    pub body: SafeHtml,
    pub author: Named,
    pub region: Option<Named>,
    pub tags: Vec<Named>,
    pub age: AgeRange,
    pub photos: Vec<Picture>,
    pub video: Option<Video>,
    /// When this revision was approved; `None` while it has not been.
    pub published: Option<When>,
}

#[derive(Clone, Debug)]
pub struct PostView {
    pub content: PostContent,
    /// The first words of the body, plain, for search engines and shared links.
    pub description: String,
    pub thanks: u32,
    pub thanking: Thanking,
    /// Set for its author (and moderators) while something about it is not simply published.
    pub own: Option<OwnPost>,
    /// What goes on from here, the nearest first; at most [`RELATED`].
    pub related: Vec<CardHtml>,
}

/// How many related posts a post's page shows: one row on a wide screen.
pub const RELATED: usize = 4;

/// What this reader's thank-you button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thanking {
    /// A member: one tap, taken back by another.
    Open { thanked: bool },
    /// A visitor: leads to log-in and back.
    NeedsLogin,
    /// Its own author, or a post not published: only the count.
    Closed,
}

/// What the author sees about their own post.
#[derive(Clone, Debug)]
pub struct OwnPost {
    /// Of the newest revision.
    pub state: PostState,
    /// The content on this page is the published revision while a newer one waits.
    pub shows_published: bool,
    pub reason: Option<Reason>,
    /// The moderator's own words.
    pub note: Option<String>,
    /// About its video and photos.
    pub media: Vec<MediaNote>,
    pub edit_url: Option<String>,
    pub withdraw_url: Option<String>,
}

#[must_use]
pub fn post(chrome: &Chrome, view: &PostView) -> String {
    let post = &view.content;
    let url = format!("/posts/{}", post.id);
    let image = post.cover();
    let is_public = post.published.is_some();
    let head = Head {
        title: post.title.clone(),
        description: view.description.clone(),
        og_image: image.map(|p| p.full().into_owned()),
        noindex: !is_public,
        json_ld: is_public.then(|| json_ld(&structured(chrome, view, &url))),
        canonical: Some(url),
        scripts: if post.video.is_some() { &["post.js", "player.js"] } else { &["post.js"] },
    };
    page!("posts/post.html", chrome, head, view, PostView)
}

fn structured(chrome: &Chrome, view: &PostView, url: &str) -> Value {
    let post = &view.content;
    let date = post.published.map(When::iso);
    let images = post.cover().into_iter().chain(&post.photos).map(|p| chrome.absolute(p.full()));
    let mut images: Vec<String> = images.collect();
    if let Some(again) = images.iter().skip(1).position(|image| *image == images[0]) {
        images.remove(again + 1);
    }
    let mut article = json!({
        "@context": "https://schema.org",
        "@type": if post.kind == Kind::Question { "DiscussionForumPosting" } else { "Article" },
        "headline": post.title,
        "description": view.description,
        "url": chrome.absolute(url),
        "datePublished": date,
        "author": { "@type": "Person", "name": post.author.name, "url": chrome.absolute(&post.author.url) },
        "image": images,
        "interactionStatistic": {
            "@type": "InteractionCounter",
            "interactionType": "https://schema.org/LikeAction",
            "userInteractionCount": view.thanks,
        },
    });
    if let Some(video) = &post.video {
        article["video"] = json!({
            "@type": "VideoObject",
            "name": post.title,
            "description": view.description,
            "thumbnailUrl": chrome.absolute(video.poster_url()),
            "uploadDate": date,
            "duration": video.iso_length(),
            "contentUrl": video.mp4_url.as_ref().map(|url| chrome.absolute(url)),
        });
        if let Some(captions) = &video.captions {
            article["video"]["transcript"] = captions.text().into();
        }
    }
    article
}

impl PostContent {
    /// What is seen first: what the film begins with, or else the first photo.
    pub(crate) fn cover(&self) -> Option<&Picture> {
        self.video.as_ref().and_then(|video| video.poster.as_ref()).or(self.photos.first())
    }

    /// Where the photos begin: with the video on the stage they come below it.
    pub(crate) fn has_stage(&self) -> bool {
        self.video.is_some() || !self.photos.is_empty()
    }

    #[must_use]
    pub fn sample(_lang: Lang) -> Self {
        let named = |name: &str, url: &str| Named { name: name.to_owned(), url: url.to_owned() };
        Self {
            id: "p1".to_owned(),
            kind: Kind::Recipe,
            title: "かぼちゃと豆腐の、ふわとろがゆ".to_owned(),
            body: SafeHtml::from_sanitised(
                "<p>かぼちゃの甘みで、豆腐が苦手なうちの子も完食でした。冷凍しておけば朝は3分です。</p>\
                 <h2>材料</h2><ul><li>7倍がゆ 50 g</li><li>かぼちゃ 20 g</li><li>絹ごし豆腐 30 g</li><li>だし汁 大さじ1と1/2</li></ul>\
                 <h2>つくり方</h2><ol><li value=\"1\">かぼちゃは皮をむき、レンジで2分。熱いうちにつぶします。</li>\
                 <li value=\"2\">豆腐はさっと湯通しし、舌でつぶせる大きさに。</li>\
                 <li value=\"3\">おかゆにあわせ、だし汁でのばします。人肌にさまして、めしあがれ。</li></ol>\
                 <p>はじめての食材は、平日の午前に、ひとさじから。</p>"
                    .to_owned(),
            ),
            author: named("はなこ", "/people/a1"),
            region: Some(named("宇治市", "/regions/uji")),
            tags: vec![named("離乳食", "/tags/離乳食"), named("中期", "/tags/中期"), named("冷凍できる", "/tags/冷凍できる")],
            age: AgeRange { from: Some(7), to: Some(8) },
            photos: vec![
                sample_picture(SAMPLE_BOWL, "できあがったかぼちゃがゆ", false),
                sample_picture(SAMPLE_BLOCKS, "", false),
                sample_picture(SAMPLE_BOWL, "スプーンですくったところ", true),
            ],
            video: Some(Video {
                hls_url: "/media/v/p1/master.m3u8".to_owned(),
                mp4_url: Some("/media/v/p1/360.mp4".to_owned()),
                ready_seconds: None,
                poster: Some(Picture { grid: sample_grid(), ..sample_picture(SAMPLE_BOWL, "", true) }),
                width: 720,
                height: 1280,
                seconds: 102,
                sheet: Some(ContactSheet {
                    sprite_url: sample_sprite(),
                    columns: 6,
                    tile_width: 90,
                    tile_height: 160,
                    at_ms: (0..18).map(|place| place * place * 320).collect(),
                }),
                captions: Some(Captions::sample()),
            }),
            published: Some(When(1_795_100_000_000)),
        }
    }
}

/// What the bowl looks like from far away.
fn sample_grid() -> Option<ColourGrid> {
    let rows = ["#f6d9b8", "#fbe9c8", "#f7c873", "#e9c297"];
    ColourGrid::parse(
        3,
        &rows.iter().flat_map(|row| [*row; 3].map(str::to_owned)).collect::<Vec<_>>(),
    )
}

/// An 18-frame sprite, 540 × 480.
fn sample_sprite() -> String {
    use std::fmt::Write as _;
    let mut drawing = String::new();
    for i in 0..18 {
        let (x, y) = (i % 6 * 90, i / 6 * 160);
        let hue = ["#e7c9a1", "#d7b68c", "#cfe0ea", "#ecd7b7", "#dfe9d0"][i % 5];
        let _ = write!(
            drawing,
            "<rect x='{x}' y='{y}' width='90' height='160' fill='{hue}'/><circle cx='{}' cy='{}' r='{}' fill='#f0a35a'/>",
            x + 45,
            y + 90,
            14 + i
        );
    }
    let Files::One(url) = sample_picture(&drawing, "", true).files else { return String::new() };
    url.replace("width=%27720%27", "width=%27540%27")
        .replace("height=%271280%27", "height=%27480%27")
        .replace("0%200%2090%20144", "0%200%20540%20480")
}

impl PostView {
    #[must_use]
    pub fn sample(lang: Lang) -> Self {
        Self {
            content: PostContent::sample(lang),
            description: "かぼちゃの甘みで、豆腐が苦手なうちの子も完食でした。".to_owned(),
            thanks: 48,
            thanking: Thanking::Open { thanked: false },
            own: None,
            related: sample_cards(lang)
                .iter()
                .skip(1)
                .map(|card| reading::card(lang, card, false))
                .collect(),
        }
    }

    /// A short question by a visitor's eye, without pictures.
    #[must_use]
    pub fn sample_question(lang: Lang) -> Self {
        let mut view = Self::sample(lang);
        view.content.kind = Kind::Question;
        view.content.title =
            "夜泣きで1時間おきに起きます。みなさんはどうしていましたか?".to_owned();
        view.content.body = SafeHtml::from_sanitised(
            "<p>7か月になってから急に増えました。昼寝の時間も変えてみましたが、あまり変わりません。</p>".to_owned(),
        );
        view.content.photos.clear();
        view.content.video = None;
        view.related.truncate(1);
        view.thanking = Thanking::NeedsLogin;
        view.thanks = 0;
        view
    }

    /// The author's own view of a post sent back for changes.
    #[must_use]
    pub fn sample_own(lang: Lang) -> Self {
        let mut view = Self::sample(lang);
        view.content.video = None;
        view.related.clear();
        view.thanking = Thanking::Closed;
        view.own = Some(OwnPost {
            state: PostState::ChangesRequested,
            shows_published: true,
            reason: Some(Reason::PersonalInformation),
            note: Some("園のお名前とお子さんのお名前を消すと、公開できます。動画の 0:31 の名札も、ぼかすか短くしてください。".to_owned()),
            media: vec![],
            edit_url: Some("/posts/p1/edit".to_owned()),
            withdraw_url: Some("/posts/p1/withdraw".to_owned()),
        });
        view
    }

    /// The author's own view of a published post whose video said where it was filmed, and broke off.
    #[must_use]
    pub fn sample_own_published(lang: Lang) -> Self {
        let media = vec![MediaNote::LocationRemoved, MediaNote::CutShort { seconds: 42 }];
        Self::sample_own(lang).with_media(PostState::Published, media)
    }

    /// The author's own view of a published post whose video is silent because its sound could not be read.
    #[must_use]
    pub fn sample_own_silent(lang: Lang) -> Self {
        Self::sample_own(lang).with_media(PostState::Published, vec![MediaNote::SoundLeftOut])
    }

    /// The author's own view of a post whose video is being made ready.
    #[must_use]
    pub fn sample_own_preparing(lang: Lang) -> Self {
        let media = vec![MediaNote::Preparing(Preparing::sample())];
        let mut view = Self::sample_own(lang).with_media(PostState::Processing, media);
        view.content.published = None;
        view
    }

    /// The author's own view of a post whose media could not be made ready.
    #[must_use]
    pub fn sample_own_failed(lang: Lang) -> Self {
        let fault =
            MediaNote::VideoFailed { fault: MediaFault::TooManyTracks, longest: Length(180) };
        let media = vec![fault, MediaNote::PhotoFailed(MediaFault::Damaged)];
        let mut view = Self::sample_own(lang).with_media(PostState::ProcessingFailed, media);
        view.content.published = None;
        view
    }

    fn with_media(mut self, state: PostState, media: Vec<MediaNote>) -> Self {
        if let Some(own) = &mut self.own {
            (own.state, own.media) = (state, media);
            (own.reason, own.note, own.shows_published) = (None, None, false);
        }
        self
    }
}
