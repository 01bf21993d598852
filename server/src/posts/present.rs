//! Posts as pages show them.

use super::{Card, Content, Listed, captions};
use crate::app::App;
use crate::db::Result;
use crate::photos;
use crate::text;
use lru::LruCache;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use web::posts::PostContent;
use web::reading::{EAGER_CARDS, PostCard};
use web::{AgeRange, CardHtml, Lang, Named, When};

/// The cards shown last, by all that they are made of: a list's cards change one at a time, and most of the work is to draw them.
#[derive(Debug)]
pub struct DrawnCards(Mutex<LruCache<Box<[u8]>, CardHtml>>);

/// Some 3 KB each with what they are found by.
const KEPT_CARDS: NonZeroUsize = const { NonZeroUsize::new(4096).unwrap() };

impl Default for DrawnCards {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(KEPT_CARDS)))
    }
}

/// A list of cards, in the order given.
pub fn cards(app: &App, lang: Lang, listed: &[Listed]) -> Result<Vec<CardHtml>> {
    drawn(app, lang, listed, EAGER_CARDS)
}

/// The same for further down a page, where no picture is hurried.
pub fn cards_below(app: &App, lang: Lang, listed: &[Listed]) -> Result<Vec<CardHtml>> {
    drawn(app, lang, listed, 0)
}

fn drawn(app: &App, lang: Lang, listed: &[Listed], eager: usize) -> Result<Vec<CardHtml>> {
    let mut kept = app.cards.0.lock().unwrap_or_else(PoisonError::into_inner);
    let mut key = Vec::with_capacity(2048);
    let draw = |(at, listed): (usize, &Listed)| {
        let eager = at < eager;
        key.clear();
        key.extend([lang as u8, u8::from(eager)]);
        listed.write_key(&mut key);
        if let Some(html) = kept.get(key.as_slice()) {
            return Ok(html.clone());
        }
        let html = web::reading::card(lang, &card(app, lang, listed.card()?), eager);
        kept.put(key.as_slice().into(), html.clone());
        Ok(html)
    };
    listed.iter().enumerate().map(draw).collect()
}

pub fn card(app: &App, lang: Lang, card: Card) -> PostCard {
    let cover = card.cover();
    PostCard {
        url: format!("/posts/{}", card.id),
        kind: card.kind.into(),
        title: card.title,
        lead: card.lead,
        region: app.regions.name(card.region_id.as_deref(), lang),
        author: card.author_nickname,
        age: AgeRange { from: card.age_from_months, to: card.age_to_months },
        video_seconds: cover.video_seconds(),
        picture: cover.into_picture(),
        thanks: u32::try_from(card.thanks_count).unwrap_or(u32::MAX),
    }
}

/// The whole of a revision. `published` says when it was approved, where it is.
pub fn content(app: &App, lang: Lang, content: &Content) -> PostContent {
    let Content { post, revision, author_nickname, tags, photos, video } = content;
    let is_published = post.published_revision_id == Some(revision.id);
    let region = revision.region_id.as_deref().and_then(|id| app.regions.find(id));
    PostContent {
        id: post.id.to_string(),
        kind: post.kind.into(),
        title: revision.title.clone(),
        body: text::html(&revision.body),
        author: Named { name: author_nickname.clone(), url: format!("/people/{}", post.author_id) },
        region: region.map(|region| Named { name: region.name(lang), url: region.path() }),
        tags: tags
            .iter()
            .map(|tag| Named { name: tag.label.clone(), url: tag_path(&tag.tag) })
            .collect(),
        age: AgeRange { from: revision.age_from_months, to: revision.age_to_months },
        photos: photos.iter().filter_map(|(photo, alt)| photos::picture(photo, alt)).collect(),
        video: video
            .as_ref()
            .and_then(|video| super::player(revision.cover, photos, video))
            .map(|player| web::media::Video { captions: captions::of_player(revision), ..player }),
        published: post.published_at.filter(|_| is_published).map(|at| When(at.as_millis())),
    }
}

/// `/tags/{tag}`, encoded.
pub fn tag_path(tag: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(tag.as_bytes()).collect();
    format!("/tags/{}", encoded.replace('+', "%20"))
}
