//! What the boxes of a HEIF say (ISO/IEC 23008-12; HEIC and AVIF are kinds of it), before anything is decoded: which item is the picture to
//! show, of which coded pictures it is made, and what is to be done with them.
//!
//! Only what leads to the primary picture is followed. Thumbnails, depth, gain maps (`tmap`), further pictures and whatever
//! refers to them in whichever way are never looked at, so that what phones add there disturbs nothing.
//!
//! Nothing here trusts a number: counts are limited by the bytes that must hold them, sums are checked, and references are followed a few
//! steps at most.
//!
//! Not here: decoding (`coded`), and putting tiles together (`compose`).

use super::boxes::{Numbers, boxes, find};
use super::colours::Cicp;
use crate::refusal::{Refusal, Result};
use image::metadata::Orientation;
use std::borrow::Cow;
use std::collections::BTreeMap;
use transcoder_protocol::Failure;

/// What `auxC` calls a transparency mask: in AVIF, and in HEIC.
const ALPHA: [&[u8]; 2] =
    [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1"];

/// How often an item may stand for another one before its pixels come.
const MAX_STEPS: usize = 8;

/// Pieces of all items together: a box can promise millions of them in no bytes at all.
const MAX_EXTENTS: usize = 1 << 18;

pub struct Heif<'a> {
    file: &'a [u8],
    /// Bytes of items within `meta`.
    near: &'a [u8],
    primary: u32,
    items: BTreeMap<u32, Item>,
    references: Vec<Reference>,
    properties: Vec<Property<'a>>,
}

#[derive(Default)]
struct Item {
    kind: [u8; 4],
    location: Location,
    /// Indices into [`Heif::properties`], in the order in which they apply.
    properties: Vec<usize>,
}

#[derive(Default)]
struct Location {
    /// 0: in the file; 1: in `meta`; 2: in another item.
    method: u16,
    /// Offset and length; a length of 0 is as much as there is.
    extents: Vec<(u64, u64)>,
}

struct Reference {
    kind: [u8; 4],
    from: u32,
    to: Vec<u32>,
}

#[derive(Clone, Copy)]
enum Property<'a> {
    Size(u32, u32),
    /// How a coded picture is coded: `hvcC`, `av1C`, `avcC`.
    Coding([u8; 4], &'a [u8]),
    Icc(&'a [u8]),
    Cicp(Cicp),
    Edit(Edit),
    Mask,
    Other,
}

/// What is done with a picture before it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    Turn(Orientation),
    Crop(Aperture),
}

/// `clap`: a size, and how far its centre lies from the picture's; each a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aperture {
    width: (u32, u32),
    height: (u32, u32),
    right: (i32, u32),
    down: (i32, u32),
}

impl Aperture {
    /// x, y, width and height within a picture of that size; `None` for what lies outside or is no size at all.
    pub fn within(self, width: u32, height: u32) -> Option<[u32; 4]> {
        let side = |(part, whole): (u32, u32), offset: (i32, u32), side: u32| {
            let length = f64::from(part) / f64::from(whole);
            let centre = f64::from(offset.0) / f64::from(offset.1) + f64::from(side) / 2.0;
            let (from, length) = ((centre - length / 2.0).round(), length.round());
            // A division by zero compares with nothing.
            (from >= 0.0 && length >= 1.0 && from + length <= f64::from(side))
                .then_some((from as u32, length as u32))
        };
        let (x, width) = side(self.width, self.right, width)?;
        let (y, height) = side(self.height, self.down, height)?;
        Some([x, y, width, height])
    }
}

/// One picture of a file: tiles of one size in rows, or a single one.
pub struct Picture<'a> {
    /// Before any edit; what tiles have beyond it is not shown.
    pub width: u32,
    pub height: u32,
    pub tile_width: u32,
    pub tile_height: u32,
    pub tiles: Vec<u32>,
    pub columns: u32,
    /// In their order.
    pub edits: Vec<Edit>,
    pub icc: Option<&'a [u8]>,
    pub cicp: Option<Cicp>,
    /// The item of the transparency mask.
    pub mask: Option<u32>,
    /// Whether colours are multiplied by the mask already.
    pub is_premultiplied: bool,
}

