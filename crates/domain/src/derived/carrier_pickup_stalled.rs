//! Handed over, or ready to be, and the carrier has not scanned it for so long.

use super::{Due, Follows, Of, Rule, Scope};
use crate::taxonomy::{Derived, Status};

pub(super) struct CarrierPickupStalled;

impl Rule for CarrierPickupStalled {
    fn derived(&self) -> Derived {
        Derived::CarrierPickupStalled
    }

    fn scope(&self) -> Scope {
        Scope::Parcel
    }

    fn follows(&self) -> Follows {
        // The carrier has not spoken of this parcel yet: it may be any of the sources.
        Follows::AbsenceOfAll
    }

    fn counts_silence(&self) -> bool {
        true
    }

    fn due_at(&self, of: &Of<'_>) -> Option<Due> {
        let parcel = of.thing?;
        if parcel.is_over()
            || parcel.is_with_carrier()
            || parcel.is_held_up()
            || of.case.is_cancelled()
        {
            return None;
        }
        let said = |status: Status| {
            parcel.on_leg().rfind(move |said| said.status == status && said.counts())
        };
        let dispatched = said(Status::Dispatched);
        // That the warehouse is slow was told already.
        if dispatched.is_none() && of.is_known_of_order(Derived::FulfilmentStalled) {
            return None;
        }
        let basis = dispatched.or_else(|| said(Status::LabelCreated))?;
        let since = parcel.last_sign().map_or(basis.at, |last| last.at.max(basis.at));
        let at = of.after(self.derived(), since)?;
        Some(Due { at, since, slot: of.nth(self.derived()), ..Due::now(basis, "") })
    }

    fn is_told(&self, of: &Of<'_>, due: &Due) -> bool {
        of.was_told_since(self.derived(), due.since)
    }
}
