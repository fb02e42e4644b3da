//! Which scans speak of the same parcel or return: those that share a name. What names none
//! belongs to the only one there is.

use super::{Scan, Subject, scan::About};
use crate::{
    Alias,
    id::{AggregateId, ParcelId, ReceiptId, ReturnId},
};

/// The scans of one subject, by their places in the order's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) subject: Subject,
    /// Every id under which it was spoken of: of two parcels that turned out to be one, both.
    pub(super) known_as: Vec<Subject>,
    pub(super) places: Vec<usize>,
    /// All names that were given to it.
    pub(super) names: Vec<Alias>,
}

/// All groups: the order itself first if anything was said of it, then parcels and returns by age.
pub(super) fn groups(order: AggregateId, scans: &[Scan]) -> Vec<Group> {
    let mut groups = Vec::new();
    let of_order: Vec<usize> = places(scans, About::Order);
    if !of_order.is_empty() {
        let subject = Subject::Order(order);
        let names = Vec::new();
        groups.push(Group { subject, known_as: vec![subject], places: of_order, names });
    }
    groups.extend(named(scans, About::Parcel));
    groups.extend(named(scans, About::Return));
    groups
}

fn places(scans: &[Scan], about: About) -> Vec<usize> {
    (0..scans.len()).filter(|place| scans[*place].about() == about).collect()
}

fn named(scans: &[Scan], about: About) -> Vec<Group> {
    let mut found: Vec<(Vec<usize>, Vec<Alias>)> = Vec::new();
    let mut nameless = Vec::new();
    for place in places(scans, about) {
        let names = &scans[place].names;
        if names.is_empty() {
            nameless.push(place);
            continue;
        }
        let (shares, others): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|(_, known)| names.iter().any(|name| known.contains(name)));
        found = others;
        let mut joined = (vec![place], names.clone());
        for (places, known) in shares {
            joined.0.extend(places);
            joined.1.extend(known);
        }
        found.push(joined);
    }
    let adopted = found.len() == 1 && !nameless.is_empty();
    if adopted {
        found[0].0.append(&mut nameless);
    } else if !nameless.is_empty() {
        found.push((nameless, Vec::new()));
    }
    let mut groups: Vec<Group> = found
        .into_iter()
        .map(|(mut places, mut names)| {
            places.sort_unstable_by_key(|place| scans[*place].seq);
            names.sort();
            names.dedup();
            let mut known_as: Vec<Subject> = Vec::new();
            for scan in places.iter().map(|place| &scans[*place]) {
                for fact in scan.founder.iter().chain(scan.told_by.first()) {
                    let known = subject(*fact, about);
                    if !known_as.contains(&known) {
                        known_as.push(known);
                    }
                }
            }
            // The elder's: later scans, and later names, change nothing.
            Group { subject: known_as[0], known_as, places, names }
        })
        .collect();
    groups.sort_by_key(|group| group.places.iter().map(|place| scans[*place].seq).min());
    groups
}

/// The fact through which the parcel or return of a scan was first heard of.
pub(super) fn founder(scan: &Scan) -> (ReceiptId, u16) {
    scan.founder.or(scan.told_by.first().copied()).expect("somebody told a scan")
}

fn subject((receipt, index): (ReceiptId, u16), about: About) -> Subject {
    let receipt = receipt.bits().to_be_bytes();
    let parts: [&[u8]; 2] = [&receipt, &index.to_be_bytes()];
    match about {
        About::Return => Subject::Return(ReturnId::derived(&parts)),
        About::Parcel | About::Order => Subject::Parcel(ParcelId::derived(&parts)),
    }
}
