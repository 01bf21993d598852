//! `<script>` in every field: shown as the text it is, wherever it is shown.

mod scene;

use self::scene::{FILE, SHORT, Scene, as_fields, assert_shown, words};
use super::MARKUP;
use axum::body::Body;
use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use server::access::viewer::Role;
use server::discovery::index;
use tests::accounts::{PASSWORD, email_of};
use tests::browser::{encoded, field, link};
use tests::{Browser, Database, TestApp, media};

impl Scene {
    /// Sign-up, log-in and settings.
    async fn door(&mut self) {
        let mut visitor = self.site.visitor();
        for typed in [MARKUP, SHORT, "\" onmouseover=\"alert(1)"] {
            for (path, names) in [
                ("/signup", &["nickname", "email", "password"][..]),
                ("/login", &["email", "password", "next"]),
                ("/forgot", &["email"]),
                ("/confirm", &["token"]),
                ("/reset", &["token", "password"]),
                ("/language", &["lang", "next"]),
            ] {
                let fields: Vec<_> = names.iter().map(|name| (*name, typed)).collect();
                let answer = self.post(&mut visitor, path, &fields).await;
                if answer.status == 422 && typed == MARKUP {
                    assert_shown(path, &answer);
                }
            }
            for path in [
                "/login?next=",
                "/confirm?token=",
                "/reset?token=",
                "/search?q=",
                "/?x=",
                "/no-such-page/",
            ] {
                self.get(&mut visitor, &format!("{path}{}", encoded(typed.as_bytes()))).await;
            }
        }
        let mut cookies = self.site.visitor();
        for (name, value) in [
            ("flash", "bad.<script>alert(1)</script>"),
            ("flash", "good.flash-\"><img onerror=x>"),
            ("lang", "\"><script>alert(1)</script>"),
            ("session", "<script>alert(1)</script>"),
            ("signup", "\"><script>alert(1)</script>"),
        ] {
            cookies.set_cookie(name, value);
            self.get(&mut cookies, "/").await.expect(200);
            self.get(&mut cookies, "/signup").await.expect(200);
        }
    }

    /// Someone with a hostile name, from the form and the mail to the session's list.
    async fn newcomer(&mut self, nickname: &str, email: &str) -> Browser {
        let mut browser = self.site.visitor();
        let form = [("nickname", nickname), ("email", email), ("password", PASSWORD)];
        self.post(&mut browser, "/signup", &form).await.expect(200);
        let mail =
            self.site.mails().await.into_iter().rfind(|mail| mail.to == email).expect("a mail");
        let page = browser.get(&mail.link()).await.expect(200).text();
        self.post(&mut browser, "/confirm", &[("token", &field(&page, "token"))]).await.expect(303);
        let agent = [("user-agent", MARKUP), ("content-type", "application/x-www-form-urlencoded")];
        let body = format!(
            "email={}&password={}",
            encoded(email.as_bytes()),
            encoded(PASSWORD.as_bytes())
        );
        browser.request(Method::POST, "/login", &agent, Body::from(body)).await.expect(303);
        self.shown(&mut browser, "/me/settings").await;
        for name in ["nickname", "region", "lang"] {
            let mut fields = vec![
                ("action", "profile"),
                ("nickname", nickname),
                ("region", "uji"),
                ("lang", "ja"),
            ];
            fields.retain(|(known, _)| *known != name);
            fields.push((name, MARKUP));
            let answer = self.post(&mut browser, "/me/settings", &fields).await.expect(422);
            if name == "nickname" {
                assert_shown("settings", &answer);
            }
        }
        browser
    }

