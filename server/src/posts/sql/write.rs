//! What changes posts and revisions. Statements that need a permission ask for its proof.

use super::{photo_ids, tags};
use crate::access::policy::{EditPost, Proof, Write};
use crate::db::tables::{PostTags, Posts, RevisionPhotos, RevisionTags, Revisions};
use crate::db::{Read, Result, Tx};
use crate::posts::captions::Captions;
use crate::posts::{Content, Cover, Draft, Kind, Post, Revision, RevisionState, Tag, Visibility};
use crate::time_id::{AccountId, Clock, PhotoId, PostId, RevisionId, Timestamp, VideoId};
use sea_query::{Expr, ExprTrait, Query};

pub(in crate::posts) async fn insert_post(
    tx: &mut Tx,
    clock: &Clock,
    proof: &Proof<Write>,
    kind: Kind,
) -> Result<PostId> {
    let id = PostId::new(clock);
    let now = clock.now();
    let statement = Query::insert()
        .into_table(Posts::Table)
        .columns([
            Posts::Id,
            Posts::AuthorId,
            Posts::Kind,
            Posts::Visibility,
            Posts::CreatedAt,
            Posts::UpdatedAt,
        ])
        .values_panic([
            id.into(),
            proof.actor.into(),
            kind.into(),
            Visibility::Private.into(),
            now.into(),
            now.into(),
        ])
        .take();
    tx.execute(&statement).await?;
    Ok(id)
}

/// A new, empty draft.
pub(in crate::posts) async fn insert_revision(
    tx: &mut Tx,
    clock: &Clock,
    post: PostId,
    number: u32,
) -> Result<RevisionId> {
    let id = RevisionId::new(clock);
    let now = clock.now();
    let statement = Query::insert()
        .into_table(Revisions::Table)
        .columns([
            Revisions::Id,
            Revisions::PostId,
            Revisions::Number,
            Revisions::State,
            Revisions::Title,
            Revisions::Body,
            Revisions::Version,
            Revisions::CreatedAt,
            Revisions::UpdatedAt,
        ])
        .values_panic([
            id.into(),
            post.into(),
            i64::from(number).into(),
            RevisionState::Draft.into(),
            "".into(),
            "".into(),
            1i64.into(),
            now.into(),
            now.into(),
        ])
        .take();
    tx.execute(&statement).await?;
    Ok(id)
}

/// Starts the next revision as a copy of `from`: words, tags, photos, video, captions and what is seen first.
pub(in crate::posts) async fn copy_revision(
    tx: &mut Tx,
    clock: &Clock,
    from: &Revision,
) -> Result<RevisionId> {
    let id = insert_revision(tx, clock, from.post_id, from.number + 1).await?;
    let update = Query::update()
        .table(Revisions::Table)
        .values([
            (Revisions::Title, from.title.clone().into()),
            (Revisions::Body, from.body.clone().into()),
            (Revisions::RegionId, from.region_id.clone().into()),
            (Revisions::AgeFromMonths, from.age_from_months.map(i64::from).into()),
            (Revisions::AgeToMonths, from.age_to_months.map(i64::from).into()),
            (Revisions::VideoId, from.video_id.map(|id| id.to_string()).into()),
            (Revisions::Captions, from.captions.as_ref().map(Captions::to_json).into()),
            (Revisions::CoverChoice, from.cover.map(|choice| choice.to_string()).into()),
            // An open form goes on with the version it shows.
            (Revisions::Version, from.version.into()),
        ])
        .and_where(Expr::col(Revisions::Id).eq(id))
        .take();
    tx.execute(&update).await?;
    let tags = tags(&mut *tx, from.id).await?;
    put_tags(tx, id, &tags).await?;
    let photos = photo_ids(&mut *tx, from.id).await?;
    put_photos(tx, id, &photos).await?;
    Ok(id)
}

