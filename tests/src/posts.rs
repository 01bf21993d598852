//! Posts, made through the real actions: `site.post(&author).titled("かぼちゃがゆ").published().await`.

use crate::{Browser, TestApp, media};
use axum::body::Body;
use bytes::Bytes;
use sea_query::{Expr, ExprTrait, Query};
use server::access::session;
use server::access::{Viewer, policy};
use server::db::tables::Videos;
use server::jobs;
use server::media::upload::{self, NewUpload};
use server::moderation::{self, Action, actions::Decision};
use server::photos;
use server::posts::{self, Draft, Kind, RevisionState};
use server::time_id::{PhotoId, PostId, ReviewItemId, VideoId};
use server::videos::{TranscodeVideo, VideoStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A post on its way; the last call says how far it gets.
pub struct PostBuilder<'a> {
    site: &'a TestApp,
    author: &'a Browser,
    kind: Kind,
    draft: Draft,
}

impl TestApp {
    /// A short recipe from Uji by whoever is logged in there.
    pub fn post<'a>(&'a self, author: &'a Browser) -> PostBuilder<'a> {
        PostBuilder {
            site: self,
            author,
            kind: Kind::Recipe,
            draft: Draft {
                title: "かぼちゃと豆腐のおかゆ".into(),
                body: "かぼちゃの甘みで、豆腐が苦手な子も完食でした。".into(),
                region_id: Some("uji".into()),
                tags: posts::parse_tags("離乳食 中期"),
                age_from_months: Some(7),
                age_to_months: Some(8),
                ..Draft::default()
            },
        }
    }

    /// The person logged in in this browser, as actions see them.
    pub async fn viewer(&self, browser: &Browser) -> Viewer {
        let token = browser.cookie(session::cookie_name(&self.app)).expect("someone logged in");
        let found = session::find(self.db(), &self.clock, token).await.expect("a look-up");
        Viewer::Account(Arc::new(found.expect("a live session")))
    }

    /// A moderator approves what waits of a post.
    pub async fn approve(&self, post: PostId) {
        static MADE: AtomicUsize = AtomicUsize::new(1);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let moderator = self.moderator(&format!("かくにん{number}")).await;
        let viewer = self.viewer(&moderator).await;
        let item = self.review_item(post).await;
        let decision =
            Decision { action: Action::Approve, reason: None, note: String::new(), version: 1 };
        let decided = moderation::actions::decide(&self.app, &viewer, item, &decision).await;
        assert_eq!(decided.expect("a decision"), moderation::actions::Decided::Yes);
    }

    /// The item that waits for a decision on this post.
    pub async fn review_item(&self, post: PostId) -> ReviewItemId {
        let revision = posts::open_revision(self.db(), post).await.expect("a look-up");
        let revision = revision.expect("an open revision");
        let item = moderation::open_item(self.db(), revision.id).await.expect("a look-up");
        item.expect("an item that waits").id
    }
}

impl PostBuilder<'_> {
    #[must_use]
    pub fn titled(mut self, title: &str) -> Self {
        self.draft.title = title.into();
        self
    }

    #[must_use]
    pub fn saying(mut self, body: &str) -> Self {
        self.draft.body = body.into();
        self
    }

    #[must_use]
    pub fn of_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    #[must_use]
    pub fn in_region(mut self, region: &str) -> Self {
        self.draft.region_id = Some(region.into());
        self
    }

    /// As typed: `離乳食 中期`.
    #[must_use]
    pub fn tagged(mut self, tags: &str) -> Self {
        self.draft.tags = posts::parse_tags(tags);
        self
    }

    #[must_use]
    pub fn for_months(mut self, from: u16, to: u16) -> Self {
        (self.draft.age_from_months, self.draft.age_to_months) = (Some(from), Some(to));
        self
    }

    /// A draft that nobody else sees.
    pub async fn draft(self) -> PostId {
        let viewer = self.site.viewer(self.author).await;
        let app = &self.site.app;
        let made = posts::actions::create(app, &viewer, self.kind).await.expect("a new post");
        let (id, version) = (made.post.id, made.revision.version);
        posts::actions::save(app, &viewer, id, version, self.draft).await.expect("a saved draft");
        id
    }

    /// Handed to the moderators; without media it waits in their queue at once.
    pub async fn submitted(self) -> PostId {
        let (site, author) = (self.site, self.author);
        let id = self.draft().await;
        site.submit(author, id).await;
        id
    }

    /// Approved, and seen by everyone.
    pub async fn published(self) -> PostId {
        let site = self.site;
        let id = self.submitted().await;
        site.approve(id).await;
        id
    }
}

