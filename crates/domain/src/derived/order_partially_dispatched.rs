//! The first parcel left, and more is to come.

use super::{Due, Follows, Of, Rule, Scope, Thing};
use crate::taxonomy::Derived;

pub(super) struct OrderPartiallyDispatched;

impl Rule for OrderPartiallyDispatched {
    fn derived(&self) -> Derived {
        Derived::OrderPartiallyDispatched
    }

    fn scope(&self) -> Scope {
        Scope::Order
    }

    fn follows(&self) -> Follows {
        Follows::Facts
    }

    fn due_at(&self, of: &Of<'_>) -> Option<Due> {
        let case = of.case;
        let remains = case.has_more_to_come || case.live_parcels().any(|it| !it.is_out());
        if case.is_cancelled() || !remains || of.was_told_of_order(Derived::OrderFullyDispatched) {
            return None;
        }
        let out = case.live_parcels().filter(|it| it.is_out()).filter_map(Thing::went_out);
        out.min_by_key(|said| said.at).map(|said| Due::now(said, ""))
    }
}