/// Writes a draft if its version is still `version`. Returns whether it was.
pub(in crate::posts) async fn update_draft(
    tx: &mut Tx,
    clock: &Clock,
    _proof: &Proof<EditPost>,
    id: RevisionId,
    version: i64,
    draft: &Draft,
) -> Result<bool> {
    let statement = Query::update()
        .table(Revisions::Table)
        .values([
            (Revisions::State, RevisionState::Draft.into()),
            (Revisions::Title, draft.title.clone().into()),
            (Revisions::Body, draft.body.clone().into()),
            (Revisions::RegionId, draft.region_id.clone().into()),
            (Revisions::AgeFromMonths, draft.age_from_months.map(i64::from).into()),
            (Revisions::AgeToMonths, draft.age_to_months.map(i64::from).into()),
            (Revisions::CoverChoice, draft.cover.map(|choice| choice.to_string()).into()),
            (Revisions::Version, Expr::col(Revisions::Version).add(1i64)),
            (Revisions::UpdatedAt, clock.now().into()),
        ])
        .and_where(Expr::col(Revisions::Id).eq(id))
        .and_where(Expr::col(Revisions::Version).eq(version))
        .and_where(is_editable())
        .take();
    if tx.execute(&statement).await? == 0 {
        return Ok(false);
    }
    put_tags(tx, id, &draft.tags).await?;
    put_photos(tx, id, &draft.photos).await?;
    Ok(true)
}

async fn put_tags(tx: &mut Tx, revision: RevisionId, tags: &[Tag]) -> Result<()> {
    let clear = Query::delete()
        .from_table(RevisionTags::Table)
        .and_where(Expr::col(RevisionTags::RevisionId).eq(revision))
        .take();
    tx.execute(&clear).await?;
    if tags.is_empty() {
        return Ok(());
    }
    let mut insert = Query::insert()
        .into_table(RevisionTags::Table)
        .columns([
            RevisionTags::RevisionId,
            RevisionTags::Tag,
            RevisionTags::Label,
            RevisionTags::Position,
        ])
        .take();
    for (tag, position) in tags.iter().zip(0i64..) {
        insert.values_panic([
            revision.into(),
            tag.tag.clone().into(),
            tag.label.clone().into(),
            position.into(),
        ]);
    }
    tx.execute(&insert).await.map(drop)
}

async fn put_photos(tx: &mut Tx, revision: RevisionId, photos: &[(PhotoId, String)]) -> Result<()> {
    let clear = Query::delete()
        .from_table(RevisionPhotos::Table)
        .and_where(Expr::col(RevisionPhotos::RevisionId).eq(revision))
        .take();
    tx.execute(&clear).await?;
    if photos.is_empty() {
        return Ok(());
    }
    let mut insert = Query::insert()
        .into_table(RevisionPhotos::Table)
        .columns([
            RevisionPhotos::RevisionId,
            RevisionPhotos::PhotoId,
            RevisionPhotos::Alt,
            RevisionPhotos::Position,
        ])
        .take();
    for ((photo, alt), position) in photos.iter().zip(0i64..) {
        insert.values_panic([
            revision.into(),
            (*photo).into(),
            alt.clone().into(),
            position.into(),
        ]);
    }
    tx.execute(&insert).await.map(drop)
}

pub(in crate::posts) async fn append_photo(
    tx: &mut Tx,
    revision: RevisionId,
    photo: PhotoId,
) -> Result<()> {
    let mut photos = photo_ids(&mut *tx, revision).await?;
    photos.push((photo, String::new()));
    put_photos(tx, revision, &photos).await
}

/// The video of an editable revision; `None` takes it off.
pub(in crate::posts) async fn set_video(
    tx: &mut Tx,
    clock: &Clock,
    revision: RevisionId,
    video: Option<VideoId>,
) -> Result<bool> {
    put_on_editable(tx, clock, revision, Revisions::VideoId, video.map(|id| id.to_string()).into())
        .await
}

/// The captions of an editable revision; `None` takes them off.
pub(in crate::posts) async fn set_captions(
    tx: &mut Tx,
    clock: &Clock,
    _proof: &Proof<EditPost>,
    revision: RevisionId,
    captions: Option<&Captions>,
) -> Result<bool> {
    let captions = captions.map(Captions::to_json).into();
    put_on_editable(tx, clock, revision, Revisions::Captions, captions).await
}

/// Writes one thing of a revision, which is a draft from then on. Returns whether it could be edited.
async fn put_on_editable(
    tx: &mut Tx,
    clock: &Clock,
    revision: RevisionId,
    column: Revisions,
    value: Expr,
) -> Result<bool> {
    let statement = Query::update()
        .table(Revisions::Table)
        .values([
            (column, value),
            (Revisions::State, RevisionState::Draft.into()),
            (Revisions::UpdatedAt, clock.now().into()),
        ])
        .and_where(Expr::col(Revisions::Id).eq(revision))
        .and_where(is_editable())
        .take();
    Ok(tx.execute(&statement).await? == 1)
}

