//! Work that comes round by the clock: each period one job, however many nodes there are.

use super::{Job, enqueue_at};
use crate::app::App;
use crate::db::Result;
use futures_util::future::BoxFuture;
use std::time::Duration;

/// A job to enqueue once in each `period`.
pub struct Every {
    period: Duration,
    enqueue: fn(&App) -> BoxFuture<'_, Result<()>>,
}

impl Every {
    pub fn new<J: Job + Default>(period: Duration) -> Self {
        Self { period, enqueue: |app| Box::pin(enqueue_once::<J>(app)) }
    }
}

/// The key is the kind alone: while the last period's job still waits or runs, no second one is added.
async fn enqueue_once<J: Job + Default>(app: &App) -> Result<()> {
    let mut tx = app.db.begin().await?;
    enqueue_at(&mut tx, &app.clock, &J::default(), app.clock.now(), Some(J::KIND)).await?;
    tx.commit().await
}

pub struct Schedule(pub Vec<Every>);

impl Schedule {
    /// Runs until the task is dropped.
    pub async fn run(self, app: App) {
        let periods = self.0.into_iter().map(|every| {
            let app = app.clone();
            async move {
                loop {
                    if let Err(error) = (every.enqueue)(&app).await {
                        tracing::error!(%error, "cannot enqueue a scheduled job");
                    }
                    tokio::time::sleep(every.period).await;
                }
            }
        });
        futures_util::future::join_all(periods).await;
    }
}
