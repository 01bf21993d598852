use super::{
    Author, Card, Content, Draft, Kind, OwnPost, Post, Revision, RevisionState, Tag, Visibility,
};
use crate::access::Viewer;
use crate::access::policy::{EditPost, Proof, Write};
use crate::db::page::{Cursor, Page, newest_first};
use crate::db::tables::{Accounts, PostTags, Posts, RevisionPhotos, RevisionTags, Revisions};
use crate::db::{Db, Read, Result, Row, Tx};
use crate::photos::{self, Photo};
use crate::text;
use crate::time_id::{AccountId, Clock, PhotoId, PostId, RevisionId, Timestamp, VideoId};
use crate::videos;
use sea_query::{Condition, Expr, ExprTrait, Func, LockType, Order, Query, SelectStatement};
use std::collections::HashMap;

const POST: [Posts; 9] = [
    Posts::Id,
    Posts::AuthorId,
    Posts::Kind,
    Posts::Visibility,
    Posts::PublishedRevisionId,
    Posts::RegionId,
    Posts::PublishedAt,
    Posts::ThanksCount,
    Posts::UpdatedAt,
];

const REVISION: [Revisions; 13] = [
    Revisions::Id,
    Revisions::PostId,
    Revisions::Number,
    Revisions::State,
    Revisions::Title,
    Revisions::Body,
    Revisions::RegionId,
    Revisions::AgeFromMonths,
    Revisions::AgeToMonths,
    Revisions::VideoId,
    Revisions::Version,
    Revisions::SubmittedAt,
    Revisions::DecidedAt,
];

fn read_post(row: &Row) -> Result<Post> {
    Ok(Post {
        id: row.get("id")?,
        author_id: row.get("author_id")?,
        kind: row.get("kind")?,
        visibility: row.get("visibility")?,
        published_revision_id: row.get("published_revision_id")?,
        region_id: row.get("region_id")?,
        published_at: row.get("published_at")?,
        thanks_count: row.get("thanks_count")?,
        updated_at: row.get("updated_at")?,
    })
}

fn read_revision(row: &Row) -> Result<Revision> {
    Ok(Revision {
        id: row.get("id")?,
        post_id: row.get("post_id")?,
        number: row.get("number")?,
        state: row.get("state")?,
        title: row.get("title")?,
        body: row.get("body")?,
        region_id: row.get("region_id")?,
        age_from_months: row.get("age_from_months")?,
        age_to_months: row.get("age_to_months")?,
        video_id: row.get("video_id")?,
        version: row.get("version")?,
        submitted_at: row.get("submitted_at")?,
        decided_at: row.get("decided_at")?,
        updated_at: row.get("updated_at")?,
    })
}

fn select_post() -> SelectStatement {
    Query::select().columns(POST).from(Posts::Table).take()
}

fn select_revision() -> SelectStatement {
    Query::select().columns(REVISION).column(Revisions::UpdatedAt).from(Revisions::Table).take()
}

/// Which posts this viewer may open: what is published, and one's own. Moderators reach what waits through its review.
pub fn visible_to(viewer: &Viewer) -> Condition {
    let published = Expr::col((Posts::Table, Posts::Visibility)).eq(Visibility::Published);
    let any = Condition::any().add(published);
    match viewer.id() {
        Some(id) => any.add(Expr::col((Posts::Table, Posts::AuthorId)).eq(id)),
        None => any,
    }
}

pub async fn find(db: impl Read, id: PostId) -> Result<Option<Post>> {
    let statement = select_post().and_where(Expr::col(Posts::Id).eq(id)).take();
    db.row(&statement).await?.as_ref().map(read_post).transpose()
}

pub async fn revision(db: impl Read, id: RevisionId) -> Result<Option<Revision>> {
    let statement = select_revision().and_where(Expr::col(Revisions::Id).eq(id)).take();
    db.row(&statement).await?.as_ref().map(read_revision).transpose()
}

/// As [`revision`], and nobody else changes or locks it until the transaction ends.
pub async fn lock_revision(tx: &mut Tx, id: RevisionId) -> Result<Option<Revision>> {
    let statement =
        select_revision().and_where(Expr::col(Revisions::Id).eq(id)).lock(LockType::Update).take();
    tx.row(&statement).await?.as_ref().map(read_revision).transpose()
}

