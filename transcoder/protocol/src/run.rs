//! The parent's side: start one child for one task, hear it out, and end it when it hangs, when it takes too long, or when
//! nobody waits for it any more.
//!
//! The child gets an empty environment, a process group of its own, the task as its argument, the opened input as its
//! standard input, and nothing else. Dropping the future kills the whole group. What it says is read within bounds, and believed only as far as its type allows:
//! a child that was taken over can lie about a clip, not harm the parent.

use crate::{
    Caged, Event, Failure, NO_MEMORY_STATUS, NewSegment, Outline, Output, PhotoTask, Task,
    VideoTask,
};
use std::collections::VecDeque;
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::fs::{File, read_dir};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// After its last word a child has nothing left to do.
const EXIT_LIMIT: Duration = Duration::from_secs(10);
/// Longest event line and most of all events, in bytes.
const MAX_LINE_BYTES: usize = 1 << 20;
const MAX_EVENT_BYTES: usize = 16 << 20;
/// How much of the end of standard error goes into the detail of a failure, in bytes.
const LOG_TAIL_BYTES: usize = 4 << 10;
/// How long a child may take to say which layers of the cage it was granted.
const CAGE_LIMIT: Duration = Duration::from_secs(10);
/// How often the output folder is looked at, and the most files and bytes (as a multiple of the task's limit: photos pass
/// through a file in between) that may be in it. The child's own limits come first, unless it was taken over.
const FOLDER_INTERVAL: Duration = Duration::from_millis(500);
const MAX_OUTPUT_FILES: usize = 1000;
const OUTPUT_BYTES_FACTOR: u64 = 2;

/// What a child says while it works.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// How much is done, 0 to 1000, a few times a second.
    Progress(u16),
    /// What a clip will become, before its first segment; in rare cases twice (see [`Event::Outline`]).
    Outline(Outline),
    /// A segment that can be read from the task's output folder from now on.
    Segment(NewSegment),
}

/// Why a task failed: the class for its author, the detail for the operator's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFailure {
    pub failure: Failure,
    pub detail: String,
}

impl fmt::Display for TaskFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.failure.name(), self.detail)
    }
}

impl std::error::Error for TaskFailure {}

impl TaskFailure {
    fn new(failure: Failure, detail: impl Into<String>) -> Self {
        Self { failure, detail: detail.into() }
    }
}

/// Has `program` (the transcoder's executable) do `task`. `on_update` hears how it goes; it must not block.
///
/// On failure files may be left in the task's output folder; they are the caller's to remove.
pub async fn run(
    program: &Path,
    task: &Task,
    on_update: impl FnMut(Update),
) -> Result<Output, TaskFailure> {
    let Outside { input, folder, wall, silence, max_bytes } = Outside::of(task);
    let deadline = Instant::now() + wall;
    let crashed = |step: &str, error: &dyn fmt::Display| {
        TaskFailure::new(Failure::Crashed, format!("{step} {}: {error}", program.display()))
    };
    let line =
        serde_json::to_string(task).map_err(|error| crashed("writing the task for", &error))?;
    let input =
        File::open(input).await.map_err(|error| crashed("opening the input for", &error))?;
    let child = Command::new(program)
        .arg(line)
        .env_clear()
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::from(input.into_std().await))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| crashed("starting", &error))?;
    let mut child = Group(child);
    let (Some(stdout), Some(stderr)) = (child.0.stdout.take(), child.0.stderr.take()) else {
        return Err(TaskFailure::new(Failure::Crashed, "the child has no standard streams"));
    };
    let conversation = hear(BufReader::new(stdout), deadline, silence, on_update);
    // Both at once: a child that fills standard error would block on it otherwise.
    let log = tail(stderr);
    tokio::pin!(log);
    let mut log_tail = None;
    let last_word = {
        tokio::pin!(conversation);
        let flood = flood(folder, max_bytes);
        tokio::pin!(flood);
        loop {
            tokio::select! {
                last_word = &mut conversation => break last_word,
                tail = &mut log, if log_tail.is_none() => log_tail = Some(tail),
                failure = &mut flood => break LastWord::Failed(failure),
            }
        }
    };
    let outcome = match last_word {
        LastWord::Done(output) if output.answers(task) => Ok(output),
        LastWord::Done(_) => {
            Err(TaskFailure::new(Failure::Crashed, "the child answered another kind of task"))
        }
        LastWord::Failed(failure) => Err(failure),
        LastWord::Silence => Err(exit_failure(&mut child).await),
    };
    child.kill();
    let _ = timeout(EXIT_LIMIT, child.0.wait()).await;
    let log_tail = match log_tail {
        Some(tail) => tail,
        None => timeout(EXIT_LIMIT, log).await.unwrap_or_default(),
    };
    outcome.map_err(|TaskFailure { failure, detail }| {
        let detail =
            if log_tail.is_empty() { detail } else { format!("{detail}; log: {log_tail}") };
        TaskFailure { failure, detail }
    })
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

