//! Two orders that turn out to be one.

use jiff::Timestamp;

use super::{Order, Policy, Ruling, fold::fold};

impl Order {
    /// Takes in another order that turned out to be the same one; the elder (by its first fact)
    /// keeps its id, parcels known to both become one under the elder's id, claims are the union.
    /// Facts that this releases are ruled on.
    pub fn merge(self, other: Self, policy: &Policy<'_>, now: Timestamp) -> (Self, Vec<Ruling>) {
        let (mut elder, younger) =
            if self.first <= other.first { (self, other) } else { (other, self) };
        elder.heard_at = elder.heard_at.max(younger.heard_at).min(now.max(elder.heard_at));
        for name in younger.names {
            if !elder.names.contains(&name) {
                elder.names.push(name);
            }
        }
        elder.names.sort();
        elder.known.join(&younger.known);
        let behind = elder.scans.iter().map(|scan| scan.seq + 1).max().unwrap_or(0);
        for claim in younger.claims {
            match elder.claims.iter_mut().find(|own| own.occurrence == claim.occurrence) {
                Some(own) => own.destinations.extend(claim.destinations),
                None => elder.claims.push(claim),
            }
        }
        let mut same = Vec::new();
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
        for (kept, gone) in same {
            elder.take_claims(kept, gone);
        }
        elder.parked.extend(younger.parked);
        elder.unite_occurrences();
        let rulings = elder.release(policy);
        (elder, rulings)
    }

    /// Scans that turned out to say the same thing under two occurrences keep the elder one.
    pub(super) fn unite_occurrences(&mut self) {
        for group in self.groups() {
            let folded = fold(&self.scans_of(&group));
            for (at, place) in group.places.iter().enumerate() {
                let scan = &self.scans[*place];
                let slot = (scan.status, scan.leg, &folded.stands[at].discriminator);
                let elder = group
                    .places
                    .iter()
                    .enumerate()
                    .filter(|(other, place)| {
                        let of = &self.scans[**place];
                        (of.status, of.leg, &folded.stands[*other].discriminator) == slot
                    })
                    .filter_map(|(_, place)| {
                        let of = &self.scans[*place];
                        Some((of.seq, of.occurrence?))
                    })
                    .min();
                let Some((_, kept)) = elder else { continue };
                let given = self.scans[*place].occurrence;
                if let Some(gone) = given.filter(|given| *given != kept) {
                    self.scans[*place].occurrence = Some(kept);
                    self.take_claims(kept, gone);
                }
            }
        }
    }

    fn take_claims(&mut self, kept: crate::id::OccurrenceId, gone: crate::id::OccurrenceId) {
        if kept == gone {
            return;
        }
        let Some(place) = self.claims.iter().position(|claim| claim.occurrence == gone) else {
            return;
        };
        let claim = self.claims.remove(place);
        match self.claims.iter_mut().find(|own| own.occurrence == kept) {
            Some(own) => {
                for destination in claim.destinations {
                    if !own.destinations.contains(&destination) {
                        own.destinations.push(destination);
                    }
                }
            }
            None => self.claims.push(super::Claim { occurrence: kept, ..claim }),
        }
    }
}