/// The revision its author is working on or waiting for, if there is one.
pub async fn open_revision(db: impl Read, post: PostId) -> Result<Option<Revision>> {
    let statement = select_revision()
        .and_where(Expr::col(Revisions::PostId).eq(post))
        .and_where(Expr::col(Revisions::State).is_in(RevisionState::open()))
        .order_by(Revisions::Number, Order::Desc)
        .limit(1)
        .take();
    db.row(&statement).await?.as_ref().map(read_revision).transpose()
}

/// The newest revision, whatever became of it.
pub async fn latest_revision(db: impl Read, post: PostId) -> Result<Option<Revision>> {
    let statement = select_revision()
        .and_where(Expr::col(Revisions::PostId).eq(post))
        .order_by(Revisions::Number, Order::Desc)
        .limit(1)
        .take();
    db.row(&statement).await?.as_ref().map(read_revision).transpose()
}

pub(super) async fn tags(db: impl Read, revision: RevisionId) -> Result<Vec<Tag>> {
    let statement = Query::select()
        .columns([RevisionTags::Tag, RevisionTags::Label])
        .from(RevisionTags::Table)
        .and_where(Expr::col(RevisionTags::RevisionId).eq(revision))
        .order_by(RevisionTags::Position, Order::Asc)
        .take();
    let rows = db.rows(&statement).await?;
    rows.iter().map(|row| Ok(Tag { tag: row.get("tag")?, label: row.get("label")? })).collect()
}

pub(super) async fn photo_ids(
    db: impl Read,
    revision: RevisionId,
) -> Result<Vec<(PhotoId, String)>> {
    let statement = Query::select()
        .columns([RevisionPhotos::PhotoId, RevisionPhotos::Alt])
        .from(RevisionPhotos::Table)
        .and_where(Expr::col(RevisionPhotos::RevisionId).eq(revision))
        .order_by(RevisionPhotos::Position, Order::Asc)
        .take();
    let rows = db.rows(&statement).await?;
    rows.iter().map(|row| Ok((row.get("photo_id")?, row.get("alt")?))).collect()
}

/// A revision with all that belongs to it, whoever may see it: ask first.
pub async fn content(db: &Db, id: RevisionId) -> Result<Option<Content>> {
    let Some(revision) = revision(db, id).await? else { return Ok(None) };
    let Some(post) = find(db, revision.post_id).await? else { return Ok(None) };
    let nickname = Query::select()
        .column(Accounts::Nickname)
        .from(Accounts::Table)
        .and_where(Expr::col(Accounts::Id).eq(post.author_id))
        .take();
    let author_nickname = match db.row(&nickname).await? {
        Some(row) => row.get("nickname")?,
        None => String::new(),
    };
    let listed = photo_ids(db, id).await?;
    let ids: Vec<PhotoId> = listed.iter().map(|(id, _)| *id).collect();
    let mut found: HashMap<PhotoId, Photo> =
        photos::find_many(db, &ids).await?.into_iter().map(|photo| (photo.id, photo)).collect();
    let photos = listed
        .into_iter()
        .filter_map(|(id, alt)| found.remove(&id).map(|photo| (photo, alt)))
        .collect();
    let video = match revision.video_id {
        Some(video) => videos::find(db, video).await?,
        None => None,
    };
    Ok(Some(Content { tags: tags(db, id).await?, post, revision, author_nickname, photos, video }))
}

/// What the public sees of a post, or nothing.
pub async fn published_content(db: &Db, id: PostId) -> Result<Option<Content>> {
    match find(db, id).await? {
        Some(Post {
            visibility: Visibility::Published, published_revision_id: Some(id), ..
        }) => content(db, id).await,
        _ => Ok(None),
    }
}

/// Which of the published posts a list holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter<'a> {
    pub kind: Option<Kind>,
    pub region: Option<&'a str>,
}

fn select_cards() -> SelectStatement {
    Query::select()
        .columns([
            (Posts::Table, Posts::Id),
            (Posts::Table, Posts::Kind),
            (Posts::Table, Posts::RegionId),
            (Posts::Table, Posts::AuthorId),
            (Posts::Table, Posts::ThanksCount),
            (Posts::Table, Posts::PublishedAt),
        ])
        .expr_as(Expr::col((Revisions::Table, Revisions::Id)), "revision_id")
        .columns([
            Revisions::Title,
            Revisions::Lead,
            Revisions::AgeFromMonths,
            Revisions::AgeToMonths,
            Revisions::VideoId,
        ])
        .column(Accounts::Nickname)
        .from(Posts::Table)
        .inner_join(
            Revisions::Table,
            Expr::col((Revisions::Table, Revisions::Id))
                .equals((Posts::Table, Posts::PublishedRevisionId)),
        )
        .inner_join(
            Accounts::Table,
            Expr::col((Accounts::Table, Accounts::Id)).equals((Posts::Table, Posts::AuthorId)),
        )
        .and_where(Expr::col((Posts::Table, Posts::Visibility)).eq(Visibility::Published))
        .take()
}

