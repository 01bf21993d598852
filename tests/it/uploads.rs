//! The tus server, on both databases and both media stores.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::ServiceExt as _;
use axum::body::Body;
use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use rstest::rstest;
use sea_query::{Expr, ExprTrait, Query};
use server::access::policy::{self, Proof, Write};
use server::access::viewer::{Account, AccountState, Role, Viewer};
use server::access::{secret, session};
use server::app::App;
use server::db::Db;
use server::db::tables::{Accounts, Videos};
use server::media::upload::{self, EXPIRES_AFTER, NewUpload, PurgeUploads};
use server::media::{Key, Store};
use server::posts;
use server::time_id::{AccountId, Clock, PostId, SessionId, UploadId, VideoId};
use sha2::Digest;
use tests::garage::Garage;
use tests::{Answer, Browser, Database, TestApp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const MIB: usize = 1024 * 1024;
const PATCH_TYPE: (&str, &str) = ("content-type", "application/offset+octet-stream");
const TUS: (&str, &str) = ("tus-resumable", "1.0.0");

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Folder,
    S3,
}

/// A site with a member, and what must live as long.
struct Fixture {
    site: TestApp,
    token: String,
    account: AccountId,
    browser: Browser,
    _garage: Option<Arc<Garage>>,
}

impl Fixture {
    async fn start(database: Database, kind: Kind) -> Self {
        let garage = match kind {
            Kind::Folder => None,
            Kind::S3 => Some(Garage::shared().await),
        };
        let settings = garage.as_deref().map(s3_settings).unwrap_or_default();
        let settings: Vec<(&str, &str)> =
            settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let site = TestApp::start_with(database, &settings).await;
        let (account, token) = log_in(&site.app.db, &site.app.clock, true).await;
        let browser = with_session(&site.app, &token);
        Self { site, token, account, browser, _garage: garage }
    }

    fn app(&self) -> &App {
        &self.site.app
    }

    fn store(&self) -> &Store {
        &self.site.app.media
    }

    async fn create(&mut self, length: usize) -> String {
        let length = length.to_string();
        let headers = [TUS, ("upload-length", &length), ("upload-metadata", "filename YS5tcDQ=")];
        let answer = self.send(Method::POST, "/uploads", &headers, Body::empty()).await.expect(201);
        answer.location().to_owned()
    }

    async fn patch(&mut self, path: &str, offset: usize, bytes: &Bytes) -> Answer {
        let offset = offset.to_string();
        let headers = [TUS, PATCH_TYPE, ("upload-offset", &offset)];
        self.send(Method::PATCH, path, &headers, pieces(bytes)).await
    }

    async fn head(&mut self, path: &str) -> Answer {
        self.send(Method::HEAD, path, &[TUS], Body::empty()).await
    }

    async fn offset(&mut self, path: &str) -> usize {
        self.head(path).await.expect(200).header("upload-offset").parse().unwrap()
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        self.browser.request(method, path, headers, body).await
    }

    /// The finished upload's bytes, taken over as a feature would.
    async fn assembled(&self, path: &str) -> Bytes {
        let key = Key::video_source(VideoId::new(&Clock::System));
        // A job may run twice.
        for _ in 0..2 {
            upload::assemble(self.app(), id(path), &key).await.unwrap();
        }
        let body = self.store().read(&key, None).await.unwrap();
        let chunks: Vec<Bytes> = body.stream.try_collect().await.unwrap();
        chunks.concat().into()
    }

    /// What the media store holds of unfinished uploads, in a folder.
    fn partial_files(&self) -> usize {
        let folder = self.site.data.path().join("media/partial/uploads");
        std::fs::read_dir(folder).map_or(0, Iterator::count)
    }

    /// The site on a port of its own, for what needs a real connection.
    async fn listen(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let site = self.app().site();
        tokio::spawn(async move {
            let service = site.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, service).await.unwrap();
        });
        address
    }
}

pub fn s3_settings(garage: &Garage) -> Vec<(&'static str, String)> {
    let config = garage.config().clone();
    vec![
        ("S3_ENDPOINT", config.endpoint.unwrap()),
        ("S3_REGION", config.region),
        ("S3_BUCKET", config.bucket),
        ("S3_ACCESS_KEY_ID", config.access_key_id),
        ("S3_SECRET_ACCESS_KEY", config.secret_access_key),
    ]
}