fn is_editable() -> Expr {
    let editable = RevisionState::ALL.iter().filter(|state| state.is_editable());
    Expr::col(Revisions::State).is_in(editable.map(|state| state.name()))
}

/// Moves a revision from one of `from` to `to`. Returns whether it was there.
pub(in crate::posts) async fn move_revision(
    tx: &mut Tx,
    clock: &Clock,
    id: RevisionId,
    from: &[RevisionState],
    to: RevisionState,
) -> Result<bool> {
    let now = clock.now();
    let mut statement = Query::update()
        .table(Revisions::Table)
        .values([
            (Revisions::State, to.into()),
            (Revisions::Version, Expr::col(Revisions::Version).add(1i64)),
            (Revisions::UpdatedAt, now.into()),
        ])
        .and_where(Expr::col(Revisions::Id).eq(id))
        .and_where(Expr::col(Revisions::State).is_in(from.iter().copied()))
        .take();
    match to {
        RevisionState::Processing | RevisionState::Queued
            if from.contains(&RevisionState::Draft) =>
        {
            statement.value(Revisions::SubmittedAt, now);
        }
        RevisionState::Published | RevisionState::ChangesRequested | RevisionState::Rejected => {
            statement.value(Revisions::DecidedAt, now);
        }
        _ => {}
    }
    Ok(tx.execute(&statement).await? == 1)
}

pub(in crate::posts) async fn touch_post(tx: &mut Tx, clock: &Clock, id: PostId) -> Result<()> {
    let statement = Query::update()
        .table(Posts::Table)
        .value(Posts::UpdatedAt, clock.now())
        .and_where(Expr::col(Posts::Id).eq(id))
        .take();
    tx.execute(&statement).await.map(drop)
}

/// Makes `revision` what the public sees.
pub(in crate::posts) async fn publish(
    tx: &mut Tx,
    clock: &Clock,
    post: &Post,
    revision: &Revision,
) -> Result<bool> {
    let now = clock.now();
    // A new revision doesn't make an old post new again.
    let published_at = post.published_at.unwrap_or(now);
    let statement = Query::update()
        .table(Posts::Table)
        .values([
            (Posts::Visibility, Visibility::Published.into()),
            (Posts::PublishedRevisionId, revision.id.into()),
            (Posts::RegionId, revision.region_id.clone().into()),
            (Posts::PublishedAt, published_at.into()),
            (Posts::UpdatedAt, now.into()),
        ])
        .and_where(Expr::col(Posts::Id).eq(post.id))
        .and_where(Expr::col(Posts::Visibility).is_in([Visibility::Private, Visibility::Published]))
        .take();
    if tx.execute(&statement).await? == 0 {
        return Ok(false);
    }
    clear_post_tags(tx, post.id).await?;
    for tag in tags(&mut *tx, revision.id).await? {
        let insert = Query::insert()
            .into_table(PostTags::Table)
            .columns([PostTags::Tag, PostTags::PublishedAt, PostTags::PostId, PostTags::Label])
            .values_panic([tag.tag.into(), published_at.into(), post.id.into(), tag.label.into()])
            .take();
        tx.execute(&insert).await?;
    }
    Ok(true)
}

/// Puts on the post what lists show of its published revision.
pub(in crate::posts) async fn set_card(
    tx: &mut Tx,
    post: PostId,
    content: &Content,
    cover: &Cover,
) -> Result<()> {
    let revision = &content.revision;
    let statement = Query::update()
        .table(Posts::Table)
        .values([
            (Posts::AuthorNickname, content.author_nickname.as_str().into()),
            (Posts::Title, revision.title.as_str().into()),
            (Posts::Lead, revision.lead().into()),
            (Posts::AgeFromMonths, revision.age_from_months.map(i64::from).into()),
            (Posts::AgeToMonths, revision.age_to_months.map(i64::from).into()),
            (Posts::Cover, serde_json::to_string(cover).unwrap_or_default().into()),
        ])
        .and_where(Expr::col(Posts::Id).eq(post))
        .take();
    tx.execute(&statement).await.map(drop)
}

