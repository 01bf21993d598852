//! The machinery under the features: database, jobs, change feed, the frame around every handler.

use server::changes::{self, Subject};
use server::jobs::{self, Job, JobError, Lease, Registry};
use server::time_id::PostId;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tests::on_both_databases;

static RUNS: AtomicUsize = AtomicUsize::new(0);

#[derive(serde::Serialize, serde::Deserialize)]
struct Fragile {
    fails: usize,
}

impl Job for Fragile {
    const KIND: &'static str = "test_fragile";
    const MAX_ATTEMPTS: u32 = 3;

    async fn run(&self, app: &server::app::App, lease: &Lease) -> Result<(), JobError> {
        if (lease.attempt as usize) <= self.fails {
            return Err(JobError::Retry(anyhow::anyhow!("not yet")));
        }
        let mut tx = app.db.begin().await?;
        lease.hold(&mut tx).await?;
        changes::record(&mut tx, &app.clock, Subject::Post, "done").await?;
        tx.commit().await?;
        RUNS.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn bury(&self, app: &server::app::App, tx: &mut server::db::Tx) -> anyhow::Result<()> {
        changes::record(tx, &app.clock, Subject::Post, "buried").await?;
        Ok(())
    }
}

async fn enqueue(site: &tests::TestApp, fails: usize) {
    let mut tx = site.db().begin().await.unwrap();
    jobs::enqueue(&mut tx, &site.clock, &Fragile { fails }).await.unwrap();
    tx.commit().await.unwrap();
}

async fn feed(site: &tests::TestApp) -> Vec<String> {
    let changes = changes::after(site.db(), 0, 100).await.unwrap();
    changes.into_iter().map(|change| change.id).collect()
}

fn registry() -> Registry {
    Registry::default().with::<Fragile>()
}

on_both_databases! {
    async fn a_job_enqueued_in_a_transaction_that_rolls_back_never_runs(site: TestApp) {
        let mut tx = site.db().begin().await.unwrap();
        jobs::enqueue(&mut tx, &site.clock, &Fragile { fails: 0 }).await.unwrap();
        drop(tx);
        assert_eq!(jobs::run_until_idle(&site.app, &registry()).await.unwrap(), 0);
    }

    async fn a_job_that_fails_comes_back_after_a_pause(site: TestApp) {
        enqueue(&site, 1).await;
        assert_eq!(jobs::run_until_idle(&site.app, &registry()).await.unwrap(), 1);
        assert_eq!(jobs::run_until_idle(&site.app, &registry()).await.unwrap(), 0, "it pauses first");
        site.clock.advance(Duration::from_secs(3));
        assert_eq!(jobs::run_until_idle(&site.app, &registry()).await.unwrap(), 1);
        assert_eq!(feed(&site).await, ["done"]);
        site.clock.advance(Duration::from_secs(86_400));
        assert_eq!(jobs::run_until_idle(&site.app, &registry()).await.unwrap(), 0, "it is gone");
    }

    async fn a_job_that_never_succeeds_is_buried_once(site: TestApp) {
        enqueue(&site, 99).await;
        for _ in 0..6 {
            jobs::run_until_idle(&site.app, &registry()).await.unwrap();
            site.clock.advance(Duration::from_secs(3600));
        }
        assert_eq!(feed(&site).await, ["buried"]);
    }

    async fn a_unique_key_keeps_a_second_job_out_while_the_first_waits(site: TestApp) {
        for _ in 0..2 {
            let mut tx = site.db().begin().await.unwrap();
            let now = site.clock.now();
            jobs::enqueue_at(&mut tx, &site.clock, &Fragile { fails: 0 }, now, Some("one")).await.unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(jobs::run_until_idle(&site.app, &registry()).await.unwrap(), 1);
    }

    async fn the_feed_tells_changes_in_the_order_of_commit(site: TestApp) {
        let ids: Vec<PostId> = (0..5).map(|_| PostId::new(&site.clock)).collect();
        for id in &ids {
            let mut tx = site.db().begin().await.unwrap();
            changes::record(&mut tx, &site.clock, Subject::Post, id).await.unwrap();
            tx.commit().await.unwrap();
        }
        let expected: Vec<String> = ids.iter().map(ToString::to_string).collect();
        assert_eq!(feed(&site).await, expected);
        assert_eq!(changes::latest(site.db()).await.unwrap(), 5);
    }

    async fn a_follower_misses_nothing_while_writers_race(site: TestApp) {
        let writers = (0..8).map(|_| {
            let app = site.app.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    let mut tx = app.db.begin().await.unwrap();
                    changes::record(&mut tx, &app.clock, Subject::Post, "x").await.unwrap();
                    tx.commit().await.unwrap();
                }
            })
        });
        let writers: Vec<_> = writers.collect();
        let (mut place, mut seen) = (0, 0);
        while seen < 80 {
            let batch = changes::after(site.db(), place, 7).await.unwrap();
            place = batch.last().map_or(place, |change| change.seq);
            seen += batch.len();
            if batch.is_empty() {
                assert!(writers.iter().any(|w| !w.is_finished()) || seen == 80 || place < changes::latest(site.db()).await.unwrap(), "a change was stepped over: {seen} of 80");
                tokio::task::yield_now().await;
            }
        }
    }

    async fn a_rolled_back_transaction_leaves_nothing(site: TestApp) {
        let mut tx = site.db().begin().await.unwrap();
        changes::record(&mut tx, &site.clock, Subject::Post, "x").await.unwrap();
        assert_eq!(changes::latest(&mut tx).await.unwrap(), 1);
        drop(tx);
        assert_eq!(changes::latest(site.db()).await.unwrap(), 0);
    }

    async fn what_does_not_exist_is_a_404_in_the_readers_language(site: TestApp) {
        let mut visitor = site.visitor();
        visitor.get("/no-such-page").await.expect(404).shows("<h1");
        let json = site.visitor().script().get("/no-such-page").await.expect(404).json();
        assert_eq!(json["error"], "not-found");
        assert!(json["request_id"].as_str().is_some_and(|id| !id.is_empty()));
    }

    async fn a_write_from_another_site_is_refused(site: TestApp) {
        let answer = site
            .visitor()
            .request(
                axum::http::Method::POST,
                "/language",
                &[("sec-fetch-site", "cross-site"), ("content-type", "application/x-www-form-urlencoded")],
                axum::body::Body::from("lang=en&next=/"),
            )
            .await;
        assert_eq!(answer.status.as_u16(), 403);
    }

    async fn the_site_says_that_it_is_alive_and_ready(site: TestApp) {
        site.visitor().get("/healthz").await.expect(200).shows("ok");
        site.visitor().get("/readyz").await.expect(200).shows("database: ok").shows("media: ok");
    }
}