/// A member with a session. Gives the cookie's token.
pub async fn log_in(db: &Db, clock: &Clock, is_confirmed: bool) -> (AccountId, String) {
    let (id, name, now) = (AccountId::new(clock), secret(), clock.now());
    let insert = Query::insert()
        .into_table(Accounts::Table)
        .columns([
            Accounts::Id,
            Accounts::Nickname,
            Accounts::NicknameKey,
            Accounts::Email,
            Accounts::EmailKey,
            Accounts::PasswordHash,
            Accounts::Role,
            Accounts::State,
            Accounts::Language,
            Accounts::ConfirmedAt,
            Accounts::CreatedAt,
            Accounts::UpdatedAt,
        ])
        .values_panic([
            id.into(),
            name.as_str().into(),
            name.as_str().into(),
            name.as_str().into(),
            name.as_str().into(),
            "-".into(),
            Role::Member.into(),
            AccountState::Active.into(),
            "ja".into(),
            is_confirmed.then_some(now).into(),
            now.into(),
            now.into(),
        ])
        .take();
    let mut tx = db.begin().await.unwrap();
    tx.execute(&insert).await.unwrap();
    let token = session::start(&mut tx, clock, id, "test").await.unwrap();
    tx.commit().await.unwrap();
    (id, token)
}

fn with_session(app: &App, token: &str) -> Browser {
    let mut browser = Browser::new(app).script();
    browser.set_cookie(session::cookie_name(app), token);
    browser
}

fn proof(account: AccountId) -> Proof<Write> {
    policy::can_write(&viewer(account)).unwrap()
}

fn viewer(account: AccountId) -> Viewer {
    Viewer::Account(Arc::new(Account {
        id: account,
        session_id: SessionId::new(&Clock::System),
        nickname: String::new(),
        email: String::new(),
        role: Role::Member,
        state: AccountState::Active,
        trust_level: 0,
        region_id: None,
        language: "ja".to_owned(),
        is_confirmed: true,
    }))
}

fn id(path: &str) -> UploadId {
    path.rsplit('/').next().unwrap().parse().unwrap()
}

pub fn random(length: usize) -> Bytes {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).unwrap();
    bytes.into()
}

/// The bytes as a network gives them.
fn pieces(bytes: &Bytes) -> Body {
    let bytes = bytes.clone();
    let starts = (0..bytes.len()).step_by(50_123);
    let chunks = starts.map(move |at| bytes.slice(at..bytes.len().min(at + 50_123)));
    Body::from_stream(stream::iter(chunks.map(Ok::<_, std::io::Error>)))
}

/// Each test on both databases and both stores.
macro_rules! on_all {
    ($(async fn $name:ident($it:ident: Fixture) $body:block)+) => {$(
        #[rstest]
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name(
            #[values(Database::Sqlite, Database::Postgres)] database: Database,
            #[values(Kind::Folder, Kind::S3)] kind: Kind,
        ) {
            #[allow(unused_mut)]
            let mut $it = Fixture::start(database, kind).await;
            $body
        }
    )+};
}