/// Puts an author's new name on all their posts.
pub async fn rename_author(tx: &mut Tx, author: AccountId, nickname: &str) -> Result<()> {
    let statement = Query::update()
        .table(Posts::Table)
        .value(Posts::AuthorNickname, nickname)
        .and_where(Expr::col(Posts::AuthorId).eq(author))
        .take();
    tx.execute(&statement).await.map(drop)
}

pub(in crate::posts) async fn clear_post_tags(tx: &mut Tx, post: PostId) -> Result<()> {
    let clear = Query::delete()
        .from_table(PostTags::Table)
        .and_where(Expr::col(PostTags::PostId).eq(post))
        .take();
    tx.execute(&clear).await.map(drop)
}

pub(in crate::posts) async fn withdraw_post(
    tx: &mut Tx,
    clock: &Clock,
    _proof: &Proof<EditPost>,
    post: PostId,
) -> Result<bool> {
    let statement = Query::update()
        .table(Posts::Table)
        .value(Posts::Visibility, Visibility::Withdrawn)
        .value(Posts::UpdatedAt, clock.now())
        .and_where(Expr::col(Posts::Id).eq(post))
        .and_where(Expr::col(Posts::Visibility).ne(Visibility::Withdrawn))
        .take();
    if tx.execute(&statement).await? == 0 {
        return Ok(false);
    }
    clear_post_tags(tx, post).await?;
    let revisions = Query::update()
        .table(Revisions::Table)
        .value(Revisions::State, RevisionState::Withdrawn)
        .value(Revisions::Version, Expr::col(Revisions::Version).add(1i64))
        .value(Revisions::UpdatedAt, clock.now())
        .and_where(Expr::col(Revisions::PostId).eq(post))
        .and_where(Expr::col(Revisions::State).is_in(RevisionState::open()))
        .take();
    tx.execute(&revisions).await?;
    Ok(true)
}

/// Says that a published post was published at another time.
pub(in crate::posts) async fn set_published_at(
    tx: &mut Tx,
    post: PostId,
    at: Timestamp,
) -> Result<()> {
    let posts = Query::update()
        .table(Posts::Table)
        .value(Posts::PublishedAt, at)
        .and_where(Expr::col(Posts::Id).eq(post))
        .and_where(Expr::col(Posts::PublishedAt).is_not_null())
        .take();
    tx.execute(&posts).await?;
    let tags = Query::update()
        .table(PostTags::Table)
        .value(PostTags::PublishedAt, at)
        .and_where(Expr::col(PostTags::PostId).eq(post))
        .take();
    tx.execute(&tags).await.map(drop)
}

/// Takes all photos and videos off a post that is withdrawn; off any other, none. Returns which they were.
pub(in crate::posts) async fn take_media_off(
    tx: &mut Tx,
    post: PostId,
) -> Result<(Vec<PhotoId>, Vec<VideoId>)> {
    let revisions = Query::select()
        .expr_as(Expr::col((Revisions::Table, Revisions::Id)), "id")
        .column(Revisions::VideoId)
        .from(Revisions::Table)
        .inner_join(
            Posts::Table,
            Expr::col((Posts::Table, Posts::Id)).equals((Revisions::Table, Revisions::PostId)),
        )
        .and_where(Expr::col(Revisions::PostId).eq(post))
        .and_where(Expr::col((Posts::Table, Posts::Visibility)).eq(Visibility::Withdrawn))
        .take();
    let (mut photos, mut videos) = (Vec::new(), Vec::new());
    for row in tx.rows(&revisions).await? {
        let revision: RevisionId = row.get("id")?;
        photos.extend(photo_ids(&mut *tx, revision).await?.into_iter().map(|(photo, _)| photo));
        put_photos(tx, revision, &[]).await?;
        videos.extend(row.get::<Option<VideoId>>("video_id")?);
    }
    let clear = Query::update()
        .table(Revisions::Table)
        .value(Revisions::VideoId, None::<String>)
        .and_where(Expr::col(Revisions::PostId).eq(post))
        .and_where(Expr::col(Revisions::VideoId).is_in(videos.iter().copied()))
        .take();
    tx.execute(&clear).await?;
    photos.sort_unstable();
    photos.dedup();
    videos.sort_unstable();
    videos.dedup();
    Ok((photos, videos))
}