/// Turns card rows into cards: one query each for all their photos and videos.
async fn read_cards(db: &Db, rows: Vec<Row>) -> Result<Vec<Card>> {
    let mut revisions: Vec<RevisionId> = Vec::with_capacity(rows.len());
    let mut video_ids: Vec<VideoId> = Vec::new();
    for row in &rows {
        revisions.push(row.get("revision_id")?);
        video_ids.extend(row.get::<Option<VideoId>>("video_id")?);
    }
    let mut photos = first_photos(db, &revisions).await?;
    let mut videos: HashMap<VideoId, videos::Video> = videos::find_many(db, &video_ids)
        .await?
        .into_iter()
        .map(|video| (video.id, video))
        .collect();
    rows.iter()
        .map(|row| {
            let video: Option<VideoId> = row.get("video_id")?;
            Ok(Card {
                id: row.get("id")?,
                kind: row.get("kind")?,
                title: row.get("title")?,
                lead: row.get("lead")?,
                region_id: row.get("region_id")?,
                author_id: row.get("author_id")?,
                author_nickname: row.get("nickname")?,
                age_from_months: row.get("age_from_months")?,
                age_to_months: row.get("age_to_months")?,
                photo: photos.remove(&row.get::<RevisionId>("revision_id")?),
                video: video.and_then(|id| videos.remove(&id)),
                thanks_count: row.get("thanks_count")?,
                published_at: row.get("published_at")?,
            })
        })
        .collect()
}

async fn first_photos(
    db: &Db,
    revisions: &[RevisionId],
) -> Result<HashMap<RevisionId, (Photo, String)>> {
    if revisions.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = Query::select()
        .columns([RevisionPhotos::RevisionId, RevisionPhotos::PhotoId, RevisionPhotos::Alt])
        .from(RevisionPhotos::Table)
        .and_where(Expr::col(RevisionPhotos::RevisionId).is_in(revisions.iter().copied()))
        .and_where(Expr::col(RevisionPhotos::Position).eq(0i64))
        .take();
    let rows = db.rows(&statement).await?;
    let mut listed: Vec<(RevisionId, PhotoId, String)> = Vec::with_capacity(rows.len());
    for row in &rows {
        listed.push((row.get("revision_id")?, row.get("photo_id")?, row.get("alt")?));
    }
    let ids: Vec<PhotoId> = listed.iter().map(|(_, photo, _)| *photo).collect();
    let photos: HashMap<PhotoId, Photo> =
        photos::find_many(db, &ids).await?.into_iter().map(|photo| (photo.id, photo)).collect();
    Ok(listed
        .into_iter()
        .filter_map(|(revision, id, alt)| Some((revision, (photos.get(&id)?.clone(), alt))))
        .collect())
}

fn card_cursor(card: &Card) -> Cursor {
    Cursor { at: card.published_at, id: card.id.to_string() }
}

/// Published posts, newest first.
pub async fn cards_newest(
    db: &Db,
    filter: Filter<'_>,
    after: Option<&Cursor>,
    size: usize,
) -> Result<Page<Card>> {
    let mut statement = select_cards();
    if let Some(kind) = filter.kind {
        statement.and_where(Expr::col((Posts::Table, Posts::Kind)).eq(kind));
    }
    if let Some(region) = filter.region {
        statement.and_where(Expr::col((Posts::Table, Posts::RegionId)).eq(region));
    }
    newest_first(
        &mut statement,
        (Posts::Table, Posts::PublishedAt),
        (Posts::Table, Posts::Id),
        after,
        size,
    );
    let cards = read_cards(db, db.rows(&statement).await?).await?;
    Ok(Page::from_rows(cards, size, card_cursor))
}

/// Published posts of one person, newest first.
pub async fn cards_by_author(
    db: &Db,
    author: AccountId,
    after: Option<&Cursor>,
    size: usize,
) -> Result<Page<Card>> {
    let mut statement = select_cards();
    statement.and_where(Expr::col((Posts::Table, Posts::AuthorId)).eq(author));
    newest_first(
        &mut statement,
        (Posts::Table, Posts::PublishedAt),
        (Posts::Table, Posts::Id),
        after,
        size,
    );
    let cards = read_cards(db, db.rows(&statement).await?).await?;
    Ok(Page::from_rows(cards, size, card_cursor))
}

