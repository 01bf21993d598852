//! The running process: listener, worker, followers, and how they stop.

use crate::app::{self, App};
use crate::demo::community;
use crate::discovery::{cache, index};
use crate::jobs::Worker;
use crate::media::browsers;
use crate::unfound::{self, Flusher};
use anyhow::Context;
use axum::ServiceExt as _;
use std::future::IntoFuture;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use transcoder_protocol::Caged;

/// Requests in flight get this long after the word to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Serves until SIGTERM or Ctrl-C.
pub async fn serve(app: App, with_worker: bool) -> anyhow::Result<()> {
    let listener = TcpListener::bind(app.config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", app.config.listen))?;
    let worker = if with_worker { Some(start_worker(&app).await?) } else { None };
    let followers = start_followers(&app);
    let asking = ask_as_browsers_do(&app);
    let flusher = Flusher::start(&app, unfound::EVERY);
    tracing::info!(address = %listener.local_addr()?, url = app.config.base_url, "serving");
    let demo = start_demo(&app).await?;
    let service = app.site().into_make_service_with_connect_info::<std::net::SocketAddr>();
    let (drain, drained) = tokio::sync::oneshot::channel::<()>();
    let server = axum::serve(listener, service).with_graceful_shutdown(async {
        stopped().await;
        tracing::info!("stopping");
        let _ = drain.send(());
    });
    let served = tokio::select! {
        done = server.into_future() => done,
        () = async { let _ = drained.await; tokio::time::sleep(GRACE).await } => {
            tracing::warn!("some requests did not end in time");
            Ok(())
        }
    };
    if let Some(worker) = worker {
        worker.stop(GRACE).await;
    }
    drop((followers, demo, asking));
    flusher.stop(GRACE).await;
    Ok(served?)
}

/// Says in the log when the bucket will not let browsers play films: no request to this site would ever show it.
fn ask_as_browsers_do(app: &App) -> JoinSet<()> {
    let mut asking = JoinSet::new();
    let app = app.clone();
    asking.spawn(async move {
        match browsers::check(&app.media, &app.config.base_url).await {
            Ok(None) => {}
            Ok(Some(withheld)) => tracing::error!("{withheld}"),
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(error, "cannot tell whether browsers may read the bucket");
            }
        }
    });
    asking
}

/// In demo mode makes what is missing of the demo community beside the running site, and prints its log-ins.
async fn start_demo(app: &App) -> anyhow::Result<JoinSet<()>> {
    let mut making = JoinSet::new();
    if !app.config.demo {
        return Ok(making);
    }
    if !community::is_wanted(app).await? {
        tracing::warn!("this database is no demo; it is left as it is");
        return Ok(making);
    }
    print_log_ins(app);
    let app = app.clone();
    making.spawn(async move {
        if let Err(error) = community::populate(&app).await {
            tracing::error!(error = format!("{error:#}"), "the demo community is not complete");
        }
    });
    Ok(making)
}

#[expect(clippy::print_stdout, reason = "the answer to --demo, for a person at a terminal")]
fn print_log_ins(app: &App) {
    println!("\nめぐるみ: {}", app.config.base_url);
    println!(
        "The demo community moves in within a minute. Log-ins, all with the password {}:",
        community::PASSWORD
    );
    for person in community::shown() {
        println!("  {:<22} {} ({})", person.email, person.nickname, person.role);
    }
    println!("Mails are shown at {}/demo/mail\n", app.config.base_url);
}

/// Runs jobs until SIGTERM or Ctrl-C.
pub async fn work(app: App) -> anyhow::Result<()> {
    let worker = start_worker(&app).await?;
    stopped().await;
    worker.stop(GRACE).await;
    Ok(())
}

async fn start_worker(app: &App) -> anyhow::Result<Worker> {
    check_cage(app).await?;
    let config = &app.config;
    Ok(Worker::start(app, app::jobs(), config.quick_workers, config.heavy_workers))
}

/// Says what this system grants of the transcoder's cage; an error where a whole one is required and is not to be had.
async fn check_cage(app: &App) -> anyhow::Result<()> {
    let is_required = app.config.sandbox_required;
    match transcoder_protocol::run::cage(&app.config.transcoder).await {
        Ok(caged) if caged.is_whole() => {
            tracing::info!("photos and videos are decoded in a whole cage");
        }
        Ok(caged) if is_required => {
            anyhow::bail!(
                "MEGURUMI_SANDBOX=require, but this system grants only a part: {caged:?}"
            );
        }
        Ok(Caged { landlock, seccomp, rlimits }) => {
            tracing::warn!(
                landlock,
                seccomp,
                rlimits,
                "photos and videos are decoded in half a cage"
            );
        }
        Err(failure) if is_required => {
            return Err(failure)
                .context("MEGURUMI_SANDBOX=require, but the transcoder says nothing");
        }
        // Each job that needs it says so again.
        Err(failure) => tracing::warn!(%failure, "the transcoder does not start"),
    }
    Ok(())
}

/// What runs beside the requests on every node.
fn start_followers(app: &App) -> JoinSet<()> {
    let mut followers = JoinSet::new();
    followers.spawn(app::schedule().run(app.clone()));
    followers.spawn(index::follow(app.clone()));
    followers.spawn(cache::hear_other_nodes(app.clone()));
    followers
}

/// What `work` came to; `None` when SIGTERM or Ctrl-C was first, which drops it.
pub async fn until_stopped<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        () = stopped() => None,
    }
}

async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
