//! What a child says: line by line, within bounds, and believed only as far as its type allows.

use super::{TaskFailure, Update};
use crate::{Caged, Event, Failure, Output};
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};
use tokio::time::{Instant, timeout_at};

/// Longest event line and most of all events, in bytes.
const MAX_LINE_BYTES: usize = 1 << 20;
const MAX_EVENT_BYTES: usize = 16 << 20;

/// What ends a conversation.
#[derive(Clone, Debug, PartialEq)]
pub enum LastWord {
    Done(Output),
    Failed(TaskFailure),
    /// Standard output ended without one.
    Silence,
}

/// What a line means to the parent.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    Update(Update),
    LastWord(LastWord),
}

/// Listens to one child. Pure: bytes in, meaning out.
#[derive(Default)]
pub struct Listener {
    bytes_read: usize,
}

impl Listener {
    /// Takes the next line with its `\n`; what has none is the end of what was said, or too long.
    pub fn take(&mut self, line: &[u8]) -> Heard {
        if line.is_empty() {
            return Heard::LastWord(LastWord::Silence);
        }
        self.bytes_read += line.len();
        if self.bytes_read > MAX_EVENT_BYTES {
            return crashed("too many events".into());
        }
        match serde_json::from_slice(line) {
            Ok(Event::Caged(caged)) => {
                log(caged);
                Heard::Update(Update::Caged(caged))
            }
            Ok(Event::Found(found)) => Heard::Update(Update::Found(found)),
            Ok(event) if !event.is_plain() => crashed("a text that leads elsewhere".into()),
            Ok(Event::Progress { permille }) => Heard::Update(Update::Progress(permille.min(1000))),
            Ok(Event::Outline(outline)) => Heard::Update(Update::Outline(outline)),
            Ok(Event::Segment(segment)) => Heard::Update(Update::Segment(segment)),
            Ok(Event::Done(output)) => Heard::LastWord(LastWord::Done(output)),
            Ok(Event::Failed { failure, detail }) => failed(failure, detail),
            Err(_) if !line.ends_with(b"\n") && line.len() < MAX_LINE_BYTES => {
                Heard::LastWord(LastWord::Silence)
            }
            Err(error) => crashed(format!("not an event: {error}")),
        }
    }
}

fn failed(failure: Failure, detail: String) -> Heard {
    Heard::LastWord(LastWord::Failed(TaskFailure { failure, detail }))
}

fn crashed(detail: String) -> Heard {
    failed(Failure::Crashed, detail)
}

fn log(caged: Caged) {
    let Caged { landlock, seccomp, rlimits } = caged;
    if caged.is_whole() {
        tracing::debug!("the transcoder is caged");
    } else {
        tracing::warn!(landlock, seccomp, rlimits, "the transcoder's cage is not whole");
    }
}

/// Hears the child out, until `deadline` and as long as it isn't silent for too long.
pub(super) async fn hear(
    mut events: impl AsyncBufRead + Unpin,
    deadline: Instant,
    silence_limit: Duration,
    mut on_update: impl FnMut(Update),
) -> LastWord {
    let fail = |failure, detail: String| LastWord::Failed(TaskFailure { failure, detail });
    let mut listener = Listener::default();
    loop {
        let until = deadline.min(Instant::now() + silence_limit);
        let mut line = Vec::new();
        let mut bounded = (&mut events).take(MAX_LINE_BYTES as u64);
        match timeout_at(until, bounded.read_until(b'\n', &mut line)).await {
            Err(_) if Instant::now() >= deadline => {
                return fail(Failure::TookTooLong, "over the wall-clock limit".into());
            }
            Err(_) => return fail(Failure::TookTooLong, format!("silent for {silence_limit:?}")),
            Ok(Err(error)) => return fail(Failure::Crashed, format!("listening: {error}")),
            Ok(Ok(_)) => {}
        }
        match listener.take(&line) {
            Heard::Update(update) => on_update(update),
            Heard::LastWord(word) => return word,
        }
    }
}

impl Event {
    /// Whether every text in it that goes into paths, playlists or pages is of the kind it should be.
    fn is_plain(&self) -> bool {
        match self {
            Self::Outline(outline) => outline
                .renditions
                .iter()
                .all(|rendition| is_plain_name(&rendition.file) && is_codecs(&rendition.codecs)),
            Self::Segment(segment) => is_plain_name(&segment.file),
            Self::Done(Output::Video(video)) => {
                video.files().all(is_plain_name)
                    && video.renditions.iter().all(|rendition| is_codecs(&rendition.codecs))
                    && is_colour(&video.colour)
                    && video.grid.colours.iter().all(|colour| is_colour(colour))
            }
            Self::Done(Output::Photo(photo)) => {
                is_colour(&photo.colour)
                    && photo.grid.colours.iter().all(|colour| is_colour(colour))
            }
            Self::Caged(_) | Self::Found(_) | Self::Progress { .. } | Self::Failed { .. } => true,
        }
    }
}

/// Whether a name can only mean a file directly in the task's folder.
fn is_plain_name(name: &str) -> bool {
    !name.starts_with('.')
        && (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

/// RFC 6381, of what we make.
fn is_codecs(codecs: &str) -> bool {
    (1..=64).contains(&codecs.len())
        && codecs.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".,".contains(&byte))
}

/// `#rrggbb`.
fn is_colour(colour: &str) -> bool {
    let digits = colour.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(line: &str) -> Heard {
        Listener::default().take(format!("{line}\n").as_bytes())
    }

    fn outline(file: &str, codecs: &str) -> String {
        format!(
            r#"{{"event":"outline","width":2,"height":2,"has_audio":false,"expected_ms":null,"longest_segment_ms":4000.0,"why_encoded":null,"renditions":[{{"file":{file:?},"width":2,"height":2,"frame_rate":30.0,"codecs":{codecs:?},"peak_bandwidth":1,"average_bandwidth":1}}]}}"#
        )
    }

    fn photo(colour: &str) -> String {
        format!(
            r#"{{"event":"done","output":"photo","width":1,"height":1,"widths":[1],"colour":{colour:?},"grid":{{"columns":1,"rows":1,"colours":[{colour:?}]}},"fingerprint":null,"had_location":false}}"#
        )
    }

    #[test]
    fn texts_of_the_right_kind_are_taken() {
        let told = heard(&outline("240p.mp4", "avc1.64001f,mp4a.40.2"));
        assert!(matches!(told, Heard::Update(Update::Outline(_))), "{told:?}");
        let told = heard(&photo("#bf4711"));
        assert!(matches!(told, Heard::LastWord(LastWord::Done(_))), "{told:?}");
    }

    #[test]
    fn texts_that_lead_elsewhere_end_the_conversation() {
        let lines = [
            outline("../240p.mp4", "avc1.64001f"),
            outline("240p.mp4", "avc1\"\nhttp://example.org/\n"),
            outline("240p.mp4", ""),
            photo("url(http://example.org/)"),
            photo("#12345"),
            photo("#12345é"),
        ];
        for line in lines {
            let told = heard(&line);
            let is_crash = matches!(
                &told,
                Heard::LastWord(LastWord::Failed(failed)) if failed.failure == Failure::Crashed
            );
            assert!(is_crash, "{line}: {told:?}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_silence_unless_it_is_too_long() {
        let mut listener = Listener::default();
        assert_eq!(listener.take(b"{\"event\":\"progr"), Heard::LastWord(LastWord::Silence));
        let told = listener.take(&vec![b'x'; MAX_LINE_BYTES]);
        assert!(matches!(told, Heard::LastWord(LastWord::Failed(_))), "{told:?}");
    }
}
