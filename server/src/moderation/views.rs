//! What the moderators' pages show, put together from rows.

use super::{Action, Item, ItemState, allowed_actions, sql};
use crate::access::Viewer;
use crate::app::App;
use crate::db::page::Cursor;
use crate::error::{Error, Result};
use crate::notifications::day_of;
use crate::posts::{self, Content, CoverChoice, RevisionState, present};
use crate::time_id::{AccountId, PhotoId, RevisionId, Timestamp, VideoId};
use crate::{photos, text, videos};
use std::collections::HashMap;
use web::posts::PostContent;
use web::review::{
    AuthorHistory, DecisionRow, LogView, PreparingItem, PublishedNow, QueueItem, QueueView,
    ReviewItemView,
};
use web::{AgeRange, FieldErrors, Lang, Named, SafeHtml, When};

const QUEUE_SIZE: usize = 20;
const LOG_SIZE: usize = 50;
/// Earlier decisions shown beside an item.
const HISTORY: usize = 8;

fn when(at: Timestamp) -> When {
    When(at.as_millis())
}

fn minutes(from: Timestamp, to: Timestamp) -> u32 {
    u32::try_from(to.since(from).as_secs() / 60).unwrap_or(u32::MAX)
}

fn person(id: AccountId, nickname: &str) -> Named {
    Named { name: nickname.to_owned(), url: format!("/people/{id}") }
}

pub(super) async fn queue(app: &App, lang: Lang, after: Option<&Cursor>) -> Result<QueueView> {
    let (db, now) = (&app.db, app.clock.now());
    let page = sql::waiting(db, after, QUEUE_SIZE).await?;
    let revisions: Vec<RevisionId> = page.items.iter().map(|item| item.revision_id).collect();
    let authors: Vec<AccountId> = page.items.iter().map(|item| item.author_id).collect();
    let listed = sql::photos_of(db, &revisions).await?;
    let first = listed.values().filter_map(|photos| photos.first().map(|(id, _)| *id));
    let chosen = page.items.iter().filter_map(|item| match item.cover {
        Some(CoverChoice::Photo(id)) => Some(id),
        _ => None,
    });
    let seen: Vec<PhotoId> = first.chain(chosen).collect();
    let photos: HashMap<PhotoId, photos::Photo> =
        photos::find_many(db, &seen).await?.into_iter().map(|photo| (photo.id, photo)).collect();
    let ids: Vec<VideoId> = page.items.iter().filter_map(|item| item.video_id).collect();
    let videos: HashMap<VideoId, videos::Video> =
        videos::find_many(db, &ids).await?.into_iter().map(|video| (video.id, video)).collect();
    let known = sql::known_authors(db, &authors).await?;
    let item = |item: sql::Waiting| {
        let own = listed.get(&item.revision_id).map_or(&[][..], Vec::as_slice);
        let seen: Vec<(photos::Photo, String)> = own
            .iter()
            .filter_map(|(id, alt)| Some((photos.get(id)?.clone(), alt.clone())))
            .collect();
        let video = item
            .video_id
            .and_then(|id| videos.get(&id))
            .and_then(|video| posts::player(item.cover, &seen, video));
        let picture = video
            .as_ref()
            .and_then(|video| video.poster.clone())
            .or_else(|| seen.first().and_then(|(photo, alt)| photos::picture(photo, alt)));
        QueueItem {
            url: format!("/review/{}", item.id),
            title: item.title,
            kind: item.kind.into(),
            author: item.author,
            region: app.regions.name(item.region_id.as_deref(), lang),
            picture,
            video_seconds: video.map(|video| video.seconds),
            photos: u32::try_from(own.len()).unwrap_or(u32::MAX),
            waiting_minutes: minutes(item.queued_at, now),
            is_first_post: !known.contains(&item.author_id),
            is_edit: item.is_edit,
        }
    };
    Ok(QueueView {
        waiting: sql::count_waiting(db).await?,
        oldest_minutes: sql::oldest(db).await?.map(|oldest| minutes(oldest, now)),
        decided_today: sql::count_since(db, day_of(now).0).await?,
        preparing: if after.is_none() { preparing(app).await? } else { Vec::new() },
        more: page.next.as_ref().map(|place| format!("/review?after={place}")),
        items: page.items.into_iter().map(item).collect(),
    })
}

/// What was handed in and is not ready yet.
async fn preparing(app: &App) -> Result<Vec<PreparingItem>> {
    let listed = posts::processing(&app.db, QUEUE_SIZE).await?;
    let ids: Vec<VideoId> =
        listed.iter().filter_map(|(_, revision, _)| revision.video_id).collect();
    let videos: HashMap<VideoId, videos::Video> = videos::find_many(&app.db, &ids)
        .await?
        .into_iter()
        .map(|video| (video.id, video))
        .collect();
    let line = videos::present::Line::around(&app.db, videos.values()).await?;
    let now = app.clock.now();
    let item = |(post, revision, author): (posts::Post, posts::Revision, String)| PreparingItem {
        url: format!("/review/preparing/{}", revision.id),
        title: revision.title,
        kind: post.kind.into(),
        author,
        preparing: revision
            .video_id
            .and_then(|id| videos.get(&id))
            .and_then(|video| videos::present::preparing(video, &line, now)),
    };
    Ok(listed.into_iter().map(item).collect())
}

/// What a moderator typed into an item's form, and how that went.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub reason: Option<super::Reason>,
    pub note: String,
    pub errors: FieldErrors,
    /// The item was no longer as they had seen it.
    pub is_stale: bool,
}

