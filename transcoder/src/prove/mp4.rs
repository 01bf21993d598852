//! Proof that an MP4 holds one film and nothing else: only the boxes that we mean to write, without dates and names, and in
//! them only samples that the tables account for. Of H.264, messages beside the picture (SEI) may carry anything, so only
//! what decoding needs is allowed, and the encoder's note about its settings.

mod picture;
#[cfg(test)]
mod tests;

use picture::picture;
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;

type Proof<T = ()> = Result<T, String>;

/// No `moov` or fragment of ours comes near it.
const MAX_BOX_BYTES: u64 = 256 << 20;

/// The names that libav gives its tracks.
const HANDLERS: [&[u8]; 2] =
    [b"vide\0\0\0\0\0\0\0\0\0\0\0\0VideoHandler\0", b"soun\0\0\0\0\0\0\0\0\0\0\0\0SoundHandler\0"];

pub fn file(file: &File) -> Proof {
    let end = file.metadata().map_err(|error| error.to_string())?.len();
    let mut tracks = None;
    let mut fragment: Option<Vec<u8>> = None;
    let mut at = 0;
    while at < end {
        if end - at < 8 {
            return Err("bytes that fill no box".into());
        }
        let head = read(file, at, 8)?;
        let size = u64::from(be32(&head, 0)?);
        let kind: [u8; 4] = head[4..].try_into().map_err(|_| "a box without a name")?;
        if size < 8 || at + size > end || size > MAX_BOX_BYTES {
            return Err(format!("a box {} of {size} bytes", name(&kind)));
        }
        let content = read(file, at + 8, size - 8)?;
        match (&kind, &tracks, &mut fragment) {
            (b"ftyp", None, None) if at == 0 => {}
            (b"moov", None, None) => tracks = Some(movie(&content)?),
            (b"free", Some(_), None) if content.iter().all(|&byte| byte == 0) => {}
            (b"sidx", Some(_), None) => {}
            (b"moof", Some(_), None) => fragment = Some(content),
            (b"mdat", Some(tracks), Some(moof)) => {
                samples(tracks, moof, &content)?;
                fragment = None;
            }
            _ => return Err(format!("a box {} where none may be", name(&kind))),
        }
        at += size;
    }
    if tracks.is_none() || fragment.is_some() { Err("cut short".into()) } else { Ok(()) }
}

/// By track id, whether it is the picture.
type Tracks = BTreeMap<u32, bool>;

fn movie(moov: &[u8]) -> Proof<Tracks> {
    let mut tracks = Tracks::new();
    for each in boxes(moov) {
        let (kind, content) = each?;
        match &kind {
            b"mvhd" => undated(content)?,
            b"trak" => {
                let mut track = Track::default();
                track_box(content, &mut track)?;
                tracks.insert(track.id, track.is_picture);
            }
            b"mvex" => {
                for each in boxes(content) {
                    let (kind, _) = each?;
                    if !matches!(&kind, b"mehd" | b"trex") {
                        return Err(format!("a box {} in mvex", name(&kind)));
                    }
                }
            }
            _ => return Err(format!("a box {} in moov", name(&kind))),
        }
    }
    Ok(tracks)
}

#[derive(Default)]
struct Track {
    id: u32,
    is_picture: bool,
}

fn track_box(content: &[u8], track: &mut Track) -> Proof {
    for each in boxes(content) {
        let (kind, content) = each?;
        match &kind {
            b"edts" | b"mdia" | b"minf" | b"dinf" | b"stbl" => track_box(content, track)?,
            b"tkhd" => {
                undated(content)?;
                track.id = be32(content, if content[0] == 1 { 20 } else { 12 })?;
            }
            b"mdhd" => undated(content)?,
            b"hdlr" => {
                let handler = content.get(8..).ok_or("an empty hdlr")?;
                if !HANDLERS.contains(&handler) {
                    return Err(format!("a handler {}", String::from_utf8_lossy(handler)));
                }
                track.is_picture = handler.starts_with(b"vide");
            }
            b"dref" => {
                // One entry: the samples are in this file.
                if content != b"\0\0\0\0\0\0\0\x01\0\0\0\x0curl \0\0\0\x01" {
                    return Err("a reference to elsewhere".into());
                }
            }
            b"stsd" => sample_description(content.get(8..).ok_or("an empty stsd")?)?,
            b"elst" | b"vmhd" | b"smhd" | b"stts" | b"stsc" | b"stsz" | b"stco" => {}
            _ => return Err(format!("a box {} in a track", name(&kind))),
        }
    }
    Ok(())
}

/// ISO/IEC 14496-12, 8.5.2: fixed fields, then boxes.
fn sample_description(entries: &[u8]) -> Proof {
    for each in boxes(entries) {
        let (kind, content) = each?;
        let fixed = match &kind {
            b"avc1" => {
                let compressor = content.get(42..74).ok_or("a short avc1")?;
                if compressor.iter().any(|&byte| byte != 0) {
                    return Err("a compressor's name".into());
                }
                78
            }
            b"mp4a" => 28,
            _ => return Err(format!("samples of kind {}", name(&kind))),
        };
        for each in boxes(content.get(fixed..).ok_or("a short sample entry")?) {
            let (kind, content) = each?;
            match &kind {
                b"avcC" if content.get(4).is_some_and(|byte| byte & 3 == 3) => {}
                b"esds" | b"colr" | b"pasp" | b"btrt" => {}
                _ => return Err(format!("a box {} in a sample entry", name(&kind))),
            }
        }
    }
    Ok(())
}

