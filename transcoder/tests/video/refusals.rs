//! Files that are not taken, each with the class that its author is told.

use crate::media::Studio;
use crafted::avi_with_subtitles;
use std::fs;
use std::net::TcpListener;
use transcoder_protocol::{Failure, VideoLimits};

const CLIP: &str =
    "-f lavfi -i testsrc2=s=320x240:r=25:d=4 -f lavfi -i sine=d=4 -c:v libx264 -c:a aac";

#[tokio::test]
async fn files_that_are_no_clip_are_told_apart() {
    let studio = Studio::open();
    let cases: [(&str, &[u8], Failure); 6] = [
        ("empty.mp4", b"", Failure::Empty),
        ("text.mp4", "これは動画ではありません。\n".as_bytes(), Failure::UnknownFormat),
        ("page.mp4", b"<!doctype html><html><body>hello</body></html>", Failure::UnknownFormat),
        (
            "picture.mp4",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0",
            Failure::UnknownFormat,
        ),
        ("noise.mp4", &[0xa5; 5000], Failure::UnknownFormat),
        ("zeros.mp4", &[0; 5000], Failure::UnknownFormat),
    ];
    for (name, content, expected) in cases {
        let clip = studio.write(name, content);
        assert_eq!(studio.refusal(&clip).await, expected, "{name}");
    }
}

