//! Where a whole cage is required, nothing that needs one starts without: the real binary, and a transcoder that says it has half of one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tests::app;
use tests::process::Process;

/// In place of the transcoder, on a system without landlock.
fn half_caged(folder: &Path) -> PathBuf {
    let path = folder.join("transcoder");
    let said = r#"{"event":"caged","landlock":false,"seccomp":true,"rlimits":true}"#;
    fs::write(&path, format!("#!/bin/sh\necho '{said}'\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn require(arguments: &[&str], transcoder: &Path) -> Output {
    Command::new(app::binary("megurumi"))
        .args(arguments)
        .env("MEGURUMI_SANDBOX", "require")
        .env("MEGURUMI_TRANSCODER", transcoder)
        .env("MEGURUMI_DICTIONARY", app::dictionary())
        .output()
        .unwrap()
}

#[test]
fn a_worker_that_requires_a_whole_cage_does_not_start_in_half_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").display().to_string();
    let absent = folder.path().join("absent");
    fs::write(folder.path().join("clip.mp4"), "a film").unwrap();
    let [clip, out] =
        ["clip.mp4", "out"].map(|name| folder.path().join(name).display().to_string());
    let commands: [&[&str]; 3] = [
        &["work", "--data", &data],
        &["serve", "--listen", "127.0.0.1:0", "--data", &data],
        &["try-video", &clip, &out],
    ];
    for arguments in commands {
        for (transcoder, complaint) in
            [(&half_caged(folder.path()), "landlock: false"), (&absent, "starting")]
        {
            let ended = require(arguments, transcoder);
            let said = String::from_utf8_lossy(&ended.stderr);
            assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {said}");
            assert!(said.contains(complaint), "{arguments:?}: {said}");
        }
    }
    assert!(!Path::new(&out).exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_starts_in_the_whole_cage_that_it_requires_and_in_half_of_one_that_it_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let whole = app::binary("megurumi-transcoder");
    let cases = [("require", whole), ("best-effort", half_caged(folder.path()))];
    for (sandbox, transcoder) in cases {
        let data = tempfile::tempdir().unwrap();
        let transcoder = transcoder.display().to_string();
        // It answers, or this waits in vain.
        let settings = [("SANDBOX", sandbox.to_owned()), ("TRANSCODER", transcoder)];
        let site = Process::start(data.path(), &settings).await;
        assert!(site.get("/healthz").await.starts_with("HTTP/1.1 200"), "{sandbox}");
        site.kill().await;
    }
}
