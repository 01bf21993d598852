//! `megurumi try-video`, as an operator runs it: the real binary and the real transcoder, no database.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tests::{app, media};

/// From inside `folder`, with settings as in the environment, without their `MEGURUMI_`.
fn command(folder: &Path, file: &str, out: &str, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(app::binary("megurumi"));
    command
        .current_dir(folder)
        .envs(settings.iter().map(|(name, value)| (format!("MEGURUMI_{name}"), value)))
        .args(["try-video", file, out]);
    command
}

pub fn try_video(folder: &Path, file: &str, out: &str) -> Output {
    command(folder, file, out, &[]).output().unwrap()
}

pub fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The report, which is in the folder as it was said.
pub fn report(output: &Output, out: &Path) -> Value {
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let kept: Value = serde_json::from_slice(&fs::read(out.join("report.json")).unwrap()).unwrap();
    assert_eq!(said, kept);
    said
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// What `ffmpeg` complains about while it decodes all of a file or playlist.
fn complaints(path: &Path) -> String {
    let decoded = Command::new("ffmpeg")
        .args(["-v", "error", "-xerror", "-nostdin", "-i"])
        .arg(path)
        .args(["-map", "0", "-f", "null", "-"])
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&decoded.stderr).into_owned();
    if decoded.status.success() { complaints } else { format!("{}: {complaints}", decoded.status) }
}

/// The addresses in a playlist, of lines and of attributes.
fn addresses(playlist: &str) -> BTreeSet<&str> {
    let lines = playlist.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let attributes = playlist.split("URI=\"").skip(1).filter_map(|rest| rest.split('"').next());
    lines.chain(attributes).collect()
}

#[test]
fn a_clip_becomes_a_folder_that_plays() {
    let folder = tempfile::tempdir().unwrap();
    let film = media::portrait_clip(9);
    fs::write(folder.path().join("はなの 動画.mov"), &film).unwrap();
    let tried = try_video(folder.path(), "はなの 動画.mov", "まだない/ここに 置く");
    assert_eq!(tried.status.code(), Some(0), "{}", words(&tried));

    let out = folder.path().join("まだない/ここに 置く");
    let report = report(&tried, &out);
    assert_eq!(report["source"]["file"], "はなの 動画.mov");
    assert_eq!(report["source"]["bytes"], film.len());
    for layer in ["landlock", "seccomp", "rlimits"] {
        assert_eq!(report["cage"][layer], true);
    }
    let found = &report["found"];
    assert_eq!(found["picture"]["codec"], "h264");
    // What `ffmpeg` calls 90, anticlockwise.
    assert_eq!(found["picture"]["turn"]["degrees"], 270);
    assert_eq!(
        (&found["picture"]["width"], &found["picture"]["height"]),
        (&640.into(), &360.into())
    );
    assert_eq!(found["sound"]["codec"], "aac");
    assert_eq!(report["decided"]["why_encoded"], "turned");
    let made = &report["made"];
    assert_eq!((&made["width"], &made["height"]), (&360.into(), &640.into()));
    assert_eq!(made["duration_ms"], 9000);
    let (first, wall) = (&report["first_playable_ms"], &report["wall_ms"]);
    assert!(first.as_u64().unwrap() <= wall.as_u64().unwrap());
    assert!(report["refused"].is_null());

    let mut expected = BTreeSet::from(["report.json".to_owned()]);
    for playlist in ["master.m3u8", "240p.m3u8", "360p.m3u8"] {
        let text = fs::read_to_string(out.join(playlist)).unwrap();
        assert!(text.starts_with("#EXTM3U\n"));
        expected.insert(playlist.into());
        expected.extend(addresses(&text).into_iter().map(String::from));
        assert_eq!(complaints(&out.join(playlist)), "", "{playlist}");
    }
    let track = fs::read_to_string(out.join("storyboard.vtt")).unwrap();
    let sprite = track.lines().find_map(|line| line.split_once("#xywh=")).unwrap().0;
    expected.extend(["storyboard.vtt".to_owned(), sprite.to_owned()]);
    let images =
        made["posters"].as_array().unwrap().iter().chain([&made["contact_sheet"]["sprite"]]);
    for image in images {
        let file = image["file"].as_str().unwrap();
        let size = media::size_of(&fs::read(out.join(file)).unwrap());
        assert!(size.0 > 0 && size.1 > 0, "{file}");
        expected.insert(file.into());
    }
    for rendition in made["renditions"].as_array().unwrap() {
        let file = rendition["file"].as_str().unwrap();
        assert_eq!(complaints(&out.join(file)), "", "{file}");
    }
    assert_eq!(names(&out), expected, "everything that is named, and nothing else");

    let words = words(&tried);
    for word in [
        "cage",
        "whole",
        "to be turned by 270°",
        "360p 240p",
        "not upright",
        "9.0 s",
        "master.m3u8",
    ] {
        assert!(words.contains(word), "{word} missing in {words}");
    }
}

