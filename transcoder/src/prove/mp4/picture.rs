//! The samples of a picture: H.264 whose messages carry only what decoding needs, and the encoder's note.

use super::{Proof, be32};

/// x264's note: which version, which settings.
pub const X264_NOTE: [u8; 16] = [
    0xdc, 0x45, 0xe9, 0xbd, 0xe6, 0xd9, 0x48, 0xb7, 0x96, 0x2c, 0xd8, 0x20, 0xd9, 0x23, 0xee, 0xef,
];

/// The units of one H.264 sample, each behind its length.
pub fn picture(mut sample: &[u8]) -> Proof {
    while !sample.is_empty() {
        let length = be32(sample, 0)? as usize;
        let unit = sample.get(4..).and_then(|rest| rest.get(..length));
        let unit = unit.ok_or("a unit longer than its sample")?;
        match unit.first().map(|byte| byte & 0x1f) {
            // Slices, parameter sets, delimiters, filler.
            Some(1 | 5 | 7 | 8 | 9 | 12) => {}
            Some(6) => message(&unit[1..])?,
            kind => return Err(format!("a unit of kind {kind:?}")),
        }
        sample = &sample[4 + length..];
    }
    Ok(())
}

/// ITU-T H.264, 7.3.2.3: kinds and sizes, of which 255 means "and more".
fn message(escaped: &[u8]) -> Proof {
    let mut bytes = Vec::with_capacity(escaped.len());
    for &byte in escaped {
        if byte != 3 || !bytes.ends_with(&[0, 0]) {
            bytes.push(byte);
        }
    }
    let mut rest = &bytes[..];
    // What ends it is a one bit and zeros.
    while !matches!(rest, [] | [0x80]) {
        let kind = message_number(&mut rest)?;
        let size = message_number(&mut rest)?;
        let (payload, after) = rest.split_at_checked(size).ok_or("a message is cut short")?;
        match kind {
            // Buffering period, recovery point.
            0 | 6 => {}
            5 if payload.starts_with(&X264_NOTE) => {}
            _ => return Err(format!("a message of kind {kind} beside the picture")),
        }
        rest = after;
    }
    Ok(())
}

fn message_number(rest: &mut &[u8]) -> Proof<usize> {
    let mut number = 0;
    loop {
        let (&byte, after) = rest.split_first().ok_or("a message is cut short")?;
        *rest = after;
        number += usize::from(byte);
        if byte != 0xff {
            return Ok(number);
        }
    }
}
