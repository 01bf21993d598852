//! The picture's way from a decoded frame to one frame per rung: deinterlaced, in even time, tone-mapped to BT.709, 8 bits,
//! upright, square pixels, and scaled from rung to rung, so that the large picture is read once.
//!
//! Pictures alone come out: what a decoder hangs on its frames besides (captions, profiles, notes) reaches no encoder.
//!
//! The chain is built for the first decoded frame, which knows its colours and fields better than the container. Where a frame of another
//! kind comes, the chain gives all it has, and one for that kind goes on in its place: what has another shape lies between black
//! bars, and nothing is stretched. A clip whose kinds never change has one chain, and pays nothing.

use super::libav;
use super::plan::{Plan, Ratio, Size, upright_size};
use super::probe::Source;
use super::shape::{Place, Stated, fit};
use crate::refusal::{Refusal, Result};
use ff::color::{Range, Space, TransferCharacteristic as Transfer};
use ff::ffi::AVFrameSideDataType as SideData;
use ff::filter::Graph;
use ff::format::Pixel;
use ff::frame::Video as Frame;
use ffmpeg_next as ff;
use transcoder_protocol::Failure;

/// What tone mapping asks a frame for: how bright its brightest may be.
const BRIGHTNESS: [SideData; 2] = [
    SideData::AV_FRAME_DATA_MASTERING_DISPLAY_METADATA,
    SideData::AV_FRAME_DATA_CONTENT_LIGHT_LEVEL,
];

/// What a chain is built for, and what all its frames have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Kind {
    format: Pixel,
    width: u32,
    height: u32,
    /// As stored: not turned yet.
    place: Place,
    is_interlaced: bool,
    colours: Colours,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Colours {
    /// Of high dynamic range, by the filters' name.
    wide: Option<&'static str>,
    /// By the filters' name.
    matrix: &'static str,
    is_full_range: bool,
}

/// What the probe found out about the frames that will come.
#[derive(Clone, Copy)]
pub struct Footage {
    stated: Stated,
    time_base: ff::Rational,
    is_interlaced: bool,
}

impl Footage {
    pub fn of(source: &Source) -> Self {
        Self {
            stated: Stated::of(source),
            time_base: source.video.time_base,
            is_interlaced: source.field_order_is_interlaced,
        }
    }
}

pub struct PictureFilter<'a> {
    footage: Footage,
    plan: &'a Plan,
    chain: Option<Chain>,
    /// Of another kind than the chain is for: comes when that has given all it has.
    next: Option<Frame>,
    /// What the first frame that did not say its colours was taken for, and so all others are: one camera filmed them.
    unsaid_matrix: Option<&'static str>,
    last_pts: Option<i64>,
    /// Instants so far.
    pulled: u64,
}

impl<'a> PictureFilter<'a> {
    pub fn new(footage: Footage, plan: &'a Plan) -> Self {
        Self {
            footage,
            plan,
            chain: None,
            next: None,
            unsaid_matrix: None,
            last_pts: None,
            pulled: 0,
        }
    }

    /// Takes a decoded frame whose timestamp counts from the clip's start in the track's time base. All that is ready must have been
    /// pulled before.
    pub fn push(&mut self, mut frame: Frame) -> Result<()> {
        libav::strip(&mut frame, &BRIGHTNESS);
        // A frame without a timestamp, or one that goes back, follows the last one at once.
        let earliest = self.last_pts.map(|last| last + 1);
        let pts = match (frame.pts(), earliest) {
            (Some(pts), Some(earliest)) => pts.max(earliest),
            (Some(pts), None) => pts,
            (None, earliest) => earliest.unwrap_or(0),
        };
        frame.set_pts(Some(pts));
        self.last_pts = Some(pts);
        let kind = self.kind_of(&frame);
        match &mut self.chain {
            Some(chain) if chain.kind == kind => chain.push(&frame),
            Some(chain) => {
                chain.close(pts)?;
                self.next = Some(frame);
                Ok(())
            }
            None => self.begin(&frame),
        }
    }

    /// Says that the clip ends at `pts`, until when the last frame stays.
    pub fn finish(&mut self, pts: i64) -> Result<()> {
        self.chain.as_mut().map_or(Ok(()), |chain| chain.close(pts))
    }

