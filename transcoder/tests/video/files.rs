//! The files that are made: their layout, their truthfulness, and what is not in them.

use crate::media::{Made, Studio, decoded, probed, probed_number};
use std::fs;
use transcoder_protocol::Rendition;

async fn nine_seconds(studio: &Studio) -> Made {
    let clip = studio.film(
        "clip.mp4",
        "-f lavfi -i testsrc2=s=640x360:r=30:d=9 -f lavfi -i sine=d=9 -c:v libx264 -preset ultrafast -c:a aac",
    );
    studio.transcode(&clip).await
}

/// Kind, offset and size of the boxes at the top of a file or a part of it.
fn boxes(bytes: &[u8]) -> Vec<(String, usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let size = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let kind = String::from_utf8(bytes[at + 4..at + 8].to_vec()).unwrap();
        assert!(size >= 8 && at + size <= bytes.len(), "{kind} at {at} of size {size}");
        found.push((kind, at, size));
        at += size;
    }
    found
}

fn kinds(bytes: &[u8]) -> Vec<String> {
    boxes(bytes).into_iter().map(|(kind, ..)| kind).collect()
}

fn part(bytes: &[u8], offset: u64, size: u64) -> &[u8] {
    &bytes[offset as usize..(offset + size) as usize]
}

#[tokio::test]
async fn byte_ranges_are_the_init_section_and_one_fragment_each() {
    let studio = Studio::open();
    let made = nine_seconds(&studio).await;
    assert_eq!(made.output.renditions.len(), 2);
    for rendition in &made.output.renditions {
        let bytes = fs::read(made.path(&rendition.file)).unwrap();
        assert_eq!(bytes.len() as u64, rendition.bytes);
        assert_eq!(kinds(part(&bytes, 0, rendition.init_bytes)), ["ftyp", "moov"]);
        let first = rendition.segments[0].offset;
        let between = part(&bytes, rendition.init_bytes, first - rendition.init_bytes);
        assert_eq!(kinds(between), ["free", "sidx", "sidx"]);
        let mut end = first;
        for segment in &rendition.segments {
            assert_eq!(segment.offset, end);
            assert_eq!(kinds(part(&bytes, segment.offset, segment.bytes)), ["moof", "mdat"]);
            end += segment.bytes;
        }
        assert_eq!(end, rendition.bytes);
    }
}

#[tokio::test]
async fn the_plain_file_can_be_sought_without_reading_what_lies_before() {
    let studio = Studio::open();
    let made = nine_seconds(&studio).await;
    for rendition in &made.output.renditions {
        let arguments = "-read_intervals 8.5%+#1 -show_entries packet=pos,pts_time";
        for track in ["v", "a"] {
            let arguments = format!("-select_streams {track} {arguments}");
            let packet = probed(&made.path(&rendition.file), &arguments);
            let position: u64 = packet[1].parse().unwrap();
            assert!(position > rendition.segments[2].offset, "{track}: {packet:?}");
        }
    }
}

#[tokio::test]
async fn each_segment_plays_by_itself_from_its_first_frame() {
    let studio = Studio::open();
    let made = nine_seconds(&studio).await;
    for rendition in &made.output.renditions {
        let bytes = fs::read(made.path(&rendition.file)).unwrap();
        for (index, segment) in rendition.segments.iter().enumerate() {
            let mut alone = part(&bytes, 0, rendition.init_bytes).to_vec();
            alone.extend(part(&bytes, segment.offset, segment.bytes));
            let alone = studio.write("alone.mp4", &alone);
            let flags = probed(&alone, "-select_streams v -show_entries packet=flags");
            assert!(flags[0].starts_with('K'), "{} segment {index}: {flags:?}", rendition.file);
            let frames = (segment.duration_ms * 30.0 / 1000.0).round() as usize;
            assert_eq!(flags.len(), frames);
            let frame_bytes = (rendition.width * rendition.height * 3 / 2) as usize;
            assert_eq!(
                decoded(&alone, "", "-map 0:v -vsync passthrough").len(),
                frames * frame_bytes
            );
            // Sound of the same time lies in the same segment.
            let sound = probed(&alone, "-select_streams a -show_entries packet=pts_time");
            let first: f64 = sound[0].parse().unwrap();
            assert!(
                (first - 4.0 * index as f64).abs() < 0.05,
                "segment {index}: sound from {first}"
            );
        }
    }
}

