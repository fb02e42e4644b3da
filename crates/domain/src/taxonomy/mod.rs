//! The taxonomy as data: statuses, reasons, triggers and the fields of an event, one table each.
//! Must not know how any source or destination words them.

pub mod closed;
pub mod derived;
pub mod fields;
pub mod reason;
pub mod status;
pub mod trigger;

pub use closed::{closed_keys, closed_words};
pub use derived::Derived;
pub use fields::{FIELDS, Field, FieldKind, Level, Privacy, field};
pub use reason::Reason;
pub use status::{Home, Kind, Leg, Phase, Status};
pub use trigger::Trigger;
