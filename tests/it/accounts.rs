//! The door and the settings, through their forms and mails.

use axum::body::Body;
use axum::http::Method;
use sea_query::{Asterisk, Expr, ExprTrait, Func, Query};
use server::access::viewer::Role;
use server::accounts::jobs::Purge;
use server::accounts::operator::AdminCommand;
use server::db::Read;
use server::db::tables::{Accounts, Audit, MailTokens, RateLimits, Sessions};
use server::jobs;
use std::time::Duration;
use tests::accounts::{PASSWORD, email_of};
use tests::{Answer, Browser, Database, Mail, TestApp, on_both_databases};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

async fn sign_up(browser: &mut Browser, nickname: &str, email: &str) -> Answer {
    browser
        .post("/signup", &[("nickname", nickname), ("email", email), ("password", PASSWORD)])
        .await
}

async fn log_in(browser: &mut Browser, email: &str, password: &str) -> Answer {
    browser.post("/login", &[("email", email), ("password", password)]).await
}

async fn is_logged_in(browser: &mut Browser) -> bool {
    browser.get("/me/settings").await.status == 200
}

fn token_of(mail: &Mail) -> String {
    mail.link().split_once("token=").expect("a token").1.to_owned()
}

/// Opens the link and presses its button.
async fn follow(browser: &mut Browser, mail: &Mail) -> Answer {
    let (path, token) = (mail.link(), token_of(mail));
    browser.get(&path).await.expect(200).shows(&token);
    let (path, _) = path.split_once('?').expect("a token");
    browser.post(path, &[("token", &token)]).await
}

async fn last_mail(site: &TestApp) -> Mail {
    site.mails().await.pop().expect("a mail")
}

async fn count(site: &TestApp, table: impl sea_query::IntoTableRef) -> u64 {
    let select = Query::select().expr_as(Func::count(Expr::col(Asterisk)), "n").from(table).take();
    site.db().count(&select).await.unwrap()
}

