//! Review: from the queue to the decision, its record, and what its author hears.

use sea_query::{Expr, ExprTrait, Query};
use server::access::viewer::Role;
use server::accounts::operator::AdminCommand;
use server::db::Read;
use server::db::tables::Audit;
use server::moderation::audit::{self, Entry, Problem, Verdict};
use server::moderation::operator::AuditCommand;
use server::moderation::{self, SubjectKind};
use server::posts;
use server::time_id::PostId;
use std::time::Duration;
use tests::accounts::email_of;
use tests::{Browser, TestApp, on_both_databases};

/// Sends an item's form as it stands on the page.
async fn decide(
    site: &TestApp,
    moderator: &mut Browser,
    post: PostId,
    fields: &[(&str, &str)],
) -> tests::Answer {
    let item = site.review_item(post).await;
    let mut form = vec![("version", "1")];
    form.extend(fields);
    moderator.post(&format!("/review/{item}"), &form).await
}

async fn audit_rows(site: &TestApp) -> i64 {
    match audit::verify(site.db()).await.unwrap() {
        Verdict::Whole { rows, .. } => rows,
        broken => panic!("{broken}"),
    }
}

async fn record(site: &TestApp, action: &str) {
    let mut tx = site.db().begin().await.unwrap();
    let entry = Entry {
        actor: None,
        action,
        subject_kind: SubjectKind::Account,
        subject_id: "someone".into(),
        before: serde_json::json!({ "role": "member" }),
        after: serde_json::json!({ "role": "moderator", "by": "console" }),
        reason: None,
        note: "引き継ぎ \"ok\"",
    };
    audit::record(&mut tx, &site.clock, entry).await.unwrap();
    tx.commit().await.unwrap();
}

