//! Whose turn it is to append to an upload, on this node. A newcomer asks whoever appends to stop.
//!
//! Between nodes and after a kill the database's lock decides; this is only quicker and more polite.

use crate::time_id::UploadId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedMutexGuard, watch};

/// How long a newcomer waits for the one before it, which may be bringing its last bytes to disk.
const PATIENCE: Duration = Duration::from_secs(10);

/// The uploads that someone on this node appends to, or waits to.
#[derive(Clone, Debug, Default)]
pub struct Turns(Arc<Mutex<HashMap<UploadId, Arc<Gate>>>>);

#[derive(Debug)]
struct Gate {
    turn: Arc<tokio::sync::Mutex<()>>,
    /// How many wait.
    waiting: watch::Sender<usize>,
}

/// The right to append to one upload, until dropped.
#[derive(Debug)]
pub struct Turn {
    // Let go of before the gate.
    _held: OwnedMutexGuard<()>,
    wanted: watch::Receiver<usize>,
    gate: Waiting,
}

/// Keeps the gate in the map for as long as anyone needs it.
#[derive(Debug)]
struct Waiting {
    turns: Turns,
    id: UploadId,
    gate: Arc<Gate>,
}

impl Turns {
    /// Waits for the turn; `None` when whoever has it doesn't let go.
    pub async fn take(&self, id: UploadId) -> Option<Turn> {
        let gate = {
            let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            gates.entry(id).or_insert_with(|| Arc::new(Gate::new())).clone()
        };
        let waiting = Waiting { turns: self.clone(), id, gate };
        waiting.gate.waiting.send_modify(|count| *count += 1);
        let counted = Counted(&waiting.gate.waiting);
        let held = tokio::time::timeout(PATIENCE, waiting.gate.turn.clone().lock_owned()).await;
        drop(counted);
        let held = held.ok()?;
        Some(Turn { _held: held, wanted: waiting.gate.waiting.subscribe(), gate: waiting })
    }
}

impl Gate {
    fn new() -> Self {
        Self { turn: Arc::default(), waiting: watch::Sender::new(0) }
    }
}

/// One that waits, also when its request is dropped meanwhile.
struct Counted<'a>(&'a watch::Sender<usize>);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Turn {
    /// Resolves when someone else wants the turn. May be dropped and called again.
    pub async fn wanted(&mut self) {
        if self.wanted.wait_for(|count| *count > 0).await.is_err() {
            // The sender lives in the gate that we hold.
            unreachable!("the gate is gone from under {}", self.gate.id)
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut gates = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The map's and ours: nobody else can be on the way, for that needs the map.
        if Arc::strong_count(&self.gate) == 2 {
            gates.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time_id::Clock;

    #[tokio::test]
    async fn a_newcomer_is_heard_and_gets_the_turn() {
        let turns = Turns::default();
        let id = UploadId::new(&Clock::System);
        let mut first = turns.take(id).await.unwrap();
        let second = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take(id).await.is_some() }
        });
        first.wanted().await;
        drop(first);
        assert!(second.await.unwrap());
    }

    #[tokio::test]
    async fn nothing_is_kept_of_an_upload_that_nobody_appends_to() {
        let turns = Turns::default();
        let id = UploadId::new(&Clock::System);
        let turn = turns.take(id).await;
        let other = turns.take(UploadId::new(&Clock::System)).await;
        drop((turn, other));
        assert!(turns.0.lock().unwrap().is_empty());
    }
}
