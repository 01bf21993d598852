//! What decoders hang on frames besides their picture: captions, notes, time codes, profiles. None of it reaches what is made.

use crate::media::{Made, Studio, probed};
use std::fs;
use std::path::{Path, PathBuf};

const PICTURE: &str = "-f lavfi -i testsrc2=s=320x240:r=25:d=2,format=yuv420p";

/// A message (SEI) for H.264 in front of the first picture.
fn message(kind: u8, payload: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 1, 6, kind, payload.len() as u8], payload, &[0x80]].concat()
}

/// ANSI/SCTE 128: CEA-608 captions, as broadcasts and some cameras have them.
fn captions() -> Vec<u8> {
    let pairs = [0xfc, 0x94, 0x2c, 0xfc, 0xc8, 0xe9];
    [&[0xb5, 0, 0x31][..], b"GA94", &[3, 0xc2, 0xff], &pairs, &[0xff]].concat()
}

/// An H.264 stream in MP4 with a message in front.
fn with_message(studio: &Studio, coding: &str, kind: u8, payload: &[u8]) -> PathBuf {
    let stream =
        fs::read(studio.film("bare.h264", &format!("{PICTURE} {coding} -c:v libx264 -bf 0")))
            .unwrap();
    let told = studio.write("told.h264", &[message(kind, payload), stream].concat());
    studio.film("told.mp4", &format!("-r 25 -i {} -c copy", told.display()))
}

/// Kinds of side data of the first frame.
fn side_data(file: &Path) -> Vec<String> {
    probed(
        file,
        "-select_streams v -read_intervals %+#1 -show_entries frame_side_data=side_data_type",
    )
}

fn holds(file: &Path, marker: &[u8]) -> bool {
    fs::read(file).unwrap().windows(marker.len()).any(|part| part == marker)
}

async fn assert_bare(studio: &Studio, clip: &Path, kind: &str, markers: &[&[u8]]) -> Made {
    let found = side_data(clip);
    assert!(found.iter().any(|it| it.contains(kind)), "the source has {found:?}, no {kind}");
    let made = studio.transcode(clip).await;
    for rendition in &made.output.renditions {
        // The encoder's note about itself.
        let found = side_data(&made.path(&rendition.file));
        assert!(found.iter().all(|it| it.contains("Unregistered")), "{kind}: {found:?}");
    }
    for file in made.files() {
        for marker in markers {
            assert!(
                !holds(&file, marker),
                "{kind}: {} in {file:?}",
                String::from_utf8_lossy(marker)
            );
        }
    }
    made
}

#[tokio::test]
async fn captions_of_a_broadcast_are_left_out() {
    let studio = Studio::open();
    let clip = with_message(&studio, "", 4, &captions());
    assert_bare(&studio, &clip, "A53", &[b"GA94"]).await;
    // The same in the user data of MPEG-2, with a time code and a pan scan.
    let studio_of_mpeg2 = Studio::open();
    let arguments = format!("-i {} -c:v mpeg2video -timecode 01:02:03:04", clip.display());
    let clip = studio_of_mpeg2.film("told.mpg", &arguments);
    assert_bare(&studio_of_mpeg2, &clip, "A53", &[b"GA94"]).await;
}

#[tokio::test]
async fn captions_of_a_picture_that_is_copied_are_left_out() {
    let studio = Studio::open();
    let coding = "-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv -g 25 -b:v 300k -maxrate 300k -bufsize 300k";
    let clip = with_message(&studio, coding, 4, &captions());
    assert!(holds(&clip, b"GA94"));
    let (outline, made) = studio.outlined(&clip).await;
    assert_eq!(outline.why_encoded, None);
    assert!(made.files().iter().all(|file| !holds(file, b"GA94")));
}

#[tokio::test]
async fn notes_of_cameras_are_left_out() {
    let studio = Studio::open();
    let note = b"0123456789abcdefMegumi Phone 12345";
    let clip = with_message(&studio, "", 5, note);
    assert_bare(&studio, &clip, "Unregistered", &[b"Megumi Phone", b"0123456789abcdef"]).await;
}

#[tokio::test]
async fn two_pictures_side_by_side_are_one_picture() {
    let studio = Studio::open();
    let clip =
        studio.film("stereo.mp4", &format!("{PICTURE} -c:v libx264 -x264-params frame-packing=3"));
    assert_bare(&studio, &clip, "Stereo 3D", &[]).await;
}

#[tokio::test]
async fn brightness_of_a_display_is_used_and_left_out() {
    let studio = Studio::open();
    let clip = studio.film(
        "bright.mp4",
        "-f lavfi -i testsrc2=s=320x240:r=25:d=1 -c:v libx265 -pix_fmt yuv420p10le -color_trc smpte2084 -color_primaries bt2020 \
         -colorspace bt2020nc -x265-params master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):max-cll=1000,400:log-level=none",
    );
    assert_bare(&studio, &clip, "Mastering display", &[]).await;
}

#[tokio::test]
async fn colour_profiles_of_a_film_of_photos_reach_no_still() {
    let studio = Studio::open();
    let photo =
        fs::read(studio.film("photo.jpg", "-f lavfi -i testsrc2=s=320x240 -frames:v 1")).unwrap();
    let profile = [b"ICC_PROFILE\0\x01\x01".as_slice(), &b"SecretProfile".repeat(20)].concat();
    let segment =
        [b"\xff\xe2".as_slice(), &(profile.len() as u16 + 2).to_be_bytes(), &profile].concat();
    let with_profile = [&photo[..2], &segment, &photo[2..]].concat();
    let stream = studio.write("photos.mjpeg", &with_profile.repeat(25));
    let clip =
        studio.film("photos.mov", &format!("-f mjpeg -r 25 -i {} -c copy", stream.display()));
    assert_bare(&studio, &clip, "ICC profile", &[b"SecretProfile", b"ICC_PROFILE"]).await;
}