async fn suspend(site: &TestApp, email: &str) {
    let mut tx = site.db().begin().await.unwrap();
    let update = Query::update()
        .table(Accounts::Table)
        .value(Accounts::State, "suspended")
        .and_where(Expr::col(Accounts::EmailKey).eq(email))
        .take();
    assert_eq!(tx.execute(&update).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

async fn purge(site: &TestApp) {
    let mut tx = site.db().begin().await.unwrap();
    jobs::enqueue(&mut tx, &site.clock, &Purge::default()).await.unwrap();
    tx.commit().await.unwrap();
    site.run_jobs().await;
}

on_both_databases! {
    async fn a_newcomer_signs_up_confirms_by_mail_and_is_in(site: TestApp) {
        let mut browser = site.visitor();
        browser.get("/signup").await.expect(200).shows("autocomplete=\"new-password\"");
        sign_up(&mut browser, "はなこ", "hanako@example.jp").await.expect(200).shows("hanako@example.jp");
        assert!(!is_logged_in(&mut browser).await, "the mailbox is not proven yet");
        let mail = last_mail(&site).await;
        assert_eq!(mail.to, "hanako@example.jp");
        assert!(mail.body.contains("はなこ"));
        let answer = follow(&mut browser, &mail).await.expect(303);
        assert_eq!(answer.location(), "/");
        browser.get("/me/settings").await.expect(200).shows("はなこ").hides("/confirm/resend");
    }

    async fn the_mail_is_in_the_language_of_the_form(site: TestApp) {
        let mut browser = site.visitor().in_language("en");
        sign_up(&mut browser, "Anna", "anna@example.jp").await.expect(200);
        assert!(last_mail(&site).await.subject.contains("confirm"));
    }

    async fn opening_the_link_alone_confirms_nothing(site: TestApp) {
        let mut browser = site.visitor();
        sign_up(&mut browser, "はなこ", "hanako@example.jp").await;
        let mail = last_mail(&site).await;
        let mut scanner = site.visitor();
        scanner.get(&mail.link()).await.expect(200);
        scanner.get(&mail.link()).await.expect(200);
        follow(&mut browser, &mail).await.expect(303);
    }

    async fn a_link_opened_in_another_browser_confirms_but_logs_nobody_in(site: TestApp) {
        sign_up(&mut site.visitor(), "はなこ", "hanako@example.jp").await;
        let mut elsewhere = site.visitor();
        follow(&mut elsewhere, &last_mail(&site).await).await.expect(200).shows("href=\"/login\"");
        assert!(!is_logged_in(&mut elsewhere).await);
        log_in(&mut elsewhere, "hanako@example.jp", PASSWORD).await.expect(303);
        elsewhere.get("/me/settings").await.expect(200).hides("/confirm/resend");
    }

    async fn a_mailed_link_works_once(site: TestApp) {
        let mut browser = site.visitor();
        sign_up(&mut browser, "はなこ", "hanako@example.jp").await;
        let mail = last_mail(&site).await;
        let token = token_of(&mail);
        follow(&mut browser, &mail).await.expect(303);
        let mut thief = site.visitor();
        thief.get(&mail.link()).await.expect(410).hides("action=\"/confirm\"");
        thief.post("/confirm", &[("token", &token)]).await.expect(410);
        thief.post("/reset", &[("token", &token), ("password", PASSWORD)]).await.expect(410);
        assert!(!is_logged_in(&mut thief).await);
    }

    async fn a_mailed_link_ends_after_its_time(site: TestApp) {
        let mut browser = site.visitor();
        sign_up(&mut browser, "はなこ", "hanako@example.jp").await;
        let confirm = last_mail(&site).await;
        browser.post("/forgot", &[("email", "hanako@example.jp")]).await.expect(200);
        let reset = last_mail(&site).await;
        site.clock.advance(HOUR);
        browser.get(&reset.link()).await.expect(410);
        browser.post("/reset", &[("token", &token_of(&reset)), ("password", "べつの ながい あいことば")]).await.expect(410);
        browser.get(&confirm.link()).await.expect(200);
        site.clock.advance(3 * DAY - HOUR);
        browser.get(&confirm.link()).await.expect(410);
        browser.post("/confirm", &[("token", &token_of(&confirm))]).await.expect(410);
    }

    async fn nonsense_is_no_token(site: TestApp) {
        let long = "x".repeat(5000);
        for token in ["", "abc", "' OR 1=1 --", "%00", &long] {
            let mut browser = site.visitor();
            browser.post("/confirm", &[("token", token)]).await.expect(410);
            browser.post("/reset", &[("token", token), ("password", PASSWORD)]).await.expect(410);
        }
        site.visitor().get("/confirm").await.expect(410);
        site.visitor().get("/reset?token=").await.expect(410);
    }

    async fn a_form_with_mistakes_says_so_and_keeps_what_was_typed(site: TestApp) {
        site.create_account("はなこ", Role::Member, true).await;
        let long = "あ".repeat(300);
        for (nickname, email, password, words) in [
            ("", "new@example.jp", PASSWORD, "ニックネームを書いてください"),
            (long.as_str(), "new@example.jp", PASSWORD, "20文字まで"),
            ("は な こ", "new@example.jp", PASSWORD, "使われています"),
            ("new@example.jp", "new@example.jp", PASSWORD, "アドレスのような名前"),
            ("めぐるみ運営", "new@example.jp", PASSWORD, "まぎらわしい"),
            ("はな\u{202e}こ", "new@example.jp", PASSWORD, "使えない文字"),
            ("たろう", "new@", PASSWORD, "メールアドレスの形"),
            ("たろう", "new@example.jp\r\nBcc: eve@example.jp", PASSWORD, "メールアドレスの形"),
            ("たろう", "new@example.jp", "みじかい", "10文字以上"),
            ("たろう", "new@example.jp", long.as_str(), "200文字まで"),
            ("たろう", "new@example.jp", "password1234", "よく使われる"),
            ("kumaemon", "new@example.jp", "kumaemon12", "違うパスワード"),
        ] {
            let fields = [("nickname", nickname), ("email", email), ("password", password)];
            let answer = site.visitor().post("/signup", &fields).await.expect(422).shows(words);
            if !email.contains('\r') {
                answer.shows(&format!("value=\"{email}\"")).hides(&format!("value=\"{PASSWORD}\""));
            }
        }
        site.visitor().post("/signup", &[]).await.expect(422).shows("ニックネームを書いてください");
        assert!(site.mails().await.is_empty());
    }

    async fn markup_in_a_name_stays_text(site: TestApp) {
        let fields = [("nickname", "<script>x</script>y"), ("email", "\"><script>"), ("password", "x")];
        site.visitor().post("/signup", &fields).await.expect(422).hides("<script>x").hides("\"><script>");
        let mut member = site.member("<b>くま</b>").await;
        member.get("/me/settings").await.expect(200).hides("<b>くま</b>").shows("くま");
    }

    async fn a_known_address_gets_the_same_answer_and_its_owner_a_mail(site: TestApp) {
        let id = site.create_account("はなこ", Role::Member, true).await;
        let known = sign_up(&mut site.visitor(), "たろう", &email_of("はなこ")).await.expect(200);
        let unknown = sign_up(&mut site.visitor(), "じろう", "u9999@example.jp").await.expect(200);
        let plain = |answer: &Answer, email: &str| {
            let id = answer.header("x-request-id").to_owned();
            answer.text().replace(email, "*").replace(&id, "*")
        };
        assert_eq!(plain(&known, &email_of("はなこ")), plain(&unknown, "u9999@example.jp"));
        let shape = |answer: &Answer| {
            answer
                .headers
                .iter()
                .filter(|(name, _)| !["content-length", "x-request-id"].contains(&name.as_str()))
                .map(|(name, value)| (name.to_string(), value.len()))
                .collect::<Vec<_>>()
        };
        assert_eq!(shape(&known), shape(&unknown));
        let mails = site.mails().await;
        let to_owner: Vec<&Mail> = mails.iter().filter(|mail| mail.to == email_of("はなこ")).collect();
        assert_eq!(to_owner.len(), 1);
        assert!(to_owner[0].subject.contains("すでに登録"), "{:?}", to_owner[0]);
        assert!(!to_owner[0].body.contains("token="));
        // Nothing about the account changed.
        let mut owner = site.logged_in(id).await;
        owner.get("/me/settings").await.expect(200).shows("はなこ").hides("たろう");
        assert_eq!(count(&site, Accounts::Table).await, 2);
    }

    async fn a_forgotten_password_of_nobody_gets_the_same_answer_and_no_mail(site: TestApp) {
        site.create_account("はなこ", Role::Member, true).await;
        let known = site.visitor().post("/forgot", &[("email", &email_of("はなこ"))]).await.expect(200);
        let unknown = site.visitor().post("/forgot", &[("email", "nobody@example.jp")]).await.expect(200);
        let plain = |answer: &Answer, email: &str| {
            let id = answer.header("x-request-id").to_owned();
            answer.text().replace(email, "*").replace(&id, "*")
        };
        assert_eq!(plain(&known, &email_of("はなこ")), plain(&unknown, "nobody@example.jp"));
        let to: Vec<String> = site.mails().await.into_iter().map(|mail| mail.to).collect();
        assert_eq!(to, [email_of("はなこ")]);
        site.visitor().post("/forgot", &[("email", "no address")]).await.expect(422).shows("no address");
    }

    async fn a_wrong_password_and_an_unknown_address_get_the_same_answer(site: TestApp) {
        site.create_account("はなこ", Role::Member, true).await;
        let wrong = log_in(&mut site.visitor(), &email_of("はなこ"), "ちがう あいことば").await.expect(422);
        let unknown = log_in(&mut site.visitor(), "nobody@example.jp", PASSWORD).await.expect(422);
        let plain = |answer: &Answer, email: &str| {
            let id = answer.header("x-request-id").to_owned();
            answer.text().replace(email, "*").replace(&id, "*")
        };
        assert_eq!(plain(&wrong, &email_of("はなこ")), plain(&unknown, "nobody@example.jp"));
        for (email, password) in [("", ""), ("x", "y"), ("nobody@example.jp", &"x".repeat(100_000))] {
            log_in(&mut site.visitor(), email, password).await.expect(422);
        }
    }

    async fn a_member_logs_in_from_any_keyboard_and_lands_where_they_wanted(site: TestApp) {
        site.create_account("hanako", Role::Member, true).await;
        let mut browser = site.visitor();
        browser.get("/login?next=/me/settings").await.expect(200).shows("value=\"/me/settings\"");
        let fields = [("email", "ＨＡＮＡＫＯ＠example.jp"), ("password", PASSWORD), ("next", "/me/settings")];
        let answer = browser.post("/login", &fields).await.expect(303);
        assert_eq!(answer.location(), "/me/settings");
        browser.get("/me/settings").await.expect(200);
        assert_eq!(browser.get("/login").await.expect(303).location(), "/me");
        assert_eq!(browser.get("/signup").await.expect(303).location(), "/me");
    }

    async fn logging_in_never_leads_off_the_site(site: TestApp) {
        site.create_account("hanako", Role::Member, true).await;
        for next in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""] {
            let fields = [("email", "hanako@example.jp"), ("password", PASSWORD), ("next", next)];
            assert_eq!(site.visitor().post("/login", &fields).await.expect(303).location(), "/");
            let mut inside = site.visitor();
            log_in(&mut inside, "hanako@example.jp", PASSWORD).await;
            let path = format!("/login?next={}", next.replace('/', "%2F").replace('\\', "%5C"));
            let to = inside.get(&path).await.expect(303).location().to_owned();
            assert!(to == "/" || to == "/me", "{to}");
        }
    }

    async fn a_log_in_makes_a_new_session_and_ends_the_browsers_old_one(site: TestApp) {
        let id = site.create_account("hanako", Role::Member, true).await;
        let mut browser = site.logged_in(id).await;
        let mut planted = browser.clone();
        log_in(&mut browser, "hanako@example.jp", PASSWORD).await.expect(303);
        assert!(is_logged_in(&mut browser).await);
        assert!(!is_logged_in(&mut planted).await, "the token from before must be worthless");
    }

    async fn the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(site: TestApp) {
        site.create_account("hanako", Role::Member, true).await;
        let answer = log_in(&mut site.visitor(), "hanako@example.jp", PASSWORD).await.expect(303);
        let cookie = answer.header("set-cookie").to_owned();
        for part in ["session=", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
    }

    async fn logging_out_ends_the_session_for_every_copy_of_the_cookie(site: TestApp) {
        let mut member = site.member("はなこ").await;
        let mut copy = member.clone();
        assert_eq!(member.post("/logout", &[]).await.expect(303).location(), "/");
        assert!(!is_logged_in(&mut member).await);
        assert!(!is_logged_in(&mut copy).await);
        member.post("/logout", &[]).await.expect(303);
    }

    async fn a_forgotten_password_is_reset_by_mail_and_every_session_ends(site: TestApp) {
        let id = site.create_account("hanako", Role::Member, false).await;
        let mut elsewhere = site.logged_in(id).await;
        let mut browser = site.visitor();
        browser.post("/forgot", &[("email", "hanako@example.jp")]).await.expect(200);
        browser.post("/forgot", &[("email", "hanako@example.jp")]).await.expect(200);
        let mails = site.mails().await;
        let token = token_of(&mails[0]);
        browser.get(&mails[0].link()).await.expect(200).shows(&token);
        // A weak one is refused, and the link still works.
        let answer = browser.post("/reset", &[("token", &token), ("password", "hanako1234")]).await;
        answer.expect(422).shows(&token);
        let new = "べつの ながい あいことば";
        browser.post("/reset", &[("token", &token), ("password", new)]).await.expect(303);
        assert!(is_logged_in(&mut browser).await);
        assert!(!is_logged_in(&mut elsewhere).await);
        browser.get("/me/settings").await.expect(200).hides("/confirm/resend");
        // Both links are used up, the old password is gone, and the owner is told.
        for mail in &mails {
            site.visitor().get(&mail.link()).await.expect(410);
        }
        log_in(&mut site.visitor(), "hanako@example.jp", PASSWORD).await.expect(422);
        log_in(&mut site.visitor(), "hanako@example.jp", new).await.expect(303);
        assert!(last_mail(&site).await.subject.contains("パスワードが変わりました"));
    }

    async fn a_password_is_changed_by_who_knows_it_and_other_sessions_end(site: TestApp) {
        let id = site.create_account("hanako", Role::Member, true).await;
        let (mut here, mut elsewhere) = (site.logged_in(id).await, site.logged_in(id).await);
        let new = "べつの ながい あいことば";
        let change = |current: &str, password: &str| {
            [("action", "password".to_owned()), ("current_password", current.to_owned()), ("password", password.to_owned())]
        };
        for (current, password, words) in [
            ("ちがう あいことば", new, "いまのパスワードが違います"),
            (PASSWORD, "みじかい", "10文字以上"),
            (PASSWORD, "hanako1234", "違うパスワード"),
        ] {
            let fields = change(current, password);
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            here.post("/me/settings", &fields).await.expect(422).shows(words);
        }
        assert!(is_logged_in(&mut elsewhere).await);
        let mut before = here.clone();
        let fields = [("action", "password"), ("current_password", PASSWORD), ("password", new)];
        here.post("/me/settings", &fields).await.expect(303);
        assert!(is_logged_in(&mut here).await);
        assert!(!is_logged_in(&mut elsewhere).await);
        assert!(!is_logged_in(&mut before).await, "this browser has a new session too");
        assert_eq!(last_mail(&site).await.to, "hanako@example.jp");
    }

    async fn a_member_sees_and_ends_their_sessions_and_nobody_elses(site: TestApp) {
        let id = site.create_account("hanako", Role::Member, true).await;
        let mut here = site.visitor();
        let agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile Safari/604.1";
        let body = format!("email=hanako%40example.jp&password={}", form_urlencoded::byte_serialize(PASSWORD.as_bytes()).collect::<String>());
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("user-agent", agent)];
        here.request(Method::POST, "/login", &headers, Body::from(body)).await.expect(303);
        let mut elsewhere = site.logged_in(id).await;
        let mut stranger = site.member("たろう").await;
        let page = here.get("/me/settings").await.expect(200).shows("Safari・iPhone").text();
        let ends: Vec<&str> = page
            .split("action=\"")
            .skip(1)
            .filter_map(|part| part.split('"').next())
            .filter(|path| path.starts_with("/me/sessions/"))
            .collect();
        assert_eq!(ends.len(), 1, "one other session: {ends:?}");
        stranger.post(ends[0], &[]).await.expect(404);
        stranger.post("/me/sessions/x/end", &[]).await.expect(404);
        assert!(is_logged_in(&mut elsewhere).await);
        here.post(ends[0], &[]).await.expect(303);
        assert!(!is_logged_in(&mut elsewhere).await);
        assert!(is_logged_in(&mut here).await);
        here.post(ends[0], &[]).await.expect(404);
    }

    async fn settings_are_saved_and_the_page_speaks_the_chosen_language(site: TestApp) {
        let mut member = site.member("はなこ").await;
        member.get("/me/settings").await.expect(200).shows("宇治市");
        let fields = [("action", "profile"), ("nickname", "はなはな"), ("region", "kameoka"), ("lang", "en")];
        member.post("/me/settings", &fields).await.expect(303);
        let page = member.get("/me/settings").await.expect(200).shows("はなはな").shows("lang=\"en\"");
        page.shows("<option value=\"kameoka\" selected>Kameoka</option>");
        let changes = server::changes::after(site.db(), 0, 10).await.unwrap();
        assert_eq!(changes.len(), 1, "the new name reaches the index");
        let fields = [("action", "profile"), ("nickname", "はなはな"), ("region", ""), ("lang", "ja-simple")];
        member.post("/me/settings", &fields).await.expect(303);
        member.get("/me/settings").await.expect(200).shows("宇治市（うじし）").hides(" selected>亀岡市");
        assert_eq!(server::changes::after(site.db(), 0, 10).await.unwrap().len(), 1);
    }

    async fn absurd_settings_are_refused_and_kept_in_the_form(site: TestApp) {
        site.create_account("たろう", Role::Member, true).await;
        let mut member = site.member("はなこ").await;
        for (nickname, region, lang, words) in [
            ("た ろ う", "uji", "ja", "使われています"),
            ("", "uji", "ja", "ニックネームを書いてください"),
            ("https://e.jp", "uji", "ja", "アドレスのような名前"),
            ("はなはな", "atlantis", "ja", "地域をえらんで"),
            ("はなはな", "uji", "tlh", "ことばをえらんで"),
        ] {
            let fields = [("action", "profile"), ("nickname", nickname), ("region", region), ("lang", lang)];
            member.post("/me/settings", &fields).await.expect(422).shows(words).shows(&format!("value=\"{nickname}\""));
        }
        member.post("/me/settings", &[("action", "delete-everything")]).await.expect(400);
        member.post("/me/settings", &[]).await.expect(400);
        member.get("/me/settings").await.expect(200).shows("value=\"はなこ\"");
    }

    async fn an_unconfirmed_member_looks_around_is_told_and_gets_the_mail_again(site: TestApp) {
        let id = site.create_account("hanako", Role::Member, false).await;
        let mut member = site.logged_in(id).await;
        member.get("/me/settings").await.expect(200).shows("action=\"/confirm/resend\"");
        member.post("/confirm/resend", &[]).await.expect(303);
        let mail = last_mail(&site).await;
        follow(&mut member, &mail).await.expect(303);
        member.get("/me/settings").await.expect(200).hides("/confirm/resend");
        // The link once more, in the same browser: it is done, not broken.
        member.get(&mail.link()).await.expect(200);
        member.post("/confirm/resend", &[]).await.expect(303);
        assert_eq!(site.mails().await.len(), 1, "there is nothing to confirm any more");
        site.visitor().post("/confirm/resend", &[]).await.expect(401);
    }

    async fn a_suspended_member_can_still_log_in_and_read(site: TestApp) {
        site.create_account("hanako", Role::Member, true).await;
        suspend(&site, "hanako@example.jp").await;
        let mut member = site.visitor();
        log_in(&mut member, "hanako@example.jp", PASSWORD).await.expect(303);
        member.get("/me/settings").await.expect(200);
    }

    async fn guessing_a_password_is_stopped_and_time_heals(site: TestApp) {
        site.create_account("hanako", Role::Member, true).await;
        for _ in 0..9 {
            log_in(&mut site.visitor(), "hanako@example.jp", "ちがう あいことば").await.expect(422);
        }
        // The right one gives the tries back.
        log_in(&mut site.visitor(), "hanako@example.jp", PASSWORD).await.expect(303);
        for _ in 0..10 {
            log_in(&mut site.visitor(), "hanako@example.jp", "ちがう あいことば").await.expect(422);
        }
        let answer = log_in(&mut site.visitor(), "hanako@example.jp", PASSWORD).await.expect(429);
        answer.shows("休んで").shows("hanako@example.jp");
        // An address that nobody has is counted alike.
        for _ in 0..10 {
            log_in(&mut site.visitor(), "nobody@example.jp", PASSWORD).await.expect(422);
        }
        log_in(&mut site.visitor(), "nobody@example.jp", PASSWORD).await.expect(429);
        site.clock.advance(15 * MINUTE);
        log_in(&mut site.visitor(), "hanako@example.jp", PASSWORD).await.expect(303);
    }

    async fn one_address_cannot_try_many_accounts(site: TestApp) {
        for n in 0..60 {
            log_in(&mut site.visitor(), &format!("n{n}@example.jp"), "x").await.expect(422);
        }
        log_in(&mut site.visitor(), "n60@example.jp", "x").await.expect(429);
        site.clock.advance(15 * MINUTE);
        log_in(&mut site.visitor(), "n60@example.jp", "x").await.expect(422);
    }

    async fn one_mailbox_gets_only_so_many_mails_and_the_answer_stays_the_same(site: TestApp) {
        site.create_account("hanako", Role::Member, true).await;
        for _ in 0..8 {
            site.visitor().post("/forgot", &[("email", "hanako@example.jp")]).await.expect(200);
        }
        sign_up(&mut site.visitor(), "たろう", "hanako@example.jp").await.expect(200);
        assert_eq!(site.mails().await.len(), 5);
        site.clock.advance(HOUR);
        site.visitor().post("/forgot", &[("email", "hanako@example.jp")]).await.expect(200);
        assert_eq!(site.mails().await.len(), 6);
    }

    async fn one_address_signs_up_only_so_often(site: TestApp) {
        for n in 0..20 {
            sign_up(&mut site.visitor(), &format!("くま{n}"), &format!("kuma{n}@example.jp")).await.expect(200);
        }
        sign_up(&mut site.visitor(), "くま20", "kuma20@example.jp").await.expect(429);
        site.clock.advance(HOUR);
        sign_up(&mut site.visitor(), "くま20", "kuma20@example.jp").await.expect(200);
    }

    async fn two_who_sign_up_at_once_with_one_name_end_as_one_account(site: TestApp) {
        let race = |nickname: &'static str, email: &'static str| {
            let mut browser = site.visitor();
            tokio::spawn(async move { sign_up(&mut browser, nickname, email).await.status.as_u16() })
        };
        let (one, two) = (race("はなこ", "one@example.jp"), race("はなこ", "two@example.jp"));
        let mut answers = [one.await.unwrap(), two.await.unwrap()];
        answers.sort_unstable();
        assert_eq!(answers, [200, 422]);
        let (one, two) = (race("いち", "race@example.jp"), race("に", "race@example.jp"));
        assert_eq!((one.await.unwrap(), two.await.unwrap()), (200, 200));
        assert_eq!(count(&site, Accounts::Table).await, 2);
    }

    async fn what_ran_out_is_forgotten(site: TestApp) {
        let id = site.create_account("hanako", Role::Member, true).await;
        let mut member = site.logged_in(id).await;
        site.visitor().post("/forgot", &[("email", "hanako@example.jp")]).await.expect(200);
        log_in(&mut site.visitor(), "nobody@example.jp", "x").await.expect(422);
        site.run_jobs().await;
        purge(&site).await;
        let counts = (count(&site, Sessions::Table).await, count(&site, MailTokens::Table).await);
        assert_eq!(counts, (1, 1), "nothing has run out yet");
        assert!(count(&site, RateLimits::Table).await > 0);
        site.clock.advance(2 * DAY);
        purge(&site).await;
        assert_eq!(count(&site, MailTokens::Table).await, 0);
        assert_eq!(count(&site, RateLimits::Table).await, 0);
        assert!(is_logged_in(&mut member).await, "a session lives on by being used");
        site.clock.advance(61 * DAY);
        assert!(!is_logged_in(&mut member).await);
        purge(&site).await;
        assert_eq!(count(&site, Sessions::Table).await, 0);
    }

    async fn an_operator_makes_accounts_and_says_who_moderates(site: TestApp) {
        let create = |email: &str, nickname: &str| AdminCommand::Create {
            email: email.to_owned(),
            nickname: nickname.to_owned(),
            role: Role::Admin,
            password_stdin: false,
        };
        let said = create("yuki@example.jp", "めぐるみ事務局").run(site.db(), &site.clock).await.unwrap();
        let password = said.rsplit_once(' ').unwrap().1;
        let mut admin = site.visitor();
        log_in(&mut admin, "yuki@example.jp", password).await.expect(303);
        admin.get("/me/settings").await.expect(200).hides("/confirm/resend").shows("href=\"/review\"");
        // Keeping a name that only staff may have is no mistake.
        let fields = [("action", "profile"), ("nickname", "めぐるみ事務局"), ("region", "uji"), ("lang", "ja")];
        admin.post("/me/settings", &fields).await.expect(303);

        let demote = AdminCommand::Promote { email: "Yuki@example.jp".into(), role: Role::Member };
        let said = demote.run(site.db(), &site.clock).await.unwrap();
        assert_eq!(said, "Yuki@example.jp was admin and is member.");
        let recorded = Query::select()
            .columns([Audit::Action, Audit::Before, Audit::After])
            .from(Audit::Table)
            .order_by(Audit::Seq, sea_query::Order::Asc)
            .take();
        let rows = site.db().rows(&recorded).await.unwrap();
        let row = |n: usize, column: &str| rows[n].get::<String>(column).unwrap();
        assert_eq!((row(0, "action"), row(0, "after")), ("create_account".into(), r#"{"role":"admin"}"#.into()));
        assert_eq!((row(1, "before"), row(1, "after")), (r#"{"role":"admin"}"#.into(), r#"{"role":"member"}"#.into()));
        admin.get("/me/settings").await.expect(200).hides("href=\"/review\"");

        for (command, words) in [
            (create("yuki@example.jp", "べつの名"), "already"),
            (create("new@example.jp", "めぐるみ 事務局"), "already"),
            (create("new", "べつの名"), "address"),
            (create("new@example.jp", ""), "nickname"),
            (AdminCommand::Promote { email: "nobody@example.jp".into(), role: Role::Admin }, "no account"),
        ] {
            let error = command.run(site.db(), &site.clock).await.unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    async fn mails_are_on_no_page_outside_the_demo(site: TestApp) {
        site.create_account("hanako", Role::Member, true).await;
        site.visitor().post("/forgot", &[("email", "hanako@example.jp")]).await.expect(200);
        site.run_jobs().await;
        let mail = std::fs::read_dir(site.data.path().join("mail")).unwrap().next().unwrap().unwrap();
        let name = mail.path().file_stem().unwrap().to_str().unwrap().to_owned();
        for mut viewer in [site.visitor(), site.admin("かん").await] {
            viewer.get("/demo/mail").await.expect(404);
            viewer.get(&format!("/demo/mail/{name}")).await.expect(404);
        }
    }

    async fn the_regions_are_there_from_the_start_and_only_once(site: TestApp) {
        server::regions::seed(site.db()).await.unwrap();
        let regions = server::regions::list(site.db()).await.unwrap();
        assert_eq!(regions.all().len(), 17);
        assert_eq!(regions.all()[0].id, "uji");
        assert_eq!(site.app.regions.find("kameoka").unwrap().name(web::Lang::JaSimple), "亀岡市（かめおかし）");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_demo_a_mail_is_read_on_a_page_and_its_link_can_be_followed() {
    let site = TestApp::start_demo(Database::Sqlite).await;
    let mut browser = site.visitor();
    browser.get("/demo/mail").await.expect(200);
    sign_up(&mut browser, "はなこ", "hanako@example.jp").await.expect(200).shows("/demo/mail");
    site.run_jobs().await;
    let list = browser.get("/demo/mail").await.expect(200).shows("hanako@example.jp").text();
    let path = list.split("href=\"").find(|part| part.starts_with("/demo/mail/")).expect("a mail");
    let mail = browser.get(path.split('"').next().unwrap()).await.expect(200).shows("はなこさん");
    let text = mail.text();
    let link = text.split("href=\"").find(|part| part.contains("/confirm?token=")).expect("a link");
    let token = link.split("token=").nth(1).unwrap().split('"').next().unwrap();
    browser.post("/confirm", &[("token", token)]).await.expect(303);
    for elsewhere in ["..%2F..%2Fmegurumi", "x", "00000000-0000-7000-8000-000000000000"] {
        browser.get(&format!("/demo/mail/{elsewhere}")).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_https_the_session_is_bound_to_this_host() {
    let settings = [("BASE_URL", "https://megurumi.example")];
    let site = TestApp::start_with(Database::Sqlite, &settings).await;
    site.create_account("hanako", Role::Member, true).await;
    let answer = log_in(&mut site.visitor(), "hanako@example.jp", PASSWORD).await.expect(303);
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-session=") && cookie.contains("; Secure"), "{cookie}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_proxy_the_named_client_is_counted_and_not_the_proxy() {
    let settings = [("CLIENT_ADDRESS_HEADER", "X-Forwarded-For")];
    let site = TestApp::start_with(Database::Sqlite, &settings).await;
    let try_from = async |n: usize, from: &str| {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let body = Body::from(format!("email=n{n}%40example.jp&password=x"));
        let headers = [kind, ("x-forwarded-for", from)];
        site.visitor().request(Method::POST, "/login", &headers, body).await.status.as_u16()
    };
    for n in 0..60 {
        // What stands before the proxy's own entry is the client's to invent.
        assert_eq!(try_from(n, &format!("198.51.100.{n}, 192.0.2.7")).await, 422);
    }
    assert_eq!(try_from(60, "203.0.113.1, 192.0.2.7").await, 429);
    assert_eq!(try_from(61, "192.0.2.8").await, 422);
}
