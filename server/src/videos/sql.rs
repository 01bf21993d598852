use super::{Pace, Preview, Stills, Video, VideoStatus};
use crate::db::tables::{Renditions, Revisions, Videos};
use crate::db::{Prepared, Read, Result, Row, Tx, hole};
use crate::posts::RevisionState;
use crate::time_id::{AccountId, Clock, UploadId, VideoId};
use sea_query::{Expr, ExprTrait, OnConflict, Order, Query, SelectStatement};
use transcoder_protocol::{Rendition, VideoOutput};

/// Stored as the failure of a video whose work was ended because nothing shows it any more.
const CANCELLED: &str = "cancelled";

fn select() -> SelectStatement {
    Query::select()
        .columns([
            Videos::Id,
            Videos::OwnerId,
            Videos::UploadId,
            Videos::IsSlow,
            Videos::SourceBytes,
            Videos::State,
            Videos::Failure,
            Videos::Progress,
            Videos::Generation,
            Videos::DurationMs,
            Videos::Width,
            Videos::Height,
            Videos::Storyboard,
            Videos::Poster,
            Videos::Details,
            Videos::Preview,
            Videos::Attempt,
            Videos::Pace,
            Videos::HadLocation,
            Videos::ClaimedMs,
            Videos::SoundLeftOut,
            Videos::SlowFactor,
        ])
        .from(Videos::Table)
        .take()
}

fn read(row: &Row) -> Result<Video> {
    let json = |column: &str| row.get::<Option<String>>(column);
    Ok(Video {
        id: row.get("id")?,
        owner_id: row.get("owner_id")?,
        upload_id: row.get("upload_id")?,
        is_slow: row.get::<i64>("is_slow")? != 0,
        source_bytes: row.get("source_bytes")?,
        state: row.get("state")?,
        failure: row.get("failure")?,
        progress: row.get("progress")?,
        generation: row.get("generation")?,
        duration_ms: row.get::<Option<u64>>("duration_ms")?.unwrap_or(0),
        width: row.get::<Option<u32>>("width")?.unwrap_or(0),
        height: row.get::<Option<u32>>("height")?.unwrap_or(0),
        storyboard: json("storyboard")?.and_then(|text| serde_json::from_str(&text).ok()),
        poster: json("poster")?.and_then(|text| serde_json::from_str(&text).ok()),
        stills: json("details")?.and_then(|text| serde_json::from_str(&text).ok()),
        preview: json("preview")?.and_then(|text| serde_json::from_str(&text).ok()),
        attempt: row.get("attempt")?,
        pace: json("pace")?.and_then(|text| serde_json::from_str(&text).ok()),
        had_location: row.get::<i64>("had_location")? != 0,
        claimed_ms: row.get("claimed_ms")?,
        sound_left_out: row.get("sound_left_out")?,
        slow_factor: row.get("slow_factor")?,
    })
}

pub async fn find(db: impl Read, id: VideoId) -> Result<Option<Video>> {
    static ONE: Prepared =
        Prepared::new(|| select().and_where(Expr::col(Videos::Id).eq(hole())).take());
    db.row(&ONE.with([id.into()])).await?.as_ref().map(read).transpose()
}

/// Those that exist, in any order.
pub async fn find_many(db: impl Read, ids: &[VideoId]) -> Result<Vec<Video>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let statement = select().and_where(Expr::col(Videos::Id).is_in(ids.iter().copied())).take();
    db.rows(&statement).await?.iter().map(read).collect()
}

/// The video made from an upload, in slow motion or as it was filmed, if there is one.
pub async fn find_by_upload(
    db: impl Read,
    upload: UploadId,
    is_slow: bool,
) -> Result<Option<Video>> {
    let statement = select()
        .and_where(Expr::col(Videos::UploadId).eq(upload))
        .and_where(Expr::col(Videos::IsSlow).eq(i64::from(is_slow)))
        .take();
    db.row(&statement).await?.as_ref().map(read).transpose()
}

/// What is known of a video before it is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct New {
    pub owner: AccountId,
    pub upload: UploadId,
    pub source_bytes: u64,
    pub is_slow: bool,
    pub slow_factor: Option<u32>,
}

/// A new video, queued. An upload becomes one video in each motion, however often it is told so.
pub(super) async fn insert(tx: &mut Tx, clock: &Clock, id: VideoId, new: New) -> Result<bool> {
    let now = clock.now();
    let statement = Query::insert()
        .into_table(Videos::Table)
        .columns([
            Videos::Id,
            Videos::OwnerId,
            Videos::UploadId,
            Videos::State,
            Videos::Progress,
            Videos::Generation,
            Videos::SourceBytes,
            Videos::IsSlow,
            Videos::SlowFactor,
            Videos::CreatedAt,
            Videos::UpdatedAt,
        ])
        .values_panic([
            id.into(),
            new.owner.into(),
            new.upload.into(),
            VideoStatus::Queued.into(),
            0i64.into(),
            0i64.into(),
            new.source_bytes.into(),
            i64::from(new.is_slow).into(),
            new.slow_factor.map(i64::from).into(),
            now.into(),
            now.into(),
        ])
        .on_conflict(
            OnConflict::columns([Videos::UploadId, Videos::IsSlow]).do_nothing().to_owned(),
        )
        .take();
    Ok(tx.execute(&statement).await? == 1)
}

