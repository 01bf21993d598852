//! Boxes after ISO/IEC 14496-12, which HEIF, AVIF and JPEG XL are made of, and the numbers in them. Nothing here allocates, and what does not
//! fit is `None` or the end.

/// The body of the first box of that kind, of one level.
pub fn find<'a>(bytes: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(bytes).find(|(kind, _)| kind == wanted).map(|(_, body)| body)
}

/// The boxes of one level; ends at the first that does not fit.
pub fn boxes(mut rest: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (&length, after) = rest.split_first_chunk::<4>()?;
        let (&kind, after) = after.split_first_chunk::<4>()?;
        let (body, length) = match u32::from_be_bytes(length) {
            0 => (after, after.len() as u64),
            1 => {
                let (&long, after) = after.split_first_chunk::<8>()?;
                (after, u64::from_be_bytes(long).checked_sub(16)?)
            }
            short => (after, u64::from(short.checked_sub(8)?)),
        };
        let (body, after) = body.split_at_checked(usize::try_from(length).ok()?)?;
        rest = after;
        Some((kind, body))
    })
}

/// Big-endian numbers, one after the other.
#[derive(Clone, Copy)]
pub struct Numbers<'a>(pub &'a [u8]);

impl<'a> Numbers<'a> {
    /// A number of 0 to 8 bytes; one of none is 0.
    pub fn uint(&mut self, bytes: usize) -> Option<u64> {
        let (number, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(number.iter().fold(0, |number, &byte| (number << 8) | u64::from(byte)))
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.uint(1).map(|number| number as u8)
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.uint(2).map(|number| number as u16)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.uint(4).map(|number| number as u32)
    }

    /// The id of an item: short in old versions of a box.
    pub fn id(&mut self, is_long: bool) -> Option<u32> {
        if is_long { self.u32() } else { self.u16().map(u32::from) }
    }

    pub fn kind(&mut self) -> Option<[u8; 4]> {
        self.u32().map(u32::to_be_bytes)
    }

    /// The version of a full box, and its flags.
    pub fn version(&mut self) -> Option<(u8, u32)> {
        self.u32().map(|word| ((word >> 24) as u8, word & 0x00ff_ffff))
    }
}
