//! What we read of H.264 ourselves: set-up bytes, parameter sets, packets. The first two bytes say how many of the others are set-up.

#![no_main]

use libfuzzer_sys::fuzz_target;
use transcoder::video::h264::{
    Configuration, Framing, Sequence, packet_facts, picture_only, slice_groups,
};

fuzz_target!(|bytes: &[u8]| {
    let Some((&length, rest)) = bytes.split_first_chunk::<2>() else { return };
    let length = usize::from(u16::from_be_bytes(length)).min(rest.len());
    let (extradata, packet) = rest.split_at(length);
    for framing in [Framing::StartCodes, Framing::Lengths(4), Framing::Lengths(1)] {
        only_slices(packet, framing);
    }
    let Some(configuration) = Configuration::from_extradata(extradata) else { return };
    for set in &configuration.sequences {
        if let Some(sequence) = Sequence::parse(set) {
            // 4096 macroblocks, twice for fields.
            assert!(sequence.width <= 1 << 16 && sequence.height <= 1 << 17);
        }
    }
    for set in &configuration.pictures {
        assert_ne!(slice_groups(set), Some(0));
    }
    if let Some(avcc) = configuration.to_avcc() {
        let again = Configuration::from_extradata(&avcc).expect("what we write we read");
        assert_eq!(again.framing, Framing::Lengths(4));
        assert_eq!(
            (&again.sequences, &again.pictures),
            (&configuration.sequences, &configuration.pictures)
        );
    }
    let _ = packet_facts(packet, &configuration);
    only_slices(packet, configuration.framing);
});

/// What is copied of a packet is framed as we say, and holds slices alone.
fn only_slices(packet: &[u8], framing: Framing) {
    let Some(mut picture) = picture_only(packet, framing) else { return };
    assert!(framing != Framing::Lengths(4) || picture.len() <= packet.len());
    while !picture.is_empty() {
        let length = u32::from_be_bytes(*picture.first_chunk().expect("a length")) as usize;
        let unit: Vec<u8> = picture.drain(..4 + length).skip(4).collect();
        assert!(matches!(unit[0] & 0x1f, 1 | 5));
    }
}
