//! Takes ready jobs, holds their leases, runs them, and writes down how it went.

use super::{Job, JobError, LEASE, Lane, Lease, pause_after, sql};
use crate::app::App;
use crate::db::Tx;
use futures_util::future::BoxFuture;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::Instrument;

type Run = fn(App, String, Lease) -> BoxFuture<'static, Result<(), JobError>>;
type Bury = for<'a> fn(&'a App, &'a str, &'a mut Tx) -> BoxFuture<'a, anyhow::Result<()>>;

struct Entry {
    lane: Lane,
    run: Run,
    bury: Bury,
}

/// Every kind of job the program knows.
#[derive(Default)]
pub struct Registry {
    entries: HashMap<&'static str, Entry>,
}

impl Registry {
    #[must_use]
    pub fn with<J: Job>(mut self) -> Self {
        let entry = Entry { lane: J::LANE, run: run_job::<J>, bury: bury_job::<J> };
        let earlier = self.entries.insert(J::KIND, entry);
        assert!(earlier.is_none(), "two jobs of kind {}", J::KIND);
        self
    }

    fn kinds(&self, lane: Option<Lane>) -> Vec<&'static str> {
        let wanted = |entry: &Entry| lane.is_none_or(|lane| entry.lane == lane);
        self.entries.iter().filter(|(_, entry)| wanted(entry)).map(|(kind, _)| *kind).collect()
    }
}

fn run_job<J: Job>(
    app: App,
    payload: String,
    lease: Lease,
) -> BoxFuture<'static, Result<(), JobError>> {
    Box::pin(async move {
        let job: J =
            serde_json::from_str(&payload).map_err(|error| JobError::GiveUp(error.into()))?;
        job.run(&app, &lease).await
    })
}

fn bury_job<'a, J: Job>(
    app: &'a App,
    payload: &'a str,
    tx: &'a mut Tx,
) -> BoxFuture<'a, anyhow::Result<()>> {
    Box::pin(async move {
        let job: J = serde_json::from_str(payload)?;
        job.bury(app, tx).await
    })
}

/// A running worker: some slots for each lane.
pub struct Worker {
    stop: watch::Sender<bool>,
    slots: JoinSet<()>,
}

impl Worker {
    pub fn start(app: &App, registry: Registry, quick: usize, heavy: usize) -> Self {
        let registry = Arc::new(registry);
        let stop = watch::Sender::new(false);
        let mut slots = JoinSet::new();
        for (lane, count) in [(Lane::Quick, quick), (Lane::Heavy, heavy)] {
            for _ in 0..count {
                slots.spawn(work(app.clone(), registry.clone(), lane, stop.subscribe()));
            }
        }
        Self { stop, slots }
    }

    /// Lets running jobs end for `grace`, then hands them back to the queue.
    pub async fn stop(mut self, grace: Duration) {
        self.stop.send_replace(true);
        let all = async { while self.slots.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, all).await.is_err() {
            self.slots.shutdown().await;
        }
    }
}

