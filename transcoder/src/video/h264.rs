//! As much of H.264 (ITU-T H.264, ISO/IEC 14496-15) as copying needs: units of a stream, and what its parameter sets say. Pure; the
//! bytes are anybody's, so every read is checked, and what can't be read is `None`.

mod parameters;

pub use parameters::{Sequence, slice_groups};

/// Kinds of units.
const OTHER_SLICE: u8 = 1;
const IDR: u8 = 5;
const SEQUENCE_PARAMETERS: u8 = 7;
const PICTURE_PARAMETERS: u8 = 8;

/// How units follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A length of so many bytes before each.
    Lengths(usize),
    /// `00 00 01` before each.
    StartCodes,
}

/// The parameter sets of a stream, and how its packets are framed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    pub framing: Framing,
    pub sequences: Vec<Vec<u8>>,
    pub pictures: Vec<Vec<u8>>,
}

impl Configuration {
    /// From what containers call extradata: `avcC`, or parameter sets between start codes.
    pub fn from_extradata(bytes: &[u8]) -> Option<Self> {
        if bytes.first() != Some(&1) {
            let units = units(bytes, Framing::StartCodes)?;
            let of_kind = |kind| {
                units.iter().filter(move |unit| kind_of(unit) == kind).map(|unit| unit.to_vec())
            };
            return Some(Self {
                framing: Framing::StartCodes,
                sequences: of_kind(SEQUENCE_PARAMETERS).collect(),
                pictures: of_kind(PICTURE_PARAMETERS).collect(),
            });
        }
        let length = usize::from(bytes.get(4)? & 3) + 1;
        let mut rest = bytes.get(5..)?;
        let sequences = take_sets(&mut rest, 0x1f)?;
        let pictures = take_sets(&mut rest, 0xff)?;
        Some(Self { framing: Framing::Lengths(length), sequences, pictures })
    }

    /// `avcC`, for packets as [`picture_only`] makes them.
    pub fn to_avcc(&self) -> Option<Vec<u8>> {
        let [_, profile, constraints, level] = *self.sequences.first()?.first_chunk()?;
        let mut avcc = vec![1, profile, constraints, level, 0xff];
        // The first number has five bits, behind three that are set.
        for (sets, most, reserved) in [(&self.sequences, 31, 0xe0), (&self.pictures, 255, 0)] {
            let count = u8::try_from(sets.len()).ok().filter(|&count| count <= most)?;
            avcc.push(count | reserved);
            for set in sets {
                avcc.extend(u16::try_from(set.len()).ok()?.to_be_bytes());
                avcc.extend(set);
            }
        }
        if profile >= 100 {
            // 4:2:0, 8 bits; no extensions
            avcc.extend([0xfd, 0xf8, 0xf8, 0]);
        }
        Some(avcc)
    }

    /// Whether a unit of a packet is a parameter set that is not among these.
    fn is_changed_by(&self, unit: &[u8]) -> bool {
        let is_in = |sets: &[Vec<u8>]| sets.iter().any(|set| trimmed(set) == trimmed(unit));
        match kind_of(unit) {
            SEQUENCE_PARAMETERS => !is_in(&self.sequences),
            PICTURE_PARAMETERS => !is_in(&self.pictures),
            _ => false,
        }
    }
}

fn take_sets(rest: &mut &[u8], mask: u8) -> Option<Vec<Vec<u8>>> {
    let (count, mut bytes) = rest.split_first()?;
    let mut sets = Vec::new();
    for _ in 0..count & mask {
        let (length, following) = bytes.split_first_chunk::<2>()?;
        let (set, following) =
            following.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        sets.push(set.to_vec());
        bytes = following;
    }
    *rest = bytes;
    Some(sets)
}

/// What a packet holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketFacts {
    /// All slices are of an IDR picture: decoding can start here.
    pub is_idr: bool,
    /// Holds parameter sets other than the stream's.
    pub changes_parameters: bool,
}

/// `None` when the packet holds no picture, or is not framed as it should be.
pub fn packet_facts(packet: &[u8], configuration: &Configuration) -> Option<PacketFacts> {
    let units = units(packet, configuration.framing)?;
    // A picture in several layers of data, which no profile of ours has.
    if units.iter().any(|unit| (2..IDR).contains(&kind_of(unit))) {
        return None;
    }
    let mut slices = units.iter().filter(|unit| is_slice(unit)).peekable();
    slices.peek()?;
    Some(PacketFacts {
        is_idr: slices.all(|slice| kind_of(slice) == IDR),
        changes_parameters: units.iter().any(|unit| configuration.is_changed_by(unit)),
    })
}

/// The packet's slices alone, each after a length of four bytes. What else a packet may carry (times and places in messages of
/// users and cameras, filler, parameter sets once more) is left out.
pub fn picture_only(packet: &[u8], framing: Framing) -> Option<Vec<u8>> {
    let mut picture = Vec::with_capacity(packet.len() + 16);
    for slice in units(packet, framing)?.into_iter().filter(|unit| is_slice(unit)) {
        picture.extend(u32::try_from(slice.len()).ok()?.to_be_bytes());
        picture.extend(slice);
    }
    Some(picture)
}

fn kind_of(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |byte| byte & 0x1f)
}

fn is_slice(unit: &[u8]) -> bool {
    matches!(kind_of(unit), OTHER_SLICE | IDR)
}

/// Zeros at the end belong to the framing.
fn trimmed(unit: &[u8]) -> &[u8] {
    let end = unit.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    &unit[..end]
}