on_all! {
    async fn an_upload_in_pieces_arrives_whole(it: Fixture) {
        let whole = random(13 * MIB + 17);
        let path = it.create(whole.len()).await;
        let mut offset = 0;
        for length in [1, 6 * MIB, 100_000, 0, 5 * MIB, whole.len()] {
            let end = whole.len().min(offset + length);
            let answer = it.patch(&path, offset, &whole.slice(offset..end)).await.expect(204);
            offset = end;
            assert_eq!(answer.header("upload-offset"), offset.to_string());
            assert_eq!(answer.header("tus-resumable"), "1.0.0");
            assert_eq!(it.offset(&path).await, offset);
        }
        // Its last answer was lost: asking again changes nothing.
        it.patch(&path, offset, &Bytes::new()).await.expect(204);
        let answer = it.head(&path).await.expect(200);
        assert_eq!(answer.header("upload-length"), whole.len().to_string());
        assert_eq!(answer.header("upload-metadata"), "filename YS5tcDQ=");
        assert_eq!(answer.header("cache-control"), "no-store");
        let complete = upload::find_complete(&it.app().db, id(&path)).await.unwrap().unwrap();
        assert_eq!((complete.file_name.as_str(), complete.owner_id), ("a.mp4", it.account));
        assert_eq!(it.assembled(&path).await, whole);
    }

    async fn a_new_upload_may_bring_its_first_bytes(it: Fixture) {
        let whole = random(MIB);
        let length = whole.len().to_string();
        let headers = [TUS, PATCH_TYPE, ("upload-length", &length)];
        let answer = it
            .send(Method::POST, "/uploads", &headers, pieces(&whole.slice(..600_000)))
            .await
            .expect(201);
        assert_eq!(answer.header("upload-offset"), "600000");
        assert_eq!(answer.header("upload-expires"), "Wed, 25 Nov 2026 03:00:00 GMT");
        let path = answer.location().to_owned();
        it.patch(&path, 600_000, &whole.slice(600_000..)).await.expect(204);
        assert_eq!(it.assembled(&path).await, whole);
    }

    async fn bytes_with_the_wrong_checksum_do_not_count(it: Fixture) {
        let whole = random(7 * MIB);
        let path = it.create(whole.len()).await;
        it.patch(&path, 0, &whole.slice(..MIB)).await.expect(204);
        let rest = whole.slice(MIB..);
        let right = BASE64.encode(sha2::Sha256::digest(&rest));
        let wrong = BASE64.encode(sha2::Sha256::digest(&whole));
        let offset = MIB.to_string();
        let checksum = format!("sha256 {wrong}");
        let headers = [TUS, PATCH_TYPE, ("upload-offset", &offset), ("upload-checksum", &checksum)];
        let answer = it.send(Method::PATCH, &path, &headers, pieces(&rest)).await.expect(460);
        assert_eq!(answer.json()["error"], "upload-checksum");
        assert_eq!(it.offset(&path).await, MIB);
        let checksum = format!("sha256 {right}");
        let headers = [TUS, PATCH_TYPE, ("upload-offset", &offset), ("upload-checksum", &checksum)];
        it.send(Method::PATCH, &path, &headers, pieces(&rest)).await.expect(204);
        assert_eq!(it.assembled(&path).await, whole);
    }

    async fn more_bytes_than_announced_are_refused_and_the_rest_is_kept(it: Fixture) {
        let whole = random(MIB);
        let path = it.create(whole.len()).await;
        it.patch(&path, 0, &whole.slice(..500_000)).await.expect(204);
        // Said beforehand: nothing of it is taken.
        let body = Body::from(whole.slice(..600_000));
        let headers = [TUS, PATCH_TYPE, ("upload-offset", "500000"), ("content-length", "600000")];
        it.send(Method::PATCH, &path, &headers, body).await.expect(413);
        assert_eq!(it.offset(&path).await, 500_000);
        // Not said: what fits may be taken.
        it.patch(&path, 500_000, &random(600_000)).await.expect(413);
        let offset = it.offset(&path).await;
        assert!((500_000..=MIB).contains(&offset), "{offset}");
    }

    async fn an_ended_upload_is_gone_with_its_bytes(it: Fixture) {
        let path = it.create(8 * MIB).await;
        it.patch(&path, 0, &random(6 * MIB)).await.expect(204);
        it.send(Method::DELETE, &path, &[TUS], Body::empty()).await.expect(204);
        it.head(&path).await.expect(410);
        it.patch(&path, 6 * MIB, &random(2 * MIB)).await.expect(410);
        it.send(Method::DELETE, &path, &[TUS], Body::empty()).await.expect(410);
        it.site.run_jobs().await;
        assert_eq!(it.partial_files(), 0);
    }

    async fn an_upload_that_nobody_goes_on_with_expires(it: Fixture) {
        let path = it.create(8 * MIB).await;
        it.site.clock.advance(EXPIRES_AFTER - Duration::from_secs(1));
        // Every byte gives it new time.
        it.patch(&path, 0, &random(6 * MIB)).await.expect(204);
        it.site.clock.advance(EXPIRES_AFTER - Duration::from_secs(1));
        purge(&it).await;
        assert_eq!(it.offset(&path).await, 6 * MIB);
        it.site.clock.advance(Duration::from_secs(1));
        it.head(&path).await.expect(410);
        purge(&it).await;
        it.patch(&path, 6 * MIB, &random(2 * MIB)).await.expect(410);
        assert_eq!(it.partial_files(), 0);
        // After a while even its name is forgotten.
        it.site.clock.advance(EXPIRES_AFTER * 4);
        purge(&it).await;
        it.browser = {
            let (_, token) = log_in(&it.site.app.db, &it.site.app.clock, true).await;
            with_session(it.app(), &token)
        };
        it.head(&path).await.expect(404);
    }

    async fn a_complete_upload_that_no_feature_took_is_purged(it: Fixture) {
        let (taken, left) = (it.create(1000).await, it.create(1000).await);
        for path in [&taken, &left] {
            it.patch(path, 0, &random(1000)).await.expect(204);
        }
        // As when its post was withdrawn and the video purged.
        let delete = Query::delete()
            .from_table(Videos::Table)
            .and_where(Expr::col(Videos::UploadId).eq(id(&left)))
            .take();
        let mut tx = it.app().db.begin().await.unwrap();
        assert_eq!(tx.execute(&delete).await.unwrap(), 1, "a complete upload is a video");
        tx.commit().await.unwrap();
        it.site.clock.advance(EXPIRES_AFTER);
        purge(&it).await;
        let db = &it.app().db;
        assert!(upload::find_complete(db, id(&taken)).await.unwrap().is_some());
        assert!(upload::find_complete(db, id(&left)).await.unwrap().is_none());
    }

    async fn a_cut_connection_keeps_what_arrived(it: Fixture) {
        let whole = random(20 * MIB);
        let path = it.create(whole.len()).await;
        let address = it.listen().await;
        let sent = 12 * MIB + 345;
        let mut connection = patch_by_hand(address, &it.token, &path, 0, whole.len()).await;
        connection.write_all(&whole[..sent]).await.unwrap();
        // Closes the socket; the rest never comes.
        drop(connection);
        // HEAD asks the request before it to stop, and then says where that came to. The kernel may
        // not have handed over the last bytes by then.
        let mut offset = it.offset(&path).await;
        let begun = Instant::now();
        while offset < sent && begun.elapsed() < Duration::from_secs(1) {
            let again = it.offset(&path).await;
            if again == offset { break }
            offset = again;
        }
        assert!(offset <= sent, "{offset} of {sent}");
        it.patch(&path, offset, &whole.slice(offset..)).await.expect(204);
        assert_eq!(it.assembled(&path).await, whole);
    }

    async fn a_stalled_connection_makes_way_for_a_new_one(it: Fixture) {
        let whole = random(9 * MIB);
        let path = it.create(whole.len()).await;
        let address = it.listen().await;
        let mut stalled = patch_by_hand(address, &it.token, &path, 0, whole.len()).await;
        stalled.write_all(&whole[..7 * MIB]).await.unwrap();
        let begun = Instant::now();
        let offset = it.offset(&path).await;
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
        let mut answer = String::new();
        // The old request is answered before its connection closes; the peer may already be gone.
        let _ = stalled.read_to_string(&mut answer).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 423"), "{answer}");
        it.patch(&path, offset, &whole.slice(offset..)).await.expect(204);
        assert_eq!(it.assembled(&path).await, whole);
    }

    async fn two_senders_at_once_do_not_mix_their_bytes(it: Fixture) {
        let whole = random(12 * MIB);
        let path = it.create(whole.len()).await;
        let mut browsers = vec![it.browser.clone(); 4];
        let answers = stream::iter(browsers.iter_mut())
            .map(|browser| {
                let headers = [TUS, PATCH_TYPE, ("upload-offset", "0")];
                let (path, body) = (path.clone(), pieces(&whole));
                async move { browser.request(Method::PATCH, &path, &headers, body).await.status }
            })
            .buffer_unordered(4)
            .collect::<Vec<_>>()
            .await;
        assert!(answers.iter().all(|status| [204, 409, 423].contains(&status.as_u16())), "{answers:?}");
        let offset = it.offset(&path).await;
        if offset < whole.len() {
            it.patch(&path, offset, &whole.slice(offset..)).await.expect(204);
        }
        assert_eq!(it.assembled(&path).await, whole);
    }

    async fn a_plain_form_brings_a_whole_file(it: Fixture) {
        let whole = random(6 * MIB);
        let new = NewUpload {
            length: 6 * MIB as u64,
            file_name: "../../etc/はなこ.mov".to_owned(),
            content_type: "video/quicktime".to_owned(),
            post_id: None,
        };
        let proof = proof(it.account);
        let taken = upload::receive_whole(it.app(), &proof, &new, pieces(&whole)).await.unwrap();
        assert_eq!((taken.length, taken.file_name.as_str()), (6 * MIB as u64, "はなこ.mov"));
        assert_eq!(it.assembled(&format!("/uploads/{}", taken.id)).await, whole);
        let shorter = upload::receive_whole(it.app(), &proof, &new, pieces(&whole.slice(..MIB)));
        let shorter = shorter.await.unwrap();
        assert_eq!(shorter.length, MIB as u64);
        assert_eq!(it.assembled(&format!("/uploads/{}", shorter.id)).await, whole.slice(..MIB));
        let longer = upload::receive_whole(it.app(), &proof, &new, pieces(&random(7 * MIB))).await;
        assert!(matches!(longer, Err(server::error::Error::TooLarge)), "{longer:?}");
        let cut = stream::iter([
            Ok(whole.slice(..MIB)),
            Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
        ]);
        let cut = upload::receive_whole(it.app(), &proof, &new, Body::from_stream(cut)).await;
        assert!(matches!(cut, Err(server::error::Error::BadRequest(_))), "{cut:?}");
        // Nobody can go on with these.
        it.site.run_jobs().await;
        assert_eq!(it.partial_files(), 0);
    }
}