    /// A post with the text in each field, a photo and a clip, handed in. Gives its address.
    async fn write(&mut self, author: &mut Browser) -> String {
        let typed = encoded(MARKUP.as_bytes());
        self.shown(author, &format!("/posts/new?kind=recipe&title={typed}&body={typed}")).await;
        self.get(author, &format!("/posts/new?kind={typed}")).await.expect(200);
        let wrong = [
            ("kind", MARKUP),
            ("title", MARKUP),
            ("body", MARKUP),
            ("region", MARKUP),
            ("tags", MARKUP),
            ("age_from", MARKUP),
            ("age_to", MARKUP),
            ("photos_order", MARKUP),
            ("version", MARKUP),
            ("action", "submit"),
        ];
        let answer = self.post(author, "/posts/new", &wrong).await.expect(422);
        assert_shown("/posts/new", &answer);

        let (photo, clip) = (media::photo(400, 300), media::portrait_clip(1));
        let words = words("0", "", "save");
        let files: [(&str, &str, &str, &[u8]); 2] =
            [("photos", FILE, "image/<script>", &photo), ("video", FILE, "video/\"><img", &clip)];
        let sent = author.post_files("/posts/new", &as_fields(&words), &files).await.expect(303);
        let edit = sent.location().to_owned();
        let post = edit.trim_end_matches("/edit").to_owned();
        let form = self.shown(author, &edit).await.text();
        assert!(form.contains("alert(1).mov"), "the film's name is shown");
        self.upload(author, &post).await;
        self.site.run_jobs().await;
        self.caption(author, &post).await;
        let form = self.shown(author, &edit).await.text();
        let (version, order) = (field(&form, "version"), field(&form, "photos_order"));
        assert_eq!(order.len(), 36, "one photo");
        let mut words = self::words(&version, &order, "submit");
        words.push((format!("alt_{order}"), MARKUP.to_owned()));
        self.post(author, &edit, &as_fields(&words)).await.expect(303);
        self.shown(author, &post).await;
        post
    }

    /// Captions that are markup: typed without a time, and from a file.
    async fn caption(&mut self, author: &mut Browser, post: &str) {
        let page = format!("{post}/captions");
        let wrong = [("text", MARKUP), ("language", MARKUP), ("seen", MARKUP)];
        let answer = self.post(author, &page, &wrong).await.expect(422);
        assert_shown(&page, &answer);
        let typed = format!("0:00.1 {MARKUP}");
        let stale = [("text", typed.as_str()), ("seen", MARKUP)];
        let answer = self.post(author, &page, &stale).await.expect(409);
        assert_shown(&page, &answer);
        let file = format!("WEBVTT\n\n{MARKUP}\n00:00.100 --> 00:01.000 {MARKUP}\n{MARKUP}");
        let fields = [("text", ""), ("seen", ""), ("language", "ja")];
        let files = [("file", FILE, "text/<script>", file.as_bytes())];
        author.post_files(&page, &fields, &files).await.expect(303);
        let form = author.get(&page).await.expect(200).text();
        let right = [("text", typed.as_str()), ("seen", &field(&form, "seen"))];
        self.post(author, &page, &right).await.expect(303);
        let track = link(&self.shown(author, &page).await.text(), "/media/captions/");
        let track = self.get(author, &track).await.expect(200);
        assert_eq!(track.header("content-type"), "text/vtt; charset=utf-8");
        track.shows("&lt;script&gt;alert(1)&lt;/script&gt;").hides("<script");
    }

    /// A second film on its way, whose name has everything.
    async fn upload(&mut self, author: &mut Browser, post: &str) {
        let id = post.rsplit('/').next().unwrap();
        let metadata = format!(
            "filename {},filetype {},post_id {}",
            BASE64.encode(MARKUP),
            BASE64.encode(MARKUP),
            BASE64.encode(id)
        );
        let headers = [
            ("tus-resumable", "1.0.0"),
            ("upload-length", "1000"),
            ("upload-metadata", metadata.as_str()),
        ];
        let answer =
            author.request(Method::POST, "/uploads", &headers, Body::empty()).await.expect(201);
        self.shown(author, &format!("{post}/edit")).await;
        let ended =
            author.request(Method::DELETE, answer.location(), &headers[..1], Body::empty()).await;
        ended.expect(204);
    }

