//! A return was on its way, and nothing is heard of it any more.

use super::{Due, Follows, Of, Rule, Scope, shipment_stalled::silence};
use crate::{
    Map,
    taxonomy::{Derived, Status},
};

pub(super) struct ReturnStalled;

impl Rule for ReturnStalled {
    fn derived(&self) -> Derived {
        Derived::ReturnStalled
    }

    fn scope(&self) -> Scope {
        Scope::Return
    }

    fn follows(&self) -> Follows {
        Follows::Absence
    }

    fn counts_silence(&self) -> bool {
        true
    }

    fn due_at(&self, of: &Of<'_>) -> Option<Due> {
        let thing = of.thing?;
        if thing.status != Some(Status::ReturnInTransit) || thing.is_over() {
            return None;
        }
        let last = thing.last_sign()?;
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
