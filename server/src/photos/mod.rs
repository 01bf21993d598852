//! Photos: taken in as they come from a phone, shown upright, in several widths, without any metadata.
//!
//! States: `processing → ready | failed`. The bytes as sent (`photos/{id}/source`) are deleted once it is ready; nobody is ever
//! served them. A generation's files never change.
//!
//! Not here: which post shows a photo (`posts`), how it is decoded (the transcoder).

mod sql;

pub use sql::{find, find_many};

use crate::text_enum;
use crate::time_id::{AccountId, PhotoId};

text_enum! {
    pub enum PhotoState { Processing = "processing", Ready = "ready", Failed = "failed" }
}

#[derive(Clone, Debug)]
pub struct Photo {
    pub id: PhotoId,
    pub owner_id: AccountId,
    pub state: PhotoState,
    /// A `transcoder_protocol::Failure` name, when failed.
    pub failure: Option<String>,
    pub generation: i64,
    /// Of the widest file, upright; 0 until ready.
    pub width: u32,
    pub height: u32,
    /// Ascending; empty until ready.
    pub widths: Vec<u32>,
    /// `#rrggbb`.
    pub colour: Option<String>,
}
