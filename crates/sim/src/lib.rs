//! Deterministic worlds for tests: one seed drives clocks, store, transport and faults on one paused
//! thread, with the real engine and the real SQLite core. What must hold is in [`check`].

mod asking;
mod case;
pub mod check;
mod clock;
mod depot;
mod dice;
mod faults;
mod fleet;
mod kind;
mod lease;
mod marketing;
mod outside;
mod process;
mod rules;
mod story;
mod warehouse;
pub mod weeks;
mod wire;
mod world;

pub use case::Case;
pub use dice::{Fault, Plan};
pub use kind::Kind;
pub use marketing::Telling;
pub use world::{Outcome, run};
