//! What the operator does from the command line: make the first accounts, and say who moderates. Works beside a running site, since it
//! needs the database alone.

use super::{Credentials, Email, NewAccount, Nickname, actions, password, sql};
use crate::access::viewer::Role;
use crate::db::{Db, DbError, Tx};
use crate::moderation::{SubjectKind, audit};
use crate::time_id::{AccountId, Clock};
use anyhow::{Context, anyhow, bail};
use clap::Subcommand;
use serde_json::{Value, json};
use std::io::Read as _;
use web::Lang;
use web::lang::Arg;

#[derive(Clone, Debug, Subcommand)]
pub enum AdminCommand {
    /// Make an account that need not confirm its address.
    Create {
        #[arg(long)]
        email: String,
        #[arg(long)]
        nickname: String,
        #[arg(long, value_parser = role, help = "member, moderator or admin")]
        role: Role,
        #[arg(long, help = "Read the password from standard input instead of making one up")]
        password_stdin: bool,
    },
    /// Give an account another role.
    Promote {
        #[arg(long)]
        email: String,
        #[arg(long, value_parser = role, help = "member, moderator or admin")]
        role: Role,
    },
}

fn role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|()| "a role is member, moderator or admin".to_owned())
}

impl AdminCommand {
    /// Does it. Returns what to tell the operator.
    ///
    /// Errors, beside the database's: a name, address or password that sign-up would refuse too; one that is taken; no such account.
    pub async fn run(self, db: &Db, clock: &Clock) -> anyhow::Result<String> {
        match self {
            Self::Create { email, nickname, role, password_stdin } => {
                let email = Email::parse(&email).map_err(refused)?;
                let nickname = Nickname::parse_staff(&nickname).map_err(refused)?;
                let typed = if password_stdin { Some(read_password()?) } else { None };
                create(db, clock, (nickname, email, role), typed).await
            }
            Self::Promote { email, role } => {
                let email = Email::parse(&email).map_err(refused)?;
                let before = set_role(db, clock, &email, role).await?;
                Ok(format!("{} was {before} and is {role}.", email.shown))
            }
        }
    }
}

/// Sign-up's own words for it.
fn refused((key, limit): super::Complaint) -> anyhow::Error {
    anyhow!(Lang::En.plain_with(key, &[("n", Arg::Number(limit.unwrap_or_default()))]))
}

fn read_password() -> anyhow::Result<String> {
    let mut typed = String::new();
    std::io::stdin().take(10_000).read_to_string(&mut typed).context("cannot read the password")?;
    Ok(typed.trim_end_matches(['\r', '\n']).to_owned())
}

async fn create(
    db: &Db,
    clock: &Clock,
    (nickname, email, role): (Nickname, Email, Role),
    typed: Option<String>,
) -> anyhow::Result<String> {
    // 120 random bits, when nobody thought up a password.
    let chosen =
        typed.clone().unwrap_or_else(|| crate::access::secret().chars().take(20).collect());
    if let Err(weakness) = password::check(&chosen, &[&nickname.shown, &email.shown]).await? {
        return Err(refused(weakness.complaint()));
    }
    let answer = match typed {
        Some(_) => format!("{} is {role}.", email.shown),
        None => format!("{} is {role}. Password: {chosen}", email.shown),
    };
    let new = NewAccount {
        nickname,
        email,
        password_hash: password::hash(&chosen).await?,
        role,
        language: Lang::Ja,
        region_id: None,
        is_confirmed: true,
    };
    let mut tx = db.begin().await?;
    let id = match actions::insert(&mut tx, clock, &new).await {
        Err(DbError::Duplicate(_)) => bail!("an account has this nickname or address already"),
        other => other?,
    };
    record(&mut tx, clock, ("create_account", id), (Value::Null, role)).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Returns the role that the account had.
async fn set_role(db: &Db, clock: &Clock, email: &Email, role: Role) -> anyhow::Result<Role> {
    let mut tx = db.begin().await?;
    let account = find(&mut tx, email).await?;
    if account.role != role {
        if !sql::set_role(&mut tx, account.id, account.role, role, clock.now()).await? {
            bail!("the account changed meanwhile; try again");
        }
        let before = json!({ "role": account.role });
        record(&mut tx, clock, ("set_role", account.id), (before, role)).await?;
        tx.commit().await?;
    }
    Ok(account.role)
}

/// On the record: who has power over others' work is everybody's business.
async fn record(
    tx: &mut Tx,
    clock: &Clock,
    (action, account): (&str, AccountId),
    (before, role): (Value, Role),
) -> anyhow::Result<()> {
    let entry = audit::Entry {
        actor: None,
        action,
        subject_kind: SubjectKind::Account,
        subject_id: account.to_string(),
        before,
        after: json!({ "role": role }),
        reason: None,
        note: "",
    };
    audit::record(tx, clock, entry).await?;
    Ok(())
}

async fn find(tx: &mut Tx, email: &Email) -> anyhow::Result<Credentials> {
    let found = sql::find_by_email(tx, &email.key).await?;
    found.with_context(|| format!("no account has the address {}", email.shown))
}
