//! A small AVI 1.0 writer: JPEG frames and 16-bit mono sound, interleaved frame by frame, with an index.

/// What every frame and the sound have in common.
pub struct Format {
    pub width: u32,
    pub height: u32,
    pub frame_rate: u32,
    pub sample_rate: u32,
}

const HAS_INDEX: u32 = 0x10;
const IS_INTERLEAVED: u32 = 0x100;
const KEYFRAME: u32 = 0x10;
const BYTES_PER_SAMPLE: u32 = 2;

/// `frames` are JPEG files of the format's size. Sound is cut or left off at the last frame. The whole must stay below 4 GiB.
pub fn file(format: &Format, frames: &[Vec<u8>], sound: &[i16]) -> Vec<u8> {
    let per_frame = (format.sample_rate / format.frame_rate) as usize;
    let mut sound = sound.chunks(per_frame);
    let mut movie = b"movi".to_vec();
    let mut index = Vec::new();
    let mut samples = 0;
    for frame in frames {
        append(&mut movie, &mut index, b"00dc", frame);
        if let Some(sound) = sound.next() {
            samples += sound.len() as u32;
            let bytes: Vec<u8> = sound.iter().flat_map(|sample| sample.to_le_bytes()).collect();
            append(&mut movie, &mut index, b"01wb", &bytes);
        }
    }
    let longest = frames.iter().map(Vec::len).max().unwrap_or(0) as u32;
    let mut body = b"AVI ".to_vec();
    body.extend(chunk(b"LIST", &headers(format, frames.len() as u32, samples, longest)));
    body.extend(chunk(b"LIST", &movie));
    body.extend(chunk(b"idx1", &index));
    chunk(b"RIFF", &body)
}

/// Appends a chunk and its index entry, whose offset counts from the list's type.
fn append(movie: &mut Vec<u8>, index: &mut Vec<u8>, id: &[u8; 4], data: &[u8]) {
    index.extend(id);
    index.extend(words(&[KEYFRAME, movie.len() as u32, data.len() as u32]));
    movie.extend(chunk(id, data));
}

fn headers(format: &Format, frames: u32, samples: u32, longest: u32) -> Vec<u8> {
    let Format { width, height, frame_rate, sample_rate } = *format;
    let byte_rate = sample_rate * BYTES_PER_SAMPLE;
    let mut list = b"hdrl".to_vec();
    let main = [
        1_000_000 / frame_rate,
        longest * frame_rate + byte_rate,
        0,
        HAS_INDEX | IS_INTERLEAVED,
        frames,
        0,
        2,
        longest,
        width,
        height,
        0,
        0,
        0,
        0,
    ];
    list.extend(chunk(b"avih", &words(&main)));

    let mut video = b"strl".to_vec();
    let mut header = b"vidsMJPG".to_vec();
    header.extend(words(&[0, 0, 0, 1, frame_rate, 0, frames, longest, u32::MAX, 0]));
    header.extend(words(&[0, width | height << 16]));
    video.extend(chunk(b"strh", &header));
    // BITMAPINFOHEADER: one plane of 24 bits.
    let mut bitmap = words(&[40, width, height, 1 | 24 << 16]);
    bitmap.extend(b"MJPG");
    bitmap.extend(words(&[width * height * 3, 0, 0, 0, 0]));
    video.extend(chunk(b"strf", &bitmap));
    list.extend(chunk(b"LIST", &video));

    let mut audio = b"strl".to_vec();
    let mut header = b"auds\0\0\0\0".to_vec();
    header.extend(words(&[0, 0, 0, BYTES_PER_SAMPLE, byte_rate, 0, samples, byte_rate, u32::MAX]));
    header.extend(words(&[BYTES_PER_SAMPLE, 0, 0]));
    audio.extend(chunk(b"strh", &header));
    // WAVEFORMAT: PCM, one channel, 16 bits.
    audio.extend(chunk(
        b"strf",
        &words(&[1 | 1 << 16, sample_rate, byte_rate, BYTES_PER_SAMPLE | 16 << 16]),
    ));
    list.extend(chunk(b"LIST", &audio));
    list
}

/// Identifier, length, data, and a byte that makes the length even.
fn chunk(id: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut chunk = Vec::with_capacity(data.len() + 9);
    chunk.extend(id);
    chunk.extend((data.len() as u32).to_le_bytes());
    chunk.extend(data);
    if data.len() % 2 == 1 {
        chunk.push(0);
    }
    chunk
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
