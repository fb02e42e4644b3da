//! What one fact comes to, among all that is known now.

use super::{
    Firing, OncePer, Order, Parked, Passed, Policy, Ruling, Scan, Standing, Subject, TriggerPolicy,
    fold::{Folded, fold_believed},
    group::Group,
};
use crate::{
    Map,
    id::{OccurrenceId, ReceiptId},
    taxonomy::{Home, Reason, Status, Trigger},
};

/// Why nothing is told of what an import taught.
const IMPORTED: &str = "imported";

impl Ruling {
    /// An imported fact raises nothing, and waits for nobody.
    pub(super) fn only_teaches(&mut self) {
        if self.standing == Standing::Parked {
            self.standing = Standing::Remembered;
        }
        for firing in &mut self.firings {
            firing.stopped = Some(IMPORTED);
        }
    }
}

impl Order {
    /// What one scan comes to now. `untold` are the facts that wait, or did until now.
    pub(super) fn rule(
        &mut self,
        told_by: (ReceiptId, u16),
        policy: &Policy<'_>,
        untold: &[Parked],
    ) -> Ruling {
        let place = self.place_of(told_by);
        let waits = |scan: &Scan| {
            untold.iter().any(|fact| scan.told_by.contains(&(fact.receipt, fact.index)))
        };
        let group = self
            .groups()
            .into_iter()
            .find(|group| group.places.contains(&place))
            .expect("every scan is in one group");
        let scans = self.scans_of(&group);
        let folded = fold_believed(&scans, |scan| is_believed(policy, scan));
        let at = group.places.iter().position(|p| *p == place).expect("it is in this group");
        let scan = scans[at];
        let is_behind = folded.is_behind(&scans, at, |step| {
            // No later step makes the dispatch needless: it is late only for one that somebody
            // could have been told of before it was known.
            let came_later = waits(scan) && step.received_at >= scan.received_at;
            scan.status != Status::Dispatched || !(waits(step) || came_later)
        });
        let trigger = Trigger::Status(scan.status);
        let rules = policy.triggers.get(&trigger);
        let stopped = stopped(rules, scan);
        let is_hushed = is_hushed(&scans, &folded, at);
        let standing = standing(&folded, at, scan, stopped, is_behind, is_hushed);
        let mut ruling = Ruling {
            receipt: told_by.0,
            index: told_by.1,
            subject: group.subject,
            known_as: group.known_as.clone(),
            status: scan.status,
            occurred_at: scan.at,
            standing,
            firings: Vec::new(),
            passed: passed(&folded, at, scan),
            united: Vec::new(),
            fields: scan.fields.clone(),
        };
        if !speaks(standing) {
            return ruling;
        }
        let occurrence = self.occurrence(&group, &folded, at, policy, rules);
        self.scans[place].occurrence = Some(occurrence);
        let stopped = stopped.or_else(|| self.was_learned(occurrence).then_some(IMPORTED));
        let scan = &self.scans[place];
        let late = standing == Standing::Late || is_behind;
        let firing = Firing { late, stopped, ..firing(scan, occurrence, group.subject, told_by) };
        if stopped.is_none() && !self.has_recipient() {
            ruling.standing = Standing::Parked;
        } else {
            ruling.firings.push(firing);
        }
        ruling
    }

    /// Whether an import was the first to tell an occurrence: then it was over before anybody listened.
    fn was_learned(&self, occurrence: OccurrenceId) -> bool {
        let said = self.scans.iter().filter(|scan| scan.occurrence == Some(occurrence));
        said.min_by_key(|scan| (scan.received_at, scan.seq)).is_some_and(|scan| scan.imported)
    }

    /// The report that was first to tell an occurrence: what is told of it is its word, completed.
    pub fn first_report(&self, occurrence: OccurrenceId) -> Option<Firing> {
        let said = |place: &usize| self.scans[*place].occurrence == Some(occurrence);
        let groups = self.groups();
        let places = groups.iter().flat_map(|group| {
            let places = group.places.iter().copied();
            places.filter(said).map(|place| (place, group.subject))
        });
        let (place, subject) = places.min_by_key(|(place, _)| self.scans[*place].seq)?;
        let scan = &self.scans[place];
        Some(firing(scan, occurrence, subject, *scan.told_by.first()?))
    }