#[tokio::test]
async fn all_renditions_have_the_same_segments_and_length() {
    let studio = Studio::open();
    let made = nine_seconds(&studio).await;
    let lengths = |rendition: &Rendition| -> Vec<f64> {
        rendition.segments.iter().map(|segment| segment.duration_ms).collect()
    };
    for rendition in &made.output.renditions {
        assert_eq!(lengths(rendition), [4000.0, 4000.0, 1000.0]);
        let file = made.path(&rendition.file);
        for entry in ["stream=duration", "format=duration"] {
            let seconds = probed_number(&file, &format!("-select_streams v -show_entries {entry}"));
            assert!((seconds - 9.0).abs() < 0.03, "{entry}: {seconds}");
        }
    }
    assert_eq!(made.output.duration_ms, 9000);
}

#[tokio::test]
async fn what_the_playlist_will_say_is_measured() {
    let studio = Studio::open();
    let made = nine_seconds(&studio).await;
    for rendition in &made.output.renditions {
        let file = made.path(&rendition.file);
        let entries =
            "-select_streams v -show_entries stream=profile,width,height,level,avg_frame_rate";
        let level = u8::from_str_radix(&rendition.codecs[9..11], 16).unwrap();
        let expected = [
            "High".to_owned(),
            rendition.width.to_string(),
            rendition.height.to_string(),
            level.to_string(),
            "30/1".to_owned(),
        ];
        assert_eq!(probed(&file, entries), expected);
        assert!(
            rendition.codecs.starts_with("avc1.6400") && rendition.codecs.ends_with(",mp4a.40.2")
        );
        let peak = rendition
            .segments
            .iter()
            .map(|segment| (segment.bytes as f64 * 8000.0 / segment.duration_ms).ceil() as u64)
            .max();
        assert_eq!(Some(rendition.peak_bandwidth), peak);
        assert!(rendition.average_bandwidth <= rendition.peak_bandwidth);
    }
}

#[tokio::test]
async fn nothing_of_the_sources_metadata_survives() {
    let studio = Studio::open();
    let clip = studio.film(
        "told.mov",
        "-f lavfi -i testsrc=s=320x240:d=2:r=25 -f lavfi -i sine=d=2 -c:v libx264 -c:a aac -movflags use_metadata_tags \
         -metadata location=+34.8841+135.7996/ -metadata com.apple.quicktime.location.ISO6709=+34.8841+135.7996/ \
         -metadata make=Hoshizora -metadata model=Phone9000 -metadata creation_time=2019-07-07T07:07:07Z \
         -metadata title=Tanabata -metadata:s:v handler_name=SecretHandler -metadata:s:a language=jpn",
    );
    let source = fs::read(&clip).unwrap();
    let markers: [&[u8]; 7] = [
        b"34.8841",
        b"Hoshizora",
        b"Phone9000",
        b"Tanabata",
        b"SecretHandler",
        b"ISO6709",
        b"2019",
    ];
    let holds =
        |bytes: &[u8], marker: &[u8]| bytes.windows(marker.len()).any(|part| part == marker);
    assert!(markers[..6].iter().all(|marker| holds(&source, marker)), "the source tells all");
    let made = studio.transcode(&clip).await;
    let files = made.files();
    assert_eq!(files.len(), made.output.files().count(), "{files:?}");
    for file in files {
        let bytes = fs::read(&file).unwrap();
        for marker in markers {
            assert!(!holds(&bytes, marker), "{} in {file:?}", String::from_utf8_lossy(marker));
        }
        if file.extension().is_some_and(|extension| extension == "mp4") {
            for forbidden in [b"udta", b"meta", b"uuid"] {
                assert!(!holds(&bytes[..bytes.len().min(4000)], forbidden));
            }
            let tags = probed(&file, "-show_entries format_tags:stream_tags");
            let ours = [
                "iso5",
                "512",
                "iso5iso6mp41",
                "und",
                "VideoHandler",
                "SoundHandler",
                "[0][0][0][0]",
            ];
            assert!(tags.iter().all(|tag| ours.contains(&tag.as_str())), "{file:?}: {tags:?}");
        }
    }
}
