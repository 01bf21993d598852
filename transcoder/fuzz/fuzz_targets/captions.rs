//! Captions as people type or upload them. The first two bytes say how long the clip is, in seconds; the others are the text, as the
//! site takes it: bytes that are none are left out.

#![no_main]

use libfuzzer_sys::fuzz_target;
use transcoder_protocol::captions::{
    Cue, MOST_CHARS, MOST_CUES, MOST_LINES, MOST_PROBLEMS, plain, read, read_written, write,
    write_typed,
};

fuzz_target!(|bytes: &[u8]| {
    let Some((&seconds, text)) = bytes.split_first_chunk::<2>() else { return };
    let longest_ms = u64::from(u16::from_be_bytes(seconds)) * 1000;
    let text = String::from_utf8_lossy(text);
    let cues = match read(&text, longest_ms) {
        Ok(cues) => cues,
        Err(problems) => {
            assert!((1..=MOST_PROBLEMS).contains(&problems.len()), "{problems:?}");
            assert!(problems.is_sorted_by_key(|problem| problem.line), "{problems:?}");
            return;
        }
    };
    assert!(cues.len() <= MOST_CUES);
    let _ = read_written(&text);
    for cue in &cues {
        check_cue(cue, longest_ms);
    }
    assert!(cues.windows(2).all(|pair| pair[0].end_ms <= pair[1].start_ms), "{cues:?}");
    let track = write(&cues);
    // Nothing that was read begins a cue or a block of its own, or is a tag.
    assert_eq!(track.matches("-->").count(), cues.len());
    assert_eq!(track.matches("\n\n").count(), cues.len());
    assert!(!track.contains('<'), "{track}");
    assert_eq!(read_written(&track), cues);
    assert_eq!(plain(&cues).is_empty(), cues.is_empty());
    if !cues.is_empty() {
        assert_eq!(read(&track, longest_ms).as_ref(), Ok(&cues));
        assert_eq!(read(&write_typed(&cues, longest_ms), longest_ms).as_ref(), Ok(&cues));
    }
});

fn check_cue(cue: &Cue, longest_ms: u64) {
    let Cue { start_ms, end_ms, text } = cue;
    assert!(start_ms < end_ms && *end_ms <= longest_ms, "{cue:?}");
    assert!(text.chars().count() <= MOST_CHARS && text.lines().count() <= MOST_LINES, "{cue:?}");
    assert!(!text.is_empty() && text.split('\n').all(|line| !line.trim().is_empty()), "{cue:?}");
    assert!(!text.contains("-->") && !text.contains(['\r', '\0']), "{cue:?}");
}
