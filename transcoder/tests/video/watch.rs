//! The parent's side: progress, and children that misbehave.

use crate::media::{PROGRAM, Studio};
use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use transcoder_protocol::run::{Update, cage, run};
use transcoder_protocol::{Caged, Failure, VideoLimits};

/// A program that does what `script` says in place of the transcoder.
fn impostor(studio: &Studio, script: &str) -> PathBuf {
    let path = studio.write("impostor", format!("#!/bin/sh\n{script}\n").as_bytes());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[tokio::test]
async fn progress_rises_to_the_end() {
    let studio = Studio::open();
    let clip = studio
        .film("clip.mp4", "-f lavfi -i testsrc2=s=640x360:r=30:d=8 -c:v libx264 -preset ultrafast");
    let mut heard = Vec::new();
    let task = studio.task(&clip, VideoLimits::default());
    let hear = |update| {
        if let Update::Progress(permille) = update {
            heard.push(permille);
        }
    };
    run(Path::new(PROGRAM), &task, hear).await.unwrap();
    assert!(
        heard.len() >= 2 && heard.is_sorted() && heard.iter().all(|&permille| permille <= 1000),
        "{heard:?}"
    );
}

#[tokio::test]
async fn the_bar_is_no_further_than_the_rendition_that_is_furthest_behind() {
    const SECONDS: f64 = 24.0;
    let studio = Studio::open();
    let clip = studio.film(
        "clip.mp4",
        "-f lavfi -i testsrc2=s=1280x720:r=25:d=24 -c:v libx264 -preset ultrafast -g 25",
    );
    let mut made: HashMap<String, f64> = HashMap::new();
    let (mut longest, mut last, mut heard) = (0.0, 0.0, 0);
    let task = studio.task(&clip, VideoLimits::default());
    let hear = |update| match update {
        Update::Caged(_) | Update::Found(_) => {}
        Update::Outline(outline) => {
            longest = outline.longest_segment_ms / 1000.0;
            made = outline.renditions.into_iter().map(|rendition| (rendition.file, 0.0)).collect();
        }
        Update::Segment(new) => {
            *made.get_mut(&new.file).unwrap() += new.segment.duration_ms / 1000.0;
        }
        Update::Progress(permille) => {
            let told = f64::from(permille) / 1000.0 * SECONDS;
            let behind = made.values().copied().fold(f64::INFINITY, f64::min);
            // A segment is told once the next has begun.
            assert!(told <= behind + 2.0 * longest, "{told} s are told, {behind} s are there");
            (last, heard) = (told, heard + 1);
        }
    };
    run(Path::new(PROGRAM), &task, hear).await.unwrap();
    assert!(made.len() > 1 && heard > 5, "{made:?} {heard}");
    assert!(last > SECONDS / 2.0, "{last}");
}

#[tokio::test]
async fn the_child_stands_back_as_far_as_it_is_told() {
    let studio = Studio::open();
    let clip = studio.film("clip.mp4", "-f lavfi -i testsrc2=s=320x240:r=30:d=2 -c:v libx264");
    // Counted behind the name, which may hold anything.
    let niceness_of = |process: &str| -> i32 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.trim())).unwrap();
        stat.rsplit(')').next().unwrap().split_whitespace().nth(16).unwrap().parse().unwrap()
    };
    for niceness in [0, 7] {
        let studio = Studio::open();
        let limits = VideoLimits { niceness, ..VideoLimits::default() };
        let mut seen = None;
        let look = |_| {
            let child = std::fs::read_to_string("/proc/thread-self/children").unwrap();
            seen = Some(niceness_of(&child));
        };
        run(Path::new(PROGRAM), &studio.task(&clip, limits), look).await.unwrap();
        assert_eq!(seen, Some(niceness_of("self").max(niceness as i32)));
    }
}

