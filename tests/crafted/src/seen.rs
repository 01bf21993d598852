//! What a film shows and plays, read back by `ffmpeg`; and many of them looked at side by side.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// When it becomes white after black, each time, in seconds; `rate` frames a second.
pub fn flashes(film: &Path, rate: f64) -> Vec<f64> {
    let frames = decoded(film, "", "-map 0:v -vsync passthrough -vf scale=1:1,format=gray");
    let is_first = |at: usize| frames[at] > 128 && (at == 0 || frames[at - 1] <= 128);
    (0..frames.len()).filter(|&at| is_first(at)).map(|at| at as f64 / rate).collect()
}

/// When it becomes loud after a tenth of a second of quiet, each time, in seconds, of a film with 48,000 samples a second.
pub fn beeps(film: &Path) -> Vec<f64> {
    let samples = decoded(film, "", "-map 0:a -ac 1 -c:a pcm_s16le");
    let mut beeps = Vec::new();
    let mut last_loud = -1.0;
    for (at, sample) in samples.chunks_exact(2).enumerate() {
        let seconds = at as f64 / 48_000.0;
        if i16::from_le_bytes([sample[0], sample[1]]).unsigned_abs() > 1500 {
            if seconds - last_loud > 0.1 {
                beeps.push(seconds);
            }
            last_loud = seconds;
        }
    }
    beeps
}

/// Raw samples of a file: `before` goes before the input, `after` behind.
pub fn decoded(file: &Path, before: &str, after: &str) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin"])
        .args(before.split_whitespace())
        .arg("-i")
        .arg(file)
        .args(after.split_whitespace())
        .args(if after.contains("s16le") { ["-f", "s16le"] } else { ["-f", "rawvideo"] })
        .arg("-")
        .output()
        .expect("ffmpeg is installed");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    output.stdout
}

/// Does something with each of these, as many at a time as there are cores, and gives what is complained of.
pub fn complaints<T: Sync>(
    of: &[T],
    check: impl Fn(&T) -> Result<(), String> + Sync,
) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let work = || {
        let each = std::iter::from_fn(|| of.get(next.fetch_add(1, Ordering::Relaxed)));
        each.filter_map(|one| check(one).err()).collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a check ends")).collect()
    })
}
