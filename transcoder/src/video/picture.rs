//! The picture's way from a decoded frame to one frame per rung: deinterlaced, in even time, tone-mapped to BT.709, 8 bits,
//! upright, square pixels, and scaled from rung to rung, so that the large picture is read once.
//!
//! Pictures alone come out: what a decoder hangs on its frames besides (captions, profiles, notes) reaches no encoder.
//!
//! The chain is chosen by the first decoded frame, which knows its colours and fields better than the container.

use super::plan::{Plan, Ratio, Size, SourcePicture};
use super::{libav, probe::Source};
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

/// What a frame must look like to go through the chain that was built for the first one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    format: Pixel,
    width: u32,
    height: u32,
}

impl Shape {
    fn of(frame: &Frame) -> Self {
        Self { format: frame.format(), width: frame.width(), height: frame.height() }
    }
}

/// What the probe found out about the frames that will come.
pub struct Footage {
    picture: SourcePicture,
    time_base: ff::Rational,
    is_interlaced: bool,
}

impl Footage {
    pub fn of(source: &Source) -> Self {
        Self {
            picture: source.picture,
            time_base: source.video.time_base,
            is_interlaced: source.field_order_is_interlaced,
        }
    }
}

pub struct PictureFilter {
    graph: Graph,
    rungs: usize,
    shape: Shape,
    /// Brings frames of another shape, which some streams have in their middle, to the first one's.
    reshape: Option<(Shape, ff::software::scaling::Context)>,
    last_pts: Option<i64>,
}

impl PictureFilter {
    pub fn new(footage: &Footage, plan: &Plan, first: &Frame) -> Result<Self> {
        let mut graph = Graph::new();
        Self::build(&mut graph, footage, plan, first)
            .map_err(|error| libav::refusal(error, Failure::UnsupportedCodec, "filtering"))?;
        let shape = Shape::of(first);
        Ok(Self { graph, rungs: plan.rungs.len(), shape, reshape: None, last_pts: None })
    }

    fn build(
        graph: &mut Graph,
        footage: &Footage,
        plan: &Plan,
        first: &Frame,
    ) -> Result<(), ff::Error> {
        let aspect = first.aspect_ratio();
        let arguments = format!(
            "video_size={}x{}:pix_fmt={}:time_base={}/{}:pixel_aspect={}/{}",
            first.width(),
            first.height(),
            ff::ffi::AVPixelFormat::from(first.format()) as i32,
            footage.time_base.numerator(),
            footage.time_base.denominator(),
            aspect.numerator().max(0),
            aspect.denominator().max(1),
        );
        graph.add(&filter("buffer")?, "in", &arguments)?;
        let is_interlaced = footage.is_interlaced || first.is_interlaced();
        let mut spec =
            format!("[in]{}", upright_chain(&footage.picture, plan, first, is_interlaced));
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
        graph.validate()
    }

    /// Takes a decoded frame whose timestamp counts from the clip's start in the track's time base.
    pub fn push(&mut self, frame: Frame) -> Result<()> {
        let mut frame = self.in_first_shape(frame)?;
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
        self.node("in")?.source().add(&frame).map_err(filtering)
    }

    /// Says that the clip ends at `pts`, until when the last frame stays.
    pub fn finish(&mut self, pts: i64) -> Result<()> {
        self.node("in")?.source().close(pts).map_err(filtering)
    }

    /// The next instant, one frame per rung in the plan's order; `None` until more is pushed.
    pub fn pull(&mut self) -> Result<Option<Vec<Frame>>> {
        let mut frames = Vec::with_capacity(self.rungs);
        for index in 0..self.rungs {
            let mut frame = Frame::empty();
            match self.node(&format!("rung{index}"))?.sink().frame(&mut frame) {
                Ok(()) => {
                    libav::strip(&mut frame, &[]);
                    frames.push(frame);
                }
                Err(ff::Error::Eof | ff::Error::Other { errno: libc::EAGAIN }) if index == 0 => {
                    return Ok(None);
                }
                Err(error) => return Err(filtering(error)),
            }
        }
        Ok(Some(frames))
    }

