//! It moved, and nothing is heard of it any more.

use jiff::Timestamp;

use super::{Due, Follows, Of, Rule, Said, Scope};
use crate::{
    Map, Value,
    calendar::business_days_between,
    taxonomy::{Derived, Status},
};

pub(super) struct ShipmentStalled;

impl Rule for ShipmentStalled {
    fn derived(&self) -> Derived {
        Derived::ShipmentStalled
    }

    fn scope(&self) -> Scope {
        Scope::Parcel
    }

    fn follows(&self) -> Follows {
        Follows::Absence
    }

    fn counts_silence(&self) -> bool {
        true
    }

    fn due_at(&self, of: &Of<'_>) -> Option<Due> {
        let last = last_move(of)?;
        // One mail on one silence.
        let others = [Derived::PresumedLost, Derived::DeliveryOverdue];
        if others.into_iter().any(|other| of.is_known_since(other, last.at)) {
            return None;
        }
        let at = of.after(self.derived(), last.at)?;
        Some(Due { at, since: last.at, slot: of.nth(self.derived()), ..Due::now(last, "") })
    }

    fn is_told(&self, of: &Of<'_>, due: &Due) -> bool {
        of.was_told_since(self.derived(), due.since)
    }

    fn fire(&self, of: &Of<'_>, due: &Due) -> Map {
        silence(of, due.at)
    }
}

/// The last sign of life of a parcel that is on its way, and of which it is not known why it stands.
/// One that waits to be collected is not on its way.
pub(super) fn last_move<'c>(of: &Of<'c>) -> Option<&'c Said<'c>> {
    let parcel = of.thing?;
    let waits = parcel.is_over() || parcel.status == Some(Status::ReadyForPickup);
    if waits || !parcel.is_with_carrier() || parcel.is_held_up() {
        return None;
    }
    parcel.last_sign()
}

/// How long nothing was heard.
pub(super) fn silence(of: &Of<'_>, at: Timestamp) -> Map {
    let mut told = Map::new();
    let Some(last) = of.thing.and_then(|thing| thing.last_sign()) else { return told };
    let since = last.at;
    let hours = (at.as_second() - since.as_second()) / 3600;
    told.set("hours_since_last_scan", Value::int(hours));
    let out = of.thing.and_then(|parcel| parcel.went_out());
    if let Some(out) = out {
        let days = business_days_between(out.at, at, &of.case.places(), &of.case.zone);
        told.set("business_days_since_dispatch", Value::int(days));
    }
    told
}
