//! What lists show of a post, kept on the post's own row (`posts.title`, `lead`, …, `cover`), so that a list is one query of one
//! table.
//!
//! It repeats the published revision, its media and its author's nickname, and [`refresh`] writes it in the transaction that
//! changes one of them. A published post whose `cover` is NULL has none yet; [`fill`] sees to those at the start, so all of it can be
//! thrown away.

use super::{Candidate, Content, Kind, sql};
use crate::db::{Db, Result, Tx};
use crate::photos;
use crate::time_id::{PostId, RevisionId, Timestamp};
use crate::videos::{self, Poster, VideoStatus};
use serde::{Deserialize, Serialize};
use web::media::Picture;

/// A published post in a list.
#[derive(Clone, Debug)]
pub struct Card {
    pub id: PostId,
    pub kind: Kind,
    pub title: String,
    /// The body's first words, plain.
    pub lead: String,
    pub region_id: Option<String>,
    pub author_nickname: String,
    pub age_from_months: Option<u16>,
    pub age_to_months: Option<u16>,
    /// A [`Cover`] as it is stored.
    pub cover: String,
    pub thanks_count: u64,
    pub published_at: Timestamp,
}

/// What is to be seen of a post's media before it is opened; nothing of a post of words alone. At most one picture, see
/// [`Candidate`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cover {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<photos::Shown>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<CoverVideo>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverVideo {
    pub seconds: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poster: Option<Poster>,
}

impl Cover {
    fn of(content: &Content) -> Self {
        let Content { revision, photos, video, .. } = content;
        let video = video.as_ref().filter(|video| video.state == VideoStatus::Ready);
        let cover = video.and_then(|video| Candidate::before_film(revision.cover, photos, video));
        Self {
            photo: match cover {
                Some(Candidate::Photo(photo, alt)) => photos::Shown::of(photo, alt),
                Some(Candidate::Moment(_)) => None,
                None => photos.iter().find_map(|(photo, alt)| photos::Shown::of(photo, alt)),
            },
            video: video.map(|video| CoverVideo {
                seconds: videos::seconds(video.duration_ms),
                poster: match cover {
                    Some(Candidate::Moment(moment)) => Some(moment.poster()),
                    _ => None,
                },
            }),
        }
    }

    pub fn video_seconds(&self) -> Option<u32> {
        self.video.as_ref().map(|video| video.seconds)
    }

    /// The photo, or the film's moment.
    pub fn into_picture(self) -> Option<Picture> {
        match (self.photo, self.video) {
            (Some(photo), _) => Some(photo.into_picture()),
            (None, Some(CoverVideo { poster: Some(poster), .. })) => Some(poster.into_picture()),
            (None, _) => None,
        }
    }
}

impl Card {
    pub fn cover(&self) -> Cover {
        serde_json::from_str(&self.cover).unwrap_or_default()
    }
}

/// Writes what lists show of a published revision to its post.
pub(super) async fn refresh(tx: &mut Tx, post: PostId, revision: RevisionId) -> Result<()> {
    let Some(content) = sql::content(&mut *tx, revision).await? else { return Ok(()) };
    let cover = Cover::of(&content);
    sql::set_card(tx, post, &content, &cover).await
}

const BATCH: u64 = 200;

/// Works out the cards that are missing. Any number of nodes may do so at once.
pub async fn fill(db: &Db) -> Result<()> {
    loop {
        let missing = sql::posts_without_card(db, BATCH).await?;
        if missing.is_empty() {
            return Ok(());
        }
        let mut tx = db.begin().await?;
        for (post, revision) in missing {
            refresh(&mut tx, post, revision).await?;
        }
        tx.commit().await?;
    }
}
