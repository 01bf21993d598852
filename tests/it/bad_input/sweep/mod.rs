//! Anything at all, to every route: never an error of ours, never a panic (which would be answered by 500), nothing told, nothing run.

mod bodies;

use self::bodies::{NAMES, bodies};
use super::{MARKUP, Trap, assert_discreet, assert_text_only, assert_the_worker_lives, dead_jobs};
use axum::body::Body;
use axum::http::Method;
use rstest::rstest;
use server::access::viewer::Role;
use server::routes;
use server::time_id::{AccountId, PostId, UploadId};
use tests::browser::encoded;
use tests::{Answer, Browser, Database, TestApp};

/// Bytes that some layer might trip over.
fn hostile(trap: &Trap) -> Vec<Vec<u8>> {
    let texts = [
        MARKUP,
        "\0",
        "a\0b",
        "\u{1}\u{1b}\u{7f}\u{85}",
        "\u{202e}\u{2066}\u{feff}\u{200d}",
        "\r\nset-cookie: x=y\r\n\r\n",
        "\t",
        " ",
        "' OR 1=1 --",
        "\"; DROP TABLE posts; --",
        "$1",
        "%s%n",
        "{{7*7}}",
        "\\",
        "\\u0000",
        "title:(+a -b) AND \"x y\"~2^3 [a TO *] NOT",
        "*",
        "\"",
        "^~",
        "AND",
        "../../../etc/passwd",
        "..\\..\\",
        "//evil.example/",
        "/\\evil",
        "/\0",
        "/\u{1b}x",
        "/\t/evil.example",
        "-1",
        "0",
        "+5",
        "18446744073709551616",
        "9223372036854775807",
        "-9223372036854775808",
        "NaN",
        "1e309",
        "0x10",
        "７",
        "00000000-0000-0000-0000-000000000000",
        "urn:uuid:00000000-0000-7000-8000-000000000000",
        "1795316400000_\0",
        "1795316400000_'",
        "-9223372036854775808_a",
        "_",
    ];
    let mut all: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    all.extend([
        b"\xff\xfe".to_vec(),
        b"\xc0\xaf".to_vec(),
        b"\xed\xa0\x80".to_vec(),
        b"a\xf0\x9f".to_vec(),
    ]);
    all.extend(
        [
            "(".repeat(3000),
            "あ".repeat(3000),
            "\u{fdfa}".repeat(2000),
            "e\u{301}".repeat(3000),
            "👨\u{200d}".repeat(1500),
        ]
        .map(String::into_bytes),
    );
    all.push(trap.url("x").into_bytes());
    all
}

struct Scene {
    site: TestApp,
    trap: Trap,
    author: AccountId,
    moderator: AccountId,
}

impl Scene {
    async fn set(database: Database) -> Self {
        let site = TestApp::start(database).await;
        let author = site.create_account("かきて", Role::Member, true).await;
        let moderator = site.create_account("みるひと", Role::Moderator, true).await;
        Self { site, trap: Trap::set(), author, moderator }
    }

    #[track_caller]
    fn look(&self, what: &str, answer: &Answer) {
        let status = answer.status.as_u16();
        assert!(status < 500, "{what}: {status}\n{}", answer.text());
        assert!(
            !answer.headers.contains_key("set-cookie")
                || !answer.header("set-cookie").starts_with("x="),
            "{what}"
        );
        let to = answer.location();
        assert!(
            !to.starts_with("//") && !to.contains("evil") || to.starts_with("/login?next="),
            "{what} leads to {to}"
        );
        assert_text_only(what, answer);
        assert_discreet(&self.site, what, answer);
    }

    /// Ids that are there, in place of a route's parameters.
    fn path(&self, pattern: &str, post: PostId, item: &str) -> String {
        let id = match pattern.split('/').nth(1).unwrap_or_default() {
            "regions" => "uji".to_owned(),
            "people" => self.author.to_string(),
            "review" => item.to_owned(),
            "uploads" => UploadId::new(&self.site.clock).to_string(),
            _ => post.to_string(),
        };
        let values = [
            ("{id}", id.as_str()),
            ("{kind}", "recipe"),
            ("{tag}", "x"),
            ("{generation}", "1"),
            ("{*file}", "x"),
            ("{file}", "360.jpg"),
        ];
        values.iter().fold(pattern.to_owned(), |path, (name, value)| path.replace(name, value))
    }

    /// The pattern's addresses with one parameter hostile, the others as they should be.
    fn paths(&self, pattern: &str, value: &str, post: PostId, item: &str) -> Vec<String> {
        ["{id}", "{kind}", "{tag}", "{generation}", "{*file}", "{file}"]
            .iter()
            .filter(|name| pattern.contains(**name))
            .map(|name| self.path(&pattern.replace(name, value), post, item))
            .collect()
    }

