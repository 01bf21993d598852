//! What parents type into a post's body, on every page that shows it: as it was typed, but for the four marks.

use server::discovery::index;
use server::text;
use tests::browser::encoded;
use tests::{Answer, TestApp, on_both_databases};

/// As people write who know no markdown.
const TYPED: &str = "1~2歳は10~15分、50~60gくらい(;_;)\n\
    [試したこと]: おしゃぶり\n\
    <Point>\n\
    m(_ _)m (*^^*)\n\
    ざいりょう\n\
    ----------\n\
    \tにんじん 1/2本\n\
    **「卵」**は入れません。**重要。**つぎへ\n\
    くわしくは https://example.jp/aです。hana@example.jp まで\n\
    1. 切る\n\
    2. 煮る\n\
    ※弱火で\n\
    3. さます";

async fn search(site: &TestApp, words: &str) -> Answer {
    index::catch_up(&site.app).await.unwrap();
    site.visitor().get(&format!("/search?q={}", encoded(words.as_bytes()))).await.expect(200)
}

on_both_databases! {
    async fn what_was_typed_is_shown_alike_to_readers_and_moderators(site: TestApp) {
        let author = site.member("はなこ").await;
        let mut moderator = site.moderator("けん").await;
        let post = site.post(&author).titled("ふわとろがゆ").saying(TYPED).submitted().await;
        let item = site.review_item(post).await;
        let shown = text::html(TYPED).to_string();
        for line in [
            "1~2歳は10~15分、50~60gくらい(;_;)<br>",
            "[試したこと]: おしゃぶり<br>",
            "&lt;Point&gt;<br>",
            "m(_ _)m (*^^*)<br>",
            "ざいりょう<br>",
            "----------<br>",
            "にんじん 1/2本<br>",
            "<strong>「卵」</strong>は入れません。<strong>重要。</strong>つぎへ<br>",
            ">https://example.jp/a</a>です。hana@example.jp まで</p>",
            "<li value=\"2\">煮る</li>",
            "<p>※弱火で</p>",
            "<li value=\"3\">さます</li>",
        ] {
            assert!(shown.contains(line), "{line} is not in {shown}");
        }
        moderator.get(&format!("/review/{item}")).await.expect(200).shows(&shown);
        site.approve(post).await;
        site.visitor().get(&format!("/posts/{post}")).await.expect(200).shows(&shown);
    }

    async fn nothing_typed_is_missing_from_the_lead_or_the_search(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).titled("ふわとろがゆ").saying(TYPED).published().await;
        let lead = "1~2歳は10~15分、50~60gくらい(;_;) [試したこと]: おしゃぶり &#60;Point&#62;";
        let page = site.visitor().get(&format!("/posts/{post}")).await.expect(200);
        assert!(page.text().contains(lead), "{}", page.text());
        for words in ["おしゃぶり", "Point", "ざいりょう", "にんじん", "弱火"] {
            search(&site, words).await.shows(&post.to_string());
        }
    }
}
