//! Events on their way to the parent.

use std::io::{Stdout, Write, stdout};
use std::time::{Duration, Instant};
use transcoder_protocol::Event;

/// Often enough for the parent's watchdog and a smooth bar, seldom enough to cost nothing.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

pub struct Reporter {
    out: Stdout,
    last_progress: Option<Instant>,
    permille: u16,
}

impl Reporter {
    pub fn to_stdout() -> Self {
        Self { out: stdout(), last_progress: None, permille: 0 }
    }

    /// Ends the process when nobody listens any more: a child must not outlive its parent.
    pub fn send(&mut self, event: &Event) {
        let Ok(mut line) = serde_json::to_vec(event) else { std::process::abort() };
        line.push(b'\n');
        let mut out = self.out.lock();
        if out.write_all(&line).and_then(|()| out.flush()).is_err() {
            std::process::exit(1);
        }
    }

    /// Says that `done` of 0 to 1 is done. Call it as often as work moves; only a few calls a second are sent on, and the
    /// number never falls.
    pub fn progress(&mut self, done: f64) {
        let now = Instant::now();
        if self.last_progress.is_some_and(|last| now - last < PROGRESS_INTERVAL) {
            return;
        }
        self.last_progress = Some(now);
        self.permille = self.permille.max((done.clamp(0.0, 1.0) * 1000.0) as u16);
        self.send(&Event::Progress { permille: self.permille });
    }
}
