//! The order aggregate: all that is known of one order, its parcels and returns, and what has been
//! claimed for whom. Pure: `now` comes in, decisions go out. Must not know: stores, destinations'
//! ways, rule files.

mod policy;
mod ruling;

use jiff::Timestamp;

use crate::{
    Alias, Event, Map,
    id::{AggregateId, DestinationName, MerchantId, OccurrenceId, ReceiptId},
};

pub use policy::{OncePer, Policy, TriggerPolicy};
pub use ruling::{Firing, Passed, Ruling, Standing, Subject};

/// One statement of one receipt.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// The receipt that brought it.
    pub receipt: ReceiptId,
    /// Which of the receipt's events, from 0.
    pub index: u16,
    /// What it states.
    pub event: Event,
}

/// All that is known of one order.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {}

/// Why a stored order cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a stored order cannot be read: {0}")]
pub struct NotAnOrder(pub String);

impl Fact {
    /// Every name the fact gives to its order, parcel or return, and its recipient's e-mail
    /// address (by which orders are found, never joined). None that joins: it names no subject.
    pub fn aliases(&self) -> Vec<Alias> {
        todo!()
    }
}

impl Order {
    /// An order first heard of through `fact`: its id follows from merchant, receipt and index.
    pub fn first_heard(merchant: &MerchantId, fact: &Fact) -> Self {
        let _ = (merchant, fact);
        todo!()
    }

    /// Reads what [`Order::write`] wrote, of this or an earlier version.
    pub fn read(blob: &[u8]) -> Result<Self, NotAnOrder> {
        let _ = blob;
        todo!()
    }

    /// The order as it is kept.
    pub fn write(&self) -> Vec<u8> {
        todo!()
    }

    /// Its id; never changes.
    pub fn id(&self) -> AggregateId {
        todo!()
    }

    /// All names that lead to it now, the recipient's e-mail address included; closed ones left out.
    pub fn aliases(&self, now: Timestamp) -> Vec<Alias> {
        let _ = now;
        todo!()
    }

    /// Receipts of which facts are parked here, ascending, each once.
    pub fn parked_receipts(&self) -> Vec<ReceiptId> {
        todo!()
    }

    /// When it wants [`Order::wake`] to be called; `None` for never.
    pub fn wake_at(&self) -> Option<Timestamp> {
        todo!()
    }

    /// Joins one fact. The first ruling is the fact's own; behind it stand those of parked facts
    /// that it released (with their own receipts), oldest first.
    pub fn apply(&mut self, fact: Fact, policy: &Policy<'_>, now: Timestamp) -> Vec<Ruling> {
        let _ = (fact, policy, now);
        todo!()
    }

    /// Takes in another order that turned out to be the same one; the elder (smaller id by first
    /// receipt) keeps its id, parcels known to both become one under the elder's id, claims are the
    /// union. Facts that this releases are ruled on.
    pub fn merge(self, other: Self, policy: &Policy<'_>, now: Timestamp) -> (Self, Vec<Ruling>) {
        let _ = (other, policy, now);
        todo!()
    }

    /// Looks after what waits for its time: parked facts that waited too long.
    pub fn wake(&mut self, policy: &Policy<'_>, now: Timestamp) -> Vec<Ruling> {
        let _ = (policy, now);
        todo!()
    }

    /// Claims an occurrence for a destination; `false` when it was claimed before. A claim is made
    /// only for what becomes a message.
    pub fn claim(&mut self, firing: &Firing, destination: &DestinationName) -> bool {
        let _ = (firing, destination);
        todo!()
    }

    /// Whether [`Order::claim`] would answer `false`.
    pub fn is_claimed(&self, occurrence: OccurrenceId, destination: &DestinationName) -> bool {
        let _ = (occurrence, destination);
        todo!()
    }

    /// The flat fields of `taxonomy.md` 6.2 for a firing: the fact's own, completed from recipient,
    /// order, parcel and return. Left out are those that only the merchant's files know
    /// (`name`, `id`, `message_purpose`, `merchant_id`, `shop_*`, `mapping`, `backfill`); `late` is in it.
    pub fn view(&self, firing: &Firing, now: Timestamp) -> Map {
        let _ = (firing, now);
        todo!()
    }
}