on_both_databases! {
    async fn the_queue_lists_what_waits_oldest_first(site: TestApp) {
        let author = site.member("はなこ").await;
        site.post(&author).titled("ふるい投稿").submitted().await;
        site.clock.advance(Duration::from_secs(3 * 3600));
        site.post(&author).titled("あたらしい投稿").submitted().await;
        site.post(&author).titled("下書きのまま").draft().await;
        let mut moderator = site.moderator("けん").await;
        let page = moderator.get("/review").await.expect(200).hides("下書きのまま").text();
        let (old, new) = (page.find("ふるい投稿").unwrap(), page.find("あたらしい投稿").unwrap());
        assert!(old < new, "the one that waits longest comes first");
        assert!(page.contains("3時間"), "it says how long the oldest waits");
    }

    async fn to_everyone_but_moderators_the_queue_does_not_exist(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let post = site.post(&author).submitted().await;
        let item = site.review_item(post).await;
        for path in ["/review".to_owned(), "/review/log".into(), format!("/review/{item}")] {
            author.get(&path).await.expect(404);
            assert_eq!(site.visitor().get(&path).await.expect(303).location().split('?').next(), Some("/login"));
        }
        let form = [("version", "1"), ("action", "approve")];
        author.post(&format!("/review/{item}"), &form).await.expect(404);
    }

    async fn an_item_shows_everything_as_it_will_appear(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).titled("おかゆ").saying("**とろとろ**に<script>x</script>").tagged("離乳食").submitted().await;
        let item = site.review_item(post).await;
        let mut moderator = site.moderator("けん").await;
        moderator.get(&format!("/review/{item}")).await.expect(200)
            .shows("おかゆ").shows("<strong>とろとろ</strong>").hides("<script>x").shows("離乳食").shows("はなこ").shows("宇治市")
            .shows("value=\"approve\"").shows("value=\"reject\"");
    }

    async fn an_approved_post_is_published_and_its_author_told_by_page_and_mail(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let post = site.post(&author).titled("かぼちゃがゆ").submitted().await;
        site.visitor().get(&format!("/posts/{post}")).await.expect(404);
        let mut moderator = site.moderator("けん").await;
        let before = server::changes::latest(site.db()).await.unwrap();
        let done = decide(&site, &mut moderator, post, &[("action", "approve")]).await.expect(303);
        assert_eq!(done.location(), "/review", "nothing else waits");
        site.visitor().get(&format!("/posts/{post}")).await.expect(200).shows("かぼちゃがゆ");
        let feed = server::changes::after(site.db(), before, 10).await.unwrap();
        assert_eq!(feed.len(), 1);
        assert_eq!(feed[0].id, post.to_string());
        author.get("/notices").await.expect(200).shows("「かぼちゃがゆ」を公開しました").shows(&format!("/posts/{post}"));
        let mails = site.mails().await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].subject.contains("かぼちゃがゆ"), "{:?}", mails[0]);
        assert_eq!(mails[0].link(), format!("/posts/{post}"));
        moderator.get("/review").await.expect(200).hides("かぼちゃがゆ");
    }

    async fn a_rejected_post_stays_hidden_and_its_author_learns_why(site: TestApp) {
        let mut author = site.member("はなこ").await;
        let post = site.post(&author).titled("おすすめの店").submitted().await;
        let mut moderator = site.moderator("けん").await;
        let form = [("action", "reject"), ("reason", "advertising"), ("note", "お店の紹介は載せられません。")];
        decide(&site, &mut moderator, post, &form).await.expect(303);
        site.visitor().get(&format!("/posts/{post}")).await.expect(404);
        author.get("/notices").await.expect(200).shows("見送り").shows("宣伝");
        let mails = site.mails().await;
        assert!(mails[0].body.contains("お店の紹介は載せられません。"), "{:?}", mails[0]);
        assert_eq!(mails[0].link(), format!("/posts/{post}/edit"));
        let revision = posts::open_revision(site.db(), post).await.unwrap().unwrap();
        let outcome = moderation::last_decision(site.db(), revision.id).await.unwrap().unwrap();
        assert_eq!(outcome.action, moderation::Action::Reject);
        assert_eq!(outcome.reason, Some(moderation::Reason::Advertising));
    }

    async fn changes_can_be_asked_for_made_and_approved(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).titled("たまごがゆ").submitted().await;
        let first = site.review_item(post).await;
        let mut moderator = site.moderator("けん").await;
        let form = [("action", "request_changes"), ("reason", "allergens"), ("note", "卵を書いてください。")];
        decide(&site, &mut moderator, post, &form).await.expect(303);
        site.rewrite(&author, post, "たまごがゆ（卵）").await;
        moderator.get(&format!("/review/{first}")).await.expect(200).hides("たまごがゆ（卵）").hides("value=\"approve\"");
        moderator.get("/review/log").await.expect(200).hides("たまごがゆ（卵）");
        site.submit(&author, post).await;
        let second = site.review_item(post).await;
        assert_ne!(first, second, "a new submission is a new item");
        moderator.get(&format!("/review/{second}")).await.expect(200).shows("たまごがゆ（卵）").shows("卵を書いてください。");
        decide(&site, &mut moderator, post, &[("action", "approve")]).await.expect(303);
        site.visitor().get(&format!("/posts/{post}")).await.expect(200).shows("たまごがゆ（卵）");
        moderator.get("/review/log").await.expect(200).shows("たまごがゆ（卵）").shows("卵を書いてください。").shows("公開する");
    }

    async fn an_edited_post_keeps_its_approved_revision_until_the_next_is_approved(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).titled("はじめの題").published().await;
        site.rewrite(&author, post, "つぎの題").await;
        site.submit(&author, post).await;
        site.visitor().get(&format!("/posts/{post}")).await.expect(200).shows("はじめの題").hides("つぎの題");
        let item = site.review_item(post).await;
        let mut moderator = site.moderator("けん").await;
        moderator.get(&format!("/review/{item}")).await.expect(200).shows("つぎの題").shows("いま公開されている版").shows("はじめの題");
        decide(&site, &mut moderator, post, &[("action", "reject"), ("reason", "quality")]).await.expect(303);
        site.visitor().get(&format!("/posts/{post}")).await.expect(200).shows("はじめの題").hides("つぎの題");
        site.rewrite(&author, post, "さらに次の題").await;
        site.submit(&author, post).await;
        decide(&site, &mut moderator, post, &[("action", "approve")]).await.expect(303);
        site.visitor().get(&format!("/posts/{post}")).await.expect(200).shows("さらに次の題").hides("はじめの題");
    }

    async fn the_second_moderator_gets_the_newer_state_and_keeps_what_was_typed(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).submitted().await;
        let item = site.review_item(post).await;
        let (mut first, mut second) = (site.moderator("けん").await, site.moderator("みき").await);
        first.get(&format!("/review/{item}")).await.expect(200);
        second.get(&format!("/review/{item}")).await.expect(200);
        decide(&site, &mut first, post, &[("action", "approve")]).await.expect(303);
        let rows = audit_rows(&site).await;
        let form = [("version", "1"), ("action", "reject"), ("reason", "abuse"), ("note", "ひどいことばがあります。")];
        second.post(&format!("/review/{item}"), &form).await.expect(409)
            .shows("けんさんの判断が記録されています").shows("ひどいことばがあります。").hides("value=\"reject\"");
        site.visitor().get(&format!("/posts/{post}")).await.expect(200);
        assert_eq!(audit_rows(&site).await, rows, "nothing was written");
        second.get(&format!("/review/{item}")).await.expect(200).hides("あなたの操作は反映していません").shows("判断がすんでいます");
    }

    async fn of_two_decisions_at_once_one_counts(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).submitted().await;
        let item = site.review_item(post).await;
        let (mut first, mut second) = (site.moderator("けん").await, site.moderator("みき").await);
        let path = format!("/review/{item}");
        let (approve, reject) = tokio::join!(
            first.post(&path, &[("version", "1"), ("action", "approve")]),
            second.post(&path, &[("version", "1"), ("action", "reject"), ("reason", "quality")]),
        );
        let mut statuses = [approve.status.as_u16(), reject.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409]);
        assert_eq!(audit_rows(&site).await, 1);
        let published = if approve.status.as_u16() == 303 { 200 } else { 404 };
        site.visitor().get(&format!("/posts/{post}")).await.expect(published);
        assert_eq!(site.mails().await.len(), 1, "the author hears once");
    }

    async fn a_form_from_before_the_item_changed_is_refused_with_the_note_kept(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).submitted().await;
        let item = site.review_item(post).await;
        let mut moderator = site.moderator("けん").await;
        for version in ["0", "7", "", "x"] {
            let form = [("version", version), ("action", "reject"), ("reason", "quality"), ("note", "くらいです。")];
            moderator.post(&format!("/review/{item}"), &form).await.expect(409)
                .shows("くらいです。").shows("状態が変わりました").shows("value=\"reject\"");
        }
        assert_eq!(audit_rows(&site).await, 0);
    }

    async fn a_withdrawn_post_leaves_the_queue(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).titled("やっぱりやめます").submitted().await;
        let item = site.review_item(post).await;
        let viewer = site.viewer(&author).await;
        posts::actions::withdraw(&site.app, &viewer, post).await.unwrap();
        let mut moderator = site.moderator("けん").await;
        moderator.get("/review").await.expect(200).hides("やっぱりやめます");
        let form = [("version", "1"), ("action", "approve")];
        moderator.post(&format!("/review/{item}"), &form).await.expect(409).shows("取り下げました").hides("やっぱりやめます");
        site.visitor().get(&format!("/posts/{post}")).await.expect(404);
    }

    async fn asking_for_changes_and_rejecting_want_a_reason(site: TestApp) {
        let author = site.member("はなこ").await;
        let post = site.post(&author).submitted().await;
        let mut moderator = site.moderator("けん").await;
        for action in ["request_changes", "reject"] {
            let form = [("action", action), ("note", "名札が読めます。")];
            decide(&site, &mut moderator, post, &form).await.expect(422).shows("理由をえらんでください").shows("名札が読めます。");
        }
        let long = "あ".repeat(1001);
        decide(&site, &mut moderator, post, &[("action", "approve"), ("note", &long)]).await.expect(422).shows("1000");
        for nonsense in ["", "delete", "approve "] {
            decide(&site, &mut moderator, post, &[("action", nonsense)]).await.expect(422);
        }
        assert_eq!(audit_rows(&site).await, 0);
    }

    async fn moderators_do_not_decide_on_their_own_posts(site: TestApp) {
        let mut moderator = site.moderator("けん").await;
        let post = site.post(&moderator).submitted().await;
        let item = site.review_item(post).await;
        moderator.get(&format!("/review/{item}")).await.expect(200).shows("ご自身の投稿です").hides("value=\"approve\"");
        decide(&site, &mut moderator, post, &[("action", "approve")]).await.expect(409);
        site.visitor().get(&format!("/posts/{post}")).await.expect(404);
    }

    async fn an_item_that_never_was_is_a_404(site: TestApp) {
        let mut moderator = site.moderator("けん").await;
        let post = PostId::new(&site.clock);
        for id in ["x".to_owned(), "%00".into(), post.to_string()] {
            moderator.get(&format!("/review/{id}")).await.expect(404);
            moderator.post(&format!("/review/{id}"), &[("action", "approve"), ("version", "1")]).await.expect(404);
        }
    }

    async fn the_log_goes_on_where_its_page_ended(site: TestApp) {
        let author = site.member("はなこ").await;
        let mut moderator = site.moderator("けん").await;
        for n in 0..52 {
            let post = site.post(&author).titled(&format!("投稿その{n}。")).submitted().await;
            decide(&site, &mut moderator, post, &[("action", "approve")]).await.expect(303);
            site.clock.advance(Duration::from_millis(7));
        }
        let first = moderator.get("/review/log").await.expect(200).shows("投稿その51。").shows("投稿その2。").hides("投稿その1。").text();
        let start = first.find("/review/log?before=").unwrap();
        let next = first[start..].split('"').next().unwrap();
        moderator.get(next).await.expect(200).shows("投稿その1。").shows("投稿その0。").hides("投稿その2。");
        moderator.get("/review/log?before=nonsense").await.expect(200).shows("投稿その51。");
    }

    async fn every_decision_is_on_the_record_with_who_what_and_why(site: TestApp) {
        let author = site.member("はなこ").await;
        let mut moderator = site.moderator("けん").await;
        let approved = site.post(&author).submitted().await;
        // A reason left over in the form says nothing about what was approved.
        decide(&site, &mut moderator, approved, &[("action", "approve"), ("reason", "abuse")]).await.expect(303);
        let rejected = site.post(&author).submitted().await;
        decide(&site, &mut moderator, rejected, &[("action", "reject"), ("reason", "abuse"), ("note", "だめです。")]).await.expect(303);
        let all = Query::select()
            .columns([Audit::ActorId, Audit::Action, Audit::Before, Audit::After, Audit::Reason, Audit::Note])
            .from(Audit::Table).order_by(Audit::Seq, sea_query::Order::Asc).take();
        let rows = site.db().rows(&all).await.unwrap();
        let who = site.viewer(&moderator).await.id().unwrap().to_string();
        for (row, (action, after, reason)) in rows.iter().zip([("approve", "published", None), ("reject", "rejected", Some("abuse"))]) {
            assert_eq!(row.get::<String>("actor_id").unwrap(), who);
            assert_eq!(row.get::<String>("action").unwrap(), action);
            assert!(row.get::<String>("before").unwrap().contains("queued"));
            assert!(row.get::<String>("after").unwrap().contains(after));
            assert_eq!(row.get::<Option<String>>("reason").unwrap().as_deref(), reason);
        }
        assert_eq!(rows[1].get::<String>("note").unwrap(), "だめです。");
        assert_eq!(audit_rows(&site).await, 2);
    }

    async fn the_record_tells_when_a_row_was_changed(site: TestApp) {
        for action in ["promote", "demote", "promote"] {
            record(&site, action).await;
        }
        let Verdict::Whole { rows: 3, head } = audit::verify(site.db()).await.unwrap() else { panic!("it is whole") };
        assert_eq!(head.len(), 64);
        let mut tx = site.db().begin().await.unwrap();
        let change = Query::update().table(Audit::Table).value(Audit::Note, "べつのこと").and_where(Expr::col(Audit::Seq).eq(2i64)).take();
        assert_eq!(tx.execute(&change).await.unwrap(), 1);
        tx.commit().await.unwrap();
        assert_eq!(audit::verify(site.db()).await.unwrap(), Verdict::Broken { seq: 2, problem: Problem::Changed });
    }

    async fn the_record_tells_when_a_row_was_taken_out(site: TestApp) {
        for action in ["promote", "demote", "promote"] {
            record(&site, action).await;
        }
        let mut tx = site.db().begin().await.unwrap();
        let cut = Query::delete().from_table(Audit::Table).and_where(Expr::col(Audit::Seq).eq(2i64)).take();
        tx.execute(&cut).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(audit::verify(site.db()).await.unwrap(), Verdict::Broken { seq: 3, problem: Problem::Gap });
    }

    async fn a_row_put_in_the_place_of_another_breaks_the_chain(site: TestApp) {
        for action in ["promote", "demote"] {
            record(&site, action).await;
        }
        let mut tx = site.db().begin().await.unwrap();
        // The first row is hashed anew, as a forger would: the second still remembers the old one.
        let forge = Query::update().table(Audit::Table).value(Audit::Hash, "f".repeat(64)).and_where(Expr::col(Audit::Seq).eq(1i64)).take();
        tx.execute(&forge).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(audit::verify(site.db()).await.unwrap(), Verdict::Broken { seq: 1, .. }));
    }

    async fn the_record_has_no_gaps_while_writers_race(site: TestApp) {
        let writers: Vec<_> = (0..6).map(|_| {
            let (app, clock) = (site.app.clone(), site.clock.clone());
            tokio::spawn(async move {
                for _ in 0..5 {
                    let mut tx = app.db.begin().await.unwrap();
                    let entry = Entry {
                        actor: None,
                        action: "promote",
                        subject_kind: SubjectKind::Account,
                        subject_id: "someone".into(),
                        before: serde_json::Value::Null,
                        after: serde_json::Value::Null,
                        reason: None,
                        note: "",
                    };
                    audit::record(&mut tx, &clock, entry).await.unwrap();
                    tx.commit().await.unwrap();
                }
            })
        }).collect();
        for writer in writers {
            writer.await.unwrap();
        }
        assert_eq!(audit_rows(&site).await, 30);
    }

    async fn what_rolls_back_leaves_no_row_and_no_gap(site: TestApp) {
        let mut tx = site.db().begin().await.unwrap();
        let entry = Entry {
            actor: None,
            action: "promote",
            subject_kind: SubjectKind::Account,
            subject_id: "someone".into(),
            before: serde_json::Value::Null,
            after: serde_json::Value::Null,
            reason: None,
            note: "",
        };
        audit::record(&mut tx, &site.clock, entry).await.unwrap();
        drop(tx);
        assert_eq!(audit_rows(&site).await, 0);
        record(&site, "promote").await;
        assert_eq!(audit_rows(&site).await, 1);
    }

    async fn who_was_made_a_moderator_is_on_the_record(site: TestApp) {
        site.create_account("けん", Role::Member, true).await;
        let promote = AdminCommand::Promote { email: email_of("けん"), role: Role::Moderator };
        promote.clone().run(site.db(), &site.clock).await.unwrap();
        promote.run(site.db(), &site.clock).await.unwrap();
        assert_eq!(audit_rows(&site).await, 1, "what changed nothing is no row");
        let told = AuditCommand::Verify.run(site.db()).await.unwrap();
        assert!(told.starts_with("The record is whole: 1 rows, head "), "{told}");
        let mut tx = site.db().begin().await.unwrap();
        let change = Query::update().table(Audit::Table).value(Audit::After, "{}").take();
        tx.execute(&change).await.unwrap();
        tx.commit().await.unwrap();
        let told = AuditCommand::Verify.run(site.db()).await.unwrap_err().to_string();
        assert_eq!(told, "The record is broken at row 1: its content was changed.");
    }

    async fn what_waits_comes_in_pages(site: TestApp) {
        let author = site.member("はなこ").await;
        for n in 0..22 {
            site.post(&author).titled(&format!("投稿その{n}。")).submitted().await;
            site.clock.advance(Duration::from_secs(1));
        }
        let mut moderator = site.moderator("けん").await;
        let first = moderator.get("/review").await.expect(200).shows("投稿その0。").shows("投稿その19。").hides("投稿その20。").shows("22件").text();
        let start = first.find("/review?after=").unwrap();
        let next = first[start..].split('"').next().unwrap();
        moderator.get(next).await.expect(200).shows("投稿その20。").shows("投稿その21。").hides("投稿その19。").hides("rel=\"next\"");
    }

    async fn after_a_decision_comes_the_next_item(site: TestApp) {
        let author = site.member("はなこ").await;
        let mut moderator = site.moderator("けん").await;
        let first = site.post(&author).submitted().await;
        site.clock.advance(Duration::from_secs(1));
        site.post(&moderator).submitted().await;
        site.clock.advance(Duration::from_secs(1));
        let third = site.post(&author).submitted().await;
        let next = format!("/review/{}", site.review_item(third).await);
        let done = decide(&site, &mut moderator, first, &[("action", "approve")]).await.expect(303);
        assert_eq!(done.location(), next, "not one's own, which comes before");
        moderator.get(&next).await.expect(200).shows("公開しました");
    }
}
