//! What the engine needs of the world, in its own words. A store implements [`Ledger`],
//! [`Archive`] and [`Vault`], the root [`Transport`], [`Mailer`] and [`Clock`]; simulation brings its own.
//!
//! Calls are batch-shaped: *the item is atomic, the batch only saves round trips*.

pub mod archive;
pub mod asking;
pub mod ledger;
pub mod mailer;
mod received;
pub mod records;
mod story;
mod sweep;
pub mod transport;
mod turns;
pub mod unmapped;
pub mod vault;

pub use archive::{
    Archive, Cursor, Filter, List, MOST_OF_TIMELINE, Page, Row, StoreHealth, Timeline,
};
pub use asking::{Asked, Asking, KeptAnswer, Polled, ToAsk};
pub use ledger::{
    Accepted, CommitError, HandOut, Held, Ledger, LedgerResult, PortError, Recalled, ReceiptLines,
    Want,
};
pub use mailer::{Mail, MailError, Mailer};
pub(crate) use received::{IMPORTED_ITEM, IMPORTED_ROW, Origin};
pub use records::*;
pub use story::{CONNECTOR_LINE, FOLLOWED, ORDERS_JOINED, StoryDecision, StoryLine};
pub use sweep::{Orphan, OrphanKind, Swept};
pub use transport::{Clock, Transport, TransportError};
pub use turns::{Limits, Meter, TurnWish, Turns, Turnstile, Wait};
pub use unmapped::Unmapped;
pub use vault::{Place, Shelf, Vault};
