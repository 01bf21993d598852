//! What is another's: the media of a post that nobody approved, and drafts.

use super::{MARKUP, WORDS, assert_discreet, assert_the_worker_lives};
use axum::body::Body;
use axum::http::Method;
use server::access::viewer::Role;
use server::posts;
use server::time_id::{PhotoId, PostId, VideoId};
use std::collections::BTreeSet;
use tests::browser::field;
use tests::{Browser, TestApp, media, on_both_databases};

/// Every address of media on a page, and what its playlists name.
async fn media_urls(browser: &mut Browser, page: &str) -> BTreeSet<String> {
    let is_end = |c: char| c.is_whitespace() || "\"',&<".contains(c);
    let on_page = page
        .match_indices("/media/")
        .map(|(at, _)| page[at..].split(is_end).next().unwrap().to_owned());
    let mut found: BTreeSet<String> = on_page.collect();
    let master =
        found.iter().find(|url| url.ends_with("/master.m3u8")).expect("a playlist").clone();
    let folder = master.rsplit_once('/').unwrap().0;
    found.insert(format!("{folder}/storyboard.vtt"));
    let listed = browser.get(&master).await.expect(200).text();
    for rendition in listed.lines().filter(|line| line.ends_with(".m3u8")) {
        let playlist = format!("{folder}/{rendition}");
        let segments = browser.get(&playlist).await.expect(200).text();
        let files = segments.lines().filter(|line| line.ends_with(".mp4"));
        found.extend(files.map(|file| format!("{folder}/{file}")));
        found.insert(playlist);
    }
    found
}

/// To this viewer the address is none: however it is asked for, the answer is that of an address that never was.
async fn assert_hidden(site: &TestApp, who: &str, viewer: &mut Browser, url: &str) {
    let unknown = match url.split('/').nth(2) {
        Some("photos") => {
            url.replace(url.split('/').nth(3).unwrap(), &PhotoId::new(&site.clock).to_string())
        }
        _ => url.replace(url.split('/').nth(3).unwrap(), &VideoId::new(&site.clock).to_string()),
    };
    for headers in [&[][..], &[("range", "bytes=0-99")], &[("if-none-match", "*")]] {
        let answer = viewer.request(Method::GET, url, headers, Body::empty()).await;
        assert_eq!(answer.status.as_u16(), 404, "{who} {url} {headers:?}");
        assert!(!answer.headers.contains_key("etag"), "{who} {url}");
        assert_discreet(site, url, &answer);
        let never = viewer.request(Method::GET, &unknown, headers, Body::empty()).await;
        let plain = |answer: &tests::Answer, url: &str| {
            answer.text().replace(url, "*").replace(answer.header("x-request-id"), "*")
        };
        assert_eq!(plain(&answer, url), plain(&never, &unknown), "{who} can tell that it is there");
    }
    let head = viewer.request(Method::HEAD, url, &[], Body::empty()).await;
    assert_eq!(head.status.as_u16(), 404, "{who} HEAD {url}");
}

on_both_databases! {
    async fn media_that_nobody_approved_exist_for_their_author_and_who_reviews_them(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let waiting = assert_the_worker_lives(&site, &mut author).await;
        let id: PostId = waiting.rsplit('/').next().unwrap().parse().unwrap();
        let page = author.get(&waiting).await.expect(200).text();
        let urls = media_urls(&mut author, &page).await;
        for part in [".jpg", ".webp", "/master.m3u8", "p.m3u8", "p.mp4", "/plain.mp4", "/storyboard.vtt", "poster"] {
            assert!(urls.iter().any(|url| url.contains(part)), "nothing with {part} in {urls:?}");
        }
        let suspended = site.create_account("ていし", Role::Member, true).await;
        site.suspend(suspended).await;
        let mut outsiders = [
            ("a visitor", site.visitor()),
            ("a member", site.member("あき").await),
            ("someone suspended", site.logged_in(suspended).await),
        ];
        let mut moderator = site.moderator("ゆき").await;
        for url in &urls {
            for (who, outsider) in &mut outsiders {
                assert_hidden(&site, who, outsider, url).await;
            }
            for insider in [&mut author, &mut moderator] {
                let answer = insider.get(url).await.expect(200);
                assert!(answer.header("cache-control").contains("private"), "{url} may be kept by a shared cache");
            }
        }
        // Back with its author it waits for nobody: what is written anew is not the moderators' to see.
        let item = site.review_item(id).await;
        let form = [("version", "1"), ("action", "reject"), ("reason", "quality")];
        moderator.post(&format!("/review/{item}"), &form).await.expect(303);
        for url in &urls {
            for (who, outsider) in &mut outsiders {
                assert_hidden(&site, who, outsider, url).await;
            }
        }
        let form = author.get(&format!("{waiting}/edit")).await.expect(200).text();
        let (version, order) = (field(&form, "version"), field(&form, "photos_order"));
        let mut again = WORDS.to_vec();
        again.extend([("version", version.as_str()), ("photos_order", &order), ("action", "submit")]);
        author.post(&format!("{waiting}/edit"), &again).await.expect(303);
        site.approve(id).await;
        for url in &urls {
            site.visitor().get(url).await.expect(200);
        }
        author.post(&format!("{waiting}/withdraw"), &[]).await.expect(303);
        for url in &urls {
            for (who, outsider) in &mut outsiders {
                assert_hidden(&site, who, outsider, url).await;
            }
        }
    }

    async fn a_draft_takes_nothing_from_anyone_but_its_author(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let mut other = site.member("あき").await;
        let draft = site.post(&author).titled("ひみつの下書き").draft().await;
        let photo = media::photo(400, 300);
        let files: [(&str, &str, &str, &[u8]); 1] = [("photos", "a.jpg", "image/jpeg", &photo)];
        for path in [format!("/posts/{draft}/photos"), format!("/posts/{draft}/edit")] {
            let fields = [("version", "2"), ("title", MARKUP), ("action", "submit")];
            let answer = other.post_files(&path, &fields, &files).await.expect(404).hides("ひみつ");
            assert_discreet(&site, &path, &answer);
            site.visitor().post_files(&path, &fields, &files).await.expect(401).hides("ひみつ");
        }
        // Nor can a photo of another's be put on one's own.
        let taken = author.script().post_files(&format!("/posts/{draft}/photos"), &[], &files).await.expect(200).json();
        let stolen = taken["photos"][0]["id"].as_str().unwrap().to_owned();
        let own = site.post(&other).draft().await;
        let form = other.get(&format!("/posts/{own}/edit")).await.expect(200).text();
        let version = field(&form, "version");
        let mut words = WORDS.to_vec();
        words.extend([("version", version.as_str()), ("photos_order", stolen.as_str()), ("action", "save")]);
        other.post(&format!("/posts/{own}/edit"), &words).await.expect(303);
        other.get(&format!("/posts/{own}/edit")).await.expect(200).hides(&stolen);
        let revision = posts::open_revision(site.db(), draft).await.unwrap().unwrap();
        assert_eq!((revision.title.as_str(), revision.video_id), ("ひみつの下書き", None));
        author.get(&format!("/posts/{draft}/edit")).await.expect(200).shows("ひみつの下書き").shows(&stolen);
    }
}
