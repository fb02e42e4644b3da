//! A merchant, compiled: sources, destinations and the mapping that decides what is sent.
//! Must not know: files' places, the store, orders.

mod after;
mod alerts;
pub mod choose;
mod layers;
pub mod mapping;
pub mod shape;
mod values;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use parcelwire_domain::{
    Map,
    id::{DestinationName, FeedName, MerchantId, SourceName},
    order::{Seat, TriggerPolicy},
    taxonomy::Trigger,
};

use crate::{destination::ReadyDestination, source::ReadySource};

pub(crate) use after::lay_after;
pub use alerts::{AlertWebhook, Alerts, is_mailbox};
pub use choose::{Candidate, Choice};
pub use mapping::{Mapping, NamesIn};
pub(crate) use values::lay_values;

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
    /// Who receives anything in state test, in small letters.
    pub testers: BTreeSet<String>,
    /// Language of customers whose own is not known.
    pub language: String,
    /// Language of trigger names.
    pub names: NamesIn,
    /// Where it is: whose time and holidays count.
    pub seat: Seat,
    /// Who of the merchant is told that something is wrong.
    pub alerts: Alerts,
    /// Sources.
    pub sources: BTreeMap<SourceName, Source>,
    /// Destinations.
    pub destinations: BTreeMap<DestinationName, Destination>,
    /// What is sent.
    pub mapping: Arc<Mapping>,
    /// The mapping's values with the merchant's own.
    pub values: Map,
    /// Per trigger, from mapping, holds and defaults.
    pub triggers: BTreeMap<Trigger, TriggerPolicy>,
    /// Where its own file says what.
    pub lines: Lines,
    /// The rule files it is made of, by content hash.
    pub rules: [u8; 16],
    /// Their text, to be kept under that hash (secrets masked).
    pub rules_text: String,
}

/// Where a merchant's own file says what: `path:line` each.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    /// `state:`
    pub state: Option<Arc<str>>,
    /// `after:`, by trigger.
    pub after: BTreeMap<Trigger, Arc<str>>,
}

impl Merchant {
    /// The line of the files that says of a trigger what `key` says (`on` for whether it is on at all):
    /// `path:line`; none where no file says it and a default holds.
    pub fn line(&self, trigger: Trigger, key: &str) -> Option<&Arc<str>> {
        let own = if key == "after" { self.lines.after.get(&trigger) } else { None };
        let of_mapping = || self.mapping.triggers.get(&trigger)?.lines.get(key);
        own.or_else(of_mapping)
    }
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
    /// Its settings as a mapping sees them: without those that are secret.
    pub settings: Map,
    /// Only these triggers; empty for all.
    pub only: Vec<Trigger>,
    /// Where that stands: `path:line`.
    pub only_at: Option<Arc<str>>,
    /// Language of trigger names here.
    pub names: Option<NamesIn>,
}
