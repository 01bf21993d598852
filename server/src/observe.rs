//! The log: lines for a person at a terminal, JSON otherwise. `MEGURUMI_LOG` filters (`info,server::jobs=debug`),
//! `MEGURUMI_LOG_FORMAT` (`text`, `json`) overrides the guess.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Call once, first.
pub fn start_log() {
    let filter = EnvFilter::try_from_env("MEGURUMI_LOG").unwrap_or_else(|_| {
        EnvFilter::new("info,tantivy=warn,html5ever=error,aws_config=warn,sqlx::query=warn")
    });
    let format = std::env::var("MEGURUMI_LOG_FORMAT").unwrap_or_default();
    let as_json = format == "json" || (format != "text" && !std::io::stderr().is_terminal());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if as_json {
        log.json().flatten_event(true).init();
    } else {
        log.compact().init();
    }
}