async fn work(app: App, registry: Arc<Registry>, lane: Lane, mut stop: watch::Receiver<bool>) {
    let kinds = registry.kinds(Some(lane));
    while !*stop.borrow() {
        match sql::take(&app.db, &app.clock, &kinds).await {
            Ok(Some(taken)) => attempt(&app, &registry, taken, Some(&mut stop)).await,
            Ok(None) => tokio::select! {
                _ = stop.changed() => {}
                () = app.db.job_enqueued() => {}
                () = tokio::time::sleep(until_next(&app, &kinds).await) => {}
            },
            Err(error) => {
                tracing::error!(%error, "cannot take a job");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Long enough to be idle, short enough to notice another node's jobs and expired leases.
async fn until_next(app: &App, kinds: &[&'static str]) -> Duration {
    const LOOK: Duration = Duration::from_secs(2);
    match sql::next_run(&app.db, kinds).await {
        Ok(Some(at)) => at.since(app.clock.now()).clamp(Duration::from_millis(20), LOOK),
        _ => LOOK,
    }
}

async fn attempt(
    app: &App,
    registry: &Registry,
    taken: sql::Taken,
    stop: Option<&mut watch::Receiver<bool>>,
) {
    let sql::Taken { kind, payload, lease, spent } = taken;
    let span = tracing::info_span!("job", kind, id = %lease.id, attempt = lease.attempt);
    async {
        let Some(entry) = registry.entries.get(kind.as_str()) else { return };
        if spent {
            let died = anyhow::anyhow!("the worker died in every attempt");
            settle(app, entry, &payload, &lease, Err(JobError::GiveUp(died))).await;
            return;
        }
        let run = tokio::spawn((entry.run)(app.clone(), payload.clone(), lease.clone()).in_current_span());
        let abort = AbortOnDrop(run.abort_handle());
        let outcome = tokio::select! {
            outcome = run => outcome.unwrap_or_else(|panic| Err(JobError::Retry(anyhow::anyhow!("panicked: {panic}")))),
            () = keep_lease(app, &lease) => Err(JobError::LeaseLost),
            () = stopped_for_long(stop) => {
                drop(abort);
                hand_back(app, &lease).await;
                return;
            }
        };
        settle(app, entry, &payload, &lease, outcome).await;
    }
    .instrument(span)
    .await;
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Renews the lease until it is lost.
async fn keep_lease(app: &App, lease: &Lease) {
    loop {
        tokio::time::sleep(LEASE / 4).await;
        match sql::renew(&app.db, &app.clock, lease).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!(%error, "cannot renew the lease"),
        }
    }
}

/// A few seconds after the word to stop; a quick job ends by itself before.
async fn stopped_for_long(stop: Option<&mut watch::Receiver<bool>>) {
    const FINISH: Duration = Duration::from_secs(5);
    if let Some(stop) = stop
        && stop.wait_for(|stop| *stop).await.is_ok()
    {
        tokio::time::sleep(FINISH).await;
    } else {
        std::future::pending::<()>().await;
    }
}

async fn hand_back(app: &App, lease: &Lease) {
    let handed_back = async {
        let mut tx = app.db.begin().await?;
        sql::put_back(&mut tx, &app.clock, lease, app.clock.now(), "stopped", false).await?;
        tx.commit().await
    };
    if let Err(error) = handed_back.await {
        tracing::warn!(%error, "cannot hand the job back; its lease will run out");
    }
}

async fn settle(
    app: &App,
    entry: &Entry,
    payload: &str,
    lease: &Lease,
    outcome: Result<(), JobError>,
) {
    let settled = async {
        let mut tx = app.db.begin().await?;
        match &outcome {
            Ok(()) => {
                sql::finish(&mut tx, lease).await?;
                tracing::info!("done");
            }
            Err(JobError::LeaseLost) => {
                tracing::warn!("lost the lease");
                return anyhow::Ok(());
            }
            Err(JobError::Retry(error)) if lease.attempt < max_attempts(app, lease).await? => {
                let pause = pause_after(lease.attempt);
                tracing::warn!(
                    error = format!("{error:#}"),
                    pause_s = pause.as_secs(),
                    "will retry"
                );
                let run_at = app.clock.now().plus(pause);
                sql::put_back(&mut tx, &app.clock, lease, run_at, &format!("{error:#}"), true)
                    .await?;
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "dead");
                if sql::bury(&mut tx, &app.clock, lease, &format!("{error:#}")).await? {
                    (entry.bury)(app, payload, &mut tx).await?;
                }
            }
        }
        tx.commit().await?;
        Ok(())
    };
    if let Err(error) = settled.await {
        tracing::error!(
            error = format!("{error:#}"),
            "cannot settle the job; its lease will run out"
        );
    }
}

async fn max_attempts(app: &App, lease: &Lease) -> crate::db::Result<u32> {
    sql::max_attempts(&app.db, lease.id).await
}

/// Runs every ready job on the calling task until none is left, for tests and for `--demo`. Returns how many attempts it made.
pub async fn run_until_idle(app: &App, registry: &Registry) -> crate::db::Result<usize> {
    let kinds = registry.kinds(None);
    let mut attempts = 0;
    while let Some(taken) = sql::take(&app.db, &app.clock, &kinds).await? {
        attempt(app, registry, taken, None).await;
        attempts += 1;
    }
    Ok(attempts)
}
