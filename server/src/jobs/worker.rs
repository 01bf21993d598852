//! Takes ready jobs, holds their leases, runs them, and writes down how it went.

use super::sql::PutBack;
use super::{Job, JobError, LEASE, Lane, Lease, pause_after, pause_for_room, sql};
use crate::app::App;
use crate::db::Tx;
use crate::room;
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
    mut stop: Option<&mut watch::Receiver<bool>>,
) {
    let sql::Taken { kind, payload, lease, spent } = taken;
    let span = tracing::info_span!("job", kind, id = %lease.id, attempt = lease.attempt);
    async {
        let Some(entry) = registry.entries.get(kind.as_str()) else { return };
        if spent {
            let died = anyhow::anyhow!("the worker died in every attempt");
            settle(app, entry, &payload, &lease, Err(JobError::GiveUp(died)), stop).await;
            return;
        }
        let run = tokio::spawn((entry.run)(app.clone(), payload.clone(), lease.clone()).in_current_span());
        let abort = AbortOnDrop(run.abort_handle());
        let outcome = tokio::select! {
            outcome = run => outcome.unwrap_or_else(|panic| Err(JobError::Retry(anyhow::anyhow!("panicked: {panic}")))),
            () = keep_lease(app, &lease) => Err(JobError::LeaseLost),
            () = stopped_for_long(stop.as_deref_mut()) => {
                drop(abort);
                hand_back(app, &lease).await;
                return;
            }
        };
        settle(app, entry, &payload, &lease, outcome, stop).await;
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
        let now = app.clock.now();
        sql::put_back(&mut tx, &app.clock, lease, now, "stopped", PutBack::Stopped).await?;
        tx.commit().await
    };
    if let Err(error) = handed_back.await {
        tracing::warn!(%error, "cannot hand the job back; its lease will run out");
    }
}

/// Writes down how it went. In a database without room that can't be, so a worker tries again until it can, or until it is to stop:
/// an attempt that nobody has heard the end of would count.
async fn settle(
    app: &App,
    entry: &Entry,
    payload: &str,
    lease: &Lease,
    outcome: Result<(), JobError>,
    mut stop: Option<&mut watch::Receiver<bool>>,
) {
    const AGAIN: Duration = Duration::from_secs(5);
    loop {
        let Err(error) = write_down(app, entry, payload, lease, &outcome).await else { return };
        match &mut stop {
            Some(stop) if room::is_missing(&error) => {
                tracing::error!(error = format!("{error:#}"), "no room to settle the job in");
                tokio::select! {
                    _ = stop.wait_for(|stop| *stop) => return,
                    () = tokio::time::sleep(AGAIN) => {}
                }
            }
            _ => {
                let error = format!("{error:#}");
                tracing::error!(error, "cannot settle the job; its lease will run out");
                return;
            }
        }
    }
}

async fn write_down(
    app: &App,
    entry: &Entry,
    payload: &str,
    lease: &Lease,
    outcome: &Result<(), JobError>,
) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    let tries = sql::tries(&mut tx, lease.id).await?;
    match outcome {
        Ok(()) => {
            sql::finish(&mut tx, lease).await?;
            tracing::info!("done");
        }
        Err(JobError::LeaseLost) => {
            tracing::warn!("lost the lease");
            return Ok(());
        }
        Err(JobError::Retry(error) | JobError::GiveUp(error)) if room::is_missing(error) => {
            let error = format!("{error:#}");
            let pause = pause_for_room(tries.postponed);
            let pause_s = pause.as_secs();
            tracing::error!(
                error,
                pause_s,
                places = room::places(&app.config),
                "no room; will go on"
            );
            let why = PutBack::Postponed(tries.postponed.saturating_add(1));
            let run_at = app.clock.now().plus(pause);
            sql::put_back(&mut tx, &app.clock, lease, run_at, &error, why).await?;
        }
        Err(JobError::Retry(error)) if lease.attempt < tries.max_attempts => {
            let error = format!("{error:#}");
            let pause = pause_after(lease.attempt);
            tracing::warn!(error, pause_s = pause.as_secs(), "will retry");
            let run_at = app.clock.now().plus(pause);
            sql::put_back(&mut tx, &app.clock, lease, run_at, &error, PutBack::Failed).await?;
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
