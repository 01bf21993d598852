//! From memory to the table.

use super::{Week, sql};
use crate::app::App;
use std::collections::HashMap;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(30);

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

/// Flushes until dropped.
pub async fn keep_flushing(app: App) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = flush(&app).await {
            tracing::error!(%error, "what was not found is not written down yet");
        }
    }
}
