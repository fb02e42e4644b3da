//! It still waits to be collected. Not after the last day, and not beside the mail that says that the
//! last day is near.

use super::{Due, Follows, Of, Rule, Scope, pickup_expiring::collected_until};
use crate::taxonomy::Derived;

pub(super) struct PickupReminder;

impl Rule for PickupReminder {
    fn derived(&self) -> Derived {
        Derived::PickupReminder
    }

    fn scope(&self) -> Scope {
        Scope::Parcel
    }

    fn follows(&self) -> Follows {
        Follows::Absence
    }

    fn due_at(&self, of: &Of<'_>) -> Option<Due> {
        let ready = of.thing?.ready()?;
        let once = ready.run.to_string();
        let mut told = of.told_of_it().filter(|told| !told.past);
        if told.any(|told| told.derived == Derived::PickupExpiring && told.once == once) {
            return None;
        }
        let at = of.after(self.derived(), ready.at)?;
        let until = collected_until(of);
        if until.is_some_and(|until| until <= at) {
            return None;
        }
        let planned = at.to_zoned(of.case.zone.clone()).date().to_string();
        Some(Due { at, until, slot: planned, ..Due::now(ready, &once) })
    }
}
