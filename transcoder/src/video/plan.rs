//! What to make of a clip: pure arithmetic from what the probe found to sizes, rates and bit rates.
//!
//! Invariants: nothing is scaled up; every size is even and at least 2; the frame rate divides the source's evenly, so that no
//! judder is added, unless that would leave fewer frames than films have; keyframes lie at the same frames in every rung.
//!
//! Not here: colours, rotation, interlacing. They are read off the first decoded frame (see `picture`).

use super::Orientation;
use super::cuts::Cuts;
use std::ops::RangeInclusive;

/// Short sides of the ladder. More rungs cost encoding time for every clip; fewer leave phones between two of them.
pub const LADDER: [u32; 5] = [240, 360, 540, 720, 1080];

/// A source this many times taller than its highest rung gets one more rung of its own size: 480p must not end at 360p.
const OWN_SIZE_RATIO: f64 = 1.2;

/// HLS segment length. Four seconds start fast and compress well.
const SEGMENT_SECONDS: f64 = 4.0;

const USUAL_MAX_RATE: f64 = 30.0;
const SMOOTH_MAX_RATE: f64 = 60.0;
/// Smooth motion doubles the work, so only short clips get it.
const SMOOTH_MAX_SECONDS: f64 = 60.0;
/// A rate is divided evenly as long as this many frames a second are left: what films have had for a century (24000/1001).
const LEAST_DIVIDED_RATE: f64 = 23.9;
/// The mean can't be above the rate that all times fit into, but for rounding: by more than this share, that rate is a wrong guess.
const DISBELIEF: f64 = 0.1;

/// Steady frames a second that are filmed to be played slowly; phones film slow motion at 120 and 240, cameras at 100 too.
const SLOW_MOTION_RATES: RangeInclusive<f64> = 99.0..=1000.0;
/// The mean of a steady rate is no further from it than this share.
const STEADINESS: f64 = 0.02;
/// Headroom for 30.02 and the like.
const RATE_HEADROOM: f64 = 1.01;

/// Bits per second that 1080p at 30 frames a second may reach; smaller pictures need more bits per pixel.
const FULL_HD_MAX_BITS: f64 = 4_500_000.0;
const FULL_HD_PIXELS: f64 = 1920.0 * 1080.0;
const BITS_EXPONENT: f64 = 0.73;

/// A ratio of whole numbers: frames per second, or the width of a pixel over its height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    pub numerator: u32,
    pub denominator: u32,
}

impl Ratio {
    pub const fn new(numerator: u32, denominator: u32) -> Self {
        Self { numerator, denominator }
    }

    pub fn value(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }
}

/// What the plan needs to know of a clip's picture.
#[derive(Clone, Copy, Debug)]
pub struct SourcePicture {
    /// As decoded, before rotation.
    pub width: u32,
    pub height: u32,
    pub pixel_aspect: Option<Ratio>,
    pub orientation: Orientation,
    /// The rate all timestamps fit into. Absurdly high for variable rates.
    pub base_rate: Option<Ratio>,
    pub average_rate: Option<Ratio>,
    pub seconds: Option<f64>,
}

