//! The words and pure rules of parcelwire. Must not know: async, I/O, clocks, HTTP, files.

pub mod alias;
pub mod calendar;
pub mod carrier;
pub mod derived;
pub mod event;
pub mod id;
pub mod incident;
mod json_text;
pub mod label;
mod list;
pub mod order;
pub mod past;
pub mod retry;
pub mod silence;
pub mod taxonomy;
pub mod value;

pub use alias::{Alias, AliasKind};
pub use event::{Event, Moment, Party, TimePrecision};
pub use json_text::{plain_json_bytes, write_json_text};
pub use list::List;
pub use value::{Map, Number, Value};
