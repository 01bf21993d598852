//! Captions: from the form to the player, the page and the search, and nowhere before they are approved.

use axum::http::Method;
use server::discovery::index;
use server::posts::{self, RevisionState};
use server::time_id::PostId;
use tests::browser::{encoded, field, link};
use tests::{Answer, Browser, TestApp, on_both_databases};

const TYPED: &str = "0:00.2 人参をすりおろします\n0:01-0:01.5 蒸し器で八分\n";

fn page(post: PostId) -> String {
    format!("/posts/{post}/captions")
}

/// Fills in the form as it stands and sends it.
async fn save(author: &mut Browser, post: PostId, text: &str) -> Answer {
    let form = author.get(&page(post)).await.expect(200).text();
    let fields = [("text", text), ("language", "ja"), ("seen", &field(&form, "seen"))];
    author.post(&page(post), &fields).await
}

/// The address of the track on a page of the post.
fn track(shown: &Answer) -> String {
    link(&shown.text(), "/media/captions/")
}

/// The address of the playlist that a page's player plays.
fn playlist(shown: &Answer) -> String {
    let shown = shown.text();
    shown.split("data-hls=\"").nth(1).expect("a player").split('"').next().unwrap().to_owned()
}

/// A draft with a film that is still to be made.
async fn draft(site: &TestApp, author: &Browser) -> PostId {
    let post = site.post(author).titled("もちもちのおやつ").saying("動画でどうぞ。").draft().await;
    site.add_film(author, post, 2).await;
    post
}

async fn search(site: &TestApp, words: &str) -> Answer {
    index::catch_up(&site.app).await.unwrap();
    site.visitor().get(&format!("/search?q={}", encoded(words.as_bytes()))).await.expect(200)
}

