//! Ordered, and nothing has left the warehouse for so long. Not while the warehouse has said why.

use super::{Due, Follows, Of, Rule, Scope, when::When};
use crate::taxonomy::{Derived, Status};

pub(super) struct FulfilmentStalled;

impl Rule for FulfilmentStalled {
    fn derived(&self) -> Derived {
        Derived::FulfilmentStalled
    }

    fn scope(&self) -> Scope {
        Scope::Order
    }

    fn follows(&self) -> Follows {
        // Whoever sends it need not have heard of the order yet.
        Follows::AbsenceOfAll
    }

    fn counts_silence(&self) -> bool {
        true
    }

    fn due_at(&self, of: &Of<'_>) -> Option<Due> {
        let case = of.case;
        let waits = [Status::FulfilmentOnHold, Status::AddressCorrectionRequired];
        let mut parcels = case.parcels.iter().chain(&case.unnamed);
        let is_under_way = parcels.any(|it| it.is_out() || it.is_cancelled() || it.is_open(&waits));
        if case.is_cancelled() || is_under_way {
            return None;
        }
        let placed = case.of_order.iter().find(|said| said.status == Status::OrderPlaced);
        let basis = placed.or_else(|| case.of_order.first());
        let basis = basis.or_else(|| case.parcels.iter().find_map(|it| it.said.first()))?;
        let stated = case.fields.get("ordered_at").and_then(|at| at.as_text());
        let stated = stated.and_then(|text| When::read(text, &case.zone));
        let ordered = match (stated, placed) {
            // What is said to be ordered only later than it was heard of is no prophecy.
            (Some(at), _) => at.end(&case.zone).min(basis.received_at),
            (None, Some(placed)) => placed.at,
            (None, None) => return None,
        };
        let at = of.after(self.derived(), ordered)?;
        Some(Due { at, since: ordered, ..Due::now(basis, "") })
    }
}
