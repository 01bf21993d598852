//! Posters, the storyboard, the contact sheet and what stands in for them.

use crate::media::{BLUE, Made, RED, Studio, decoded, is_near, probed};
use transcoder_protocol::{Fingerprint, Storyboard};

const CODING: &str = "-c:v libx264 -pix_fmt yuv420p";

async fn made(source: &str) -> Made {
    let studio = Studio::open();
    let clip = studio.film("clip.mp4", &format!("-f lavfi -i {source} {CODING}"));
    studio.transcode(&clip).await.keep(studio)
}

/// The colour in the middle of a sprite's tile.
fn tile_colour(made: &Made, sprite: &Storyboard, tile: u32) -> [u8; 3] {
    let raw = decoded(&made.path(&sprite.file), "", "-pix_fmt rgb24");
    let row = tile / sprite.columns * sprite.tile_height + sprite.tile_height / 2;
    let column = tile % sprite.columns * sprite.tile_width + sprite.tile_width / 2;
    let at = 3 * (row * sprite.columns * sprite.tile_width + column) as usize;
    raw[at..at + 3].try_into().unwrap()
}

fn size(made: &Made, file: &str) -> Vec<String> {
    probed(&made.path(file), "-show_entries stream=width,height")
}

#[tokio::test]
async fn posters_and_sprites_are_what_is_said() {
    let made = made("testsrc2=s=640x360:r=30:d=9").await;
    for poster in &made.output.posters {
        let image = &poster.image;
        assert_eq!(size(&made, &image.file), [image.width.to_string(), image.height.to_string()]);
        assert_eq!((image.width, image.height), (640, 360));
    }
    let story = &made.output.storyboard;
    let sheet = &made.output.contact_sheet;
    for sprite in [story, &sheet.sprite] {
        let whole = [sprite.columns * sprite.tile_width, sprite.rows * sprite.tile_height];
        assert_eq!(size(&made, &sprite.file), whole.map(|length| length.to_string()));
        assert_eq!(sprite.tile_height, 160);
        assert!(sprite.at_ms.is_sorted_by(|a, b| a < b) && sprite.at_ms[0] == 0);
        assert!(sprite.at_ms.len() <= (sprite.columns * sprite.rows) as usize);
    }
    assert_eq!((story.columns, story.rows, story.at_ms.len()), (10, 1, 10));
    assert_eq!(sheet.fingerprints.len(), sheet.sprite.at_ms.len());
}

#[tokio::test]
async fn a_single_frame_of_something_else_is_on_the_contact_sheet() {
    let made =
        made("color=blue:s=320x240:r=25:d=4,drawbox=color=red:t=fill:enable='eq(n,57)'").await;
    let sheet = &made.output.contact_sheet.sprite;
    assert_eq!(sheet.at_ms, [0, 57 * 40]);
    assert!(is_near(tile_colour(&made, sheet, 0), BLUE));
    assert!(is_near(tile_colour(&made, sheet, 1), RED));
}

#[tokio::test]
async fn a_small_thing_held_into_the_picture_is_on_the_contact_sheet() {
    let made = made(
        "smptebars=s=320x240:r=25:d=4,drawbox=x=120:y=90:w=80:h=60:color=white:t=fill:enable='eq(n,57)'",
    )
    .await;
    assert_eq!(made.output.contact_sheet.sprite.at_ms, [0, 57 * 40]);
}

#[tokio::test]
async fn a_still_clip_has_one_tile_and_one_poster() {
    let made = made("smptebars=s=320x240:r=25:d=4,noise=alls=12:allf=t").await;
    assert_eq!(made.output.contact_sheet.sprite.at_ms, [0]);
    assert_eq!(made.output.posters.len(), 1);
}

#[tokio::test]
async fn a_slow_pan_has_several_tiles() {
    let made = made("mandelbrot=s=960x240:r=1,loop=250:1,setpts=N/25/TB,trim=duration=8,crop=320:240:x='t*80':y=0").await;
    let tiles = made.output.contact_sheet.sprite.at_ms.len();
    assert!((3..=30).contains(&tiles), "{tiles}");
}