#[test]
fn a_rung_that_is_copied_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let clip = media::film(
        "clip.mp4",
        "-f lavfi -i testsrc2=s=640x360:r=30:d=9 -c:v libx264 -profile:v high -pix_fmt yuv420p -g 60 -bf 0 -b:v 500k \
         -color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv",
    );
    fs::write(folder.path().join("clip.mp4"), clip).unwrap();
    let tried = try_video(folder.path(), "clip.mp4", "out");
    assert_eq!(tried.status.code(), Some(0), "{}", words(&tried));
    let report = report(&tried, &folder.path().join("out"));
    assert!(report["decided"]["why_encoded"].is_null(), "{}", report["decided"]);
    let words = words(&tried);
    let copied: Vec<&str> = words.lines().filter(|line| line.ends_with(", copied")).collect();
    assert!(copied.len() == 1 && copied[0].contains("360p.mp4"), "{words}");
    assert_eq!(complaints(&folder.path().join("out/master.m3u8")), "");
}

#[test]
fn a_refusal_is_told_by_its_name_and_in_the_sites_words() {
    let folder = tempfile::tempdir().unwrap();
    let clip = media::film("clip.mp4", "-f lavfi -i testsrc2=s=320x240:r=25:d=4 -c:v libx264");
    fs::write(folder.path().join("clip.mp4"), clip).unwrap();
    fs::write(folder.path().join("text.mp4"), "これは動画ではありません。\n").unwrap();
    fs::write(folder.path().join("empty.mp4"), "").unwrap();
    let cases = [
        ("text.mp4", "unknown_format", "We could not read this file as a video."),
        ("empty.mp4", "empty", "The video file is empty."),
        ("clip.mp4", "too_long", "The video is too long. Please cut it to 2 seconds"),
    ];
    for (file, failure, message) in cases {
        let out = format!("out/{file}");
        let settings = [("VIDEO_MAX_SECONDS", "2")];
        let tried = command(folder.path(), file, &out, &settings).output().unwrap();
        assert_eq!(tried.status.code(), Some(2), "{}", words(&tried));
        let out = folder.path().join(out);
        let report = report(&tried, &out);
        let refused = &report["refused"];
        assert_eq!(refused["failure"], failure);
        assert!(refused["message"].as_str().unwrap().starts_with(message), "{refused}");
        assert!(!refused["detail"].as_str().unwrap().is_empty());
        assert_eq!(report["limits"]["max_duration_ms"], 2000);
        assert!(report["made"].is_null() && report["cage"]["seccomp"] == true);
        assert_eq!(names(&out), BTreeSet::from(["report.json".to_owned()]));
        let words = words(&tried);
        assert!(words.contains(failure) && words.contains(message), "{words}");
    }
}

#[test]
fn names_that_look_like_options_or_patterns_are_names() {
    let folder = tempfile::tempdir().unwrap();
    let clip = media::film("clip.ts", "-f lavfi -i testsrc2=s=160x120:r=10:d=1 -c:v libx264");
    for (file, out) in [("-video.mp4", "-out"), ("a [b] c.mts", "concat:out"), ("--", "--help me")]
    {
        fs::write(folder.path().join(file), &clip).unwrap();
        let mut command = Command::new(app::binary("megurumi"));
        command.current_dir(folder.path()).arg("try-video");
        if file == "--" {
            command.arg("--");
        }
        let tried = command.args([file, out]).output().unwrap();
        assert_eq!(tried.status.code(), Some(0), "{file}: {}", words(&tried));
        assert_eq!(complaints(&folder.path().join(out).join("120p.mp4")), "");
    }
}

