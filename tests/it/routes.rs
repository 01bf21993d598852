//! Every line of the route table, asked for by every kind of viewer. The answers are kept in `routes.txt`: a change there is a change
//! of who may see what, and is read by a person.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test -p tests routes` writes the file anew.

use axum::body::Body;
use axum::http::Method;
use server::access::viewer::Role;
use server::routes;
use server::time_id::{AccountId, PostId, UploadId};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use tests::{Browser, Database, TestApp};

/// Who asks.
const VIEWERS: [&str; 6] = ["anonymous", "member", "author", "suspended", "moderator", "admin"];

struct Scene {
    site: TestApp,
    author_id: AccountId,
    viewers: BTreeMap<&'static str, Browser>,
    /// By state of the post that `{id}` stands for.
    posts: BTreeMap<&'static str, PostId>,
    /// The review item of the waiting post.
    item: String,
}

impl Scene {
    async fn set() -> Self {
        let site = TestApp::start(Database::Sqlite).await;
        let author_id = site.create_account("かきて", Role::Member, true).await;
        let author = site.logged_in(author_id).await;
        let mut posts = BTreeMap::new();
        posts.insert("draft", site.post(&author).draft().await);
        let waiting = site.post(&author).submitted().await;
        posts.insert("waiting", waiting);
        posts.insert("published", site.post(&author).tagged("離乳食").published().await);
        let item = site.review_item(waiting).await.to_string();
        let suspended = site.create_account("ていし", Role::Member, true).await;
        site.suspend(suspended).await;
        let viewers = BTreeMap::from([
            ("anonymous", site.visitor()),
            ("member", site.member("よそのひと").await),
            ("author", author),
            ("suspended", site.logged_in(suspended).await),
            ("moderator", site.moderator("みるひと").await),
            ("admin", site.admin("かんり").await),
        ]);
        Self { site, author_id, viewers, posts, item }
    }

    fn path(&self, pattern: &str, post: PostId) -> String {
        let id = match pattern.split('/').nth(1).unwrap_or_default() {
            "regions" => "uji".to_owned(),
            "people" => self.author_id.to_string(),
            "review" => self.item.clone(),
            "uploads" => UploadId::new(&self.site.clock).to_string(),
            _ => post.to_string(),
        };
        pattern
            .replace("{id}", &id)
            .replace("{kind}", "recipe")
            .replace("{tag}", "%E9%9B%A2%E4%B9%B3%E9%A3%9F")
            .replace("{generation}", "1")
            .replace("{*file}", "no-such-file")
            .replace("{file}", "360.jpg")
    }
}

/// One answer in a word: the status, and for a redirect where it leads, without what differs from run to run.
async fn answer(browser: &mut Browser, method: &Method, path: &str) -> String {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = browser.request(method.clone(), path, &form, Body::empty()).await;
    let status = answer.status.as_u16();
    if !answer.status.is_redirection() {
        return status.to_string();
    }
    let path = answer.location().split('?').next().unwrap_or_default();
    if path.starts_with("/assets/") {
        return format!("{status} /assets/…");
    }
    let is_id = |part: &str| part.len() == 36 && part.split('-').count() == 5;
    let parts: Vec<&str> =
        path.split('/').map(|part| if is_id(part) { "…" } else { part }).collect();
    format!("{status} {}", parts.join("/"))
}

/// `{id}` of a post, in every state, where the line is about a post; else one state stands for all.
fn states(pattern: &str) -> &'static [&'static str] {
    if pattern.starts_with("/posts/{id}") {
        &["draft", "waiting", "published"]
    } else {
        &["published"]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_answers_every_kind_of_viewer_as_recorded() {
    let mut table = String::new();
    let mut scene = Scene::set().await;
    for line in routes::table().lines() {
        let changes = !matches!(line.method, Method::GET | Method::HEAD | Method::OPTIONS);
        for state in states(line.path) {
            let shown =
                if states(line.path).len() > 1 { format!(" [{state}]") } else { String::new() };
            let _ = writeln!(table, "{} {}{shown} ({:?})", line.method, line.path, line.access);
            for who in VIEWERS {
                let mut browser = scene.viewers[who].clone();
                let post = scene.posts[state];
                let said = answer(&mut browser, &line.method, &scene.path(line.path, post)).await;
                let _ = writeln!(table, "  {who:<10} {said}");
                if changes && !said.starts_with('4') {
                    scene = Scene::set().await;
                }
            }
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/it/routes.txt");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    let recorded = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        table, recorded,
        "who may see what has changed; read it, then run with UPDATE_SNAPSHOTS=1"
    );
}
