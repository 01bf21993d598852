//! The one binary: `megurumi serve`, and what its operator needs beside it.

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use server::accounts::operator::AdminCommand;
use server::app::App;
use server::config::{Config, Flags};
use server::moderation::operator::AuditCommand;
use server::time_id::Clock;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

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
    /// Check the configuration and what it points at, and stop.
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

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    server::observe::start_log();
    match Cli::parse().command {
        Command::Serve { place, listen, demo, no_worker } => {
            let app = open(Flags { data: place.data, listen, demo }).await?;
            server::serve::serve(app, !no_worker).await
        }
        Command::Work { place } => {
            let app = open(Flags { data: place.data, ..Flags::default() }).await?;
            server::serve::work(app).await
        }
        Command::Migrate { place } => {
            open(Flags { data: place.data, ..Flags::default() }).await.map(drop)
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
        Command::CheckConfig { place } => {
            let app = open(Flags { data: place.data, ..Flags::default() }).await?;
            app.media.check().await.context("the media store does not answer")?;
            tokio::time::sleep(Duration::ZERO).await;
            say("The configuration is good.");
            Ok(())
        }
    }
}

async fn open(flags: Flags) -> anyhow::Result<App> {
    App::open(Config::from_env(flags)?, Clock::System).await
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
fn say(line: &str) {
    println!("{line}");
}