/// One coded picture.
pub struct Coded<'a> {
    pub codec: Codec,
    /// As containers keep it for a decoder.
    pub setup: &'a [u8],
    pub data: Cow<'a, [u8]>,
    pub cicp: Option<Cicp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    Hevc,
    Av1,
    H264,
}

impl Codec {
    /// By the name of a coded picture's item, and of a sequence's sample entry.
    pub fn of(kind: [u8; 4]) -> Option<Self> {
        match &kind {
            b"hvc1" | b"hev1" => Some(Self::Hevc),
            b"av01" => Some(Self::Av1),
            b"avc1" | b"avc3" => Some(Self::H264),
            _ => None,
        }
    }

    /// The box that says how it is coded.
    pub fn setup_box(self) -> &'static [u8; 4] {
        match self {
            Self::Hevc => b"hvcC",
            Self::Av1 => b"av1C",
            Self::H264 => b"avcC",
        }
    }
}

fn damaged(what: &str) -> Refusal {
    Refusal::new(Failure::Damaged, what)
}

impl<'a> Heif<'a> {
    /// `Ok(None)` for a file without a still picture, such as a sequence. Refuses with `Damaged`.
    pub fn parse(file: &'a [u8]) -> Result<Option<Self>> {
        let Some(meta) = find(file, b"meta") else { return Ok(None) };
        // A full box: version and flags come first.
        let meta = meta.get(4..).ok_or_else(|| damaged("an empty meta box"))?;
        let Some(primary) = find(meta, b"pitm") else { return Ok(None) };
        let primary = primary_item(primary).ok_or_else(|| damaged("no primary picture"))?;
        let mut heif = Self {
            file,
            near: find(meta, b"idat").unwrap_or_default(),
            primary,
            items: BTreeMap::new(),
            references: Vec::new(),
            properties: Vec::new(),
        };
        let part = |name| find(meta, name);
        part(b"iinf").and_then(|iinf| heif.read_items(iinf)).ok_or_else(|| damaged("no items"))?;
        part(b"iloc")
            .and_then(|iloc| heif.read_locations(iloc))
            .ok_or_else(|| damaged("no locations"))?;
        if let Some(iref) = part(b"iref") {
            heif.read_references(iref).ok_or_else(|| damaged("references cut short"))?;
        }
        let properties = part(b"iprp").ok_or_else(|| damaged("no properties"))?;
        let container =
            find(properties, b"ipco").ok_or_else(|| damaged("no property container"))?;
        for (kind, body) in boxes(container) {
            let property = property(kind, body).ok_or_else(|| damaged("a property cut short"))?;
            heif.properties.push(property);
        }
        for (kind, body) in boxes(properties) {
            if &kind == b"ipma" {
                heif.read_associations(body)
                    .ok_or_else(|| damaged("property associations cut short"))?;
            }
        }
        Ok(Some(heif))
    }

    fn read_items(&mut self, iinf: &'a [u8]) -> Option<()> {
        let mut numbers = Numbers(iinf);
        let (version, _) = numbers.version()?;
        numbers.id(version > 0)?;
        for (kind, entry) in boxes(numbers.0) {
            let mut numbers = Numbers(entry);
            let (version, _) = numbers.version()?;
            // Older versions tell no kind: nothing that we look for.
            if &kind == b"infe" && version >= 2 {
                let id = numbers.id(version > 2)?;
                numbers.u16()?;
                self.items.entry(id).or_default().kind = numbers.kind()?;
            }
        }
        Some(())
    }

