//! What a file is, by its first bytes.

use super::jxl::is_jxl;
use crate::refusal::{Refusal, Result};
use transcoder_protocol::Failure;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Jpeg,
    Png,
    Gif,
    WebP,
    /// HEIC, HEIF and AVIF: boxes after ISO/IEC 14496-12.
    Heif,
    Jxl,
}

/// Brands of `ftyp` that promise a still picture (ISO/IEC 23008-12, AVIF 1.1).
const STILL_BRANDS: [&[u8; 4]; 9] =
    [b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", b"miaf", b"avif", b"avio"];

/// And those of sequences of pictures, which need not have a still beside them.
const SEQUENCE_BRANDS: [&[u8; 4]; 6] = [b"hevc", b"hevx", b"hevm", b"hevs", b"msf1", b"avis"];

impl Format {
    /// Refuses with `Empty` or `UnknownFormat`.
    pub fn of(bytes: &[u8]) -> Result<Self> {
        match bytes {
            [] => Err(Refusal::new(Failure::Empty, "no bytes")),
            [0xff, 0xd8, 0xff, ..] => Ok(Self::Jpeg),
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Ok(Self::Png),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Self::WebP),
            _ if is_heif(bytes) => Ok(Self::Heif),
            _ if is_jxl(bytes) => Ok(Self::Jxl),
            _ => {
                let start = &bytes[..bytes.len().min(12)];
                Err(Refusal::new(Failure::UnknownFormat, format!("starts with {start:02x?}")))
            }
        }
    }
}

fn is_heif(bytes: &[u8]) -> bool {
    let Some((&length, rest)) = bytes.split_first_chunk::<4>() else { return false };
    let Some(brands) = rest.strip_prefix(b"ftyp") else { return false };
    let brands =
        &brands[..brands.len().min((u32::from_be_bytes(length) as usize).saturating_sub(8))];
    // Major brand, version (which no brand equals), compatible brands.
    let ours = || STILL_BRANDS.iter().chain(&SEQUENCE_BRANDS);
    brands.chunks_exact(4).any(|brand| ours().any(|our| brand == *our))
}
