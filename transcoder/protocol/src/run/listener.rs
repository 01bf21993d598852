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
            Ok(event) if !event.file_names().all(is_plain_name) => {
                crashed("a file name that leads elsewhere".into())
            }
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
    fn file_names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Outline(outline) => Box::new(outline.renditions.iter().map(|r| r.file.as_str())),
            Self::Segment(segment) => Box::new(std::iter::once(segment.file.as_str())),
            Self::Done(Output::Video(video)) => Box::new(video.files()),
            _ => Box::new(std::iter::empty()),
        }
    }
}

/// Whether a name can only mean a file directly in the task's folder.
fn is_plain_name(name: &str) -> bool {
    !name.starts_with('.')
        && (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}
