//! Still pictures from the same decode: posters to choose from, the storyboard (one sprite of small frames, by the clock), the
//! contact sheet (one sprite of everything that was to be seen, see `contact_sheet`), and colours to show before any of them has
//! come.
//!
//! Every frame of the lowest rung is looked at; large pictures are made of the few that are kept.

mod contact_sheet;
mod jpeg;
mod look;
mod posters;

use super::plan::{Plan, Size};
use crate::fingerprint;
use crate::refusal::{Refusal, Result};
use contact_sheet::Chosen;
use ffmpeg_next::frame::Video as Frame;
use jpeg::StillFilter;
use look::Look;
use posters::Posters;
use std::path::Path;
use transcoder_protocol::{
    ColourGrid, ContactSheet, Failure, Fingerprint, ImageFile, Poster, Storyboard,
};

const MAX_TILES: usize = 100;
const COLUMNS: usize = 10;
/// Short side of a tile and of a poster, in pixels.
const TILE_SHORT_SIDE: u32 = 160;
const POSTER_SHORT_SIDE: u32 = 720;
/// Encoder quality, 1 (best) to 31.
const TILE_QUALITY: i32 = 6;
const POSTER_QUALITY: i32 = 4;

const STORYBOARD_FILE: &str = "storyboard.jpg";
const CONTACT_SHEET_FILE: &str = "contact-sheet.jpg";

pub struct Stills {
    frame_rate: f64,
    tile_size: Size,
    to_tile: StillFilter,
    to_poster: StillFilter,
    /// Which rung posters are made of.
    poster_rung: usize,
    poster_size: Size,
    /// Frames between two tiles of the storyboard.
    interval: u64,
    tiles: Vec<(u64, Frame)>,
    chosen: Chosen<(Frame, Option<Fingerprint>)>,
    posters: Posters,
    frames: u64,
}

/// What was made, in the protocol's words.
pub struct FinishedStills {
    pub posters: Vec<Poster>,
    pub storyboard: Storyboard,
    pub contact_sheet: ContactSheet,
    pub colour: String,
    pub grid: ColourGrid,
}

impl Stills {
    /// `seconds` is the expected length.
    pub fn new(plan: &Plan, seconds: f64) -> Result<Self> {
        let lowest = plan.rungs[plan.rungs.len() - 1].size;
        let tile_size = fit(lowest, TILE_SHORT_SIDE);
        // The smallest that is large enough: what it was scaled to need not be scaled once more.
        let poster_rung = plan
            .rungs
            .iter()
            .rposition(|rung| rung.size.short_side() >= POSTER_SHORT_SIDE)
            .unwrap_or(0);
        let large = plan.rungs[poster_rung].size;
        let poster_size = fit(large, POSTER_SHORT_SIDE);
        let frame_rate = plan.frame_rate.value();
        let spacing = (seconds / MAX_TILES as f64).max((seconds / 10.0).min(1.0));
        Ok(Self {
            frame_rate,
            tile_size,
            to_tile: StillFilter::new(lowest, tile_size)?,
            to_poster: StillFilter::new(large, poster_size)?,
            poster_rung,
            poster_size,
            interval: ((spacing * frame_rate).ceil() as u64).max(1),
            tiles: Vec::new(),
            chosen: Chosen::new(),
            posters: Posters::default(),
            frames: 0,
        })
    }

    /// Takes the next frame, as it is in every rung, in the plan's order.
    pub fn add(&mut self, rungs: &[Frame]) -> Result<()> {
        let (Some(large), Some(lowest)) = (rungs.get(self.poster_rung), rungs.last()) else {
            return Ok(());
        };
        let number = self.frames;
        self.frames += 1;
        let look = Look::of(lowest);
        let Self { to_tile, to_poster, .. } = self;
        self.chosen.consider(number, &look, || {
            let tile = to_tile.apply(lowest)?;
            let fingerprint = fingerprint_of(&tile);
            Ok::<_, Refusal>((tile, fingerprint))
        })?;
        if number.is_multiple_of(self.interval) && self.tiles.len() < MAX_TILES {
            let tile = to_tile.apply(lowest)?;
            let score = posters::score(&tile);
            self.posters.consider(number, score, look, || to_poster.apply(large))?;
            self.tiles.push((number, tile));
        }
        Ok(())
    }

    pub fn finish(self, folder: &Path) -> Result<FinishedStills> {
        let frame_rate = self.frame_rate;
        let at_ms = |number: u64| (number as f64 * 1000.0 / frame_rate).round() as u64;
        let mut best = self.posters.best(self.frames);
        let (_, first) =
            best.first().ok_or_else(|| Refusal::new(Failure::Damaged, "no frame was decoded"))?;
        let (colour, grid) = jpeg::colours(first);
        let mut posters = Vec::new();
        for (index, (number, picture)) in best.iter_mut().enumerate() {
            let Size { width, height } = self.poster_size;
            let file = format!("poster-{}.jpg", index + 1);
            jpeg::write(picture, POSTER_QUALITY, &folder.join(&file))?;
            let image = ImageFile { file, width, height };
            posters.push(Poster { image, at_ms: at_ms(*number) });
        }
        let sprite = |file: &str, tiles: &[(u64, Frame)]| -> Result<Storyboard> {
            let (columns, rows) = (tiles.len().min(COLUMNS), tiles.len().div_ceil(COLUMNS));
            jpeg::write_sprite(
                tiles.iter().map(|(_, tile)| tile),
                self.tile_size,
                (columns, rows),
                TILE_QUALITY,
                &folder.join(file),
            )?;
            Ok(Storyboard {
                file: file.into(),
                columns: columns as u32,
                rows: rows as u32,
                tile_width: self.tile_size.width,
                tile_height: self.tile_size.height,
                at_ms: tiles.iter().map(|(number, _)| at_ms(*number)).collect(),
            })
        };
        let storyboard = sprite(STORYBOARD_FILE, &self.tiles)?;
        let (chosen, fingerprints): (Vec<_>, _) = self
            .chosen
            .into_frames()
            .map(|(number, (tile, fingerprint))| ((number, tile), fingerprint))
            .unzip();
        let contact_sheet =
            ContactSheet { sprite: sprite(CONTACT_SHEET_FILE, &chosen)?, fingerprints };
        Ok(FinishedStills { posters, storyboard, contact_sheet, colour, grid })
    }
}

fn fingerprint_of(tile: &Frame) -> Option<Fingerprint> {
    fingerprint::of_luma(
        tile.data(0),
        tile.stride(0),
        tile.width() as usize,
        tile.height() as usize,
    )
}

/// The size with the given short side, or the same where that is smaller; even.
fn fit(size: Size, short_side: u32) -> Size {
    let factor = (f64::from(short_side) / f64::from(size.short_side())).min(1.0);
    let even = |length: u32| ((f64::from(length) * factor / 2.0).round() as u32).max(1) * 2;
    Size { width: even(size.width), height: even(size.height) }
}
