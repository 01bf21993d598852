//! Step 8: what an author is told of the work on their video and of what became of it, and what a member has sent, newest first.

use super::super::tables::{Photos, Uploads, Videos};
use super::{Step, integer, optional_integer, optional_text};
use sea_query::Index;

pub(super) fn steps() -> Vec<Step> {
    let mut uploads = Index::create().name("uploads_of_owner_by_time").table(Uploads::Table).take();
    uploads.col(Uploads::OwnerId).col(Uploads::CreatedAt);
    let mut photos = Index::create().name("photos_of_owner_by_time").table(Photos::Table).take();
    photos.col(Photos::OwnerId).col(Photos::CreatedAt);
    let mut videos = Index::create().name("videos_of_owner").table(Videos::Table).take();
    videos.col(Videos::OwnerId).col(Videos::State);
    let columns = [
        // Of the job that works on it; 0 before the first.
        integer(Videos::Attempt).default(0).take(),
        // JSON of `videos::Pace`.
        optional_text(Videos::Pace),
        // 0/1.
        integer(Videos::HadLocation).default(0).take(),
        // How long a clip that broke off should have been.
        optional_integer(Videos::ClaimedMs),
    ];
    let mut steps: Vec<Step> =
        columns.into_iter().map(|column| Step::column(Videos::Table, column)).collect();
    let had_location = integer(Photos::HadLocation).default(0).take();
    steps.push(Step::column(Photos::Table, had_location));
    steps.extend([uploads, photos, videos].map(Step::Index));
    steps
}
