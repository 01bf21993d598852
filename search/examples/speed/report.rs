//! The table: ours, each peer, how many times as long a peer takes, and what was to be reached.

use std::time::Duration;

use crate::clock::Took;
use crate::questions::Class;

pub struct Row {
    name: &'static str,
    target: Option<Duration>,
    pub ours: Vec<Took>,
    pub trigrams: Vec<Took>,
    pub bigrams: Vec<Took>,
}

pub fn head() {
    println!("\nmilliseconds p50 / p99; × is the peer's CPU next to ours at p50 / p99");
    println!(
        "{:<33}{:>16}{:>16}{:>18}{:>16}{:>18}{:>16}  to reach",
        "", "ours, CPU", "wall", "SQLite FTS5, CPU", "×", "tantivy, CPU", "×"
    );
}

impl Row {
    pub fn of(class: &Class) -> Row {
        let Class { name, target, .. } = *class;
        Row { name, target, ours: vec![], trigrams: vec![], bigrams: vec![] }
    }

    pub fn print(&self) {
        let at = |all: &[Took], of: fn(Took) -> Duration| {
            [50, 99].map(|part| of(Took::at(all, part)).as_secs_f64() * 1000.0)
        };
        let cpu = at(&self.ours, |took| took.cpu);
        let wall = at(&self.ours, |took| took.wall);
        let mut line = format!("{:<33}{:>16}{:>16}", self.name, pair(cpu, 2), pair(wall, 2));
        for (peer, width) in [(&self.trigrams, 18), (&self.bigrams, 18)] {
            if peer.is_empty() {
                line += &format!("{:>width$}{:>16}", "–", "–");
                continue;
            }
            let theirs = at(peer, |took| took.cpu);
            let times = [theirs[0] / cpu[0], theirs[1] / cpu[1]];
            line += &format!("{:>width$}{:>16}", pair(theirs, 2), pair(times, 1));
        }
        if let Some(target) = self.target {
            let met = if cpu[1] <= target.as_secs_f64() * 1000.0 { "reached" } else { "MISSED" };
            line += &format!("  {} {met}", target.as_millis());
        }
        println!("{line}");
    }
}

fn pair(values: [f64; 2], digits: usize) -> String {
    format!("{:.digits$} / {:.digits$}", values[0], values[1])
}