#[cfg(test)]
impl SourcePicture {
    /// Upright, of square pixels, and nothing known of its time.
    pub fn of_size(width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            pixel_aspect: None,
            orientation: Orientation::UPRIGHT,
            base_rate: None,
            average_rate: None,
            seconds: None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

impl Size {
    pub fn short_side(self) -> u32 {
        self.width.min(self.height)
    }

    pub fn pixels(self) -> f64 {
        f64::from(self.width) * f64::from(self.height)
    }

    pub fn transposed(self) -> Self {
        Self { width: self.height, height: self.width }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub frame_rate: Ratio,
    /// Frames with which segments begin; they are keyframes in every rung.
    pub cuts: Cuts,
    /// Frames in the longest segment.
    pub longest_segment: i64,
    /// Descending by size, upright, square pixels; at least one.
    pub rungs: Vec<Rung>,
    /// Part of every rung's file name.
    pub edition: &'static str,
}

impl Plan {
    /// The rung's file.
    pub fn file(&self, rung: &Rung) -> String {
        format!("{}p{}.mp4", rung.size.short_side(), self.edition)
    }

    pub fn longest_segment_seconds(&self) -> f64 {
        self.longest_segment as f64 / self.frame_rate.value()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    pub size: Size,
    /// Constant quality, as far as the cap lets it.
    pub crf: u32,
    /// Bits per second over the buffer.
    pub max_bits: u64,
    pub buffer_bits: u64,
}

impl Rung {
    /// Bits per second that the encoder may reach over one segment of this length, and in the mean.
    pub fn expected_bits(&self, segment_seconds: f64) -> [u64; 2] {
        let buffered = self.buffer_bits as f64 / segment_seconds.max(1.0);
        [self.max_bits + buffered as u64, self.max_bits]
    }
}

pub fn plan(source: &SourcePicture) -> Plan {
    let frame_rate = frame_rate(source);
    let full = upright_size(source);
    let rungs = rung_sizes(full)
        .into_iter()
        .map(|size| {
            let smooth = if frame_rate.value() > 31.0 { 1.5 } else { 1.0 };
            let share = (size.pixels() / FULL_HD_PIXELS).powf(BITS_EXPONENT);
            let max_bits = (FULL_HD_MAX_BITS * share * smooth) as u64;
            Rung { size, crf: 23, max_bits, buffer_bits: 2 * max_bits }
        })
        .collect();
    let segment = (SEGMENT_SECONDS * frame_rate.value()).round().max(1.0) as i64;
    Plan { frame_rate, cuts: Cuts::Every(segment), longest_segment: segment, rungs, edition: "" }
}

/// The size on the screen: pixels squared by changing the width, then rotated. Not yet even.
pub fn upright_size(source: &SourcePicture) -> (f64, f64) {
    // A pixel shape beyond 4:1 is a damaged header rather than a camera.
    let aspect = source.pixel_aspect.map_or(1.0, Ratio::value);
    let aspect = if (0.25..=4.0).contains(&aspect) { aspect } else { 1.0 };
    let (width, height) = (f64::from(source.width) * aspect, f64::from(source.height));
    if source.orientation.is_transposed() { (height, width) } else { (width, height) }
}

/// Descending, of a picture that is so large on the screen.
pub fn rung_sizes((width, height): (f64, f64)) -> Vec<Size> {
    let short = width.min(height);
    let mut sides: Vec<f64> =
        LADDER.iter().map(|&side| f64::from(side)).filter(|&side| side <= short).collect();
    match sides.last() {
        None => sides.push(short),
        Some(&highest) if short >= highest * OWN_SIZE_RATIO && short < f64::from(LADDER[4]) => {
            sides.push(short);
        }
        Some(_) => {}
    }
    sides
        .iter()
        .rev()
        .map(|side| Size { width: even(width * side / short), height: even(height * side / short) })
        .collect()
}

/// Nearest even number that is not above, except for rounding noise; chroma is stored for every second pixel.
fn even(length: f64) -> u32 {
    (((length + 0.5) / 2.0).floor() as u32).max(1) * 2
}

/// How many times slower the clip is at the highest usual rate with each of its frames shown; `None` unless it was filmed for that.
pub fn slow_factor(source: &SourcePicture) -> Option<u32> {
    let base = source.base_rate.filter(|rate| SLOW_MOTION_RATES.contains(&rate.value()))?;
    let share = source.average_rate?.value() / base.value();
    let is_steady = (share - 1.0).abs() < STEADINESS;
    is_steady.then(|| (base.value() / (USUAL_MAX_RATE * RATE_HEADROOM)).ceil() as u32)
}

fn frame_rate(source: &SourcePicture) -> Ratio {
    // Variable rate: every frame moves at most half of 1/30 s.
    const USUAL: Ratio = Ratio::new(USUAL_MAX_RATE as u32, 1);
    let Some(base) = source.base_rate.filter(|rate| (1.0..=250.0).contains(&rate.value())) else {
        return USUAL;
    };
    let exceeds_base = source.average_rate.map_or(0.0, |average| average.value() / base.value());
    if exceeds_base > 1.0 + DISBELIEF {
        return USUAL;
    }
    let is_steady = (exceeds_base - 1.0).abs() < STEADINESS;
    let is_short = source.seconds.is_some_and(|seconds| seconds <= SMOOTH_MAX_SECONDS);
    let cap = if is_steady && is_short { SMOOTH_MAX_RATE } else { USUAL_MAX_RATE };
    let divisor = (base.value() / (cap * RATE_HEADROOM)).ceil().max(1.0) as u32;
    let even = Ratio::new(base.numerator, base.denominator.saturating_mul(divisor));
    // Half of 40 would be a slide show: a frame left out here and there is seen less than every other one.
    if divisor > 1 && even.value() < LEAST_DIVIDED_RATE { USUAL } else { even }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(width: u32, height: u32) -> SourcePicture {
        SourcePicture {
            base_rate: Some(Ratio::new(30, 1)),
            average_rate: Some(Ratio::new(30, 1)),
            seconds: Some(10.0),
            ..SourcePicture::of_size(width, height)
        }
    }

    fn sizes(source: &SourcePicture) -> Vec<(u32, u32)> {
        plan(source).rungs.iter().map(|rung| (rung.size.width, rung.size.height)).collect()
    }

    #[test]
    fn the_ladder_goes_up_to_the_sources_short_side_and_no_further() {
        assert_eq!(
            sizes(&source(1920, 1080)),
            [(1920, 1080), (1280, 720), (960, 540), (640, 360), (426, 240)]
        );
        assert_eq!(sizes(&source(3840, 2160))[0], (1920, 1080));
        assert_eq!(sizes(&source(1280, 720)), [(1280, 720), (960, 540), (640, 360), (426, 240)]);
        assert_eq!(sizes(&source(640, 360)), [(640, 360), (426, 240)]);
    }

    #[test]
    fn a_portrait_clip_gets_portrait_rungs() {
        let mut portrait = source(1920, 1080);
        portrait.orientation = Orientation::CLOCKWISE;
        assert_eq!(sizes(&portrait)[0], (1080, 1920));
        assert_eq!(sizes(&portrait)[4], (240, 426));
    }

    #[test]
    fn a_source_well_above_its_highest_rung_keeps_its_own_size() {
        assert_eq!(sizes(&source(854, 480)), [(854, 480), (640, 360), (426, 240)]);
        assert_eq!(sizes(&source(1024, 576))[0], (960, 540));
    }

    #[test]
    fn a_tiny_or_odd_source_gets_one_even_rung_that_is_no_larger() {
        assert_eq!(sizes(&source(176, 144)), [(176, 144)]);
        assert_eq!(sizes(&source(129, 97)), [(128, 96)]);
        assert_eq!(sizes(&source(1, 1)), [(2, 2)]);
    }

    #[test]
    fn wide_pixels_become_square_and_absurd_ones_are_ignored() {
        let mut wide = source(640, 360);
        wide.pixel_aspect = Some(Ratio::new(2, 1));
        assert_eq!(sizes(&wide)[0], (1280, 360));
        wide.pixel_aspect = Some(Ratio::new(5000, 1));
        assert_eq!(sizes(&wide)[0], (640, 360));
    }

    #[test]
    fn steady_rates_are_kept_or_divided_evenly() {
        let rate = |base: (u32, u32), seconds: f64| {
            let mut source = source(1280, 720);
            source.base_rate = Some(Ratio::new(base.0, base.1));
            source.average_rate = source.base_rate;
            source.seconds = Some(seconds);
            plan(&source).frame_rate.value()
        };
        assert_eq!(rate((24, 1), 10.0), 24.0);
        assert_eq!(rate((25, 1), 100.0), 25.0);
        assert_eq!(rate((30000, 1001), 10.0), 30000.0 / 1001.0);
        assert_eq!(rate((60, 1), 10.0), 60.0);
        assert_eq!(rate((50, 1), 100.0), 25.0);
        assert_eq!(rate((240, 1), 100.0), 30.0);
        assert_eq!(rate((240, 1), 10.0), 60.0);
    }

    #[test]
    fn what_was_filmed_at_a_high_steady_rate_can_be_slowed_to_a_usual_one() {
        let factor = |base: (u32, u32), average: f64| {
            let mut source = source(1280, 720);
            source.base_rate = Some(Ratio::new(base.0, base.1));
            source.average_rate = Some(Ratio::new((average * 1000.0) as u32, 1000));
            slow_factor(&source)
        };
        assert_eq!(factor((120, 1), 120.0), Some(4));
        assert_eq!(factor((120_000, 1001), 119.4), Some(4));
        assert_eq!(factor((240, 1), 238.0), Some(8));
        assert_eq!(factor((100, 1), 100.0), Some(4), "25 frames a second, as on European phones");
        assert_eq!(factor((480, 1), 480.0), Some(16));
        for usual in [24, 30, 50, 60, 90] {
            assert_eq!(factor((usual, 1), f64::from(usual)), None);
        }
        assert_eq!(factor((120, 1), 60.0), None, "unsteady");
        assert_eq!(factor((90_000, 1), 30.0), None, "no rate at all");
    }

    #[test]
    fn a_rate_whose_half_would_be_jerky_becomes_thirty() {
        let rate = |base: u32, average: f64, seconds: f64| {
            let mut source = source(1280, 720);
            source.base_rate = Some(Ratio::new(base, 1));
            source.average_rate = Some(Ratio::new((average * 1000.0) as u32, 1000));
            source.seconds = Some(seconds);
            plan(&source).frame_rate.value()
        };
        for base in [31, 36, 40, 47] {
            let unsteady = f64::from(base) * 6.0 / 7.0;
            assert_eq!(rate(base, unsteady, 8.0), 30.0, "{base}, unsteady");
            assert_eq!(rate(base, f64::from(base), 100.0), 30.0, "{base}, long");
            assert_eq!(rate(base, f64::from(base), 8.0), f64::from(base), "{base}, short");
        }
        assert_eq!(rate(62, 50.0, 8.0), 30.0);
        assert_eq!(rate(48, 48.0, 100.0), 24.0);
        assert_eq!(rate(50, 40.0, 8.0), 25.0);
        assert_eq!(rate(60, 50.0, 8.0), 30.0);
    }

    #[test]
    fn no_rate_loses_more_frames_than_it_must_or_judders_without_need() {
        for hundredths in (100..=25_000).step_by(5) {
            let base = Ratio::new(hundredths, 100);
            for average in [0.3, 0.86, 0.97, 0.99, 1.0, 1.01].map(|share| share * base.value()) {
                for seconds in [None, Some(8.0), Some(60.0), Some(100.0)] {
                    let mut source = source(1280, 720);
                    source.base_rate = Some(base);
                    source.average_rate = Some(Ratio::new((average * 1000.0) as u32, 1000));
                    source.seconds = seconds;
                    let rate = plan(&source).frame_rate.value();
                    let is_steady = (average / base.value() - 1.0).abs() < 0.015;
                    let is_smooth = is_steady && seconds.is_some_and(|seconds| seconds <= 60.0);
                    let cap = if is_smooth { 60.0 } else { 30.0 };
                    let what = format!("{base:?}, {average}, {seconds:?}: {rate}");
                    assert!(rate <= cap * 1.01, "{what}");
                    assert!(rate >= base.value().min(23.9), "{what}");
                    if base.value() <= cap {
                        assert_eq!(rate, base.value(), "{what}");
                    }
                    let is_even =
                        (base.value() / rate).fract().min(1.0 - (base.value() / rate).fract())
                            < 1e-6;
                    let could_be_even = (1..=20)
                        .map(|divisor| base.value() / f64::from(divisor))
                        .any(|rate| (23.9..=cap * 1.01).contains(&rate));
                    assert!(is_even || !could_be_even, "{what}");
                }
            }
        }
    }

    #[test]
    fn a_base_below_the_mean_is_not_believed() {
        let mut source = source(1280, 720);
        source.base_rate = Some(Ratio::new(15, 1));
        assert_eq!(plan(&source).frame_rate, Ratio::new(30, 1));
    }

    #[test]
    fn a_variable_rate_becomes_thirty() {
        let mut variable = source(1280, 720);
        variable.base_rate = Some(Ratio::new(90_000, 1));
        variable.average_rate = Some(Ratio::new(21, 2));
        assert_eq!(plan(&variable).frame_rate, Ratio::new(30, 1));
    }

    #[test]
    fn keyframes_come_every_four_seconds() {
        assert_eq!(plan(&source(1280, 720)).cuts, Cuts::Every(120));
        let mut ntsc = source(1280, 720);
        ntsc.base_rate = Some(Ratio::new(30000, 1001));
        assert_eq!(plan(&ntsc).cuts, Cuts::Every(120));
    }
}
