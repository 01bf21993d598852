use super::*;

/// Writes a parameter set bit by bit.
#[derive(Default)]
struct Writer(Vec<bool>);

impl Writer {
    fn put(mut self, count: u32, value: u32) -> Self {
        self.0.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
        self
    }

    fn golomb(self, value: u32) -> Self {
        let length = 32 - (value + 1).leading_zeros();
        self.put(length - 1, 0).put(length, value + 1)
    }

    fn golombs(self, values: &[u32]) -> Self {
        values.iter().fold(self, |writer, &value| writer.golomb(value))
    }

    fn unit(self) -> Vec<u8> {
        let mut bytes: Vec<u8> = Vec::new();
        for byte in self.put(1, 1).0.chunks(8) {
            let byte =
                byte.iter().fold(0, |value, &bit| value << 1 | u8::from(bit)) << (8 - byte.len());
            if byte <= 3 && bytes.ends_with(&[0, 0]) {
                bytes.push(3);
            }
            bytes.push(byte);
        }
        bytes
    }
}

/// High profile, level 3.1, 8 bits 4:2:0, 1280×720 cropped from 1280×720 plus one row of macroblocks less 16 lines.
fn high(after_crop: impl FnOnce(Writer) -> Writer) -> Vec<u8> {
    let set = Writer::default()
        .put(8, 0x67)
        .put(8, 100)
        .put(8, 0)
        .put(8, 31)
        .golombs(&[0, 1, 0, 0])
        .put(1, 0)
        .put(1, 0) // no scaling lists
        .golombs(&[4, 0, 4, 3])
        .put(1, 0)
        .golombs(&[79, 45])
        .put(1, 1) // progressive
        .put(1, 1)
        .put(1, 1) // cropped
        .golombs(&[0, 0, 0, 8]);
    after_crop(set).unit()
}

#[test]
fn size_and_profile_are_read() {
    let sequence = Sequence::parse(&high(|set| set.put(1, 0))).unwrap();
    assert_eq!((sequence.profile, sequence.constraints, sequence.level), (100, 0, 31));
    assert_eq!((sequence.width, sequence.height), (1280, 720));
    assert_eq!((sequence.chroma_format, sequence.bit_depths), (1, [8, 8]));
    assert!(sequence.is_progressive && !sequence.is_full_range);
    assert_eq!((sequence.pixel_aspect, sequence.colours), (None, None));
}

#[test]
fn shape_range_and_colours_are_read() {
    let described = high(|set| {
        set.put(1, 1)
            .put(1, 1)
            .put(8, 255)
            .put(16, 4)
            .put(16, 3)
            .put(1, 0)
            .put(1, 1)
            .put(3, 5)
            .put(1, 1)
            .put(1, 1)
            .put(8, 1)
            .put(8, 13)
            .put(8, 1)
    });
    let sequence = Sequence::parse(&described).unwrap();
    assert_eq!(sequence.pixel_aspect, Some((4, 3)));
    assert!(sequence.is_full_range);
    assert_eq!(sequence.colours, Some([1, 13, 1]));
}

#[test]
fn fields_double_the_height() {
    let baseline = Writer::default().put(8, 0x67).put(8, 77).put(8, 0x40).put(8, 30);
    let fields = baseline
        .golombs(&[0, 0, 2, 1])
        .put(1, 0)
        .golombs(&[44, 17])
        .put(1, 0) // fields
        .put(1, 1)
        .put(1, 1)
        .put(1, 0)
        .put(1, 0)
        .unit();
    let sequence = Sequence::parse(&fields).unwrap();
    assert!(!sequence.is_progressive);
    assert_eq!((sequence.width, sequence.height), (720, 576));
}

#[test]
fn slice_groups_are_counted() {
    let set = |groups| Writer::default().put(8, 0x68).golombs(&[0, 0]).put(2, 0).golomb(groups);
    assert_eq!(slice_groups(&set(0).unit()), Some(1));
    assert_eq!(slice_groups(&set(1).unit()), Some(2));
}

#[test]
fn any_bytes_are_survived() {
    let whole = high(|set| set.put(1, 0));
    for length in 0..whole.len() {
        let _ = Sequence::parse(&whole[..length]);
    }
    let mut state = 1u32;
    for _ in 0..20_000 {
        let noise: Vec<u8> = (0..24)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // Many zeros, so that long codes occur.
                (state >> 24) as u8 & (state >> 16) as u8
            })
            .collect();
        let _ = Sequence::parse(&[&whole[..4], &noise].concat());
        let _ = slice_groups(&noise);
    }
}