/// Version, flags, then the times of creation and of the last change.
fn undated(content: &[u8]) -> Proof {
    let times = if content.first() == Some(&1) { 4..20 } else { 4..12 };
    match content.get(times).ok_or("a short header")?.iter().all(|&byte| byte == 0) {
        true => Ok(()),
        false => Err("a date".into()),
    }
}

/// That the fragment's tables account for every byte of its data, and that the picture's samples are pictures.
fn samples(tracks: &Tracks, moof: &[u8], mdat: &[u8]) -> Proof {
    let mut accounted = 0;
    for each in boxes(moof) {
        let (kind, content) = each?;
        match &kind {
            b"mfhd" => {}
            b"traf" => accounted += track_fragment(tracks, content, moof.len() + 8, mdat)?,
            _ => return Err(format!("a box {} in moof", name(&kind))),
        }
    }
    match accounted == mdat.len() {
        true => Ok(()),
        false => Err(format!("{} bytes of data, {accounted} of samples", mdat.len())),
    }
}

/// Returns the samples' bytes.
fn track_fragment(tracks: &Tracks, traf: &[u8], moof_bytes: usize, mdat: &[u8]) -> Proof<usize> {
    let mut is_picture = false;
    let mut usual_size = 0;
    let mut accounted = 0;
    for each in boxes(traf) {
        let (kind, content) = each?;
        match &kind {
            b"tfhd" => {
                let flags = be32(content, 0)? & 0x00ff_ffff;
                is_picture = *tracks.get(&be32(content, 4)?).ok_or("an unknown track")?;
                if flags & 0x1 != 0 {
                    return Err("a fragment of another place".into());
                }
                let before = [0x2, 0x8].iter().filter(|&&flag| flags & flag != 0).count();
                if flags & 0x10 != 0 {
                    usual_size = be32(content, 8 + 4 * before)? as usize;
                }
            }
            b"tfdt" => {}
            b"trun" => accounted += run(content, usual_size, is_picture, moof_bytes, mdat)?,
            _ => return Err(format!("a box {} in traf", name(&kind))),
        }
    }
    Ok(accounted)
}

fn run(
    trun: &[u8],
    usual_size: usize,
    is_picture: bool,
    moof_bytes: usize,
    mdat: &[u8],
) -> Proof<usize> {
    let flags = be32(trun, 0)?;
    let count = be32(trun, 4)? as usize;
    if flags & 0x1 == 0 {
        return Err("samples without a place".into());
    }
    // Counted from the start of `moof`; the data begins behind the header of `mdat`.
    let start = (be32(trun, 8)? as usize)
        .checked_sub(moof_bytes + 8)
        .ok_or("samples outside of their data")?;
    let first = 12 + if flags & 0x4 != 0 { 4 } else { 0 };
    let fields = [0x100, 0x200, 0x400, 0x800].map(|flag| usize::from(flags & flag != 0));
    let bytes_each: usize = 4 * fields.iter().sum::<usize>();
    let mut at = start;
    for sample in 0..count {
        let size = match fields[1] {
            1 => be32(trun, first + sample * bytes_each + 4 * fields[0])? as usize,
            _ => usual_size,
        };
        let bytes = at.checked_add(size).and_then(|end| mdat.get(at..end));
        let bytes = bytes.ok_or("samples outside of their data")?;
        if is_picture {
            picture(bytes)?;
        }
        at += size;
    }
    Ok(at - start)
}

fn read(file: &File, at: u64, bytes: u64) -> Proof<Vec<u8>> {
    let mut buffer = vec![0; bytes as usize];
    file.read_exact_at(&mut buffer, at).map_err(|error| error.to_string())?;
    Ok(buffer)
}

fn be32(bytes: &[u8], at: usize) -> Proof<u32> {
    let four = bytes.get(at..).and_then(|rest| rest.first_chunk());
    Ok(u32::from_be_bytes(*four.ok_or("a box is cut short")?))
}

fn name(kind: &[u8; 4]) -> String {
    kind.escape_ascii().to_string()
}

/// The boxes of one level, which fill it.
fn boxes(mut rest: &[u8]) -> impl Iterator<Item = Proof<([u8; 4], &[u8])>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let found = be32(rest, 0).and_then(|size| {
            let kind = rest.get(4..).and_then(|rest| rest.first_chunk());
            let content = rest.get(8..size as usize);
            Ok((*kind.ok_or("a box is cut short")?, content.ok_or("a box is cut short")?))
        });
        rest = match &found {
            Ok((_, content)) => &rest[8 + content.len()..],
            Err(_) => &[],
        };
        Some(found)
    })
}
