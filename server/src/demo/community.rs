//! The demo community: people, and their posts through the site's own forms' actions, jobs and review.
//!
//! May be stopped anywhere and started again: what is there already is left as it is, what is half done goes on.

use super::posts::{DemoPost, POSTS};
use super::{clip, scenes};
use crate::access::policy;
use crate::access::viewer::{Account, AccountState, Role, Viewer};
use crate::accounts::{self, Email, NewAccount, Nickname, password};
use crate::app::App;
use crate::jobs;
use crate::media::upload::{self, NewUpload};
use crate::moderation::actions::Decision;
use crate::moderation::{self, Action};
use crate::posts::{self, Draft, RevisionState, actions, captions, parse_tags};
use crate::time_id::{AccountId, PhotoId, PostId, SessionId};
use crate::{photos, thanks};
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// A log-in of the demo.
pub struct Person {
    pub nickname: &'static str,
    pub email: &'static str,
    pub role: Role,
    region: &'static str,
}

const fn parent(nickname: &'static str, email: &'static str, region: &'static str) -> Person {
    Person { nickname, email, role: Role::Member, region }
}

/// Everyone's password. Only in demo mode, and printed at the start.
pub const PASSWORD: &str = "ありがとうがめぐる2026";

/// The authors of [`POSTS`], then a newcomer and a moderator.
pub const PEOPLE: [Person; 7] = [
    parent("はなこ", "hanako@demo.example", "uji"),
    parent("あき", "aki@demo.example", "kameoka"),
    parent("そらママ", "sora@demo.example", "kyoto"),
    parent("けん", "ken@demo.example", "nagaokakyo"),
    parent("ゆうぱぱ", "yu@demo.example", "uji"),
    parent("まゆ", "mayu@demo.example", "uji"),
    Person {
        nickname: "ゆき(めぐるみ)",
        email: "yuki@demo.example",
        role: Role::Moderator,
        region: "uji",
    },
];

/// The parent, the newcomer and the moderator whose log-ins are shown.
pub fn shown() -> impl Iterator<Item = &'static Person> {
    [0, 5, 6].into_iter().map(|at| &PEOPLE[at])
}

/// Whether the database has nobody yet, or this very community.
pub async fn is_wanted(app: &App) -> Result<bool> {
    let first =
        Email::parse(PEOPLE[0].email).map_err(|_| anyhow::anyhow!("a demo address is wrong"))?;
    Ok(accounts::is_empty(&app.db).await?
        || accounts::find_by_email(&app.db, &first).await?.is_some())
}

/// Makes whatever of the community is missing. Works on the jobs it causes itself, beside any worker.
pub async fn populate(app: &App) -> Result<()> {
    let mut people = Vec::with_capacity(PEOPLE.len());
    let hash = password::hash(PASSWORD).await?;
    for person in &PEOPLE {
        people.push(join(app, person, &hash).await?);
    }
    let moderator = people.last().context("the demo has a moderator")?.clone();
    // The last one waits, so that the moderator's queue has something to decide.
    let (waiting, shared) = POSTS.split_last().context("the demo has posts")?;
    for post in shared {
        share(app, post, &people[post.author], Some(&moderator))
            .await
            .with_context(|| format!("the demo's post {:?}", post.title))?;
    }
    share(app, waiting, &people[waiting.author], None).await?;
    for post in shared {
        give_thanks(app, post, &people).await?;
    }
    tracing::info!(posts = POSTS.len(), "the demo community is complete");
    Ok(())
}

async fn join(app: &App, person: &Person, hash: &str) -> Result<Viewer> {
    let email =
        Email::parse(person.email).map_err(|_| anyhow::anyhow!("a demo address is wrong"))?;
    let id = match accounts::find_by_email(&app.db, &email).await? {
        Some(id) => id,
        None => {
            let nickname = Nickname::parse_staff(person.nickname)
                .map_err(|_| anyhow::anyhow!("a demo nickname is wrong"))?;
            let new = NewAccount {
                nickname,
                email,
                password_hash: hash.to_owned(),
                role: person.role,
                language: web::Lang::Ja,
                region_id: Some(person.region.to_owned()),
                is_confirmed: true,
            };
            let mut tx = app.db.begin().await?;
            let id = accounts::actions::insert(&mut tx, &app.clock, &new).await?;
            tx.commit().await?;
            id
        }
    };
    Ok(viewer(app, id, person))
}

fn viewer(app: &App, id: AccountId, person: &Person) -> Viewer {
    Viewer::Account(Arc::new(Account {
        id,
        session_id: SessionId::new(&app.clock),
        nickname: person.nickname.to_owned(),
        email: person.email.to_owned(),
        role: person.role,
        state: AccountState::Active,
        trust_level: 0,
        region_id: Some(person.region.to_owned()),
        language: "ja".to_owned(),
        is_confirmed: true,
    }))
}

/// This post of this author, if they have it already.
async fn existing(app: &App, post: &DemoPost, author: &Viewer) -> Result<Option<posts::OwnPost>> {
    let id = author.id().context("an author is somebody")?;
    let own = posts::own_posts(&app.db, id, None, 100).await?;
    Ok(own.items.into_iter().find(|own| own.revision.title == post.title))
}

