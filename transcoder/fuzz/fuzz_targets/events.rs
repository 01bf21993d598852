//! What a child that was taken over may say to its parent. The parent believes it as far as its type allows, and makes playlists of it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use transcoder_protocol::run::Update;
use transcoder_protocol::run::listener::{Heard, LastWord, Listener};
use transcoder_protocol::{Outline, Output, VideoOutput, hls, storyboard};

fuzz_target!(|bytes: &[u8]| {
    let mut listener = Listener::default();
    let mut outline: Option<Outline> = None;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        match listener.take(line) {
            Heard::Update(Update::Progress(permille)) => assert!(permille <= 1000),
            Heard::Update(Update::Outline(told)) => {
                check_playlist(&hls::open_master_playlist(&told, str::to_owned));
                if let Some(start) = hls::start_rendition(&told) {
                    check_name(&start.file);
                }
                outline = Some(told);
            }
            Heard::Update(Update::Segment(new)) => {
                check_name(&new.file);
                if let Some(outline) = &outline {
                    let piece = |_| "piece".to_owned();
                    check_playlist(&hls::open_media_playlist(outline, &[new.segment], true, piece));
                }
            }
            Heard::Update(Update::Caged(_) | Update::Found(_)) => {}
            Heard::LastWord(LastWord::Done(Output::Video(made))) => return check_video(&made),
            Heard::LastWord(LastWord::Done(Output::Photo(photo))) => {
                return photo.files().iter().for_each(|file| check_name(file));
            }
            Heard::LastWord(LastWord::Failed(_) | LastWord::Silence) => return,
        }
    }
});

fn check_video(made: &VideoOutput) {
    made.files().for_each(check_name);
    check_playlist(&hls::master_playlist(&made.renditions, str::to_owned));
    for rendition in &made.renditions {
        check_playlist(&hls::media_playlist(rendition, &rendition.file));
    }
    let track = storyboard::webvtt(&made.storyboard, made.duration_ms, &made.storyboard.file);
    for cue in track.split("\n\n").skip(1) {
        assert_eq!(cue.trim_end().lines().count(), 2, "{cue}");
    }
}

/// Leads nowhere but into the folder.
fn check_name(file: &str) {
    assert!(!file.is_empty() && !file.starts_with('.') && !file.contains(['/', '\\', '\0', '\n']));
}

/// Every line is a tag that we write, or one of the names.
fn check_playlist(playlist: &str) {
    const TAGS: [&str; 3] = ["#EXTM3U", "#EXT-X-", "#EXTINF:"];
    for line in playlist.lines() {
        match line.starts_with('#') {
            true => assert!(TAGS.iter().any(|tag| line.starts_with(tag)), "{line}"),
            false => check_name(line),
        }
    }
}
