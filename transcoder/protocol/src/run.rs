//! The parent's side: start one child for one task, hear it out, and end it when it hangs, when it takes too long, or when
//! nobody waits for it any more.
//!
//! The child gets an empty environment, a process group of its own, the task as its argument, the opened input as its
//! standard input, and nothing else. Dropping the future kills the whole group. What it says ([`listener`]) is read within bounds, and
//! believed only as far as its type allows: a child that was taken over can lie about a clip, not harm the parent.

mod folder;
pub mod listener;

use crate::{
    Caged, Event, Failure, Found, NO_MEMORY_STATUS, NewSegment, Outline, Output, PhotoTask, Task,
    VideoTask,
};
use folder::flood;
use listener::{LastWord, hear};
use std::collections::VecDeque;
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout};

/// After its last word a child has nothing left to do.
const EXIT_LIMIT: Duration = Duration::from_secs(10);
/// How much of the end of standard error goes into the detail of a failure, in bytes.
const LOG_TAIL_BYTES: usize = 4 << 10;
/// How long a child may take to say which layers of the cage it was granted.
const CAGE_LIMIT: Duration = Duration::from_secs(10);

/// What a child says while it works.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// Which layers of its cage hold. The first.
    Caged(Caged),
    /// What a clip is, once it is taken.
    Found(Found),
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
            Task::Video(VideoTask { input, output: folder, limits, .. }) => Self {
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