    fn read_locations(&mut self, iloc: &'a [u8]) -> Option<()> {
        let mut numbers = Numbers(iloc);
        let (version, _) = numbers.version()?;
        let sizes = numbers.u16()?;
        let [offset_size, length_size, base_size, index_size] =
            [12, 8, 4, 0].map(|shift| usize::from((sizes >> shift) & 0xf).min(8));
        let mut extents_left = MAX_EXTENTS;
        for _ in 0..numbers.id(version >= 2)? {
            let id = numbers.id(version >= 2)?;
            let method = if version >= 1 { numbers.u16()? & 0xf } else { 0 };
            numbers.u16()?;
            let base = numbers.uint(base_size)?;
            let count = usize::from(numbers.u16()?);
            extents_left = extents_left.checked_sub(count)?;
            let mut extents = Vec::with_capacity(count);
            for _ in 0..count {
                if version >= 1 {
                    numbers.uint(index_size)?;
                }
                let offset = numbers.uint(offset_size)?.checked_add(base)?;
                extents.push((offset, numbers.uint(length_size)?));
            }
            if let Some(item) = self.items.get_mut(&id) {
                item.location = Location { method, extents };
            }
        }
        Some(())
    }

    fn read_references(&mut self, iref: &'a [u8]) -> Option<()> {
        let mut numbers = Numbers(iref);
        let (version, _) = numbers.version()?;
        for (kind, body) in boxes(numbers.0) {
            let mut numbers = Numbers(body);
            let from = numbers.id(version > 0)?;
            let to =
                (0..numbers.u16()?).map(|_| numbers.id(version > 0)).collect::<Option<Vec<_>>>()?;
            self.references.push(Reference { kind, from, to });
        }
        Some(())
    }

    fn read_associations(&mut self, ipma: &'a [u8]) -> Option<()> {
        let mut numbers = Numbers(ipma);
        let (version, flags) = numbers.version()?;
        for _ in 0..numbers.u32()? {
            let id = numbers.id(version > 0)?;
            for _ in 0..numbers.u8()? {
                // The top bit says whether a reader must know the property.
                let index = match flags & 1 {
                    1 => numbers.u16()? & 0x7fff,
                    _ => u16::from(numbers.u8()? & 0x7f),
                };
                // Counted from 1; 0 is none.
                if let (Some(item), Some(index)) =
                    (self.items.get_mut(&id), usize::from(index).checked_sub(1))
                {
                    item.properties.push(index);
                }
            }
        }
        Some(())
    }

    fn item(&self, id: u32) -> Result<&Item> {
        self.items.get(&id).ok_or_else(|| damaged("an item that is not there"))
    }

