//! The one binary: `megurumi serve`, and what its operator needs beside it.

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use server::accounts::operator::AdminCommand;
use server::app::App;
use server::config::{Config, Flags};
use server::discovery::index;
use server::media::browsers;
use server::media::operator::MediaCommand;
use server::moderation::operator::AuditCommand;
use server::serve::until_stopped;
use server::time_id::Clock;
use server::videos::operator::TryVideo;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// A page is made of a thousand small pieces by whichever thread is free; glibc has its threads wait for each other there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(
    name = "megurumi",
    version,
    about = "めぐるみ: a region's parents share meals, play and advice"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the site, with a worker in the same process.
    Serve {
        #[command(flatten)]
        place: Place,
        #[arg(
            long,
            value_name = "ADDR",
            help = "Address and port to listen on [default: 127.0.0.1:3000]"
        )]
        listen: Option<SocketAddr>,
        #[arg(
            long,
            help = "Fill an empty database with a demo community, and show mails on a page"
        )]
        demo: bool,
        #[arg(long, help = "Leave background jobs to `megurumi work` processes")]
        no_worker: bool,
    },
    /// Run background jobs only.
    Work {
        #[command(flatten)]
        place: Place,
    },
    /// Bring the database's schema up to date and stop.
    Migrate {
        #[command(flatten)]
        place: Place,
    },
    /// Have every node make its search index anew from the database, beside the one that serves: now where the site runs, else at its
    /// next start.
    Reindex {
        #[command(flatten)]
        place: Place,
    },
    /// Compare this node's search index with the database, and say what differs. The site may run meanwhile.
    CheckIndex {
        #[command(flatten)]
        place: Place,
    },
    /// Make accounts and say who moderates. The site may run meanwhile.
    Admin {
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        command: AdminCommand,
    },
    /// Look after the record of what moderators and operators did. The site may run meanwhile.
    Audit {
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Look after the media store. The site may run meanwhile.
    Media {
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        command: MediaCommand,
    },
    /// Make of one clip what the site would make of it, into a folder, and say what was found, decided, made or refused. Needs no
    /// database. Status: 0 made, 2 refused, 1 could not be tried. The report is in FOLDER/report.json, and on standard output where that
    /// is no terminal.
    TryVideo(TryVideo),
    /// Check the configuration and what it points at, and stop. An S3 bucket is also asked as browsers will.
    CheckConfig {
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Args, Clone)]
struct Place {
    #[arg(
        long,
        value_name = "DIR",
        help = "Folder of the database, media, index and mail [default: data]"
    )]
    data: Option<PathBuf>,
}

/// Exit status of a command that was told to stop before it was done.
const STOPPED: u8 = 130;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    server::observe::start_log();
    let done = match Cli::parse().command {
        Command::Serve { place, listen, demo, no_worker } => {
            let app = open(Flags { data: place.data, listen, demo }).await?;
            server::serve::serve(app, !no_worker).await
        }
        Command::Work { place } => {
            let app = open_beside(place).await?;
            server::serve::work(app).await
        }
        Command::Migrate { place } => open_beside(place).await.map(drop),
        Command::Reindex { place } => {
            let app = open_beside(place).await?;
            index::request(&app.db, &app.clock).await?;
            say(
                "Every node makes a new index now, or at its next start; its log says when it serves.",
            );
            Ok(())
        }
        Command::CheckIndex { place } => {
            let app = open_beside(place).await?;
            match index::check::compare(&app).await? {
                None => anyhow::bail!(
                    "there is no index of this version yet; the site makes one when it starts"
                ),
                Some(found) if found.is_none() => say(&found.to_string()),
                Some(found) => anyhow::bail!("{found}"),
            }
            Ok(())
        }
        Command::Admin { place, command } => {
            let config = Config::from_env(Flags { data: place.data, ..Flags::default() })?;
            let db = server::app::open_database(&config, &Clock::System).await?;
            say(&command.run(&db, &Clock::System).await?);
            Ok(())
        }
        Command::Audit { place, command } => {
            let config = Config::from_env(Flags { data: place.data, ..Flags::default() })?;
            let db = server::app::open_database(&config, &Clock::System).await?;
            say(&command.run(&db).await?);
            Ok(())
        }
        Command::Media { place, command } => {
            let config = Config::from_env(Flags { data: place.data, ..Flags::default() })?;
            say(&command.run(&config).await?);
            Ok(())
        }
        Command::TryVideo(command) => return try_video(command).await,
        Command::CheckConfig { place } => {
            let app = open_beside(place).await?;
            app.media.check().await.context("the media store does not answer")?;
            if let Some(withheld) = browsers::check(&app.media, &app.config.base_url).await? {
                anyhow::bail!("{withheld}");
            }
            say("The configuration is good.");
            Ok(())
        }
    };
    done.map(|()| ExitCode::SUCCESS)
}

async fn try_video(command: TryVideo) -> anyhow::Result<ExitCode> {
    let config = Config::from_env(Flags::default())?;
    until_stopped(command.run(&config)).await.unwrap_or(Ok(ExitCode::from(STOPPED)))
}

/// For what runs beside a site, whose process holds the index.
async fn open_beside(place: Place) -> anyhow::Result<App> {
    let flags = Flags { data: place.data, ..Flags::default() };
    App::open_without_index(Config::from_env(flags)?, Clock::System).await
}

async fn open(flags: Flags) -> anyhow::Result<App> {
    App::open(Config::from_env(flags)?, Clock::System).await
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
fn say(line: &str) {
    println!("{line}");
}
