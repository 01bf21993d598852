//! Step 14: slow motion, which is a second video of the same upload.

use super::super::tables::Videos;
use super::{Step, integer, optional_integer};
use sea_query::Index;

pub(super) fn steps() -> Vec<Step> {
    let mut of_upload = Index::create().name("videos_of_upload_by_motion").unique().take();
    of_upload.table(Videos::Table).col(Videos::UploadId).col(Videos::IsSlow);
    vec![
        Step::column(Videos::Table, integer(Videos::IsSlow).default(0).take()),
        // How many times as long as it was filmed it is then.
        Step::column(Videos::Table, optional_integer(Videos::SlowFactor)),
        Step::Index(of_upload),
        Step::DropIndex(Index::drop().name("videos_of_upload").table(Videos::Table).to_owned()),
    ]
}