    /// The occurrence of a scan: the one that its slot has, else a new one.
    fn occurrence(
        &self,
        group: &Group,
        folded: &Folded,
        at: usize,
        policy: &Policy<'_>,
        rules: Option<&TriggerPolicy>,
    ) -> OccurrenceId {
        let scan = &self.scans[group.places[at]];
        if let Some(given) = scan.occurrence {
            return given;
        }
        let says_that = |of: &Scan| of.status == scan.status && of.leg == scan.leg;
        let given = |of: &Scan| Some((of.seq, of.occurrence?));
        let once_per = rules.map_or(OncePer::Parcel, |rules| rules.once_per);
        let slot = &folded.stands[at].discriminator;
        let known = if once_per == OncePer::Order {
            self.scans.iter().filter(|of| says_that(of)).filter_map(given).min()
        } else {
            let same_slot = group.places.iter().enumerate().filter(|(other, place)| {
                says_that(&self.scans[**place]) && folded.stands[*other].discriminator == *slot
            });
            same_slot.filter_map(|(_, place)| given(&self.scans[*place])).min()
        };
        if let Some((_, known)) = known {
            return known;
        }
        let of_order = once_per == OncePer::Order || matches!(group.subject, Subject::Order(_));
        let subject = if of_order { Subject::Order(self.id) } else { group.subject };
        let slot = if of_order { "" } else { slot.as_str() };
        policy.key.occurrence(&[
            subject.to_string().as_bytes(),
            scan.leg.name().as_bytes(),
            scan.status.name().as_bytes(),
            slot.as_bytes(),
        ])
    }
}

fn firing(
    scan: &Scan,
    occurrence: OccurrenceId,
    subject: Subject,
    told_by: (ReceiptId, u16),
) -> Firing {
    Firing {
        trigger: Trigger::Status(scan.status),
        occurrence,
        subject,
        source: scan.source.clone(),
        leg: scan.leg,
        rank: scan.rank(),
        occurred_at: scan.at,
        received_at: scan.received_at,
        late: false,
        stopped: None,
        receipt: told_by.0,
        index: told_by.1,
        fields: Map::new(),
    }
}

fn standing(
    folded: &Folded,
    at: usize,
    scan: &Scan,
    stopped: Option<&str>,
    is_behind: bool,
    is_hushed: bool,
) -> Standing {
    let folded = folded.stands[at].standing;
    let standing = if folded == Standing::New && is_behind { Standing::Late } else { folded };
    if !speaks(standing) {
        return standing;
    }
    if is_hushed {
        return Standing::Sensitive;
    }
    // One that nobody is told of has taught us its order.
    let teaches = scan.status.row().home == Home::Order && stopped == Some("off") && !scan.imported;
    if teaches { Standing::Remembered } else { standing }
}

/// Whether somebody gave a reason for this very thing that is never spoken of.
fn is_hushed(scans: &[&Scan], folded: &Folded, at: usize) -> bool {
    let (scan, own) = (scans[at], &folded.stands[at]);
    scans.iter().zip(&folded.stands).any(|(of, stand)| {
        let same_time = match scan.rank() {
            Some(_) => stand.run == own.run,
            None => (stand.run, stand.episode) == (own.run, own.episode),
        };
        let says_that = of.status == scan.status && of.leg == scan.leg && same_time;
        says_that && of.reason.is_some_and(Reason::is_sensitive)
    })
}

/// Whether a fact of this standing can raise a trigger.
fn speaks(standing: Standing) -> bool {
    match standing {
        Standing::New | Standing::Repeated | Standing::Late => true,
        Standing::Conflict
        | Standing::Remembered
        | Standing::Unknown
        | Standing::Sensitive
        | Standing::Parked
        | Standing::NoRecipient => false,
    }
}

fn stopped(rules: Option<&TriggerPolicy>, scan: &Scan) -> Option<&'static str> {
    match rules {
        None => Some("off"),
        Some(rules) if !rules.on => Some("off"),
        Some(rules) if !rules.believes(scan.party) => Some("only_from"),
        Some(_) => None,
    }
}

pub(super) fn is_believed(policy: &Policy<'_>, scan: &Scan) -> bool {
    let rules = policy.triggers.get(&Trigger::Status(scan.status));
    rules.is_none_or(|rules| rules.believes(scan.party))
}

fn passed(folded: &Folded, at: usize, scan: &Scan) -> Option<Passed> {
    let rank = folded.stands[at].mark.filter(|_| scan.rank().is_some())?;
    let leg = folded.legs.get(&scan.leg)?;
    (leg.high == rank).then_some(Passed { leg: scan.leg, rank })
}
