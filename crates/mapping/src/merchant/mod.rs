//! A merchant, compiled: sources, destinations and the mapping that decides what is sent.
//! Must not know: files' places, the store, orders.

mod after;
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
    /// The rule files it is made of, by content hash.
    pub rules: [u8; 16],
    /// Their text, to be kept under that hash (secrets masked).
    pub rules_text: String,
}

impl Merchant {
    /// Whether a test event may go to this address: in state test only to testers.
    pub fn may_test(&self, email: &str) -> bool {
        self.state != State::Test || self.testers.contains(&email.to_lowercase())
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
    /// Language of trigger names here.
    pub names: Option<NamesIn>,
}
