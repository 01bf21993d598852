//! Files made byte by byte, that no tool would make, chance that can be repeated, and what a film shows: for the tests of the site and
//! for the transcoder's own, which know nothing of each other.

pub mod heif;
pub mod seen;

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

pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// An AVI whose only track carries a subtitle file, which some players hand on to whatever demuxer recognises it.
pub fn avi_with_subtitles(subtitles: &[u8]) -> Vec<u8> {
    let mut header = [0; 56];
    header[24] = 1;
    let mut stream = [0; 56];
    stream[..4].copy_from_slice(b"txts");
    stream[20] = 1;
    stream[24] = 1;
    let tracks = list(b"strl", &[chunk(b"strh", &stream), chunk(b"strf", &[])].concat());
    let name = [b'x', 0, 0, 0];
    let mut text = b"GAB2\0\x02\0".to_vec();
    text.extend((name.len() as u32).to_le_bytes());
    text.extend(name);
    text.extend([4, 0]);
    text.extend((subtitles.len() as u32).to_le_bytes());
    text.extend(subtitles);
    let movie = list(b"movi", &chunk(b"00tx", &text));
    let head = list(b"hdrl", &[chunk(b"avih", &header), tracks].concat());
    chunk(b"RIFF", &[b"AVI ".as_slice(), &head, &movie].concat())
}

/// A tape's stream (NTSC DV, 30000/1001 frames a second of 120,000 bytes with their sound) in an AVI as it is, which is "type 1".
pub fn type_1_avi(tape: &[u8]) -> Vec<u8> {
    const FRAME_BYTES: usize = 120_000;
    let frames = tape.chunks_exact(FRAME_BYTES);
    let numbers = |numbers: &[u32]| -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    };
    let (count, size) = (frames.len() as u32, FRAME_BYTES as u32);
    let header = numbers(&[33_367, 3_600_000, 0, 0x10, count, 0, 1, size, 720, 480, 0, 0, 0, 0]);
    let timing = numbers(&[0, 0, 0, 1001, 30_000, 0, count, size, 0, 0, 0, 720 | 480 << 16]);
    let stream = [b"iavsdvsd".as_slice(), &timing].concat();
    let tracks = list(b"strl", &[chunk(b"strh", &stream), chunk(b"strf", &[0; 32])].concat());
    let head = list(b"hdrl", &[chunk(b"avih", &header), tracks].concat());
    let index: Vec<u8> = (0..count)
        .flat_map(|n| [b"00__".to_vec(), numbers(&[0x10, 4 + n * (8 + size), size])].concat())
        .collect();
    let movie = list(b"movi", &frames.flat_map(|frame| chunk(b"00__", frame)).collect::<Vec<_>>());
    chunk(b"RIFF", &[b"AVI ".as_slice(), &head, &movie, &chunk(b"idx1", &index)].concat())
}

fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut chunk = kind.to_vec();
    chunk.extend((content.len() as u32).to_le_bytes());
    chunk.extend(content);
    chunk.resize(chunk.len().next_multiple_of(2), 0);
    chunk
}

fn list(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    chunk(b"LIST", &[kind.as_slice(), content].concat())
}

/// A sound file as early phones of au keep it: `frames` of QCELP at its full rate, 20 ms each, that hum.
pub fn qcelp(frames: u8) -> Vec<u8> {
    const FRAME_BYTES: u16 = 35;
    let mut format = vec![1, 0];
    // The GUID of QCELP, and version 2.
    format.extend(0x416d_7f5e_15b1_d011_ba91_0080_5fb4_b97e_u128.to_be_bytes());
    format.extend([2, 0]);
    let mut name = b"Qcelp 13K".to_vec();
    name.resize(80, 0);
    format.extend(name);
    // Bits a second, bytes and samples a frame, samples a second, bits a sample.
    for number in [13_000, FRAME_BYTES, 160, 8000, 16] {
        format.extend(number.to_le_bytes());
    }
    // Bytes of a frame by its rate.
    format.extend([5, 0, 0, 0, 34, 4, 16, 3, 7, 2, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    format.extend([0; 20]);
    let sound: Vec<u8> = (0..frames)
        .flat_map(|frame| {
            let bits = move |n: u8| frame.wrapping_mul(37).wrapping_add(n.wrapping_mul(11));
            std::iter::once(4).chain((0..FRAME_BYTES as u8 - 1).map(bits))
        })
        .collect();
    let rates = [8u32, 1, u32::from(frames)].map(u32::to_le_bytes).concat();
    let rates = [b"vrat".as_slice(), &rates].concat();
    let body = [b"QLCM".as_slice(), &chunk(b"fmt ", &format), &rates, &chunk(b"data", &sound)];
    chunk(b"RIFF", &body.concat())
}

/// An MPEG-TS as ffmpeg writes it, whose streams of type `from` say that they are of type `to`.
pub fn with_stream_type(ts: &[u8], from: u8, to: u8) -> Vec<u8> {
    const MAP: u16 = 0x1000;
    let mut ts = ts.to_vec();
    for packet in ts.chunks_exact_mut(188) {
        let number = u16::from_be_bytes([packet[1] & 0x1f, packet[2]]);
        if number != MAP {
            continue;
        }
        // Behind the header, and the pointer to where the section begins.
        let section = &mut packet[5..];
        let length = |at: usize, section: &[u8]| {
            usize::from(u16::from_be_bytes([section[at] & 0x0f, section[at + 1]]))
        };
        let end = 3 + length(1, section) - 4;
        let mut at = 12 + length(10, section);
        while at < end {
            if section[at] == from {
                section[at] = to;
            }
            at += 5 + length(at + 3, section);
        }
        let crc = section[..end].iter().fold(u32::MAX, |crc, &byte| {
            (0..8).fold(crc ^ (u32::from(byte) << 24), |crc, _| {
                (crc << 1) ^ (0x04c1_1db7 & (crc >> 31).wrapping_neg())
            })
        });
        section[end..end + 4].copy_from_slice(&crc.to_be_bytes());
    }
    ts
}

/// An MP4 whose first track of AAC says that it is Apple's `apac`, which nobody else reads.
pub fn with_spatial_sound(mp4: &[u8]) -> Vec<u8> {
    let mut mp4 = mp4.to_vec();
    let mut at = 0;
    // The sample entry, and then what sets its decoder up.
    for (from, to) in [(b"mp4a", b"apac"), (b"esds", b"dapa")] {
        let found = mp4[at..].windows(4).position(|name| name == from);
        at += found.expect("a track of AAC");
        mp4[at..at + 4].copy_from_slice(to);
    }
    mp4
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