    /// The next instant, one frame per rung in the plan's order; `None` until more is pushed.
    pub fn pull(&mut self) -> Result<Option<Vec<Frame>>> {
        while let Some(chain) = &mut self.chain {
            match chain.pull()? {
                Pulled::Frames(frames) => {
                    self.pulled += 1;
                    return Ok(Some(frames));
                }
                Pulled::NotYet => return Ok(None),
                Pulled::End => {
                    let Some(frame) = self.next.take() else { return Ok(None) };
                    self.begin(&frame)?;
                }
            }
        }
        Ok(None)
    }

    fn begin(&mut self, frame: &Frame) -> Result<()> {
        let kind = self.kind_of(frame);
        let mut chain = Chain::build(kind, &self.footage, self.plan, self.pulled, frame)
            .map_err(|error| libav::refusal(error, Failure::UnsupportedCodec, "filtering"))?;
        chain.push(frame)?;
        self.chain = Some(chain);
        Ok(())
    }

    fn kind_of(&mut self, frame: &Frame) -> Kind {
        let stated = &self.footage.stated;
        let orientation = stated.picture.orientation;
        let upright = self.plan.rungs[0].size;
        let (width, height) = upright_size(&stated.as_in(frame));
        let turned = orientation.is_transposed();
        let place = match turned {
            true => fit((height, width), upright.transposed()),
            false => fit((width, height), upright),
        };
        // Once there were fields there may be more.
        self.footage.is_interlaced |= frame.is_interlaced();
        Kind {
            format: frame.format(),
            width: frame.width(),
            height: frame.height(),
            place,
            is_interlaced: self.footage.is_interlaced,
            colours: colours(frame, &mut self.unsaid_matrix),
        }
    }
}

struct Chain {
    kind: Kind,
    graph: Graph,
    rungs: usize,
}

enum Pulled {
    Frames(Vec<Frame>),
    NotYet,
    End,
}

impl Chain {
    /// Whose first frame has the given number.
    fn build(
        kind: Kind,
        footage: &Footage,
        plan: &Plan,
        number: u64,
        first: &Frame,
    ) -> Result<Self, ff::Error> {
        let aspect = first.aspect_ratio();
        let arguments = format!(
            "video_size={}x{}:pix_fmt={}:time_base={}/{}:pixel_aspect={}/{}",
            kind.width,
            kind.height,
            ff::ffi::AVPixelFormat::from(kind.format) as i32,
            footage.time_base.numerator(),
            footage.time_base.denominator(),
            aspect.numerator().max(0),
            aspect.denominator().max(1),
        );
        let mut graph = Graph::new();
        graph.add(&filter("buffer")?, "in", &arguments)?;
        let mut spec = format!("[in]{}", upright_chain(&kind, footage, plan, number));
        for (index, rung) in plan.rungs.iter().enumerate() {
            if index > 0 {
                let Size { width, height } = rung.size;
                spec += &format!(";[chain{index}]scale={width}:{height}:flags=bicubic");
            }
            spec += &match index + 1 {
                next if next < plan.rungs.len() => format!(",split=2[rung{index}][chain{next}]"),
                _ => format!(",null[rung{index}]"),
            };
            graph.add(&filter("buffersink")?, &format!("rung{index}"), "")?;
        }
        let mut parser = graph.output("in", 0)?;
        for index in 0..plan.rungs.len() {
            parser = parser.input(&format!("rung{index}"), 0)?;
        }
        parser.parse(&spec)?;
        graph.validate()?;
        Ok(Self { kind, graph, rungs: plan.rungs.len() })
    }

    fn push(&mut self, frame: &Frame) -> Result<()> {
        self.node("in")?.source().add(frame).map_err(filtering)
    }

    /// The last frame stays until then.
    fn close(&mut self, pts: i64) -> Result<()> {
        self.node("in")?.source().close(pts).map_err(filtering)
    }

    fn pull(&mut self) -> Result<Pulled> {
        let mut frames = Vec::with_capacity(self.rungs);
        for index in 0..self.rungs {
            let mut frame = Frame::empty();
            match self.node(&format!("rung{index}"))?.sink().frame(&mut frame) {
                Ok(()) => {
                    libav::strip(&mut frame, &[]);
                    frames.push(frame);
                }
                Err(ff::Error::Eof) if index == 0 => return Ok(Pulled::End),
                Err(ff::Error::Other { errno: libc::EAGAIN }) if index == 0 => {
                    return Ok(Pulled::NotYet);
                }
                Err(error) => return Err(filtering(error)),
            }
        }
        Ok(Pulled::Frames(frames))
    }