on_both_databases! {
    async fn captions_go_from_the_form_to_the_player_and_the_search_once_approved(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let mut stranger = site.member("まゆ").await;
        let mut moderator = site.moderator("けん").await;
        let post = draft(&site, &author).await;
        site.run_jobs().await;
        author.get(&format!("/posts/{post}/edit")).await.expect(200).shows(&page(post));
        assert_eq!(save(&mut author, post, TYPED).await.expect(303).location(), page(post));
        let form = author.get(&page(post)).await.expect(200).shows("字幕を保存しました").shows(TYPED);

        // A draft is its author's alone.
        let address = track(&form);
        let bytes = author.get(&address).await.expect(200);
        assert_eq!(bytes.header("content-type"), "text/vtt; charset=utf-8");
        assert_eq!(bytes.header("x-content-type-options"), "nosniff");
        assert!(bytes.header("cache-control").starts_with("private"));
        assert_eq!(
            bytes.text(),
            "WEBVTT\n\n00:00:00.200 --> 00:00:01.000\n人参をすりおろします\n\n00:00:01.000 --> 00:00:01.500\n蒸し器で八分\n"
        );
        for browser in [&mut site.visitor(), &mut stranger, &mut moderator] {
            browser.get(&address).await.expect(404);
        }
        author.get(&format!("{}0.vtt", address.trim_end_matches(".vtt"))).await.expect(404);

        // In review it is seen as it will appear.
        assert_eq!(site.submit(&author, post).await, RevisionState::Queued);
        let item = format!("/review/{}", site.review_item(post).await);
        moderator.get(&item).await.expect(200).shows("蒸し器で八分").shows(&address).shows(" default>");
        moderator.get(&address).await.expect(200);
        stranger.get(&address).await.expect(404);
        search(&site, "蒸し器").await.hides(&post.to_string());

        site.approve(post).await;
        let public = site.visitor().get(&address).await.expect(200);
        assert_eq!(public.header("cache-control"), "public, max-age=3600");
        let shown = site.visitor().get(&format!("/posts/{post}")).await.expect(200).shows("動画のことば");
        assert!(shown.text().contains("<track kind=\"captions\""), "{}", shown.text());
        let json = shown.text();
        let json = json.split("application/ld+json\">").nth(1).unwrap().split("</script>").next().unwrap();
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(json["video"]["transcript"], "人参をすりおろします\n蒸し器で八分");
        for words in ["蒸し器", "むしき", "すりおろす", "にんじん"] {
            search(&site, words).await.shows(&post.to_string()).shows("動画のことば").shows("<mark>");
        }

        // The next ones wait for their own approval.
        save(&mut author, post, "0:00.5 電子レンジで温めます").await.expect(303);
        let next = track(&author.get(&page(post)).await);
        assert_ne!(next, address);
        site.submit(&author, post).await;
        site.visitor().get(&next).await.expect(404);
        site.visitor().get(&address).await.expect(200);
        search(&site, "電子レンジ").await.hides(&post.to_string());
        let item = format!("/review/{}", site.review_item(post).await);
        moderator.get(&item).await.expect(200).shows("電子レンジで温めます").shows("蒸し器で八分").shows("新しい");
        site.approve(post).await;
        site.visitor().get(&next).await.expect(200);
        site.visitor().get(&address).await.expect(404);
        search(&site, "電子レンジ").await.shows(&post.to_string());
        search(&site, "蒸し器").await.hides(&post.to_string());

        author.post(&format!("/posts/{post}/withdraw"), &[]).await.expect(303);
        for browser in [&mut site.visitor(), &mut stranger] {
            browser.get(&next).await.expect(404);
            browser.get(&format!("/posts/{post}")).await.expect(404);
        }
        search(&site, "電子レンジ").await.hides(&post.to_string());
    }

    async fn a_players_playlist_has_the_captions_for_those_who_may_see_their_revision(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let mut stranger = site.member("まゆ").await;
        let mut moderator = site.moderator("けん").await;
        let post = draft(&site, &author).await;
        site.run_jobs().await;
        let plain = playlist(&author.get(&page(post)).await.expect(200));
        assert!(plain.ends_with("/master.m3u8"), "{plain}");
        save(&mut author, post, TYPED).await.expect(303);
        let address = playlist(&author.get(&page(post)).await.expect(200));
        let (base, name) = address.split_once("/master.m3u8?captions=").unwrap();

        // It says one thing more than the one without.
        let master = author.get(&address).await.expect(200);
        assert_eq!(master.header("content-type"), "application/vnd.apple.mpegurl");
        assert!(master.header("cache-control").starts_with("private"));
        let master = master.text();
        let offer = format!(
            "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"captions\",NAME=\"日本語\",LANGUAGE=\"ja\",DEFAULT=YES,AUTOSELECT=YES,\
             FORCED=NO,URI=\"captions.m3u8?captions={name}\"\n"
        );
        assert!(master.contains(&offer), "{master}");
        let without = master.replace(&offer, "").replace(",SUBTITLES=\"captions\"\n", "\n");
        assert_eq!(without, author.get(&plain).await.expect(200).text());

        // And it leads to the words, on the film's clock.
        let listed = author.get(&format!("{base}/captions.m3u8?captions={name}")).await.expect(200);
        assert_eq!(listed.header("content-type"), "application/vnd.apple.mpegurl");
        let listed = listed.text();
        assert!(listed.contains("#EXTINF:2.0") && listed.ends_with("#EXT-X-ENDLIST\n"), "{listed}");
        let segment = listed.lines().find(|line| !line.starts_with('#')).unwrap();
        let segment = format!("{base}/{segment}");
        let words = author.get(&segment).await.expect(200);
        assert_eq!(words.header("content-type"), "text/vtt; charset=utf-8");
        assert!(
            words.text().starts_with("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n00:00:00.200 --> "),
            "{}",
            words.text()
        );

        // A draft is its author's alone, and only what is there has an address.
        let all = [address.clone(), format!("{base}/captions.m3u8?captions={name}"), segment];
        for address in &all {
            for browser in [&mut site.visitor(), &mut stranger, &mut moderator] {
                browser.get(address).await.expect(404);
            }
            author.get(&format!("{address}0")).await.expect(404);
            author.get(address.split('?').next().unwrap()).await.expect(
                if address.contains("/master") { 200 } else { 404 },
            );
        }
        author.get(&format!("{base}/240p.m3u8?captions={name}")).await.expect(404);
        author.get(&format!("{base}/master.m3u8?captions=")).await.expect(404);
        let other = draft(&site, &author).await;
        site.run_jobs().await;
        let others = playlist(&author.get(&page(other)).await);
        author.get(&others).await.expect(200);
        author.get(&format!("{others}?captions={name}")).await.expect(404);

        site.submit(&author, post).await;
        moderator.get(&address).await.expect(200);
        site.approve(post).await;
        for address in &all {
            let public = site.visitor().get(address).await.expect(200);
            assert_eq!(public.header("cache-control"), "public, max-age=3600");
        }
        assert_eq!(playlist(&site.visitor().get(&format!("/posts/{post}")).await), address);

        // The film is public, the next captions are not.
        save(&mut author, post, "0:00.5 電子レンジで温めます").await.expect(303);
        let next = playlist(&author.get(&page(post)).await);
        assert_ne!(next, address);
        author.get(&next).await.expect(200);
        site.visitor().get(&next).await.expect(404);
        site.visitor().get(&address).await.expect(200);
    }

    async fn a_mistake_is_named_with_its_line_and_nothing_typed_is_lost(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let post = draft(&site, &author).await;
        let typed = "はじめまして\n0:75 かぼちゃ\n9:00 おしまい";
        let fields = [("text", typed), ("language", "en"), ("seen", "")];
        for (lang, words) in [
            ("ja", ["1行目: 時間がありません", "2行目: 時間を読み取れません", "3行目: 動画は3:00で終わります"]),
            ("ja-simple", ["1<ruby>行目", "2<ruby>行目", "3:00で"]),
            ("en", ["Line 1: there is no time", "Line 2: we could not read", "Line 3: the video ends at 3:00"]),
        ] {
            let mut answer = author.clone().in_language(lang).post(&page(post), &fields).await.expect(422);
            for words in words {
                answer = answer.shows(words);
            }
            answer.shows(typed).shows("value=\"en\" checked");
        }
        let revision = posts::latest_revision(site.db(), post).await.unwrap().unwrap();
        assert_eq!(revision.captions, None);
        // Now that the film is made, its own end counts.
        site.run_jobs().await;
        save(&mut author, post, "0:01 よい\n0:03 おそい").await.expect(422).shows("2行目: 動画は0:02で終わります");
    }

    async fn an_older_window_does_not_overwrite_newer_captions(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let post = draft(&site, &author).await;
        save(&mut author, post, "0:01 さきに").await.expect(303);
        let old = [("text", "0:01 あとから"), ("language", "ja"), ("seen", "")];
        let told = author.post(&page(post), &old).await.expect(409);
        let told = told.shows("ほかの画面で先に変わっていました").shows("0:01 あとから").shows("0:01 さきに");
        let seen = field(&told.text(), "seen");
        author.post(&page(post), &[old[0], old[1], ("seen", &seen)]).await.expect(303);
        author.get(&page(post)).await.shows("0:01 あとから").hides("さきに");
    }

    async fn words_and_captions_are_saved_without_standing_in_each_others_way(site: TestApp) {
        let mut author = site.member("はなこ").await.script();
        let post = draft(&site, &author).await;
        let version = field(&author.get(&format!("/posts/{post}/edit")).await.text(), "version");
        save(&mut author, post, TYPED).await.expect(303);
        let form = [("title", "あたらしい題"), ("region", "uji"), ("version", version.as_str())];
        author.form(Method::PUT, &format!("/posts/{post}/draft"), &form).await.expect(200);
        author.get(&page(post)).await.expect(200).shows(TYPED).shows("あたらしい題");
    }

    async fn what_is_the_same_starts_no_revision_and_blank_text_takes_captions_off(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let post = draft(&site, &author).await;
        save(&mut author, post, TYPED).await.expect(303);
        site.submit(&author, post).await;
        site.run_jobs().await;
        site.approve(post).await;
        save(&mut author, post, &TYPED.replace('\n', "\r\n")).await.expect(303);
        assert!(posts::open_revision(site.db(), post).await.unwrap().is_none());
        save(&mut author, post, " \n").await.expect(303);
        let revision = posts::open_revision(site.db(), post).await.unwrap().unwrap();
        assert_eq!((revision.state, revision.captions), (RevisionState::Draft, None));
        site.visitor().get(&format!("/posts/{post}")).await.shows("蒸し器で八分");
        site.submit(&author, post).await;
        site.approve(post).await;
        site.visitor().get(&format!("/posts/{post}")).await.hides("蒸し器で八分").hides("<track");
    }

    async fn a_file_takes_the_place_of_what_was_typed_and_is_written_anew(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let post = draft(&site, &author).await;
        let hostile = "WEBVTT\n\nSTYLE\n::cue { background: url(https://tracker.example/x) }\n\n\
            00:00.500 --> 00:01.000 line:0 align:start\n<v はな><b>切ります</b> &lt;script&gt; --&gt; <c.x>2分</c>\n";
        let fields = [("text", "0:01 まえの"), ("language", "ja"), ("seen", "")];
        let sent = author.post_files(&page(post), &fields, &[("file", "字幕.vtt", "text/vtt", hostile.as_bytes())]).await;
        sent.expect(303);
        let form = author.get(&page(post)).await.expect(200).hides("まえの");
        let seen = field(&form.text(), "seen");
        site.run_jobs().await;
        let address = track(&author.get(&page(post)).await);
        let bytes = author.get(&address).await.expect(200).text();
        assert_eq!(bytes, "WEBVTT\n\n00:00:00.500 --> 00:00:01.000\n切ります &lt;script&gt; → 2分\n");

        // Shift_JIS, as an old subtitle editor writes it.
        let srt = b"1\r\n00:00:00,500 --> 00:00:01,500\r\n\x83\x8c\x83\x93\x83W\x82\xc5\r\n";
        let fields = [("text", ""), ("language", "ja"), ("seen", seen.as_str())];
        author.post_files(&page(post), &fields, &[("file", "a.srt", "text/plain", srt)]).await.expect(303);
        let form = author.get(&page(post)).await.shows("0:00.5-0:01.5 レンジで");

        // The film itself, chosen by mistake, costs nothing that was typed.
        let seen = field(&form.text(), "seen");
        let film = vec![0; 3 << 20];
        let fields = [("text", "0:01 だいじ"), ("language", "ja"), ("seen", seen.as_str())];
        for bytes in [&film[..], &film[..100], b"\xff\xd8\xff\xe0"] {
            let sent = author.post_files(&page(post), &fields, &[("file", "film.mov", "video/mp4", bytes)]).await;
            sent.expect(422).shows("0:01 だいじ").shows("id=\"e-file\"");
        }
    }

    async fn captions_of_another_film_are_kept_for_their_author_and_shown_to_nobody(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let post = draft(&site, &author).await;
        save(&mut author, post, TYPED).await.expect(303);
        site.run_jobs().await;
        let address = track(&author.get(&page(post)).await);
        site.add_film(&author, post, 2).await;
        site.run_jobs().await;
        author.get(&address).await.expect(404);
        author.get(&format!("/posts/{post}/edit")).await.shows("字幕の時間を確かめる");
        site.submit(&author, post).await;
        site.approve(post).await;
        site.visitor().get(&format!("/posts/{post}")).await.expect(200).hides("<track").hides("蒸し器で八分");
        search(&site, "蒸し器").await.hides(&post.to_string());
        // Saved again, they belong to the film there is.
        author.get(&page(post)).await.expect(200).shows("動画が変わった").shows(TYPED);
        save(&mut author, post, TYPED).await.expect(303);
        author.get(&page(post)).await.expect(200).hides("動画が変わった").shows("<track");
    }

    async fn without_a_film_or_during_review_nothing_is_saved_and_nothing_lost(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let bare = site.post(&author).draft().await;
        let fields = [("text", TYPED), ("language", "ja"), ("seen", "")];
        assert_eq!(author.get(&page(bare)).await.expect(303).location(), format!("/posts/{bare}/edit"));
        author.post(&page(bare), &fields).await.expect(409).shows("動画がはずされている").shows(TYPED);
        let post = draft(&site, &author).await;
        site.submit(&author, post).await;
        assert_eq!(author.get(&page(post)).await.expect(303).location(), format!("/posts/{post}"));
        author.post(&page(post), &fields).await.expect(409).shows("確認しているあいだは").shows(TYPED);
        let mut other = site.member("まゆ").await;
        other.get(&page(post)).await.expect(404);
        other.post(&page(post), &fields).await.expect(404);
    }
}