    fn properties_of(&self, item: &Item) -> impl Iterator<Item = Property<'a>> {
        item.properties.iter().filter_map(|&index| self.properties.get(index).copied())
    }

    fn referred(&self, kind: &[u8; 4], from: u32) -> impl Iterator<Item = u32> {
        self.references
            .iter()
            .filter(move |reference| reference.kind == *kind && reference.from == from)
            .flat_map(|reference| reference.to.iter().copied())
    }

    /// The bytes of an item.
    fn data(&self, item: &Item) -> Result<Cow<'a, [u8]>> {
        let source = match item.location.method {
            0 => self.file,
            1 => self.near,
            _ => {
                return Err(Refusal::new(Failure::UnsupportedCodec, "an item within an item"));
            }
        };
        let piece = |&(offset, length): &(u64, u64)| -> Option<&'a [u8]> {
            let rest = source.get(usize::try_from(offset).ok()?..)?;
            match usize::try_from(length).ok()? {
                0 => Some(rest),
                length => rest.get(..length),
            }
        };
        let cut_short = || damaged("an item's bytes are not there");
        if let [only] = &item.location.extents[..] {
            return piece(only).map(Cow::Borrowed).ok_or_else(cut_short);
        }
        let mut data = Vec::new();
        for extent in &item.location.extents {
            let piece = piece(extent).ok_or_else(cut_short)?;
            // Pieces that lie over one another could come to any length.
            if data.len() + piece.len() > source.len() {
                return Err(damaged("an item longer than its file"));
            }
            data.extend_from_slice(piece);
        }
        Ok(data.into())
    }

    /// The picture that is meant to be shown. Refuses with `Damaged` or `UnsupportedCodec`.
    pub fn picture(&self) -> Result<Picture<'a>> {
        let mut picture = self.picture_of(self.primary)?;
        picture.mask = self.mask_of(self.primary);
        picture.is_premultiplied = picture
            .mask
            .is_some_and(|mask| self.referred(b"prem", self.primary).any(|to| to == mask));
        Ok(picture)
    }

    /// The item that says how transparent this one is. It may say so of others, too.
    fn mask_of(&self, id: u32) -> Option<u32> {
        self.references
            .iter()
            .filter(|reference| &reference.kind == b"auxl" && reference.to.contains(&id))
            .map(|reference| reference.from)
            .find(|from| {
                self.items.get(from).is_some_and(|item| {
                    self.properties_of(item).any(|property| matches!(property, Property::Mask))
                })
            })
    }

    /// A picture that is no other's part.
    pub fn picture_of(&self, mut id: u32) -> Result<Picture<'a>> {
        let mut edits = Vec::new();
        for _ in 0..MAX_STEPS {
            let item = self.item(id)?;
            let mut found = Picture {
                width: 0,
                height: 0,
                tile_width: 0,
                tile_height: 0,
                tiles: vec![id],
                columns: 1,
                edits: Vec::new(),
                icc: None,
                cicp: None,
                mask: None,
                is_premultiplied: false,
            };
            for property in self.properties_of(item) {
                match property {
                    Property::Size(width, height) => (found.width, found.height) = (width, height),
                    Property::Icc(profile) => found.icc = Some(profile),
                    Property::Cicp(cicp) => found.cicp = Some(cicp),
                    Property::Edit(edit) => found.edits.push(edit),
                    Property::Coding(..) | Property::Mask | Property::Other => {}
                }
            }
            // What the one that stands for it does comes after what it does itself.
            found.edits.append(&mut edits);
            (found.tile_width, found.tile_height) = (found.width, found.height);
            match &item.kind {
                b"grid" => return self.grid(id, item, found),
                // The same picture again, edited; and a picture with a map of how bright it could be, which follows it.
                b"iden" | b"tmap" => {
                    let base = self.referred(b"dimg", id).next();
                    id = base.ok_or_else(|| damaged("a derived picture of nothing"))?;
                    edits = if &item.kind == b"iden" { found.edits } else { Vec::new() };
                }
                &kind if Codec::of(kind).is_some() => return Ok(found),
                kind => {
                    let kind = String::from_utf8_lossy(kind);
                    return Err(Refusal::new(
                        Failure::UnsupportedCodec,
                        format!("an item of kind {kind:?}"),
                    ));
                }
            }
        }
        Err(damaged("a picture that stands for itself"))
    }

    fn grid(&self, id: u32, item: &Item, mut found: Picture<'a>) -> Result<Picture<'a>> {
        let data = self.data(item)?;
        let shape = || {
            let mut numbers = Numbers(&data);
            numbers.u8()?;
            let side = if numbers.u8()? & 1 == 1 { 4 } else { 2 };
            let (rows, columns) = (u32::from(numbers.u8()?) + 1, u32::from(numbers.u8()?) + 1);
            Some((rows, columns, numbers.uint(side)? as u32, numbers.uint(side)? as u32))
        };
        let (rows, columns, width, height) = shape().ok_or_else(|| damaged("a grid cut short"))?;
        (found.width, found.height, found.columns) = (width, height, columns);
        found.tiles = self.referred(b"dimg", id).collect();
        if found.tiles.len() != rows as usize * columns as usize {
            return Err(damaged("a grid without all of its tiles"));
        }
        let first = self.item(found.tiles[0])?;
        for property in self.properties_of(first) {
            match property {
                Property::Size(width, height) => {
                    (found.tile_width, found.tile_height) = (width, height);
                }
                // A grid may leave colours to its tiles.
                Property::Icc(profile) => found.icc = found.icc.or(Some(profile)),
                Property::Cicp(cicp) => found.cicp = found.cicp.or(Some(cicp)),
                _ => {}
            }
        }
        // Every row and column has something to show, and together they show all. What is decoded is then of the size of what is seen.
        let covers = |tile: u32, count: u32, whole: u32| {
            let (tile, count, whole) = (u64::from(tile), u64::from(count), u64::from(whole));
            tile * count >= whole && tile * (count - 1) < whole
        };
        if !covers(found.tile_width, columns, width) || !covers(found.tile_height, rows, height) {
            return Err(damaged("a grid whose tiles do not fit"));
        }
        Ok(found)
    }

    /// One coded picture, by its item.
    pub fn coded(&self, id: u32) -> Result<Coded<'a>> {
        let item = self.item(id)?;
        let codec = Codec::of(item.kind).ok_or_else(|| {
            Refusal::new(Failure::UnsupportedCodec, format!("a tile of kind {:?}", item.kind))
        })?;
        let setup = self.properties_of(item).find_map(|property| match property {
            Property::Coding(kind, setup) if kind == *codec.setup_box() => Some(setup),
            _ => None,
        });
        let cicp = self.properties_of(item).find_map(|property| match property {
            Property::Cicp(cicp) => Some(cicp),
            _ => None,
        });
        let setup = setup.ok_or_else(|| damaged("a picture that does not say how it is coded"))?;
        Ok(Coded { codec, setup, data: self.data(item)?, cicp })
    }

    /// What every EXIF in the file says, as TIFF.
    pub fn exif(&self) -> impl Iterator<Item = Cow<'a, [u8]>> {
        let items = self.items.values().filter(|item| &item.kind == b"Exif");
        items.filter_map(|item| tiff(self.data(item).ok()?))
    }
}

