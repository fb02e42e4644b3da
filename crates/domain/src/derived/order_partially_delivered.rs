//! The first of several parcels came.

use super::{Due, Follows, Of, Rule, Scope, Thing};
use crate::taxonomy::Derived;

pub(super) struct OrderPartiallyDelivered;

impl Rule for OrderPartiallyDelivered {
    fn derived(&self) -> Derived {
        Derived::OrderPartiallyDelivered
    }

    fn scope(&self) -> Scope {
        Scope::Order
    }

    fn follows(&self) -> Follows {
        Follows::Facts
    }

    fn due_at(&self, of: &Of<'_>) -> Option<Due> {
        let case = of.case;
        let remains = case.has_more_to_come || case.live_parcels().any(|it| !it.is_over());
        if case.is_cancelled() || !remains || of.was_told_of_order(Derived::OrderFullyDelivered) {
            return None;
        }
        let came = case.live_parcels().filter(|it| it.is_delivered()).filter_map(Thing::end);
        came.min_by_key(|said| said.at).map(|said| Due::now(said, ""))
    }
}
