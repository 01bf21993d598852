//! The mails that a demo site did not really send, for everyone to read. Only in demo mode, and only when no mail server is set: elsewhere
//! these pages do not exist.

use crate::app::App;
use crate::error::{Error, Result};
use crate::http::Context;
use axum::extract::{Path, State};
use axum::response::Response;
use mail_parser::MessageParser;
use std::path::PathBuf;
use std::time::SystemTime;
use web::When;
use web::accounts::{DemoMail, DemoMailListView};

/// The newest so many are listed.
const LISTED: usize = 50;
/// Of the folder's entries, looked at.
const LOOKED_AT: usize = 10_000;

fn folder(app: &App) -> Result<PathBuf> {
    let is_shown = app.config.demo && app.config.smtp_url.is_none();
    if is_shown { Ok(app.config.mail_folder()) } else { Err(Error::NotFound) }
}

/// GET /demo/mail
pub async fn list(State(app): State<App>, context: Context) -> Result<Response> {
    let folder = folder(&app)?;
    let mails = tokio::task::spawn_blocking(move || newest(&folder))
        .await
        .map_err(anyhow::Error::from)??;
    Ok(context.page(web::accounts::demo_mails(&context.chrome, &DemoMailListView { mails })))
}

/// GET /demo/mail/{id}
pub async fn show(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<Response> {
    // The name of a file: a UUID, nothing that could lead elsewhere.
    let id: uuid::Uuid = id.parse().map_err(|_| Error::NotFound)?;
    let path = folder(&app)?.join(format!("{id}.eml"));
    let mail =
        tokio::task::spawn_blocking(move || read(&path)).await.map_err(anyhow::Error::from)?;
    let mail = mail.ok_or(Error::NotFound)?;
    Ok(context.page(web::accounts::demo_mail(&context.chrome, &mail)))
}

fn newest(folder: &std::path::Path) -> std::io::Result<Vec<DemoMail>> {
    let mut files: Vec<(SystemTime, PathBuf)> = std::fs::read_dir(folder)?
        .take(LOOKED_AT)
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let is_mail = entry.path().extension().is_some_and(|extension| extension == "eml");
            is_mail.then_some((entry.metadata().ok()?.modified().ok()?, entry.path()))
        })
        .collect();
    files.sort_by_key(|(written, _)| std::cmp::Reverse(*written));
    Ok(files.into_iter().take(LISTED).filter_map(|(_, path)| read(&path)).collect())
}

fn read(path: &std::path::Path) -> Option<DemoMail> {
    let raw = std::fs::read(path).ok()?;
    let written = std::fs::metadata(path).ok()?.modified().ok()?;
    let millis = written.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis();
    let mail = MessageParser::default().parse(&raw)?;
    Some(DemoMail {
        url: format!("/demo/mail/{}", path.file_stem()?.to_str()?),
        to: mail.to()?.first()?.address()?.to_owned(),
        subject: mail.subject()?.to_owned(),
        sent: When(i64::try_from(millis).ok()?),
        body: mail.body_text(0)?.replace("\r\n", "\n"),
    })
}