async fn purge(it: &Fixture) {
    let mut tx = it.app().db.begin().await.unwrap();
    server::jobs::enqueue(&mut tx, &it.app().clock, &PurgeUploads::default()).await.unwrap();
    tx.commit().await.unwrap();
    it.site.run_jobs().await;
}

/// The head of a PATCH, written on a bare socket. The bytes are the caller's to write.
pub async fn patch_by_hand(
    address: SocketAddr,
    token: &str,
    path: &str,
    offset: usize,
    length: usize,
) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "PATCH {path} HTTP/1.1\r\nhost: localhost\r\ncookie: session={token}\r\n\
         connection: close\r\ntus-resumable: 1.0.0\r\nupload-offset: {offset}\r\n\
         content-type: application/offset+octet-stream\r\ncontent-length: {length}\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_wrong_request_has_its_own_answer(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let mut it = Fixture::start(database, Kind::Folder).await;
    let path = it.create(1000).await;
    it.patch(&path, 0, &random(10)).await.expect(204);
    let most = (it.app().config.video_max_bytes + 1).to_string();
    let unknown = format!("/uploads/{}", UploadId::new(&Clock::System));
    let (post, patch) = (Method::POST, Method::PATCH);
    let at = ("upload-offset", "10");
    let new = ("upload-length", "1000");
    #[rustfmt::skip]
    type Case<'a> = (&'a Method, &'a str, &'a [(&'a str, &'a str)], u16);
    let cases: &[Case<'_>] = &[
        (&post, "/uploads", &[new], 412),
        (&post, "/uploads", &[("tus-resumable", "0.2.2"), new], 412),
        (&post, "/uploads", &[TUS], 400),
        (&post, "/uploads", &[TUS, ("upload-length", "-1")], 400),
        (&post, "/uploads", &[TUS, ("upload-length", "0")], 400),
        (&post, "/uploads", &[TUS, ("upload-defer-length", "1")], 400),
        (&post, "/uploads", &[TUS, ("upload-length", &most)], 413),
        (&post, "/uploads", &[TUS, ("upload-length", "99999999999999999999")], 400),
        (&post, "/uploads", &[TUS, new, ("upload-metadata", "filename ?")], 400),
        (&post, "/uploads", &[TUS, new, ("content-type", "video/mp4")], 415),
        (&patch, &path, &[PATCH_TYPE, at], 412),
        (&patch, &path, &[TUS, at], 415),
        (&patch, &path, &[TUS, ("content-type", "video/mp4"), at], 415),
        (&patch, &path, &[TUS, PATCH_TYPE], 400),
        (&patch, &path, &[TUS, PATCH_TYPE, ("upload-offset", "ten")], 400),
        (&patch, &path, &[TUS, PATCH_TYPE, ("upload-offset", "0")], 409),
        (&patch, &path, &[TUS, PATCH_TYPE, ("upload-offset", "11")], 409),
        (&patch, &path, &[TUS, PATCH_TYPE, ("upload-offset", "99999")], 409),
        (&patch, &path, &[TUS, PATCH_TYPE, at, ("upload-checksum", "crc32 AAAA")], 400),
        (&patch, &path, &[TUS, PATCH_TYPE, at, ("upload-checksum", "sha1")], 400),
        (&patch, &unknown, &[TUS, PATCH_TYPE, at], 404),
        (&patch, "/uploads/..%2f..%2fetc", &[TUS, PATCH_TYPE, at], 404),
        (&Method::HEAD, &path, &[], 412),
        (&Method::HEAD, &unknown, &[TUS], 404),
        (&Method::DELETE, &unknown, &[TUS], 404),
        (&post, &path, &[TUS], 400),
    ];
    for (method, path, headers, status) in cases {
        let answer = it.send((*method).clone(), path, headers, Body::empty()).await;
        assert_eq!(answer.status.as_u16(), *status, "{method} {path} {headers:?}");
        assert_eq!(answer.header("tus-resumable"), "1.0.0", "{method} {path} {headers:?}");
        if *method != Method::HEAD {
            let words = answer.json()["message"].as_str().unwrap_or_default().to_owned();
            assert!(words.chars().count() > 5, "no words for {method} {path} {headers:?}");
        }
    }
    let answer = it.send(patch, &path, &[TUS, PATCH_TYPE, ("upload-offset", "0")], Body::empty());
    assert_eq!(answer.await.header("upload-offset"), "10", "a wrong offset is told the right one");
    assert_eq!(it.offset(&path).await, 10);
    let headers = [TUS, PATCH_TYPE, at, ("x-http-method-override", "PATCH")];
    it.send(post, &path, &headers, Body::from("more")).await.expect(204);
    assert_eq!(it.offset(&path).await, 14);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_exists_for_its_owner_alone(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let mut it = Fixture::start(database, Kind::Folder).await;
    let path = it.create(1000).await;
    let (_, token) = log_in(&it.app().db, &it.app().clock, true).await;
    let mut other = with_session(it.app(), &token);
    let headers = [TUS, PATCH_TYPE, ("upload-offset", "0")];
    for method in [Method::HEAD, Method::PATCH, Method::DELETE] {
        other.request(method.clone(), &path, &headers, Body::from("x")).await.expect(404);
        let mut nobody = it.site.visitor().script();
        nobody.request(method, &path, &headers, Body::from("x")).await.expect(401);
    }
    let (_, token) = log_in(&it.app().db, &it.app().clock, false).await;
    let mut unconfirmed = with_session(it.app(), &token);
    let headers = [TUS, ("upload-length", "10")];
    unconfirmed.request(Method::POST, "/uploads", &headers, Body::empty()).await.expect(403);
    let elsewhere = [TUS, ("upload-length", "10"), ("sec-fetch-site", "cross-site")];
    it.send(Method::POST, "/uploads", &elsewhere, Body::empty()).await.expect(403);
    assert_eq!(it.offset(&path).await, 0);
    // Nor does anyone send to a post that is another's, or none.
    let post =
        posts::actions::create(it.app(), &viewer(it.account), posts::Kind::Tip).await.unwrap();
    for (post, own, others) in [(post.post.id, 201, 404), (PostId::new(&Clock::System), 404, 404)] {
        let metadata = format!("post_id {}", BASE64.encode(post.to_string()));
        let headers = [TUS, ("upload-length", "10"), ("upload-metadata", metadata.as_str())];
        it.send(Method::POST, "/uploads", &headers, Body::empty()).await.expect(own);
        other.request(Method::POST, "/uploads", &headers, Body::empty()).await.expect(others);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_opens_uploads_without_end(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let mut it = Fixture::start(database, Kind::Folder).await;
    for number in 1..=20 {
        it.create(1000).await;
        if number % 4 == 0 {
            // Fewer may be on their way at a time: see `limits`.
            it.site.clock.advance(Duration::from_secs(3601));
        }
    }
    let headers = [TUS, ("upload-length", "1000")];
    let answer = it.send(Method::POST, "/uploads", &headers, Body::empty()).await.expect(429);
    assert_eq!(answer.header("retry-after"), "3600");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_says_what_it_can_do() {
    let it = Fixture::start(Database::Sqlite, Kind::Folder).await;
    let mut nobody = it.site.visitor();
    for path in ["/uploads", "/uploads/1"] {
        let answer = nobody.request(Method::OPTIONS, path, &[], Body::empty()).await.expect(204);
        assert_eq!(answer.header("tus-version"), "1.0.0");
        assert_eq!(answer.header("tus-max-size"), it.app().config.video_max_bytes.to_string());
        let extensions = "creation,creation-with-upload,termination,expiration,checksum";
        assert_eq!(answer.header("tus-extension"), extensions);
        assert_eq!(answer.header("tus-checksum-algorithm"), "sha1,sha256");
    }
}
