//! Receive, process and send over ports. Must not know: actix, an HTTP client, a database, any
//! marketing tool or shop system by name.

mod alerts;
mod asker;
mod chance;
pub mod dry;
mod engine;
pub mod explain;
mod fresh;
mod hearing;
pub mod import;
mod limits;
mod lookup;
mod measured;
pub mod metrics;
mod objections;
mod patience;
mod poll;
pub mod ports;
mod process;
pub mod receive;
pub mod room;
pub mod rules;
mod send;
mod settings;
mod sweep;
mod test_event;
pub mod trace;

pub use alerts::{AlertSettings, OpenIncident, TestNotice};
pub use chance::Chance;
pub use engine::{Engine, Parts};
pub use poll::PollState;
pub use receive::{Answer, Hook, Target};
pub use settings::{Messages, Settings};
pub use test_event::{TestEvent, TestOutcome};
