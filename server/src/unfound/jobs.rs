//! Forgetting what was looked for.

use super::{WEEKS, Week, sql};
use crate::app::App;
use crate::jobs::{Job, JobError, Lease};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Of a week that is over forgets what too few people looked for, and the weeks before those that are kept.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Purge {}

/// Slices of one run; what is left waits for the next.
const SLICES: usize = 100;
/// A week is over once every node has written down what it had noted of it.
const GRACE: Duration = Duration::from_secs(600);

impl Job for Purge {
    const KIND: &'static str = "purge_unfound";

    async fn run(&self, app: &App, _lease: &Lease) -> Result<(), JobError> {
        let current = Week::of(app.clock.now().minus(GRACE));
        for _ in 0..SLICES {
            let mut tx = app.db.begin().await?;
            let gone = sql::purge(&mut tx, current, current.minus(WEEKS)).await?;
            tx.commit().await?;
            if gone == 0 {
                break;
            }
        }
        Ok(())
    }
}
