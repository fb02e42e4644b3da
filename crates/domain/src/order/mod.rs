//! The order aggregate: all that is known of one order, its parcels and returns, and what has been
//! claimed for whom. Pure: `now` comes in, decisions go out. Must not know: stores, destinations'
//! ways, rule files.

mod apply;
mod derive;
mod fact;
mod fold;
mod forget;
mod group;
mod identity;
mod joined;
mod merge;
mod outlook;
mod parcels;
mod policy;
mod rule;
mod ruling;
mod scan;
mod sequence;
#[cfg(test)]
mod tests;
mod view;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Alias, Map,
    derived::Told,
    id::{AggregateId, DestinationName, MerchantId, OccurrenceId, ReceiptId, SourceName},
};

use group::{Group, groups};
use joined::Joined;
use scan::Scan;

pub use derive::{Derivation, Postponed};
pub use fact::Fact;
pub use identity::{ALIAS_DAYS, Lead};
pub use merge::Merged;
pub use outlook::{Prospect, Stands};
pub use policy::{OncePer, Policy, Seat, TriggerPolicy};
pub use ruling::{Firing, Passed, Ruling, Standing, Subject, United};

/// Most scans of one order; above it what only repeats is forgotten first.
pub const MAX_SCANS: usize = 500;

/// The fields by which somebody can be told.
const RECIPIENT: [&str; 3] = ["email", "external_id", "phone"];

/// The form in which orders are written.
const VERSION: u8 = 2;

/// All that is known of one order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    version: u8,
    id: AggregateId,
    /// The fact through which it was first heard of: decides which of two is the elder.
    first: (ReceiptId, u16),
    /// Names of the order itself, each with the source that gave it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    names: Vec<(Alias, SourceName)>,
    /// Which of these sources are shops: each has its own ids and numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    shops: Vec<SourceName>,
    /// What is known of recipient and order.
    #[serde(default)]
    known: Joined,
    scans: Vec<Scan>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    claims: Vec<Claim>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parked: Vec<Parked>,
    /// What was told of it that no source stated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    told: Vec<Told>,
    /// When the next of that may be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<Timestamp>,
    /// What was due and has to wait.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    postponed: Vec<OccurrenceId>,
    /// When it was last heard of.
    heard_at: Timestamp,
}

/// An occurrence and the destinations that have a message of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Claim {
    occurrence: OccurrenceId,
    destinations: Vec<DestinationName>,
}

/// A fact that waits for a recipient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Parked {
    receipt: ReceiptId,
    index: u16,
    until: Timestamp,
}

/// Why a stored order cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a stored order cannot be read: {0}")]
pub struct NotAnOrder(pub String);

impl Order {
    /// An order first heard of through `fact`: its id follows from merchant, receipt and index.
    pub fn first_heard(merchant: &MerchantId, fact: &Fact) -> Self {
        let receipt = fact.receipt.bits().to_be_bytes();
        let index = fact.index.to_be_bytes();
        Self {
            version: VERSION,
            id: AggregateId::derived_near(
                fact.receipt.bits(),
                &[merchant.as_str().as_bytes(), &receipt, &index],
            ),
            first: (fact.receipt, fact.index),
            names: Vec::new(),
            shops: Vec::new(),
            known: Joined::default(),
            scans: Vec::new(),
            claims: Vec::new(),
            parked: Vec::new(),
            told: Vec::new(),
            next: None,
            postponed: Vec::new(),
            heard_at: fact.event.received_at,
        }
    }

    /// Reads what [`Order::write`] wrote, of this or an earlier version.
    pub fn read(blob: &[u8]) -> Result<Self, NotAnOrder> {
        let mut order: Self =
            serde_json::from_slice(blob).map_err(|error| NotAnOrder(error.to_string()))?;
        if order.version > VERSION {
            return Err(NotAnOrder(format!("it was written in form {}", order.version)));
        }
        // What is written again is of this form.
        order.version = VERSION;
        Ok(order)
    }

    /// The order as it is kept.
    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an order has only texts for keys")
    }

    /// Its id; never changes.
    pub fn id(&self) -> AggregateId {
        self.id
    }

    /// When it was first heard of: the smaller is the elder.
    pub fn first(&self) -> (ReceiptId, u16) {
        self.first
    }

    /// Receipts of which facts are parked here, ascending, each once.
    pub fn parked_receipts(&self) -> Vec<ReceiptId> {
        let mut receipts: Vec<ReceiptId> = self.parked.iter().map(|fact| fact.receipt).collect();
        receipts.sort_unstable();
        receipts.dedup();
        receipts
    }

    /// When it wants [`Order::wake`] and [`Order::derive`] to be called; `None` for never.
    pub fn wake_at(&self) -> Option<Timestamp> {
        self.parked.iter().map(|fact| fact.until).chain(self.next).min()
    }

    /// Claims an occurrence for a destination; `false` when it was claimed before. A claim is made
    /// only for what becomes a message.
    pub fn claim(&mut self, firing: &Firing, destination: &DestinationName) -> bool {
        let place = self.claims.iter().position(|claim| claim.occurrence == firing.occurrence);
        let claim = match place {
            Some(place) => &mut self.claims[place],
            None => {
                let occurrence = firing.occurrence;
                self.claims.push(Claim { occurrence, destinations: Vec::new() });
                self.claims.last_mut().expect("one was just added")
            }
        };
        if claim.destinations.contains(destination) {
            return false;
        }
        claim.destinations.push(destination.clone());
        true
    }

    /// Whether [`Order::claim`] would answer `false`.
    pub fn is_claimed(&self, occurrence: OccurrenceId, destination: &DestinationName) -> bool {
        self.claims
            .iter()
            .any(|claim| claim.occurrence == occurrence && claim.destinations.contains(destination))
    }

    /// The occurrences that some destination was told of, or is to be.
    pub fn claimed(&self) -> impl Iterator<Item = OccurrenceId> {
        self.claims.iter().map(|claim| claim.occurrence)
    }

    fn groups(&self) -> Vec<Group> {
        groups(self.id, &self.scans)
    }

    fn scans_of(&self, group: &Group) -> Vec<&Scan> {
        group.places.iter().map(|place| &self.scans[*place]).collect()
    }

    /// Who is told: `email`, `external_id`, `phone`, as far as they are known.
    pub fn recipient(&self) -> Map {
        let mut recipient = Map::new();
        for name in RECIPIENT {
            recipient.set_some(name, self.known.get(name).cloned());
        }
        recipient
    }

    fn has_recipient(&self) -> bool {
        RECIPIENT.iter().any(|name| self.known.get(name).is_some())
    }
}