/// The TIFF in an EXIF item or box, which says first how far away it is.
pub fn tiff(data: Cow<'_, [u8]>) -> Option<Cow<'_, [u8]>> {
    let skipped = (Numbers(&data).u32()? as usize).checked_add(4)?;
    match data {
        Cow::Borrowed(data) => data.get(skipped..).map(Cow::Borrowed),
        Cow::Owned(data) => data.get(skipped..).map(|tiff| tiff.to_vec().into()),
    }
}

fn primary_item(pitm: &[u8]) -> Option<u32> {
    let mut numbers = Numbers(pitm);
    let (version, _) = numbers.version()?;
    numbers.id(version > 0)
}

fn property<'a>(kind: [u8; 4], body: &'a [u8]) -> Option<Property<'a>> {
    let mut numbers = Numbers(body);
    Some(match &kind {
        b"ispe" => {
            numbers.version()?;
            Property::Size(numbers.u32()?, numbers.u32()?)
        }
        b"hvcC" | b"av1C" | b"avcC" => Property::Coding(kind, body),
        b"colr" => colours(body)?,
        // Anticlockwise.
        b"irot" => Property::Edit(Edit::Turn(match numbers.u8()? & 3 {
            0 => Orientation::NoTransforms,
            1 => Orientation::Rotate270,
            2 => Orientation::Rotate180,
            _ => Orientation::Rotate90,
        })),
        // 0 exchanges top and bottom, 1 left and right.
        b"imir" => Property::Edit(Edit::Turn(match numbers.u8()? & 1 {
            0 => Orientation::FlipVertical,
            _ => Orientation::FlipHorizontal,
        })),
        b"clap" => {
            let mut fraction = || Some((numbers.u32()?, numbers.u32()?));
            let (width, height) = (fraction()?, fraction()?);
            let [right, down] =
                [fraction()?, fraction()?].map(|(part, whole)| (part as i32, whole));
            Property::Edit(Edit::Crop(Aperture { width, height, right, down }))
        }
        b"auxC" => {
            numbers.version()?;
            let name = numbers.0.split(|&byte| byte == 0).next()?;
            if ALPHA.contains(&name) { Property::Mask } else { Property::Other }
        }
        _ => Property::Other,
    })
}

fn colours(colr: &[u8]) -> Option<Property<'_>> {
    let mut numbers = Numbers(colr);
    Some(match &numbers.kind()? {
        b"prof" | b"rICC" => Property::Icc(numbers.0),
        b"nclx" => Property::Cicp(Cicp::of(colr)?),
        _ => Property::Other,
    })
}