/// Published posts with a tag (folded), newest first.
pub async fn cards_with_tag(
    db: &Db,
    tag: &str,
    after: Option<&Cursor>,
    size: usize,
) -> Result<Page<Card>> {
    let mut statement = select_cards();
    statement
        .inner_join(
            PostTags::Table,
            Expr::col((PostTags::Table, PostTags::PostId)).equals((Posts::Table, Posts::Id)),
        )
        .and_where(Expr::col((PostTags::Table, PostTags::Tag)).eq(tag));
    newest_first(
        &mut statement,
        (PostTags::Table, PostTags::PublishedAt),
        (PostTags::Table, PostTags::PostId),
        after,
        size,
    );
    let cards = read_cards(db, db.rows(&statement).await?).await?;
    Ok(Page::from_rows(cards, size, card_cursor))
}

/// Those of the posts that are published, in the order asked for.
pub async fn cards_by_ids(db: &Db, ids: &[PostId]) -> Result<Vec<Card>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = select_cards();
    statement.and_where(Expr::col((Posts::Table, Posts::Id)).is_in(ids.iter().copied()));
    let mut cards = read_cards(db, db.rows(&statement).await?).await?;
    let place: HashMap<PostId, usize> = ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    cards.sort_by_key(|card| place.get(&card.id).copied());
    Ok(cards)
}

/// A person's posts as they see them, last touched first; what they withdrew is left out.
pub async fn own_posts(
    db: &Db,
    author: AccountId,
    after: Option<&Cursor>,
    size: usize,
) -> Result<Page<OwnPost>> {
    let mut statement = select_post();
    statement
        .and_where(Expr::col(Posts::AuthorId).eq(author))
        .and_where(Expr::col(Posts::Visibility).ne(Visibility::Withdrawn));
    newest_first(&mut statement, Posts::UpdatedAt, Posts::Id, after, size);
    let rows = db.rows(&statement).await?;
    let posts: Vec<Post> = rows.iter().map(read_post).collect::<Result<_>>()?;
    let mut newest = newest_revisions(db, &posts).await?;
    let own = posts
        .into_iter()
        .filter_map(|post| newest.remove(&post.id).map(|revision| OwnPost { post, revision }))
        .collect();
    Ok(Page::from_rows(own, size, |own: &OwnPost| Cursor {
        at: own.post.updated_at,
        id: own.post.id.to_string(),
    }))
}

async fn newest_revisions(db: &Db, posts: &[Post]) -> Result<HashMap<PostId, Revision>> {
    if posts.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = select_revision()
        .and_where(Expr::col(Revisions::PostId).is_in(posts.iter().map(|post| post.id)))
        .order_by(Revisions::Number, Order::Asc)
        .take();
    let rows = db.rows(&statement).await?;
    let mut newest = HashMap::new();
    for row in &rows {
        let revision = read_revision(row)?;
        newest.insert(revision.post_id, revision);
    }
    Ok(newest)
}

/// The ten drafts a person touched last.
pub async fn drafts_of(db: &Db, author: AccountId) -> Result<Vec<OwnPost>> {
    // The two tables share column names; ask for the ids and read the rows one by one.
    let ids = Query::select()
        .expr_as(Expr::col((Revisions::Table, Revisions::Id)), "id")
        .from(Revisions::Table)
        .inner_join(
            Posts::Table,
            Expr::col((Posts::Table, Posts::Id)).equals((Revisions::Table, Revisions::PostId)),
        )
        .and_where(Expr::col((Posts::Table, Posts::AuthorId)).eq(author))
        .and_where(Expr::col((Posts::Table, Posts::Visibility)).ne(Visibility::Withdrawn))
        .and_where(Expr::col((Revisions::Table, Revisions::State)).eq(RevisionState::Draft))
        .order_by((Posts::Table, Posts::UpdatedAt), Order::Desc)
        .limit(10)
        .take();
    let mut drafts = Vec::new();
    for row in &db.rows(&ids).await? {
        if let Some(revision) = revision(db, row.get("id")?).await?
            && let Some(post) = find(db, revision.post_id).await?
        {
            drafts.push(OwnPost { post, revision });
        }
    }
    Ok(drafts)
}

