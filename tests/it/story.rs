//! The main road by plain HTML forms: sign up, confirm, post with photos and a film, review, find, play, thank.

use server::discovery::index;
use tests::browser::{field, link};
use tests::{Browser, TestApp, media, on_both_databases};

async fn sign_up(site: &TestApp, nickname: &str) -> Browser {
    let mut browser = site.visitor();
    let email =
        format!("{}@example.jp", tests::accounts::email_of(nickname).split('@').next().unwrap());
    let form =
        [("nickname", nickname), ("email", email.as_str()), ("password", "あさがおの たねを まく")];
    browser.get("/signup").await.expect(200);
    let answer = browser.post("/signup", &form).await;
    assert!(answer.status.is_redirection() || answer.status.is_success(), "{}", answer.text());
    let mail = site.mails().await.into_iter().rfind(|mail| mail.to == email).expect("a mail");
    let confirmed = browser.get(&mail.link()).await;
    if confirmed.status.as_u16() == 200 && confirmed.text().contains("name=\"token\"") {
        let token = field(&confirmed.text(), "token");
        browser.post("/confirm", &[("token", &token)]).await;
    }
    browser
}

on_both_databases! {
    async fn a_recipe_goes_from_the_phone_to_a_neighbour_and_thanks_come_back(site: TestApp) {
        let mut parent = sign_up(&site, "はなこ").await;
        parent.get("/posts/new").await.expect(200);
        parent.get("/posts/new?kind=recipe").await.expect(200).shows("name=\"title\"");
        let photo = media::photo(1600, 1200);
        let clip = media::portrait_clip(2);
        let sent = parent
            .post_files(
                "/posts/new",
                &[
                    ("kind", "recipe"),
                    ("version", "0"),
                    ("title", "離乳食のかぼちゃがゆ"),
                    ("body", "かぼちゃを**つぶして**おかゆに。<script>alert(1)</script>"),
                    ("region", "uji"),
                    ("tags", "離乳食 中期"),
                    ("age_from", "7"),
                    ("age_to", "8"),
                    ("action", "submit"),
                ],
                &[
                    ("photos", "IMG_1.JPG", "image/jpeg", &photo),
                    ("video", "IMG_2.MOV", "video/quicktime", &clip),
                ],
            )
            .await
            .expect(303);
        let post = sent.location().to_owned();
        assert!(post.starts_with("/posts/"), "{post}");
        parent.get(&post).await.expect(200).shows("離乳食のかぼちゃがゆ");
        site.visitor().get(&post).await.expect(404);

        site.run_jobs().await;
        let mut moderator = site.moderator("ゆき").await;
        let queue = moderator.get("/review").await.expect(200).shows("離乳食のかぼちゃがゆ");
        let item = link(&queue.text(), "/review/0");
        let page = moderator.get(&item).await.expect(200).shows("master.m3u8").text();
        let playlist = page
            .split('"')
            .find(|part| part.starts_with("/media/videos/") && part.ends_with("/master.m3u8"))
            .expect("a playlist")
            .to_owned();
        let poster_base = playlist.rsplit_once('/').unwrap().0.to_owned();
        site.visitor().get(&playlist).await.expect(404);
        let version = field(&page, "version");
        let decided =
            moderator.post(&item, &[("action", "approve"), ("version", &version), ("note", "")]).await;
        assert!(decided.status.is_redirection(), "{}", decided.text());

        index::catch_up(&site.app).await.unwrap();
        let mut newcomer = site.visitor();
        for words in ["離乳食", "りにゅうしょく", "かぼちゃ", "リニュウショク"] {
            let encoded: String = form_urlencoded::byte_serialize(words.as_bytes()).collect();
            newcomer.get(&format!("/search?q={encoded}")).await.expect(200).shows(&post);
        }
        newcomer.get("/").await.expect(200).shows(&post);
        newcomer.get("/regions/uji").await.expect(200).shows(&post);
        newcomer.get("/kinds/recipe").await.expect(200).shows(&post);
        newcomer.get("/kinds/tip").await.expect(200).hides(&post);
        let tags: String = form_urlencoded::byte_serialize("離乳食".as_bytes()).collect();
        newcomer.get(&format!("/tags/{tags}")).await.expect(200).shows(&post);

        let page = newcomer.get(&post).await.expect(200).shows("<strong>つぶして</strong>");
        let page = page.hides("<script>alert").text();
        let photo = link(&page, "/media/photos/");
        let bytes = newcomer.get(&photo).await.expect(200).bytes;
        assert!(!bytes.windows(4).any(|window| window == b"Exif"), "the photo still says where it was taken");
        let master = newcomer.get(&playlist).await.expect(200).text();
        assert!(master.contains("RESOLUTION=360x640"), "{master}");
        let rendition = master.lines().find(|line| line.ends_with(".m3u8")).unwrap();
        let media = newcomer.get(&format!("{poster_base}/{rendition}")).await.expect(200).text();
        assert!(media.contains("#EXT-X-ENDLIST"), "{media}");
        let film = newcomer.get(&format!("{poster_base}/plain.mp4")).await.expect(200).bytes;
        assert_eq!(media::size_of(&film), (360, 640));

        let mut neighbour = site.member("まゆ").await;
        let thanks = format!("{post}/thanks");
        let login = newcomer.post(&thanks, &[("on", "1")]).await;
        assert!(login.status.as_u16() == 401 || login.status.is_redirection());
        for _ in 0..2 {
            neighbour.post(&thanks, &[("on", "1")]).await.expect(303);
        }
        let said = neighbour.script().post(&thanks, &[("on", "1")]).await.expect(200).json();
        assert_eq!((&said["thanked"], &said["thanks"]), (&true.into(), &1.into()));
        parent.get("/me").await.expect(200).shows("離乳食のかぼちゃがゆ");
        parent.get("/notices").await.expect(200).shows("離乳食のかぼちゃがゆ");
    }

    async fn a_file_that_is_no_film_comes_back_with_a_word_and_nothing_is_lost(site: TestApp) {
        let mut parent = site.member("はなこ").await;
        let sent = parent
            .post_files(
                "/posts/new",
                &[
                    ("kind", "tip"),
                    ("title", "くつ下の朝"),
                    ("body", "手ぶくろにしてあいさつ"),
                    ("region", "uji"),
                    ("action", "submit"),
                ],
                &[("video", "film.mp4", "video/mp4", b"this is no film at all, only words")],
            )
            .await
            .expect(303);
        let post = sent.location().to_owned();
        site.run_jobs().await;
        let form = parent.get(&format!("{post}/edit")).await.expect(200);
        let form = form.shows("くつ下の朝").shows("このファイルは、動画として読み取れませんでした");
        assert!(!form.text().contains("video-retry"), "the same file fares no better");
        // Without it the post goes on its way.
        let version = field(&form.text(), "version");
        let fields = [
            ("title", "くつ下の朝"),
            ("body", "手ぶくろにしてあいさつ"),
            ("region", "uji"),
            ("version", version.as_str()),
        ];
        let mut remove = fields.to_vec();
        remove.push(("action", "video-remove"));
        parent.post(&format!("{post}/edit"), &remove).await.expect(303);
        let version = field(&parent.get(&format!("{post}/edit")).await.text(), "version");
        let mut submit = fields[..3].to_vec();
        submit.extend([("version", version.as_str()), ("action", "submit")]);
        parent.post(&format!("{post}/edit"), &submit).await.expect(303);
        site.moderator("ゆき").await.get("/review").await.shows("くつ下の朝");
    }

    async fn an_incomplete_form_comes_back_as_typed_with_its_mistakes_named(site: TestApp) {
        let mut parent = site.member("はなこ").await;
        let long = "あ".repeat(81);
        let answer = parent
            .post_files(
                "/posts/new",
                &[
                    ("kind", "recipe"),
                    ("title", &long),
                    ("body", "書きかけの本文"),
                    ("region", "atlantis"),
                    ("age_from", "九十九"),
                    ("action", "submit"),
                ],
                &[],
            )
            .await
            .expect(422);
        answer.shows(&long).shows("書きかけの本文").shows("題名は80文字まで").shows("地域をえらんで").shows("月齢は");
    }

    async fn another_members_draft_does_not_exist(site: TestApp) {
        let mut parent = site.member("はなこ").await;
        let made = parent
            .script()
            .post("/posts/new", &[("kind", "tip"), ("title", "ひみつの下書き"), ("version", "0")])
            .await
            .expect(200)
            .json();
        let id = made["id"].as_str().unwrap();
        let mut other = site.member("あき").await;
        let mut moderator = site.moderator("ゆき").await;
        for browser in [&mut other, &mut moderator] {
            browser.get(&format!("/posts/{id}")).await.expect(404);
            browser.get(&format!("/posts/{id}/edit")).await.expect(404);
            browser.get(&format!("/posts/{id}/status")).await.expect(404);
            let draft = format!("/posts/{id}/draft");
            browser.form(axum::http::Method::PUT, &draft, &[("title", "x"), ("version", "2")]).await.expect(404);
            browser.post(&format!("/posts/{id}/withdraw"), &[]).await.expect(404);
        }
        parent.get(&format!("/posts/{id}/edit")).await.expect(200).shows("ひみつの下書き");
    }

    async fn an_older_window_does_not_overwrite_a_newer_save(site: TestApp) {
        let mut parent = site.member("はなこ").await.script();
        let made = parent.post("/posts/new", &[("kind", "tip"), ("title", "一"), ("version", "0")]).await.json();
        let (id, version) = (made["id"].as_str().unwrap().to_owned(), made["version"].to_string());
        let draft = format!("/posts/{id}/draft");
        let put = axum::http::Method::PUT;
        let saved = parent.form(put.clone(), &draft, &[("title", "二"), ("version", &version)]).await;
        let newer = saved.expect(200).json()["version"].to_string();
        let stale = parent.form(put, &draft, &[("title", "三"), ("version", &version)]).await.expect(409);
        assert_eq!(stale.json()["version"].to_string(), newer);
    }

    async fn a_ready_page_is_dropped_the_moment_something_on_it_changes(site: TestApp) {
        let parent = site.member("はなこ").await;
        let first = site.post(&parent).titled("ひとつめの投稿").published().await;
        let mut visitor = site.visitor();
        let before = visitor.get("/").await.expect(200).shows("ひとつめの投稿").bytes;
        assert_eq!(visitor.get("/").await.bytes, before, "the same bytes, ready");
        site.post(&parent).titled("ふたつめの投稿").published().await;
        visitor.get("/").await.shows("ふたつめの投稿");
        let mut parent = parent;
        parent.post(&format!("/posts/{first}/withdraw"), &[]).await.expect(303);
        visitor.get("/").await.hides("ひとつめの投稿");
        visitor.get(&format!("/posts/{first}")).await.expect(404);
    }
}