#[tokio::test]
async fn memory_does_not_grow_with_the_files_bytes() {
    let studio = Studio::open();
    let film = |name: &str, quality: u32| {
        // Noise, which no codec makes small.
        let picture = "color=gray:s=640x360:r=30:d=10,format=yuvj444p,noise=alls=100:allf=t";
        studio.film(name, &format!("-f lavfi -i {picture} -c:v mjpeg -q:v {quality}"))
    };
    let mebibytes = |file: &Path| std::fs::metadata(file).unwrap().len() >> 20;
    let clips = [film("small.mov", 31), film("large.mov", 2)];
    let [small, large] = clips.each_ref().map(|clip| mebibytes(clip));
    assert!(large > small + 80, "{small} and {large} MiB");
    let mut peaks = Vec::new();
    for clip in &clips {
        let studio = Studio::open();
        let mut peak = 0;
        let look = |_| {
            let child = std::fs::read_to_string("/proc/thread-self/children").unwrap();
            let status = std::fs::read_to_string(format!("/proc/{}/status", child.trim())).unwrap();
            // Gone once the process ends.
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kibibytes = line.map(|line| line.trim_end_matches("kB").trim().parse().unwrap());
            peak = peak.max(kibibytes.unwrap_or(0) >> 10);
        };
        let task = studio.task(clip, VideoLimits::default());
        run(Path::new(PROGRAM), &task, look).await.unwrap();
        peaks.push(peak);
    }
    assert!(peaks[1] < peaks[0] + 40, "{peaks:?} MiB");
}

#[tokio::test]
async fn children_that_misbehave_are_told_apart() {
    let cases = [
        ("exit 3", Failure::Crashed),
        ("kill -SEGV $$", Failure::Crashed),
        ("kill -XCPU $$", Failure::TookTooLong),
        ("kill -KILL $$", Failure::TooHeavy),
        ("kill -ABRT $$", Failure::Crashed),
        ("exit 12", Failure::TooHeavy),
        // In the middle of a line, as when another thread was speaking.
        ("printf '{\"event\":\"progr'; exit 12", Failure::TooHeavy),
        ("echo not an event", Failure::Crashed),
        (
            "echo '{\"event\":\"failed\",\"failure\":\"no_video\",\"detail\":\"\"}'",
            Failure::NoVideo,
        ),
        (
            "echo '{\"event\":\"segment\",\"file\":\"../240p.mp4\",\"index\":0,\"init_bytes\":1,\"segment\":{\"offset\":1,\"bytes\":1,\"duration_ms\":1}}'",
            Failure::Crashed,
        ),
        // Without an end of line, without an end.
        ("exec tr '\\0' 'x' < /dev/zero", Failure::Crashed),
        ("exec yes '{\"event\":\"progress\",\"permille\":1}'", Failure::Crashed),
        ("tr '\\0' 'x' < /dev/zero | head -c 1000000 >&2; exit 1", Failure::Crashed),
        (
            "echo '{\"event\":\"done\",\"output\":\"photo\",\"width\":1,\"height\":1,\"widths\":[],\"colour\":\"#000000\",\"grid\":{\"columns\":4,\"rows\":3,\"colours\":[]},\"fingerprint\":null,\"had_location\":false}'",
            Failure::Crashed,
        ),
    ];
    for (script, expected) in cases {
        let studio = Studio::open();
        let task = studio.task(&studio.write("input", b""), VideoLimits::default());
        let failure = run(&impostor(&studio, script), &task, |_| {}).await.unwrap_err();
        assert_eq!(failure.failure, expected, "{script}: {failure}");
        assert!(failure.detail.len() < 10_000);
    }
}

#[tokio::test]
async fn a_child_that_takes_too_long_is_killed_with_all_it_started() {
    let studio = Studio::open();
    let limits = VideoLimits { max_wall_ms: 300, ..VideoLimits::default() };
    let task = studio.task(&studio.write("input", b""), limits);
    let pid_file = studio.path("pid");
    let script = format!("sleep 1000 & echo $! > {}; wait", pid_file.display());
    let started = Instant::now();
    let failure = run(&impostor(&studio, &script), &task, |_| {}).await.unwrap_err();
    assert_eq!(failure.failure, Failure::TookTooLong);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(is_gone(&pid_file).await, "the grandchild lives");
}

