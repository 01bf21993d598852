//! Where photos, videos and uploads are kept: a folder on this machine, or a bucket of an
//! S3-compatible store.
//!
//! [`Store`] is the one way in; [`keys`] names every object there is; [`serve`] answers HTTP
//! requests with an object's bytes. Two things hold everywhere:
//!
//! - An object appears whole or not at all, and outlives a power cut once a call has returned.
//! - No call holds a whole file in memory.
//!
//! Not here: who may see an object (the caller asks `policy` first), what an object means (the
//! features' tables). The database is the truth about how much of an upload is there; the store only
//! promises to forget whatever goes beyond it. [`upload`] is the tus server over the two, [`allowance`] how much
//! one member may send, [`browsers`] what pages may read of a bucket.

pub mod allowance;
pub mod browsers;
mod folder;
pub mod keys;
pub mod operator;
mod s3;
pub mod serve;
mod store;
pub mod upload;
mod work;

pub use keys::{InvalidKey, Key, Prefix};
pub use s3::S3Config;
pub use store::{Appender, MediaError, Object, ReadBody, Result, Store, UploadHandle};
/// How long a photo or video that nothing shows any more is kept: a form that is still open may bring it back.
pub const UNUSED_FOR: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

pub use work::{WorkFolder, WorkRoot};
