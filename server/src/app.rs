//! What a running node is made of, built once, and the lists that name every feature's jobs.

use crate::config::Config;
use crate::db::{Db, migrations};
use crate::discovery::cache::PageCache;
use crate::discovery::index::NodeIndex;
use crate::discovery::related::Related;
use crate::jobs::{Every, Registry, Schedule};
use crate::likeness::Likeness;
use crate::mail::Mailer;
use crate::media::{Key, S3Config, Store, WorkRoot, browsers, upload};
use crate::posts;
use crate::regions::{self, Regions};
use crate::time_id::Clock;
use crate::unfound::{self, Unfound};
use crate::words;
use anyhow::Context;
use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Cheap to clone; every handler and job has one.
#[derive(Clone)]
pub struct App(Arc<Parts>);

pub struct Parts {
    pub config: Config,
    pub db: Db,
    pub clock: Clock,
    pub media: Store,
    /// Whose turn it is to append to an upload, on this node.
    pub uploads: upload::Turns,
    /// Where this process has its working files.
    pub work: WorkRoot,
    pub mail: Mailer,
    /// `None` in a process that only works: one process at a time holds a node's index.
    index: Option<NodeIndex>,
    /// Ready pages for anonymous readers.
    pub pages: PageCache,
    /// What lists were drawn with last.
    pub cards: posts::DrawnCards,
    /// Which posts are related to those that were read of late.
    pub related: Related,
    /// What was looked for in vain of late.
    pub unfound: Unfound,
    /// Every picture's fingerprint.
    pub likeness: Likeness,
    pub regions: Regions,
    /// Scheme and host of the bucket when media is served from there.
    pub media_origin: Option<String>,
    pub(crate) csp: OnceLock<String>,
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Opens the database and migrates it: all that a command beside a running site needs.
pub async fn open_database(config: &Config, clock: &Clock) -> anyhow::Result<Db> {
    std::fs::create_dir_all(&config.data)
        .with_context(|| format!("cannot make the folder {}", config.data.display()))?;
    let db = Db::open(&config.database_url).await.context("cannot open the database")?;
    let taken = migrations::migrate(&db, clock).await.context("cannot migrate the database")?;
    if !taken.is_empty() {
        tracing::info!(steps = taken.join(", "), database = db.name(), "migrated");
    }
    Ok(db)
}

/// Opens the media store; whether a bucket answers, [`Store::check`] tells.
pub async fn open_media(config: &Config) -> anyhow::Result<Store> {
    let Some(s3) = &config.s3 else {
        return Store::folder(config.media_folder()).await.context("cannot open the media folder");
    };
    Ok(Store::s3(&S3Config {
        endpoint: s3.endpoint.clone(),
        public_endpoint: s3.public_endpoint.clone(),
        region: s3.region.clone(),
        bucket: s3.bucket.clone(),
        access_key_id: s3.access_key_id.clone(),
        secret_access_key: s3.secret_access_key.clone(),
    }))
}

impl App {
    /// Opens all that a site needs: the database (and migrates it), the media store and the index. Makes the folders it needs.
    pub async fn open(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let db = open_database(&config, &clock).await?;
        let index = NodeIndex::open(&config, &db).await?;
        Self::open_with(config, clock, db, Some(index)).await
    }

    /// The same without the index: for a worker, or a command beside a running site.
    pub async fn open_without_index(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let db = open_database(&config, &clock).await?;
        Self::open_with(config, clock, db, None).await
    }

    async fn open_with(
        config: Config,
        clock: Clock,
        db: Db,
        index: Option<NodeIndex>,
    ) -> anyhow::Result<Self> {
        let cannot_make = |folder: &Path| format!("cannot make the folder {}", folder.display());
        let (mails, work) = (config.mail_folder(), config.work_folder());
        std::fs::create_dir_all(&mails).with_context(|| cannot_make(&mails))?;
        let work = WorkRoot::claim(&work).with_context(|| cannot_make(&work))?;
        regions::seed(&db).await.context("cannot put in the regions")?;
        let regions = regions::list(&db).await.context("cannot read the regions")?;
        posts::fill_cards(&db).await.context("cannot fill the posts' cards")?;
        words::refresh_keys(&db).await.context("cannot fold the site's words")?;
        let media = open_media(&config).await?;
        let mail = Mailer::new(&config).context("cannot set up mail")?;
        let signed = media.signed_url(&Key::probe(), Duration::from_secs(60)).await?;
        let media_origin = signed.map(|address| browsers::origin(&address)).transpose()?;
        Ok(Self(Arc::new(Parts {
            config,
            db,
            clock,
            media,
            uploads: upload::Turns::default(),
            work,
            mail,
            index,
            pages: PageCache::default(),
            cards: posts::DrawnCards::default(),
            related: Related::default(),
            unfound: Unfound::default(),
            likeness: Likeness::default(),
            regions,
            media_origin,
            csp: OnceLock::new(),
        })))
    }

    /// The site as one service.
    pub fn site(&self) -> crate::http::Site {
        crate::http::site(self, crate::routes::table().into_router())
    }

    /// Errors: this process was opened without it.
    pub fn index(&self) -> anyhow::Result<&NodeIndex> {
        self.0.index.as_ref().context("this process has no search index")
    }
}

/// Every kind of job there is.
pub fn jobs() -> Registry {
    Registry::default()
        .with::<crate::mail::SendMail>()
        .with::<crate::notifications::jobs::MailNotice>()
        .with::<crate::photos::ProcessPhoto>()
        .with::<crate::photos::DropPhoto>()
        .with::<crate::videos::TranscodeVideo>()
        .with::<crate::videos::DropVideo>()
        .with::<crate::videos::DropPreview>()
        .with::<crate::posts::DropMedia>()
        .with::<upload::DropUpload>()
        .with::<upload::PurgeUploads>()
        .with::<crate::accounts::jobs::MailReset>()
        .with::<crate::accounts::jobs::Purge>()
        .with::<unfound::jobs::Purge>()
}

/// What comes round by the clock.
pub fn schedule() -> Schedule {
    Schedule(vec![
        Every::new::<upload::PurgeUploads>(Duration::from_secs(600)),
        Every::new::<crate::accounts::jobs::Purge>(Duration::from_secs(3600)),
        Every::new::<unfound::jobs::Purge>(Duration::from_secs(3600)),
    ])
}
