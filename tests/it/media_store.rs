//! A folder and a bucket do the same.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use rstest::rstest;
use server::media::keys::PhotoFormat;
use server::media::{Key, MediaError, Prefix, Store, UploadHandle, serve::serve};
use server::time_id::{Clock, PhotoId, UploadId, VideoId};
use tempfile::TempDir;
use tests::garage::Garage;

const MIB: usize = 1024 * 1024;

#[derive(Clone, Copy, Debug)]
enum Kind {
    Folder,
    S3,
}

/// A store, and what must live as long as it.
struct Fixture {
    store: Store,
    dir: TempDir,
    _garage: Option<Arc<Garage>>,
}

impl std::ops::Deref for Fixture {
    type Target = Store;
    fn deref(&self) -> &Store {
        &self.store
    }
}

impl Kind {
    async fn open(self) -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        match self {
            Self::Folder => {
                let store = Store::folder(dir.path().join("media")).await.unwrap();
                Fixture { store, dir, _garage: None }
            }
            Self::S3 => {
                let garage = Garage::shared().await;
                Fixture { store: garage.store(), dir, _garage: Some(garage) }
            }
        }
    }
}

fn random(length: usize) -> Bytes {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).unwrap();
    bytes.into()
}

async fn read(store: &Store, key: &Key, range: Option<Range<u64>>) -> Bytes {
    let body = store.read(key, range).await.unwrap();
    collect(body.stream).await
}

async fn collect<E: std::fmt::Debug>(
    stream: impl futures_util::Stream<Item = Result<Bytes, E>>,
) -> Bytes {
    let chunks: Vec<Bytes> = stream.try_collect().await.unwrap();
    chunks.concat().into()
}

/// The bytes as a network gives them: in odd pieces.
fn pieces(
    bytes: &Bytes,
) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> + use<> {
    let bytes = bytes.clone();
    let step = 61_357;
    let starts = (0..bytes.len()).step_by(step);
    stream::iter(starts.map(move |at| Ok(bytes.slice(at..bytes.len().min(at + step)))))
}

fn is_not_found<T>(result: &Result<T, MediaError>) -> bool {
    matches!(result, Err(MediaError::NotFound(_)))
}

#[rstest]
#[tokio::test]
async fn stored_bytes_come_back_whole_or_in_ranges(#[values(Kind::Folder, Kind::S3)] kind: Kind) {
    let store = kind.open().await;
    let bytes = random(300_001);
    let key = Key::photo_source(PhotoId::new(&Clock::System));
    store.put_bytes(&key, bytes.clone(), "image/jpeg").await.unwrap();
    assert_eq!(store.length(&key).await.unwrap(), Some(300_001));
    assert_eq!(read(&store, &key, None).await, bytes);
    for range in
        [0..1, 5..5, 131_000..262_200, 300_000..300_001, 299_000..400_000, 400_000..500_000]
    {
        let body = store.read(&key, Some(range.clone())).await.unwrap();
        assert_eq!(body.total_length, 300_001);
        let cut = range.start.min(300_001)..range.end.min(300_001);
        assert_eq!(body.range.end - body.range.start, cut.end - cut.start);
        let expected = bytes.slice(cut.start as usize..cut.end as usize);
        assert_eq!(collect(body.stream).await, expected, "{range:?}");
    }
}

#[rstest]
#[tokio::test]
async fn a_stored_file_can_be_copied_out_and_replaced(
    #[values(Kind::Folder, Kind::S3)] kind: Kind,
) {
    let store = kind.open().await;
    let (file, copy) = (store.dir.path().join("in"), store.dir.path().join("out"));
    let key = Key::video_file(VideoId::new(&Clock::System), 1, "720p.mp4").unwrap();
    let mut etags = Vec::new();
    for length in [0, 700_000, 700_000] {
        let bytes = random(length);
        std::fs::write(&file, &bytes).unwrap();
        store.put_file(&key, &file, key.content_type()).await.unwrap();
        store.copy_to_file(&key, &copy).await.unwrap();
        assert_eq!(std::fs::read(&copy).unwrap(), bytes);
        let object = store.open(&key).await.unwrap();
        assert_eq!(object.length, length as u64);
        assert!(!etags.contains(&object.etag), "other bytes, other validator");
        etags.push(object.etag);
        if let Some(path) = store.local_path(&key) {
            assert_eq!(std::fs::read(path).unwrap(), bytes);
        }
    }
}