/// Moves a video from one of `from` to `to`. Returns whether it was there.
pub(super) async fn move_to(
    tx: &mut Tx,
    clock: &Clock,
    id: VideoId,
    from: &[VideoStatus],
    to: VideoStatus,
    failure: Option<&str>,
) -> Result<bool> {
    let statement = Query::update()
        .table(Videos::Table)
        .values([
            (Videos::State, to.into()),
            (Videos::Failure, failure.map(str::to_owned).into()),
            (Videos::Progress, 0i64.into()),
            (Videos::UpdatedAt, clock.now().into()),
        ])
        .and_where(Expr::col(Videos::Id).eq(id))
        .and_where(Expr::col(Videos::State).is_in(from.iter().copied()))
        .take();
    Ok(tx.execute(&statement).await? == 1)
}

/// Says which attempt works on a video that is to be made. Returns whether it is.
pub(super) async fn begin_attempt(
    tx: &mut Tx,
    clock: &Clock,
    id: VideoId,
    attempt: u32,
) -> Result<bool> {
    // A worker that died left it in `transcoding`.
    let to_be_made = [VideoStatus::Queued, VideoStatus::Transcoding];
    let statement = Query::update()
        .table(Videos::Table)
        .values([
            (Videos::State, VideoStatus::Transcoding.into()),
            (Videos::Failure, None::<String>.into()),
            (Videos::Progress, 0i64.into()),
            (Videos::Attempt, i64::from(attempt).into()),
            (Videos::Pace, None::<String>.into()),
            (Videos::UpdatedAt, clock.now().into()),
        ])
        .and_where(Expr::col(Videos::Id).eq(id))
        .and_where(Expr::col(Videos::State).is_in(to_be_made))
        .take();
    Ok(tx.execute(&statement).await? == 1)
}

/// Writes how far the work is, in thousandths, and what can be watched already. Returns whether it is still wanted.
pub(super) async fn set_progress(
    tx: &mut Tx,
    clock: &Clock,
    id: VideoId,
    progress: Option<(u16, &Pace)>,
    preview: Option<&Preview>,
) -> Result<bool> {
    let mut statement = Query::update()
        .table(Videos::Table)
        .value(Videos::UpdatedAt, clock.now())
        .and_where(Expr::col(Videos::Id).eq(id))
        .and_where(Expr::col(Videos::State).eq(VideoStatus::Transcoding))
        .take();
    if let Some((permille, pace)) = progress {
        statement.value(Videos::Progress, i64::from(permille));
        statement.value(Videos::Pace, serde_json::to_string(pace).unwrap_or_default());
    }
    if let Some(preview) = preview {
        statement.value(Videos::Preview, serde_json::to_string(preview).unwrap_or_default());
    }
    Ok(tx.execute(&statement).await? == 1)
}

/// Says that no more pieces of a preview will come, or that there is none.
pub(super) async fn end_preview(
    tx: &mut Tx,
    clock: &Clock,
    id: VideoId,
    preview: Option<&Preview>,
) -> Result<()> {
    let statement = Query::update()
        .table(Videos::Table)
        .value(Videos::Preview, preview.and_then(|preview| serde_json::to_string(preview).ok()))
        .value(Videos::UpdatedAt, clock.now())
        .and_where(Expr::col(Videos::Id).eq(id))
        .take();
    tx.execute(&statement).await.map(drop)
}

/// Puts a finished generation in place of the one before. Returns whether anybody still waits for it; otherwise nothing happens.
pub(super) async fn set_ready(
    tx: &mut Tx,
    clock: &Clock,
    id: VideoId,
    generation: i64,
    output: &VideoOutput,
) -> Result<bool> {
    let poster = output.posters.first().and_then(|best| serde_json::to_string(&best.image).ok());
    let statement = Query::update()
        .table(Videos::Table)
        .values([
            (Videos::State, VideoStatus::Ready.into()),
            (Videos::Failure, None::<String>.into()),
            (Videos::Progress, 1000i64.into()),
            (Videos::Generation, generation.into()),
            (Videos::DurationMs, output.duration_ms.into()),
            (Videos::Width, i64::from(output.width).into()),
            (Videos::Height, i64::from(output.height).into()),
            (Videos::HasAudio, i64::from(output.has_audio).into()),
            (
                Videos::Storyboard,
                serde_json::to_string(&output.storyboard).unwrap_or_default().into(),
            ),
            (Videos::Poster, poster.into()),
            (Videos::Pace, None::<String>.into()),
            (Videos::HadLocation, i64::from(output.had_location).into()),
            (Videos::SlowFactor, output.slow_factor.map(i64::from).into()),
            (Videos::ClaimedMs, output.cut_short.map(|cut| cut.claimed_ms).into()),
            (
                Videos::SoundLeftOut,
                output.sound_left_out.as_ref().map(|sound| sound.codec.clone()).into(),
            ),
            (
                Videos::Details,
                serde_json::to_string(&Stills::of(output)).unwrap_or_default().into(),
            ),
            (Videos::UpdatedAt, clock.now().into()),
        ])
        .and_where(Expr::col(Videos::Id).eq(id))
        .and_where(Expr::col(Videos::State).eq(VideoStatus::Transcoding))
        .take();
    if tx.execute(&statement).await? == 0 {
        return Ok(false);
    }
    let clear = Query::delete()
        .from_table(Renditions::Table)
        .and_where(Expr::col(Renditions::VideoId).eq(id))
        .take();
    tx.execute(&clear).await?;
    for rendition in &output.renditions {
        insert_rendition(tx, id, generation, rendition).await?;
    }
    Ok(true)
}

