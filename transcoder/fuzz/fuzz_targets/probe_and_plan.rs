//! A file through all that the child decides before it decodes a picture: recognising, probing, planning, and whether the picture can
//! be copied. What is refused is fine; what is taken must come with a plan that can be carried out.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::fs::File;
use std::io::{Write, sink};
use std::os::fd::FromRawFd;
use transcoder::report::Reporter;
use transcoder::video::cuts::Cuts;
use transcoder::video::plan::{Plan, upright_size};
use transcoder::video::probe::{Source, probe};
use transcoder::video::remux::Remux;
use transcoder::video::{Decision, InputFile, decide};
use transcoder_protocol::VideoLimits;

/// Of frame rates, x264 and AAC: libav takes no larger terms.
const MAX_TERM: u32 = i32::MAX as u32;

fuzz_target!(
    init: {
        ffmpeg_next::init().expect("libav starts");
        ffmpeg_next::log::set_level(ffmpeg_next::log::Level::Quiet);
    },
    |bytes: &[u8]| {
        let input = InputFile::from(opened(bytes));
        let reporter = Reporter::to(sink());
        let limits = VideoLimits::default();
        if let Ok(source) = probe(input, &limits) {
            let Decision { source, plan, remux, .. } = decide(source, &limits, &reporter);
            check_plan(&source, &plan);
            if let Ok(remux) = remux {
                check_copy(&remux, &plan);
            }
        }
    }
);

/// The bytes as the child gets them: an opened file without a path.
fn opened(bytes: &[u8]) -> File {
    // SAFETY: a new descriptor, which is the file's alone.
    let mut file = unsafe {
        let descriptor = libc::memfd_create(c"input".as_ptr(), 0);
        assert!(descriptor >= 0, "a file in memory");
        File::from_raw_fd(descriptor)
    };
    file.write_all(bytes).expect("room for a small file");
    file
}

fn check_plan(source: &Source, plan: &Plan) {
    let (width, height) = upright_size(&source.picture);
    assert!(!plan.rungs.is_empty());
    for rung in &plan.rungs {
        let size = rung.size;
        assert!(size.width >= 2 && size.height >= 2, "{size:?}");
        assert!(size.width % 2 == 0 && size.height % 2 == 0, "{size:?}");
        // A half is rounding noise; below two pixels there is no picture.
        assert!(f64::from(size.width) <= (width + 0.5).max(2.0), "{size:?} of {width}×{height}");
        assert!(f64::from(size.height) <= (height + 0.5).max(2.0), "{size:?} of {width}×{height}");
        assert!(rung.max_bits > 0 && rung.buffer_bits > 0);
    }
    let sides: Vec<u32> = plan.rungs.iter().map(|rung| rung.size.short_side()).collect();
    assert!(sides.is_sorted_by(|above, below| above > below), "{sides:?}");
    let rate = plan.frame_rate;
    assert!((0.5..=61.0).contains(&rate.value()), "{rate:?}");
    assert!(rate.numerator <= MAX_TERM && rate.denominator <= MAX_TERM, "{rate:?}");
    check_cuts(&plan.cuts);
    assert!((1..=1 << 16).contains(&plan.longest_segment), "{}", plan.longest_segment);
}

fn check_cuts(cuts: &Cuts) {
    match cuts {
        Cuts::Every(length) => assert!(*length >= 1),
        Cuts::At(cuts) => {
            assert!(cuts.first().is_none_or(|&first| first > 0), "{cuts:?}");
            assert!(cuts.is_sorted_by(|one, next| one < next), "{cuts:?}");
        }
    }
}

/// Every packet is shown once, not before it is decoded, and segments begin at keyframes.
fn check_copy(remux: &Remux, plan: &Plan) {
    check_cuts(&remux.cuts);
    assert_eq!(plan.cuts, remux.cut_frames);
    let times = &remux.times;
    assert!(times.first().is_some_and(|first| first.shown == 0 && first.is_key));
    assert!(times.is_sorted_by(|one, next| one.decoded < next.decoded));
    for time in times {
        assert!(time.duration > 0 && time.shown >= time.decoded && time.shown >= 0, "{time:?}");
    }
    if let Cuts::At(cuts) = &remux.cuts {
        for cut in cuts {
            assert!(times.iter().any(|time| time.is_key && time.shown == *cut), "{cut}");
        }
    }
}