#[rstest]
#[tokio::test]
async fn what_is_not_there_is_not_found(#[values(Kind::Folder, Kind::S3)] kind: Kind) {
    let store = kind.open().await;
    let video = VideoId::new(&Clock::System);
    let (key, other) = (Key::video_source(video), Key::video_file(video, 1, "x.mp4").unwrap());
    assert!(!store.exists(&key).await.unwrap());
    assert!(is_not_found(&store.open(&key).await));
    assert!(is_not_found(&store.copy_to_file(&key, &store.dir.path().join("out")).await));
    assert!(is_not_found(&store.rename(&key, &other, "video/mp4").await));
    store.delete(&key).await.unwrap();
    store.delete_prefix(&Prefix::video(video)).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn deleting_a_prefix_leaves_its_neighbours(#[values(Kind::Folder, Kind::S3)] kind: Kind) {
    let store = kind.open().await;
    let photo = PhotoId::new(&Clock::System);
    let width = |generation, width| Key::photo_file(photo, generation, width, PhotoFormat::WebP);
    let keys = [Key::photo_source(photo), width(1, 320), width(1, 640), width(10, 320)];
    for key in &keys {
        store.put_bytes(key, Bytes::from_static(b"x"), key.content_type()).await.unwrap();
    }
    let left = async |expected: [bool; 4]| {
        for (key, expected) in keys.iter().zip(expected) {
            assert_eq!(store.exists(key).await.unwrap(), expected, "{key}");
        }
    };
    store.delete_prefix(&Prefix::photo_generation(photo, 1)).await.unwrap();
    left([true, false, false, true]).await;
    store.delete(&keys[0]).await.unwrap();
    left([false, false, false, true]).await;
    store.delete_prefix(&Prefix::photo(photo)).await.unwrap();
    left([false; 4]).await;
}

#[rstest]
#[tokio::test]
async fn more_objects_than_a_page_are_deleted(#[values(Kind::Folder, Kind::S3)] kind: Kind) {
    let store = kind.open().await;
    let video = VideoId::new(&Clock::System);
    let keys: Vec<Key> =
        (0..1003).map(|n| Key::video_file(video, 1, &format!("{n}.m4s")).unwrap()).collect();
    stream::iter(&keys)
        .for_each_concurrent(16, async |key| {
            store.put_bytes(key, Bytes::from_static(b"x"), "video/mp4").await.unwrap();
        })
        .await;
    store.delete_prefix(&Prefix::video(video)).await.unwrap();
    for key in [&keys[0], &keys[500], &keys[1002]] {
        assert!(!store.exists(key).await.unwrap());
    }
}

#[rstest]
#[tokio::test]
async fn a_renamed_object_keeps_its_bytes_and_may_be_renamed_again(
    #[values(Kind::Folder, Kind::S3)] kind: Kind,
) {
    let store = kind.open().await;
    let (from, to) = (
        Key::upload(UploadId::new(&Clock::System)),
        Key::video_source(VideoId::new(&Clock::System)),
    );
    let bytes = random(100_000);
    store.put_bytes(&from, bytes.clone(), "video/mp4").await.unwrap();
    for _ in 0..2 {
        store.rename(&from, &to, "video/mp4").await.unwrap();
        assert!(!store.exists(&from).await.unwrap());
        assert_eq!(read(&store, &to, None).await, bytes);
    }
}

#[rstest]
#[tokio::test]
async fn an_open_object_is_read_as_it_was_found(#[values(Kind::Folder, Kind::S3)] kind: Kind) {
    let store = kind.open().await;
    let key = Key::video_file(VideoId::new(&Clock::System), 1, "poster.jpg").unwrap();
    let (old, new) = (random(300_000), random(300_000));
    store.put_bytes(&key, old.clone(), "image/jpeg").await.unwrap();
    let object = store.open(&key).await.unwrap();
    store.put_bytes(&key, new, "image/jpeg").await.unwrap();
    // A bucket can't give the old bytes any more, and must not give the new ones.
    match object.read(0..300_000).await {
        Ok(body) => assert_eq!(collect(body.stream).await, old),
        Err(error) => assert!(matches!(kind, Kind::S3), "{error:?}"),
    }
}

#[tokio::test]
async fn a_signed_url_gives_the_bytes_without_us_and_no_one_else_can_make_one() {
    let garage = Garage::shared().await;
    let store = garage.store();
    let key = Key::video_file(VideoId::new(&Clock::System), 1, "720p.mp4").unwrap();
    let bytes = random(10_000);
    store.put_bytes(&key, bytes.clone(), key.content_type()).await.unwrap();
    let url = store.signed_url(&key, Duration::from_secs(60)).await.unwrap().unwrap();
    assert_eq!(curl(&["-f", &url]).await, Some(bytes.to_vec()));
    let bare = url.split('?').next().unwrap();
    assert_eq!(curl(&["-f", bare]).await, None);
    let tampered = url.replace("720p", "1080p");
    assert_eq!(curl(&["-f", &tampered]).await, None);
}

/// Standard output, when it says that all went well.
async fn curl(arguments: &[&str]) -> Option<Vec<u8>> {
    let run = tokio::process::Command::new("curl").arg("-s").args(arguments).output().await;
    let output = run.expect("curl");
    output.status.success().then_some(output.stdout)
}

#[rstest]
#[tokio::test]
async fn a_working_store_says_so(#[values(Kind::Folder, Kind::S3)] kind: Kind) {
    kind.open().await.check().await.unwrap();
}

#[tokio::test]
async fn a_broken_store_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::folder(dir.path().join("media")).await.unwrap();
    std::fs::remove_dir_all(dir.path().join("media")).unwrap();
    store.check().await.unwrap_err();

    let garage = Garage::shared().await;
    let mut config = garage.config().clone();
    config.bucket = "another".to_owned();
    let error = Store::s3(&config).check().await.unwrap_err();
    assert!(matches!(error, MediaError::Remote(_)), "{error:?}");
    let mut config = garage.config().clone();
    config.secret_access_key = "00".repeat(32);
    Store::s3(&config).check().await.unwrap_err();
}

