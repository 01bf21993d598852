//! HEIF files box by box (ISO/IEC 23008-12), as phones build them and no tool at hand does.

pub type Kind = [u8; 4];

#[derive(Default)]
pub struct Heif {
    pub primary: u32,
    pub items: Vec<Item>,
    /// Kind, from, to.
    pub references: Vec<(Kind, u32, Vec<u32>)>,
    /// Whole boxes, as [`Item::properties`] counts them.
    pub properties: Vec<Vec<u8>>,
}

pub struct Item {
    pub id: u32,
    pub kind: Kind,
    pub data: Vec<u8>,
    /// Counted from 1.
    pub properties: Vec<u8>,
    pub is_hidden: bool,
}

pub fn boxed(kind: &Kind, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32 + 8).to_be_bytes();
    [&length, kind.as_slice(), body].concat()
}

fn full(kind: &Kind, version: u8, flags: u32, body: &[u8]) -> Vec<u8> {
    let word = (u32::from(version) << 24) | flags;
    boxed(kind, &[&word.to_be_bytes(), body].concat())
}

/// A picture's size.
pub fn ispe(width: u32, height: u32) -> Vec<u8> {
    full(b"ispe", 0, 0, &[width.to_be_bytes(), height.to_be_bytes()].concat())
}

/// Code points, and whether numbers go from end to end.
pub fn nclx(primaries: u16, transfer: u16, matrix: u16, is_full_range: bool) -> Vec<u8> {
    let codes = [primaries, transfer, matrix].map(u16::to_be_bytes).concat();
    boxed(b"colr", &[b"nclx".as_slice(), &codes, &[u8::from(is_full_range) << 7]].concat())
}

/// What an auxiliary picture is for.
pub fn auxiliary(urn: &str) -> Vec<u8> {
    full(b"auxC", 0, 0, &[urn.as_bytes(), &[0]].concat())
}

/// A cut: width, height, and how far its centre lies from the picture's, in pixels.
pub fn clap(width: u32, height: u32, right: i32, down: i32) -> Vec<u8> {
    let numbers = [width, 1, height, 1, right as u32, 1, down as u32, 1];
    boxed(b"clap", &numbers.map(u32::to_be_bytes).concat())
}

/// The bytes of a grid's item.
pub fn grid(columns: u8, rows: u8, width: u16, height: u16) -> Vec<u8> {
    let sides = [width, height].map(u16::to_be_bytes).concat();
    [&[0, 0, rows - 1, columns - 1], sides.as_slice()].concat()
}

impl Heif {
    /// Adds a whole box to the properties, and tells its number.
    pub fn property(&mut self, property: Vec<u8>) -> u8 {
        self.properties.push(property);
        self.properties.len() as u8
    }

    pub fn item(&mut self, id: u32, kind: &Kind, data: Vec<u8>, properties: &[u8]) {
        let properties = properties.to_vec();
        self.items.push(Item { id, kind: *kind, data, properties, is_hidden: false });
    }

    pub fn refer(&mut self, kind: &Kind, from: u32, to: &[u32]) {
        self.references.push((*kind, from, to.to_vec()));
    }

    pub fn to_bytes(&self, brand: &Kind) -> Vec<u8> {
        let ftyp = boxed(b"ftyp", &[brand.as_slice(), &[0; 4], b"mif1", brand].concat());
        // Offsets are as long whatever they say, so that a first try tells where the bytes begin.
        let begin = ftyp.len() + self.meta(0).len() + 8;
        let data: Vec<u8> = self.items.iter().flat_map(|item| item.data.clone()).collect();
        [ftyp, self.meta(begin as u32), boxed(b"mdat", &data)].concat()
    }

    fn meta(&self, begin: u32) -> Vec<u8> {
        let handler = full(b"hdlr", 0, 0, &[&[0; 4], b"pict".as_slice(), &[0; 13]].concat());
        let primary = full(b"pitm", 0, 0, &(self.primary as u16).to_be_bytes());
        let count = (self.items.len() as u16).to_be_bytes();
        let entries = self.items.iter().map(|item| {
            let id = (item.id as u16).to_be_bytes();
            let body = [&id, [0; 2].as_slice(), &item.kind, &[0]].concat();
            full(b"infe", 2, item.is_hidden.into(), &body)
        });
        let items =
            full(b"iinf", 0, 0, &[count.to_vec(), entries.collect::<Vec<_>>().concat()].concat());
        let mut at = begin;
        let mut locations = [vec![0x44, 0], count.to_vec()].concat();
        for item in &self.items {
            locations.extend((item.id as u16).to_be_bytes());
            locations.extend([0, 0, 0, 1]);
            locations.extend(at.to_be_bytes());
            locations.extend((item.data.len() as u32).to_be_bytes());
            at += item.data.len() as u32;
        }
        let locations = full(b"iloc", 0, 0, &locations);
        let references = self.references.iter().map(|(kind, from, to)| {
            let ids = std::iter::once(*from as u16)
                .chain(std::iter::once(to.len() as u16))
                .chain(to.iter().map(|&to| to as u16));
            boxed(kind, &ids.flat_map(u16::to_be_bytes).collect::<Vec<_>>())
        });
        let references = full(b"iref", 0, 0, &references.collect::<Vec<_>>().concat());
        let mut associations = (self.items.len() as u32).to_be_bytes().to_vec();
        for item in &self.items {
            associations.extend((item.id as u16).to_be_bytes());
            associations.push(item.properties.len() as u8);
            associations.extend(&item.properties);
        }
        let container = boxed(b"ipco", &self.properties.concat());
        let properties = boxed(b"iprp", &[container, full(b"ipma", 0, 0, &associations)].concat());
        let parts = [handler, primary, items, locations, references, properties].concat();
        full(b"meta", 0, 0, &parts)
    }
}
