//! Posts as pages show them.

use super::{Card, Content, captions};
use crate::app::App;
use crate::photos;
use crate::text;
use web::posts::PostContent;
use web::reading::PostCard;
use web::{AgeRange, Lang, Named, When};

pub fn card(app: &App, lang: Lang, card: Card) -> PostCard {
    PostCard {
        url: format!("/posts/{}", card.id),
        kind: card.kind.into(),
        title: card.title,
        lead: card.lead,
        region: app.regions.name(card.region_id.as_deref(), lang),
        author: card.author_nickname,
        age: AgeRange { from: card.age_from_months, to: card.age_to_months },
        video_seconds: card.cover.video_seconds(),
        picture: card.cover.into_picture(),
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
        body: text::markdown(&revision.body),
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