    fn node(&mut self, name: &str) -> Result<ff::filter::Context> {
        self.graph
            .get(name)
            .ok_or_else(|| Refusal::new(Failure::Crashed, format!("no filter named {name}")))
    }
}

fn filter(name: &str) -> Result<ff::Filter, ff::Error> {
    ff::filter::find(name).ok_or(ff::Error::FilterNotFound)
}

fn filtering(error: ff::Error) -> Refusal {
    libav::refusal(error, Failure::Damaged, "filtering the picture")
}

/// From the decoder's frame to the highest rung, from the instant of that number on.
fn upright_chain(kind: &Kind, footage: &Footage, plan: &Plan, number: u64) -> String {
    let mut chain = Vec::new();
    if kind.is_interlaced {
        chain.push("bwdif=mode=send_frame:deint=interlaced".to_owned());
    }
    // Before anything dear: frames that are dropped cost nothing then.
    let Ratio { numerator, denominator } = plan.frame_rate;
    let start = number as f64 / plan.frame_rate.value();
    chain.push(format!("fps=fps={numerator}/{denominator}:start_time={start:.9}"));
    // Scaled before it is rotated: the source may be four times larger.
    let orientation = footage.stated.picture.orientation;
    let upright = plan.rungs[0].size;
    let whole = if orientation.is_transposed() { upright.transposed() } else { upright };
    chain.extend(colour_and_size(kind));
    if kind.place.size != whole {
        let (Size { width, height }, Place { left, top, .. }) = (whole, kind.place);
        chain.push(format!("pad={width}:{height}:{left}:{top}:black"));
    }
    chain.extend(orientation.filters().iter().map(|&filter| filter.to_owned()));
    chain.push("setsar=1".to_owned());
    chain.push(
        "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv".to_owned(),
    );
    chain.join(",")
}

fn colours(frame: &Frame, unsaid_matrix: &mut Option<&'static str>) -> Colours {
    // Nothing said: what cameras of that size do.
    let is_large = frame.height().min(frame.width()) >= 720;
    let usual = if is_large { "bt709" } else { "bt601" };
    let matrix = match frame.color_space() {
        Space::BT709 => "bt709",
        Space::Unspecified => *unsaid_matrix.get_or_insert(usual),
        Space::BT2020NCL | Space::BT2020CL => "bt2020",
        Space::FCC => "fcc",
        Space::SMPTE240M => "smpte240m",
        _ => "bt601",
    };
    let wide = match frame.color_transfer_characteristic() {
        Transfer::SMPTE2084 => Some("smpte2084"),
        Transfer::ARIB_STD_B67 => Some("arib-std-b67"),
        _ => None,
    };
    let is_full_range = frame.color_range() == Range::JPEG
        || matches!(frame.format(), Pixel::YUVJ420P | Pixel::YUVJ422P | Pixel::YUVJ444P);
    Colours { wide, matrix, is_full_range }
}

/// Makes BT.709, limited range, 8 bits 4:2:0 of the place's size.
fn colour_and_size(kind: &Kind) -> Vec<String> {
    let Size { width, height } = kind.place.size;
    let Colours { wide, matrix, is_full_range } = kind.colours;
    let range = if is_full_range { "full" } else { "limited" };
    if let Some(transfer) = wide {
        return vec![
            format!(
                "zscale=w={width}:h={height}:filter=bicubic:tin={transfer}:pin=2020:min=2020_ncl:rin={range}:t=linear:npl=100"
            ),
            "format=gbrpf32le".to_owned(),
            "zscale=p=709".to_owned(),
            "tonemap=tonemap=hable:desat=0".to_owned(),
            "zscale=t=709:m=709:r=limited".to_owned(),
            "format=yuv420p".to_owned(),
        ];
    }
    let mut scale = format!("scale={width}:{height}:flags=bicubic");
    // Left out where nothing changes, so that a frame of the right kind passes uncopied.
    if matrix != "bt709" || is_full_range || kind.format != Pixel::YUV420P {
        scale += &format!(
            ":in_color_matrix={matrix}:in_range={range}:out_color_matrix=bt709:out_range=limited"
        );
    }
    vec![scale, "format=yuv420p".to_owned()]
}
