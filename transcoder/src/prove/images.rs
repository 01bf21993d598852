//! Proof that a written picture holds pixels and nothing else: no EXIF, XMP, IPTC, ICC profile, comment, thumbnail or
//! trailing bytes. It is an allow-list over every byte outside the compressed pixels, so that it also
//! holds for kinds of metadata nobody thought of.

/// Segments after ITU-T T.81: frame, tables, scans; and the JFIF header, without a thumbnail.
pub fn jpeg(bytes: &[u8]) -> Result<(), String> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8]).ok_or("no start of image")?;
    loop {
        let (&[0xff, marker], after) = rest.split_first_chunk::<2>().ok_or("cut short")? else {
            return Err("no marker where one must be".into());
        };
        if marker == 0xd9 {
            return if after.is_empty() {
                Ok(())
            } else {
                Err(format!("{} bytes after the end", after.len()))
            };
        }
        let (&length, _) = after.split_first_chunk::<2>().ok_or("cut short")?;
        let length = usize::from(u16::from_be_bytes(length));
        let (segment, after) = after.split_at_checked(length).ok_or("a segment is cut short")?;
        rest = after;
        match marker {
            // Length, "JFIF\0", version, density; thumbnail of 0 × 0.
            0xe0 if length == 16
                && segment[2..].starts_with(b"JFIF\0")
                && segment[14..] == [0, 0] => {}
            // Frames, Huffman and quantisation tables, restart interval.
            0xc0..=0xc2 | 0xc4 | 0xdb | 0xdd => {}
            0xda => rest = &after[scan_length(after)..],
            _ => return Err(format!("a segment ff{marker:02x} of {length} bytes")),
        }
    }
}

/// Bytes up to the next marker that is no restart.
fn scan_length(scan: &[u8]) -> usize {
    scan.windows(2)
        .position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7))
        .unwrap_or(scan.len())
}

/// Chunks after RFC 9649: the picture, its transparency, and an extended header that promises no more than these.
pub fn webp(bytes: &[u8]) -> Result<(), String> {
    let (riff, mut rest) = bytes.split_first_chunk::<12>().ok_or("cut short")?;
    if &riff[..4] != b"RIFF" || &riff[8..] != b"WEBP" {
        return Err("not WebP".into());
    }
    let said = u32::from_le_bytes([riff[4], riff[5], riff[6], riff[7]]) as usize;
    if said + 8 != bytes.len() {
        return Err(format!("{} bytes, but its header says {}", bytes.len(), said + 8));
    }
    let mut pictures = 0;
    while let Some((header, after)) = rest.split_first_chunk::<8>() {
        let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        let (chunk, after) = after.split_at_checked(length).ok_or("a chunk is cut short")?;
        match &header[..4] {
            b"VP8 " | b"VP8L" => pictures += 1,
            b"ALPH" => {}
            // Flags: only transparency (0x10), not ICC (0x20), EXIF (0x08), XMP (0x04) or animation (0x02).
            b"VP8X" if length == 10 && chunk[0] & !0x10 == 0 => {}
            name => {
                return Err(format!(
                    "a chunk {:?} of {length} bytes",
                    String::from_utf8_lossy(name)
                ));
            }
        }
        // Chunks are padded to an even length.
        rest = after.get(length % 2..).ok_or("a chunk's padding is missing")?;
    }
    match (rest.is_empty(), pictures) {
        (true, 1) => Ok(()),
        (true, n) => Err(format!("{n} pictures")),
        (false, _) => Err(format!("{} bytes after the end", rest.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::webp::WebPEncoder;
    use image::{ExtendedColorType, ImageEncoder};
    use jpeg_encoder::{ColorType, Encoder};

    const PIXELS: [u8; 16 * 16 * 3] = [90; 16 * 16 * 3];

    fn jpeg_with(prepare: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 80);
        prepare(&mut encoder);
        encoder.encode(&PIXELS, 16, 16, ColorType::Rgb).unwrap();
        bytes
    }

    fn webp_with(prepare: impl FnOnce(&mut WebPEncoder<&mut Vec<u8>>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = WebPEncoder::new_lossless(&mut bytes);
        prepare(&mut encoder);
        encoder.write_image(&PIXELS, 16, 16, ExtendedColorType::Rgb8).unwrap();
        bytes
    }

    fn with_segment(mut jpeg: Vec<u8>, marker: u8, content: &[u8]) -> Vec<u8> {
        let mut segment = vec![0xff, marker];
        segment.extend((content.len() as u16 + 2).to_be_bytes());
        segment.extend(content);
        jpeg.splice(2..2, segment);
        jpeg
    }

    #[test]
    fn a_plain_picture_is_proven() {
        assert_eq!(jpeg(&jpeg_with(|_| {})), Ok(()));
        assert_eq!(jpeg(&jpeg_with(|encoder| encoder.set_progressive(true))), Ok(()));
        assert_eq!(jpeg(&jpeg_with(|encoder| encoder.set_restart_interval(1))), Ok(()));
        assert_eq!(webp(&webp_with(|_| {})), Ok(()));
    }

    #[test]
    fn metadata_in_a_jpeg_is_found() {
        let plain = jpeg_with(|_| {});
        for (marker, content) in [
            (0xe1, &b"Exif\0\0II*\0"[..]),
            (0xe1, b"http://ns.adobe.com/xap/1.0/\0<x/>"),
            (0xe2, b"ICC_PROFILE\0\x01\x01"),
            (0xe2, b"MPF\0"),
            (0xed, b"Photoshop 3.0\0"),
            (0xfe, b"made at home"),
            (0xe0, b"JFXX\0\x10"),
        ] {
            assert!(jpeg(&with_segment(plain.clone(), marker, content)).is_err());
        }
        let thumbnail = b"JFIF\0\x01\x02\0\0\x01\0\x01\x01\x01";
        assert!(jpeg(&with_segment(plain.clone(), 0xe0, thumbnail)).is_err());
        assert!(jpeg(&[&plain[..], b"a film"].concat()).is_err());
        assert!(jpeg(&plain[..plain.len() - 2]).is_err());
        let late = plain.len() - 2;
        let mut after_the_scan = plain;
        after_the_scan.splice(late..late, *b"\xff\xfe\x00\x04hi");
        assert!(jpeg(&after_the_scan).is_err());
    }

    #[test]
    fn metadata_in_a_webp_is_found() {
        let exif = webp_with(|encoder| encoder.set_exif_metadata(b"II*\0".to_vec()).unwrap());
        assert!(webp(&exif).is_err());
        let profile = webp_with(|encoder| encoder.set_icc_profile(vec![1; 9]).unwrap());
        assert!(webp(&profile).is_err());

        let plain = webp_with(|_| {});
        assert!(webp(&[&plain[..], b"XMP \x02\0\0\0hi"].concat()).is_err());
        assert!(webp(&plain[..plain.len() - 2]).is_err());
    }
}
