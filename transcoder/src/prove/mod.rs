//! Proof, before a task is done, that its files say nothing but what was meant: each is parsed again, by code that had no part
//! in writing it, and everything in it has to be on a list. Where and when and with what something was filmed is on none.

mod images;
mod mp4;

use crate::refusal::{OrRefuse, Refusal, Result};
use std::fs::{self, File};
use std::path::Path;
use transcoder_protocol::Failure;

/// Proves each of these files of a folder, by what its extension promises. Refuses with `Tainted`.
pub fn files<'a>(folder: &Path, names: impl IntoIterator<Item = &'a str>) -> Result<()> {
    for name in names {
        let path = folder.join(name);
        let read = || fs::read(&path).or_refuse(Failure::Crashed, "reading an output back");
        let proof = match path.extension().and_then(|extension| extension.to_str()) {
            Some("jpg") => images::jpeg(&read()?),
            Some("webp") => images::webp(&read()?),
            Some("mp4") => {
                mp4::file(&File::open(&path).or_refuse(Failure::Crashed, "opening an output")?)
            }
            _ => Err("a kind of file that we do not make".into()),
        };
        proof.map_err(|found| Refusal::new(Failure::Tainted, format!("{name}: {found}")))?;
    }
    Ok(())
}
