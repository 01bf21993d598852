//! How many stages of the pipeline may work at once. Each stage has a thread, of which most wait for one another; whoever has
//! work takes a turn first, and gives it back before it waits. So an operator's limit holds whatever the number of rungs. A
//! limit that the machine has anyway is the kernel's to keep: it can take a core away in the middle of a frame, so the stage
//! that sets the pace need not wait for the others (see [`Pace`]).
//!
//! Threads that libav starts by itself are outside: [`share`] gives each encoder no more of them than its part of the work.

use crate::sandbox;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;

pub struct Turns {
    free: Mutex<usize>,
    given_back: Condvar,
}

/// Given back when dropped.
pub struct Turn<'a>(&'a Turns);

impl Turns {
    /// For a limit of so many threads.
    pub fn new(threads: usize) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        let count = if threads >= cores { usize::MAX } else { threads.max(1) };
        Self { free: Mutex::new(count), given_back: Condvar::new() }
    }

    pub fn take(&self) -> Turn<'_> {
        let waited = self.given_back.wait_while(self.free(), |free| *free == 0);
        *waited.unwrap_or_else(PoisonError::into_inner) -= 1;
        Turn(self)
    }

    fn free(&self) -> MutexGuard<'_, usize> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.free() += 1;
        self.0.given_back.notify_one();
    }
}

/// How urgent a stage's work is to the whole.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Every other stage waits for it sooner or later.
    Sets,
    /// Catches up whenever the first has to wait.
    Follows,
}

impl Pace {
    /// For the calling thread.
    pub fn keep(self) {
        if self == Self::Follows {
            sandbox::stand_back(STEPS_BACK);
        }
    }
}

/// Steps of niceness: enough that the one ahead has nearly a core of its own.
const STEPS_BACK: u32 = 10;

/// Threads for a stage that does this part (0 to 1) of all the work.
pub fn share(threads: usize, part: f64) -> usize {
    // Rounded down a little: the stages that get one thread anyway need the rest.
    ((threads as f64 * part * 0.9).round() as usize).max(1)
}
