//! Photos of the demo community: picture-book scenes of ours, drawn from the SVG files in `assets/demo`.

use super::draw::{self, Paper};
use anyhow::{Context, Result};

/// Pixels, and units of the drawings.
const WIDTH: u32 = 1600;
const HEIGHT: u32 = 1200;

/// Each scene's name and drawing, in no order.
const SCENES: [(&str, &str); 14] = [
    ("bath-toys", include_str!("../../assets/demo/bath-toys.svg")),
    ("carrot-bread", include_str!("../../assets/demo/carrot-bread.svg")),
    ("finger-puppets", include_str!("../../assets/demo/finger-puppets.svg")),
    ("leaf-collage", include_str!("../../assets/demo/leaf-collage.svg")),
    ("milk-carton-blocks", include_str!("../../assets/demo/milk-carton-blocks.svg")),
    ("night-lamp", include_str!("../../assets/demo/night-lamp.svg")),
    ("park-acorns", include_str!("../../assets/demo/park-acorns.svg")),
    ("picture-book", include_str!("../../assets/demo/picture-book.svg")),
    ("playdough", include_str!("../../assets/demo/playdough.svg")),
    ("pumpkin-porridge", include_str!("../../assets/demo/pumpkin-porridge.svg")),
    ("rice-balls", include_str!("../../assets/demo/rice-balls.svg")),
    ("strawberry-yogurt", include_str!("../../assets/demo/strawberry-yogurt.svg")),
    ("tofu-hamburg", include_str!("../../assets/demo/tofu-hamburg.svg")),
    ("udon", include_str!("../../assets/demo/udon.svg")),
];

/// The names that [`photo`] knows.
pub fn names() -> impl Iterator<Item = &'static str> {
    SCENES.iter().map(|(name, _)| *name)
}

/// A scene as a JPEG of 1600 × 1200, as a phone would upload it. Fails for a name that is not one of [`names`].
pub fn photo(scene: &str) -> Result<Vec<u8>> {
    let (_, drawing) = SCENES
        .iter()
        .find(|(name, _)| *name == scene)
        .with_context(|| format!("no scene is called {scene}"))?;
    // Made anew for each photo: 8 MB are not worth keeping for what happens once in a site's life.
    let paper = Paper::new(WIDTH, HEIGHT, WIDTH as f32)?;
    draw::jpeg(&paper.draw(drawing)?, draw::PHOTO_QUALITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scene_can_be_drawn_and_none_is_a_blank_sheet() {
        let paper = Paper::new(200, 150, WIDTH as f32).unwrap();
        for (name, drawing) in SCENES {
            let picture = paper.draw(drawing).unwrap();
            assert!(picture.pixels().iter().all(|pixel| pixel.is_opaque()), "{name} has holes");
            let mut colours: Vec<_> = picture
                .pixels()
                .iter()
                .map(|pixel| [pixel.red() >> 4, pixel.green() >> 4, pixel.blue() >> 4])
                .collect();
            colours.sort_unstable();
            colours.dedup();
            assert!(colours.len() > 40, "{name} has {} colours", colours.len());
        }
    }

    #[test]
    fn a_photo_is_a_jpeg() {
        assert!(photo("udon").unwrap().starts_with(&[0xff, 0xd8, 0xff]));
        assert!(photo("nothing").is_err());
    }
}
