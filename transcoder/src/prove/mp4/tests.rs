use super::picture::X264_NOTE;
use super::*;
use std::io::Write;

/// A box of these parts.
fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut made = ((content.len() + 8) as u32).to_be_bytes().to_vec();
    made.extend(kind);
    made.extend(content);
    made
}

/// What the tests change about an otherwise proper film.
#[derive(Default)]
struct Film {
    created: u32,
    handler: Option<&'static str>,
    compressor: [u8; 32],
    in_moov: Vec<u8>,
    in_trak: Vec<u8>,
    in_stsd: Vec<u8>,
    before_fragment: Vec<u8>,
    sample: Option<Vec<u8>>,
    behind_samples: Vec<u8>,
    at_end: Vec<u8>,
}

fn unit(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes(), bytes].concat()
}

impl Film {
    fn bytes(&self) -> Vec<u8> {
        let times = [self.created.to_be_bytes(), [0; 4]].concat();
        let header = |rest: usize| [&[0; 4], &times[..], &vec![0; rest]].concat();
        let mut tkhd = header(72);
        tkhd[15] = 1;
        let handler = self.handler.unwrap_or("VideoHandler\0");
        let hdlr = [&[0; 8], &b"vide"[..], &[0; 12], handler.as_bytes()].concat();
        let dref = boxed(b"dref", &[b"\0\0\0\0\0\0\0\x01\0\0\0\x0curl \0\0\0\x01"]);
        let avc_c = boxed(b"avcC", &[&[1, 100, 0, 31, 0xff, 0xe0, 0]]);
        let avc1 = boxed(b"avc1", &[&[0; 42], &self.compressor, &[0; 4], &avc_c, &self.in_stsd]);
        let stbl = boxed(b"stbl", &[&boxed(b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1], &avc1])]);
        let minf = boxed(b"minf", &[&boxed(b"vmhd", &[]), &boxed(b"dinf", &[&dref]), &stbl]);
        let mdia =
            boxed(b"mdia", &[&boxed(b"mdhd", &[&header(12)]), &boxed(b"hdlr", &[&hdlr]), &minf]);
        let trak = boxed(b"trak", &[&boxed(b"tkhd", &[&tkhd]), &self.in_trak, &mdia]);
        let mvex = boxed(b"mvex", &[&boxed(b"trex", &[&[0; 24]])]);
        let moov = boxed(b"moov", &[&boxed(b"mvhd", &[&header(88)]), &trak, &mvex, &self.in_moov]);

        let sample = self.sample.clone().unwrap_or_else(|| unit(&[0x65, 1, 2, 3]));
        let moof = |offset: u32| {
            let size = (sample.len() as u32).to_be_bytes();
            let run = [&[0, 0, 2, 1, 0, 0, 0, 1][..], &offset.to_be_bytes(), &size].concat();
            let fragment = boxed(b"tfhd", &[&[0, 2, 0, 0, 0, 0, 0, 1]]);
            let traf = boxed(b"traf", &[&fragment, &boxed(b"trun", &[&run])]);
            boxed(b"moof", &[&boxed(b"mfhd", &[&[0; 8]]), &traf])
        };
        let offset = moof(0).len() as u32 + 8;
        let mdat = boxed(b"mdat", &[&sample, &self.behind_samples]);
        [
            boxed(b"ftyp", &[b"iso5\0\0\x02\0"]),
            moov,
            boxed(b"free", &[&[0; 9]]),
            self.before_fragment.clone(),
            moof(offset),
            mdat,
            self.at_end.clone(),
        ]
        .concat()
    }

    fn proof(&self) -> Proof {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&self.bytes()).unwrap();
        super::file(&file)
    }
}

fn refused(film: &Film, reason: &str) {
    let found = film.proof().expect_err(reason);
    assert!(found.contains(reason), "{found} instead of {reason}");
}

#[test]
fn a_plain_film_is_proven() {
    assert_eq!(Film::default().proof(), Ok(()));
}

#[test]
fn dates_names_and_places_are_found() {
    refused(&Film { created: 3_600_000_000, ..Film::default() }, "a date");
    refused(&Film { handler: Some("Core Media Video\0"), ..Film::default() }, "a handler");
    let mut compressor = [0; 32];
    compressor[..5].copy_from_slice(b"\x04H264");
    refused(&Film { compressor, ..Film::default() }, "compressor");
    let place = boxed(b"\xa9xyz", &[b"+34.8841+135.7996/"]);
    let udta = boxed(b"udta", &[&place]);
    refused(&Film { in_moov: udta.clone(), ..Film::default() }, "udta in moov");
    refused(&Film { in_trak: udta, ..Film::default() }, "udta in a track");
    refused(&Film { in_moov: boxed(b"meta", &[&[0; 4]]), ..Film::default() }, "meta");
    refused(&Film { in_stsd: boxed(b"uuid", &[&[7; 16]]), ..Film::default() }, "sample entry");
    refused(&Film { before_fragment: boxed(b"uuid", &[&[7; 16]]), ..Film::default() }, "uuid");
    refused(&Film { before_fragment: boxed(b"free", &[b"home"]), ..Film::default() }, "free");
    refused(&Film { before_fragment: boxed(b"emsg", &[b"home"]), ..Film::default() }, "emsg");
}

#[test]
fn bytes_that_no_table_accounts_for_are_found() {
    refused(&Film { behind_samples: b"at home".to_vec(), ..Film::default() }, "bytes of data");
    refused(&Film { at_end: b"home".to_vec(), ..Film::default() }, "fill");
    refused(&Film { at_end: boxed(b"mdat", &[b"home"]), ..Film::default() }, "mdat");
}

#[test]
fn messages_beside_the_picture_are_found() {
    let with = |message: &[u8]| {
        let sample = [unit(&[&[6], message].concat()), unit(&[0x65, 1, 2])].concat();
        Film { sample: Some(sample), ..Film::default() }
    };
    let note = [&[5, 20][..], &X264_NOTE, b"x264", &[0x80]].concat();
    assert_eq!(with(&note).proof(), Ok(()));
    assert_eq!(with(&[6, 1, 0xc4, 0x80]).proof(), Ok(()));
    let other = [&[5, 20][..], &[9; 16], b"home", &[0x80]].concat();
    refused(&with(&other), "a message of kind 5");
    // A clock.
    refused(&with(&[1, 2, 0x12, 0x34, 0x80]), "a message of kind 1");
    refused(&with(&[4, 3, 0xb5, 0, 0x31, 0x80]), "a message of kind 4");
    let film = Film { sample: Some(unit(&[0x18, 1, 2])), ..Film::default() };
    refused(&film, "a unit of kind");
}