#[tokio::test]
async fn a_clip_of_countless_looks_has_a_bounded_sheet_that_keeps_what_stands_out() {
    let made = made(
        "nullsrc=s=16x12:r=25:d=6,geq=lum='100+random(1)*60':cb=128:cr=128,scale=320:240:flags=neighbor,\
         drawbox=color=red:t=fill:enable='eq(n,100)'",
    )
    .await;
    let sheet = &made.output.contact_sheet.sprite;
    assert!((20..=60).contains(&sheet.at_ms.len()), "{}", sheet.at_ms.len());
    assert!(sheet.at_ms.contains(&4000), "{:?}", sheet.at_ms);
}

#[tokio::test]
async fn posters_differ_in_time_and_look() {
    let studio = Studio::open();
    let clip = studio.film(
        "scenes.mp4",
        &format!(
            "-f lavfi -i testsrc2=s=320x240:r=25:d=3 -f lavfi -i smptebars=s=320x240:r=25:d=3 \
             -f lavfi -i mandelbrot=s=320x240:r=25 -filter_complex [2]trim=duration=3[2t];[0][1][2t]concat=n=3 {CODING}"
        ),
    );
    let made = studio.transcode(&clip).await;
    let mut scenes: Vec<u64> =
        made.output.posters.iter().map(|poster| poster.at_ms / 3000).collect();
    scenes.sort();
    assert_eq!(scenes, [0, 1, 2], "{:?}", made.output.posters);
    let names: Vec<&str> =
        made.output.posters.iter().map(|poster| poster.image.file.as_str()).collect();
    assert_eq!(names, ["poster-1.jpg", "poster-2.jpg", "poster-3.jpg"]);
}

#[tokio::test]
async fn no_poster_is_of_the_dark_beginning() {
    let made =
        made("testsrc2=s=320x240:r=10:d=4,drawbox=color=black:t=fill:enable='lt(t,2)'").await;
    for poster in &made.output.posters {
        assert!(poster.at_ms >= 2000, "{poster:?}");
        let file = made.path(&poster.image.file);
        let grey = decoded(&file, "", "-vf scale=1:1,format=gray");
        assert!(grey[0] > 60, "{grey:?}");
    }
}

#[tokio::test]
async fn a_clip_that_is_dark_throughout_still_has_a_poster() {
    let made = made("color=black:s=320x240:r=10:d=2").await;
    assert_eq!(made.output.posters.len(), 1);
    assert_eq!(made.output.contact_sheet.fingerprints, [None]);
}

#[tokio::test]
async fn colours_stand_in_for_the_poster() {
    let made =
        made("color=red:s=160x240:r=10:d=1[l];color=blue:s=160x240:r=10:d=1[r];[l][r]hstack").await;
    let grid = &made.output.grid;
    assert_eq!((grid.columns, grid.rows, grid.colours.len()), (4, 3, 12));
    let parts = |colour: &str| {
        assert!(colour.len() == 7 && colour.starts_with('#'), "{colour}");
        [1, 3, 5].map(|at| u8::from_str_radix(&colour[at..at + 2], 16).unwrap())
    };
    for (index, colour) in grid.colours.iter().enumerate() {
        let expected = if index % 4 < 2 { RED } else { BLUE };
        assert!(is_near(parts(colour), expected), "{index}: {colour}");
    }
    assert!(is_near(parts(&made.output.colour), [128, 0, 128]), "{}", made.output.colour);
}

#[tokio::test]
async fn a_fingerprint_survives_another_size_and_quality() {
    async fn fingerprint(source: &str) -> Fingerprint {
        made(source).await.output.contact_sheet.fingerprints[0].unwrap()
    }
    let pictures = ["testsrc2", "smptebars", "mandelbrot"];
    let mut originals = Vec::new();
    for picture in pictures {
        let original = fingerprint(&format!("{picture}=s=640x480:r=5,trim=end_frame=1")).await;
        let scaled = "trim=end_frame=1,scale=200:150,eq=brightness=0.04";
        let copy = fingerprint(&format!("{picture}=s=640x480:r=5,{scaled} -crf 36")).await;
        let bits = original.distance(copy);
        assert!(bits <= 8, "{picture}: {bits} bits");
        originals.push(original);
    }
    for (index, one) in originals.iter().enumerate() {
        for other in &originals[index + 1..] {
            assert!(one.distance(*other) > 16, "{}", one.distance(*other));
        }
    }
}
