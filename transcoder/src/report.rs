//! Events on their way to the parent.

use std::io::{Write, stdout};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use transcoder_protocol::Event;

/// Often enough for the parent's watchdog and a smooth bar, seldom enough to cost nothing.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

/// May be shared between threads.
pub struct Reporter {
    out: Mutex<Box<dyn Write + Send>>,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    last_sent: Option<Instant>,
    permille: u16,
}

impl Reporter {
    pub fn to_stdout() -> Self {
        Self::to(stdout())
    }

    pub fn to(listener: impl Write + Send + 'static) -> Self {
        Self { out: Mutex::new(Box::new(listener)), progress: Mutex::default() }
    }

    /// Ends the process when nobody listens any more: a child must not outlive its parent.
    pub fn send(&self, event: &Event) {
        let Ok(mut line) = serde_json::to_vec(event) else { std::process::abort() };
        line.push(b'\n');
        let Ok(mut out) = self.out.lock() else { std::process::abort() };
        if out.write_all(&line).and_then(|()| out.flush()).is_err() {
            std::process::exit(1);
        }
    }

    /// What was done so far counts no more: the bar begins at zero again.
    pub fn begin_anew(&self) {
        if let Ok(mut progress) = self.progress.lock() {
            progress.permille = 0;
        }
    }

    /// Says that `done` of 0 to 1 is done. Call it as often as work moves; only a few calls a second are sent on, and the
    /// number never falls, but by [`Self::begin_anew`].
    pub fn progress(&self, done: f64) {
        let now = Instant::now();
        let Ok(mut progress) = self.progress.lock() else { return };
        if progress.last_sent.is_some_and(|last| now - last < PROGRESS_INTERVAL) {
            return;
        }
        progress.last_sent = Some(now);
        progress.permille = progress.permille.max((done.clamp(0.0, 1.0) * 1000.0) as u16);
        self.send(&Event::Progress { permille: progress.permille });
    }
}
