//! Videos: from a finished upload to something every phone plays.
//!
//! States: `queued → transcoding → ready | failed`, and `failed → queued` when its owner asks for another try. The source is kept,
//! never served, so that a later generation can be made from it.
//!
//! Not here: bytes on their way in (`media::upload`), the work on frames (the transcoder), which post shows a video (`posts`).

mod sql;

pub use sql::{find, find_many};

use crate::text_enum;
use crate::time_id::{AccountId, UploadId, VideoId};

text_enum! {
    pub enum VideoStatus { Queued = "queued", Transcoding = "transcoding", Ready = "ready", Failed = "failed" }
}

#[derive(Clone, Debug)]
pub struct Video {
    pub id: VideoId,
    pub owner_id: AccountId,
    pub upload_id: Option<UploadId>,
    pub state: VideoStatus,
    /// A `transcoder_protocol::Failure` name, when failed.
    pub failure: Option<String>,
    /// Thousandths done, while transcoding.
    pub progress: u16,
    pub generation: i64,
    /// 0 until ready, as are the sizes (upright, of the tallest rendition).
    pub duration_ms: u64,
    pub width: u32,
    pub height: u32,
    /// The sprite's layout, once ready.
    pub storyboard: Option<transcoder_protocol::Storyboard>,
    /// The poster's size: the file is `poster.jpg` of the generation. `None` until ready.
    pub poster: Option<transcoder_protocol::ImageFile>,
}
