//! `megurumi-transcoder`: the child process that touches hostile media, one task per process.
//!
//! Its one argument is a [`Task`] as JSON, its standard input the opened file to work on. It puts itself into the [`sandbox`],
//! works (see the library beside it), and writes [`Event`]s to standard output, the last of which is `done` or `failed`. Standard error is for the
//! operator's log. With `--cage` for its argument it only says which layers of the cage this system grants.
//!
//! Invariant: nothing of the input is read before [`Cage::close`] has returned. What it knows of the site is the path of one
//! folder and some numbers; wall clock and watchdog are the parent's (`transcoder_protocol::run`).

mod memory;

use std::fs::File;
use std::io::stdin;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::thread::{Builder, scope};
use transcoder::refusal::{OrRefuse, Refusal, Result};
use transcoder::report::Reporter;
use transcoder::sandbox::{self, Cage};
use transcoder::{photo, video};
use transcoder_protocol::{Event, Failure, Output, Task};

/// Of the thread that works, in bytes: libav counts on as much as a first thread usually has, the decoders of photos on little.
const VIDEO_STACK_BYTES: usize = 8 << 20;
const PHOTO_STACK_BYTES: usize = 1 << 20;

fn main() -> ExitCode {
    let mut reporter = Reporter::to_stdout();
    let argument = std::env::args().nth(1).unwrap_or_default();
    if argument == "--cage" {
        reporter.send(&Event::Caged(sandbox::granted()));
        return ExitCode::SUCCESS;
    }
    match read_task(&argument).and_then(|(task, input)| work(&task, input, &mut reporter)) {
        Ok(output) => reporter.send(&Event::Done(output)),
        Err(Refusal { failure, detail }) => reporter.send(&Event::Failed { failure, detail }),
    }
    ExitCode::SUCCESS
}

fn read_task(argument: &str) -> Result<(Task, File)> {
    let task =
        serde_json::from_str(argument).or_refuse(Failure::Crashed, "understanding the task")?;
    let input =
        stdin().as_fd().try_clone_to_owned().or_refuse(Failure::Crashed, "taking the input")?;
    Ok((task, input.into()))
}

fn work(task: &Task, input: File, reporter: &mut Reporter) -> Result<Output> {
    let cage = match task {
        Task::Video(task) => Cage {
            output: Some(task.output.as_path()),
            max_memory_bytes: task.limits.max_memory_bytes,
            // As if every core worked all the time: the parent's wall clock is the tighter limit.
            max_cpu_seconds: u64::from(task.limits.threads.max(1))
                * task.limits.max_wall_ms.div_ceil(1000),
            max_file_bytes: task.limits.max_output_bytes,
            niceness: task.limits.niceness,
        },
        Task::Photo(task) => Cage {
            output: Some(task.output.as_path()),
            max_memory_bytes: task.limits.max_memory_bytes,
            max_cpu_seconds: 2 * task.limits.max_wall_ms.div_ceil(1000),
            max_file_bytes: task.limits.max_output_bytes,
            niceness: 0,
        },
    };
    reporter.send(&Event::Caged(cage.close()));
    memory::end_when_refused();
    // On a stack that is there as a whole: the first thread's grows as it is used, and at the limit of memory that is a crash.
    let stack_bytes = match task {
        Task::Video(_) => VIDEO_STACK_BYTES,
        Task::Photo(_) => PHOTO_STACK_BYTES,
    };
    scope(|scope| {
        let work = move || match task {
            Task::Video(task) => video::make(task, input, reporter).map(Output::Video),
            Task::Photo(task) => photo::make(task, input, reporter).map(Output::Photo),
        };
        Builder::new()
            .name("work".into())
            .stack_size(stack_bytes)
            .spawn_scoped(scope, work)
            .or_refuse(Failure::TooHeavy, "starting the work")?
            .join()
            .unwrap_or_else(|_| Err(Refusal::new(Failure::Crashed, "the work panicked")))
    })
}
