//! What a merchant's files say about when a status becomes a trigger.

use std::{collections::BTreeMap, time::Duration};

use crate::{Party, id::MerchantKey, taxonomy::Trigger};

/// The rules under which facts are settled.
#[derive(Debug, Clone)]
pub struct Policy<'a> {
    /// The key of occurrence ids.
    pub key: &'a MerchantKey,
    /// Per trigger; one that is not in it is off.
    pub triggers: &'a BTreeMap<Trigger, TriggerPolicy>,
}

/// The rules of one trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggerPolicy {
    /// Whether it is sent at all.
    pub on: bool,
    /// Older than this it is no news (default 72 h; `out_for_delivery` 12 h; `delivered` 7 d).
    pub max_age: Duration,
    /// How long a fresh one waits for something better (`holds`); zero for not at all.
    pub hold: Duration,
    /// Only these parties are believed; empty for all.
    pub only_from: Vec<Party>,
    /// Once for each parcel or return, or once for the order.
    pub once_per: OncePer,
}

impl TriggerPolicy {
    /// Whether `party` is believed.
    pub fn believes(&self, party: Party) -> bool {
        self.only_from.is_empty() || self.only_from.contains(&party)
    }
}

/// For what a trigger fires once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OncePer {
    /// Each parcel (or return).
    #[default]
    Parcel,
    /// The order as a whole.
    Order,
}
