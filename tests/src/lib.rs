//! What the tests stand on: real servers and stores, started for them and stopped after them.

pub mod garage;
