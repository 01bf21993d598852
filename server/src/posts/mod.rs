//! Posts and their revisions: what people share.
//!
//! A post is a row that stays; what it says is a [`Revision`], and everything published is an approved revision. Editing a
//! published post starts a new revision that waits while the approved one stays visible.
//!
//! ```text
//! revision: draft → processing ⇄ processing_failed;  processing → queued (review) → published | changes_requested | rejected
//!           changes_requested | rejected | processing_failed → draft again when its author edits it
//!           published → superseded by the next one;  any but published → withdrawn
//! post:     private → published → hidden | withdrawn
//! ```
//!
//! Invariants: at most one revision of a post is open (neither published, superseded nor withdrawn). `posts.region_id`,
//! `published_at`, `post_tags` and the card ([`Card`]) repeat the published revision for the lists. `revisions.version` grows with every write and a write
//! names the version it saw; media and captions come and go without one, so that an open form can still be saved. A revision leaves `processing` only when all its media are settled.
//!
//! Not here: who decides (`moderation`), how media are made (`photos`, `videos`), the lists and the page that readers see
//! (`discovery`).

pub mod actions;
pub mod captions;
mod card;
pub mod compose;
mod cover;
mod form;
mod jobs;
pub mod me;
pub mod present;
mod sql;

pub use card::{Card, Cover, fill as fill_cards};
pub use cover::{Candidate, CoverChoice, player};
pub use jobs::DropMedia;
pub use present::DrawnCards;
pub use sql::{
    FIRST_PAGE, Filter, Listed, cards, cards_by_ids, content, count_published, drafts_of, find,
    latest_revision, listed_by_ids, open_revision, own_posts, processing, published_author,
    published_content, published_ids, rename_author, revision, revisions_with_photo,
    revisions_with_video, tag_label, thanks_count, visible_to,
};

use crate::access::policy::MediaUse;
use crate::photos::Photo;
use crate::text;
use crate::text_enum;
use crate::time_id::{AccountId, PhotoId, PostId, RevisionId, Timestamp, VideoId};
use crate::videos::Video;

text_enum! {
    pub enum Kind { Recipe = "recipe", Activity = "activity", Tip = "tip", Question = "question" }
}

text_enum! {
    pub enum Visibility {
        /// Nothing of it was ever approved.
        Private = "private",
        Published = "published",
        /// Taken out of sight by moderators.
        Hidden = "hidden",
        /// Taken back by its author.
        Withdrawn = "withdrawn",
    }
}

text_enum! {
    pub enum RevisionState {
        Draft = "draft",
        /// Submitted; its photos or video are not ready yet.
        Processing = "processing",
        ProcessingFailed = "processing_failed",
        Screening = "screening",
        Queued = "queued",
        Claimed = "claimed",
        ChangesRequested = "changes_requested",
        Rejected = "rejected",
        Escalated = "escalated",
        Published = "published",
        Superseded = "superseded",
        Withdrawn = "withdrawn",
    }
}

impl RevisionState {
    /// Its author may write in it, which makes it a draft again.
    pub fn is_editable(self) -> bool {
        matches!(
            self,
            Self::Draft | Self::ProcessingFailed | Self::ChangesRequested | Self::Rejected
        )
    }

    /// Before the moderators, or on its way there.
    pub fn is_waiting(self) -> bool {
        matches!(
            self,
            Self::Processing | Self::Screening | Self::Queued | Self::Claimed | Self::Escalated
        )
    }

    /// Neither published nor ended.
    pub fn is_open(self) -> bool {
        self.is_editable() || self.is_waiting()
    }

    /// Open states, for queries.
    pub fn open() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().filter(|state| state.is_open()).map(|state| state.name())
    }
}

#[derive(Clone, Debug)]
pub struct Post {
    pub id: PostId,
    pub author_id: AccountId,
    pub kind: Kind,
    pub visibility: Visibility,
    pub published_revision_id: Option<RevisionId>,
    pub region_id: Option<String>,
    pub published_at: Option<Timestamp>,
    pub thanks_count: u64,
    pub updated_at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct Revision {
    pub id: RevisionId,
    pub post_id: PostId,
    /// 1 for the first.
    pub number: u32,
    pub state: RevisionState,
    pub title: String,
    /// As typed; what its marks mean is said in `text::reading`.
    pub body: String,
    pub region_id: Option<String>,
    pub age_from_months: Option<u16>,
    pub age_to_months: Option<u16>,
    pub video_id: Option<VideoId>,
    /// As its author wrote them; see [`Revision::shown_captions`].
    pub captions: Option<captions::Captions>,
    /// As its author chose it; it may be gone.
    pub cover: Option<CoverChoice>,
    pub version: i64,
    pub submitted_at: Option<Timestamp>,
    pub decided_at: Option<Timestamp>,
    pub updated_at: Timestamp,
}

/// Characters of a body that lists and descriptions show.
const LEAD_CHARS: usize = 110;

impl Revision {
    /// The beginning of the body without its marks, for lists and descriptions.
    pub fn lead(&self) -> String {
        text::excerpt(&text::plain(&self.body), LEAD_CHARS)
    }

    /// The captions that go with its video: those written for another one are for their author alone.
    pub fn shown_captions(&self) -> Option<&captions::Captions> {
        self.captions.as_ref().filter(|captions| Some(captions.video) == self.video_id)
    }
}

/// A tag as typed, and the folded form that finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// NFKC, lower case: the tag's address.
    pub tag: String,
    pub label: String,
}

