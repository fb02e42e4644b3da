//! What the engine needs of the world, in its own words. A store implements [`Ledger`],
//! [`Archive`] and [`Vault`], the root [`Transport`] and [`Clock`]; simulation brings its own.
//!
//! Calls are batch-shaped: *the item is atomic, the batch only saves round trips*.

pub mod archive;
pub mod asking;
pub mod ledger;
mod received;
pub mod records;
pub mod transport;
pub mod unmapped;
pub mod vault;

pub use archive::{Archive, Cursor, Filter, List, Page, Row, StoreHealth};
pub use asking::{Asked, Asking, KeptAnswer, Polled, ToAsk};
pub use ledger::{
    Accepted, CommitError, Held, Ledger, LedgerResult, PortError, Recalled, ReceiptLines, Want,
};
pub use records::*;
pub use transport::{Clock, Transport, TransportError};
pub use unmapped::Unmapped;
pub use vault::{Place, Shelf, Vault};
