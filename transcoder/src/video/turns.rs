//! How many stages of the pipeline may work at once. Each stage has a thread, of which most wait for one another; whoever has
//! work takes a turn first, and gives it back before it waits. So an operator's limit holds whatever the number of rungs.
//!
//! Threads that libav starts by itself are outside: [`share`] gives each encoder no more of them than its part of the work.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub struct Turns {
    free: Mutex<usize>,
    given_back: Condvar,
}

/// Given back when dropped.
pub struct Turn<'a>(&'a Turns);

impl Turns {
    pub fn new(count: usize) -> Self {
        Self { free: Mutex::new(count.max(1)), given_back: Condvar::new() }
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

/// Threads for a stage that does this part (0 to 1) of all the work.
pub fn share(threads: usize, part: f64) -> usize {
    // Rounded down a little: the stages that get one thread anyway need the rest.
    ((threads as f64 * part * 0.9).round() as usize).max(1)
}
