//! Files made byte by byte, that no tool would make, and chance that can be repeated: for the tests of the site and for the
//! transcoder's own, which know nothing of each other.

/// A PNG that says how large it is, and ends.
pub fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    // 8 bits each of red, green and blue.
    header.extend([8, 2, 0, 0, 0]);
    for chunk in [&header[..], b"IDAT", b"IEND"] {
        png.extend((chunk.len() as u32 - 4).to_be_bytes());
        png.extend(chunk);
        png.extend(crc32(chunk).to_be_bytes());
    }
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// An AVI whose only track carries a subtitle file, which some players hand on to whatever demuxer recognises it.
pub fn avi_with_subtitles(subtitles: &[u8]) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], content: &[u8]| {
        let mut chunk = kind.to_vec();
        chunk.extend((content.len() as u32).to_le_bytes());
        chunk.extend(content);
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    };
    let list =
        |kind: &[u8; 4], content: Vec<u8>| chunk(b"LIST", &[kind.as_slice(), &content].concat());
    let mut header = [0; 56];
    header[24] = 1;
    let mut stream = [0; 56];
    stream[..4].copy_from_slice(b"txts");
    stream[20] = 1;
    stream[24] = 1;
    let tracks = list(b"strl", [chunk(b"strh", &stream), chunk(b"strf", &[])].concat());
    let name = [b'x', 0, 0, 0];
    let mut text = b"GAB2\0\x02\0".to_vec();
    text.extend((name.len() as u32).to_le_bytes());
    text.extend(name);
    text.extend([4, 0]);
    text.extend((subtitles.len() as u32).to_le_bytes());
    text.extend(subtitles);
    let movie = list(b"movi", chunk(b"00tx", &text));
    let head = list(b"hdrl", [chunk(b"avih", &header), tracks].concat());
    chunk(b"RIFF", &[b"AVI ".as_slice(), &head, &movie].concat())
}

/// Repeatable chance (SplitMix64), from any number on.
pub struct Chance(pub u64);

impl Chance {
    /// Any number under `end`, which is above 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}
