//! What the operator asks of the record from the command line.

use super::audit::{self, Verdict};
use crate::db::Db;
use anyhow::bail;
use clap::Subcommand;

#[derive(Clone, Debug, Subcommand)]
pub enum AuditCommand {
    /// Check every link of the record's chain, and say how long it is and where it ends. Fails when a link is broken.
    Verify,
}

impl AuditCommand {
    /// Does it. Returns what to tell the operator; a broken record is an error.
    pub async fn run(self, db: &Db) -> anyhow::Result<String> {
        match self {
            Self::Verify => match audit::verify(db).await? {
                whole @ Verdict::Whole { .. } => Ok(whole.to_string()),
                broken @ Verdict::Broken { .. } => bail!("{broken}"),
            },
        }
    }
}
