//! The last day on which it can be collected is near. Not within a day of the news that it is there.

use jiff::{Timestamp, ToSpan as _};

use super::{Due, Follows, Of, Rule, Scope, when::When};
use crate::taxonomy::Derived;

pub(super) struct PickupExpiring;

impl Rule for PickupExpiring {
    fn derived(&self) -> Derived {
        Derived::PickupExpiring
    }

    fn scope(&self) -> Scope {
        Scope::Parcel
    }

    fn follows(&self) -> Follows {
        Follows::Absence
    }

    fn due_at(&self, of: &Of<'_>) -> Option<Due> {
        let ready = of.thing?.ready()?;
        let end = collected_until(of)?;
        let news = ready.at.checked_add(24_i64.hours()).unwrap_or(Timestamp::MAX);
        let at = of.before(self.derived(), end)?.max(news);
        if at >= end {
            return None;
        }
        let deadline = end.to_zoned(of.case.zone.clone()).date().to_string();
        let once = ready.run.to_string();
        Some(Due { at, until: Some(end), slot: deadline, ..Due::now(ready, &once) })
    }
}

/// Until when it can be collected.
pub(super) fn collected_until(of: &Of<'_>) -> Option<Timestamp> {
    let point = of.thing?.fields.get("pickup_point")?.as_map()?;
    let text = point.get("pickup_until")?.as_text()?;
    Some(When::read(text, &of.case.zone)?.end(&of.case.zone))
}
