//! From memory to the table.

use super::{Week, sql};
use crate::app::App;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How much a kill loses at most.
pub const EVERY: Duration = Duration::from_secs(30);

/// Adds what was noted to the table. What could not be written is kept for the next time.
pub async fn flush(app: &App) -> crate::db::Result<()> {
    let counts = std::mem::take(&mut app.unfound.noted().counts);
    if counts.is_empty() {
        return Ok(());
    }
    let written = write(app, &counts).await;
    if written.is_err() {
        let mut noted = app.unfound.noted();
        for (place, count) in counts {
            *noted.counts.entry(place).or_default() += count;
        }
    }
    written
}

async fn write(app: &App, counts: &HashMap<(Week, String), u64>) -> crate::db::Result<()> {
    let mut tx = app.db.begin().await?;
    // In one order on every node: rows are locked as they are written.
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_unstable();
    for ((week, text), count) in counts {
        sql::add(&mut tx, *week, text, *count).await?;
    }
    tx.commit().await
}

/// Flushes in the background, and once more when it is stopped.
pub struct Flusher {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Flusher {
    pub fn start(app: &App, every: Duration) -> Self {
        let stop = watch::Sender::new(false);
        let task = tokio::spawn(keep_flushing(app.clone(), every, stop.subscribe()));
        Self { stop, task }
    }

    /// Writes down what is left, for `grace` at most. To be called when no more requests come.
    pub async fn stop(mut self, grace: Duration) {
        self.stop.send_replace(true);
        match tokio::time::timeout(grace, &mut self.task).await {
            Ok(Ok(())) => {}
            Ok(Err(panic)) => tracing::error!(%panic, "what was not found of late is lost"),
            Err(_) => {
                self.task.abort();
                tracing::error!("what was not found of late is not written down in time");
            }
        }
    }
}

/// A flush is never dropped on its way: what it took out of memory is in the table afterwards, or back.
async fn keep_flushing(app: App, every: Duration, mut stop: watch::Receiver<bool>) {
    loop {
        let is_last = tokio::select! {
            // Also when nobody is left who could say so.
            _ = stop.changed() => true,
            () = tokio::time::sleep(every) => false,
        };
        if let Err(error) = flush(&app).await {
            tracing::error!(%error, is_last, "what was not found is not written down");
        }
        if is_last {
            return;
        }
    }
}