    /// Sent back with a hostile note, written again, approved with another.
    async fn review(&mut self, author: &mut Browser, moderator: &mut Browser, post: &str) {
        let queue = self.shown(moderator, "/review").await.text();
        let item = link(&queue, "/review/0");
        self.shown(moderator, &item).await;
        let wrong = [("version", MARKUP), ("action", MARKUP), ("reason", MARKUP), ("note", MARKUP)];
        let answer = self.post(moderator, &item, &wrong).await.expect(422);
        assert_shown(&item, &answer);
        let stale =
            [("version", "99"), ("action", "reject"), ("reason", "quality"), ("note", MARKUP)];
        self.post(moderator, &item, &stale).await.expect(409);
        let sent_back = [
            ("version", "1"),
            ("action", "request_changes"),
            ("reason", "quality"),
            ("note", MARKUP),
        ];
        self.post(moderator, &item, &sent_back).await.expect(303);
        for path in ["/me", "/notices", post, &format!("{post}/edit"), "/posts/new"] {
            self.shown(author, path).await;
        }
        self.mails().await;
        let form = author.get(&format!("{post}/edit")).await.text();
        let (version, order) = (field(&form, "version"), field(&form, "photos_order"));
        let mut again = words(&version, &order, "submit");
        again.push((format!("alt_{order}"), MARKUP.to_owned()));
        self.post(author, &format!("{post}/edit"), &as_fields(&again)).await.expect(303);
        let item = link(&self.shown(moderator, "/review").await.text(), "/review/0");
        let page = self.shown(moderator, &item).await.text();
        let approve = [
            ("version", field(&page, "version")),
            ("action", "approve".into()),
            ("note", MARKUP.into()),
        ];
        let approve: Vec<_> = approve.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.post(moderator, &item, &approve).await.expect(303);
        self.shown(moderator, &item).await;
        self.shown(moderator, "/review/log").await;
        self.mails().await;
    }

    /// What everyone reads, in every language.
    async fn public(&mut self, author: &mut Browser, post: &str) {
        index::catch_up(&self.site.app).await.unwrap();
        let id = self.site.viewer(author).await.id().unwrap();
        for lang in web::Lang::ALL {
            let mut reader = self.site.visitor().in_language(lang.code());
            let tag = encoded(SHORT.as_bytes());
            for path in [
                "/",
                "/kinds/recipe",
                "/regions/uji",
                &format!("/tags/{tag}"),
                &format!("/people/{id}"),
                post,
            ] {
                self.shown(&mut reader, path).await;
            }
            let page = self.shown(&mut reader, post).await.text();
            let json = page.split("<script type=\"application/ld+json\">").nth(1).expect("JSON-LD");
            let json: serde_json::Value =
                serde_json::from_str(json.split("</script>").next().unwrap()).unwrap();
            assert_eq!(json["headline"], MARKUP);
            assert_eq!(json["video"]["name"], MARKUP);
            assert_eq!(json["video"]["transcript"], MARKUP);
            assert_eq!(json["author"]["name"], SHORT);
            for words in ["alert", "script", "img src", MARKUP, SHORT] {
                let q = encoded(words.as_bytes());
                let found = self.shown(&mut reader, &format!("/search?q={q}")).await;
                let filters: String = ["kind", "region", "age", "after"]
                    .map(|name| format!("&{name}={}", encoded(MARKUP.as_bytes())))
                    .concat();
                self.get(&mut reader, &format!("/search?q={q}{filters}")).await.expect(200);
                if words == "alert" {
                    found.shows("<mark>");
                }
            }
            for path in [
                "/",
                "/kinds/recipe",
                "/regions/uji",
                &format!("/tags/{tag}"),
                &format!("/people/{id}"),
            ] {
                self.get(&mut reader, &format!("{path}?before={}", encoded(MARKUP.as_bytes())))
                    .await
                    .expect(200);
            }
        }
    }
}

async fn what_is_typed_stays_text(database: Database) {
    // With the demo's pages, which show the mails too.
    let site = TestApp::start_demo(database).await;
    let mut scene = Scene { site, seen: 0 };
    scene.door().await;
    let mut author = scene.newcomer(SHORT, "img@example.jp").await;
    let moderator = scene.site.create_account("<script>alert(2)", Role::Moderator, true).await;
    let mut moderator = scene.site.logged_in(moderator).await;
    let post = scene.write(&mut author).await;
    scene.review(&mut author, &mut moderator, &post).await;
    scene.public(&mut author, &post).await;
    let mut thankful = scene.newcomer("<script>alert(3)", &email_of("neighbour")).await;
    scene.post(&mut thankful, &format!("{post}/thanks"), &[("on", MARKUP)]).await.expect(400);
    scene.post(&mut thankful, &format!("{post}/thanks"), &[("on", "1")]).await.expect(303);
    scene.shown(&mut author, "/me").await;
    scene.shown(&mut author, "/notices").await;
    scene.post(&mut author, "/notices/read", &[("until", MARKUP)]).await.expect(303);
    assert!(scene.seen > 150, "{} answers were looked at", scene.seen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_stays_text_on_sqlite() {
    what_is_typed_stays_text(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_stays_text_on_postgres() {
    what_is_typed_stays_text(Database::Postgres).await;
}
