//! What a merchant's files say about when a status becomes a trigger.

use std::{collections::BTreeMap, time::Duration};

use jiff::tz::TimeZone;

use crate::{
    Party, calendar::Place, derived::After, id::MerchantKey, silence::Hearing, taxonomy::Trigger,
};

/// The rules under which facts are settled.
#[derive(Debug, Clone)]
pub struct Policy<'a> {
    /// The key of occurrence ids.
    pub key: &'a MerchantKey,
    /// Per trigger; one that is not in it is off.
    pub triggers: &'a BTreeMap<Trigger, TriggerPolicy>,
    /// Where the shop is.
    pub seat: &'a Seat,
    /// Who is heard: without that an absence means nothing.
    pub hearing: Hearing<'a>,
}

/// Where a shop is: in whose time and by whose holidays it counts.
#[derive(Debug, Clone)]
pub struct Seat {
    /// Its time zone.
    pub zone: TimeZone,
    /// Its country, where its files say.
    pub place: Option<Place>,
}

impl Default for Seat {
    fn default() -> Self {
        Self { zone: TimeZone::UTC, place: None }
    }
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
    /// How long it waits, where it follows from absence; its default when files say nothing.
    pub after: Option<After>,
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