#[tokio::test]
async fn a_child_that_says_nothing_is_killed_with_all_it_started() {
    let studio = Studio::open();
    let limits = VideoLimits { max_silence_ms: 300, ..VideoLimits::default() };
    let task = studio.task(&studio.write("input", b""), limits);
    let pid_file = studio.path("pid");
    let script = format!(
        "echo '{{\"event\":\"progress\",\"permille\":1}}'; sleep 1000 & echo $! > {}; wait",
        pid_file.display()
    );
    let failure = run(&impostor(&studio, &script), &task, |_| {}).await.unwrap_err();
    assert_eq!(failure.failure, Failure::TookTooLong);
    assert!(failure.detail.contains("silent"), "{failure}");
    assert!(is_gone(&pid_file).await, "the grandchild lives");
}

#[tokio::test]
async fn a_child_that_floods_its_folder_is_killed() {
    let floods = [
        // Many files, each within the limit of one.
        "i=0; while :; do head -c 100000 /dev/zero > $out/$i; i=$((i+1)); done",
        "i=0; while :; do : > $out/$i; i=$((i+1)); done",
    ];
    for flood in floods {
        let studio = Studio::open();
        let limits = VideoLimits { max_output_bytes: 1 << 20, ..VideoLimits::default() };
        let task = studio.task(&studio.write("input", b""), limits);
        let script = format!("out={}; {flood}", studio.path("out").display());
        let failure = run(&impostor(&studio, &script), &task, |_| {}).await.unwrap_err();
        assert_eq!(failure.failure, Failure::TooHeavy, "{flood}: {failure}");
    }
}

#[tokio::test]
async fn a_child_gets_the_opened_input_and_no_path_to_it() {
    let studio = Studio::open();
    let task = studio.task(&studio.write("input-7391", b"a film"), VideoLimits::default());
    let script = "case \"$*$(env)\" in *input-7391*) exit 3;; esac; \
        [ \"$(cat)\" = 'a film' ] && echo '{\"event\":\"failed\",\"failure\":\"no_video\",\"detail\":\"\"}'";
    let failure = run(&impostor(&studio, script), &task, |_| {}).await.unwrap_err();
    assert_eq!(failure.failure, Failure::NoVideo, "{failure}");
}

#[tokio::test]
async fn the_cage_this_system_grants_is_told() {
    let caged = cage(Path::new(PROGRAM)).await.unwrap();
    assert_eq!(caged, Caged { landlock: true, seccomp: true, rlimits: true });
    let studio = Studio::open();
    for script in ["exit 1", "echo nothing", "yes | head -c 100000"] {
        let failure = cage(&impostor(&studio, script)).await.unwrap_err();
        assert_eq!(failure.failure, Failure::Crashed);
    }
    assert!(cage(&studio.path("absent")).await.is_err());
}

#[tokio::test]
async fn a_child_whose_result_nobody_wants_any_more_is_killed() {
    let studio = Studio::open();
    let task = studio.task(&studio.write("input", b""), VideoLimits::default());
    let pid_file = studio.path("pid");
    let script = format!(
        "echo $$ > {}; echo '{{\"event\":\"progress\",\"permille\":1}}'; exec sleep 1000",
        pid_file.display()
    );
    let program = impostor(&studio, &script);
    let (heard, mut hear) = tokio::sync::mpsc::unbounded_channel();
    tokio::select! {
        outcome = run(&program, &task, |_| heard.send(()).unwrap()) => panic!("{outcome:?}"),
        _ = hear.recv() => {}
    }
    assert!(is_gone(&pid_file).await);
}

/// Whether the process whose id is in the file ends, or has ended.
async fn is_gone(pid_file: &Path) -> bool {
    let pid = std::fs::read_to_string(pid_file).unwrap();
    let stat = PathBuf::from(format!("/proc/{}/stat", pid.trim()));
    let is_running = || {
        // State Z: dead, but not yet waited for by whoever inherited it.
        std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "))
    };
    let deadline = Instant::now() + Duration::from_secs(5);
    while is_running() && Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    !is_running()
}
