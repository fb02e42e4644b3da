//! The last open item left.

use super::{Due, Follows, Of, Rule, Scope, Thing};
use crate::taxonomy::Derived;

pub(super) struct OrderFullyDispatched;

impl Rule for OrderFullyDispatched {
    fn derived(&self) -> Derived {
        Derived::OrderFullyDispatched
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
        if case.is_cancelled() || remains {
            return None;
        }
        let out = case.live_parcels().filter_map(Thing::went_out);
        out.max_by_key(|said| said.at).map(|said| Due::now(said, ""))
    }
}
