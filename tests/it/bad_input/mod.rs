//! Bad input, all of it: a clear answer in the reader's language and the right status, nothing lost, nothing leaked, and the worker
//! lives on. What another test holds already is named here and not written twice.
//!
//! | input | test |
//! |---|---|
//! | an empty file | [`files`]; by tus `uploads::every_wrong_request_has_its_own_answer` |
//! | a text file named .mp4 | `story::a_file_that_is_no_film_comes_back_with_a_word_and_nothing_is_lost` |
//! | an HLS playlist, an AVI that points at /etc/passwd or 127.0.0.1 | [`files`]; each of the child's refusals: `transcoder/tests/video/refusals.rs` |
//! | a PNG header of 30,000 × 30,000 | [`files`]; without decoding: `transcoder/tests/photos` |
//! | a truncated MP4, a clip too long or too large, sound alone | [`files`] |
//! | wrong tus offsets (409), too large (413), no Tus-Resumable (412) | `uploads::every_wrong_request_has_its_own_answer`; in each language, and absurd numbers: [`transfer`] |
//! | a bad checksum (460) | `uploads::bytes_with_the_wrong_checksum_do_not_count`, [`transfer`] |
//! | `<script>` in every field | [`markup`] |
//! | forms with missing and absurd values | [`forms`], `accounts::a_form_with_mistakes_says_so_and_keeps_what_was_typed`, `accounts::absurd_settings_are_refused_and_kept_in_the_form`, `story::an_incomplete_form_comes_back_as_typed_with_its_mistakes_named`, `moderation::asking_for_changes_and_rejecting_want_a_reason`, `moderation::a_form_from_before_the_item_changed_is_refused_with_the_note_kept`, `thanks::a_tap_that_says_neither_yes_nor_no_changes_nothing` |
//! | another member's draft | `story::another_members_draft_does_not_exist`, [`others`] |
//! | an unapproved post's media | [`others`] |
//! | anything typed into the search, and filters that make no sense | [`search`]; without the site, and any document: `search/tests/any_text.rs` |
//! | anything at all, to every route | [`sweep`] |

mod files;
mod forms;
mod markup;
mod others;
mod search;
mod sweep;
mod transfer;

use sea_query::{Expr, ExprTrait, Func, Query};
use server::db::Read;
use server::db::tables::Jobs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use tests::{Answer, Browser, TestApp, media};

/// A script, and the end of an attribute with a handler behind it: what becomes of either tells whether it stayed text.
const MARKUP: &str = "<script>alert(1)</script>\"><img src=x onerror=alert(1)>";

/// A post's words, complete.
const WORDS: [(&str, &str); 5] = [
    ("kind", "tip"),
    ("title", "くつ下の朝"),
    ("body", "手ぶくろにしてあいさつ"),
    ("region", "uji"),
    ("tags", "朝 したく"),
];

/// A port that hostile files and addresses point at.
struct Trap(TcpListener);

impl Trap {
    fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.0.local_addr().unwrap())
    }

    #[track_caller]
    fn assert_nobody_came(&self) {
        let error = self.0.accept().expect_err("somebody followed the address");
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    }
}

/// As it stands in the file that hostile media asks for.
fn first_account_of_this_machine() -> String {
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap();
    accounts.lines().next().unwrap().to_owned()
}

/// That an answer tells nothing of what is inside: no cause, path or statement.
#[track_caller]
fn assert_discreet(site: &TestApp, what: &str, answer: &Answer) {
    let text = answer.text();
    let (data, account) = (site.data.path().display().to_string(), first_account_of_this_machine());
    let inside = [
        data.as_str(),
        account.as_str(),
        "panicked",
        ".rs:",
        "SELECT ",
        "INSERT ",
        "UPDATE ",
        "sqlx",
        "rusqlite",
        "syntax error",
        "invalid byte sequence",
        "tantivy",
        "libav",
        "os error",
        "`boundary`",
        "Invalid URL",
        "UTF-8",
        "header value",
    ];
    for word in inside {
        assert!(!text.contains(word), "{what}: the answer tells {word:?}:\n{text}");
    }
}

/// That nothing of what was typed has become markup: not [`MARKUP`], nor any of its kind.
#[track_caller]
fn assert_text_only(what: &str, answer: &Answer) {
    let is_page = answer.header("content-type").starts_with("text/html");
    if !is_page {
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
        return;
    }
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("script-src 'self';"), "{what}: {policy:?}");
    let page = answer.text().to_lowercase();
    let typed = [
        "<script>alert",
        "</script>\">",
        "<img src=x",
        "<img/onerror",
        "<img onerror",
        "\" onmouseover=\"",
        "href=\"javascript",
    ];
    for raw in typed {
        assert!(!page.contains(raw), "{what}: {raw} came through:\n{page}");
    }
}

/// How many jobs were given up: bad input is no reason to bury one.
async fn dead_jobs(site: &TestApp) -> u64 {
    let select = Query::select()
        .expr_as(Func::count(Expr::col(Jobs::Id)), "n")
        .from(Jobs::Table)
        .and_where(Expr::col(Jobs::State).eq("dead"))
        .take();
    site.db().count(&select).await.unwrap()
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            files.extend(files_under(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}

/// That a photo and a clip still come through: a post with both reaches the moderators. Leaves it waiting; gives its address.
async fn assert_the_worker_lives(site: &TestApp, author: &mut Browser) -> String {
    assert_eq!(dead_jobs(site).await, 0);
    let (photo, clip) = (media::photo(400, 300), media::portrait_clip(1));
    let mut words = WORDS.to_vec();
    words.push(("action", "submit"));
    let files: [(&str, &str, &str, &[u8]); 2] = [
        ("photos", "IMG_1.JPG", "image/jpeg", &photo),
        ("video", "IMG_2.MOV", "video/quicktime", &clip),
    ];
    let post =
        author.post_files("/posts/new", &words, &files).await.expect(303).location().to_owned();
    site.run_jobs().await;
    let status = author.script().get(&format!("{post}/status")).await.expect(200).json();
    assert_eq!((&status["state"], &status["video"]["state"]), (&"waiting".into(), &"ready".into()));
    assert!(status["photos"][0]["url"].is_string(), "{status}");
    post
}