impl TestApp {
    /// Hands a post's draft to the moderators.
    pub async fn submit(&self, author: &Browser, id: PostId) -> RevisionState {
        let viewer = self.viewer(author).await;
        let editing = posts::actions::open(self.db(), &viewer, id).await.expect("one's own post");
        let version = editing.revision.version;
        posts::actions::submit(&self.app, &viewer, id, version).await.expect("it is a draft")
    }

    /// Puts a photo on a post's draft, as the form does; it is ready after [`TestApp::run_jobs`].
    pub async fn add_photo(&self, author: &Browser, id: PostId) -> PhotoId {
        self.send_photo(author, id, media::photo(400, 300)).await
    }

    /// The same with these bytes.
    pub async fn send_photo(&self, author: &Browser, id: PostId, photo: Vec<u8>) -> PhotoId {
        let viewer = self.viewer(author).await;
        let bytes = Ok::<_, std::io::Error>(Bytes::from(photo));
        let bytes = futures_util::stream::iter([bytes]);
        let taken = photos::actions::take_in(&self.app, &viewer, id, bytes).await;
        taken.expect("a photo that is taken").expect("a photo of a size that is taken")
    }

    /// Makes a ready film's next generation.
    pub async fn make_film_anew(&self, film: VideoId) {
        let mut tx = self.db().begin().await.expect("a transaction");
        let again = Query::update()
            .table(Videos::Table)
            .value(Videos::State, VideoStatus::Queued)
            .and_where(Expr::col(Videos::Id).eq(film))
            .take();
        tx.execute(&again).await.expect("a film that waits");
        let job = TranscodeVideo { video: film };
        jobs::enqueue(&mut tx, &self.clock, &job).await.expect("a job");
        tx.commit().await.expect("committed");
        self.run_jobs().await;
    }

    /// Puts a portrait film of so many seconds on a post's draft, as its plain form does; it is ready after [`TestApp::run_jobs`].
    pub async fn add_film(&self, author: &Browser, id: PostId, seconds: u32) -> VideoId {
        self.send_film(author, id, media::portrait_clip(seconds)).await
    }

    /// The same with these bytes.
    pub async fn send_film(&self, author: &Browser, id: PostId, film: Vec<u8>) -> VideoId {
        let viewer = self.viewer(author).await;
        let new = NewUpload {
            length: film.len() as u64,
            file_name: "film.mov".into(),
            content_type: "video/quicktime".into(),
            post_id: Some(id),
        };
        let proof = policy::can_write(&viewer).expect("someone who may write");
        let taken = upload::receive_whole(&self.app, &proof, &new, Body::from(film)).await;
        taken.expect("a film that is taken");
        let editing = posts::actions::open(self.db(), &viewer, id).await.expect("one's own post");
        editing.revision.video_id.expect("the film is on the draft")
    }

    /// Writes a post anew, without handing it in.
    pub async fn rewrite(&self, author: &Browser, id: PostId, title: &str) {
        let viewer = self.viewer(author).await;
        let editing = posts::actions::open(self.db(), &viewer, id).await.expect("one's own post");
        let draft = Draft {
            title: title.into(),
            body: editing.revision.body,
            region_id: editing.revision.region_id,
            ..Draft::default()
        };
        let version = editing.revision.version;
        posts::actions::save(&self.app, &viewer, id, version, draft).await.expect("a saved draft");
    }
}