/// What the parent has to know of a task.
struct Outside<'a> {
    input: &'a Path,
    folder: &'a Path,
    wall: Duration,
    silence: Duration,
    max_bytes: u64,
}

impl<'a> Outside<'a> {
    fn of(task: &'a Task) -> Self {
        let ms = Duration::from_millis;
        match task {
            Task::Video(VideoTask { input, output: folder, limits }) => Self {
                input,
                folder,
                wall: ms(limits.max_wall_ms),
                silence: ms(limits.max_silence_ms),
                max_bytes: limits.max_output_bytes,
            },
            Task::Photo(PhotoTask { input, output: folder, limits, .. }) => Self {
                input,
                folder,
                wall: ms(limits.max_wall_ms),
                silence: ms(limits.max_silence_ms),
                max_bytes: limits.max_output_bytes,
            },
        }
    }
}

/// Whether a name can only mean a file directly in the task's folder.
fn is_plain_name(name: &str) -> bool {
    !name.starts_with('.')
        && (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

/// Waits until there is more in the folder than a task may make.
async fn flood(folder: &Path, max_bytes: u64) -> TaskFailure {
    loop {
        sleep(FOLDER_INTERVAL).await;
        let (files, bytes) = contents(folder).await;
        if files > MAX_OUTPUT_FILES || bytes > OUTPUT_BYTES_FACTOR.saturating_mul(max_bytes) {
            let detail = format!("{files} files of {bytes} bytes in the output folder");
            return TaskFailure::new(Failure::TooHeavy, detail);
        }
    }
}

/// How many files there are, and their bytes together; it stops counting at too many.
async fn contents(folder: &Path) -> (usize, u64) {
    let (mut files, mut bytes) = (0, 0);
    let Ok(mut entries) = read_dir(folder).await else { return (0, 0) };
    while let Ok(Some(entry)) = entries.next_entry().await {
        files += 1;
        bytes += entry.metadata().await.map_or(0, |metadata| metadata.len());
        if files > MAX_OUTPUT_FILES {
            break;
        }
    }
    (files, bytes)
}

/// Asks `program` which layers of its cage this system grants. The child closes one around itself and tries to get out.
pub async fn cage(program: &Path) -> Result<Caged, TaskFailure> {
    let failed = |detail: String| TaskFailure::new(Failure::Crashed, detail);
    let output = Command::new(program)
        .arg("--cage")
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = match timeout(CAGE_LIMIT, output).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Err(failed(format!("starting {}: {error}", program.display()))),
        Err(_) => return Err(TaskFailure::new(Failure::TookTooLong, "no word of the cage")),
    };
    match serde_json::from_slice(&output.stdout) {
        Ok(Event::Caged(caged)) => Ok(caged),
        _ => {
            let log = String::from_utf8_lossy(&output.stderr);
            Err(failed(format!("no word of the cage: {}; {}", output.status, log.trim())))
        }
    }
}

impl Output {
    fn answers(&self, task: &Task) -> bool {
        matches!((self, task), (Self::Video(_), Task::Video(_)) | (Self::Photo(_), Task::Photo(_)))
    }
}

/// A child with its process group, killed when dropped.
struct Group(Child);

impl Group {
    fn kill(&mut self) {
        // As long as the leader is not waited for, its id cannot belong to another group.
        if let Some(id) = self.0.id().and_then(|id| i32::try_from(id).ok()) {
            // SAFETY: sends a signal, touches no memory.
            unsafe { libc::killpg(id, libc::SIGKILL) };
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

enum LastWord {
    Done(Output),
    Failed(TaskFailure),
    /// Standard output ended without one.
    Silence,
}

async fn hear(
    mut events: impl AsyncBufRead + Unpin,
    deadline: Instant,
    silence_limit: Duration,
    mut on_update: impl FnMut(Update),
) -> LastWord {
    let fail = |failure, detail: String| LastWord::Failed(TaskFailure::new(failure, detail));
    let mut bytes_read = 0;
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
            Ok(Ok(0)) => return LastWord::Silence,
            Ok(Ok(bytes)) => bytes_read += bytes,
        }
        if bytes_read > MAX_EVENT_BYTES {
            return fail(Failure::Crashed, "too many events".into());
        }
        match serde_json::from_slice(&line) {
            Ok(Event::Caged(caged)) if caged.is_whole() => {
                tracing::debug!("the transcoder is caged");
            }
            Ok(Event::Caged(Caged { landlock, seccomp, rlimits })) => {
                tracing::warn!(landlock, seccomp, rlimits, "the transcoder's cage is not whole");
            }
            Ok(event) if !event.file_names().all(is_plain_name) => {
                return fail(Failure::Crashed, "a file name that leads elsewhere".into());
            }
            Ok(Event::Progress { permille }) => on_update(Update::Progress(permille.min(1000))),
            Ok(Event::Outline(outline)) => on_update(Update::Outline(outline)),
            Ok(Event::Segment(segment)) => on_update(Update::Segment(segment)),
            Ok(Event::Done(output)) => return LastWord::Done(output),
            Ok(Event::Failed { failure, detail }) => return fail(failure, detail),
            Err(_) if !line.ends_with(b"\n") && line.len() < MAX_LINE_BYTES => {
                return LastWord::Silence;
            }
            Err(error) => return fail(Failure::Crashed, format!("not an event: {error}")),
        }
    }
}

/// What the end of a child that said no last word means.
async fn exit_failure(child: &mut Group) -> TaskFailure {
    let status = match timeout(EXIT_LIMIT, child.0.wait()).await {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => return TaskFailure::new(Failure::Crashed, format!("waiting: {error}")),
        Err(_) => return TaskFailure::new(Failure::Crashed, "closed its output and stayed"),
    };
    TaskFailure::new(failure_of(status), format!("ended without a last word: {status}"))
}

fn failure_of(status: ExitStatus) -> Failure {
    match (status.code(), status.signal()) {
        (Some(NO_MEMORY_STATUS), _) => Failure::TooHeavy,
        (_, Some(libc::SIGXCPU)) => Failure::TookTooLong,
        // Not by us: the kernel, out of memory.
        (_, Some(libc::SIGKILL | libc::SIGXFSZ)) => Failure::TooHeavy,
        _ => Failure::Crashed,
    }
}

/// Reads to the end and keeps the last bytes.
async fn tail(mut log: impl AsyncRead + Unpin) -> String {
    let mut last = VecDeque::with_capacity(2 * LOG_TAIL_BYTES);
    let mut chunk = [0; LOG_TAIL_BYTES];
    while let Ok(bytes @ 1..) = log.read(&mut chunk).await {
        last.extend(&chunk[..bytes]);
        last.drain(..last.len().saturating_sub(LOG_TAIL_BYTES));
    }
    String::from_utf8_lossy(last.make_contiguous()).trim().to_owned()
}