    async fn end(self) {
        assert_eq!(dead_jobs(&self.site).await, 0);
        self.trap.assert_nobody_came();
        let mut author = self.site.logged_in(self.author).await;
        self.site.clock.advance(std::time::Duration::from_secs(2 * 3600));
        assert_the_worker_lives(&self.site, &mut author).await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_address_and_no_query_is_an_error_of_ours(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let scene = Scene::set(database).await;
    let author = scene.site.logged_in(scene.author).await;
    let moderator = scene.site.logged_in(scene.moderator).await;
    let published = scene.site.post(&moderator).tagged("x").published().await;
    let waiting = scene.site.post(&author).submitted().await;
    let item = scene.site.review_item(waiting).await.to_string();
    server::discovery::index::catch_up(&scene.site.app).await.unwrap();
    // One has no account, the other may go everywhere.
    let mut viewers = [scene.site.visitor(), moderator];
    let values = hostile(&scene.trap);
    let mut odd: Vec<String> =
        ["?", "?&&==&%&%zz&a=b=c", "?%00=%00&%ff=%ff", "?before=", "?after=%"]
            .map(str::to_owned)
            .into();
    odd.push(format!("?{}", "a=b&".repeat(2000)));
    for value in &values {
        let value = encoded(value);
        let all: Vec<String> = NAMES.iter().map(|name| format!("{name}={value}")).collect();
        odd.push(format!(
            "?{}",
            if value.len() > 2000 { format!("q={value}") } else { all.join("&") }
        ));
        odd.push(format!("?before=1795316400000_{value}&after=1795316400000_{value}"));
        odd.push(format!("?q={value}&kind=recipe&region=uji&age=7&after=20"));
    }
    for line in routes::table().lines().iter().filter(|line| line.method == Method::GET) {
        let mut paths: Vec<String> =
            odd.iter().map(|query| scene.path(line.path, published, &item) + query).collect();
        for value in &values {
            paths.extend(scene.paths(line.path, &encoded(value), published, &item));
        }
        for path in paths {
            for viewer in &mut viewers {
                let answer = viewer.get(&path).await;
                scene.look(&format!("GET {path}"), &answer);
            }
        }
    }
    scene.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_body_is_an_error_of_ours(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let scene = Scene::set(database).await;
    let values = hostile(&scene.trap);
    let author = scene.site.logged_in(scene.author).await;
    let moderator = scene.site.logged_in(scene.moderator).await;
    let is_get = |method: &Method| [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
    for line in routes::table().lines().iter().filter(|line| !is_get(&line.method)) {
        // No body is refused for coming too often.
        scene.site.clock.advance(std::time::Duration::from_secs(2 * 3600));
        let mut published = scene.site.post(&moderator).published().await;
        for (count, (kind, body)) in bodies(line.path, &values).into_iter().enumerate() {
            if count % 20 == 19 {
                scene.site.clock.advance(std::time::Duration::from_secs(2 * 3600));
            }
            let post = match line.path {
                "/posts/{id}/thanks" => published,
                "/posts/new" | "/me/settings" => PostId::new(&scene.site.clock),
                "/review/{id}" => scene.site.post(&author).submitted().await,
                path if path.starts_with("/posts/") => scene.site.post(&author).draft().await,
                _ => PostId::new(&scene.site.clock),
            };
            let item = if line.path == "/review/{id}" {
                scene.site.review_item(post).await.to_string()
            } else {
                String::new()
            };
            let path = scene.path(line.path, post, &item);
            // Logging out, and a new password, end a session.
            let id = if line.path == "/review/{id}" { scene.moderator } else { scene.author };
            let mut viewers = vec![scene.site.logged_in(id).await];
            if count < 30 {
                viewers.push(scene.site.visitor());
            }
            for viewer in &mut viewers {
                let answer = send(viewer, &line.method, &path, &kind, &body).await;
                let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
                scene.look(&format!("{} {} {kind}: {shown}", line.method, line.path), &answer);
            }
            if count % 50 == 49 {
                published = scene.site.post(&moderator).published().await;
            }
        }
    }
    scene.site.run_jobs().await;
    scene.end().await;
}

async fn send(
    viewer: &mut Browser,
    method: &Method,
    path: &str,
    kind: &str,
    body: &[u8],
) -> Answer {
    let mut headers = vec![
        ("tus-resumable", "1.0.0"),
        ("upload-length", "100"),
        ("upload-offset", "0"),
        ("x-http-method-override", "PATCH"),
    ];
    if !kind.is_empty() {
        headers.push(("content-type", kind));
    }
    viewer.request(method.clone(), path, &headers, Body::from(body.to_vec())).await
}