#[rstest]
#[tokio::test]
async fn an_upload_in_odd_appends_becomes_the_object(
    #[values(Kind::Folder, Kind::S3)] kind: Kind,
    // Within one part, on its edge, many appends to a part, many parts to an append.
    #[values(
        &[], &[1], &[5 * MIB], &[5 * MIB - 1, 1, 1], &[1_000_000; 12], &[100, 12 * MIB, 7, 3 * MIB]
    )]
    appends: &[usize],
) {
    let store = kind.open().await;
    let key = Key::upload(UploadId::new(&Clock::System));
    let whole = random(appends.iter().sum());
    let mut state = store.begin_upload(&key).await.unwrap().to_json();
    let mut offset = 0;
    for length in appends {
        // As another process would, that knows only what is in the database.
        let mut handle = UploadHandle::from_json(&state).unwrap();
        let bytes = whole.slice(offset..offset + length);
        let end = store.append(&mut handle, offset as u64, pieces(&bytes)).await.unwrap();
        offset += length;
        assert_eq!(end, offset as u64);
        state = handle.to_json();
        assert!(!store.exists(&key).await.unwrap(), "an unfinished upload is no object");
    }
    let handle = UploadHandle::from_json(&state).unwrap();
    store.finish_upload(&handle, offset as u64).await.unwrap();
    assert_eq!(read(&store, &key, None).await, whole);
    // A job that is run again finds it done.
    store.finish_upload(&handle, offset as u64).await.unwrap();
    assert_eq!(read(&store, &key, None).await, whole);
}

#[rstest]
#[tokio::test]
async fn bytes_beyond_the_committed_offset_are_dropped(
    #[values(Kind::Folder, Kind::S3)] kind: Kind,
    // Where the committed offset lies, and how far the lost append went.
    #[values(0, 1_000_000, 5 * MIB, 6 * MIB)] committed: usize,
    #[values(10, 6 * MIB)] lost: usize,
) {
    let store = kind.open().await;
    let key = Key::upload(UploadId::new(&Clock::System));
    let whole = random(committed + 2 * MIB);
    let mut handle = store.begin_upload(&key).await.unwrap();
    if committed > 0 {
        let begun = whole.slice(..committed);
        store.append(&mut handle, 0, pieces(&begun)).await.unwrap();
    }
    let state = handle.to_json();
    // Twice, in case the first leaves something that the second stumbles over.
    for _ in 0..2 {
        let mut appender = store
            .appender(UploadHandle::from_json(&state).unwrap(), committed as u64)
            .await
            .unwrap();
        appender.write(random(lost)).await.unwrap();
        appender.flush().await.unwrap();
        appender.discard().await;
    }
    let mut handle = UploadHandle::from_json(&state).unwrap();
    let rest = whole.slice(committed..);
    store.append(&mut handle, committed as u64, pieces(&rest)).await.unwrap();
    store.finish_upload(&handle, whole.len() as u64).await.unwrap();
    assert_eq!(read(&store, &key, None).await, whole);
}

