//! The first picture of a sequence that has no still beside it (bursts and moving AVIFs as ISO/IEC 23008-12, 7, has them: a track, as films
//! have). What moves further is not shown.

use super::boxes::{Numbers, boxes, find};
use super::colours::Cicp;
use super::heif::{Codec, Coded};
use crate::refusal::{Refusal, Result};
use transcoder_protocol::Failure;

/// Bytes of a visual sample entry before its boxes (ISO/IEC 14496-12, 12.1.3).
const SAMPLE_ENTRY_BYTES: usize = 78;

/// The picture, and how its track is turned and what else is told of it is not looked at. Refuses with `Damaged` or `UnsupportedCodec`.
pub fn first(file: &[u8]) -> Result<Coded<'_>> {
    let damaged = |what: &str| Refusal::new(Failure::Damaged, what);
    let movie = find(file, b"moov").ok_or_else(|| damaged("neither a still nor a sequence"))?;
    let tables = boxes(movie)
        .filter(|(kind, _)| kind == b"trak")
        .filter_map(|(_, track)| {
            let media = find(track, b"mdia")?;
            // Pictures, and not the masks that lie over them.
            let handler = find(media, b"hdlr")?.get(8..12)?;
            let is_shown = matches!(handler, b"pict" | b"vide");
            find(find(media, b"minf")?, b"stbl").filter(|_| is_shown)
        })
        .next()
        .ok_or_else(|| damaged("a sequence without pictures"))?;
    let (kind, entry) = find(tables, b"stsd")
        .and_then(|entries| boxes(entries.get(8..)?).next())
        .ok_or_else(|| damaged("a sequence that does not say how it is coded"))?;
    let codec = Codec::of(kind).ok_or_else(|| {
        let kind = String::from_utf8_lossy(&kind).into_owned();
        Refusal::new(Failure::UnsupportedCodec, format!("a sequence of {kind:?}"))
    })?;
    let entry = entry.get(SAMPLE_ENTRY_BYTES..).unwrap_or_default();
    let setup = find(entry, codec.setup_box())
        .ok_or_else(|| damaged("a sequence that does not say how it is coded"))?;
    let data = first_sample(file, tables).ok_or_else(|| damaged("a sequence cut short"))?;
    let cicp =
        boxes(entry).filter(|(kind, _)| kind == b"colr").find_map(|(_, colr)| Cicp::of(colr));
    Ok(Coded { codec, setup, data: data.into(), cicp })
}

fn first_sample<'a>(file: &'a [u8], tables: &[u8]) -> Option<&'a [u8]> {
    let mut sizes = Numbers(find(tables, b"stsz")?);
    sizes.version()?;
    let (same, count) = (sizes.u32()?, sizes.u32()?);
    let size = match same {
        0 if count > 0 => sizes.u32()?,
        same => same,
    };
    let offset = match find(tables, b"stco") {
        Some(offsets) => Numbers(offsets.get(8..)?).uint(4)?,
        None => Numbers(find(tables, b"co64")?.get(8..)?).uint(8)?,
    };
    file.get(usize::try_from(offset).ok()?..)?.get(..size as usize).filter(|data| !data.is_empty())
}
