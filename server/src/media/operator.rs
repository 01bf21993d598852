//! What the operator does about the media store from the command line.

use super::browsers;
use crate::app;
use crate::config::Config;
use clap::Subcommand;

#[derive(Clone, Debug, Subcommand)]
pub enum MediaCommand {
    /// Tell the S3 bucket that browsers on the site's pages may read it (CORS), without which films don't play there. The bucket's
    /// other rules stay; done already is done.
    AllowBrowsers,
}

impl MediaCommand {
    /// Does it. Returns what to tell the operator.
    pub async fn run(self, config: &Config) -> anyhow::Result<String> {
        let media = app::open_media(config).await?;
        match self {
            Self::AllowBrowsers => {
                let changed = browsers::allow(&media, &config.base_url).await?;
                if let Some(withheld) = browsers::check(&media, &config.base_url).await? {
                    anyhow::bail!("the rule is set, and yet {withheld}");
                }
                let origin = browsers::origin(&config.base_url)?;
                Ok(match changed {
                    true => format!("Browsers on {origin} may read the bucket now."),
                    false => format!("Browsers on {origin} may read the bucket already."),
                })
            }
        }
    }
}
