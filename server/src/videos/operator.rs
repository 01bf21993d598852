//! `megurumi try-video`: what the site would make of one file, without a site.
//!
//! The same child does the same task within the same limits as for [`super::TranscodeVideo`]; there is no database, no store and no
//! index. What it makes goes to a folder that was empty, to be played from there, with a report of what was found, decided, made
//! or refused. Words for a person go to standard error; the report also to standard output, where that is no terminal.
//!
//! Nothing that is there already is overwritten. The child works in a folder of its own inside the one for the results, which is
//! gone afterwards, however it ends.

mod files;
mod report;
mod summary;

use super::jobs;
use crate::config::Config;
use anyhow::{Context, bail};
use clap::Args;
use files::Results;
use report::{Refused, Report, Source};
use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use summary::Teller;
use transcoder_protocol::run::{cage, run};
use transcoder_protocol::{Output, Task};

/// Exit status for a clip that was refused.
const REFUSED: u8 = 2;

#[derive(Args, Clone, Debug)]
pub struct TryVideo {
    /// The clip
    #[arg(allow_hyphen_values = true)]
    file: PathBuf,
    /// Folder for what is made of it: a new one or an empty one
    #[arg(allow_hyphen_values = true)]
    out: PathBuf,
}

impl TryVideo {
    /// Does it. Status 0 when the film was made, 2 when it was refused. Dropping the future ends the child and removes what was begun.
    ///
    /// Errors, which are not the clip's fault: it can't be read; `out` is not empty, or can't be written; there is no transcoder, or not the
    /// whole cage that is required.
    pub async fn run(self, config: &Config) -> anyhow::Result<ExitCode> {
        let source = Source::of(&self.file, config)?;
        let caged = cage(&config.transcoder).await.context("the transcoder does not start")?;
        if config.sandbox_required && !caged.is_whole() {
            bail!("MEGURUMI_SANDBOX=require, but this system grants only a part: {caged:?}");
        }
        let results = Results::prepare(&self.out)?;
        let report = try_it(config, &self.file, source, results.work_folder()).await?;
        results.keep(&report)?;
        say(&mut stderr(), &summary::of(&report, &self.out));
        if !stdout().is_terminal() {
            say(&mut stdout(), &report.to_json()?);
        }
        Ok(if report.made.is_some() { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
    }
}

async fn try_it(
    config: &Config,
    file: &Path,
    source: Source,
    work_folder: &Path,
) -> anyhow::Result<Report> {
    let task = jobs::task(config, std::path::absolute(file)?, work_folder.to_owned());
    let mut report = Report::new(source, task.limits);
    let task = Task::Video(task);
    let mut teller = Teller::default();
    let begun = Instant::now();
    let outcome = run(&config.transcoder, &task, |update| {
        if let Some(line) = teller.line(&update) {
            say(&mut stderr(), &line);
        }
        report.hear(update, begun.elapsed());
    });
    match outcome.await {
        Ok(Output::Video(made)) => report.made = Some(made),
        Ok(Output::Photo(_)) => bail!("the transcoder answered with a photo"),
        Err(failed) => report.refused = Some(Refused::new(failed, &report.limits)),
    }
    report.wall_ms = report::milliseconds(begun.elapsed());
    Ok(report)
}

/// Whoever stopped listening misses it.
fn say(listener: &mut impl Write, text: &str) {
    let _ = writeln!(listener, "{}", text.trim_end());
}
