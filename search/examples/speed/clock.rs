//! Time of this thread and of the wall, and the memory of this process.

use std::fs;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::Outcome;

#[derive(Debug, Clone, Copy, Default)]
pub struct Took {
    /// Of this thread alone.
    pub cpu: Duration,
    pub wall: Duration,
}

impl Took {
    /// So many hundredths took no longer, by each clock.
    pub fn at(all: &[Took], hundredths: usize) -> Took {
        let at = |of: fn(&Took) -> Duration| {
            let mut sorted: Vec<Duration> = all.iter().map(of).collect();
            sorted.sort_unstable();
            let place = (all.len() * hundredths).div_ceil(100).saturating_sub(1);
            sorted.get(place).copied().unwrap_or_default()
        };
        Took { cpu: at(|took| took.cpu), wall: at(|took| took.wall) }
    }
}

pub fn timed<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<Took> {
    let (cpu, wall) = (cpu(ClockId::ThreadCPUTime), Instant::now());
    work()?;
    let took = Took { wall: wall.elapsed(), cpu: self::cpu(ClockId::ThreadCPUTime) - cpu };
    Ok(took)
}

/// Of all threads of this process.
pub fn process_cpu() -> Duration {
    cpu(ClockId::ProcessCPUTime)
}

fn cpu(clock: ClockId) -> Duration {
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

/// At the most since the last time that was forgotten; and how much of it is its own now, the rest being files that are mapped.
pub fn memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let megabytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        let number = line.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0_u64);
        number / 1024
    };
    format!("{} MB at the most, {} MB own", megabytes("VmHWM:"), megabytes("RssAnon:"))
}

/// Where the system doesn't let us, the peak is that of the whole run.
pub fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").ok();
}