    fn node(&mut self, name: &str) -> Result<ff::filter::Context> {
        self.graph
            .get(name)
            .ok_or_else(|| Refusal::new(Failure::Crashed, format!("no filter named {name}")))
    }

    fn in_first_shape(&mut self, frame: Frame) -> Result<Frame> {
        let shape = Shape::of(&frame);
        if shape == self.shape {
            return Ok(frame);
        }
        if self.reshape.as_ref().is_none_or(|(from, _)| *from != shape) {
            let scaler = ff::software::scaling::Context::get(
                shape.format,
                shape.width,
                shape.height,
                self.shape.format,
                self.shape.width,
                self.shape.height,
                ff::software::scaling::Flags::BICUBIC,
            )
            .map_err(filtering)?;
            self.reshape = Some((shape, scaler));
        }
        let mut reshaped = Frame::empty();
        if let Some((_, scaler)) = &mut self.reshape {
            scaler.run(&frame, &mut reshaped).map_err(filtering)?;
        }
        reshaped.set_pts(frame.pts());
        Ok(reshaped)
    }
}

fn filter(name: &str) -> Result<ff::Filter, ff::Error> {
    ff::filter::find(name).ok_or(ff::Error::FilterNotFound)
}

fn filtering(error: ff::Error) -> Refusal {
    libav::refusal(error, Failure::Damaged, "filtering the picture")
}

/// From the decoder's frame to the highest rung.
fn upright_chain(
    source: &SourcePicture,
    plan: &Plan,
    first: &Frame,
    is_interlaced: bool,
) -> String {
    let mut chain = Vec::new();
    if is_interlaced {
        chain.push("bwdif=mode=send_frame:deint=interlaced".to_owned());
    }
    // Before anything dear: frames that are dropped cost nothing then.
    let Ratio { numerator, denominator } = plan.frame_rate;
    chain.push(format!("fps=fps={numerator}/{denominator}:start_time=0"));
    // Scaled before it is rotated: the source may be four times larger.
    let upright = plan.rungs[0].size;
    let size = if source.orientation.is_transposed() { upright.transposed() } else { upright };
    chain.extend(colour_and_size(first, size));
    chain.extend(source.orientation.filters().iter().map(|&filter| filter.to_owned()));
    chain.push("setsar=1".to_owned());
    chain.push(
        "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv".to_owned(),
    );
    chain.join(",")
}

/// Makes BT.709, limited range, 8 bits 4:2:0 of the given size.
fn colour_and_size(first: &Frame, Size { width, height }: Size) -> Vec<String> {
    let transfer = match first.color_transfer_characteristic() {
        Transfer::SMPTE2084 => Some("smpte2084"),
        Transfer::ARIB_STD_B67 => Some("arib-std-b67"),
        _ => None,
    };
    if let Some(transfer) = transfer {
        let range = if first.color_range() == Range::JPEG { "full" } else { "limited" };
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
    // Nothing said: what cameras of that size do.
    let matrix = match first.color_space() {
        Space::BT709 => "bt709",
        Space::Unspecified if first.height().min(first.width()) >= 720 => "bt709",
        Space::BT2020NCL | Space::BT2020CL => "bt2020",
        Space::FCC => "fcc",
        Space::SMPTE240M => "smpte240m",
        _ => "bt601",
    };
    let is_full_range = first.color_range() == Range::JPEG
        || matches!(first.format(), Pixel::YUVJ420P | Pixel::YUVJ422P | Pixel::YUVJ444P);
    let mut scale = format!("scale={width}:{height}:flags=bicubic");
    // Left out where nothing changes, so that a frame of the right kind passes uncopied.
    if matrix != "bt709" || is_full_range || first.format() != Pixel::YUV420P {
        let range = if is_full_range { "full" } else { "limited" };
        scale += &format!(
            ":in_color_matrix={matrix}:in_range={range}:out_color_matrix=bt709:out_range=limited"
        );
    }
    vec![scale, "format=yuv420p".to_owned()]
}