pub async fn thanks_count(db: impl Read, id: PostId) -> Result<u64> {
    Ok(find(db, id).await?.map_or(0, |post| post.thanks_count))
}

async fn with_posts(db: &Db, revisions: Vec<Revision>) -> Result<Vec<(Post, Revision)>> {
    let mut pairs = Vec::with_capacity(revisions.len());
    for revision in revisions {
        if let Some(post) = find(db, revision.post_id).await? {
            pairs.push((post, revision));
        }
    }
    Ok(pairs)
}

/// Every revision that shows this photo, with its post: a handful.
pub async fn revisions_with_photo(db: &Db, photo: PhotoId) -> Result<Vec<(Post, Revision)>> {
    let holding = Query::select()
        .column(RevisionPhotos::RevisionId)
        .from(RevisionPhotos::Table)
        .and_where(Expr::col(RevisionPhotos::PhotoId).eq(photo))
        .take();
    let statement =
        select_revision().and_where(Expr::col(Revisions::Id).in_subquery(holding)).limit(50).take();
    let rows = db.rows(&statement).await?;
    with_posts(db, rows.iter().map(read_revision).collect::<Result<_>>()?).await
}

/// Every revision that shows this video, with its post: a handful.
pub async fn revisions_with_video(db: &Db, video: VideoId) -> Result<Vec<(Post, Revision)>> {
    let statement =
        select_revision().and_where(Expr::col(Revisions::VideoId).eq(video)).limit(50).take();
    let rows = db.rows(&statement).await?;
    with_posts(db, rows.iter().map(read_revision).collect::<Result<_>>()?).await
}