#[rstest]
#[tokio::test]
async fn what_a_long_append_has_brought_to_disk_is_told_on_the_way(
    #[values(Kind::Folder, Kind::S3)] kind: Kind,
) {
    let store = kind.open().await;
    let key = Key::upload(UploadId::new(&Clock::System));
    let whole = random(100 * MIB);
    let handle = store.begin_upload(&key).await.unwrap();
    let mut appender = store.appender(handle, 0).await.unwrap();
    let mut committed = (0, appender.handle().to_json());
    for chunk in whole.chunks(100_000) {
        if let Some(offset) = appender.write(Bytes::copy_from_slice(chunk)).await.unwrap() {
            assert!(offset > committed.0 && offset - committed.0 <= 33 * MIB as u64);
            committed = (offset, appender.handle().to_json());
        }
    }
    assert!(committed.0 >= 60 * MIB as u64);
    // The rest is lost, as by a kill; what was told is enough to go on.
    appender.discard().await;
    let mut handle = UploadHandle::from_json(&committed.1).unwrap();
    let rest = whole.slice(committed.0 as usize..);
    store.append(&mut handle, committed.0, pieces(&rest)).await.unwrap();
    store.finish_upload(&handle, whole.len() as u64).await.unwrap();
    assert_eq!(read(&store, &key, None).await, whole);
}

#[rstest]
#[tokio::test]
async fn an_append_whose_stream_breaks_changes_nothing(
    #[values(Kind::Folder, Kind::S3)] kind: Kind,
) {
    let store = kind.open().await;
    let key = Key::upload(UploadId::new(&Clock::System));
    let whole = random(3_000_000);
    let mut handle = store.begin_upload(&key).await.unwrap();
    store.append(&mut handle, 0, pieces(&whole.slice(..1_000_000))).await.unwrap();
    let before = handle.clone();
    let broken = pieces(&random(7 * MIB)).chain(stream::once(async {
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    }));
    let result = store.append(&mut handle, 1_000_000, broken).await;
    assert!(matches!(result, Err(MediaError::Interrupted(_))), "{result:?}");
    assert_eq!(handle, before);
    store.append(&mut handle, 1_000_000, pieces(&whole.slice(1_000_000..))).await.unwrap();
    store.finish_upload(&handle, 3_000_000).await.unwrap();
    assert_eq!(read(&store, &key, None).await, whole);
}

#[rstest]
#[tokio::test]
async fn an_upload_that_lost_acknowledged_bytes_is_torn(
    #[values(Kind::Folder, Kind::S3)] kind: Kind,
) {
    let store = kind.open().await;
    let mut handle = store.begin_upload(&Key::upload(UploadId::new(&Clock::System))).await.unwrap();
    store.append(&mut handle, 0, pieces(&random(1000))).await.unwrap();
    let result = store.appender(handle.clone(), 1001).await;
    assert!(matches!(result, Err(MediaError::Torn { offset: 1001 })), "{result:?}");
    let result = store.finish_upload(&handle, 1001).await;
    assert!(matches!(result, Err(MediaError::Torn { offset: 1001 })), "{result:?}");
}

#[rstest]
#[tokio::test]
async fn an_aborted_upload_is_gone(
    #[values(Kind::Folder, Kind::S3)] kind: Kind,
    #[values(0, 1000, 7 * MIB)] length: usize,
) {
    let store = kind.open().await;
    let key = Key::upload(UploadId::new(&Clock::System));
    let mut handle = store.begin_upload(&key).await.unwrap();
    if length > 0 {
        store.append(&mut handle, 0, pieces(&random(length))).await.unwrap();
    }
    for _ in 0..2 {
        store.abort_upload(&handle).await.unwrap();
    }
    assert!(!store.exists(&key).await.unwrap());
    if length > 0 {
        store.finish_upload(&handle, length as u64).await.unwrap_err();
    }
}

/// The response to a GET with these fields, its body unread.
async fn get(store: &Store, key: &Key, fields: &[(HeaderName, &str)]) -> Response {
    request(store, key, &Method::GET, fields).await
}

async fn request(
    store: &Store,
    key: &Key,
    method: &Method,
    fields: &[(HeaderName, &str)],
) -> Response {
    let headers: HeaderMap = fields
        .iter()
        .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
        .collect();
    serve(store, key, method, &headers, HeaderValue::from_static("private, max-age=60"))
        .await
        .unwrap()
}