pub(super) async fn item(
    app: &App,
    viewer: &Viewer,
    lang: Lang,
    item: &Item,
    typed: Typed,
) -> Result<ReviewItemView> {
    let db = &app.db;
    let revision = item.revision_id().ok_or(Error::NotFound)?;
    let content = posts::content(db, revision).await?.ok_or(Error::NotFound)?;
    let post = content.post.clone();
    let is_open = !matches!(item.state, ItemState::Decided | ItemState::Withdrawn);
    let published = posts::published_content(db, post.id)
        .await?
        .filter(|published| published.revision.id != revision)
        .map(|published| PublishedNow {
            url: format!("/posts/{}", post.id),
            body: text::html(&published.revision.body),
            captions: posts::captions::of_player(&published.revision),
            title: published.revision.title,
        });
    let (nickname, since) = sql::author(db, item.author_id).await?.ok_or(Error::NotFound)?;
    let tally = sql::tally(db, item.author_id).await?;
    let count = |action: Action| tally.get(&action).copied().unwrap_or(0);
    let rows = |found: Vec<sql::Decided>| -> Vec<DecisionRow> {
        found.into_iter().map(|row| decision(lang, row)).collect()
    };
    let decided = match item.state {
        ItemState::Decided => sql::decision_on(db, item.id).await?,
        _ => None,
    };
    let mut earlier = sql::decisions_on_post(db, post.id, HISTORY).await?;
    earlier.retain(|row| row.item_id != item.id);
    let others = sql::decisions_on_others(db, item.author_id, post.id, HISTORY).await?;
    let next = match viewer.id() {
        Some(moderator) => sql::next(db, item, moderator).await?,
        None => None,
    };
    Ok(ReviewItemView {
        id: item.id.to_string(),
        revision: content.revision.number,
        content: if is_open || is_before_moderators(content.revision.state) {
            let content = present::content(app, lang, &content);
            with_news(PostContent { published: None, ..content }, published.as_ref())
        } else {
            veiled(lang, &content)
        },
        version: item.version,
        waiting_minutes: minutes(item.queued_at, item.closed_at.unwrap_or_else(|| app.clock.now())),
        author: AuthorHistory {
            person: person(item.author_id, &nickname),
            since: when(since),
            published: count(Action::Approve),
            changes_requested: count(Action::RequestChanges),
            rejected: count(Action::Reject),
            recent: rows(others),
        },
        published,
        decisions: rows(earlier),
        reason: typed.reason.map(Into::into),
        note: typed.note,
        errors: typed.errors,
        actions: allowed_actions(viewer, item).iter().map(|action| (*action).into()).collect(),
        is_stale: typed.is_stale,
        decided: decided.map(|row| decision(lang, row)),
        is_withdrawn: item.state == ItemState::Withdrawn,
        next_url: next.map(|id| format!("/review/{id}")),
    })
}

/// Marks the captions that readers don't see yet.
fn with_news(mut content: PostContent, published: Option<&PublishedNow>) -> PostContent {
    let captions = content.video.as_mut().and_then(|video| video.captions.as_mut());
    if let (Some(captions), Some(published)) = (captions, published) {
        let known = published.captions.as_ref().map_or(&[][..], |captions| &captions.lines);
        for line in &mut captions.lines {
            line.is_new = !known.contains(line);
        }
    }
    content
}

/// Whether moderators may see a revision now: it waits for them, or is as they left it.
fn is_before_moderators(state: RevisionState) -> bool {
    match state {
        RevisionState::Draft
        | RevisionState::Processing
        | RevisionState::ProcessingFailed
        | RevisionState::Withdrawn => false,
        RevisionState::Screening
        | RevisionState::Queued
        | RevisionState::Claimed
        | RevisionState::Escalated
        | RevisionState::ChangesRequested
        | RevisionState::Rejected
        | RevisionState::Published
        | RevisionState::Superseded => true,
    }
}

/// A decided item whose revision its author is rewriting: what stands there now is theirs alone.
fn veiled(lang: Lang, content: &Content) -> PostContent {
    PostContent {
        id: content.post.id.to_string(),
        kind: content.post.kind.into(),
        title: lang.ta("review-rewriting-title").into_owned(),
        body: SafeHtml::from_sanitised(format!("<p>{}</p>", lang.t("review-rewriting"))),
        author: person(content.post.author_id, &content.author_nickname),
        region: None,
        tags: Vec::new(),
        age: AgeRange::default(),
        photos: Vec::new(),
        video: None,
        published: None,
    }
}

fn decision(lang: Lang, row: sql::Decided) -> DecisionRow {
    DecisionRow {
        when: when(row.at),
        moderator: row.moderator,
        decision: row.action.into(),
        title: if is_before_moderators(row.revision_state) {
            row.title
        } else {
            lang.ta("review-rewriting-title").into_owned()
        },
        url: format!("/review/{}", row.item_id),
        reason: row.reason.map(Into::into),
        note: row.note,
    }
}

pub(super) async fn log(app: &App, lang: Lang, before: Option<&Cursor>) -> Result<LogView> {
    let page = sql::log(&app.db, before, LOG_SIZE).await?;
    Ok(LogView {
        older: page.next.as_ref().map(|place| format!("/review/log?before={place}")),
        entries: page.items.into_iter().map(|row| decision(lang, row)).collect(),
    })
}
