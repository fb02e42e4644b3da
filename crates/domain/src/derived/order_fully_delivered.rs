//! Every parcel has come to its end, at least one came whole, and nothing is left to send: the time to
//! ask for a review. A parcel of which only a part came is no such end, and neither is a cancelled order.

use super::{Due, Follows, Of, Rule, Scope, Thing};
use crate::taxonomy::Derived;

pub(super) struct OrderFullyDelivered;

impl Rule for OrderFullyDelivered {
    fn derived(&self) -> Derived {
        Derived::OrderFullyDelivered
    }

    fn scope(&self) -> Scope {
        Scope::Order
    }

    fn follows(&self) -> Follows {
        Follows::Facts
    }

    fn due_at(&self, of: &Of<'_>) -> Option<Due> {
        let case = of.case;
        let remains =
            case.has_more_to_come || case.live_parcels().any(|it| !it.is_over() || it.is_partial());
        if case.is_cancelled() || remains {
            return None;
        }
        let came = case.live_parcels().filter(|it| it.is_delivered()).filter_map(Thing::end);
        let last = came.max_by_key(|said| said.at)?;
        let at = case.live_parcels().filter_map(Thing::end).map(|said| said.at).max()?;
        Some(Due { at, since: at, ..Due::now(last, "") })
    }
}
