//! Whatever the boxes of a HEIF or of a sequence say: what they lead to lies within the file, and what is to be decoded is of the size of
//! what is to be seen.

#![no_main]

use libfuzzer_sys::fuzz_target;
use transcoder::photo::heif::{Edit, Heif, Picture};
use transcoder::photo::sequence;

fn check(heif: &Heif<'_>, picture: &Picture<'_>, file: &[u8]) {
    let rows = picture.tiles.len() as u64 / u64::from(picture.columns);
    assert_eq!(rows * u64::from(picture.columns), picture.tiles.len() as u64);
    for (tile, count, whole) in [
        (picture.tile_width, u64::from(picture.columns), picture.width),
        (picture.tile_height, rows, picture.height),
    ] {
        let (tile, whole) = (u64::from(tile), u64::from(whole));
        assert!(tile * count >= whole && (whole == 0 || tile * (count - 1) < whole));
    }
    for edit in &picture.edits {
        if let Edit::Crop(aperture) = edit
            && let Some([x, y, width, height]) = aperture.within(picture.width, picture.height)
        {
            assert!(width > 0 && u64::from(x) + u64::from(width) <= picture.width.into());
            assert!(height > 0 && u64::from(y) + u64::from(height) <= picture.height.into());
        }
    }
    for &tile in &picture.tiles {
        if let Ok(coded) = heif.coded(tile) {
            assert!(coded.data.len() <= file.len() && coded.setup.len() <= file.len());
        }
    }
}

fuzz_target!(|file: &[u8]| {
    if let Ok(Some(heif)) = Heif::parse(file) {
        assert!(heif.exif().all(|exif| exif.len() <= file.len()));
        if let Ok(picture) = heif.picture() {
            check(&heif, &picture, file);
            if let Some(Ok(mask)) = picture.mask.map(|mask| heif.picture_of(mask)) {
                check(&heif, &mask, file);
            }
        }
    }
    if let Ok(first) = sequence::first(file) {
        assert!(first.data.len() <= file.len());
    }
});