/// Brings a post to the public, or without a moderator into the queue.
async fn share(
    app: &App,
    post: &DemoPost,
    author: &Viewer,
    moderator: Option<&Viewer>,
) -> Result<()> {
    let id = match existing(app, post, author).await? {
        // Whatever visitors of the demo made of it stays.
        Some(own)
            if !matches!(
                own.revision.state,
                RevisionState::Draft | RevisionState::Processing | RevisionState::Queued
            ) =>
        {
            return Ok(());
        }
        Some(own) => own.post.id,
        None => write(app, post, author).await?,
    };
    let revision = posts::latest_revision(&app.db, id).await?.context("a post has a revision")?;
    if revision.state == RevisionState::Draft {
        // A draft without its photos was cut short: it goes on from there.
        if posts::content(&app.db, revision.id)
            .await?
            .is_some_and(|content| content.photos.is_empty())
        {
            attach(app, post, author, id).await?;
        }
        caption(app, post, author, id).await?;
        let revision =
            posts::latest_revision(&app.db, id).await?.context("a post has a revision")?;
        actions::submit(app, author, id, revision.version)
            .await
            .map_err(|error| anyhow::anyhow!("{error:?}"))?;
    }
    wait_for_review(app, id).await?;
    let Some(moderator) = moderator else { return Ok(()) };
    approve(app, id, moderator).await?;
    let at = app.clock.now().minus(Duration::from_secs(post.days_ago * 86_400));
    posts::actions::date_back(app, id, at).await?;
    Ok(())
}

async fn write(app: &App, post: &DemoPost, author: &Viewer) -> Result<PostId> {
    let editing = actions::create(app, author, post.kind).await?;
    let draft = Draft {
        title: post.title.to_owned(),
        body: post.body.to_owned(),
        region_id: Some(post.region.to_owned()),
        tags: parse_tags(post.tags),
        age_from_months: post.ages.0,
        age_to_months: post.ages.1,
        ..Draft::default()
    };
    actions::save(app, author, editing.post.id, editing.revision.version, draft)
        .await
        .map_err(|error| anyhow::anyhow!("{error:?}"))?;
    attach(app, post, author, editing.post.id).await?;
    Ok(editing.post.id)
}

async fn attach(app: &App, post: &DemoPost, author: &Viewer, id: PostId) -> Result<()> {
    let mut listed: Vec<(PhotoId, String)> = Vec::new();
    for (scene, alt) in post.photos {
        let jpeg = tokio::task::spawn_blocking(|| scenes::photo(scene)).await??;
        let bytes = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from(jpeg))]);
        if let Some(photo) = photos::actions::take_in(app, author, id, bytes).await? {
            listed.push((photo, (*alt).to_owned()));
        }
    }
    let revision = posts::latest_revision(&app.db, id).await?.context("a post has a revision")?;
    let draft = Draft {
        title: revision.title,
        body: revision.body,
        region_id: revision.region_id,
        tags: parse_tags(post.tags),
        age_from_months: revision.age_from_months,
        age_to_months: revision.age_to_months,
        photos: listed,
        cover: None,
    };
    actions::save(app, author, id, revision.version, draft)
        .await
        .map_err(|error| anyhow::anyhow!("{error:?}"))?;
    if let Some(scene) = post.clip {
        let proof = policy::can_write(author).map_err(crate::error::Error::from)?;
        let film = tokio::task::spawn_blocking(move || clip::clip(scene)).await??;
        let new = NewUpload {
            length: film.len() as u64,
            file_name: format!("{scene}.avi"),
            content_type: "video/x-msvideo".to_owned(),
            post_id: Some(id),
        };
        upload::receive_whole(app, &proof, &new, film.into()).await?;
    }
    Ok(())
}

/// Gives the clip its captions, once.
async fn caption(app: &App, post: &DemoPost, author: &Viewer, id: PostId) -> Result<()> {
    let revision = posts::latest_revision(&app.db, id).await?.context("a post has a revision")?;
    if post.captions.is_empty() || revision.captions.is_some() || revision.video_id.is_none() {
        return Ok(());
    }
    // The clip's length is not known yet.
    let cues = transcoder_protocol::captions::read(post.captions, u64::MAX)
        .map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
    captions::set(app, author, id, "", captions::Language::Japanese, &cues)
        .await
        .map_err(|error| anyhow::anyhow!("{error:?}"))?;
    Ok(())
}

/// Until the post's media are made, here or by a worker.
async fn wait_for_review(app: &App, id: PostId) -> Result<()> {
    loop {
        let state = posts::latest_revision(&app.db, id).await?.map(|revision| revision.state);
        match state {
            Some(RevisionState::Processing) => {
                jobs::run_until_idle(app, &crate::app::jobs()).await?;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Some(RevisionState::Queued | RevisionState::Published) => return Ok(()),
            other => bail!("it is {other:?}"),
        }
    }
}

async fn approve(app: &App, id: PostId, moderator: &Viewer) -> Result<()> {
    let revision = posts::latest_revision(&app.db, id).await?.context("a post has a revision")?;
    if revision.state == RevisionState::Published {
        return Ok(());
    }
    let item = moderation::open_item(&app.db, revision.id).await?.context("it waits for review")?;
    let decision = Decision {
        action: Action::Approve,
        reason: None,
        note: String::new(),
        version: item.version,
    };
    moderation::actions::decide(app, moderator, item.id, &decision).await?;
    Ok(())
}

async fn give_thanks(app: &App, post: &DemoPost, people: &[Viewer]) -> Result<()> {
    let Some(own) = existing(app, post, &people[post.author]).await? else { return Ok(()) };
    let others = people.iter().enumerate().filter(|(at, _)| *at != post.author);
    for (_, person) in others.take(post.thanks) {
        thanks::actions::set(app, person, own.post.id, true).await?;
    }
    Ok(())
}
