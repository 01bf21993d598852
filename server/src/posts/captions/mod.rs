//! Captions: what is said and heard in a post's video, as text that players show over it, readers open below it, and the search finds.
//!
//! They are part of the revision (`revisions.captions`), so they are approved and published with it, and the next revision starts
//! with them. What is kept is always what our own writer made of an author's file or lines.
//!
//! Invariants
//! - Captions name the video they were written for. With another one in its place they stay for their author to go over, and are shown to
//!   nobody ([`Revision::shown_captions`]).
//! - A track's address holds the fingerprint of its bytes, and answers those who may see that revision.
//! - They are saved against the fingerprint of what the form showed, not against the revision's version: words and captions are written in
//!   different windows, and neither stands in the other's way.
//!
//! Not here: how captions are read and written (`transcoder_protocol::captions`).

mod actions;
mod form;
pub mod pages;

pub use actions::{SetError, set};

use super::{Revision, media_uses, sql};
use crate::access::policy::Audience;
use crate::access::{Viewer, policy};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::text_enum;
use crate::time_id::{RevisionId, VideoId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use transcoder_protocol::captions::{self, Cue};
use web::compose::CaptionsState;
use web::media::CaptionLine;

text_enum! {
    pub enum Language { Japanese = "ja", English = "en" }
}

impl From<Language> for web::CaptionLanguage {
    fn from(language: Language) -> Self {
        match language {
            Language::Japanese => Self::Japanese,
            Language::English => Self::English,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captions {
    pub language: Language,
    /// What they were written for.
    pub video: VideoId,
    /// WebVTT as our writer makes it, with one cue at least.
    pub track: String,
}

impl Captions {
    pub fn cues(&self) -> Vec<Cue> {
        captions::read_written(&self.track)
    }

    /// Their words alone, for the search.
    pub fn plain(&self) -> String {
        captions::plain(&self.cues())
    }

    /// Stands for exactly these captions: 16 hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let video = self.video.to_string();
        for part in [self.language.name(), video.as_str(), self.track.as_str()] {
            hash.update(part);
            hash.update([0]);
        }
        hex::encode(&hash.finalize()[..8])
    }

    /// As it is stored.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What a form must show to be saved over these: nothing where there are none.
fn fingerprint(captions: Option<&Captions>) -> String {
    captions.map(Captions::fingerprint).unwrap_or_default()
}

/// What the posting page says of a revision's captions.
pub fn state(revision: &Revision) -> CaptionsState {
    match (&revision.captions, revision.shown_captions()) {
        (None, _) => CaptionsState::Missing,
        (Some(_), None) => CaptionsState::ForAnother,
        (Some(_), Some(shown)) => {
            CaptionsState::Written(u32::try_from(shown.cues().len()).unwrap_or(u32::MAX))
        }
    }
}

/// The captions of a revision that have this fingerprint, and who may be given them: whoever may see that revision.
pub async fn shown_to(
    db: &Db,
    viewer: &Viewer,
    revision: &str,
    fingerprint: &str,
) -> Result<(Captions, Audience)> {
    let id: RevisionId = revision.parse().map_err(|_| Error::NotFound)?;
    let revision = sql::revision(db, id).await?.ok_or(Error::NotFound)?;
    let post = sql::find(db, revision.post_id).await?.ok_or(Error::NotFound)?;
    let captions =
        revision.shown_captions().filter(|captions| captions.fingerprint() == fingerprint).cloned();
    let author = post.author_id;
    let audience = policy::media_audience(viewer, author, media_uses(&[(post, revision)]))?;
    Ok((captions.ok_or(Error::NotFound)?, audience))
}

/// A revision's captions as pages show them.
pub fn of_player(revision: &Revision) -> Option<web::media::Captions> {
    let captions = revision.shown_captions()?;
    let fingerprint = captions.fingerprint();
    Some(web::media::Captions {
        url: format!("/media/captions/{}/{fingerprint}.vtt", revision.id),
        name: format!("{}-{fingerprint}", revision.id),
        language: captions.language.into(),
        lines: captions
            .cues()
            .into_iter()
            .map(|cue| CaptionLine { start_ms: cue.start_ms, text: cue.text, is_new: false })
            .collect(),
    })
}
