//! Two orders that turn out to be one.

use super::{Claim, Order, Standing, United, fold::fold};
use crate::{
    id::OccurrenceId,
    taxonomy::{Leg, Status},
};

/// What two orders came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// The one order.
    pub order: Order,
    /// Occurrences that were shown to be one.
    pub united: Vec<United>,
}

impl Order {
    /// Takes in another order that turned out to be the same one; the elder (by its first fact)
    /// keeps its id, parcels known to both become one under the elder's id, claims are the union.
    /// Facts that can be told now are released by the fact that showed it.
    pub fn merge(self, other: Self) -> Merged {
        let (mut elder, younger) =
            if self.first <= other.first { (self, other) } else { (other, self) };
        elder.heard_at = elder.heard_at.max(younger.heard_at);
        for name in younger.names {
            if !elder.names.contains(&name) {
                elder.names.push(name);
            }
        }
        elder.names.sort();
        elder.shops.extend(younger.shops);
        elder.shops.sort();
        elder.shops.dedup();
        elder.known.join(&younger.known);
        elder.told.extend(younger.told);
        elder.told.sort_by_key(|told| told.at);
        elder.postponed.extend(younger.postponed);
        elder.next = elder.next.into_iter().chain(younger.next).min();
        let behind = elder.scans.iter().map(|scan| scan.seq + 1).max().unwrap_or(0);
        for claim in younger.claims {
            match elder.claims.iter_mut().find(|own| own.occurrence == claim.occurrence) {
                Some(own) => own.destinations.extend(claim.destinations),
                None => elder.claims.push(claim),
            }
        }
        let mut same: Vec<(OccurrenceId, OccurrenceId)> = Vec::new();
        for mut scan in younger.scans {
            scan.seq += behind;
            match elder.scans.iter_mut().find(|known| known.says_the_same(&scan)) {
                Some(known) => {
                    same.extend(known.occurrence.zip(scan.occurrence));
                    known.absorb(scan);
                }
                None => elder.scans.push(scan),
            }
        }
        same.sort_unstable();
        same.dedup();
        let mut united = Vec::new();
        for (kept, gone) in same.into_iter().filter(|(kept, gone)| kept != gone) {
            united.push(elder.unite(kept, gone));
        }
        elder.parked.extend(younger.parked);
        united.extend(elder.unite_occurrences());
        elder.forget_tellers();
        Merged { order: elder, united }
    }

    /// Scans that turned out to say the same thing under two occurrences keep the elder one.
    pub(super) fn unite_occurrences(&mut self) -> Vec<United> {
        let mut united: Vec<United> = Vec::new();
        for group in self.groups() {
            let folded = fold(&self.scans_of(&group));
            let slot = |at: usize| {
                let (scan, stand) = (&self.scans[group.places[at]], &folded.stands[at]);
                (scan.status, scan.leg, stand.discriminator.clone())
            };
            let slots: Vec<(Status, Leg, String)> = (0..group.places.len()).map(slot).collect();
            // What contradicts how it ended has no slot of its own.
            let speaks = |at: usize| folded.stands[at].standing != Standing::Conflict;
            for at in (0..slots.len()).filter(|at| speaks(*at)) {
                let Some(given) = self.scans[group.places[at]].occurrence else { continue };
                let same = (0..slots.len()).filter(|o| speaks(*o) && slots[*o] == slots[at]);
                let said = |other: usize| {
                    let of = &self.scans[group.places[other]];
                    Some((of.seq, of.occurrence?))
                };
                let Some((_, kept)) = same.filter_map(said).min() else { continue };
                if given != kept {
                    self.scans[group.places[at]].occurrence = Some(kept);
                    let is_known = |pair: &United| (pair.kept, pair.gone) == (kept, given);
                    if !united.iter().any(is_known) {
                        united.push(self.unite(kept, given));
                    }
                }
            }
        }
        united
    }

    /// The claims of `gone` become those of `kept`.
    fn unite(&mut self, kept: OccurrenceId, gone: OccurrenceId) -> United {
        let mut united = United { kept, gone, twice: Vec::new() };
        let Some(place) = self.claims.iter().position(|claim| claim.occurrence == gone) else {
            return united;
        };
        let claim = self.claims.remove(place);
        match self.claims.iter_mut().find(|own| own.occurrence == kept) {
            Some(own) => {
                for destination in claim.destinations {
                    if own.destinations.contains(&destination) {
                        united.twice.push(destination);
                    } else {
                        own.destinations.push(destination);
                    }
                }
            }
            None => self.claims.push(Claim { occurrence: kept, ..claim }),
        }
        united
    }
}
