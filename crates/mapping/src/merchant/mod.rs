//! A merchant, compiled: sources, destinations and the mapping that decides what is sent.
//! Must not know: files' places, the store, orders.

use std::collections::BTreeMap;

use jiff::Timestamp;
use parcelwire_domain::{
    Map,
    id::{DestinationName, FeedName, MerchantId, OccurrenceId, SourceName},
    order::TriggerPolicy,
    taxonomy::Trigger,
};

use crate::{
    destination::{Frozen, ReadyDestination},
    source::ReadySource,
};

/// Whether a merchant's messages are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// Webhooks are verified and kept; nothing is sent.
    Off,
    /// Only testers receive anything.
    Test,
    /// All is sent.
    #[default]
    Live,
}

/// One merchant.
#[derive(Debug)]
pub struct Merchant {
    /// Its id.
    pub id: MerchantId,
    /// What it is called.
    pub name: String,
    /// Whether it is live.
    pub state: State,
    /// Sources.
    pub sources: BTreeMap<SourceName, Source>,
    /// Destinations.
    pub destinations: BTreeMap<DestinationName, Destination>,
    /// Per trigger, from mapping, holds and defaults. A trigger not in it is off.
    pub triggers: BTreeMap<Trigger, TriggerPolicy>,
    /// The rule files it is made of, by content hash.
    pub rules: [u8; 16],
    /// Their text, to be kept under that hash (secrets masked).
    pub rules_text: String,
}

/// One source.
#[derive(Debug)]
pub struct Source {
    /// The connector, ready.
    pub ready: ReadySource,
    /// The connector's name.
    pub connector: String,
    /// The feed it joins and its accounts in it; `None` for one with its own address.
    pub feed: Option<(FeedName, Vec<String>)>,
}

/// One destination.
#[derive(Debug)]
pub struct Destination {
    /// The connector, ready.
    pub ready: ReadyDestination,
    /// The connector's name.
    pub connector: String,
    /// Only these triggers; empty for all.
    pub only: Vec<Trigger>,
}

/// A trigger that passed the rules of domain, on its way into a mapping.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Which.
    pub trigger: Trigger,
    /// Its id.
    pub occurrence: OccurrenceId,
    /// The order's view of it.
    pub view: &'a Map,
    /// The source that said it.
    pub source: &'a SourceName,
    /// To be recorded without starting anything.
    pub backfill: bool,
    /// A test event, outside the books.
    pub test: bool,
}

/// What a mapping says of a candidate at one destination.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// To be sent like this.
    Send(Frozen),
    /// Not to be sent.
    Stop {
        /// The rule: `when`, `when unknown`, `only`, `test` (not a tester), `state`.
        rule: String,
        /// Plain words: which condition, which field is missing.
        detail: String,
    },
}

impl Merchant {
    /// Decides one candidate for one destination and freezes what will be said.
    pub fn choose(
        &self,
        candidate: &Candidate<'_>,
        destination: &DestinationName,
        now: Timestamp,
    ) -> Choice {
        let _ = (candidate, destination, now);
        todo!()
    }
}
