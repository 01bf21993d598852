//! What can be played before all is done.

use crate::media::{PROGRAM, Studio, decoded};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use transcoder_protocol::run::{Update, run};
use transcoder_protocol::{NewSegment, Outline, Output, VideoLimits, VideoOutput};

const FIFTEEN_SECONDS: &str = "-f lavfi -i testsrc2=s=640x360:r=30:d=15 -f lavfi -i sine=d=15 \
    -c:v libx264 -preset ultrafast -c:a aac";

/// What was heard of a clip, and the bytes that lay on disk at that moment.
#[derive(Default)]
struct Heard {
    outline: Option<Outline>,
    /// The init section's bytes and the segment's.
    pieces: Vec<(NewSegment, Vec<u8>, Vec<u8>)>,
}

impl Heard {
    fn of<'a>(&'a self, file: &'a str) -> impl Iterator<Item = &'a (NewSegment, Vec<u8>, Vec<u8>)> {
        self.pieces.iter().filter(move |(piece, ..)| piece.file == file)
    }
}

async fn hear(studio: &Studio, arguments: &str, limits: VideoLimits) -> (Heard, VideoOutput) {
    let clip = studio.film("clip.mp4", arguments);
    let mut heard = Heard::default();
    let listen = |update| match update {
        Update::Caged(_) | Update::Found(_) | Update::Progress(_) => {}
        Update::Outline(outline) => {
            assert!(heard.pieces.is_empty() && heard.outline.is_none());
            heard.outline = Some(outline);
        }
        Update::Segment(piece) => {
            let file = File::open(studio.path("out").join(&piece.file)).unwrap();
            let mut init = vec![0; piece.init_bytes as usize];
            file.read_exact_at(&mut init, 0).unwrap();
            let mut bytes = vec![0; piece.segment.bytes as usize];
            file.read_exact_at(&mut bytes, piece.segment.offset).unwrap();
            heard.pieces.push((piece, init, bytes));
        }
    };
    let output = run(Path::new(PROGRAM), &studio.task(&clip, limits), listen).await.unwrap();
    let Output::Video(output) = output else { panic!("asked for a video") };
    (heard, output)
}

#[tokio::test]
async fn segments_are_told_of_when_their_bytes_are_final() {
    let studio = Studio::open();
    let (heard, output) = hear(&studio, FIFTEEN_SECONDS, VideoLimits::default()).await;
    for rendition in &output.renditions {
        let whole = std::fs::read(studio.path("out").join(&rendition.file)).unwrap();
        let told: Vec<_> = heard.of(&rendition.file).collect();
        let segments: Vec<_> = told.iter().map(|(piece, ..)| piece.segment).collect();
        assert_eq!(segments, rendition.segments);
        for (index, (piece, init, bytes)) in told.into_iter().enumerate() {
            assert_eq!(piece.index as usize, index);
            assert_eq!(piece.init_bytes, rendition.init_bytes);
            assert_eq!(bytes, &whole[piece.segment.offset as usize..][..bytes.len()]);
            // The length in `mehd` is the one thing that is not known before the end.
            let mehd = init.windows(4).position(|kind| kind == b"mehd").unwrap();
            let final_init = &whole[..init.len()];
            assert_eq!(init[..mehd + 8], final_init[..mehd + 8]);
            assert_eq!(init[mehd + 16..], final_init[mehd + 16..]);
        }
    }
}

#[tokio::test]
async fn what_is_told_before_the_end_plays() {
    let studio = Studio::open();
    let (heard, output) = hear(&studio, FIFTEEN_SECONDS, VideoLimits::default()).await;
    for rendition in &output.renditions {
        let (_, init, first) = heard.of(&rendition.file).next().unwrap();
        let mut growing = init.clone();
        growing.extend(first);
        for (so_far, (piece, _, next)) in heard.of(&rendition.file).enumerate().skip(1) {
            let at = studio.write("growing.mp4", &growing);
            let frame = (rendition.width * rendition.height * 3 / 2) as usize;
            let frames = decoded(&at, "", "-map 0:v -vsync passthrough").len() / frame;
            assert_eq!(frames, 120 * so_far, "{} before {}", rendition.file, piece.index);
            let sound = decoded(&at, "", "-map 0:a -ac 1 -c:a pcm_s16le").len() / 2;
            assert!(sound.abs_diff(4 * 48_000 * so_far) < 3000, "{sound} samples");
            growing.extend(next);
        }
    }
}

#[tokio::test]
async fn renditions_grow_together_from_the_first_seconds_on() {
    let studio = Studio::open();
    let (heard, output) = hear(&studio, FIFTEEN_SECONDS, VideoLimits::default()).await;
    let order: Vec<_> = heard.pieces.iter().map(|(piece, ..)| piece.index).collect();
    // No rendition is a whole segment behind or ahead of another.
    assert!(order.windows(2).all(|pair| pair[0].abs_diff(pair[1]) <= 1), "{order:?}");
    assert_eq!(order.len(), 4 * output.renditions.len());
}

#[tokio::test]
async fn the_outline_says_what_will_be() {
    for (arguments, has_audio) in [
        (FIFTEEN_SECONDS, true),
        ("-f lavfi -i testsrc2=s=640x360:r=30000/1001:d=5 -c:v libx264 -preset ultrafast", false),
    ] {
        let studio = Studio::open();
        let (heard, output) = hear(&studio, arguments, VideoLimits::default()).await;
        let outline = heard.outline.unwrap();
        assert_eq!((outline.width, outline.height), (output.width, output.height));
        assert_eq!((outline.has_audio, output.has_audio), (has_audio, has_audio));
        assert!(outline.expected_ms.unwrap().abs_diff(output.duration_ms) < 50);
        assert_eq!(outline.renditions.len(), output.renditions.len());
        for (expected, made) in outline.renditions.iter().zip(&output.renditions) {
            assert_eq!(
                (&expected.file, expected.width, expected.height, &expected.codecs),
                (&made.file, made.width, made.height, &made.codecs)
            );
            assert_eq!(expected.frame_rate, made.frame_rate);
            assert!(made.peak_bandwidth <= expected.peak_bandwidth, "{expected:?}");
            let longest = made.segments.iter().map(|segment| segment.duration_ms);
            assert!(longest.fold(0.0, f64::max) <= outline.longest_segment_ms + 0.001);
        }
    }
}

#[tokio::test]
async fn one_thread_and_many_make_the_same_segments() {
    let lengths = |output: &VideoOutput| -> Vec<Vec<f64>> {
        let lengths = output.renditions.iter().map(|rendition| &rendition.segments);
        lengths.map(|segments| segments.iter().map(|one| one.duration_ms).collect()).collect()
    };
    let mut all = Vec::new();
    for threads in [1, 2, 7] {
        let studio = Studio::open();
        let limits = VideoLimits { threads, ..VideoLimits::default() };
        all.push(lengths(&hear(&studio, FIFTEEN_SECONDS, limits).await.1));
    }
    assert_eq!(all[0], [[4000.0, 4000.0, 4000.0, 3000.0]; 2]);
    assert!(all.iter().all(|lengths| *lengths == all[0]));
}
