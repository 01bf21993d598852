//! おしらせ: told on the page and by mail, read when their reader says so.

use server::notifications::{self, Notice};
use server::time_id::PostId;
use std::time::Duration;
use tests::{Browser, TestApp, on_both_databases};

async fn tell(site: &TestApp, person: &Browser, notice: Notice) {
    let id = site.viewer(person).await.id().unwrap();
    let mut tx = site.db().begin().await.unwrap();
    notifications::notify(&mut tx, &site.clock, id, &notice).await.unwrap();
    tx.commit().await.unwrap();
}

async fn unread(site: &TestApp, person: &Browser) -> u32 {
    let id = site.viewer(person).await.id().unwrap();
    notifications::count_unread(site.db(), id).await.unwrap()
}

/// The value of the button that marks as read.
fn until(page: &str) -> String {
    let start = page.find("name=\"until\" value=\"").expect("the button") + 20;
    page[start..].split('"').next().unwrap().to_owned()
}

on_both_databases! {
    async fn looking_marks_nothing_as_read_and_the_button_does(site: TestApp) {
        let mut author = site.member("はなこ").await;
        site.post(&author).titled("おかゆ").published().await;
        author.get("/notices").await.expect(200);
        author.get("/notices").await.expect(200);
        assert_eq!(unread(&site, &author).await, 1);
        let page = author.get("/notices").await.text();
        assert_eq!(author.post("/notices/read", &[("until", &until(&page))]).await.expect(303).location(), "/notices");
        assert_eq!(unread(&site, &author).await, 0);
        author.get("/notices").await.expect(200).shows("おかゆ").hides("name=\"until\"");
    }

    async fn what_came_after_the_page_was_shown_stays_unread(site: TestApp) {
        let mut author = site.member("はなこ").await;
        site.post(&author).titled("ひとつめ").published().await;
        let page = author.get("/notices").await.text();
        site.clock.advance(Duration::from_secs(1));
        site.post(&author).titled("ふたつめ").published().await;
        author.post("/notices/read", &[("until", &until(&page))]).await.expect(303);
        assert_eq!(unread(&site, &author).await, 1);
        author.get("/notices").await.expect(200).shows("name=\"until\"");
    }

    async fn nobody_reads_or_marks_anothers_notices(site: TestApp) {
        let author = site.member("はなこ").await;
        site.post(&author).titled("おかゆ").published().await;
        let mut other = site.member("はるか").await;
        other.get("/notices").await.expect(200).hides("おかゆ");
        other.post("/notices/read", &[]).await.expect(303);
        assert_eq!(unread(&site, &author).await, 1);
        site.visitor().get("/notices").await.expect(303);
        site.visitor().post("/notices/read", &[]).await.expect(401);
    }

    async fn older_notices_are_a_page_away(site: TestApp) {
        let mut author = site.member("はなこ").await;
        for n in 0..32 {
            site.post(&author).titled(&format!("投稿その{n}。")).published().await;
            site.clock.advance(Duration::from_secs(1));
        }
        let page = author.get("/notices").await.expect(200).shows("投稿その31。").shows("投稿その2。").hides("投稿その1。").text();
        let start = page.find("/notices?before=").unwrap();
        let older = page[start..].split('"').next().unwrap();
        author.get(older).await.expect(200).shows("投稿その1。").shows("投稿その0。").hides("投稿その2。");
    }

    async fn a_mail_is_written_in_its_readers_language(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let post = site.post(&author).titled("Pumpkin porridge").submitted().await;
        set_language(&site, &author, "en").await;
        site.approve(post).await;
        let mails = site.mails().await;
        assert!(mails[0].body.contains("published"), "{:?}", mails[0]);
        author.get("/notices").await.expect(200).shows("Pumpkin porridge");
    }

    async fn a_failed_photo_is_told_by_page_and_mail(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let post = site.post(&author).titled("おかゆ").draft().await;
        tell(&site, &author, Notice::MediaFailed { post }).await;
        author.get("/notices").await.expect(200).shows("写真を準備できませんでした").shows(&format!("/posts/{post}/edit"));
        let mails = site.mails().await;
        assert_eq!(mails[0].link(), format!("/posts/{post}/edit"));
    }

    async fn what_rolls_back_is_told_to_nobody(site: TestApp) {
        let author = site.member("はなこ").await;
        let id = site.viewer(&author).await.id().unwrap();
        let post = PostId::new(&site.clock);
        let mut tx = site.db().begin().await.unwrap();
        notifications::notify(&mut tx, &site.clock, id, &Notice::Approved { post }).await.unwrap();
        drop(tx);
        assert_eq!(unread(&site, &author).await, 0);
        assert!(site.mails().await.is_empty());
    }

    async fn a_mailbox_that_was_never_proven_gets_no_mail(site: TestApp) {
        let id = site.create_account("はるか", server::access::viewer::Role::Member, false).await;
        let person = site.logged_in(id).await;
        tell(&site, &person, Notice::Approved { post: PostId::new(&site.clock) }).await;
        assert_eq!(unread(&site, &person).await, 1);
        assert!(site.mails().await.is_empty());
    }
}

async fn set_language(site: &TestApp, person: &Browser, lang: &str) {
    use sea_query::{Expr, ExprTrait, Query};
    use server::db::tables::Accounts;
    let id = site.viewer(person).await.id().unwrap();
    let mut tx = site.db().begin().await.unwrap();
    let update = Query::update()
        .table(Accounts::Table)
        .value(Accounts::Language, lang)
        .and_where(Expr::col(Accounts::Id).eq(id))
        .take();
    tx.execute(&update).await.unwrap();
    tx.commit().await.unwrap();
}
