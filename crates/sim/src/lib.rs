//! Deterministic worlds for tests: one seed drives clock, store, transport and faults on one paused
//! thread, with the real engine and the real SQLite core. What must hold is in [`check`].

mod asking;
pub mod check;
mod clock;
mod depot;
mod dice;
mod faults;
mod marketing;
mod outside;
mod rules;
mod story;
pub mod weeks;
mod world;

pub use dice::{Fault, Plan};
pub use world::{Outcome, run, run_asking};