impl Tag {
    /// Dots alone would be another page's address, and of what can't be seen nobody could choose.
    fn is_word(&self) -> bool {
        !text::is_blank(&self.tag.replace('.', ""))
    }
}

/// One revision with all that belongs to it: what its page, its review and its search document are made of.
#[derive(Clone, Debug)]
pub struct Content {
    pub post: Post,
    pub revision: Revision,
    pub author_nickname: String,
    pub tags: Vec<Tag>,
    /// In order, each with its author's words for it.
    pub photos: Vec<(Photo, String)>,
    pub video: Option<Video>,
}

/// One of a person's own posts, as their page lists it: the post and its newest revision.
#[derive(Clone, Debug)]
pub struct OwnPost {
    pub post: Post,
    pub revision: Revision,
}

/// Someone's public face.
#[derive(Clone, Debug)]
pub struct Author {
    pub nickname: String,
    pub region_id: Option<String>,
    pub since: Timestamp,
    /// Something of theirs can be read by everyone.
    pub has_published: bool,
}

/// How these revisions use a photo or video, for [`crate::access::policy::media_audience`].
pub fn media_uses(revisions: &[(Post, Revision)]) -> impl Iterator<Item = MediaUse> + Clone + '_ {
    revisions.iter().map(|(post, revision)| MediaUse {
        is_public: post.visibility == Visibility::Published
            && post.published_revision_id == Some(revision.id),
        was_submitted: revision.submitted_at.is_some()
            && !matches!(revision.state, RevisionState::Draft | RevisionState::Withdrawn),
    })
}

/// What a draft holds, checked: see [`actions::save`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// At most 80 characters.
    pub title: String,
    /// At most 20,000 characters.
    pub body: String,
    /// Of `regions`.
    pub region_id: Option<String>,
    /// At most 8, each at most 20 characters.
    pub tags: Vec<Tag>,
    /// 0 to 216.
    pub age_from_months: Option<u16>,
    pub age_to_months: Option<u16>,
    /// The photos kept, in order, each with its words; at most 10.
    pub photos: Vec<(PhotoId, String)>,
    /// What is to be seen first; `None` leaves that as it is.
    pub cover: Option<CoverChoice>,
}

pub const TITLE_CHARS: usize = 80;
pub const BODY_CHARS: usize = 20_000;
pub const TAGS: usize = 8;
pub const TAG_CHARS: usize = 20;
pub const PHOTOS: usize = 10;
pub const ALT_CHARS: usize = 200;
pub const AGE_MONTHS: u16 = 216;

/// The form in which a tag is compared: NFKC, lower case, no spaces, no leading `#`. No control characters either: no stored tag has
/// any, and an address may bring all of them.
pub fn fold_tag(typed: &str) -> String {
    crate::text::fold(typed)
        .trim_start_matches('#')
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .collect()
}

/// The tags in a line as people type them: separated by spaces, commas, 、 or `#`. Each once, in order.
pub fn parse_tags(line: &str) -> Vec<Tag> {
    let mut tags: Vec<Tag> = Vec::new();
    let separates = |c: char| c.is_whitespace() || matches!(c, ',' | '、' | '，' | '#' | '＃');
    for label in line.split(separates).filter(|label| !label.is_empty()) {
        let tag = fold_tag(label);
        if !tag.is_empty() && tags.iter().all(|known| known.tag != tag) {
            tags.push(Tag { tag, label: label.to_owned() });
        }
    }
    tags
}

impl From<Kind> for web::Kind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Recipe => Self::Recipe,
            Kind::Activity => Self::Activity,
            Kind::Tip => Self::Tip,
            Kind::Question => Self::Question,
        }
    }
}

/// Where a post stands by its newest revision, in the words of its author's pages.
pub fn shown_state(post: &Post, revision: &Revision) -> web::PostState {
    use web::PostState as Shown;
    match (post.visibility, revision.state) {
        (Visibility::Withdrawn, _) | (_, RevisionState::Withdrawn) => Shown::Withdrawn,
        (Visibility::Hidden, RevisionState::Published | RevisionState::Superseded) => Shown::Hidden,
        (_, RevisionState::Draft) => Shown::Draft,
        (_, RevisionState::Processing) => Shown::Processing,
        (_, RevisionState::ProcessingFailed) => Shown::ProcessingFailed,
        (
            _,
            RevisionState::Screening
            | RevisionState::Queued
            | RevisionState::Claimed
            | RevisionState::Escalated,
        ) => Shown::Waiting,
        (_, RevisionState::ChangesRequested) => Shown::ChangesRequested,
        (_, RevisionState::Rejected) => Shown::Rejected,
        (_, RevisionState::Published | RevisionState::Superseded) => Shown::Published,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_split_as_people_type_them() {
        let labels: Vec<String> = parse_tags("#離乳食 中期、ｶﾎﾞﾁｬ,カボチャ　#離乳食")
            .into_iter()
            .map(|tag| tag.label)
            .collect();
        assert_eq!(labels, ["離乳食", "中期", "ｶﾎﾞﾁｬ"]);
    }

    #[test]
    fn a_tag_is_found_by_any_address_that_means_it() {
        for typed in ["離乳食", "＃離乳食", " 離乳 食 ", "離\0乳\u{7f}食"] {
            assert_eq!(fold_tag(typed), "離乳食", "{typed:?}");
        }
    }

    #[test]
    fn a_revision_is_editable_or_waiting_never_both() {
        for state in RevisionState::ALL {
            assert!(!(state.is_editable() && state.is_waiting()), "{state}");
        }
    }
}
