//! People. These builders write the database directly; the tests of accounts go through the forms.

use crate::{Browser, TestApp};
use sea_query::{Expr, ExprTrait, Query};
use server::access::session;
use server::access::viewer::{AccountState, Role};
use server::accounts::{Email, NewAccount, Nickname, actions, password};
use server::db::tables::Accounts;
use server::time_id::AccountId;
use tokio::sync::OnceCell;

/// Everyone's.
pub const PASSWORD: &str = "ひよこ おさんぽ あめのひ";

/// One costs 20 ms: hashed once for all tests.
async fn password_hash() -> String {
    static HASH: OnceCell<String> = OnceCell::const_new();
    let hash = HASH.get_or_init(|| async { password::hash(PASSWORD).await.expect("a hash") });
    hash.await.clone()
}

/// The address of whoever [`TestApp::account`] made; an ASCII one for any nickname.
pub fn email_of(nickname: &str) -> String {
    let mut local = String::new();
    for c in nickname.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' => local.push(c),
            other => local.push_str(&format!("u{:x}", u32::from(other))),
        }
    }
    format!("{local}@example.jp")
}

impl TestApp {
    /// A confirmed member, logged in.
    pub async fn member(&self, nickname: &str) -> Browser {
        self.account(nickname, Role::Member).await
    }

    /// A moderator, logged in.
    pub async fn moderator(&self, nickname: &str) -> Browser {
        self.account(nickname, Role::Moderator).await
    }

    /// An admin, logged in.
    pub async fn admin(&self, nickname: &str) -> Browser {
        self.account(nickname, Role::Admin).await
    }

    /// Someone of that role, confirmed and logged in, without forms or mails.
    pub async fn account(&self, nickname: &str, role: Role) -> Browser {
        let id = self.create_account(nickname, role, true).await;
        self.logged_in(id).await
    }

    /// A row alone: nobody is logged in.
    pub async fn create_account(
        &self,
        nickname: &str,
        role: Role,
        is_confirmed: bool,
    ) -> AccountId {
        let new = NewAccount {
            nickname: Nickname::parse_staff(nickname).expect("a nickname"),
            email: Email::parse(&email_of(nickname)).expect("an address"),
            password_hash: password_hash().await,
            role,
            language: web::Lang::Ja,
            region_id: Some("uji".into()),
            is_confirmed,
        };
        let mut tx = self.db().begin().await.expect("a transaction");
        let id = actions::insert(&mut tx, &self.clock, &new).await.expect("a new account");
        tx.commit().await.expect("a commit");
        id
    }

    /// A new browser with a session of that account.
    pub async fn logged_in(&self, id: AccountId) -> Browser {
        let mut tx = self.db().begin().await.expect("a transaction");
        let token = session::start(&mut tx, &self.clock, id, "a test").await.expect("a session");
        tx.commit().await.expect("a commit");
        let mut browser = self.visitor();
        browser.set_cookie(session::cookie_name(&self.app), &token);
        browser
    }

    /// Stops an account from writing.
    pub async fn suspend(&self, id: AccountId) {
        let mut tx = self.db().begin().await.expect("a transaction");
        let statement = Query::update()
            .table(Accounts::Table)
            .value(Accounts::State, AccountState::Suspended)
            .and_where(Expr::col(Accounts::Id).eq(id))
            .take();
        tx.execute(&statement).await.expect("a suspension");
        tx.commit().await.expect("a commit");
    }
}
