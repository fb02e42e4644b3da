//! The last day on which it was expected is over, and it has not come.

use jiff::ToSpan as _;

use super::{Due, Follows, Of, Rule, Scope, when::When};
use crate::{
    Map, Value,
    calendar::{Place, delivers_on},
    taxonomy::{Derived, Status},
};

/// Most days in a row on which nobody delivers.
const MOST_DAYS_OFF: usize = 7;

pub(super) struct DeliveryOverdue;

impl Rule for DeliveryOverdue {
    fn derived(&self) -> Derived {
        Derived::DeliveryOverdue
    }

    fn scope(&self) -> Scope {
        Scope::Parcel
    }

    fn follows(&self) -> Follows {
        Follows::Absence
    }

    fn due_at(&self, of: &Of<'_>) -> Option<Due> {
        let parcel = of.thing?;
        let is_there = parcel.status == Some(Status::ReadyForPickup);
        if parcel.is_over() || is_there || parcel.is_held_up() || of.case.is_cancelled() {
            return None;
        }
        let last = parcel.last_sign()?;
        // One mail on one silence.
        let others = [Derived::PresumedLost, Derived::ShipmentStalled];
        if others.into_iter().any(|other| of.is_known_since(other, last.at)) {
            return None;
        }
        let expected = expected(of)?;
        let at = of.after(self.derived(), on_a_delivery_day(of, expected).end(&of.case.zone))?;
        Some(Due { at, since: last.at, ..Due::now(last, &expected.date().to_string()) })
    }

    fn fire(&self, of: &Of<'_>, due: &Due) -> Map {
        let mut told = Map::new();
        let today = due.at.to_zoned(of.case.zone.clone()).date();
        if let Some(Ok(span)) = expected(of).map(|expected| expected.date().until(today)) {
            told.set("days_late", Value::int(i64::from(span.get_days())));
        }
        told
    }
}

/// The carrier's last word, else what the shop promised.
fn expected(of: &Of<'_>) -> Option<When> {
    let promised = || {
        let mut names = ["promised_until", "promised_from"].iter();
        let text = names.find_map(|name| of.case.fields.get(name)?.as_text());
        When::read(text?, &of.case.zone)
    };
    of.when("eta_until").or_else(|| of.when("eta_from")).or_else(promised)
}

/// A day on which nobody delivers means the next one on which somebody does.
fn on_a_delivery_day(of: &Of<'_>, expected: When) -> When {
    let When::Day(day) = expected else { return expected };
    let carrier = of.thing.and_then(|parcel| parcel.carrier.as_deref());
    let nowhere = Place::new("", None);
    let there = of.case.destination.as_ref().unwrap_or(&nowhere);
    let days = day.series(1.day()).take(MOST_DAYS_OFF);
    let next = days.into_iter().find(|day| delivers_on(*day, carrier, there));
    When::Day(next.unwrap_or(day))
}