fn field(response: &Response, name: HeaderName) -> &str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn body(response: Response) -> Bytes {
    collect(response.into_body().into_data_stream()).await
}

async fn with_poster(kind: Kind) -> (Fixture, Key, Bytes) {
    let store = kind.open().await;
    let key = Key::video_file(VideoId::new(&Clock::System), 2, "poster.jpg").unwrap();
    let bytes = random(200_000);
    store.put_bytes(&key, bytes.clone(), key.content_type()).await.unwrap();
    (store, key, bytes)
}

#[rstest]
#[tokio::test]
async fn an_object_is_served_whole_with_its_type_and_a_validator(
    #[values(Kind::Folder, Kind::S3)] kind: Kind,
) {
    let (store, key, bytes) = with_poster(kind).await;
    let head = request(&store, &key, &Method::HEAD, &[]).await;
    let whole = get(&store, &key, &[]).await;
    assert_eq!(head.headers(), whole.headers());
    assert_eq!(whole.status(), StatusCode::OK);
    assert_eq!(field(&whole, header::CONTENT_TYPE), "image/jpeg");
    assert_eq!(field(&whole, header::CONTENT_LENGTH), "200000");
    assert_eq!(field(&whole, header::CONTENT_DISPOSITION), "inline");
    assert_eq!(field(&whole, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(field(&whole, header::ACCEPT_RANGES), "bytes");
    assert_eq!(field(&whole, header::CACHE_CONTROL), "private, max-age=60");
    assert!(field(&whole, header::ETAG).starts_with('"'), "a strong validator");
    assert_eq!(body(whole).await, bytes);
    assert!(body(head).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn a_range_is_served_as_asked(#[values(Kind::Folder, Kind::S3)] kind: Kind) {
    let (store, key, bytes) = with_poster(kind).await;
    for (range, cut, content_range) in [
        ("bytes=0-1", 0..2, "bytes 0-1/200000"),
        ("bytes=150000-", 150_000..200_000, "bytes 150000-199999/200000"),
        ("bytes=-7", 199_993..200_000, "bytes 199993-199999/200000"),
    ] {
        let response = get(&store, &key, &[(header::RANGE, range)]).await;
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(field(&response, header::CONTENT_RANGE), content_range);
        assert_eq!(field(&response, header::CONTENT_LENGTH), cut.len().to_string());
        assert_eq!(body(response).await, bytes.slice(cut));
    }
    let outside = get(&store, &key, &[(header::RANGE, "bytes=200000-")]).await;
    assert_eq!(outside.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(field(&outside, header::CONTENT_RANGE), "bytes */200000");
}

#[rstest]
#[tokio::test]
async fn a_reader_who_has_the_bytes_gets_none(#[values(Kind::Folder, Kind::S3)] kind: Kind) {
    let (store, key, bytes) = with_poster(kind).await;
    let etag = field(&get(&store, &key, &[]).await, header::ETAG).to_owned();
    let list = format!("\"other\", W/{etag}");
    for wanted in [etag.as_str(), &list, "*"] {
        let fields = [(header::IF_NONE_MATCH, wanted), (header::RANGE, "bytes=0-1")];
        let response = get(&store, &key, &fields).await;
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(field(&response, header::ETAG), etag);
        assert_eq!(field(&response, header::CACHE_CONTROL), "private, max-age=60");
        assert!(body(response).await.is_empty());
    }
    let response = get(&store, &key, &[(header::IF_NONE_MATCH, "\"other\"")]).await;
    assert_eq!(body(response).await, bytes);
}

#[rstest]
#[tokio::test]
async fn a_range_of_another_version_gets_the_whole(#[values(Kind::Folder, Kind::S3)] kind: Kind) {
    let (store, key, bytes) = with_poster(kind).await;
    let etag = field(&get(&store, &key, &[]).await, header::ETAG).to_owned();
    let range = (header::RANGE, "bytes=10-19");
    let same = get(&store, &key, &[range.clone(), (header::IF_RANGE, &etag)]).await;
    assert_eq!(same.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(body(same).await, bytes.slice(10..20));
    let weak = format!("W/{etag}");
    for other in ["\"other\"", &weak, "Tue, 03 Nov 2026 00:00:00 GMT"] {
        let response = get(&store, &key, &[range.clone(), (header::IF_RANGE, other)]).await;
        assert_eq!(response.status(), StatusCode::OK, "{other}");
        assert_eq!(body(response).await, bytes);
    }
}