pub(super) async fn insert_post(
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
pub(super) async fn insert_revision(
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

/// Characters of a body that lists and descriptions show.
const LEAD_CHARS: usize = 110;

fn lead(body: &str) -> String {
    text::excerpt(&text::plain(body), LEAD_CHARS)
}

/// Starts the next revision as a copy of `from`: words, tags, photos and video.
pub(super) async fn copy_revision(
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
            (Revisions::Lead, lead(&from.body).into()),
            (Revisions::RegionId, from.region_id.clone().into()),
            (Revisions::AgeFromMonths, from.age_from_months.map(i64::from).into()),
            (Revisions::AgeToMonths, from.age_to_months.map(i64::from).into()),
            (Revisions::VideoId, from.video_id.map(|id| id.to_string()).into()),
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
pub(super) async fn update_draft(
    tx: &mut Tx,
    clock: &Clock,
    _proof: &Proof<EditPost>,
    id: RevisionId,
    version: i64,
    draft: &Draft,
) -> Result<bool> {
    let editable = RevisionState::ALL.iter().filter(|s| s.is_editable()).map(|s| s.name());
    let statement = Query::update()
        .table(Revisions::Table)
        .values([
            (Revisions::State, RevisionState::Draft.into()),
            (Revisions::Title, draft.title.clone().into()),
            (Revisions::Body, draft.body.clone().into()),
            (Revisions::Lead, lead(&draft.body).into()),
            (Revisions::RegionId, draft.region_id.clone().into()),
            (Revisions::AgeFromMonths, draft.age_from_months.map(i64::from).into()),
            (Revisions::AgeToMonths, draft.age_to_months.map(i64::from).into()),
            (Revisions::Version, Expr::col(Revisions::Version).add(1i64)),
            (Revisions::UpdatedAt, clock.now().into()),
        ])
        .and_where(Expr::col(Revisions::Id).eq(id))
        .and_where(Expr::col(Revisions::Version).eq(version))
        .and_where(Expr::col(Revisions::State).is_in(editable))
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

pub(super) async fn append_photo(tx: &mut Tx, revision: RevisionId, photo: PhotoId) -> Result<()> {
    let mut photos = photo_ids(&mut *tx, revision).await?;
    photos.push((photo, String::new()));
    put_photos(tx, revision, &photos).await
}

/// The video of an editable revision; `None` takes it off.
pub(super) async fn set_video(
    tx: &mut Tx,
    clock: &Clock,
    revision: RevisionId,
    video: Option<VideoId>,
) -> Result<bool> {
    let editable = RevisionState::ALL.iter().filter(|s| s.is_editable()).map(|s| s.name());
    let statement = Query::update()
        .table(Revisions::Table)
        .values([
            (Revisions::VideoId, video.map(|id| id.to_string()).into()),
            (Revisions::State, RevisionState::Draft.into()),
            (Revisions::UpdatedAt, clock.now().into()),
        ])
        .and_where(Expr::col(Revisions::Id).eq(revision))
        .and_where(Expr::col(Revisions::State).is_in(editable))
        .take();
    Ok(tx.execute(&statement).await? == 1)
}

/// Moves a revision from one of `from` to `to`. Returns whether it was there.
pub(super) async fn move_revision(
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

pub(super) async fn touch_post(tx: &mut Tx, clock: &Clock, id: PostId) -> Result<()> {
    let statement = Query::update()
        .table(Posts::Table)
        .value(Posts::UpdatedAt, clock.now())
        .and_where(Expr::col(Posts::Id).eq(id))
        .take();
    tx.execute(&statement).await.map(drop)
}

/// Makes `revision` what the public sees.
pub(super) async fn publish(
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

pub(super) async fn clear_post_tags(tx: &mut Tx, post: PostId) -> Result<()> {
    let clear = Query::delete()
        .from_table(PostTags::Table)
        .and_where(Expr::col(PostTags::PostId).eq(post))
        .take();
    tx.execute(&clear).await.map(drop)
}

pub(super) async fn withdraw_post(
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

/// The newest label people gave a tag, among published posts.
pub async fn tag_label(db: impl Read, tag: &str) -> Result<Option<String>> {
    let statement = Query::select()
        .column(PostTags::Label)
        .from(PostTags::Table)
        .and_where(Expr::col(PostTags::Tag).eq(tag))
        .order_by(PostTags::PublishedAt, Order::Desc)
        .limit(1)
        .take();
    db.row(&statement).await?.map(|row| row.get("label")).transpose()
}

/// How many of a person's revisions were approved.
pub async fn count_published(db: impl Read, author: AccountId) -> Result<u64> {
    let statement = Query::select()
        .expr_as(Func::count(Expr::col((Posts::Table, Posts::Id))), "n")
        .from(Posts::Table)
        .and_where(Expr::col(Posts::AuthorId).eq(author))
        .and_where(Expr::col(Posts::PublishedRevisionId).is_not_null())
        .take();
    db.count(&statement).await
}

/// Published posts after a place, by id: for rebuilding what is derived from them.
pub async fn published_ids(db: impl Read, after: Option<PostId>, size: u64) -> Result<Vec<PostId>> {
    let mut statement = Query::select()
        .column(Posts::Id)
        .from(Posts::Table)
        .and_where(Expr::col(Posts::Visibility).eq(Visibility::Published))
        .order_by(Posts::Id, Order::Asc)
        .limit(size)
        .take();
    if let Some(after) = after {
        statement.and_where(Expr::col(Posts::Id).gt(after));
    }
    let rows = db.rows(&statement).await?;
    rows.iter().map(|row| row.get("id")).collect()
}

/// All thank-yous ever said for a person's posts.
pub(super) async fn thanks_received(db: impl Read, author: AccountId) -> Result<u32> {
    let statement = Query::select()
        .expr_as(Func::cast_as(Func::sum(Expr::col(Posts::ThanksCount)), "bigint"), "n")
        .from(Posts::Table)
        .and_where(Expr::col(Posts::AuthorId).eq(author))
        .take();
    let row = db.row(&statement).await?;
    Ok(row.map(|row| row.get::<Option<u32>>("n")).transpose()?.flatten().unwrap_or(0))
}

/// A person as the public knows them; nobody for an account that was closed.
pub async fn published_author(db: &Db, id: AccountId) -> Result<Option<Author>> {
    let account = Query::select()
        .columns([Accounts::Nickname, Accounts::RegionId, Accounts::CreatedAt])
        .from(Accounts::Table)
        .and_where(Expr::col(Accounts::Id).eq(id))
        .and_where(Expr::col(Accounts::State).ne("closed"))
        .take();
    let Some(row) = db.row(&account).await? else { return Ok(None) };
    let published = Query::select()
        .expr_as(Expr::val(1i64), "n")
        .from(Posts::Table)
        .and_where(Expr::col(Posts::AuthorId).eq(id))
        .and_where(Expr::col(Posts::Visibility).eq(Visibility::Published))
        .limit(1)
        .take();
    Ok(Some(Author {
        nickname: row.get("nickname")?,
        region_id: row.get("region_id")?,
        since: row.get("created_at")?,
        has_published: db.row(&published).await?.is_some(),
    }))
}

/// Says that a published post was published at another time.
pub(super) async fn set_published_at(tx: &mut Tx, post: PostId, at: Timestamp) -> Result<()> {
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