#[test]
fn what_cannot_be_tried_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("clip.mp4"), "no clip").unwrap();
    fs::create_dir(at("full")).unwrap();
    fs::write(at("full/master.m3u8"), "mine").unwrap();
    assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    let before = names(folder.path());
    let cases = [
        ("clip.mp4", "full", "full is not empty"),
        ("clip.mp4", "clip.mp4", "cannot use the folder clip.mp4"),
        ("clip.mp4", "clip.mp4/out", "cannot use the folder clip.mp4/out"),
        ("missing.mp4", "out", "cannot read missing.mp4"),
        ("full", "out", "full is not a file"),
        // Opened, it would wait for ever for a writer.
        ("pipe", "out", "pipe is not a file"),
    ];
    for (file, out, complaint) in cases {
        let tried = try_video(folder.path(), file, out);
        assert_eq!(tried.status.code(), Some(1), "{file} {out}");
        assert!(tried.stdout.is_empty());
        assert!(words(&tried).contains(complaint), "{complaint} missing in {}", words(&tried));
    }
    let nowhere = [("TRANSCODER", "/nowhere/megurumi-transcoder")];
    let tried = command(folder.path(), "clip.mp4", "out", &nowhere).output().unwrap();
    assert_eq!(tried.status.code(), Some(1));
    assert!(words(&tried).contains("starting /nowhere/megurumi-transcoder"), "{}", words(&tried));
    assert_eq!(names(folder.path()), before);
    assert_eq!(fs::read_to_string(at("full/master.m3u8")).unwrap(), "mine");
    assert_eq!(names(&at("full")).len(), 1);
}

#[test]
fn an_empty_folder_is_taken_and_a_relative_transcoder_is_found() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("out")).unwrap();
    std::os::unix::fs::symlink(app::binary("megurumi-transcoder"), folder.path().join("child"))
        .unwrap();
    let clip = media::film("clip.mp4", "-f lavfi -i testsrc2=s=160x120:r=10:d=1 -c:v libx264");
    fs::write(folder.path().join("clip.mp4"), clip).unwrap();
    let settings = [("TRANSCODER", "./child"), ("SANDBOX", "require")];
    let tried = command(folder.path(), "clip.mp4", "out", &settings).output().unwrap();
    assert_eq!(tried.status.code(), Some(0), "{}", words(&tried));
    assert!(folder.path().join("out/120p.mp4").is_file());
}

#[test]
fn an_interrupted_try_leaves_no_child_and_no_file_behind() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("clip.mov"), media::portrait_clip(60)).unwrap();
    for signal in ["-INT", "-TERM"] {
        let mut tried = command(folder.path(), "clip.mov", "new/out", &[])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(tried.stderr.take().unwrap()).lines();
        assert!(said.any(|line| line.unwrap().starts_with("decided")), "it works");
        let children =
            fs::read_dir(format!("/proc/{}/task", tried.id())).unwrap().flat_map(|task| {
                let children = fs::read_to_string(task.unwrap().path().join("children")).unwrap();
                children.split_whitespace().map(String::from).collect::<Vec<_>>()
            });
        let children: Vec<String> = children.collect();
        assert_eq!(children.len(), 1);
        let sent = Command::new("kill").args([signal, &tried.id().to_string()]).status().unwrap();
        assert!(sent.success());
        assert_eq!(tried.wait().unwrap().code(), Some(130), "{signal}");
        assert!(!folder.path().join("new/out").exists(), "{signal}");
        assert!(ends(&children[0]), "{signal}: the child lives");
    }
}

/// Whether the process ends, or has ended.
fn ends(pid: &str) -> bool {
    // State Z: dead, but not yet waited for by whoever inherited it.
    let is_running =
        || fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
    let begun = Instant::now();
    while is_running() && begun.elapsed() < Duration::from_secs(5) {
        std::thread::yield_now();
    }
    !is_running()
}
