//! Keeps an order bounded.

use super::{Group, MAX_SCANS, Order, Scan, Standing, fold::fold};

/// Most receipts that are remembered to have said one and the same thing.
const MAX_TELLERS: usize = 8;

impl Order {
    /// Forgets scans above the limit. What only repeats goes first; the elder scan of a group and
    /// what waits for a recipient stay, and so does every name.
    pub(super) fn forget_repeats(&mut self) {
        while self.scans.len() > MAX_SCANS {
            let groups = self.groups();
            let waits = |scan: &Scan| {
                let mut parked = self.parked.iter();
                parked.any(|fact| scan.told_by.contains(&(fact.receipt, fact.index)))
            };
            let mut needless = None;
            let mut oldest = None;
            for group in &groups {
                let scans = self.scans_of(group);
                let elder = scans.iter().map(|scan| scan.seq).min();
                let folded = fold(&scans);
                for (at, place) in group.places.iter().enumerate() {
                    let scan = &self.scans[*place];
                    if Some(scan.seq) == elder || waits(scan) {
                        continue;
                    }
                    let stays = folded.stands[at].standing == Standing::New;
                    let slot = if stays { &mut oldest } else { &mut needless };
                    if slot.is_none_or(|known: usize| self.scans[known].seq > scan.seq) {
                        *slot = Some(*place);
                    }
                }
            }
            let Some(place) = needless.or(oldest) else { return };
            if let Some(group) = groups.iter().find(|group| group.places.contains(&place)) {
                self.hand_on_names(place, group);
            }
            self.scans.remove(place);
        }
    }

    /// A scan that goes may be the only one that knows two names to be one parcel's.
    fn hand_on_names(&mut self, place: usize, group: &Group) {
        let names = std::mem::take(&mut self.scans[place].names);
        let mut others = group.places.iter().filter(|other| **other != place);
        // What names nothing stays so where it can: it belongs to whichever parcel there is.
        let heir = others.clone().find(|other| !self.scans[**other].names.is_empty());
        if let Some(heir) = heir.or_else(|| others.next()) {
            let own = &mut self.scans[*heir].names;
            own.extend(names);
            own.sort();
            own.dedup();
        }
    }

    /// Forgets most of those who only repeated what was said. The first stays, what waits, and
    /// the newest.
    pub(super) fn forget_tellers(&mut self) {
        let parked = &self.parked;
        for scan in self.scans.iter_mut().filter(|scan| scan.told_by.len() > MAX_TELLERS) {
            let mut needless = scan.told_by.len() - MAX_TELLERS;
            let mut at = 0;
            scan.told_by.retain(|teller| {
                at += 1;
                let waits = parked.iter().any(|fact| (fact.receipt, fact.index) == *teller);
                let goes = at > 1 && needless > 0 && !waits;
                needless -= usize::from(goes);
                !goes
            });
        }
    }
}
