//! Nothing is heard of it for so long that it will hardly come. Never called lost: that is the carrier's
//! word.

use super::{
    Due, Follows, Of, Rule, Scope,
    shipment_stalled::{last_move, silence},
};
use crate::{Map, taxonomy::Derived};

pub(super) struct PresumedLost;

impl Rule for PresumedLost {
    fn derived(&self) -> Derived {
        Derived::PresumedLost
    }

    fn scope(&self) -> Scope {
        Scope::Parcel
    }

    fn follows(&self) -> Follows {
        Follows::Absence
    }

    fn counts_silence(&self) -> bool {
        true
    }

    fn due_at(&self, of: &Of<'_>) -> Option<Due> {
        let last = last_move(of)?;
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