#[tokio::test]
async fn playlists_and_references_are_refused_and_lead_nowhere() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let studio = Studio::open();
    let secret = studio.write("secret.txt", b"root:x:0:0:");
    let targets = [
        format!("http://{address}/a.ts"),
        "/etc/passwd".into(),
        format!("file://{}", secret.display()),
    ];
    for target in targets {
        let hls = format!(
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:9\n#EXT-X-MEDIA-SEQUENCE:0\n\
             #EXTINF:9.0,\n{target}\n#EXT-X-ENDLIST\n"
        );
        let dash = format!(
            "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"><Period><BaseURL>{target}</BaseURL></Period></MPD>"
        );
        let cases = [
            ("list.m3u8", hls.clone().into_bytes()),
            ("list.mp4", hls.clone().into_bytes()),
            ("list.avi", hls.clone().into_bytes()),
            ("subtitles.avi", avi_with_subtitles(hls.as_bytes())),
            ("concat.mp4", format!("ffconcat version 1.0\nfile '{target}'\n").into_bytes()),
            ("dash.mp4", dash.into_bytes()),
            (
                "session.mp4",
                format!("v=0\no=- 0 0 IN IP4 {address}\ns=x\nm=video 9 RTP/AVP 96\n").into_bytes(),
            ),
        ];
        for (name, content) in cases {
            let clip = studio.write(name, &content);
            let failure = studio.refusal(&clip).await;
            let is_own_fault = matches!(
                failure,
                Failure::UnknownFormat
                    | Failure::Damaged
                    | Failure::NoVideo
                    | Failure::UnsupportedCodec
            );
            assert!(is_own_fault, "{name} to {target}: {failure:?}");
        }
    }
    let error = listener.accept().expect_err("nobody called");
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn a_film_whose_frames_lie_in_another_file_is_refused() {
    let studio = Studio::open();
    let whole = studio
        .film("whole.mov", "-f lavfi -i testsrc=s=160x120:d=1:r=10 -c:v mjpeg -pix_fmt yuvj420p");
    let secret = studio.write("secret", &fs::read(&whole).unwrap());
    let mut bytes = fs::read(&whole).unwrap();
    // In place of "in this file": an alias to an absolute path.
    let mut alias = vec![0; 150];
    alias.extend([0, 2]);
    let path = secret.to_str().unwrap();
    alias.extend((path.len() as u16).to_be_bytes());
    alias.extend(path.bytes());
    replace_box(
        &mut bytes,
        &[b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"],
        b"alis",
        &alias,
    );
    let clip = studio.write("elsewhere.mov", &bytes);
    assert_eq!(studio.refusal(&clip).await, Failure::Damaged);
}

#[tokio::test]
async fn sound_alone_is_no_video() {
    let studio = Studio::open();
    for (name, arguments) in [
        ("song.m4a", "-f lavfi -i sine=d=1 -c:a aac"),
        ("song.mp3", "-f lavfi -i sine=d=1 -c:a libmp3lame"),
        ("song.ogg", "-f lavfi -i sine=d=1 -c:a libvorbis"),
        ("song.wav", "-f lavfi -i sine=d=1"),
    ] {
        let song = studio.film(name, arguments);
        assert_eq!(studio.refusal(&song).await, Failure::NoVideo, "{name}");
    }
    let cover = studio.film("cover.jpg", "-f lavfi -i testsrc=s=64x64 -frames:v 1");
    let album = studio.film(
        "album.m4a",
        &format!("-f lavfi -i sine=d=1 -i {} -map 0 -map 1 -c:a aac -c:v copy -disposition:v attached_pic", cover.display()),
    );
    assert_eq!(studio.refusal(&album).await, Failure::NoVideo);
}

#[tokio::test]
async fn the_limits_hold() {
    let studio = Studio::open();
    let clip = studio.film("clip.mp4", CLIP);
    let limits = VideoLimits::default();
    let cases = [
        (VideoLimits { max_duration_ms: 2_000, ..limits }, Failure::TooLong),
        (VideoLimits { max_tracks: 1, ..limits }, Failure::TooManyTracks),
        (VideoLimits { max_frame_pixels: 320 * 240 - 1, ..limits }, Failure::TooManyPixels),
        (VideoLimits { max_output_bytes: 10_000, ..limits }, Failure::TooHeavy),
        (VideoLimits { max_memory_bytes: 60 << 20, ..limits }, Failure::TooHeavy),
        (VideoLimits { max_memory_bytes: 350 << 20, ..limits }, Failure::TooHeavy),
    ];
    for (limits, expected) in cases {
        let studio = Studio::open();
        assert_eq!(studio.refusal_with(&clip, limits).await, expected);
    }
}

#[tokio::test]
async fn the_want_of_memory_has_one_name_wherever_it_is_met() {
    let studio = Studio::open();
    let clip = studio.film("clip.mp4", CLIP);
    // From too little to begin with to enough: on the way each stage and each library is the first to be refused.
    for mebibytes in (40..=1000).step_by(40) {
        let limits = VideoLimits { max_memory_bytes: mebibytes << 20, ..VideoLimits::default() };
        if let Err(failure) = Studio::open().try_with(&clip, limits).await {
            assert_eq!(failure.failure, Failure::TooHeavy, "{mebibytes} MiB: {failure}");
        }
    }
}

#[tokio::test]
async fn a_clip_that_hides_its_length_is_found_too_long() {
    let studio = Studio::open();
    // A stream without an end has no duration in its header, as browsers record it.
    let live = studio.film(
        "live.webm",
        "-f lavfi -i testsrc=s=160x120:r=10:d=5 -c:v libvpx -deadline realtime -live 1",
    );
    let limits = VideoLimits { max_duration_ms: 2_000, ..VideoLimits::default() };
    assert_eq!(studio.refusal_with(&live, limits).await, Failure::TooLong);
}

#[tokio::test]
async fn a_codec_that_is_not_taken_is_named_so() {
    let studio = Studio::open();
    let clip = studio.film("old.avi", "-f lavfi -i testsrc=s=160x120:r=10:d=1 -c:v msvideo1");
    assert_eq!(studio.refusal(&clip).await, Failure::UnsupportedCodec);
}

/// Puts one entry of the given kind in place of the first one of the data reference at `path`, all of whose sizes grow with it.
fn replace_box(mp4: &mut Vec<u8>, path: &[&[u8; 4]], kind: &[u8; 4], content: &[u8]) {
    let size_at =
        |mp4: &[u8], at: usize| u32::from_be_bytes(mp4[at..at + 4].try_into().unwrap()) as usize;
    let mut parents = Vec::new();
    let mut at = 0;
    for name in path {
        while &mp4[at + 4..at + 8] != name.as_slice() {
            at += size_at(mp4, at);
        }
        parents.push(at);
        at += 8;
    }
    at += 8; // version and number of entries
    let old = size_at(mp4, at);
    let mut entry = ((12 + content.len()) as u32).to_be_bytes().to_vec();
    entry.extend(kind);
    entry.extend([0; 4]);
    entry.extend(content);
    for parent in parents {
        let size = (size_at(mp4, parent) + entry.len() - old) as u32;
        mp4[parent..parent + 4].copy_from_slice(&size.to_be_bytes());
    }
    mp4.splice(at..at + old, entry);
}
