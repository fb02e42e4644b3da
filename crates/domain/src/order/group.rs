//! Which scans speak of the same parcel or return: those that share a name. What names none
//! belongs to the only one there is.

use super::{Scan, Subject, scan::About};
use crate::{
    Alias,
    id::{AggregateId, ParcelId, ReturnId},
};

/// The scans of one subject, by their places in the order's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) subject: Subject,
    pub(super) places: Vec<usize>,
    /// All names that were given to it.
    pub(super) names: Vec<Alias>,
}

/// All groups: the order itself first if anything was said of it, then parcels and returns by age.
pub(super) fn groups(order: AggregateId, scans: &[Scan]) -> Vec<Group> {
    let mut groups = Vec::new();
    let of_order: Vec<usize> = places(scans, About::Order);
    if !of_order.is_empty() {
        groups.push(Group { subject: Subject::Order(order), places: of_order, names: Vec::new() });
    }
    groups.extend(named(order, scans, About::Parcel));
    groups.extend(named(order, scans, About::Return));
    groups
}

fn places(scans: &[Scan], about: About) -> Vec<usize> {
    (0..scans.len()).filter(|place| scans[*place].about() == about).collect()
}

fn named(order: AggregateId, scans: &[Scan], about: About) -> Vec<Group> {
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
            places.sort_unstable();
            names.sort();
            names.dedup();
            Group { subject: subject(order, scans, &places, about), places, names }
        })
        .collect();
    groups.sort_by_key(|group| group.places.iter().map(|place| scans[*place].seq).min());
    groups
}

/// The id follows from the elder scan's first teller: later scans, and later names, change nothing.
fn subject(order: AggregateId, scans: &[Scan], places: &[usize], about: About) -> Subject {
    let elder = places.iter().map(|place| &scans[*place]).min_by_key(|scan| scan.seq);
    let (receipt, index) = elder
        .and_then(|scan| scan.told_by.first().copied())
        .expect("a group has a scan, and a scan somebody who told it");
    let receipt = receipt.bits().to_be_bytes();
    let parts: [&[u8]; 2] = [&receipt, &index.to_be_bytes()];
    match about {
        About::Order => Subject::Order(order),
        About::Parcel => Subject::Parcel(ParcelId::derived(&parts)),
        About::Return => Subject::Return(ReturnId::derived(&parts)),
    }
}