async fn insert_rendition(
    tx: &mut Tx,
    id: VideoId,
    generation: i64,
    rendition: &Rendition,
) -> Result<()> {
    let statement = Query::insert()
        .into_table(Renditions::Table)
        .columns([
            Renditions::VideoId,
            Renditions::Generation,
            Renditions::File,
            Renditions::Width,
            Renditions::Height,
            Renditions::FrameRate,
            Renditions::Codecs,
            Renditions::PeakBandwidth,
            Renditions::AverageBandwidth,
            Renditions::Bytes,
            Renditions::InitBytes,
            Renditions::Segments,
        ])
        .values_panic([
            id.into(),
            generation.into(),
            rendition.file.clone().into(),
            i64::from(rendition.width).into(),
            i64::from(rendition.height).into(),
            rendition.frame_rate.into(),
            rendition.codecs.clone().into(),
            rendition.peak_bandwidth.into(),
            rendition.average_bandwidth.into(),
            rendition.bytes.into(),
            rendition.init_bytes.into(),
            serde_json::to_string(&rendition.segments).unwrap_or_default().into(),
        ])
        .take();
    tx.execute(&statement).await.map(drop)
}

/// The ladder of a generation, smallest first.
pub(super) async fn renditions(
    db: impl Read,
    id: VideoId,
    generation: i64,
) -> Result<Vec<Rendition>> {
    let statement = Query::select()
        .columns([
            Renditions::File,
            Renditions::Width,
            Renditions::Height,
            Renditions::FrameRate,
            Renditions::Codecs,
            Renditions::PeakBandwidth,
            Renditions::AverageBandwidth,
            Renditions::Bytes,
            Renditions::InitBytes,
            Renditions::Segments,
        ])
        .from(Renditions::Table)
        .and_where(Expr::col(Renditions::VideoId).eq(id))
        .and_where(Expr::col(Renditions::Generation).eq(generation))
        .order_by(Renditions::Height, Order::Asc)
        .take();
    let rows = db.rows(&statement).await?;
    rows.iter()
        .map(|row| {
            Ok(Rendition {
                file: row.get("file")?,
                width: row.get("width")?,
                height: row.get("height")?,
                frame_rate: row.get("frame_rate")?,
                codecs: row.get("codecs")?,
                peak_bandwidth: row.get("peak_bandwidth")?,
                average_bandwidth: row.get("average_bandwidth")?,
                bytes: row.get("bytes")?,
                init_bytes: row.get("init_bytes")?,
                segments: serde_json::from_str(&row.get::<String>("segments")?).unwrap_or_default(),
            })
        })
        .collect()
}

fn shown(id: VideoId) -> SelectStatement {
    Query::select()
        .column(Revisions::Id)
        .from(Revisions::Table)
        .and_where(Expr::col(Revisions::VideoId).eq(id))
        .take()
}

/// Ends the work on a video that no revision shows, but for withdrawn ones.
pub(super) async fn cancel_unused(tx: &mut Tx, clock: &Clock, id: VideoId) -> Result<()> {
    let working = [VideoStatus::Queued, VideoStatus::Transcoding];
    let withdrawn = RevisionState::Withdrawn;
    let waited_for = shown(id).and_where(Expr::col(Revisions::State).ne(withdrawn)).take();
    let statement = Query::update()
        .table(Videos::Table)
        .values([
            (Videos::State, VideoStatus::Failed.into()),
            (Videos::Failure, CANCELLED.into()),
            (Videos::UpdatedAt, clock.now().into()),
        ])
        .and_where(Expr::col(Videos::Id).eq(id))
        .and_where(Expr::col(Videos::State).is_in(working))
        .and_where(Expr::exists(waited_for).not())
        .take();
    tx.execute(&statement).await.map(drop)
}

/// Deletes the row of a video that no revision shows, and its renditions'. Returns whether it did.
pub(super) async fn delete_unused(tx: &mut Tx, id: VideoId) -> Result<bool> {
    let renditions = Query::delete()
        .from_table(Renditions::Table)
        .and_where(Expr::col(Renditions::VideoId).eq(id))
        .and_where(Expr::exists(shown(id)).not())
        .take();
    tx.execute(&renditions).await?;
    let statement = Query::delete()
        .from_table(Videos::Table)
        .and_where(Expr::col(Videos::Id).eq(id))
        .and_where(Expr::exists(shown(id)).not())
        .take();
    Ok(tx.execute(&statement).await? == 1)
}