fn units(bytes: &[u8], framing: Framing) -> Option<Vec<&[u8]>> {
    match framing {
        Framing::Lengths(size) => units_by_length(bytes, size),
        Framing::StartCodes => Some(units_between_start_codes(bytes)),
    }
}

fn units_by_length(mut bytes: &[u8], size: usize) -> Option<Vec<&[u8]>> {
    let mut units = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_at_checked(size)?;
        let length = length.iter().fold(0usize, |length, &byte| (length << 8) | usize::from(byte));
        let (unit, rest) = rest.split_at_checked(length)?;
        units.push(unit);
        bytes = rest;
    }
    Some(units)
}

fn units_between_start_codes(bytes: &[u8]) -> Vec<&[u8]> {
    let codes: Vec<usize> = bytes
        .windows(3)
        .enumerate()
        .filter(|(_, window)| *window == [0, 0, 1])
        .map(|(at, _)| at)
        .collect();
    let ends = codes.iter().skip(1).copied().chain([bytes.len()]);
    codes.iter().zip(ends).map(|(&code, end)| trimmed(&bytes[code + 3..end])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETS: [&[u8]; 2] = [&[0x67, 0x64, 0, 0x1f, 0xac], &[0x68, 0xee, 0x3c, 0x80]];

    fn avcc() -> Vec<u8> {
        let mut avcc = vec![1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 5];
        avcc.extend(SETS[0]);
        avcc.extend([1, 0, 4]);
        avcc.extend(SETS[1]);
        avcc
    }

    #[test]
    fn parameter_sets_are_found_in_both_kinds_of_extradata() {
        let from_avcc = Configuration::from_extradata(&avcc()).unwrap();
        assert_eq!(from_avcc.framing, Framing::Lengths(4));
        let annex_b =
            [&[0, 0, 0, 1], SETS[0], &[0, 0, 0, 1], SETS[1], &[0, 0, 1, 6, 5, 1, 7, 0x80]].concat();
        let from_annex_b = Configuration::from_extradata(&annex_b).unwrap();
        assert_eq!(from_annex_b.framing, Framing::StartCodes);
        for configuration in [from_avcc, from_annex_b] {
            assert_eq!(configuration.sequences, [SETS[0]]);
            assert_eq!(configuration.pictures, [SETS[1]]);
            let mut with_extension = avcc();
            with_extension.extend([0xfd, 0xf8, 0xf8, 0]);
            assert_eq!(configuration.to_avcc().unwrap(), with_extension);
        }
    }

    #[test]
    fn more_parameter_sets_than_can_be_counted_are_not_written() {
        let sets = |count| vec![SETS[0].to_vec(); count];
        let written = |sequences, pictures| {
            let framing = Framing::StartCodes;
            Configuration { framing, sequences: sets(sequences), pictures: sets(pictures) }
                .to_avcc()
        };
        assert!(written(31, 255).is_some());
        assert!(written(32, 1).is_none() && written(1, 256).is_none() && written(0, 1).is_none());
    }

    #[test]
    fn only_slices_are_copied() {
        let message = [6, 5, 3, b'a', b'b', b'c', 0x80];
        let slice = [0x65, 0x88, 0x84, 0x11];
        let expected = [&[0, 0, 0, 4], slice.as_slice()].concat();
        let short = [&[0, 7], message.as_slice(), &[0, 4], &slice].concat();
        assert_eq!(picture_only(&short, Framing::Lengths(2)).unwrap(), expected);
        let annex_b =
            [&[0, 0, 0, 1, 9, 0xf0, 0, 0, 1], message.as_slice(), &[0, 0, 1], &slice, &[0]];
        assert_eq!(picture_only(&annex_b.concat(), Framing::StartCodes).unwrap(), expected);
    }

    #[test]
    fn a_packet_says_whether_one_can_start_there() {
        let configuration = Configuration::from_extradata(&avcc()).unwrap();
        let facts = |units: &[&[u8]]| {
            let framed = units.iter().flat_map(|unit| {
                let length = (unit.len() as u32).to_be_bytes();
                length.into_iter().chain(unit.iter().copied())
            });
            packet_facts(&framed.collect::<Vec<u8>>(), &configuration)
        };
        let (idr, other): (&[u8], &[u8]) = (&[0x65, 1], &[0x41, 1]);
        let is = |is_idr, changes_parameters| Some(PacketFacts { is_idr, changes_parameters });
        assert_eq!(facts(&[idr, idr]), is(true, false));
        assert_eq!(facts(&[other]), is(false, false));
        assert_eq!(facts(&[SETS[0], SETS[1], idr]), is(true, false));
        assert_eq!(facts(&[&[0x67, 0x64, 0, 0x28], idr]), is(true, true));
        assert_eq!(facts(&[&[6, 1, 1, 0x80]]), None);
        assert_eq!(facts(&[other, &[0x42, 1]]), None);
    }

    #[test]
    fn broken_framing_is_noticed() {
        let configuration = Configuration::from_extradata(&avcc()).unwrap();
        for broken in [&[0, 0, 0, 9, 0x65, 1][..], &[0, 0, 1], &[0xff; 9], &[]] {
            assert_eq!(packet_facts(broken, &configuration), None);
        }
        for broken in [&[][..], &[1], &[1, 2, 3, 4, 5, 6], &[0; 20]] {
            let sets = Configuration::from_extradata(broken);
            assert!(sets.is_none_or(|sets| sets.sequences.is_empty()));
        }
    }
}
