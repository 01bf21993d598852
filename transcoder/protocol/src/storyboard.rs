//! The storyboard as WebVTT: one cue per tile, pointing into the sprite by media fragment (`#xywh=`), as players expect of a
//! thumbnail track.

use crate::Storyboard;
use std::fmt::Write;

/// The thumbnail track of a clip of `duration_ms`, whose sprite is at `sprite_url`.
pub fn webvtt(storyboard: &Storyboard, duration_ms: u64, sprite_url: &str) -> String {
    let Storyboard { columns, rows, tile_width, tile_height, .. } = *storyboard;
    let mut track = "WEBVTT\n".to_owned();
    let tiles = (u64::from(columns) * u64::from(rows)) as usize;
    for (index, &at) in storyboard.at_ms.iter().take(tiles).enumerate() {
        // The first tile also stands for what comes before it.
        let start = if index == 0 { 0 } else { at };
        let end = storyboard
            .at_ms
            .get(index + 1)
            .copied()
            .unwrap_or(duration_ms)
            .max(start.saturating_add(1));
        let [column, row] = [index as u32 % columns, index as u32 / columns].map(u64::from);
        let (x, y) = (column * u64::from(tile_width), row * u64::from(tile_height));
        let _ = write!(
            track,
            "\n{} --> {}\n{sprite_url}#xywh={x},{y},{tile_width},{tile_height}\n",
            timestamp(start),
            timestamp(end)
        );
    }
    track
}

fn timestamp(ms: u64) -> String {
    let (seconds, ms) = (ms / 1000, ms % 1000);
    format!("{:02}:{:02}:{:02}.{ms:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tile_has_a_cue_until_the_next_one() {
        let storyboard = Storyboard {
            file: "storyboard.jpg".into(),
            columns: 2,
            rows: 2,
            tile_width: 160,
            tile_height: 90,
            at_ms: vec![40, 1_500, 61_000],
        };
        assert_eq!(
            webvtt(&storyboard, 62_345, "/s.jpg"),
            "WEBVTT\n\
             \n00:00:00.000 --> 00:00:01.500\n/s.jpg#xywh=0,0,160,90\n\
             \n00:00:01.500 --> 00:01:01.000\n/s.jpg#xywh=160,0,160,90\n\
             \n00:01:01.000 --> 00:01:02.345\n/s.jpg#xywh=0,90,160,90\n"
        );
    }

    #[test]
    fn absurd_numbers_make_an_absurd_track_and_no_panic() {
        let storyboard = Storyboard {
            file: "storyboard.jpg".into(),
            columns: 3,
            rows: u32::MAX,
            tile_width: u32::MAX,
            tile_height: u32::MAX,
            at_ms: vec![u64::MAX; 7],
        };
        let track = webvtt(&storyboard, 0, "s");
        assert!(track.contains("#xywh=8589934590,0,4294967295,4294967295"), "{track}");
    }

    #[test]
    fn a_cue_never_ends_before_it_starts() {
        let storyboard = Storyboard {
            file: "storyboard.jpg".into(),
            columns: 1,
            rows: 1,
            tile_width: 160,
            tile_height: 90,
            at_ms: vec![0],
        };
        assert!(webvtt(&storyboard, 0, "s").contains("00:00:00.000 --> 00:00:00.001"));
    }
}
