//! The triggers that no source states: one file each. A rule looks at all that is known of an order
//! and says when it fires if nothing else is heard; whoever keeps the time asks again then. Rules that
//! speak of the same thing are asked in the order of their table, and see what was told before them.
//!
//! Must not know: how orders are kept, destinations, files.

mod case;
mod told;
mod wait;
mod when;

mod carrier_pickup_stalled;
mod delivery_expected_tomorrow;
mod delivery_overdue;
mod eta_changed;
mod fulfilment_stalled;
mod order_fully_delivered;
mod order_fully_dispatched;
mod order_partially_delivered;
mod order_partially_dispatched;
mod pickup_expiring;
mod pickup_reminder;
mod presumed_lost;
mod return_label_expiring;
mod return_stalled;
mod shipment_recovered;
mod shipment_stalled;

use jiff::Timestamp;

use crate::{Map, taxonomy::Derived};

pub use told::Told;
pub use wait::{After, Threshold, Wait};

pub(crate) use case::{Case, Of, Said, Thing};
pub(crate) use told::Whose;

/// What a rule is asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The order, once.
    Order,
    /// Each of its parcels.
    Parcel,
    /// Each of its returns.
    Return,
}

/// From what it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follows {
    /// From facts: it fires as soon as they are known.
    Facts,
    /// From what is not heard of its thing: nothing is told while whoever spoke of it is silent.
    Absence,
    /// From what is not heard of its thing by somebody who need not have spoken of it yet.
    AbsenceOfAll,
}

/// An occasion: when it fires, and what tells it from others of its trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    /// When.
    pub(crate) at: Timestamp,
    /// Not at this time or later.
    pub(crate) until: Option<Timestamp>,
    /// What tells its occurrence id from others.
    pub(crate) slot: String,
    /// Once for each of these: often the same as `slot`.
    pub(crate) once: String,
    /// The place of the scan that it is told of.
    pub(crate) basis: usize,
    /// Since when nothing is heard.
    pub(crate) since: Timestamp,
}

impl Due {
    /// What follows from something that was said, as soon as it was.
    fn now(said: &Said<'_>, once: &str) -> Self {
        let once = once.to_owned();
        let (at, basis) = (said.at, said.place);
        Self { at, until: None, slot: once.clone(), once, basis, since: at }
    }
}

/// One derived trigger.
pub(crate) trait Rule: Sync {
    /// Which.
    fn derived(&self) -> Derived;

    /// Of what it is asked.
    fn scope(&self) -> Scope;

    /// From what it follows.
    fn follows(&self) -> Follows;

    /// When it fires if nothing else is heard; `None` where it does not.
    fn due_at(&self, of: &Of<'_>) -> Option<Due>;

    /// Whether it counts for how long nothing was heard: of an imported thing that is counted from the
    /// import on, for nobody listened before.
    fn counts_silence(&self) -> bool {
        false
    }

    /// Whether this occasion was told.
    fn is_told(&self, of: &Of<'_>, due: &Due) -> bool {
        of.was_told(self.derived(), &due.once)
    }

    /// What is told beside what is known of the order and its parcel.
    fn fire(&self, of: &Of<'_>, due: &Due) -> Map {
        let _ = (of, due);
        Map::new()
    }
}

/// All rules; of those that speak of the same thing the one that says most comes first.
pub(crate) static RULES: [&dyn Rule; 16] = [
    &order_fully_dispatched::OrderFullyDispatched,
    &order_partially_dispatched::OrderPartiallyDispatched,
    &order_fully_delivered::OrderFullyDelivered,
    &order_partially_delivered::OrderPartiallyDelivered,
    &fulfilment_stalled::FulfilmentStalled,
    &carrier_pickup_stalled::CarrierPickupStalled,
    &presumed_lost::PresumedLost,
    &shipment_stalled::ShipmentStalled,
    &eta_changed::EtaChanged,
    &delivery_overdue::DeliveryOverdue,
    &delivery_expected_tomorrow::DeliveryExpectedTomorrow,
    &shipment_recovered::ShipmentRecovered,
    &pickup_expiring::PickupExpiring,
    &pickup_reminder::PickupReminder,
    &return_label_expiring::ReturnLabelExpiring,
    &return_stalled::ReturnStalled,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_derived_trigger_has_one_rule() {
        let mut known: Vec<Derived> = RULES.iter().map(|rule| rule.derived()).collect();
        known.sort_unstable();
        assert_eq!(known, Derived::ALL);
    }

    #[test]
    fn what_waits_has_a_threshold_and_what_follows_from_facts_has_none() {
        for rule in RULES {
            let waits = rule.follows() != Follows::Facts;
            let has_one = rule.derived().threshold().is_some();
            // That it is expected tomorrow is a day of the calendar, not a length of time.
            let is_of_a_day = rule.derived() == Derived::DeliveryExpectedTomorrow;
            assert_eq!(has_one, waits && !is_of_a_day, "{:?}", rule.derived());
        }
    }
}
