//! It is expected on the next day at the destination: told in the morning of the day before.

use jiff::ToSpan as _;

use super::{
    Due, Follows, Of, Rule, Scope,
    when::{hour_of, start_of},
};
use crate::taxonomy::{Derived, Status};

/// The hour at which it is told.
const MORNING: i8 = 9;

pub(super) struct DeliveryExpectedTomorrow;

impl Rule for DeliveryExpectedTomorrow {
    fn derived(&self) -> Derived {
        Derived::DeliveryExpectedTomorrow
    }

    fn scope(&self) -> Scope {
        Scope::Parcel
    }

    fn follows(&self) -> Follows {
        Follows::Absence
    }

    fn due_at(&self, of: &Of<'_>) -> Option<Due> {
        let parcel = of.thing?;
        let is_there = parcel.high >= 400 || parcel.status == Some(Status::ReadyForPickup);
        if parcel.is_over() || is_there || parcel.is_held_up() || of.case.is_cancelled() {
            return None;
        }
        let zone = &of.case.zone;
        let day = of.when("eta_until").or_else(|| of.when("eta_from"))?.date();
        let eve = day.saturating_sub(1.day());
        let slot = day.to_string();
        // Who was told on the same day that it comes on the next one knows.
        let moved = of.told_of_it().any(|told| {
            let is_it = told.derived == Derived::EtaChanged && told.once == slot;
            is_it && !told.past && told.at >= start_of(eve, zone)
        });
        if moved {
            return None;
        }
        let last = parcel.last_sign()?;
        let until = Some(start_of(day, zone));
        let at = hour_of(eve, MORNING, zone);
        Some(Due { at, until, since: last.at, ..Due::now(last, &slot) })
    }
}
