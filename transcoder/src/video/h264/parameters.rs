//! What a sequence parameter set says of the pictures, as far as players and we care.

#[cfg(test)]
mod tests;

/// From the set's clauses 7.3.2.1.1 and E.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    pub profile: u8,
    pub constraints: u8,
    /// Ten times the level.
    pub level: u8,
    /// 1 is 4:2:0.
    pub chroma_format: u32,
    pub bit_depths: [u32; 2],
    pub width: u32,
    pub height: u32,
    pub is_progressive: bool,
    /// Width and height of a pixel.
    pub pixel_aspect: Option<(u32, u32)>,
    pub is_full_range: bool,
    /// Primaries, transfer and matrix, as ISO/IEC 23091-2 numbers them.
    pub colours: Option<[u32; 3]>,
}

const PROFILES_WITH_CHROMA_FORMAT: [u8; 4] = [100, 110, 122, 244];
const EXTENDED_ASPECT: u32 = 255;
/// Pixel aspects by number, from 1.
const ASPECTS: [(u32, u32); 16] = [
    (1, 1),
    (12, 11),
    (10, 11),
    (16, 11),
    (40, 33),
    (24, 11),
    (20, 11),
    (32, 11),
    (80, 33),
    (18, 11),
    (15, 11),
    (64, 33),
    (160, 99),
    (4, 3),
    (3, 2),
    (2, 1),
];
const MAX_MACROBLOCKS: u32 = 1 << 12;

impl Sequence {
    /// Reads a whole unit, its header byte included.
    pub fn parse(unit: &[u8]) -> Option<Self> {
        let mut bits = Bits::of_unit(unit);
        bits.skip(8)?;
        let (profile, constraints, level) =
            (bits.take(8)? as u8, bits.take(8)? as u8, bits.take(8)? as u8);
        bits.unsigned()?; // its number
        let (mut chroma_format, mut bit_depths) = (1, [8, 8]);
        if PROFILES_WITH_CHROMA_FORMAT.contains(&profile) {
            chroma_format = bits.unsigned()?;
            if chroma_format == 3 {
                bits.skip(1)?;
            }
            bit_depths = [bits.unsigned()?.checked_add(8)?, bits.unsigned()?.checked_add(8)?];
            bits.skip(1)?;
            if bits.flag()? {
                let lists = if chroma_format == 3 { 12 } else { 8 };
                for list in 0..lists {
                    if bits.flag()? {
                        bits.skip_scaling_list(if list < 6 { 16 } else { 64 })?;
                    }
                }
            }
        }
        bits.unsigned()?; // bits of frame_num
        match bits.unsigned()? {
            0 => {
                bits.unsigned()?;
            }
            1 => {
                bits.skip(1)?;
                bits.signed()?;
                bits.signed()?;
                for _ in 0..bits.unsigned()?.min(256) {
                    bits.signed()?;
                }
            }
            _ => {}
        }
        bits.unsigned()?; // reference frames
        bits.skip(1)?;
        let columns = bits.unsigned()?.checked_add(1).filter(|&count| count <= MAX_MACROBLOCKS)?;
        let rows = bits.unsigned()?.checked_add(1).filter(|&count| count <= MAX_MACROBLOCKS)?;
        let is_progressive = bits.flag()?;
        if !is_progressive {
            bits.skip(1)?;
        }
        bits.skip(1)?;
        let rows = if is_progressive { rows } else { 2 * rows };
        let (mut width, mut height) = (16 * columns, 16 * rows);
        if bits.flag()? {
            let [left, right, top, bottom] =
                [bits.unsigned()?, bits.unsigned()?, bits.unsigned()?, bits.unsigned()?];
            let across = if chroma_format == 1 || chroma_format == 2 { 2 } else { 1 };
            let down = if chroma_format == 1 { 2 } else { 1 } * if is_progressive { 1 } else { 2 };
            width = width.checked_sub(left.checked_add(right)?.checked_mul(across)?)?;
            height = height.checked_sub(top.checked_add(bottom)?.checked_mul(down)?)?;
        }
        let mut sequence = Self {
            profile,
            constraints,
            level,
            chroma_format,
            bit_depths,
            width,
            height,
            is_progressive,
            pixel_aspect: None,
            is_full_range: false,
            colours: None,
        };
        if bits.flag()? {
            sequence.read_usability(&mut bits)?;
        }
        Some(sequence)
    }

    fn read_usability(&mut self, bits: &mut Bits) -> Option<()> {
        if bits.flag()? {
            self.pixel_aspect = match bits.take(8)? {
                EXTENDED_ASPECT => Some((bits.take(16)?, bits.take(16)?)),
                0 => None,
                number => ASPECTS.get(number as usize - 1).copied(),
            };
        }
        if bits.flag()? {
            bits.skip(1)?; // overscan
        }
        if bits.flag()? {
            bits.skip(3)?; // PAL, NTSC, …
            self.is_full_range = bits.flag()?;
            if bits.flag()? {
                self.colours = Some([bits.take(8)?, bits.take(8)?, bits.take(8)?]);
            }
        }
        Some(())
    }
}

/// How many groups a picture parameter set lays slices in; more than one is beyond what phones decode.
pub fn slice_groups(unit: &[u8]) -> Option<u32> {
    let mut bits = Bits::of_unit(unit);
    bits.skip(8)?;
    bits.unsigned()?;
    bits.unsigned()?;
    bits.skip(2)?;
    bits.unsigned()?.checked_add(1)
}

struct Bits {
    bytes: Vec<u8>,
    at: usize,
}

impl Bits {
    /// Without the bytes that keep a unit's content from looking like a start code.
    fn of_unit(unit: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(unit.len());
        let mut zeros = 0;
        for &byte in unit {
            if zeros >= 2 && byte == 3 {
                zeros = 0;
                continue;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            bytes.push(byte);
        }
        Self { bytes, at: 0 }
    }

    fn flag(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    fn take(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |value, _| Some((value << 1) | u32::from(self.flag()?)))
    }

    fn skip(&mut self, count: u32) -> Option<()> {
        self.take(count).map(|_| ())
    }

    /// Exp-Golomb.
    fn unsigned(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
        }
        if zeros > 31 {
            return None;
        }
        Some((1u32 << zeros) - 1 + self.take(zeros)?)
    }

    fn signed(&mut self) -> Option<i32> {
        let code = i64::from(self.unsigned()?);
        let magnitude = (code + 1) / 2;
        i32::try_from(if code % 2 == 0 { -magnitude } else { magnitude }).ok()
    }

    fn skip_scaling_list(&mut self, entries: u32) -> Option<()> {
        let (mut last, mut next) = (8i32, 8i32);
        for _ in 0..entries {
            if next != 0 {
                next = (last.checked_add(self.signed()?)?).rem_euclid(256);
            }
            last = if next == 0 { last } else { next };
        }
        Some(())
    }
}
