//! It moves again, after somebody was told that it does not. A parcel that came needs no such mail.

use jiff::Timestamp;

use super::{Due, Follows, Of, Rule, Scope};
use crate::{
    id::OccurrenceId,
    taxonomy::{Derived, Status},
};

pub(super) struct ShipmentRecovered;

impl Rule for ShipmentRecovered {
    fn derived(&self) -> Derived {
        Derived::ShipmentRecovered
    }

    fn scope(&self) -> Scope {
        Scope::Parcel
    }

    fn follows(&self) -> Follows {
        Follows::Facts
    }

    fn due_at(&self, of: &Of<'_>) -> Option<Due> {
        let parcel = of.thing?;
        if parcel.is_over() {
            return None;
        }
        let trouble = trouble(of)?;
        let moves = |said: &&super::Said<'_>| {
            let is_after = said.at > trouble.at && said.received_at > trouble.told_at;
            said.rank.is_some() && said.counts() && is_after
        };
        let said = parcel.on_leg().find(moves)?;
        Some(Due::now(said, &trouble.occurrence.to_string()))
    }
}

/// What was told last of a parcel that does not move.
struct Trouble {
    at: Timestamp,
    told_at: Timestamp,
    occurrence: OccurrenceId,
}

fn trouble(of: &Of<'_>) -> Option<Trouble> {
    let stated = of.thing?.on_leg().filter(|said| {
        let is_told = said.occurrence.is_some_and(|occurrence| of.is_claimed(occurrence));
        is_told && matches!(said.status, Status::Delayed | Status::Held)
    });
    let stated = stated.filter_map(|said| {
        let (at, told_at) = (said.at, said.received_at);
        Some(Trouble { at, told_at, occurrence: said.occurrence? })
    });
    let derived = of.told_of_it().filter(|told| {
        let is_silence = matches!(
            told.derived,
            Derived::CarrierPickupStalled | Derived::ShipmentStalled | Derived::PresumedLost
        );
        is_silence && of.is_claimed(told.occurrence)
    });
    let derived = derived.map(|told| Trouble {
        at: told.since,
        told_at: told.at,
        occurrence: told.occurrence,
    });
    stated.chain(derived).max_by_key(|trouble| trouble.told_at)
}
